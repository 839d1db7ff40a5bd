//! The program `rs2p` as users and scripts meet it: its words, its lines, its exit codes. Real processes on loopback.
#![cfg(not(target_arch = "wasm32"))]
// The programs are told to end by signals.
#![cfg(all(unix, feature = "cli"))]

#[path = "../support/certificates.rs"]
mod certificates;
mod descriptors;
mod examples;
mod listen;
mod program;
mod relay;
mod reports;
mod ring;
mod send;
mod settings;
mod sim;
mod terminal;
mod tls;
mod usage;
mod with_relay;
