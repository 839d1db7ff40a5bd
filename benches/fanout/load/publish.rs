//! The second phase: messages are published, as many as a window allows or as a rate says, and what comes is measured.

use std::io::{Error, Result};

use crate::clock;
use crate::connect::{self, Connected};
use crate::measured::{Measured, quantile};
use crate::net::Net;
use crate::options::{Mode, Options};
use crate::progress::Progress;
use crate::usage::{self, Cpu};

/// The most that is put together for one write.
const MOST_WAITING: usize = 4 << 20;
/// After so long without a message that everybody has, the server is taken to have lost one, in nanoseconds.
const PATIENCE: u64 = 5_000_000_000;
/// At a rate, the last messages have so long to arrive, in nanoseconds.
const LAST: u64 = 2_000_000_000;
/// How long one wait for events lasts if nothing is due, in nanoseconds.
const WAIT: u64 = 50_000_000;
/// How often in a run the count is taken, for what changes in its course.
const PARTS: u64 = 6;

/// Counters at one moment.
#[derive(Clone, Copy)]
struct Snapshot {
    at: u64,
    delivered: u64,
    sent: u64,
    servers: Cpu,
    own: f64,
}

struct Run<'a> {
    options: &'a Options,
    net: Net,
    progress: Progress,
    /// When messages begin to be published, to be measured, and end.
    measures_at: u64,
    ends_at: u64,
    /// At a rate, when the next message is due.
    next: u64,
    /// When a message was last with everybody.
    progressed_at: u64,
    begun: Option<Snapshot>,
    ended: Option<Snapshot>,
    /// How many were delivered, at the end of each part of the run.
    parts: Vec<(u64, u64)>,
    has_stalled: bool,
}

pub(crate) fn run(options: &Options) -> Result<Measured> {
    let mut net = Net::new(options)?;
    let connected = connect::run(&mut net, options)?;
    if options.subscribers == 0 {
        await_subscriber(&mut net, options)?;
    }
    // What a server tells those who joined is not what is measured.
    connect::hold(&mut net, options.settle)?;
    let mut run = Run::new(options, net);
    while !run.is_over() {
        run.step()?;
    }
    run.measured(&connected)
}

/// The subscriber elsewhere says that it has no message once it is ready.
fn await_subscriber(net: &mut Net, options: &Options) -> Result<()> {
    let deadline = clock::now() + clock::nanoseconds(options.connect_timeout);
    while net.connections[0].peer.acknowledged().is_none() {
        net.poll(WAIT, &mut |_, _| {})?;
        if clock::now() > deadline {
            return Err(Error::other(
                "no subscriber elsewhere said that it is ready",
            ));
        }
    }
    Ok(())
}

impl<'a> Run<'a> {
    fn new(options: &'a Options, net: Net) -> Self {
        let starts_at = clock::now();
        let measures_at = starts_at + clock::nanoseconds(options.warm);
        Self {
            options,
            net,
            progress: Progress::new(options.subscribers, options.window),
            measures_at,
            ends_at: measures_at + clock::nanoseconds(options.seconds),
            next: starts_at,
            progressed_at: starts_at,
            begun: None,
            ended: None,
            parts: Vec::new(),
            has_stalled: false,
        }
    }

    fn is_over(&self) -> bool {
        let now = clock::now();
        let is_last_there = self.options.mode == Mode::Saturate
            || self.progress.complete >= self.progress.sent
            || now > self.ends_at + LAST;
        self.has_stalled || self.ended.is_some() && is_last_there
    }

    /// Publishes what is due, and handles what comes.
    fn step(&mut self) -> Result<()> {
        let now = clock::now();
        self.keep_count(now);
        let mut wait = WAIT;
        if now < self.ends_at {
            match self.options.mode {
                Mode::Pace => wait = self.publish_what_is_due(now)?,
                _ => self.fill_window(now)?,
            }
        }
        let complete = self.progress.complete;
        let Self { net, progress, .. } = self;
        net.poll(wait, &mut |before, stamp| {
            progress.handle_message(before, stamp);
        })?;
        if let Some(count) = net.connections[0].peer.acknowledged() {
            progress.acknowledge(count);
        }
        if self.progress.complete != complete {
            self.progressed_at = now;
        }
        Ok(())
    }

    /// Takes the counters when what is measured begins and ends.
    fn keep_count(&mut self, now: u64) {
        if self.begun.is_none() && now >= self.measures_at {
            self.begun = Some(self.snapshot(now));
            self.progressed_at = now;
            if self.options.mode == Mode::Pace {
                let messages = self.options.rate * self.options.seconds * 1.2;
                let room = messages * self.options.subscribers as f64;
                self.progress.measure_delays(room as usize + 1024);
            }
        }
        let length = self.ends_at - self.measures_at;
        if now >= self.measures_at + length * self.parts.len() as u64 / PARTS {
            self.parts.push((now, self.progress.delivered));
        }
        let is_late = self.options.mode == Mode::Saturate && now > self.progressed_at + PATIENCE;
        self.has_stalled |= is_late && self.ended.is_none();
        if self.ended.is_none() && (now >= self.ends_at || self.has_stalled) {
            self.ended = Some(self.snapshot(now));
        }
    }

    fn snapshot(&self, now: u64) -> Snapshot {
        Snapshot {
            at: now,
            delivered: self.progress.delivered,
            sent: self.progress.sent,
            servers: usage::cpu_of(&self.options.servers),
            own: usage::own_cpu(),
        }
    }

    fn fill_window(&mut self, now: u64) -> Result<()> {
        let Self {
            options,
            net,
            progress,
            ..
        } = self;
        if !net.connections[0].is_written() || progress.sent - progress.complete >= options.window {
            return Ok(());
        }
        while progress.sent - progress.complete < options.window
            && net.connections[0].waiting() < MOST_WAITING
        {
            net.publish(progress.sent, now, options.copies);
            progress.sent += 1;
        }
        net.flush(0)
    }

    /// Says how long nothing else is due, in nanoseconds.
    fn publish_what_is_due(&mut self, now: u64) -> Result<u64> {
        while now >= self.next {
            self.net
                .publish(self.progress.sent, now, self.options.copies);
            self.progress.sent += 1;
            self.next += (1e9 / self.options.rate) as u64;
            self.net.flush(0)?;
        }
        Ok(self.next.saturating_sub(clock::now()))
    }

    fn measured(mut self, connected: &Connected) -> Result<Measured> {
        let (Some(begun), Some(ended)) = (self.begun, self.ended) else {
            return Err(Error::other(
                "the server stalled before anything was measured",
            ));
        };
        let seconds = clock::seconds(ended.at - begun.at);
        let delivered = (ended.delivered - begun.delivered) as f64;
        let published = (ended.sent - begun.sent) as f64;
        let mut measured = Measured::default();
        measured.count("subs", self.options.subscribers as u64);
        measured.count("size", self.options.subscriber.size as u64);
        measured.count("window", self.options.window);
        measured.number("wall_s", seconds, 3);
        measured.number("del_per_s", delivered / seconds, 0);
        measured.number("pub_per_s", published / seconds, 1);
        let megabytes = delivered * self.options.subscriber.size as f64 / 1e6;
        measured.number("mb_per_s", megabytes / seconds, 1);
        let servers = ended.servers - begun.servers;
        measured.number("srv_cpu_us_per_del", servers.total / delivered * 1e6, 4);
        measured.number("srv_cpu_us_per_pub", servers.total / published * 1e6, 4);
        measured.number("srv_util", servers.total / seconds, 3);
        measured.number("srv_user_s", servers.user, 2);
        measured.number("srv_system_s", servers.system, 2);
        let own = ended.own - begun.own;
        measured.number("load_cpu_us_per_del", own / delivered * 1e6, 4);
        measured.number("load_util", own / seconds, 3);
        measured.count("gaps", self.progress.gaps);
        measured.flag("stalled", self.has_stalled);
        measured.count("rss_kb", usage::memory_of(&self.options.servers));
        measured.number("connect_s", connected.seconds, 4);
        self.add_parts(&mut measured);
        if self.options.mode == Mode::Pace {
            self.add_delays(&mut measured);
        }
        Ok(measured)
    }

    /// The rates in the first part of the run and in the last.
    fn add_parts(&self, measured: &mut Measured) {
        let rate = |parts: &[(u64, u64)]| match parts {
            [(from, before), (to, after)] => (after - before) as f64 / clock::seconds(to - from),
            _ => f64::NAN,
        };
        let parts = &self.parts;
        if parts.len() > PARTS as usize {
            measured.number("first_per_s", rate(&parts[..2]), 0);
            measured.number("last_per_s", rate(&parts[parts.len() - 2..]), 0);
        }
    }

    fn add_delays(&mut self, measured: &mut Measured) {
        let delays = self.progress.delays();
        let expected = self.progress.sent * self.options.subscribers as u64;
        measured.number("rate", self.options.rate, 1);
        measured.count("lost", expected.saturating_sub(self.progress.delivered));
        for (name, part) in [
            ("p50_us", 0.5),
            ("p90_us", 0.9),
            ("p99_us", 0.99),
            ("p999_us", 0.999),
            ("max_us", 1.0),
        ] {
            measured.number(name, quantile(&delays, part) / 10.0, 1);
        }
    }
}
