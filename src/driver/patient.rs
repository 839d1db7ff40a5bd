//! Messages that wait for peers to send them to: bounded, each with a deadline, given up with whoever waits for them.

use std::collections::VecDeque;

use super::port::{Job, REQUESTS};
use crate::mesh::CommandError;
use crate::time::Timestamp;

/// What waits, in the order in which it was asked for.
#[derive(Debug, Default)]
pub(super) struct Patient {
    waiting: VecDeque<(Timestamp, Job)>,
}

/// What became of a message that waited.
pub(super) enum Outcome {
    /// There are peers enough, or there is no use in waiting on.
    Send(Job),
    /// Its time is over, with some peers, and fewer than were wanted.
    Refuse(Job, CommandError),
}

impl Patient {
    /// Keeps a message until there are peers enough. Given back if there are as many as there may be.
    #[must_use]
    pub(super) fn keep(&mut self, now: Timestamp, job: Job) -> Option<Job> {
        if self.waiting.len() >= REQUESTS {
            return Some(job);
        }
        self.waiting.push_back((now + job.wait.within, job));
        None
    }

    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Takes one that waits no more, as there are so many peers now, its time is over, or the node takes nothing more.
    pub(super) fn next(
        &mut self,
        now: Timestamp,
        peers: usize,
        is_closed: bool,
    ) -> Option<Outcome> {
        // Who gave up the waiting gave up the message: it was not accepted.
        self.waiting.retain(|(_, job)| !job.reply.is_canceled());
        let is_over =
            |(at, job): &(Timestamp, Job)| is_closed || *at <= now || job.wait.peers <= peers;
        let at = self.waiting.iter().position(is_over)?;
        let (_, job) = self.waiting.remove(at)?;
        let wanted = job.wait.peers;
        if is_closed || peers == 0 || wanted <= peers {
            return Some(Outcome::Send(job));
        }
        let found = peers;
        Some(Outcome::Refuse(
            job,
            CommandError::TooFewPeers { wanted, found },
        ))
    }

    /// When the next one's time is over.
    pub(super) fn deadline(&self) -> Option<Timestamp> {
        self.waiting.iter().map(|(at, _)| *at).min()
    }
}
