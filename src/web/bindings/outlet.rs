//! Where one node's events go: handlers, listeners, and the queue of those who take messages.
//!
//! A message goes to the handlers first, one message at a time, and to everybody else if none of them acted on it and its
//! flag is plain. While nobody handles anything it goes straight on. Whatever else happens never waits behind a handler.

use core::cell::{Cell, RefCell};
use core::future::poll_fn;
use core::task::{Poll, Waker};
use std::collections::VecDeque;
use std::rc::Rc;

use js_sys::Array;
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::spawn_local;

use super::error::Thrown;
use super::events::{Listeners, Topic};
use super::handlers::Handlers;
use super::inbox::Inbox;
use super::objects::{self, Messages};
use super::promises::within;
use super::report;
use crate::socket::{MeshSocket, Message};

/// How many of the latest errors are kept to be looked at.
const FAULTS: usize = 64;
/// Milliseconds that handlers have for what waits for them when the node has ended: as long as the node itself lingers.
const LINGER: u32 = 2_000;

/// What happens in a node goes in here, and out to whoever wants it.
pub(super) struct Outlet {
    socket: MeshSocket,
    pub(super) listeners: Listeners,
    pub(super) handlers: Handlers,
    messages: Messages,
    /// For those who take.
    inbox: Inbox,
    /// For the handlers.
    waiting: Inbox,
    handling: Cell<bool>,
    /// Who waits until nothing is handled any more: the end of the node alone.
    idle: Cell<Option<Waker>>,
    faults: RefCell<VecDeque<JsValue>>,
    ended: Cell<bool>,
}

impl Outlet {
    pub(super) fn new(socket: &MeshSocket) -> Result<Rc<Self>, JsValue> {
        Ok(Rc::new(Self {
            socket: socket.clone(),
            listeners: Listeners::default(),
            handlers: Handlers::default(),
            messages: Messages::new(socket)?,
            inbox: Inbox::default(),
            waiting: Inbox::default(),
            handling: Cell::new(false),
            idle: Cell::new(None),
            faults: RefCell::default(),
            ended: Cell::new(false),
        }))
    }

    /// A message as JavaScript sees it.
    pub(super) fn message(&self, message: &Message) -> JsValue {
        self.messages.object(message)
    }

    /// Takes a message out of the queue, once there is one; `None` if none comes in time, or ever.
    pub(super) async fn receive(&self, millis: Option<u32>) -> Option<Message> {
        let message = match millis {
            Some(0) => self.inbox.take(),
            millis => within(millis, self.inbox.next()).await.flatten(),
        };
        self.tell_missed(&self.inbox);
        message
    }

    /// Takes up to `most` messages that wait already.
    pub(super) fn take(&self, most: u32) -> Array {
        let messages = core::iter::from_fn(|| self.inbox.take());
        let taken = messages
            .take(most as usize)
            .map(|message| self.message(&message))
            .collect();
        self.tell_missed(&self.inbox);
        taken
    }

    /// A message came.
    pub(super) fn handle_message(self: &Rc<Self>, message: Message) {
        if self.handlers.is_empty() && !self.handling.get() {
            return self.deliver(&message);
        }
        self.waiting.push(message);
        self.tell_missed(&self.waiting);
        if !self.handling.replace(true) {
            spawn_local(handle(self.clone()));
        }
    }

    /// Tells of an event that is made only if somebody listens.
    pub(super) fn tell(&self, topic: Topic, value: impl FnOnce() -> JsValue) {
        let event = topic.into();
        if self.listeners.any(&event) {
            let values = Array::of1(&value());
            self.listeners.tell(&event, |_| values.clone());
        }
    }

    /// Tells that the node is in the mesh, each listener with the object that it was added to.
    pub(super) fn tell_connect(&self) {
        self.listeners.tell(&Topic::Connect.into(), Array::of1);
    }

    /// Tells of an error, and keeps it.
    pub(super) fn tell_fault(&self, thrown: Thrown) {
        let fault = JsValue::from(thrown);
        let mut faults = self.faults.borrow_mut();
        if faults.len() == FAULTS {
            faults.pop_front();
        }
        faults.push_back(fault.clone());
        drop(faults);
        self.tell(Topic::Error, || fault);
    }

    /// The errors kept, the oldest first.
    pub(super) fn faults(&self) -> Array {
        self.faults.borrow().iter().cloned().collect()
    }

    /// The node has ended: `last` is the last event told. The handlers have a while for what they were not given yet.
    pub(super) async fn end(&self, last: impl FnOnce() -> JsValue) {
        let idle = poll_fn(|cx| {
            self.idle.set(Some(cx.waker().clone()));
            if self.handling.get() {
                Poll::Pending
            } else {
                Poll::Ready(())
            }
        });
        within(Some(LINGER), idle).await;
        self.ended.set(true);
        self.give_up();
        self.inbox.end();
        self.tell(Topic::Close, last);
        // They may hold the objects of the class, which hold this.
        self.listeners.clear();
        self.handlers.clear();
    }

    /// To everybody but the handlers, who alone know what flags of their own mean.
    fn deliver(&self, message: &Message) {
        if !message.as_wire().has_plain_flag() {
            return;
        }
        self.inbox.push(message.clone());
        self.tell(Topic::Message, || self.message(message));
    }

    fn tell_missed(&self, inbox: &Inbox) {
        let missed = inbox.missed();
        if missed > 0 {
            self.tell_fault(Thrown::lagged(missed));
        }
    }

    /// What still waits for a handler that does not come to an end.
    fn give_up(&self) {
        let left = core::iter::from_fn(|| self.waiting.take()).count();
        if left > 0 {
            self.tell_fault(Thrown::lagged(left as u64));
        }
    }

    async fn is_handled(&self, message: &Message) -> bool {
        let peer = objects::peer_or_its_id(&self.socket, message.via());
        let failed = |thrown: &JsValue| {
            report::thrown("a handler", thrown);
            self.tell_fault(Thrown::handler(thrown));
        };
        let message = self.message(message);
        self.handlers.act(&message, &peer, failed).await
    }
}

/// Gives the handlers what waits for them, in its order.
async fn handle(outlet: Rc<Outlet>) {
    while let Some(message) = outlet.waiting.take() {
        if !outlet.is_handled(&message).await && !outlet.ended.get() {
            outlet.deliver(&message);
        }
    }
    outlet.handling.set(false);
    if let Some(waker) = outlet.idle.take() {
        waker.wake();
    }
}
