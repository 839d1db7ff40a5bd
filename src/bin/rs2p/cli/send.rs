//! `rs2p send`: joins, sends, and leaves only when all of it is written.

use core::time::Duration;
use std::collections::VecDeque;
use std::ffi::OsString;
use std::io;

use futures::future::{BoxFuture, FutureExt, ready};
use futures::stream::{FuturesOrdered, StreamExt};
use rs2p::{CommandError, Config, Failure, MeshError, MeshSocket, SendOptions, Value};
use tokio::sync::mpsc;
use tokio::time::timeout;

use super::args::Send;
use super::fault::Fault;
use super::join;
use super::lines::{self, Line, LineError, text_or_bytes};
use super::log;
use super::say;
use super::signal::Signals;
use super::tls;
use super::words;

/// Messages that are sent and not yet known to be written.
const IN_FLIGHT: usize = 64;
/// Time to get a peer back once the last one is lost. As long as the longest wait between two dials.
const PATIENCE: Duration = Duration::from_secs(30);

/// Runs the command.
pub(super) async fn run(args: Send) -> Result<(), Fault> {
    let mut signals = Signals::take_over()?;
    // It does not stay for long: the peers that it was given are enough, and others need not get to know it.
    let node = join::node(&args.mesh.subnet, &args.peer).configure(|config| config.outgoing = 0);
    let trust = tls::trust(&args.trust)?;
    let socket = node.spawn_with(|options| options.tls.trust = trust).await?;
    tokio::spawn(log::follow(socket.events()));
    let outcome = tokio::select! {
        outcome = deliver(&socket, &args) => outcome,
        () = signals.first() => Err(Fault::job("a signal came before everything was sent")),
    };
    // Whatever the outcome, what was sent goes out before the link closes.
    socket.close().await?;
    say::progress(match &outcome {
        Ok(sent) => format!("sent {}", words::messages(*sent)),
        Err(_) => "not everything is sent".to_owned(),
    });
    outcome.map(drop)
}

/// Sends all there is; says how many messages that were.
async fn deliver(socket: &MeshSocket, args: &Send) -> Result<u64, Fault> {
    join::join(socket, &args.peer).await?;
    let mut options = SendOptions::new().written();
    if let Some(topic) = &args.topic {
        options = options.topic(topic.clone());
    }
    let mut window = Window::new(socket, options);
    if let [text] = &args.text[..]
        && text == "-"
    {
        let lines = lines::read(|| io::stdin().lock(), Config::default().frame);
        return send_lines(&mut window, lines).await;
    }
    window.send(Packets::of_words(&args.text));
    window.drain().await?;
    Ok(1)
}

async fn send_lines(
    window: &mut Window<'_>,
    mut lines: mpsc::Receiver<Result<Line, LineError>>,
) -> Result<u64, Fault> {
    let mut sent = 0;
    loop {
        tokio::select! {
            settled = window.settle_next(), if window.is_busy() => settled?,
            line = lines.recv(), if window.has_room() => match line {
                None => break,
                Some(Ok(line)) => {
                    window.send(Packets::of_line(line));
                    sent += 1;
                }
                Some(Err(error)) => {
                    // What came before it is not at fault.
                    window.drain().await?;
                    return Err(Fault::job(error.to_string()));
                }
            },
        }
    }
    window.drain().await?;
    Ok(sent)
}

/// What one message says, and how to name it in an error.
#[derive(Clone, Debug)]
struct Packets {
    line: Option<u64>,
    values: Vec<Value>,
}

impl Packets {
    fn of_words(words: &[OsString]) -> Self {
        let values = words
            .iter()
            .map(|word| text_or_bytes(word.clone().into_encoded_bytes()));
        Self {
            line: None,
            values: values.collect(),
        }
    }

    fn of_line(line: Line) -> Self {
        Self {
            line: Some(line.number),
            values: vec![line.text],
        }
    }

    fn fault(&self, error: &MeshError) -> Fault {
        Fault::job(match self.line {
            Some(number) => format!("line {number} of stdin: {error}"),
            None => error.to_string(),
        })
    }
}

/// The messages on their way, in the order in which they were sent. A message that was lost with every link is sent
/// again, before any that comes after it.
struct Window<'a> {
    socket: &'a MeshSocket,
    options: SendOptions,
    in_flight: FuturesOrdered<BoxFuture<'static, (Packets, Result<(), MeshError>)>>,
    lost: VecDeque<Packets>,
}

impl<'a> Window<'a> {
    fn new(socket: &'a MeshSocket, options: SendOptions) -> Self {
        Self {
            socket,
            options,
            in_flight: FuturesOrdered::new(),
            lost: VecDeque::new(),
        }
    }

    fn is_busy(&self) -> bool {
        !self.in_flight.is_empty() || !self.lost.is_empty()
    }

    fn has_room(&self) -> bool {
        self.lost.is_empty() && self.in_flight.len() < IN_FLIGHT
    }

    fn send(&mut self, packets: Packets) {
        let (socket, options) = (self.socket.clone(), self.options.clone());
        let mut attempt = async move {
            let outcome = socket.send_with(&options, &packets.values).await;
            (packets, outcome.map(drop))
        }
        .boxed();
        // Begun here and now, so that the node gets messages in the order of the calls.
        self.in_flight
            .push_back(match (&mut attempt).now_or_never() {
                Some(done) => ready(done).boxed(),
                None => attempt,
            });
    }

    /// Waits for the end of the oldest message; or, once all that were on their way with a lost one have ended, for a link
    /// to send the lost ones again.
    async fn settle_next(&mut self) -> Result<(), Fault> {
        match self.in_flight.next().await {
            Some((_, Ok(()))) => Ok(()),
            Some((packets, Err(error))) if is_passing(&error) => {
                self.lost.push_back(packets);
                Ok(())
            }
            Some((packets, Err(error))) => Err(packets.fault(&error)),
            None => self.send_again().await,
        }
    }

    async fn send_again(&mut self) -> Result<(), Fault> {
        say::progress("every link is lost; joining again…");
        timeout(PATIENCE, self.socket.joined()).await.map_err(|_| {
            let (seconds, lost) = (PATIENCE.as_secs(), words::messages(self.lost.len() as u64));
            Fault::job(format!(
                "every link was lost and none came back within {seconds} s, with {lost} unsent: is the relay running?"
            ))
        })??;
        for packets in core::mem::take(&mut self.lost) {
            self.send(packets);
        }
        Ok(())
    }

    /// Waits until everything is written.
    async fn drain(&mut self) -> Result<(), Fault> {
        while self.is_busy() {
            self.settle_next().await?;
        }
        Ok(())
    }
}

/// Whether a link that comes back makes up for it. Nothing was sent then, or not to its end.
fn is_passing(error: &MeshError) -> bool {
    matches!(
        error,
        MeshError::Command(CommandError::NotJoined) | MeshError::Failure(Failure::Lost)
    )
}
