//! Which way nodes are that are no neighbours: by the link on which their newest message came first.
//!
//! A flood finds the quickest path by itself, so the way back is known for everybody who has spoken lately. A route is a
//! hint: the link may be gone, and the next node may know better.

use crate::id::{LinkId, NodeId};
use crate::ordered::OrderedMap;

/// The ways to recent senders, in two generations, so that the oldest go when there are too many.
#[derive(Debug)]
pub(super) struct Routes {
    young: OrderedMap<NodeId, LinkId>,
    old: OrderedMap<NodeId, LinkId>,
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

    /// A new message of `sender` came first by `link`.
    pub(super) fn learn(&mut self, sender: &NodeId, link: LinkId) {
        if let Some(known) = self.young.get_mut(sender) {
            *known = link;
            return;
        }
        if self.young.len() >= self.capacity {
            self.old = core::mem::take(&mut self.young);
        }
        self.young.insert(sender.clone(), link);
    }

    pub(super) fn len(&self) -> usize {
        self.young.len() + self.old.len()
    }

    pub(super) fn towards(&self, node: &NodeId) -> Option<LinkId> {
        self.young.get(node).or_else(|| self.old.get(node)).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(number: usize) -> NodeId {
        NodeId::new(format!("{number}").as_bytes()).expect("digits are an id")
    }

    #[test]
    fn the_newest_way_counts() {
        let mut routes = Routes::new(2);
        routes.learn(&node(1), LinkId::dialled(1));
        routes.learn(&node(1), LinkId::dialled(2));
        assert_eq!(routes.towards(&node(1)), Some(LinkId::dialled(2)));
        assert_eq!(routes.towards(&node(2)), None);
    }

    #[test]
    fn the_oldest_go_when_there_are_too_many() {
        let mut routes = Routes::new(10);
        for number in 0..1_000 {
            routes.learn(&node(number), LinkId::dialled(1));
            assert!(routes.young.len() + routes.old.len() <= 20);
        }
        assert!((990..1_000).all(|number| routes.towards(&node(number)).is_some()));
        assert_eq!(routes.towards(&node(0)), None);
    }
}
