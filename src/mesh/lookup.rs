//! Nodes that are looked up: what waits for a way to them, and where they are said to be.
//!
//! Each whisper that waits has a deadline of its own; all that wait for one node share one search, whose candidates are
//! tried in turn. Asking, dialling and sending are the node's.

use std::collections::VecDeque;

use super::event::Ticket;
use super::sending::Letter;
use crate::address::Address;
use crate::id::{LinkId, NodeId};
use crate::ordered::{Key, OrderedMap, OrderedSet};
use crate::wire::{Message, Value};

/// Most addresses that are tried for one node: whoever answers may lie.
const CANDIDATES: usize = 8;

/// One link's share of the nodes that are looked for: as many as a quarter of the places for whispers.
const SHARE: usize = 4;

/// The number of a whisper that waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct WaitId(u64);

impl Key for WaitId {
    fn prefix(&self) -> u64 {
        self.0
    }
}

/// A whisper that waits for a way.
#[derive(Debug)]
pub(super) enum Cargo {
    /// Of this node's user.
    Own { ticket: Ticket, letter: Letter },
    /// Of another node, as that one packed it, and the link by which it came.
    Foreign { from: LinkId, message: Message },
}

impl Cargo {
    fn size(&self) -> usize {
        match self {
            Self::Own { letter, .. } => letter.size(),
            Self::Foreign { message, .. } => message.packed().len(),
        }
    }

    /// Whether it may be handed on over `hop`: never to who handed it here, who would know it and drop it.
    fn may_go_by(&self, hop: LinkId) -> bool {
        !matches!(self, Self::Foreign { from, .. } if *from == hop)
    }
}

#[derive(Debug)]
struct Waiting {
    wanted: NodeId,
    cargo: Cargo,
}

#[derive(Debug)]
struct Search {
    /// The id of the request that went through the mesh, which its answers repeat.
    request: Value,
    candidates: VecDeque<Address>,
    /// How many were ever suggested.
    suggested: usize,
    dialling: Option<Address>,
    /// The way is known, and this link must write something first.
    no_room_on: Option<LinkId>,
}

#[derive(Debug)]
pub(super) struct Lookups {
    waiting: OrderedMap<WaitId, Waiting>,
    searches: OrderedMap<NodeId, Search>,
    own: usize,
    foreign: usize,
    capacity: usize,
    foreign_capacity: usize,
    next: u64,
}

impl Lookups {
    pub(super) fn new(capacity: usize, foreign_capacity: usize) -> Self {
        Self {
            waiting: OrderedMap::new(),
            searches: OrderedMap::new(),
            own: 0,
            foreign: 0,
            capacity,
            foreign_capacity,
            next: 0,
        }
    }

    /// Whether another whisper of the user's may wait.
    pub(super) fn has_room(&self) -> bool {
        self.own < self.capacity
    }

    /// Whether another node's whisper for `wanted`, which came over `link`, may wait. They are counted apart, so that they keep none of
    /// the user's out; and whispers of one link do not have all be looked for that may be.
    pub(super) fn has_room_for_foreign(&self, link: LinkId, wanted: &NodeId) -> bool {
        let is_of_link =
            |w: &&Waiting| matches!(w.cargo, Cargo::Foreign { from, .. } if from == link);
        let of_link = self.waiting.values().filter(is_of_link);
        let searched: OrderedSet<_> = of_link.map(|waiting| &waiting.wanted).collect();
        let share = self.foreign_capacity.div_ceil(SHARE);
        let is_fair = searched.contains(&wanted) || searched.len() < share;
        self.foreign < self.foreign_capacity && is_fair
    }

    /// Keeps `cargo` for `wanted`.
    pub(super) fn wait(&mut self, wanted: NodeId, cargo: Cargo) -> WaitId {
        *self.count(&cargo) += 1;
        let id = WaitId(self.next);
        self.next += 1;
        self.waiting.insert(id, Waiting { wanted, cargo });
        id
    }

    /// How many whispers wait: the user's, and other nodes'.
    pub(super) fn waiting(&self) -> (usize, usize) {
        (self.own, self.foreign)
    }

    fn count(&mut self, cargo: &Cargo) -> &mut usize {
        match cargo {
            Cargo::Own { .. } => &mut self.own,
            Cargo::Foreign { .. } => &mut self.foreign,
        }
    }

    pub(super) fn is_searched(&self, wanted: &NodeId) -> bool {
        self.searches.contains_key(wanted)
    }

    /// Begins the search for a node.
    pub(super) fn search(&mut self, wanted: NodeId, request: Value) {
        let search = Search {
            request,
            candidates: VecDeque::new(),
            suggested: 0,
            dialling: None,
            no_room_on: None,
        };
        self.searches.insert(wanted, search);
    }

    /// Whether this node asked `request` for `node`: an answer to nobody's question is worth nothing.
    pub(super) fn asked(&self, request: &Value, node: &NodeId) -> bool {
        self.searches
            .get(node)
            .is_some_and(|search| search.request == *request)
    }

    /// Somebody says that `node` is at `address`.
    pub(super) fn suggest(&mut self, node: &NodeId, address: Address) {
        if let Some(search) = self
            .searches
            .get_mut(node)
            .filter(|search| search.suggested < CANDIDATES && !search.candidates.contains(&address))
        {
            search.suggested += 1;
            search.candidates.push_back(address);
        }
    }

    /// The next address to dial for `node`, unless one is being dialled.
    pub(super) fn next_candidate(&mut self, node: &NodeId) -> Option<Address> {
        let search = self.searches.get_mut(node)?;
        if search.dialling.is_some() {
            return None;
        }
        search.dialling = search.candidates.pop_front();
        search.dialling.clone()
    }

    /// An address did not lead to who was wanted: the nodes whose next candidate is due.
    pub(super) fn candidate_failed(&mut self, address: &Address) -> Vec<NodeId> {
        let mut wanted = Vec::new();
        for (node, search) in &mut self.searches {
            if search.dialling.as_ref() == Some(address) {
                search.dialling = None;
                wanted.push(node.clone());
            }
        }
        wanted
    }

    /// The oldest for `node` that may go by `link`, and about how many bytes it has.
    pub(super) fn first_for(&self, node: &NodeId, link: LinkId) -> Option<(WaitId, usize)> {
        let may_go = |w: &Waiting| w.wanted == *node && w.cargo.may_go_by(link);
        let first = self.waiting.iter().find(|(_, waiting)| may_go(waiting));
        first.map(|(&id, waiting)| (id, waiting.cargo.size()))
    }

    /// There is a way to `node`, by `link`, which has no room.
    pub(super) fn wait_for_room(&mut self, node: &NodeId, link: LinkId) {
        if let Some(search) = self.searches.get_mut(node) {
            search.no_room_on = Some(link);
        }
    }

    /// Whether anything waits for a way to its node.
    pub(super) fn is_searching(&self) -> bool {
        !self.searches.is_empty()
    }

    /// The nodes for which something waits for room on `link`, and waits for that no longer.
    pub(super) fn take_waiting_for_room(&mut self, link: LinkId) -> Vec<NodeId> {
        if self.searches.is_empty() {
            return Vec::new();
        }
        let searches = self.searches.iter_mut();
        let waiting = searches.filter(|(_, search)| search.no_room_on == Some(link));
        waiting
            .map(|(node, search)| {
                search.no_room_on = None;
                node.clone()
            })
            .collect()
    }

    /// Whether a whisper of this node's user waits for `node`.
    pub(super) fn is_wanted_by_user(&self, node: &NodeId) -> bool {
        let is_own = |waiting: &Waiting| matches!(waiting.cargo, Cargo::Own { .. });
        self.waiting
            .values()
            .any(|w| w.wanted == *node && is_own(w))
    }

    /// Takes one that waits, and who it is for. The search ends with the last.
    pub(super) fn take(&mut self, id: WaitId) -> Option<(NodeId, Cargo)> {
        let Waiting { wanted, cargo } = self.waiting.remove(&id)?;
        *self.count(&cargo) -= 1;
        if !self.waiting.values().any(|w| w.wanted == wanted) {
            self.searches.remove(&wanted);
        }
        Some((wanted, cargo))
    }

    /// Takes out what the user sent under a ticket, if it waits.
    pub(super) fn withdraw(&mut self, withdrawn: Ticket) -> Option<WaitId> {
        let is_it = |waiting: &Waiting| matches!(waiting.cargo, Cargo::Own { ticket, .. } if ticket == withdrawn);
        let mut all = self.waiting.iter();
        let id = all.find_map(|(&id, waiting)| is_it(waiting).then_some(id))?;
        self.take(id);
        Some(id)
    }

    /// Takes everything, for a node that closes.
    pub(super) fn take_all(&mut self) -> Vec<(WaitId, Cargo)> {
        let ids: Vec<_> = self.waiting.keys().copied().collect();
        ids.into_iter()
            .filter_map(|id| Some((id, self.take(id)?.1)))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::RawPackets;

    fn node(name: &str) -> NodeId {
        name.parse().expect("an id")
    }

    fn own(number: u64) -> Cargo {
        Cargo::Own {
            ticket: Ticket(number),
            letter: Letter::new(RawPackets::default(), None, None),
        }
    }

    fn lookups() -> Lookups {
        let mut lookups = Lookups::new(2, 1);
        lookups.wait(node("2a"), own(1));
        lookups.search(node("2a"), "request".into());
        lookups
    }

    #[test]
    fn candidates_are_tried_one_after_the_other_and_no_more_than_a_few() {
        let mut lookups = lookups();
        for port in 0..20 {
            lookups.suggest(&node("2a"), Address::memory(port));
        }
        let mut tried = 0;
        while let Some(address) = lookups.next_candidate(&node("2a")) {
            assert_eq!(lookups.next_candidate(&node("2a")), None, "one at a time");
            assert_eq!(lookups.candidate_failed(&address), [node("2a")]);
            tried += 1;
        }
        assert_eq!(tried, CANDIDATES);
    }

    #[test]
    fn an_address_that_is_told_again_takes_no_others_place() {
        let mut lookups = lookups();
        for _ in 0..CANDIDATES {
            lookups.suggest(&node("2a"), Address::memory(1));
        }
        lookups.suggest(&node("2a"), Address::memory(2));
        for port in 1..=2 {
            let next = lookups.next_candidate(&node("2a"));
            assert_eq!(next, Some(Address::memory(port)));
            lookups.candidate_failed(&Address::memory(port));
        }
        assert_eq!(lookups.next_candidate(&node("2a")), None);
    }

    #[test]
    fn a_search_ends_with_the_last_that_waits() {
        let mut lookups = lookups();
        let second = lookups.wait(node("2a"), own(2));
        assert!(!lookups.has_room());
        assert!(lookups.take(second).is_some());
        assert!(lookups.asked(&"request".into(), &node("2a")));
        let (first, _) = lookups
            .first_for(&node("2a"), LinkId::dialled(1))
            .expect("the other");
        assert!(lookups.take(first).is_some());
        assert!(!lookups.asked(&"request".into(), &node("2a")));
        assert!(lookups.has_room());
    }

    #[test]
    fn an_answer_is_to_the_question_that_was_asked() {
        let lookups = lookups();
        assert!(lookups.asked(&"request".into(), &node("2a")));
        assert!(!lookups.asked(&"other".into(), &node("2a")));
        assert!(!lookups.asked(&"request".into(), &node("2b")));
    }
}
