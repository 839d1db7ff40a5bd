//! Requests: messages to which replies are awaited, of one node or of whoever hears.

use core::pin::Pin;
use core::task::{Context, Poll, ready};
use core::time::Duration;

use futures::channel::oneshot;
use futures::{Stream, StreamExt};
use serde::Serialize;

use super::{MeshError, MeshSocket, Message};
use crate::driver::{Answer, Answered, Job, Request, Until, Wait, answers};
use crate::id::NodeId;
use crate::mesh::{Command, CommandError, Failure, Receipt, Ticket};
use crate::wire::{RawPackets, Topic};

/// How long to wait for replies to [`MeshSocket::request_many`], for how many, and what the question is about.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use = "options do nothing until they are given to request_many()"]
pub struct RequestOptions {
    patience: Duration,
    replies: usize,
    topic: Option<Topic>,
}

impl RequestOptions {
    /// As many replies as come within `patience`.
    pub fn new(patience: Duration) -> Self {
        Self {
            patience,
            replies: usize::MAX,
            topic: None,
        }
    }

    /// No longer than until so many have replied, of which [`Config::replies`](crate::Config::replies) is the most.
    pub fn replies(self, replies: usize) -> Self {
        Self { replies, ..self }
    }

    /// Asks those who want to hear of this topic.
    pub fn topic(self, topic: Topic) -> Self {
        Self {
            topic: Some(topic),
            ..self
        }
    }
}

/// The replies to a question as they come, from [`MeshSocket::request_many`]; each node replies once at most. Ends when there
/// are as many as were asked for, or at its time. Cancel-safe; once it is dropped, replies are awaited no longer.
///
/// An error is the last item: the question could not be sent, or the node closed.
#[derive(Debug)]
pub struct Replies {
    answers: Answered,
    ticket: Ticket,
    socket: MeshSocket,
}

impl Replies {
    fn poll_answer(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Message, MeshError>>> {
        let item = ready!(self.answers.poll_next_unpin(cx));
        let message = |Answer { message, via }| Message::new(message, via, self.socket.clone());
        Poll::Ready(item.map(|answer| answer.map(message).map_err(MeshError::from)))
    }
}

impl Replies {
    /// How many replies were dropped because they were not taken in time, and more bytes than
    /// [`InboxLimits::bytes`](super::InboxLimits) would have waited.
    pub fn missed(&self) -> u64 {
        self.answers.missed()
    }
}

impl Stream for Replies {
    type Item = Result<Message, MeshError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        match ready!(self.poll_answer(cx)) {
            Some(Err(MeshError::Failure(Failure::NoAnswer { .. }))) | None => Poll::Ready(None),
            item => Poll::Ready(item),
        }
    }
}

impl Drop for Replies {
    fn drop(&mut self) {
        let ticket = self.ticket;
        self.socket.shared.caller.tell(Command::Forget { ticket });
    }
}

impl MeshSocket {
    /// Sends packets to one node and waits for its [reply](Message::reply), which no queue has then. The question travels as
    /// [`MeshSocket::whisper`], to tabs that nobody can dial too.
    ///
    /// py2p and js2p take the question for an ordinary message and cannot reply to it as such: ask rs2p nodes. Whoever handed
    /// the question on could answer it as well: a reply is as true as its way. Cancel-safe; a reply that comes when nobody
    /// waits is dropped.
    ///
    /// # Errors
    /// [`Failure::NoAnswer`] if none came within `patience`, [`Failure::Lost`] if the question was not even written, else as
    /// [`MeshSocket::whisper`]; [`CommandError::TooMany`] beyond [`Config::questions`](crate::Config::questions).
    pub async fn request<P: Serialize + ?Sized>(
        &self,
        to: &NodeId,
        packets: &P,
        patience: Duration,
    ) -> Result<Message, MeshError> {
        let options = RequestOptions::new(patience).replies(1);
        let packets = RawPackets::serialize(packets)?;
        let mut replies = self.question(Some(to.clone()), &options, packets).await?;
        let reply = core::future::poll_fn(|cx| replies.poll_answer(cx)).await;
        // Without a word it ends with the node alone.
        reply.unwrap_or(Err(Failure::Closed.into()))
    }

    /// Sends packets to every node, as [`MeshSocket::send`], and gives what they [reply](Message::reply). See
    /// [`MeshSocket::request`] for who can.
    ///
    /// # Errors
    /// As [`MeshSocket::send`], and [`CommandError::TooMany`] beyond [`Config::questions`](crate::Config::questions).
    pub async fn request_many<P: Serialize + ?Sized>(
        &self,
        options: &RequestOptions,
        packets: &P,
    ) -> Result<Replies, MeshError> {
        self.question(None, options, RawPackets::serialize(packets)?)
            .await
    }

    async fn question(
        &self,
        to: Option<NodeId>,
        options: &RequestOptions,
        packets: RawPackets,
    ) -> Result<Replies, MeshError> {
        let command = Command::Ask {
            to,
            topic: options.topic.clone(),
            packets,
            patience: options.patience,
            answers: options.replies,
        };
        let (reply, accepted) = oneshot::channel();
        let (sender, answers) = answers(self.shared.hub.limits().bytes);
        self.request_of_node(Request::Command(Job {
            command,
            until: Until::Accepted,
            wait: Wait::default(),
            reply,
            answers: Some(sender),
        }))
        .await?;
        match accepted.await.map_err(|_| CommandError::Closed)?? {
            Receipt::Sent { ticket, .. } => Ok(Replies {
                answers,
                ticket,
                socket: self.clone(),
            }),
            // The core answers a question with `Sent` alone.
            _ => Err(Failure::Lost.into()),
        }
    }
}
