//! A bounded queue of messages, for those who take them one by one. Beyond either bound the oldest goes, and is counted.

use core::cell::RefCell;
use core::future::poll_fn;
use core::task::{Poll, Waker};
use std::collections::VecDeque;

use crate::socket::{InboxLimits, Message};

#[derive(Default)]
pub(super) struct Inbox {
    state: RefCell<State>,
}

#[derive(Default)]
struct State {
    limits: InboxLimits,
    queue: VecDeque<Message>,
    bytes: usize,
    missed: u64,
    ended: bool,
    wakers: Vec<Waker>,
}

impl Inbox {
    pub(super) fn push(&self, message: Message) {
        let mut state = self.state.borrow_mut();
        state.push(message);
        let wakers = core::mem::take(&mut state.wakers);
        drop(state);
        wakers.into_iter().for_each(Waker::wake);
    }

    /// The oldest message that waits.
    pub(super) fn take(&self) -> Option<Message> {
        self.state.borrow_mut().pop()
    }

    /// The oldest message, once there is one; `None` when there will be none.
    pub(super) async fn next(&self) -> Option<Message> {
        poll_fn(|cx| {
            let mut state = self.state.borrow_mut();
            if let Some(message) = state.pop() {
                return Poll::Ready(Some(message));
            }
            if state.ended {
                return Poll::Ready(None);
            }
            if !state.wakers.iter().any(|known| known.will_wake(cx.waker())) {
                state.wakers.push(cx.waker().clone());
            }
            Poll::Pending
        })
        .await
    }

    /// How many messages were dropped since this was asked last.
    pub(super) fn missed(&self) -> u64 {
        core::mem::take(&mut self.state.borrow_mut().missed)
    }

    /// Nothing comes any more; what waits can still be taken.
    pub(super) fn end(&self) {
        let mut state = self.state.borrow_mut();
        state.ended = true;
        let wakers = core::mem::take(&mut state.wakers);
        drop(state);
        wakers.into_iter().for_each(Waker::wake);
    }
}

impl State {
    fn push(&mut self, message: Message) {
        self.bytes += weight(&message);
        self.queue.push_back(message);
        while self.queue.len() > self.limits.events
            || (self.bytes > self.limits.bytes && self.queue.len() > 1)
        {
            self.missed += u64::from(self.pop().is_some());
        }
    }

    fn pop(&mut self) -> Option<Message> {
        let message = self.queue.pop_front()?;
        self.bytes -= weight(&message);
        Some(message)
    }
}

fn weight(message: &Message) -> usize {
    message.as_wire().frame().as_bytes().len()
}
