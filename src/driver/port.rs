//! How a running node is asked: bounded queues, and an answer for each command.

use core::pin::Pin;
use core::task::{Context, Poll};
use core::time::Duration;

use futures::SinkExt;
use futures::channel::{mpsc, oneshot};
use futures::stream::Stream;

use super::answers::Answers;
use crate::id::NodeId;
use crate::mesh::{Command, CommandError, Environment, Failure, Reach, Receipt, Report};

/// Requests that wait for the node before their callers do.
pub(super) const REQUESTS: usize = 64;

/// What is asked of a running node.
#[derive(Debug)]
pub enum Request {
    /// A command, and who waits for its end.
    Command(Job),
    /// Something happened around the node.
    Environment(Environment),
    /// How the node fares.
    Report(oneshot::Sender<Report>),
}

/// A command on its way to the core.
#[derive(Debug)]
pub struct Job {
    /// The command.
    pub command: Command,
    /// When to answer.
    pub until: Until,
    /// How many peers there must be before it is begun.
    pub wait: Wait,
    /// Whom to answer. Nobody listening is no error: the command is carried out all the same.
    pub reply: Reply,
    /// Where the answers to a question go, and in the end what failed it, if something did.
    pub answers: Option<Answers>,
}

/// How many peers a message waits for, and for how long. The default waits for nothing. Other commands do not wait.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Wait {
    /// How many.
    pub peers: usize,
    /// For how long: after that it is refused, with [`CommandError::NotJoined`] or [`CommandError::TooFewPeers`].
    pub within: Duration,
}

/// Whom a command is answered to.
pub type Reply = oneshot::Sender<Result<Receipt, JobError>>;

/// When a command is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Until {
    /// As soon as the core has accepted or refused it.
    Accepted,
    /// When what it began has ended.
    Settled,
}

/// Why a command did not come about.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JobError {
    /// It was not accepted.
    #[error(transparent)]
    Command(#[from] CommandError),
    /// It was accepted, and failed.
    #[error(transparent)]
    Failure(#[from] Failure),
}

/// Where requests come from: the other end of a [`Caller`].
///
/// Messages may have to wait until a peer has read; what else is asked never waits behind them.
#[derive(Debug)]
pub struct Port {
    control: mpsc::Receiver<Request>,
    messages: mpsc::Receiver<Job>,
}

/// A bounded way to a node: when it is busy, those who ask wait.
#[derive(Clone, Debug)]
pub struct Caller {
    control: mpsc::Sender<Request>,
    messages: mpsc::Sender<Job>,
}

impl Caller {
    /// Asks for something; done when the node has room to take note of it.
    ///
    /// # Errors
    /// [`CommandError::Closed`] if the node has ended.
    pub async fn ask(&self, request: Request) -> Result<(), CommandError> {
        let sent = match request {
            Request::Command(job) if lane(&job.command).is_some() => {
                self.messages.clone().send(job).await
            }
            other => self.control.clone().send(other).await,
        };
        sent.map_err(|_| CommandError::Closed)
    }

    /// Has a command carried out that never waits for room, whose end concerns nobody. It is lost if the node has ended.
    pub(crate) fn tell(&self, command: Command) {
        let (reply, _) = oneshot::channel();
        let request = Request::Command(Job {
            command,
            until: Until::Accepted,
            wait: Wait::default(),
            reply,
            answers: None,
        });
        // A new sender has room for one, however much waits.
        drop(self.control.clone().try_send(request));
    }
}

impl Port {
    pub(super) fn poll_control(&mut self, cx: &mut Context<'_>) -> Poll<Option<Request>> {
        Pin::new(&mut self.control).poll_next(cx)
    }

    pub(super) fn poll_message(&mut self, cx: &mut Context<'_>) -> Poll<Option<Job>> {
        Pin::new(&mut self.messages).poll_next(cx)
    }
}

/// A node's port, and the way to it.
pub fn port() -> (Caller, Port) {
    let (control, control_port) = mpsc::channel(REQUESTS);
    let (messages, messages_port) = mpsc::channel(REQUESTS);
    let port = Port {
        control: control_port,
        messages: messages_port,
    };
    (Caller { control, messages }, port)
}

/// Whose queues a message needs: everybody's, or those towards one node. Other commands need none.
pub(super) fn lane(command: &Command) -> Option<Option<NodeId>> {
    match command {
        Command::Broadcast {
            reach: Reach::Peer(to),
            ..
        } => Some(Some(to.clone())),
        Command::Broadcast { .. } => Some(None),
        Command::Whisper { to, .. } => Some(Some(to.clone())),
        Command::Ask { to, .. } => Some(to.clone()),
        _ => None,
    }
}
