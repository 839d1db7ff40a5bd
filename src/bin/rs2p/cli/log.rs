//! The log on stderr: what happens in the node, as far as it is asked for.
//!
//! A thread of its own writes it, so that a terminal that is stopped, or a pipe that nobody reads, holds up the log and
//! not the node.

use core::sync::atomic::{AtomicU64, Ordering};
use core::time::Duration;
use std::collections::BTreeSet;
use std::io::{self, IsTerminal, Write};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::Instant;

use futures::{Stream, StreamExt};
use rs2p::mesh::CloseReason;
use rs2p::{Event, NodeId, Peer};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;

use super::fault::Fault;
use super::frequent::Frequent;
use super::output;
use super::words::printable;

/// Lines that wait for stderr. Beyond them lines are dropped, and counted.
const WAITING: usize = 1_024;
/// Time that the end of the program gives the lines that wait.
const LINGER: Duration = Duration::from_secs(1);

/// The log of the process.
#[derive(Debug)]
pub(super) struct Log {
    entries: SyncSender<Entry>,
    done: Receiver<()>,
}

enum Entry {
    Line(Vec<u8>),
    End,
}

impl Log {
    /// Starts it: with `filter` if given, else as RUST_LOG says, else with `default`.
    pub(super) fn start(filter: Option<&str>, default: &str) -> Result<Self, Fault> {
        let filter = match filter {
            Some(text) => EnvFilter::try_new(text).map_err(|error| {
                Fault::usage(format!(
                    "--log: \"{text}\" is no filter ({error}): write info, debug or rs2p=debug"
                ))
            })?,
            // The variable is every program's, so what makes no sense in it is nobody's mistake here.
            None => match std::env::var("RUST_LOG") {
                Ok(text) if !text.is_empty() => EnvFilter::builder().parse_lossy(text),
                _ => EnvFilter::new(default),
            },
        };
        let (entries, waiting) = sync_channel(WAITING);
        let (tell, done) = sync_channel(1);
        let lines = Lines {
            entries: entries.clone(),
            dropped: Arc::default(),
        };
        let dropped = lines.dropped.clone();
        std::thread::spawn(move || {
            write_all(&waiting, &dropped);
            // Nobody waits any more if it took too long.
            let _ = tell.send(());
        });
        tracing_subscriber::fmt()
            .with_env_filter(filter)
            .with_ansi(io::stderr().is_terminal() && output::may_colour())
            .with_target(false)
            .with_writer(lines)
            .init();
        Ok(Self { entries, done })
    }

    /// Writes what waits.
    pub(super) fn finish(self) {
        // A queue that is full is one that nobody reads.
        if self.entries.try_send(Entry::End).is_ok() {
            let _ = self.done.recv_timeout(LINGER);
        }
    }
}

fn write_all(waiting: &Receiver<Entry>, dropped: &AtomicU64) {
    let mut stderr = io::stderr();
    while let Ok(Entry::Line(line)) = waiting.recv() {
        // There is no other place to say that stderr is gone.
        let _ = stderr.write_all(&line);
        let missing = dropped.swap(0, Ordering::Relaxed);
        if missing > 0 {
            let _ = writeln!(
                stderr,
                "{missing} lines of the log are missing here: stderr was read too slowly"
            );
        }
    }
}

/// Where the subscriber writes: the queue.
#[derive(Clone)]
struct Lines {
    entries: SyncSender<Entry>,
    dropped: Arc<AtomicU64>,
}

impl Write for Lines {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        if self.entries.try_send(Entry::Line(line.to_vec())).is_err() {
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Lines {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

/// Logs what happens in a node, until it has ended.
pub(super) async fn follow(mut events: impl Stream<Item = Event> + Unpin) {
    let mut failing = BTreeSet::new();
    let mut refused = Frequent::new(Instant::now());
    let mut guests = Frequent::new(Instant::now());
    while let Some(happened) = events.next().await {
        match &happened {
            Event::PeerUp(peer) if peer.dialled => failing.clear(),
            _ if failing.len() > WAITING => failing.clear(),
            // A redial goes on for ever: what it says is said once, until somebody is linked again.
            Event::DialFailed { address, error, .. } if !failing.insert(address.clone()) => {
                tracing::debug!(
                    "still no link with {address}: {}",
                    printable(&error.to_string())
                );
                continue;
            }
            _ => {}
        }
        if may_say(&happened, &mut refused, &mut guests) {
            event(&happened);
        }
    }
}

/// Whether something is to be said; whoever will can have a link refused, or come and go, as often as it will. First how many were
/// not said before.
fn may_say(event: &Event, refused: &mut Frequent, guests: &mut Frequent) -> bool {
    let now = Instant::now();
    let (say, what) = match event {
        Event::LinkClosed { node: None, .. } => (refused.another(now), "links were refused"),
        Event::PeerUp(_) | Event::PeerDown { .. } => (guests.another(now), "peers came or went"),
        _ => return true,
    };
    if say.missed > 0 {
        tracing::info!("{} more {what} before", say.missed);
    }
    say.this
}

/// Logs one thing that happened. Messages are not logged: they are the users', and many.
pub(super) fn event(event: &Event) {
    match event {
        Event::PeerUp(peer) => peer_up(peer),
        Event::PeerDown { node, reason } => {
            tracing::info!(node = %node.short(), "peer down: {}", printable(reason));
        }
        Event::DialFailed {
            address,
            error,
            retry_in,
        } => {
            let next = match retry_in {
                Some(wait) => format!("; next try in {:.1} s", wait.as_secs_f64()),
                None => String::new(),
            };
            tracing::warn!(
                "no link with {address}: {}{next}",
                printable(&error.to_string())
            );
        }
        Event::LinkClosed {
            remote,
            node,
            reason,
        } => link_closed(remote.as_deref(), node.as_ref(), reason),
        Event::Gap { unknown } => tracing::error!(
            "away for longer than the peers remember: what was said in {} s of it is lost",
            unknown.as_millis().div_ceil(1_000),
        ),
        Event::MemberJoined(member) => {
            tracing::debug!(node = %member.node.short(), "member joined");
        }
        Event::MemberLeft { node, reason } => {
            tracing::debug!(node = %node.short(), "member left: {}", reason.as_str());
        }
        // Most of what is missing is messages, which are not logged anyway.
        Event::Lagged(missed) => tracing::debug!("{missed} events came too fast for this log"),
        _ => {}
    }
}

fn peer_up(peer: &Peer) {
    let side = if peer.dialled { "outgoing" } else { "incoming" };
    let node = peer.node.short();
    match &peer.endpoint {
        Some(at) => {
            let at = printable(&format!("{}:{}", at.host, at.port));
            tracing::info!(%node, over = %peer.scheme, %at, "peer up, {side}");
        }
        None => tracing::info!(%node, over = %peer.scheme, "peer up, {side}"),
    }
}

fn link_closed(remote: Option<&str>, node: Option<&NodeId>, reason: &CloseReason) {
    let remote = remote.unwrap_or("an unknown address");
    let reason = printable(&reason.to_string());
    match node {
        // What happened to a peer is told as that peer's going.
        Some(node) => tracing::debug!(node = %node.short(), "link with {remote} closed: {reason}"),
        None => tracing::info!("link with {remote} refused: {reason}"),
    }
}
