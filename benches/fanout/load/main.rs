//! One message in, delivered to many: a load generator for relays, of one process and one thread.
//!
//! It speaks to the first address as publisher and to all of them, one after the other, as subscribers, each over the
//! protocol of the server that is measured. It waits for every answer of a handshake, checks that every subscriber gets
//! every message in order, and prints what it measured as one line of JSON. It connects to loopback addresses only, and
//! what it does is bounded in count and time.
//!
//! ```text
//! load saturate --proto P --addr A[,A...] --subs N --size BYTES [--window N] [--secs S] [--warm S]
//! load pace     ... --rate MESSAGES_PER_SECOND
//! load idle     --proto P --addr A --subs N [--hold S]
//! ```
//!
//! `saturate` is a closed loop: at most `window` messages are on their way to the slowest subscriber, so that no server is
//! pushed into dropping. `pace` publishes at a rate, and measures how long a message takes. `idle` connects, and measures
//! what a connection costs. [`options`] lists the rest.

mod clock;
mod connect;
mod idle;
mod measured;
mod mqtt;
mod msgpack;
mod nats;
mod net;
mod options;
mod peer;
mod progress;
mod proto;
mod publish;
mod py2p;
mod usage;
mod websocket;

use std::process::ExitCode;

use options::{Mode, Options};

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let measured = Options::of(&words).and_then(|options| match options.mode {
        Mode::Idle => idle::run(&options),
        Mode::Saturate | Mode::Pace => publish::run(&options),
    });
    match measured {
        Ok(line) => {
            println!("{line}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("load: {error}");
            ExitCode::FAILURE
        }
    }
}
