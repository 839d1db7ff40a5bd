//! Draining: a node that others depend on ends without a herd. It takes nobody new, tells each peer where else to go, and
//! closes its links one after the other, tabs and relays alike.
//!
//! What peers say meanwhile is passed on between those that are linked still. Once every link has had its turn, what is left
//! is an ordinary close.

use core::time::Duration;

use rand_chacha::rand_core::RngCore;

use super::event::Receipt;
use super::timers::Timer;
use super::{CloseReason, Closing, Mesh};
use crate::id::LinkId;
use crate::time::Timestamp;

/// Longest time between two links, and the time from the word to a peer until its link is closed: it may be linked elsewhere
/// by then.
const PAUSE: Duration = Duration::from_millis(250);

/// Whose turn it is when.
#[derive(Debug, Default)]
pub(super) struct Drain {
    began: Timestamp,
    order: Vec<LinkId>,
    lead: Duration,
    step: Duration,
    told: u32,
    closed: u32,
}

impl Drain {
    /// All of `order` in no more than `span`.
    fn new(began: Timestamp, order: Vec<LinkId>, span: Duration) -> Self {
        let lead = PAUSE.min(span);
        let count = u32::try_from(order.len()).unwrap_or(u32::MAX).max(1);
        Self {
            began,
            order,
            lead,
            step: PAUSE.min((span - lead) / count),
            told: 0,
            closed: 0,
        }
    }

    fn at(&self, turn: u32, lead: Duration) -> Option<(Timestamp, LinkId)> {
        let link = self.order.get(usize::try_from(turn).ok()?)?;
        Some((self.began + lead + self.step * turn, *link))
    }

    fn next_to_tell(&mut self, now: Timestamp) -> Option<LinkId> {
        let (_, link) = self
            .at(self.told, Duration::ZERO)
            .filter(|(at, _)| *at <= now)?;
        self.told += 1;
        Some(link)
    }

    fn next_to_close(&mut self, now: Timestamp) -> Option<LinkId> {
        let (_, link) = self
            .at(self.closed, self.lead)
            .filter(|(at, _)| *at <= now)?;
        self.closed += 1;
        Some(link)
    }

    /// When somebody has a turn again.
    fn next(&self) -> Option<Timestamp> {
        let tell = self.at(self.told, Duration::ZERO);
        let close = self.at(self.closed, self.lead);
        let turns = tell.into_iter().chain(close);
        turns.map(|(at, _)| at).min()
    }
}

impl Mesh {
    /// Whether it ends its links, one after the other or all at once, and takes no new ones.
    pub fn is_draining(&self) -> bool {
        self.closing.is_some()
    }

    pub(super) fn drain(&mut self, now: Timestamp) -> Receipt {
        match self.closing {
            Some(Closing::Draining(ticket) | Closing::Leaving(ticket)) => {
                return Receipt::Pending(ticket);
            }
            Some(Closing::Done) => return Receipt::Done,
            None => {}
        }
        let ticket = self.ticket();
        let (mut order, ungreeted): (Vec<_>, Vec<_>) = self
            .links
            .keys()
            .copied()
            .partition(|id| self.links.get(id).is_some_and(|l| l.greeted().is_some()));
        shuffle(&mut order, &mut self.rng);
        self.drain = Drain::new(now, order, self.config.drain);
        self.closing = Some(Closing::Leaving(ticket));
        for id in ungreeted {
            self.close_link(now, id, CloseReason::Shutdown);
        }
        self.take_turns(now);
        Receipt::Pending(ticket)
    }

    /// Tells and closes those whose turn has come.
    pub(super) fn take_turns(&mut self, now: Timestamp) {
        while let Some(id) = self.drain.next_to_tell(now) {
            self.tell_ways_out(now, id);
        }
        while let Some(id) = self.drain.next_to_close(now) {
            // Over the last one, others are told that this node has left.
            if self.drain.next().is_some() {
                self.close_once_written(now, id);
            }
        }
        let Some(Closing::Leaving(ticket)) = self.closing else {
            return;
        };
        match self.drain.next() {
            Some(at) => self.timers.set(Timer::Drain, at),
            None => self.close_under(now, ticket),
        }
    }
}

/// Any order, all of them alike (Fisher and Yates).
fn shuffle<T>(all: &mut [T], rng: &mut impl RngCore) {
    for last in (1..all.len()).rev() {
        let other = (rng.next_u64() % (last as u64 + 1)) as usize;
        all.swap(last, other);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// When the last of so many is closed.
    fn end(count: u64, span: Duration) -> Duration {
        let order = (0..count).map(LinkId::accepted).collect();
        let mut drain = Drain::new(Timestamp::ZERO, order, span);
        let mut now = Timestamp::ZERO;
        while let Some(at) = drain.next() {
            now = at;
            while drain.next_to_tell(now).is_some() {}
            while drain.next_to_close(now).is_some() {}
            assert!(drain.closed <= drain.told);
        }
        now.since(Timestamp::ZERO)
    }

    #[test]
    fn few_take_a_quarter_of_a_second_each_and_many_share_the_span() {
        let span = Duration::from_secs(5);
        assert_eq!(end(0, span), Duration::ZERO);
        assert_eq!(end(1, span), PAUSE);
        assert_eq!(end(4, span), Duration::from_secs(1));
        for count in [20, 1_000, 16_384] {
            let end = end(count, span);
            assert!(end <= span && end >= span * 9 / 10, "{count}: {end:?}");
        }
        assert_eq!(end(1_000, Duration::ZERO), Duration::ZERO);
    }
}
