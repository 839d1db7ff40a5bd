//! What is due when: a heap of small entries in the order of their time, and of their making within one moment.
//!
//! Entries are never taken out: whoever made one remembers its number, and a number that is not remembered is stale.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::time::Timestamp;

/// What is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum What {
    /// The next thing in a lane of a cable arrives.
    Lane { cable: u32, side: u8 },
    /// A node's own deadline has come.
    Timer { place: u32 },
    /// An application wanted to be woken.
    Wake { place: u32 },
    /// The invariants that time alone can break are looked at.
    Audit,
}

/// The number of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Number(u64);

#[derive(Clone, Copy, Debug)]
pub(super) struct Due {
    pub(super) at: Timestamp,
    pub(super) number: Number,
    pub(super) what: What,
}

#[derive(Debug, Default)]
pub(super) struct Agenda {
    heap: BinaryHeap<Reverse<(Timestamp, Number, What)>>,
    next: u64,
}

impl Agenda {
    pub(super) fn push(&mut self, at: Timestamp, what: What) -> Number {
        let number = Number(self.next);
        self.next += 1;
        self.heap.push(Reverse((at, number, what)));
        number
    }

    /// Takes the earliest entry, unless it is later than `limit`.
    pub(super) fn pop_until(&mut self, limit: Timestamp) -> Option<Due> {
        let &Reverse((at, number, what)) = self.heap.peek()?;
        if at > limit {
            return None;
        }
        self.heap.pop();
        Some(Due { at, number, what })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_come_by_time_and_those_of_one_moment_as_they_were_made() {
        let mut agenda = Agenda::default();
        let at = Timestamp::from_millis;
        let late = agenda.push(at(9), What::Audit);
        let first = agenda.push(at(5), What::Wake { place: 1 });
        let second = agenda.push(at(5), What::Timer { place: 0 });
        let mut order = Vec::new();
        while let Some(due) = agenda.pop_until(at(8)) {
            order.push(due.number);
        }
        assert_eq!(order, [first, second]);
        assert_eq!(agenda.pop_until(at(9)).map(|due| due.number), Some(late));
    }
}
