//! What the running node tells its handles: a snapshot to look at, and a bounded queue for each who listens.
//!
//! Where there are handlers or listeners, messages pass the stage first: a queue that the
//! [`Dispatcher`](super::Dispatcher) takes from. What else happens waits for no handler. No code of a user's runs and nobody is woken while the lock is held.

use core::any::Any;
use core::fmt;
use core::task::{Context, Poll, Waker};
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures::future::BoxFuture;

use super::faults::{Fault, Faults};
use super::handlers::{Handler, HandlerId};
use super::inbox::{Inbox, InboxLimits, Item, Room, remember};
use super::listeners::{EventKind, LISTENERS_AT_WORK, Listeners};
use super::snapshot::Snapshot;
use crate::driver::Observer;
use crate::mesh::{Event, Member, Mesh, Peer};
use crate::wire::{self, Topic};

/// What one who listens wants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Wanted {
    /// Plain messages.
    Messages,
    /// Plain messages about this topic.
    About(Topic),
    /// Who is in the mesh.
    Members,
    Everything,
}

impl Wanted {
    fn includes(&self, event: &Event) -> bool {
        let message = match event {
            Event::Message { message, .. } if message.has_plain_flag() => Some(message),
            _ => None,
        };
        match self {
            Self::Everything => true,
            Self::Messages => message.is_some(),
            Self::About(topic) => message.and_then(wire::Message::topic) == Some(topic),
            Self::Members => matches!(
                event,
                Event::MemberJoined(_) | Event::MemberChanged(_) | Event::MemberLeft { .. }
            ),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct InboxId(u64);

/// A message that handlers are shown before anybody else.
pub(super) struct Staged {
    pub(super) event: Event,
    /// From whom it came.
    pub(super) peer: Option<Peer>,
}

/// An asynchronous listener at work.
pub(super) struct Work {
    pub(super) kind: EventKind,
    pub(super) future: BoxFuture<'static, ()>,
}

pub(super) struct Hub {
    state: Mutex<State>,
    limits: InboxLimits,
}

#[derive(Default)]
struct State {
    inboxes: BTreeMap<InboxId, (Wanted, Inbox<Event>)>,
    next: u64,
    snapshot: Snapshot,
    watchers: Vec<Waker>,
    faults: Faults,
    missed: u64,
    handlers: Vec<(HandlerId, Handler)>,
    listeners: Listeners,
    stage: Inbox<Staged>,
    /// Of what listeners are to be told beside messages.
    calls: Inbox<EventKind>,
    /// The dispatcher holds what it has taken from the stage.
    is_showing: bool,
    /// The dispatcher is gone: nothing is staged any more.
    is_unattended: bool,
    begun: VecDeque<Work>,
    /// How many asynchronous listeners are begun and not done.
    at_work: usize,
    /// The node has ended; what is staged is all that comes.
    ended: bool,
}

impl State {
    fn subscribe(&mut self, wanted: Wanted) -> InboxId {
        let id = InboxId(self.next);
        self.next += 1;
        self.inboxes.insert(id, (wanted, Inbox::default()));
        id
    }

    fn is_staging(&self) -> bool {
        let is_attended = !self.handlers.is_empty() || !self.listeners.is_empty();
        !self.is_unattended && (is_attended || self.is_showing || !self.stage.is_empty())
    }

    /// Whether nothing comes any more for those who listen.
    fn is_over(&self) -> bool {
        let is_staged = self.is_showing || !self.stage.is_empty();
        self.ended && (self.is_unattended || !is_staged)
    }

    /// Gives an event to everybody who wants it.
    fn distribute(&mut self, event: &Event, limits: InboxLimits, wakes: &mut Vec<Waker>) {
        for (wanted, inbox) in self.inboxes.values_mut() {
            if wanted.includes(event) {
                inbox.push(event.clone(), room(event), limits, wakes);
            }
        }
    }

    /// Takes an event from the node's loop: a message to the stage, if there is somebody to show it to, and the rest to
    /// everybody, listeners included.
    fn take_in(&mut self, event: Event, limits: InboxLimits, wakes: &mut Vec<Waker>) {
        let via = match &event {
            Event::Message { via, .. } => Some(via),
            _ => None,
        };
        if let Some(via) = via.filter(|_| self.is_staging()) {
            let peer = self.snapshot.peers.get(via).cloned();
            let room = room(&event);
            let limits = limits.of_stage();
            self.stage.push(Staged { event, peer }, room, limits, wakes);
            return;
        }
        self.distribute(&event, limits, wakes);
        let is_heard = !self.listeners.is_empty() && !self.is_unattended;
        if let Some(kind) = EventKind::of(&event).filter(|_| is_heard) {
            self.calls.push(kind, Room::Other, limits, wakes);
            self.stage.wake(wakes);
        }
    }

    fn wake_listeners(&mut self, wakes: &mut Vec<Waker>) {
        wakes.append(&mut self.watchers);
        for (_, inbox) in self.inboxes.values_mut() {
            inbox.wake(wakes);
        }
    }
}

fn room(event: &Event) -> Room {
    match event {
        Event::Message { message, .. } => Room::Message(message.frame().as_bytes().len()),
        _ => Room::Other,
    }
}

impl Hub {
    pub(super) fn new(limits: InboxLimits) -> Self {
        Self {
            state: Mutex::default(),
            limits,
        }
    }

    /// The bounds of what waits for one who listens.
    pub(super) fn limits(&self) -> InboxLimits {
        self.limits
    }

    pub(super) fn subscribe(&self, wanted: Wanted) -> InboxId {
        self.lock().subscribe(wanted)
    }

    /// A queue of who comes and leaves, and who is there before the first of it.
    pub(super) fn subscribe_to_members(&self) -> (InboxId, Vec<Member>) {
        let mut state = self.lock();
        let members = state.snapshot.members.values().cloned().collect();
        (state.subscribe(Wanted::Members), members)
    }

    pub(super) fn unsubscribe(&self, id: InboxId) {
        self.lock().inboxes.remove(&id);
    }

    /// The next item for a listener; `Ready(None)` when the node has ended and the queue is empty.
    pub(super) fn poll_next(&self, id: InboxId, cx: &mut Context<'_>) -> Poll<Option<Item<Event>>> {
        let mut state = self.lock();
        let is_over = state.is_over();
        let Some((_, inbox)) = state.inboxes.get_mut(&id) else {
            return Poll::Ready(None);
        };
        if let Some(item) = inbox.take() {
            return Poll::Ready(Some(item));
        }
        if is_over || inbox.is_over() {
            return Poll::Ready(None);
        }
        inbox.wait(cx.waker());
        Poll::Pending
    }

    /// What waits already.
    pub(super) fn try_next(&self, id: InboxId) -> Option<Item<Event>> {
        self.lock().inboxes.get_mut(&id)?.1.take()
    }

    /// Keeps count of messages that nobody took in time.
    pub(super) fn miss(&self, count: u64) {
        let mut state = self.lock();
        state.missed += count;
        state.faults.push(Fault::Missed(count));
    }

    pub(super) fn missed(&self) -> u64 {
        self.lock().missed
    }

    pub(super) fn fault(&self, fault: Fault) {
        self.lock().faults.push(fault);
    }

    pub(super) fn faults(&self) -> Vec<Fault> {
        self.lock().faults.list()
    }

    /// Takes an event from the node's loop.
    fn publish(&self, mesh: &Mesh, event: Event) {
        self.change(|state, wakes| {
            state.snapshot.apply(mesh, &event);
            wakes.append(&mut state.watchers);
            if let Some(fault) = Fault::of(&event) {
                state.faults.push(fault);
            }
            state.take_in(event, self.limits, wakes);
        });
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

    /// The node has ended: everybody who waits is told, behind what is staged.
    fn end(&self) {
        self.change(|state, wakes| {
            state.ended = true;
            state.snapshot.end();
            state.stage.wake(wakes);
            state.wake_listeners(wakes);
        });
    }

    /// Runs `change` under the lock, then wakes those that it names.
    fn change<R>(&self, change: impl FnOnce(&mut State, &mut Vec<Waker>) -> R) -> R {
        let mut wakes = Vec::new();
        let changed = change(&mut self.lock(), &mut wakes);
        wakes.into_iter().for_each(Waker::wake);
        changed
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // What a panicking thread left is whole: each update is one step for whoever looks.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Handlers and listeners, and what the dispatcher does for them.
impl Hub {
    pub(super) fn add_handler(&self, handler: Handler) -> HandlerId {
        let mut state = self.lock();
        let id = HandlerId(state.next);
        state.next += 1;
        // Of a node that has ended nothing comes, and a handler that is kept would keep what it holds.
        if !state.ended && !state.is_unattended {
            state.handlers.push((id, handler));
        }
        id
    }

    pub(super) fn remove_handler(&self, id: HandlerId) -> bool {
        let removed = {
            let handlers = &mut self.lock().handlers;
            let at = handlers.iter().position(|(known, _)| *known == id);
            at.map(|at| handlers.remove(at))
        };
        removed.is_some()
    }

    pub(super) fn handlers(&self) -> Vec<(HandlerId, Handler)> {
        self.lock().handlers.clone()
    }

    /// Reads or changes who listens. What `change` takes away is to be dropped by the caller.
    pub(super) fn listeners<R>(&self, change: impl FnOnce(&mut Listeners) -> R) -> R {
        change(&mut self.lock().listeners)
    }

    /// Has the dispatcher run an asynchronous listener, if not too many are at work.
    pub(super) fn begin(&self, kind: EventKind, future: BoxFuture<'static, ()>) {
        let refused = self.change(|state, wakes| {
            if state.is_unattended || state.at_work >= LISTENERS_AT_WORK {
                state.faults.push(Fault::ListenersBusy { kind });
                return Some(future);
            }
            state.at_work += 1;
            state.begun.push_back(Work { kind, future });
            state.stage.wake(wakes);
            None
        });
        drop(refused);
    }

    /// Has the dispatcher woken for whatever there will be to do.
    pub(super) fn attend(&self, dispatcher: &Waker) {
        self.lock().stage.wait(dispatcher);
    }

    /// Takes the listeners that were begun.
    pub(super) fn take_begun(&self) -> VecDeque<Work> {
        core::mem::take(&mut self.lock().begun)
    }

    /// The next of what listeners are to be told of beside messages, or how much of it was dropped.
    pub(super) fn take_call(&self) -> Option<Item<EventKind>> {
        self.lock().calls.take()
    }

    /// A listener is done.
    pub(super) fn done(&self) {
        self.lock().at_work -= 1;
    }

    /// The next message for handlers and listeners. It is being shown until [`Hub::shown`]; `Ready(None)` when the node has
    /// ended and none is left.
    pub(super) fn poll_stage(&self) -> Poll<Option<Item<Staged>>> {
        let mut state = self.lock();
        match state.stage.take() {
            Some(item) => {
                state.is_showing = true;
                Poll::Ready(Some(item))
            }
            None if state.ended => Poll::Ready(None),
            None => Poll::Pending,
        }
    }

    /// What was shown goes to everybody.
    pub(super) fn pass_on(&self, event: &Event) {
        self.change(|state, wakes| state.distribute(event, self.limits, wakes));
    }

    /// What was to be shown was dropped: everybody misses it.
    pub(super) fn pass_on_loss(&self, count: u64) {
        self.change(|state, wakes| {
            state.faults.push(Fault::HandlersLate(count));
            for (_, inbox) in state.inboxes.values_mut() {
                inbox.miss(count, wakes);
            }
        });
    }

    /// The dispatcher is done with what it took from the stage.
    pub(super) fn shown(&self) {
        self.change(|state, wakes| {
            state.is_showing = false;
            if state.is_over() {
                state.wake_listeners(wakes);
            }
        });
    }

    /// Nobody shows anything any more: what is staged goes to everybody, and who handled or listened is forgotten.
    pub(super) fn unattend(&self) {
        let forgotten = self.change(|state, wakes| {
            state.is_unattended = true;
            state.is_showing = false;
            while let Some(item) = state.stage.take() {
                match item {
                    Item::One(staged) => state.distribute(&staged.event, self.limits, wakes),
                    Item::Lagged(count) => state.faults.push(Fault::HandlersLate(count)),
                }
            }
            state.wake_listeners(wakes);
            let handlers = core::mem::take(&mut state.handlers);
            (handlers, core::mem::take(&mut state.listeners))
        });
        drop(forgotten);
    }
}

impl fmt::Debug for Hub {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hub").finish_non_exhaustive()
    }
}

/// Carries events from the node's loop to its handles.
#[derive(Debug)]
pub struct Announcer {
    hub: Arc<Hub>,
    _keeps: Keeps,
}

/// What lives as long as the node does, and ends with it.
pub(crate) type Keeps = Option<Arc<dyn Any + Send + Sync>>;

impl Announcer {
    pub(super) fn new(hub: Arc<Hub>, keeps: Keeps) -> Self {
        Self { hub, _keeps: keeps }
    }
}

impl Observer for Announcer {
    fn handle_event(&mut self, mesh: &Mesh, event: Event) {
        // Those who asked are answered by the driver; nobody else is concerned.
        if !matches!(
            event,
            Event::Answer { .. } | Event::Settled { .. } | Event::Closed
        ) {
            self.hub.publish(mesh, event);
        }
    }
}

impl Drop for Announcer {
    /// The node's future has ended or was dropped: either way nothing comes any more.
    fn drop(&mut self) {
        self.hub.end();
    }
}
