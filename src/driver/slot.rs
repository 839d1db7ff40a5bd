//! One link as the driver holds it: being dialled, up, or ending.

use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll};
use std::sync::Arc;
use std::task::Waker;

use bytes::Bytes;

use super::ready::{LinkWaker, Ready};
use crate::id::LinkId;
use crate::mesh::{CloseReason, LinkDown, LinkInfo};
use crate::transport::{Link, Transport};

pub(super) enum State<T: Transport> {
    Dialling(T::Dial),
    Up(T::Link),
    Ending(T::Link, CloseReason),
    /// Between two states only.
    Gone,
}

pub(super) struct Slot<T: Transport> {
    state: State<T>,
    waker: Waker,
    /// Frames were sent and not flushed; the driver has the link on its list.
    unflushed: bool,
    /// It is not read from: what comes waits in the network.
    is_paused: bool,
    /// How writing failed; told once nothing is left to read.
    broken: Option<LinkDown>,
}

/// What came of polling a link.
pub(super) enum Progress {
    None,
    Opened(LinkInfo),
    /// It is up: bytes were written, and there may be some to read.
    Up {
        written: usize,
    },
    Down(LinkDown),
    Ended,
}

/// What came of reading from a link that is up.
pub(super) enum Read {
    Bytes(Bytes),
    Down(LinkDown),
    /// Nothing is there now, or it is not to be read from.
    Nothing,
}

impl<T: Transport> Slot<T> {
    /// A link that is ready to be polled.
    pub(super) fn new(link: LinkId, state: State<T>, ready: &Arc<Ready>) -> Self {
        let waker = Waker::from(LinkWaker::new(link, ready));
        waker.wake_by_ref();
        Self {
            state,
            waker,
            unflushed: false,
            is_paused: false,
            broken: None,
        }
    }

    pub(super) fn poll(&mut self) -> Progress {
        let mut cx = Context::from_waker(&self.waker);
        match &mut self.state {
            State::Dialling(dial) => match Pin::new(dial).poll(&mut cx) {
                Poll::Pending => Progress::None,
                Poll::Ready(Err(down)) => Progress::Down(down),
                Poll::Ready(Ok(link)) => {
                    let info = link.info();
                    self.state = State::Up(link);
                    // What the peer said at once has woken nobody yet.
                    self.waker.wake_by_ref();
                    Progress::Opened(info)
                }
            },
            State::Up(_) => Progress::Up {
                written: self.flush(),
            },
            State::Gone => Progress::Ended,
            State::Ending(link, reason) => match link.poll_close(reason, &mut cx) {
                Poll::Pending => Progress::None,
                Poll::Ready(()) => Progress::Ended,
            },
        }
    }

    /// Reads once.
    pub(super) fn read(&mut self) -> Read {
        let State::Up(link) = &mut self.state else {
            return Read::Nothing;
        };
        if self.is_paused {
            return Read::Nothing;
        }
        let mut cx = Context::from_waker(&self.waker);
        match link.poll_receive(&mut cx) {
            Poll::Ready(Ok(bytes)) => Read::Bytes(bytes),
            Poll::Ready(Err(down)) => Read::Down(down),
            // A peer that closes may have been heard before the write to it failed: its reason tells more.
            Poll::Pending => self.broken.take().map_or(Read::Nothing, Read::Down),
        }
    }

    /// There is more to read, and others have their turn first.
    pub(super) fn read_on_later(&self) {
        self.waker.wake_by_ref();
    }

    /// Whether the far end's transport has answered a ping since this was asked last.
    pub(super) fn take_pong(&mut self) -> bool {
        match &mut self.state {
            State::Up(link) => link.take_pong(),
            _ => false,
        }
    }

    /// Stops reading, or goes on.
    pub(super) fn pause(&mut self, is_paused: bool) {
        self.is_paused = is_paused;
        if !is_paused {
            self.waker.wake_by_ref();
        }
    }

    /// Has the far end's transport asked whether it lives; true if the driver has to put the link on its list.
    pub(super) fn ping(&mut self) -> bool {
        let State::Up(link) = &mut self.state else {
            return false;
        };
        link.ping();
        !core::mem::replace(&mut self.unflushed, true)
    }

    /// Gives the link a frame; true if the driver has to put it on its list.
    pub(super) fn send(&mut self, frame: Bytes) -> bool {
        let State::Up(link) = &mut self.state else {
            return false;
        };
        link.send(frame);
        !core::mem::replace(&mut self.unflushed, true)
    }

    /// Writes what the network takes; returns how many bytes that was.
    pub(super) fn flush(&mut self) -> usize {
        self.unflushed = false;
        let State::Up(link) = &mut self.state else {
            return 0;
        };
        if self.broken.is_some() {
            return 0;
        }
        match link.poll_flush(&mut Context::from_waker(&self.waker)) {
            Poll::Ready(Ok(written)) => written,
            Poll::Pending => 0,
            Poll::Ready(Err(down)) => {
                self.broken = Some(down);
                self.waker.wake_by_ref();
                0
            }
        }
    }

    /// Begins to end the link; false if there is nothing to end, as with a dial.
    pub(super) fn end(&mut self, reason: CloseReason) -> bool {
        let State::Up(link) = core::mem::replace(&mut self.state, State::Gone) else {
            return false;
        };
        self.state = State::Ending(link, reason);
        self.waker.wake_by_ref();
        true
    }
}
