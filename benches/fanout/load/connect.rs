//! The first phase: all connections are made, and each has its handshake behind it.

use std::io::{Error, Result};

use crate::clock;
use crate::net::Net;
use crate::options::{Mode, Options};
use crate::usage::{self, Cpu};

/// How long one wait for events lasts, in nanoseconds.
const WAIT: u64 = 100_000_000;

/// What connecting took.
pub(crate) struct Connected {
    pub(crate) seconds: f64,
    /// What the servers used for it.
    pub(crate) cpu: Cpu,
    /// From the beginning of each connection to its readiness, in tenths of a microsecond, sorted.
    pub(crate) delays: Vec<u32>,
}

/// Connects the publisher, if there is one, and all subscribers.
pub(crate) fn run(net: &mut Net, options: &Options) -> Result<Connected> {
    let publishers = usize::from(options.mode != Mode::Idle);
    let all = publishers + options.subscribers;
    let cpu = usage::cpu_of(&options.servers);
    let began = clock::now();
    let deadline = began + clock::nanoseconds(options.connect_timeout);
    let mut delays = Vec::with_capacity(all);
    while delays.len() < all {
        while net.connections.len() < all.min(delays.len() + options.inflight) {
            open_next(net, options, publishers)?;
        }
        for number in net.poll(WAIT, &mut |_, _| {})? {
            delays.push(((clock::now() - net.connections[number].began) / 100) as u32);
        }
        if clock::now() > deadline {
            let ready = delays.len();
            return Err(Error::other(format!(
                "only {ready} of {all} connections became ready in time"
            )));
        }
    }
    let seconds = clock::seconds(clock::now() - began);
    delays.sort_unstable();
    Ok(Connected {
        seconds,
        cpu: usage::cpu_of(&options.servers) - cpu,
        delays,
    })
}

fn open_next(net: &mut Net, options: &Options, publishers: usize) -> Result<()> {
    let number = net.connections.len();
    if number < publishers {
        return net.open(options.publisher_address, true);
    }
    let addresses = &options.addresses;
    net.open(addresses[(number - publishers) % addresses.len()], false)
}

/// Reads what comes for so many seconds.
pub(crate) fn hold(net: &mut Net, seconds: f64) -> Result<()> {
    let end = clock::now() + clock::nanoseconds(seconds);
    while clock::now() < end {
        net.poll(WAIT.min(end.saturating_sub(clock::now())), &mut |_, _| {})?;
    }
    Ok(())
}
