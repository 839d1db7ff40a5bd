//! What the running node tells its handles: a snapshot to look at, and a bounded queue for each who listens.

use core::task::{Context, Poll, Waker};
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::snapshot::Snapshot;
use crate::driver::Observer;
use crate::id::NodeId;
use crate::mesh::{Event, Mesh};

/// How much waits for one who listens and does not take it. Beyond either bound the oldest goes, and is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InboxLimits {
    /// Events. 4,096 by default.
    pub events: usize,
    /// Bytes of their messages. 16 MiB by default.
    pub bytes: usize,
}

impl Default for InboxLimits {
    fn default() -> Self {
        Self {
            events: 4_096,
            bytes: 16 << 20,
        }
    }
}

/// What one who listens wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Interest {
    /// Plain messages.
    Messages,
    Everything,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct InboxId(u64);

/// What a listener takes out of its queue.
#[derive(Debug)]
pub(super) enum Item {
    Event(Box<Event>),
    /// So many were dropped because the listener was slow.
    Lagged(u64),
}

#[derive(Debug)]
struct Inbox {
    interest: Interest,
    queue: VecDeque<Event>,
    bytes: usize,
    lagged: u64,
    wakers: Vec<Waker>,
}

#[derive(Debug)]
pub(super) struct Hub {
    state: Mutex<State>,
    limits: InboxLimits,
}

#[derive(Debug, Default)]
struct State {
    inboxes: BTreeMap<InboxId, Inbox>,
    next: u64,
    snapshot: Snapshot,
    watchers: Vec<Waker>,
    /// The node has ended; nothing comes any more.
    ended: bool,
}

impl Hub {
    pub(super) fn new(limits: InboxLimits) -> Self {
        Self {
            state: Mutex::default(),
            limits,
        }
    }

    pub(super) fn subscribe(&self, interest: Interest) -> InboxId {
        let mut state = self.lock();
        let id = InboxId(state.next);
        state.next += 1;
        let inbox = Inbox {
            interest,
            queue: VecDeque::new(),
            bytes: 0,
            lagged: 0,
            wakers: Vec::new(),
        };
        state.inboxes.insert(id, inbox);
        id
    }

    pub(super) fn unsubscribe(&self, id: InboxId) {
        self.lock().inboxes.remove(&id);
    }

    /// The next item for a listener; `Ready(None)` when the node has ended and the queue is empty.
    pub(super) fn poll_next(&self, id: InboxId, cx: &mut Context<'_>) -> Poll<Option<Item>> {
        let mut state = self.lock();
        let ended = state.ended;
        let Some(inbox) = state.inboxes.get_mut(&id) else {
            return Poll::Ready(None);
        };
        if let Some(item) = inbox.take() {
            return Poll::Ready(Some(item));
        }
        if ended {
            return Poll::Ready(None);
        }
        remember(&mut inbox.wakers, cx.waker());
        Poll::Pending
    }

    /// What waits already.
    pub(super) fn try_next(&self, id: InboxId) -> Option<Item> {
        self.lock().inboxes.get_mut(&id)?.take()
    }

    /// Gives an event to everybody who wants it, and to the snapshot.
    pub(super) fn publish(&self, mesh: &Mesh, event: &Event) {
        let mut state = self.lock();
        state.snapshot.apply(mesh, event);
        wake_all(&mut state.watchers);
        let is_plain = matches!(event, Event::Message { message, .. } if message.has_plain_flag());
        for inbox in state.inboxes.values_mut() {
            if is_plain || inbox.interest == Interest::Everything {
                inbox.push(event.clone(), self.limits);
            }
        }
    }

    pub(super) fn look<R>(&self, read: impl FnOnce(&Snapshot) -> R) -> R {
        read(&self.lock().snapshot)
    }

    /// Waits until `read` finds what it looks for; `None` when the node has ended without it.
    pub(super) fn poll_look<R>(
        &self,
        cx: &mut Context<'_>,
        read: impl Fn(&Snapshot) -> Option<R>,
    ) -> Poll<Option<R>> {
        let mut state = self.lock();
        if let Some(found) = read(&state.snapshot) {
            return Poll::Ready(Some(found));
        }
        if state.ended {
            return Poll::Ready(None);
        }
        remember(&mut state.watchers, cx.waker());
        Poll::Pending
    }

    /// The node has ended: everybody who waits is told.
    pub(super) fn end(&self) {
        let mut state = self.lock();
        state.ended = true;
        state.snapshot.end();
        wake_all(&mut state.watchers);
        for inbox in state.inboxes.values_mut() {
            wake_all(&mut inbox.wakers);
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // What a panicking thread left is whole: each update is one step for whoever looks.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inbox {
    fn take(&mut self) -> Option<Item> {
        if self.lagged > 0 {
            return Some(Item::Lagged(core::mem::take(&mut self.lagged)));
        }
        let event = self.queue.pop_front()?;
        self.bytes -= weight(&event);
        Some(Item::Event(Box::new(event)))
    }

    fn push(&mut self, event: Event, limits: InboxLimits) {
        self.bytes += weight(&event);
        self.queue.push_back(event);
        while self.queue.len() > limits.events
            || (self.bytes > limits.bytes && self.queue.len() > 1)
        {
            let Some(dropped) = self.queue.pop_front() else {
                break;
            };
            self.bytes -= weight(&dropped);
            self.lagged += 1;
        }
        wake_all(&mut self.wakers);
    }
}

fn weight(event: &Event) -> usize {
    match event {
        Event::Message { message, .. } => message.frame().as_bytes().len(),
        _ => size_of::<NodeId>(),
    }
}

fn remember(wakers: &mut Vec<Waker>, waker: &Waker) {
    if !wakers.iter().any(|known| known.will_wake(waker)) {
        wakers.push(waker.clone());
    }
}

fn wake_all(wakers: &mut Vec<Waker>) {
    for waker in wakers.drain(..) {
        waker.wake();
    }
}

/// Carries events from the node's loop to its handles.
#[derive(Debug)]
pub struct Announcer {
    hub: Arc<Hub>,
}

impl Announcer {
    pub(super) fn new(hub: Arc<Hub>) -> Self {
        Self { hub }
    }
}

impl Observer for Announcer {
    fn handle_event(&mut self, mesh: &Mesh, event: Event) {
        // Those who asked are answered by the driver; nobody else is concerned.
        if !matches!(event, Event::Settled { .. } | Event::Closed) {
            self.hub.publish(mesh, &event);
        }
    }
}

impl Drop for Announcer {
    /// The node's future has ended or was dropped: either way nothing comes any more.
    fn drop(&mut self) {
        self.hub.end();
    }
}
