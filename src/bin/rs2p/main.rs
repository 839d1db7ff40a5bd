//! The command line of rs2p: a relay, a sender and a listener, each a thin user of the library.
//!
//! This file only keeps the program away from the browser build, where there is no process to run in.

#[cfg(not(target_arch = "wasm32"))]
mod cli;

#[cfg(not(target_arch = "wasm32"))]
fn main() -> std::process::ExitCode {
    cli::main()
}

#[cfg(target_arch = "wasm32")]
fn main() {}
