//! Whoever wants to know how the node fares: answered in the loop's own turn, so the answer proves that it goes round.

use core::task::{Context, Poll};

use futures::channel::oneshot;

use super::{Driver, Observer};
use crate::mesh::Report;
use crate::time::Timestamp;
use crate::transport::{Clock, Inquiry, Transport};

impl<T, C, O> Driver<T, C, O>
where
    T: Transport,
    C: Clock,
    O: Observer,
{
    /// Answers what came to the transport. False if nothing did.
    pub(super) fn answer_inquiry(&mut self, now: Timestamp, cx: &mut Context<'_>) -> bool {
        match self.transport.poll_inquiry(cx) {
            Poll::Ready(Inquiry::Pulse(reply)) => drop(reply.send(self.mesh.pulse())),
            Poll::Ready(Inquiry::Report(reply)) => self.tell_report(now, reply),
            Poll::Pending => return false,
        }
        true
    }

    pub(super) fn tell_report(&self, now: Timestamp, reply: oneshot::Sender<Report>) {
        // Who gave up waiting is spared the work.
        if !reply.is_canceled() {
            drop(reply.send(self.mesh.report(now)));
        }
    }
}
