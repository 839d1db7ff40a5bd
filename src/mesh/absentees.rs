//! Legacy peers that parted of late: py2p loses links of itself, and neither relative can ask for what it missed.

use core::time::Duration;
use std::collections::VecDeque;

use super::targets::TargetId;
use crate::id::NodeId;
use crate::time::Timestamp;

/// Most that are remembered.
const MOST: usize = 64;

#[derive(Debug)]
struct Absentee {
    at: Timestamp,
    node: NodeId,
    target: Option<TargetId>,
}

#[derive(Debug)]
pub(super) struct Absentees {
    all: VecDeque<Absentee>,
    span: Duration,
}

impl Absentees {
    /// Remembers who parted for `span`.
    pub(super) fn new(span: Duration) -> Self {
        Self {
            all: VecDeque::new(),
            span,
        }
    }

    /// A legacy peer is one no more. `target` is where it was dialled.
    pub(super) fn parted(&mut self, now: Timestamp, node: NodeId, target: Option<TargetId>) {
        self.all.retain(|absentee| absentee.node != node);
        if self.all.len() >= MOST {
            self.all.pop_front();
        }
        self.all.push_back(Absentee {
            at: now,
            node,
            target,
        });
    }

    /// From when on a legacy peer that comes back may have missed something. The same node is sent all of the last minute, as it
    /// drops what it knows; another one at its address, which started anew, what was said meanwhile.
    pub(super) fn returned(
        &mut self,
        now: Timestamp,
        node: &NodeId,
        target: Option<TargetId>,
    ) -> Option<Timestamp> {
        let is_same = |absentee: &Absentee| absentee.node == *node;
        let is_there = |absentee: &Absentee| target.is_some() && absentee.target == target;
        let at = self.all.iter().position(is_same);
        let at = at.or_else(|| self.all.iter().rposition(is_there));
        let absentee = at.and_then(|at| self.all.remove(at))?;
        if now.since(absentee.at) >= self.span {
            return None;
        }
        Some(if is_same(&absentee) {
            Timestamp::ZERO
        } else {
            absentee.at
        })
    }
}

#[cfg(test)]
mod tests {
    use rand_chacha::ChaCha8Rng;
    use rand_chacha::rand_core::SeedableRng;

    use super::*;
    use crate::address::Address;
    use crate::mesh::targets::{Origin, Targets};

    fn at(seconds: u64) -> Timestamp {
        Timestamp::from_millis(seconds * 1_000)
    }

    fn node(name: &str) -> NodeId {
        name.parse().expect("an id")
    }

    fn absentees() -> Absentees {
        Absentees::new(Duration::from_secs(60))
    }

    #[test]
    fn the_same_node_may_have_missed_all_of_the_last_minute() {
        let mut absentees = absentees();
        absentees.parted(at(60), node("2c"), None);
        let from = absentees.returned(at(71), &node("2c"), None);
        assert_eq!(from, Some(Timestamp::ZERO));
        assert_eq!(absentees.returned(at(71), &node("2c"), None), None);
    }

    #[test]
    fn a_new_node_at_the_same_address_missed_what_was_said_meanwhile() {
        let mut absentees = absentees();
        let mut targets = Targets::new(1, 1);
        let mut rng = ChaCha8Rng::from_seed([1; 32]);
        let target = targets.add(Address::memory(1), Origin::User, &mut rng);
        absentees.parted(at(2), node("2b"), target);
        let from = absentees.returned(at(4), &node("2c"), target);
        assert_eq!(from, Some(at(2)));
    }

    #[test]
    fn strangers_and_those_who_were_away_for_long_missed_nothing() {
        let mut absentees = absentees();
        absentees.parted(at(1), node("2b"), None);
        assert_eq!(absentees.returned(at(60), &node("2c"), None), None);
        assert_eq!(absentees.returned(at(61), &node("2b"), None), None);
    }

    #[test]
    fn who_parted_twice_comes_back_once() {
        let mut absentees = absentees();
        absentees.parted(at(2), node("2b"), None);
        absentees.parted(at(3), node("2b"), None);
        assert!(absentees.returned(at(4), &node("2b"), None).is_some());
        assert!(absentees.returned(at(4), &node("2b"), None).is_none());
    }

    #[test]
    fn only_so_many_are_remembered() {
        let mut absentees = absentees();
        for number in 0..1_000 {
            absentees.parted(at(2), node(&format!("2{number}")), None);
        }
        assert_eq!(absentees.all.len(), MOST);
    }
}
