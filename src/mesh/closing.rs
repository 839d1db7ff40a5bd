//! The end of a node: its links are closed as their queues are written, and the last one ends it.

use super::error::CloseReason;
use super::event::Event;
use super::link::Link;
use super::timers::Timer;
use super::{Closing, Mesh};
use crate::id::LinkId;
use crate::time::Timestamp;

impl Mesh {
    /// Closes every link that has nothing left to write; the rest close as they get there, or at the linger deadline.
    pub(super) fn close_drained(&mut self, now: Timestamp) {
        let ids: Vec<_> = self.links.keys().copied().collect();
        for id in ids {
            self.close_if_drained(now, id);
        }
        self.finish_closing(now);
    }

    /// Closes a link of a node that leaves when it has nothing left to write.
    pub(super) fn close_once_written(&mut self, now: Timestamp, id: LinkId) {
        if let Some(link) = self.links.get_mut(&id) {
            link.is_leaving = true;
            self.close_if_drained(now, id);
        }
    }

    pub(super) fn close_if_drained(&mut self, now: Timestamp, id: LinkId) {
        let is_over = matches!(self.closing, Some(Closing::Draining(_)));
        let is_to_close = |link: &Link| is_over || link.is_leaving;
        let drained = |link: &Link| link.greeted().is_none() || link.outbox.is_empty();
        let is_due = |link: &Link| is_to_close(link) && drained(link);
        if self.links.get(&id).is_some_and(is_due) {
            self.close_link(now, id, CloseReason::Shutdown);
        }
    }

    pub(super) fn close_all(&mut self, now: Timestamp) {
        let ids: Vec<_> = self.links.keys().copied().collect();
        for id in ids {
            self.close_link(now, id, CloseReason::Shutdown);
        }
    }

    pub(super) fn finish_closing(&mut self, now: Timestamp) {
        match self.closing {
            // Those whose turn had not come have left by themselves.
            Some(Closing::Leaving(ticket)) if self.links.is_empty() => {
                self.close_under(now, ticket);
            }
            Some(Closing::Draining(ticket)) if self.links.is_empty() => {
                self.closing = Some(Closing::Done);
                self.timers.stop(Timer::Linger);
                // Nothing follows the end, so the status comes before it.
                self.condition.is_stale = true;
                self.review_status(now);
                self.settle(ticket, Ok(()));
                self.tell(Event::Closed);
            }
            _ => {}
        }
    }
}
