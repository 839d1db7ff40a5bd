//! Accepted links whose peers have not greeted: few, and no network has them all.

use core::cmp::Reverse;

use crate::id::LinkId;
use crate::network::Network;
use crate::ordered::{OrderedMap, OrderedSet};

/// The links that were accepted and not greeted, by where they come from.
#[derive(Debug, Default)]
pub(super) struct Newcomers {
    by_network: OrderedMap<Option<Network>, OrderedSet<LinkId>>,
    count: usize,
}

impl Newcomers {
    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.count
    }

    pub(super) fn add(&mut self, network: Option<Network>, link: LinkId) {
        if self.by_network.or_default(network).insert(link) {
            self.count += 1;
        }
    }

    /// It has greeted, or is gone.
    pub(super) fn remove(&mut self, network: Option<Network>, link: LinkId) {
        let Some(links) = self.by_network.get_mut(&network) else {
            return;
        };
        if links.remove(&link) {
            self.count -= 1;
        }
        if links.is_empty() {
            self.by_network.remove(&network);
        }
    }

    /// Who makes room for another: the one that has waited longest, of the network that has most.
    pub(super) fn surplus(&self) -> Option<LinkId> {
        let crowds = self.by_network.values();
        // Numbers of links grow.
        crowds
            .max_by_key(|links| (links.len(), Reverse(links.first().copied())))
            .and_then(OrderedSet::first)
            .copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn network(number: u8) -> Option<Network> {
        Network::of_endpoint(&format!("192.0.2.{number}:1"))
    }

    #[test]
    fn of_equal_crowds_the_one_that_waits_longest_makes_room() {
        let mut newcomers = Newcomers::default();
        newcomers.add(network(1), LinkId::accepted(1));
        newcomers.add(network(9), LinkId::accepted(2));
        assert_eq!(newcomers.surplus(), Some(LinkId::accepted(1)));
    }

    #[test]
    fn room_is_made_by_the_oldest_of_the_largest_crowd() {
        let mut newcomers = Newcomers::default();
        newcomers.add(network(1), LinkId::accepted(1));
        for number in 2..5 {
            newcomers.add(network(2), LinkId::accepted(number));
        }
        newcomers.add(None, LinkId::accepted(5));
        assert_eq!(newcomers.len(), 5);
        assert_eq!(newcomers.surplus(), Some(LinkId::accepted(2)));
        newcomers.remove(network(2), LinkId::accepted(2));
        newcomers.remove(network(2), LinkId::accepted(2));
        newcomers.remove(network(9), LinkId::accepted(1));
        assert_eq!(newcomers.len(), 4);
        assert_eq!(newcomers.surplus(), Some(LinkId::accepted(3)));
        for number in 1..6 {
            for of in [network(1), network(2), None] {
                newcomers.remove(of, LinkId::accepted(number));
            }
        }
        assert_eq!((newcomers.len(), newcomers.surplus()), (0, None));
    }
}
