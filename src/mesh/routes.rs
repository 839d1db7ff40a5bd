//! Which way nodes are that are no neighbours: by the link on which their messages come first.
//!
//! A flood finds the quickest path by itself, so the way back is known for everybody who has spoken lately. A route is a
//! hint: the link may be gone, and the next node may know better.

use core::time::Duration;

use crate::id::{LinkId, NodeId};
use crate::ordered::OrderedMap;
use crate::time::Timestamp;

/// How long after a message of a sender came first by a link no other link takes its place: nobody can turn away what is
/// for that sender by speaking in its name. Whoever moves is found by another way so much later, or at once if the link is
/// gone.
const FRESH: Duration = Duration::from_secs(10);

#[derive(Clone, Copy, Debug)]
struct Way {
    link: LinkId,
    /// When a message came first by it.
    heard: Timestamp,
}

/// The ways to recent senders, in two generations, so that the oldest go when there are too many.
#[derive(Debug)]
pub(super) struct Routes {
    young: OrderedMap<NodeId, Way>,
    old: OrderedMap<NodeId, Way>,
    capacity: usize,
}

impl Routes {
    /// Keeps the ways to at least `capacity` senders and at most twice as many.
    pub(super) fn new(capacity: usize) -> Self {
        Self {
            young: OrderedMap::new(),
            old: OrderedMap::new(),
            capacity,
        }
    }

    /// A new message of `sender` came first by `link`; `is_up` tells which links there are.
    pub(super) fn learn(
        &mut self,
        now: Timestamp,
        sender: &NodeId,
        link: LinkId,
        is_up: impl Fn(LinkId) -> bool,
    ) {
        let known = self.young.get(sender).or_else(|| self.old.get(sender));
        let holds = |way: &Way| {
            let is_fresh = now.since(way.heard) < FRESH;
            way.link != link && is_fresh && is_up(way.link)
        };
        if known.is_some_and(holds) {
            return;
        }
        let way = Way { link, heard: now };
        if let Some(known) = self.young.get_mut(sender) {
            *known = way;
            return;
        }
        if self.young.len() >= self.capacity {
            self.old = core::mem::take(&mut self.young);
        }
        self.young.insert(sender.clone(), way);
    }

    pub(super) fn len(&self) -> usize {
        self.young.len() + self.old.len()
    }

    pub(super) fn towards(&self, node: &NodeId) -> Option<LinkId> {
        let way = self.young.get(node).or_else(|| self.old.get(node));
        way.map(|way| way.link)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: LinkId = LinkId::dialled(1);
    const TWO: LinkId = LinkId::dialled(2);

    fn node(number: usize) -> NodeId {
        NodeId::new(format!("{number}").as_bytes()).expect("digits are an id")
    }

    fn at(seconds: u64) -> Timestamp {
        Timestamp::from_millis(seconds * 1_000)
    }

    #[test]
    fn a_way_by_which_a_sender_was_heard_just_now_is_given_up_for_no_other() {
        let mut routes = Routes::new(2);
        routes.learn(at(0), &node(1), ONE, |_| true);
        routes.learn(at(9), &node(1), TWO, |_| true);
        assert_eq!(routes.towards(&node(1)), Some(ONE));
        routes.learn(at(9), &node(1), ONE, |_| true);
        routes.learn(at(18), &node(1), TWO, |_| true);
        assert_eq!(routes.towards(&node(1)), Some(ONE));
        assert_eq!(routes.towards(&node(2)), None);
    }

    #[test]
    fn a_way_that_is_gone_or_brings_nothing_more_makes_room_for_the_next() {
        for (seconds, is_up) in [(1, false), (10, true)] {
            let mut routes = Routes::new(2);
            routes.learn(at(0), &node(1), ONE, |_| true);
            routes.learn(at(seconds), &node(1), TWO, |link| is_up || link != ONE);
            assert_eq!(routes.towards(&node(1)), Some(TWO), "{seconds} s");
        }
    }

    #[test]
    fn a_fresh_way_of_the_older_generation_holds_too() {
        let mut routes = Routes::new(1);
        routes.learn(at(0), &node(1), ONE, |_| true);
        routes.learn(at(0), &node(2), ONE, |_| true);
        routes.learn(at(1), &node(1), TWO, |_| true);
        assert_eq!(routes.towards(&node(1)), Some(ONE));
    }

    #[test]
    fn the_oldest_go_when_there_are_too_many() {
        let mut routes = Routes::new(10);
        for number in 0..1_000 {
            routes.learn(at(0), &node(number), ONE, |_| true);
            assert!(routes.young.len() + routes.old.len() <= 20);
        }
        assert!((990..1_000).all(|number| routes.towards(&node(number)).is_some()));
        assert_eq!(routes.towards(&node(0)), None);
    }
}
