//! Which links have work: each has a waker of its own that queues it, so that a wake costs what it is worth, however many
//! links there are.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Wake, Waker};

use futures::task::AtomicWaker;

use crate::id::LinkId;

/// The links that were woken, each at most once, and whom to wake for them.
#[derive(Debug, Default)]
pub(super) struct Ready {
    queue: Mutex<VecDeque<Arc<LinkWaker>>>,
    driver: AtomicWaker,
}

impl Ready {
    pub(super) fn register(&self, waker: &Waker) {
        self.driver.register(waker);
    }

    /// Takes the link that was woken first. From here on it can be woken again.
    pub(super) fn pop(&self) -> Option<LinkId> {
        let waker = self
            .queue
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .pop_front()?;
        // Acquires what was written before the wake that this one swallows.
        waker.queued.swap(false, Ordering::AcqRel);
        Some(waker.link)
    }

    fn push(&self, waker: Arc<LinkWaker>) {
        self.queue
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push_back(waker);
        self.driver.wake();
    }
}

/// Queues its link when woken.
#[derive(Debug)]
pub(super) struct LinkWaker {
    link: LinkId,
    ready: Arc<Ready>,
    queued: AtomicBool,
}

impl LinkWaker {
    pub(super) fn new(link: LinkId, ready: &Arc<Ready>) -> Arc<Self> {
        Arc::new(Self {
            link,
            ready: ready.clone(),
            queued: AtomicBool::new(false),
        })
    }
}

impl Wake for LinkWaker {
    fn wake(self: Arc<Self>) {
        if !self.queued.swap(true, Ordering::AcqRel) {
            self.ready.clone().push(self);
        }
    }
}
