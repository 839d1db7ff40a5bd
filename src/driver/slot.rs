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

/// Reads from one link before the others get a turn.
const READS: usize = 16;

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
    /// How writing failed; told once nothing is left to read.
    broken: Option<LinkDown>,
}

/// What came of polling a link.
pub(super) enum Progress {
    None,
    Opened(LinkInfo),
    Moved {
        received: Vec<Bytes>,
        written: usize,
        /// The far end's transport has answered a ping.
        is_alive: bool,
        down: Option<LinkDown>,
    },
    Ended,
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
            broken: None,
        }
    }

    pub(super) fn poll(&mut self) -> Progress {
        let mut cx = Context::from_waker(&self.waker);
        match &mut self.state {
            State::Dialling(dial) => match Pin::new(dial).poll(&mut cx) {
                Poll::Pending => Progress::None,
                Poll::Ready(Err(down)) => Progress::Moved {
                    received: Vec::new(),
                    written: 0,
                    is_alive: false,
                    down: Some(down),
                },
                Poll::Ready(Ok(link)) => {
                    let info = link.info();
                    self.state = State::Up(link);
                    // What the peer said at once has woken nobody yet.
                    self.waker.wake_by_ref();
                    Progress::Opened(info)
                }
            },
            State::Up(_) => self.move_bytes(),
            State::Gone => Progress::Ended,
            State::Ending(link, reason) => match link.poll_close(reason, &mut cx) {
                Poll::Pending => Progress::None,
                Poll::Ready(()) => Progress::Ended,
            },
        }
    }

    fn move_bytes(&mut self) -> Progress {
        let written = self.flush();
        let State::Up(link) = &mut self.state else {
            return Progress::None;
        };
        let mut cx = Context::from_waker(&self.waker);
        let (mut received, mut down) = (Vec::new(), None);
        for read in 0.. {
            if read == READS {
                self.waker.wake_by_ref();
                break;
            }
            match link.poll_receive(&mut cx) {
                Poll::Ready(Ok(bytes)) => received.push(bytes),
                Poll::Ready(Err(end)) => {
                    down = Some(end);
                    break;
                }
                // A peer that closes may have been heard before the write to it failed: its reason tells more.
                Poll::Pending => {
                    down = self.broken.take();
                    break;
                }
            }
        }
        Progress::Moved {
            received,
            written,
            is_alive: link.take_pong(),
            down,
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

    /// Writes until nothing waits or the network takes no more; returns the bytes written.
    pub(super) fn flush(&mut self) -> usize {
        self.unflushed = false;
        let State::Up(link) = &mut self.state else {
            return 0;
        };
        let mut cx = Context::from_waker(&self.waker);
        let mut written = 0;
        while self.broken.is_none() {
            match link.poll_flush(&mut cx) {
                Poll::Ready(Ok(0)) | Poll::Pending => break,
                Poll::Ready(Ok(bytes)) => written += bytes,
                Poll::Ready(Err(down)) => {
                    self.broken = Some(down);
                    self.waker.wake_by_ref();
                }
            }
        }
        written
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
