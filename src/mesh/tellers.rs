//! Tellers: whose word an address is that this node has not tried, and how many such each has named.
//!
//! Whoever says more is not heard more. Of what many named, that one counts who named the fewest: so no tale, nor a thousand,
//! takes from an address what the word of a peer that says little gives it. Addresses are judged elsewhere, and dialled.

use crate::id::NodeId;
use crate::network::Network;
use crate::ordered::{Key, OrderedMap};

/// Who told.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Teller {
    /// All who are in one network: an id costs nothing, an address does.
    Network(Network),
    /// A node of which no network is known, or this machine's, where programs stand beside it and proxies for many.
    Node(NodeId),
}

impl Teller {
    pub(super) fn of(node: &NodeId, network: Option<Network>) -> Self {
        let network = network.filter(|network| !network.is_loopback());
        network.map_or_else(|| Self::Node(node.clone()), Self::Network)
    }
}

impl Key for Teller {
    fn prefix(&self) -> u64 {
        match self {
            Self::Network(network) => network.prefix() >> 1,
            Self::Node(node) => 1 << 63 | node.prefix() >> 1,
        }
    }
}

/// How many addresses each has named, of those that are its word still.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Tellers {
    named: OrderedMap<Teller, usize>,
}

impl Tellers {
    pub(super) fn named(&self, teller: &Teller) -> usize {
        self.named.get(teller).copied().unwrap_or(0)
    }

    /// How many that one has named who named the fewest.
    pub(super) fn fewest(&self, tellers: &[Teller]) -> usize {
        let named = tellers.iter().map(|teller| self.named(teller));
        named.min().unwrap_or(0)
    }

    /// The place of the one who named the most.
    pub(super) fn loudest(&self, tellers: &[Teller]) -> Option<usize> {
        (0..tellers.len()).max_by_key(|&place| self.named(&tellers[place]))
    }

    /// One more is its word.
    pub(super) fn add(&mut self, teller: Teller) {
        *self.named.or_default(teller) += 1;
    }

    /// One is its word no more.
    pub(super) fn take(&mut self, teller: &Teller) {
        if let Some(count) = self.named.get_mut(teller) {
            *count -= 1;
            if *count == 0 {
                self.named.remove(teller);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(text: &str) -> NodeId {
        text.parse().expect("an id")
    }

    fn from(endpoint: &str, id: &str) -> Teller {
        Teller::of(&node(id), Network::of_endpoint(endpoint))
    }

    #[test]
    fn many_ids_at_one_address_are_one_teller() {
        assert_eq!(from("8.8.8.8:5000", "1"), from("8.8.8.8:5001", "2"));
        assert_ne!(from("8.8.8.8:5000", "1"), from("8.8.4.4:5000", "1"));
        assert_eq!(
            from("[2606:4700::1]:5000", "1"),
            from("[2606:4700::2]:5000", "2")
        );
    }

    #[test]
    fn without_a_network_of_their_own_nodes_are_told_apart() {
        for endpoint in ["127.0.0.1:5000", "[::1]:5000", "relay.example:80"] {
            assert_ne!(from(endpoint, "1"), from(endpoint, "2"), "{endpoint}");
        }
    }

    #[test]
    fn prefixes_are_in_the_order_of_the_tellers() {
        let mut all = [
            from("1.2.3.4:1", "1"),
            from("255.0.0.1:1", "1"),
            from("[2606:4700::1]:1", "1"),
            from("127.0.0.1:1", "1"),
            from("127.0.0.1:1", "f"),
        ];
        all.sort();
        assert!(all.is_sorted_by_key(Key::prefix));
    }

    #[test]
    fn of_several_the_one_counts_who_named_the_fewest() {
        let [few, many] = [from("1.2.3.4:1", "1"), from("1.2.3.5:1", "2")];
        let mut tellers = Tellers::default();
        for _ in 0..9 {
            tellers.add(many.clone());
        }
        tellers.add(few.clone());
        let both = [few.clone(), many];
        assert_eq!(
            (tellers.fewest(&both), tellers.loudest(&both)),
            (1, Some(1))
        );
        tellers.take(&few);
        assert_eq!(tellers.named(&few), 0);
    }
}
