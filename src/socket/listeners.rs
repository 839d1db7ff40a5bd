//! Listeners: py2p's `on`, `once` and `emit`. [`Events`](super::Events) is the stream for those who want all, in order.

use core::fmt;
use core::future::Future;
use core::panic::AssertUnwindSafe;
use std::panic::catch_unwind;
use std::sync::Arc;

use futures::FutureExt;
use futures::future::BoxFuture;

use super::MeshSocket;
use super::faults::{Fault, words};
use crate::mesh::Event;
use crate::wire::Value;

/// How many asynchronous listeners of a node may be at work at once.
pub const LISTENERS_AT_WORK: usize = 1_024;

/// To what one listens. Names go by `into()`: `"connect"`, `"message"`, and any of the user's own.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum EventKind {
    /// `connect`: the routing table went from no peer to one. Again after each loss of the last.
    Connect,
    /// `disconnect`: the last peer is gone.
    Disconnect,
    /// `message`: a plain message came that no handler kept, and [`MeshSocket::recv`] has it. Listeners are told without it.
    Message,
    /// A name of the user's, for [`MeshSocket::emit`].
    Named(Box<str>),
}

impl EventKind {
    /// What listeners are told of a core event.
    pub(super) fn of(event: &Event) -> Option<Self> {
        match event {
            Event::Joined => Some(Self::Connect),
            Event::Left => Some(Self::Disconnect),
            Event::Message { message, .. } if message.has_plain_flag() => Some(Self::Message),
            _ => None,
        }
    }

    /// The name, as py2p has it.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Connect => "connect",
            Self::Disconnect => "disconnect",
            Self::Message => "message",
            Self::Named(name) => name,
        }
    }
}

impl From<&str> for EventKind {
    fn from(name: &str) -> Self {
        match name {
            "connect" => Self::Connect,
            "disconnect" => Self::Disconnect,
            "message" => Self::Message,
            name => Self::Named(name.into()),
        }
    }
}

impl fmt::Display for EventKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The number of a listener, by which it can be taken away again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ListenerId(u64);

type Hear = dyn Fn(&MeshSocket, &[Value]) + Send + Sync;
type HearLater = dyn Fn(MeshSocket, Vec<Value>) -> BoxFuture<'static, ()> + Send + Sync;

/// What a user had called.
#[derive(Clone)]
pub(super) enum Call {
    Sync(Arc<Hear>),
    Async(Arc<HearLater>),
}

pub(super) struct Listener {
    id: ListenerId,
    kind: EventKind,
    is_once: bool,
    pub(super) call: Call,
}

/// Those who listen, in the order in which they came.
#[derive(Default)]
pub(super) struct Listeners {
    all: Vec<Listener>,
    next: u64,
}

impl Listeners {
    pub(super) fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    pub(super) fn add(&mut self, kind: EventKind, is_once: bool, call: Call) -> ListenerId {
        let id = ListenerId(self.next);
        self.next += 1;
        self.all.push(Listener {
            id,
            kind,
            is_once,
            call,
        });
        id
    }

    /// What is to be called for `kind`; those who listen once do so no longer.
    pub(super) fn pick(&mut self, kind: &EventKind) -> Vec<Call> {
        let calls = self.all.iter().filter(|listener| listener.kind == *kind);
        let calls = calls.map(|listener| listener.call.clone()).collect();
        // The calls are held by `calls` still: nothing of the user's is dropped here.
        self.all
            .retain(|listener| !(listener.is_once && listener.kind == *kind));
        calls
    }

    /// Takes away those that `which` picks, for the caller to drop.
    pub(super) fn remove(&mut self, which: impl Fn(&Listener) -> bool) -> Vec<Listener> {
        let (gone, left) = core::mem::take(&mut self.all).into_iter().partition(which);
        self.all = left;
        gone
    }

    fn of(&self, kind: &EventKind) -> Vec<ListenerId> {
        let of = self.all.iter().filter(|listener| listener.kind == *kind);
        of.map(|listener| listener.id).collect()
    }
}

impl MeshSocket {
    /// Calls `listener` each time that something of a kind happens, with this socket and what [`MeshSocket::emit`] was
    /// given: nothing, unless a user emits.
    ///
    /// Listeners are called in the order in which they came, after the handlers, in the handlers' task. One that panics is
    /// named in [`MeshSocket::faults`] and stays. A listener that holds a handle keeps the node open until it is closed: it is
    /// given one instead.
    ///
    /// ```
    /// # fn example(socket: &rs2p::MeshSocket) {
    /// socket.once("connect", |socket, _| println!("{} is in the mesh", socket.id()));
    /// socket.on("message", |socket, _| {
    ///     let message = socket.try_recv();
    ///     println!("{message:?}");
    /// });
    /// # }
    /// ```
    pub fn on(
        &self,
        kind: impl Into<EventKind>,
        listener: impl Fn(&MeshSocket, &[Value]) + Send + Sync + 'static,
    ) -> ListenerId {
        self.listen(kind.into(), false, Call::Sync(Arc::new(listener)))
    }

    /// As [`MeshSocket::on`], and takes the listener away before its first call.
    pub fn once(
        &self,
        kind: impl Into<EventKind>,
        listener: impl Fn(&MeshSocket, &[Value]) + Send + Sync + 'static,
    ) -> ListenerId {
        self.listen(kind.into(), true, Call::Sync(Arc::new(listener)))
    }

    /// As [`MeshSocket::on`], for a listener that waits for things. It is begun and not waited for: several may be at work,
    /// at most [`LISTENERS_AT_WORK`]; one more is not begun, and told of in [`MeshSocket::faults`].
    ///
    /// ```
    /// # fn example(socket: &rs2p::MeshSocket) {
    /// socket.on_async("connect", |socket, _| async move {
    ///     drop(socket.send("here I am").await);
    /// });
    /// # }
    /// ```
    pub fn on_async<F>(
        &self,
        kind: impl Into<EventKind>,
        listener: impl Fn(MeshSocket, Vec<Value>) -> F + Send + Sync + 'static,
    ) -> ListenerId
    where
        F: Future<Output = ()> + Send + 'static,
    {
        self.listen(kind.into(), false, waiting(listener))
    }

    /// As [`MeshSocket::on_async`], and takes the listener away before its first call.
    pub fn once_async<F>(
        &self,
        kind: impl Into<EventKind>,
        listener: impl Fn(MeshSocket, Vec<Value>) -> F + Send + Sync + 'static,
    ) -> ListenerId
    where
        F: Future<Output = ()> + Send + 'static,
    {
        self.listen(kind.into(), true, waiting(listener))
    }

    fn listen(&self, kind: EventKind, is_once: bool, call: Call) -> ListenerId {
        let add = |all: &mut Listeners| all.add(kind, is_once, call);
        self.shared.hub.listeners(add)
    }

    /// Takes a listener away; false if it is not there any more.
    pub fn remove_listener(&self, listener: ListenerId) -> bool {
        let gone = self
            .shared
            .hub
            .listeners(|all| all.remove(|known| known.id == listener));
        !gone.is_empty()
    }

    /// Takes away every listener to a kind, or every listener there is.
    pub fn remove_all_listeners(&self, kind: Option<EventKind>) {
        let which = |known: &Listener| kind.as_ref().is_none_or(|kind| known.kind == *kind);
        drop(self.shared.hub.listeners(|all| all.remove(which)));
    }

    /// Who listens to a kind, in the order in which they are called.
    pub fn listeners(&self, kind: impl Into<EventKind>) -> Vec<ListenerId> {
        let kind = kind.into();
        self.shared.hub.listeners(|all| all.of(&kind))
    }

    /// Calls everyone who listens to a kind with `arguments`, here and now; asynchronous listeners are begun. Returns whether
    /// there was anyone. What the user emits is told to no peer.
    ///
    /// ```
    /// # fn example(socket: &rs2p::MeshSocket) {
    /// socket.on("data", |_, arguments| println!("{arguments:?}"));
    /// socket.emit("data", &["00101001".into()]);
    /// # }
    /// ```
    pub fn emit(&self, kind: impl Into<EventKind>, arguments: &[Value]) -> bool {
        let kind = kind.into();
        let calls = self.shared.hub.listeners(|all| all.pick(&kind));
        for call in &calls {
            if let Err(panic) = catch_unwind(AssertUnwindSafe(|| self.call(&kind, call, arguments)))
            {
                self.shared.hub.fault(Fault::Listener {
                    kind: kind.clone(),
                    panic: words(&*panic),
                });
            }
        }
        !calls.is_empty()
    }

    fn call(&self, kind: &EventKind, call: &Call, arguments: &[Value]) {
        match call {
            Call::Sync(listener) => listener(self, arguments),
            Call::Async(listener) => {
                let work = listener(self.clone(), arguments.to_vec());
                self.shared.hub.begin(kind.clone(), work);
            }
        }
    }
}

fn waiting<F>(listener: impl Fn(MeshSocket, Vec<Value>) -> F + Send + Sync + 'static) -> Call
where
    F: Future<Output = ()> + Send + 'static,
{
    Call::Async(Arc::new(move |socket, arguments| {
        listener(socket, arguments).boxed()
    }))
}
