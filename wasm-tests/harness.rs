//! The native end of the browser tests: real nodes that a test starts, questions and ends over HTTP on loopback.
//!
//! It prints `{"event":"listening","url":"http://127.0.0.1:PORT"}` and takes one command in the body of each POST there, as
//! `harness/nodes.rs` lists them. It ends with its standard input, so that it does not outlive who started it, or by a
//! signal. In the browser build it is an empty program.

#[cfg(not(target_arch = "wasm32"))]
#[path = "harness/server.rs"]
mod server;

#[cfg(not(target_arch = "wasm32"))]
fn main() -> std::io::Result<()> {
    server::main()
}

#[cfg(target_arch = "wasm32")]
fn main() {}
