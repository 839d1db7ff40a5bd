//! [`Dispatcher`]: shows what happens to handlers and listeners, beside the node's loop and never within it.

use core::fmt;
use core::future::Future;
use core::panic::AssertUnwindSafe;
use core::pin::Pin;
use core::task::{Context, Poll};
use std::sync::{Arc, Weak};

use futures::future::BoxFuture;
use futures::stream::FuturesUnordered;
use futures::{FutureExt, StreamExt};

use super::faults::{Fault, words};
use super::handlers;
use super::hub::{Hub, Staged, Work};
use super::inbox::Item;
use super::listeners::EventKind;
use super::{MeshSocket, Message, Shared};
use crate::mesh::Event;

/// Messages that are shown before the executor gets a turn.
const ROUNDS: usize = 64;

/// Runs the handlers and listeners of a node: a future that ends when the node has ended, everything was shown, and every
/// asynchronous listener is done.
///
/// Spawned beside the node's [`Driver`](crate::driver::Driver). Without it, or once it is dropped, handlers and listeners are
/// not called, and messages go straight to who receives.
#[must_use = "handlers and listeners run only while it is polled"]
pub struct Dispatcher {
    hub: Arc<Hub>,
    /// Weak: a node without handles closes, whoever handles and listens.
    socket: Weak<Shared>,
    /// The message that handlers are being asked about.
    asking: Option<Asking>,
    at_work: FuturesUnordered<BoxFuture<'static, ()>>,
}

struct Asking {
    message: Event,
    chain: BoxFuture<'static, bool>,
}

impl Dispatcher {
    pub(super) fn new(hub: Arc<Hub>, socket: Weak<Shared>) -> Self {
        Self {
            hub,
            socket,
            asking: None,
            at_work: FuturesUnordered::new(),
        }
    }

    fn socket(&self) -> Option<MeshSocket> {
        let shared = self.socket.upgrade()?;
        Some(MeshSocket { shared })
    }

    /// Does one step; `Ready(false)` if there is none left, ever.
    fn poll_step(&mut self, cx: &mut Context<'_>) -> Poll<bool> {
        if let Some(asking) = &mut self.asking {
            let Poll::Ready(acted) = asking.chain.poll_unpin(cx) else {
                return Poll::Pending;
            };
            if let Some(Asking { message, .. }) = self.asking.take()
                && !acted
            {
                self.pass_on(&message);
            }
            self.hub.shown();
            return Poll::Ready(true);
        }
        let Poll::Ready(item) = self.hub.poll_stage() else {
            return Poll::Pending;
        };
        match item {
            Some(Item::One(staged)) => self.show(staged),
            Some(Item::Lagged(count)) => {
                self.hub.pass_on_loss(count);
                self.hub.shown();
            }
            None => {
                self.hub.unattend();
                return Poll::Ready(false);
            }
        }
        Poll::Ready(true)
    }

    fn show(&mut self, staged: Staged) {
        self.asking = self.ask(&staged);
        if self.asking.is_none() {
            self.pass_on(&staged.event);
            self.hub.shown();
        }
    }

    /// Begins to ask the handlers, if it is a message and there are any.
    fn ask(&self, staged: &Staged) -> Option<Asking> {
        let Event::Message { message, via } = &staged.event else {
            return None;
        };
        let handlers = self.hub.handlers();
        if handlers.is_empty() {
            return None;
        }
        let shown = Message::new(message.clone(), via.clone(), self.socket()?);
        let chain = handlers::chain(handlers, shown, staged.peer.clone()?, self.hub.clone());
        Some(Asking {
            message: staged.event.clone(),
            chain: chain.boxed(),
        })
    }

    /// Gives a message to everybody, and tells the listeners, who find it in the queue then.
    fn pass_on(&self, message: &Event) {
        self.hub.pass_on(message);
        if let Some(kind) = EventKind::of(message) {
            self.tell(kind);
        }
    }

    /// Tells the listeners what else happened, which waits for no handler.
    fn call(&self) {
        while let Some(item) = self.hub.take_call() {
            match item {
                Item::One(kind) => self.tell(kind),
                Item::Lagged(count) => self.hub.fault(Fault::HandlersLate(count)),
            }
        }
    }

    fn tell(&self, kind: EventKind) {
        if let Some(socket) = self.socket() {
            socket.emit(kind, &[]);
        }
    }

    /// Lets the asynchronous listeners work; whether all are done.
    fn poll_listeners(&mut self, cx: &mut Context<'_>) -> bool {
        loop {
            for work in self.hub.take_begun() {
                self.at_work.push(run(self.hub.clone(), work).boxed());
            }
            match self.at_work.poll_next_unpin(cx) {
                Poll::Ready(Some(())) => {}
                Poll::Ready(None) => return true,
                Poll::Pending => return false,
            }
        }
    }
}

async fn run(hub: Arc<Hub>, Work { kind, future }: Work) {
    if let Err(panic) = AssertUnwindSafe(future).catch_unwind().await {
        let panic = words(&*panic);
        hub.fault(Fault::Listener { kind, panic });
    }
    hub.done();
}

impl Future for Dispatcher {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        for _ in 0..ROUNDS {
            self.hub.attend(cx.waker());
            self.call();
            let are_done = self.poll_listeners(cx);
            match self.poll_step(cx) {
                Poll::Ready(true) => {}
                Poll::Ready(false) if are_done => return Poll::Ready(()),
                Poll::Ready(false) | Poll::Pending => return Poll::Pending,
            }
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}

impl Drop for Dispatcher {
    /// The message that was being shown goes where it had gone without handlers.
    fn drop(&mut self) {
        if let Some(Asking { message, .. }) = self.asking.take() {
            self.hub.pass_on(&message);
        }
        self.hub.unattend();
        drop(self.hub.take_begun());
    }
}

impl fmt::Debug for Dispatcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Dispatcher").finish_non_exhaustive()
    }
}
