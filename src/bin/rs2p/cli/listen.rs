//! `rs2p listen`: joins, and prints what comes, through every loss of the mesh.
//!
//! Lines that are ready together are written together; none waits for another.

use core::cell::Cell;
use core::time::Duration;

use futures::StreamExt;
use rs2p::socket::{InboxLimits, Overflow};
use rs2p::{Event, Events, MeshSocket, Message};

use super::args::Listen;
use super::fault::Fault;
use super::output::{self, Output, Reader, Written};
use super::received::Received;
use super::signal::Signals;
use super::{join, json, log, say, tls, words};

/// What may come while a line is written: more than the node reads before the writing gets its turn.
const INBOX: InboxLimits = InboxLimits {
    events: 65_536,
    bytes: 64 << 20,
    overflow: Overflow::DropOldest,
};
/// Bytes of lines that are written at once, if as many are ready.
const BATCH: usize = 256 << 10;

/// How the listening ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    /// As many messages came as were wanted.
    Counted,
    /// Nobody reads any more.
    Unread,
    Signal,
    Timeout,
}

/// Runs the command.
pub(super) async fn run(args: Listen) -> Result<(), Fault> {
    let mut signals = Signals::take_over()?;
    let output = Output::new(args.style.json);
    let mut node = join::node(&args.mesh.subnet, &args.peer).inbox(INBOX);
    if !args.topic.is_empty() {
        node = node.topics(args.topic.iter().cloned());
    }
    let trust = tls::trust(&args.trust)?;
    let socket = node.spawn_with(|options| options.tls.trust = trust).await?;
    tokio::spawn(tell(socket.events()));
    let printed = Cell::new(0);
    let end = tokio::select! {
        end = print(&socket, &args, output, &printed) => end,
        Err(fault) = join::join(&socket, &args.peer) => Err(fault),
        () = output::unread() => Ok(End::Unread),
        () = signals.first() => Ok(End::Signal),
        () = over(args.timeout) => Ok(End::Timeout),
    };
    socket.close().await?;
    judge(end?, &args, printed.get())
}

async fn over(timeout: Option<Duration>) {
    match timeout {
        Some(span) => tokio::time::sleep(span).await,
        None => core::future::pending().await,
    }
}

/// Prints messages until there are enough, or nobody reads them.
async fn print(
    socket: &MeshSocket,
    args: &Listen,
    mut output: Output,
    printed: &Cell<u64>,
) -> Result<End, Fault> {
    let mut losses = Losses::default();
    let mut came = 0;
    while let Some(first) = socket.recv().await {
        let mut lines = line(&first, output.reader());
        came += 1;
        while lines.len() < BATCH && args.count != Some(came) {
            let Some(message) = socket.try_recv() else {
                // None waits, so what was delivered and did not come here was dropped.
                losses.notice(socket.stats().delivered.saturating_sub(came));
                break;
            };
            lines.push('\n');
            lines.push_str(&line(&message, output.reader()));
            came += 1;
        }
        if output.line(lines).await? == Written::Unread {
            return Ok(End::Unread);
        }
        printed.set(came);
        if args.count == Some(came) {
            return Ok(End::Counted);
        }
    }
    Err(Fault::job("the node has ended by itself"))
}

fn line(message: &Message, reader: Reader) -> String {
    let received = Received::from(message);
    match reader {
        Reader::Program => json::message(&received),
        Reader::Person { colour } => words::message(&received, colour),
    }
}

/// Messages that came and were dropped, as more came than [`INBOX`] holds before they could be written.
#[derive(Debug, Default)]
struct Losses {
    /// How many there were when it was said last.
    told: u64,
}

impl Losses {
    /// So many by now. They are warned of at the first, and whenever they have doubled since.
    fn notice(&mut self, lost: u64) {
        if lost > 0 && lost >= 2 * self.told {
            self.told = lost;
            let lost = words::messages(lost);
            say::warning(&format!(
                "{lost} so far came faster than they could be written, and were dropped"
            ));
        }
    }
}

/// Says what happens besides messages, to a log and to somebody who watches.
async fn tell(mut events: Events) {
    while let Some(event) = events.next().await {
        log::event(&event);
        match event {
            Event::Connected => say::progress("joined; Ctrl-C ends"),
            Event::Disconnected => say::progress("every link is lost; joining again…"),
            Event::MemberJoined(member) => {
                say::progress(format!("{} is here", member.node.short()));
            }
            Event::MemberLeft { node, reason } => {
                say::progress(format!("{} has left: {}", node.short(), reason.as_str()));
            }
            _ => {}
        }
    }
}

fn judge(end: End, args: &Listen, printed: u64) -> Result<(), Fault> {
    let came = match args.count {
        Some(count) => format!("{printed} of {} came", words::messages(count)),
        None => format!("{} came", words::messages(printed)),
    };
    match end {
        End::Counted | End::Unread => Ok(()),
        End::Signal if args.count.is_none() => Ok(()),
        End::Signal => Err(Fault::job(format!("a signal came first: {came}"))),
        End::Timeout => Err(Fault::job(format!("the time is over: {came}"))),
    }
}
