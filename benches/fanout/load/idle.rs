//! What a connection costs that does nothing.

use std::io::Result;

use crate::connect;
use crate::measured::{Measured, quantile};
use crate::net::Net;
use crate::options::Options;
use crate::usage;

pub(crate) fn run(options: &Options) -> Result<Measured> {
    let mut net = Net::new(options)?;
    let before = usage::memory_of(&options.servers);
    let connected = connect::run(&mut net, options)?;
    connect::hold(&mut net, options.hold)?;
    let after = usage::memory_of(&options.servers);

    let count = options.subscribers as f64;
    let mut measured = Measured::default();
    measured.count("subs", options.subscribers as u64);
    measured.number("connect_s", connected.seconds, 4);
    measured.number("conns_per_s", count / connected.seconds, 0);
    measured.number("ready_p50_us", quantile(&connected.delays, 0.5) / 10.0, 0);
    measured.number("ready_p99_us", quantile(&connected.delays, 0.99) / 10.0, 0);
    measured.number("srv_cpu_us_per_conn", connected.cpu.total / count * 1e6, 1);
    measured.count("rss_before_kb", before);
    measured.count("rss_kb", after);
    let bytes = (after as f64 - before as f64) * 1024.0;
    measured.number("bytes_per_conn", bytes / count, 0);
    Ok(measured)
}
