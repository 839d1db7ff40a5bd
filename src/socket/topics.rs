//! Topics: what a node is to be sent, and a stream of messages for each who wants some.

use core::pin::Pin;
use core::task::{Context, Poll};
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use futures::Stream;

use super::hub::{InboxId, Wanted};
use super::inbox::Item;
use super::{MeshSocket, Message};
use crate::driver::Caller;
use crate::mesh::{self, Command};
use crate::wire::{Interest, Topic};

/// What the node is to be sent: what it was told in general, and what streams of it want besides.
#[derive(Debug)]
pub(super) struct Subscriptions {
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    general: Interest,
    /// How many streams there are about each topic.
    streams: BTreeMap<Topic, usize>,
}

impl State {
    fn interest(&self) -> Interest {
        match &self.general {
            Interest::Everything => Interest::Everything,
            Interest::Only { topics, plain } => Interest::Only {
                topics: topics.iter().chain(self.streams.keys()).cloned().collect(),
                plain: *plain,
            },
        }
    }
}

impl Subscriptions {
    pub(super) fn new(general: Interest) -> Self {
        let streams = BTreeMap::new();
        let state = Mutex::new(State { general, streams });
        Self { state }
    }

    fn add(&self, caller: &Caller, topic: &Topic) {
        self.change(caller, |state| {
            *state.streams.entry(topic.clone()).or_default() += 1;
        });
    }

    fn remove(&self, caller: &Caller, topic: &Topic) {
        self.change(caller, |state| {
            let Some(count) = state.streams.get_mut(topic) else {
                return;
            };
            *count -= 1;
            if *count == 0 {
                state.streams.remove(topic);
            }
        });
    }

    /// Changes what is wanted, and tells the node if that makes a difference. Told under the lock: the node hears the changes
    /// in the order in which they were made.
    fn change(&self, caller: &Caller, change: impl FnOnce(&mut State)) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let before = state.interest();
        change(&mut state);
        let interest = state.interest();
        if interest != before {
            caller.tell(Command::Interest(interest));
        }
    }
}

/// Messages as they come, from [`MeshSocket::messages`] and [`MeshSocket::subscribe`], in a queue of its own within
/// [`InboxLimits`](super::InboxLimits). Ends when the node has closed. Cancel-safe.
///
/// It holds a handle: the node lives while this does.
#[derive(Debug)]
#[must_use = "a subscription ends when it is dropped"]
pub struct Messages {
    inbox: InboxId,
    topic: Option<Topic>,
    missed: u64,
    socket: MeshSocket,
}

impl Messages {
    fn of(socket: &MeshSocket, topic: Option<Topic>) -> Self {
        let shared = &socket.shared;
        let wanted = topic.clone().map_or(Wanted::Messages, Wanted::About);
        let inbox = shared.hub.subscribe(wanted);
        if let Some(topic) = &topic {
            shared.subscriptions.add(&shared.caller, topic);
        }
        Self {
            inbox,
            topic,
            missed: 0,
            socket: socket.clone(),
        }
    }

    /// The topic that all are about, if this is a subscription.
    pub fn topic(&self) -> Option<&Topic> {
        self.topic.as_ref()
    }

    /// How many messages this stream found dropped because they were not taken in time.
    pub fn missed(&self) -> u64 {
        self.missed
    }
}

impl Stream for Messages {
    type Item = Message;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Message>> {
        loop {
            match self.socket.shared.hub.poll_next(self.inbox, cx) {
                Poll::Ready(Some(Item::One(mesh::Event::Message { message, via }))) => {
                    let message = Message::new(message, via, self.socket.clone());
                    return Poll::Ready(Some(message));
                }
                Poll::Ready(Some(Item::Lagged(count))) => self.missed += count,
                Poll::Ready(Some(Item::One(_))) => {}
                Poll::Ready(None) => return Poll::Ready(None),
                Poll::Pending => return Poll::Pending,
            }
        }
    }
}

impl Drop for Messages {
    fn drop(&mut self) {
        let shared = &self.socket.shared;
        shared.hub.unsubscribe(self.inbox);
        if let Some(topic) = &self.topic {
            shared.subscriptions.remove(&shared.caller, topic);
        }
    }
}

impl MeshSocket {
    /// The plain messages that come from now on and that no handler keeps: each stream has every one of them, and so has
    /// [`MeshSocket::recv`].
    pub fn messages(&self) -> Messages {
        Messages::of(self, None)
    }

    /// As [`MeshSocket::messages`], those about `topic`; what a node that [narrowed](super::Builder::topics) its interest has
    /// not had of the last minute comes first. Such a node is sent messages about the topic until the last stream about it is
    /// dropped, across all reconnects.
    pub fn subscribe(&self, topic: Topic) -> Messages {
        Messages::of(self, Some(topic))
    }

    /// Has the node be sent these broadcasts and no others, but for what is [subscribed](Self::subscribe) to: as
    /// [`Builder::interest`](super::Builder::interest), while it runs.
    pub fn narrow(&self, interest: Interest) {
        let shared = &self.shared;
        let narrow = |state: &mut State| state.general = interest;
        shared.subscriptions.change(&shared.caller, narrow);
    }
}
