//! A crowd of strangers of bounded size. When it is full, room is made by who costs the others least: the oldest of the
//! network that has most of them.
//!
//! Knows networks and ages only; what becomes of who makes room is its user's affair. Whatever the size, a step costs a
//! few lookups.

use core::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::network::Network;

/// One of a crowd. Later ones are greater.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Ticket(u64);

/// Strangers, each with what its user keeps of it.
#[derive(Debug)]
pub(super) struct Crowd<T> {
    limit: usize,
    next: u64,
    /// All, by age.
    members: BTreeMap<Ticket, (Network, T)>,
    /// The same by network. None is empty.
    networks: HashMap<Network, BTreeSet<Ticket>>,
    /// The networks by how many they have; of equal ones, the one with the oldest is last.
    sizes: BTreeSet<(usize, Reverse<Ticket>, Network)>,
}

impl<T> Crowd<T> {
    /// A crowd of at most `limit`, which is at least 1.
    pub(super) fn new(limit: usize) -> Self {
        Self {
            limit: limit.max(1),
            next: 0,
            members: BTreeMap::new(),
            networks: HashMap::new(),
            sizes: BTreeSet::new(),
        }
    }

    /// Takes one in, of whose network there are to be at most `most`; returns who had to make room.
    pub(super) fn enter(&mut self, network: Network, most: usize, kept: T) -> (Ticket, Option<T>) {
        let gone = self.who_makes_room(network, most);
        let gone = gone.and_then(|ticket| self.leave(ticket));
        let ticket = Ticket(self.next);
        self.next += 1;
        self.members.insert(ticket, (network, kept));
        self.resize(network, |tickets| tickets.insert(ticket));
        (ticket, gone)
    }

    /// Lets one go, if it is still there.
    pub(super) fn leave(&mut self, ticket: Ticket) -> Option<T> {
        let (network, kept) = self.members.remove(&ticket)?;
        self.resize(network, |tickets| tickets.remove(&ticket));
        Some(kept)
    }

    /// Lets the oldest of all go.
    pub(super) fn leave_oldest(&mut self) -> Option<T> {
        let (&ticket, _) = self.members.first_key_value()?;
        self.leave(ticket)
    }

    /// How many there are.
    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.members.len()
    }

    fn who_makes_room(&self, network: Network, most: usize) -> Option<Ticket> {
        let own = self.networks.get(&network);
        if let Some(own) = own.filter(|own| own.len() >= most.max(1)) {
            return own.first().copied();
        }
        let largest = self
            .sizes
            .last()
            .filter(|_| self.members.len() >= self.limit);
        largest.map(|&(_, Reverse(oldest), _)| oldest)
    }

    /// Changes who there is of a network, and keeps its size in order.
    fn resize(&mut self, network: Network, change: impl FnOnce(&mut BTreeSet<Ticket>) -> bool) {
        let tickets = self.networks.entry(network).or_default();
        if let Some(&oldest) = tickets.first() {
            self.sizes
                .remove(&(tickets.len(), Reverse(oldest), network));
        }
        change(tickets);
        match tickets.first() {
            Some(&oldest) => drop(self.sizes.insert((tickets.len(), Reverse(oldest), network))),
            None => drop(self.networks.remove(&network)),
        }
    }
}

#[cfg(test)]
mod tests {
    use core::net::Ipv4Addr;

    use super::*;

    const ANY: usize = usize::MAX;

    fn network(number: u8) -> Network {
        Network::V4(Ipv4Addr::new(192, 0, 2, number))
    }

    /// Takes in one of each network given, named by its turn; returns who made room each time.
    fn enter(crowd: &mut Crowd<usize>, networks: &[u8], most: usize) -> Vec<Option<usize>> {
        let turns = networks.iter().enumerate();
        turns
            .map(|(turn, &number)| crowd.enter(network(number), most, turn).1)
            .collect()
    }

    #[test]
    fn the_oldest_of_the_largest_network_makes_room() {
        let mut crowd = Crowd::new(4);
        let gone = enter(&mut crowd, &[1, 2, 2, 3, 4, 5, 1], ANY);
        // Of network 2 there were two; then all have one, and the oldest of all goes.
        assert_eq!(gone, [None, None, None, None, Some(1), Some(0), Some(2)]);
        assert_eq!(crowd.len(), 4);
    }

    #[test]
    fn many_of_one_network_never_move_another() {
        let mut crowd = Crowd::new(8);
        enter(&mut crowd, &[1], ANY);
        let gone: Vec<_> = (0..1_000)
            .filter_map(|turn| crowd.enter(network(9), ANY, turn + 100).1)
            .collect();
        assert_eq!(gone.len(), 1_000 - 7);
        assert!(!gone.contains(&0));
    }

    #[test]
    fn a_network_that_has_its_share_makes_room_for_itself() {
        let mut crowd = Crowd::new(100);
        let gone = enter(&mut crowd, &[1, 2, 2, 2, 1], 2);
        assert_eq!(gone, [None, None, None, Some(1), None]);
    }

    #[test]
    fn who_left_makes_room_for_one_more_and_leaves_once() {
        let mut crowd = Crowd::new(2);
        let (first, _) = crowd.enter(network(1), ANY, 'a');
        crowd.enter(network(1), ANY, 'b');
        assert_eq!(crowd.leave(first), Some('a'));
        assert_eq!(crowd.leave(first), None);
        assert_eq!(crowd.enter(network(2), ANY, 'c').1, None);
        assert_eq!(crowd.leave_oldest(), Some('b'));
        assert_eq!(crowd.leave_oldest(), Some('c'));
        assert_eq!(crowd.leave_oldest(), None);
        assert!(crowd.networks.is_empty() && crowd.sizes.is_empty());
    }

    #[test]
    fn there_is_room_for_one_whatever_the_limit() {
        let mut crowd = Crowd::new(0);
        let gone = enter(&mut crowd, &[1, 1, 2], 0);
        assert_eq!(gone, [None, Some(0), Some(1)]);
    }
}
