//! Who wants which broadcasts: what this node wants, as it tells its neighbours, and what each of them wants of it.
//!
//! A neighbour that narrowed its interest is sent what matches and nothing else: no payload, no id, no entry of a history. For
//! the rest it is a leaf, so no tree leads through it. When it wants more, it is told what is held of that. A wish that
//! cannot be kept is taken for more than it is, never for less.

use core::time::Duration;

use super::Mesh;
use super::event::Receipt;
use super::link::{Greeted, Link};
use super::timers::Timer;
use crate::id::LinkId;
use crate::time::Timestamp;
use crate::wire::{Capabilities, HEADER, Interest, Message, Signal, Topic};

/// A neighbour that wants ever more is told what is held of it at most once in this time: answers are longer than wishes.
const REST: Duration = Duration::from_secs(1);
/// Where the packed bytes of a plain frame begin: behind its length and its id.
const PACKED: usize = HEADER + 32;

/// What one neighbour wants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Wish {
    interest: Interest,
    /// Of what it was told all that is held, and sent the rest since: a part of what it wants.
    named: Interest,
    named_at: Option<Timestamp>,
    /// It has yet to say what it wants.
    is_awaited: bool,
}

impl Wish {
    /// That of a neighbour with these capabilities.
    pub(super) fn new(capabilities: Capabilities) -> Self {
        let is_awaited = capabilities.contains(Capabilities::TOPICS.union(Capabilities::NARROWED));
        Self {
            interest: if is_awaited {
                Interest::nothing()
            } else {
                Interest::Everything
            },
            named: Interest::nothing(),
            named_at: None,
            is_awaited,
        }
    }

    /// Whether a broadcast about `topic`, or about none, is sent.
    pub(super) fn matches(&self, topic: Option<&Topic>) -> bool {
        self.interest.matches(topic)
    }

    /// Whether there are broadcasts that are not sent.
    pub(super) fn is_narrow(&self) -> bool {
        !self.interest.is_everything()
    }

    /// How many topics are kept.
    pub(super) fn len(&self) -> usize {
        self.interest.len().max(self.named.len())
    }

    fn set(&mut self, interest: Interest) {
        self.named = self.named.intersection(&interest);
        self.interest = interest;
        self.is_awaited = false;
    }

    /// Whether the neighbour is to be told what is held. It is once in any case: that says also how far back.
    fn is_due(&self) -> bool {
        !self.is_awaited && (self.named_at.is_none() || self.interest.exceeds(&self.named))
    }

    /// It was not sent what it was told of.
    pub(super) fn forget_named(&mut self) {
        self.named = Interest::nothing();
    }

    /// It is told all that it wants; returns of what it was before.
    pub(super) fn name(&mut self, now: Timestamp) -> Interest {
        self.named_at = Some(now);
        core::mem::replace(&mut self.named, self.interest.clone())
    }
}

impl Mesh {
    /// The user wants these broadcasts, and no others.
    pub(super) fn narrow(&mut self, now: Timestamp, interest: Interest) -> Receipt {
        if self.interest == interest {
            return Receipt::Done;
        }
        self.interest = interest;
        self.deliver_unheard(now);
        let ids: Vec<_> = self.links.keys().copied().collect();
        for id in ids {
            self.tell_interest(now, id);
        }
        Receipt::Done
    }

    /// Tells a new neighbour what this node wants, if that is not everything, or was not when it greeted.
    pub(super) fn introduce_interest(&mut self, now: Timestamp, id: LinkId) {
        let was_narrow = self.links.get(&id).is_some_and(|link| link.said_narrow);
        if was_narrow || !self.interest.is_everything() {
            self.tell_interest(now, id);
        }
    }

    fn tell_interest(&mut self, now: Timestamp, id: LinkId) {
        let link = self.links.get(&id).filter(|link| link.lent.is_none());
        if link.and_then(Link::greeted).is_some_and(|peer| peer.topics) {
            let interest = self.told_interest();
            self.send_signal(now, id, &Signal::Interest(interest));
        }
    }

    /// A neighbour takes no longer list than this node would.
    fn told_interest(&self) -> Interest {
        if self.interest.len() > self.config.topics {
            Interest::Everything
        } else {
            self.interest.clone()
        }
    }

    /// What came of what is wanted now, and was not then.
    fn deliver_unheard(&mut self, now: Timestamp) {
        let interest = self.interest.clone();
        let unheard = self
            .history
            .take_unheard(now, |topic| interest.matches(topic));
        for (via, frame) in unheard {
            let Ok(message) = Message::from_packed(&frame[PACKED..], &self.config.values) else {
                continue;
            };
            let bearer = self.links.get(&via).and_then(Link::node);
            let via = bearer.unwrap_or(message.sender()).clone();
            self.deliver_by(via, message);
        }
    }

    /// A neighbour that said to want less than everything is named nothing before it has said what.
    pub(super) fn open_history(&mut self, now: Timestamp, id: LinkId) {
        let peer = self.links.get(&id).and_then(Link::greeted);
        if peer.is_some_and(|peer| peer.wish.is_awaited) {
            let due = now + self.config.catch_up_timeout;
            self.timers.set(Timer::Interest(id), due);
        } else {
            self.send_history(now, id);
        }
    }

    /// A neighbour says what it wants.
    pub(super) fn handle_interest(&mut self, now: Timestamp, id: LinkId, interest: Interest) {
        let most = self.config.topics;
        let Some(peer) = self.wishing(id) else {
            return;
        };
        let interest = if interest.len() > most {
            Interest::Everything
        } else {
            interest
        };
        peer.wish.set(interest);
        if !peer.wish.is_due() {
            return;
        }
        self.name_soon(now, id);
    }

    /// A neighbour was not sent what it wants: it is named all that is held, and fetches what it has not.
    pub(super) fn name_anew(&mut self, now: Timestamp, id: LinkId) {
        if let Some(peer) = self.awake_peer(id) {
            peer.wish.forget_named();
            self.name_soon(now, id);
        }
    }

    fn name_soon(&mut self, now: Timestamp, id: LinkId) {
        let peer = self.links.get(&id).and_then(Link::greeted);
        match peer.and_then(|peer| peer.wish.named_at).map(|at| at + REST) {
            Some(due) if due > now => self.timers.set(Timer::Interest(id), due),
            _ => self.name_more(now, id),
        }
    }

    fn name_more(&mut self, now: Timestamp, id: LinkId) {
        self.timers.stop(Timer::Interest(id));
        self.send_history(now, id);
    }

    fn wishing(&mut self, id: LinkId) -> Option<&mut Greeted> {
        let link = self.links.get_mut(&id).filter(|link| link.lent.is_none())?;
        link.greeted_mut().filter(|peer| peer.topics)
    }

    fn awake_peer(&mut self, id: LinkId) -> Option<&mut Greeted> {
        let link = self.links.get_mut(&id).filter(|link| link.lent.is_none())?;
        let is_awake = link.asleep.is_none();
        link.greeted_mut().filter(|_| is_awake)
    }

    /// A neighbour that did not say in time what it wants is sent everything; one that wants what it was not named of late
    /// is told of it, when it wakes if it sleeps.
    pub(super) fn interest_expired(&mut self, now: Timestamp, id: LinkId) {
        let Some(peer) = self.awake_peer(id) else {
            return;
        };
        if peer.wish.is_awaited {
            peer.wish.set(Interest::Everything);
        }
        if peer.wish.is_due() {
            self.send_history(now, id);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::ZERO;

    fn only(names: &[&str]) -> Interest {
        Interest::topics(names.iter().map(|name| name.parse().expect("a topic")))
    }

    #[test]
    fn who_says_nothing_of_it_wants_everything_and_is_told_once() {
        let mut wish = Wish::new(Capabilities::TOPICS);
        assert!(!wish.is_narrow() && wish.is_due());
        assert_eq!(wish.name(NOW), Interest::nothing());
        assert!(!wish.is_due());
        assert!(
            !Wish::new(Capabilities::NARROWED).is_narrow(),
            "no such word"
        );
    }

    #[test]
    fn who_said_to_want_less_is_sent_nothing_before_it_says_what() {
        let mut wish = Wish::new(Capabilities::TOPICS.union(Capabilities::NARROWED));
        assert!(!wish.matches(None) && !wish.is_due());
        wish.set(Interest::nothing());
        assert!(wish.is_due(), "to be told how far back the history goes");
    }

    #[test]
    fn only_what_is_wanted_newly_is_named_and_what_was_left_is_named_anew() {
        let mut wish = Wish::new(Capabilities::TOPICS);
        wish.set(only(&["a"]));
        wish.name(NOW);
        wish.set(only(&["a", "b"]));
        assert!(wish.is_due());
        assert_eq!(wish.name(NOW), only(&["a"]));
        wish.set(only(&["b"]));
        assert!(!wish.is_due());
        wish.set(only(&["a", "b"]));
        assert!(wish.is_due());
        assert_eq!(wish.name(NOW), only(&["b"]));
    }
}
