//! Every deadline of the node in one table, with one next deadline outside.

use super::lookup::WaitId;
use super::targets::TargetId;
use crate::id::LinkId;
use crate::ordered::{Key, OrderedMap, OrderedSet};
use crate::time::Timestamp;

/// What a deadline is for.
///
/// Those of a link are re-armed lazily: they look at the link when they fire, so that traffic costs no timer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Timer {
    /// A dial must have come up, or the peer's handshake must have come.
    Greeting(LinkId),
    /// A dialler stops waiting for the acceptor to speak first.
    Patience(LinkId),
    /// A js2p peer is to be reminded of this node.
    Regreet(LinkId),
    /// A frame that was begun must be complete.
    Frame(LinkId),
    /// The peer must have read something.
    Stall(LinkId),
    /// The next frame may go to a paced peer.
    Pace(LinkId),
    /// A link that brought too much is read from again.
    Meter(LinkId),
    /// A peer that asked too often is told this node's peers.
    Peers(LinkId),
    /// The peer must have said something, or is asked.
    Heartbeat(LinkId),
    /// The peer must have answered since the page came back.
    Probe(LinkId),
    /// The older of two links to one peer must have shown that it lives.
    Contest(LinkId),
    /// It is asked whether the peer of a link on trial can be reached otherwise.
    Trial(LinkId),
    /// A lent link must have been used.
    Loan(LinkId),
    /// The ids that wait for a link are sent.
    Announce(LinkId),
    /// A link must have brought something of what its peer has named.
    CatchUp(LinkId),
    /// A neighbour must have said what it wants, or is told of what it wants newly.
    Interest(LinkId),
    /// A question must have been answered.
    Question(u64),
    /// Neighbours are told who came and who left.
    Presence,
    /// This node says something newer than what is said of it.
    Bid,
    /// Who cannot be reached must have turned up again.
    Members,
    /// What was promised must have come, or is asked for.
    Promises,
    /// An address is dialled again.
    Redial(TargetId),
    /// Dials that had no answer make room for others.
    Standby,
    /// Relays that stand by are tried.
    Relays,
    /// This node looks around for those that it does not know of.
    Search,
    /// What waits for a way to a node must have gone.
    Lookup(WaitId),
    /// It is time to doubt that the node is connected.
    Doubt,
    /// A closing node stops waiting for its queues.
    Linger,
    /// The next link of a draining node has its turn.
    Drain,
}

impl Timer {
    /// What it is found by, quickly: the number of its link.
    fn key(self) -> (u64, Self) {
        let number = match self {
            Self::Greeting(link)
            | Self::Patience(link)
            | Self::Regreet(link)
            | Self::Frame(link)
            | Self::Stall(link)
            | Self::Pace(link)
            | Self::Meter(link)
            | Self::Peers(link)
            | Self::Heartbeat(link)
            | Self::Contest(link)
            | Self::Trial(link)
            | Self::Loan(link)
            | Self::Announce(link)
            | Self::CatchUp(link)
            | Self::Interest(link)
            | Self::Probe(link) => link.prefix(),
            _ => 0,
        };
        (number, self)
    }
}

#[derive(Debug, Default)]
pub(super) struct Timers {
    at: OrderedMap<(u64, Timer), Timestamp>,
    queue: OrderedSet<(Timestamp, Timer)>,
}

impl Timers {
    /// Sets a timer, in place of the same one if it is set.
    pub(super) fn set(&mut self, timer: Timer, at: Timestamp) {
        if let Some(before) = self.at.insert(timer.key(), at) {
            self.queue.remove(&(before, timer));
        }
        self.queue.insert((at, timer));
    }

    /// Sets a timer unless it is set already.
    pub(super) fn set_if_unset(&mut self, timer: Timer, at: Timestamp) {
        if !self.at.contains_key(&timer.key()) {
            self.set(timer, at);
        }
    }

    pub(super) fn stop(&mut self, timer: Timer) {
        if let Some(at) = self.at.remove(&timer.key()) {
            self.queue.remove(&(at, timer));
        }
    }

    pub(super) fn stop_link(&mut self, link: LinkId) {
        for timer in [
            Timer::Greeting(link),
            Timer::Interest(link),
            Timer::Patience(link),
            Timer::Frame(link),
            Timer::Stall(link),
            Timer::Pace(link),
            Timer::Meter(link),
            Timer::Peers(link),
            Timer::Heartbeat(link),
            Timer::Probe(link),
            Timer::Contest(link),
            Timer::Trial(link),
            Timer::Loan(link),
            Timer::Regreet(link),
            Timer::Announce(link),
            Timer::CatchUp(link),
        ] {
            self.stop(timer);
        }
    }

    /// The deadline of one timer, if it is set.
    pub(super) fn at(&self, timer: Timer) -> Option<Timestamp> {
        self.at.get(&timer.key()).copied()
    }

    /// The next deadline.
    pub(super) fn next(&self) -> Option<Timestamp> {
        self.queue.first().map(|&(at, _)| at)
    }

    /// Takes a timer whose deadline has come, earliest first.
    pub(super) fn pop_expired(&mut self, now: Timestamp) -> Option<Timer> {
        let &(at, timer) = self.queue.first()?;
        if at > now {
            return None;
        }
        self.stop(timer);
        Some(timer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINK: LinkId = LinkId::dialled(1);

    fn at(millis: u64) -> Timestamp {
        Timestamp::from_millis(millis)
    }

    #[test]
    fn timers_expire_in_the_order_of_their_deadlines() {
        let mut timers = Timers::default();
        timers.set(Timer::Linger, at(20));
        timers.set(Timer::Frame(LINK), at(10));
        assert_eq!(timers.next(), Some(at(10)));
        assert_eq!(timers.pop_expired(at(9)), None);
        assert_eq!(timers.pop_expired(at(30)), Some(Timer::Frame(LINK)));
        assert_eq!(timers.pop_expired(at(30)), Some(Timer::Linger));
        assert_eq!(timers.next(), None);
    }

    #[test]
    fn a_timer_that_is_set_again_has_one_deadline() {
        let mut timers = Timers::default();
        timers.set(Timer::Stall(LINK), at(10));
        timers.set(Timer::Stall(LINK), at(30));
        timers.set_if_unset(Timer::Stall(LINK), at(5));
        assert_eq!(timers.next(), Some(at(30)));
    }

    #[test]
    fn nothing_of_a_closed_link_is_left() {
        let mut timers = Timers::default();
        timers.set(Timer::Heartbeat(LINK), at(10));
        timers.set(Timer::Contest(LINK), at(10));
        timers.stop_link(LINK);
        assert_eq!(timers.next(), None);
    }
}
