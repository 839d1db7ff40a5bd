//! What peers may have missed, legacy ones first of all: the broadcasts of the last minute, and which of them were peers in it.
//!
//! py2p loses links of itself, and neither relative can ask for what it missed; but both know what they have had by its
//! id, so all of it can be sent once more. Kept only while there is somebody to send it to.

use core::time::Duration;
use std::collections::VecDeque;

use bytes::Bytes;

use super::targets::TargetId;
use crate::id::NodeId;
use crate::time::Timestamp;

/// Most legacy peers that are remembered after they parted.
const PARTED: usize = 64;

#[derive(Clone, Debug)]
struct Kept {
    at: Timestamp,
    sender: NodeId,
    frame: Bytes,
}

#[derive(Debug)]
struct Parted {
    at: Timestamp,
    node: NodeId,
    target: Option<TargetId>,
}

#[derive(Debug)]
pub(super) struct Missed {
    kept: VecDeque<Kept>,
    kept_bytes: usize,
    parted: VecDeque<Parted>,
    span: Duration,
    bytes: usize,
    frames: usize,
}

impl Missed {
    /// Keeps broadcasts for `span`, at most so many bytes and frames of them.
    pub(super) fn new(span: Duration, bytes: usize, frames: usize) -> Self {
        Self {
            kept: VecDeque::new(),
            kept_bytes: 0,
            parted: VecDeque::new(),
            span,
            bytes,
            frames,
        }
    }

    /// Whether somebody may come back for what is sent now.
    pub(super) fn is_awaited(&self, now: Timestamp) -> bool {
        self.parted
            .back()
            .is_some_and(|parted| now.since(parted.at) < self.span)
    }

    /// Keeps a broadcast, and lets go of those that are too old or too many.
    pub(super) fn keep(&mut self, now: Timestamp, sender: &NodeId, frame: &Bytes) {
        self.kept_bytes += frame.len();
        self.kept.push_back(Kept {
            at: now,
            sender: sender.clone(),
            // A copy: a frame may be a slice of a far larger buffer, which the bound does not count.
            frame: Bytes::copy_from_slice(frame),
        });
        while let Some(oldest) = self.kept.front() {
            let fits = self.kept_bytes <= self.bytes && self.kept.len() <= self.frames;
            if fits && now.since(oldest.at) < self.span {
                return;
            }
            self.kept_bytes -= oldest.frame.len();
            self.kept.pop_front();
        }
    }

    /// What was kept since `from`, oldest first, without what `node` itself sent.
    pub(super) fn since(&self, from: Timestamp, node: &NodeId) -> Vec<Bytes> {
        let wanted = |kept: &&Kept| kept.at >= from && kept.sender != *node;
        let wanted = self.kept.iter().filter(wanted);
        wanted.map(|kept| kept.frame.clone()).collect()
    }

    /// A legacy peer is one no more. `target` is where it was dialled.
    pub(super) fn parted(&mut self, now: Timestamp, node: NodeId, target: Option<TargetId>) {
        self.parted.retain(|parted| parted.node != node);
        if self.parted.len() >= PARTED {
            self.parted.pop_front();
        }
        self.parted.push_back(Parted {
            at: now,
            node,
            target,
        });
    }

    /// What a legacy peer that comes back may have missed, oldest first, without its own. All of the last minute for the
    /// same node, which drops what it knows; for another one at its address, which started anew, what was said meanwhile.
    pub(super) fn returned(
        &mut self,
        now: Timestamp,
        node: &NodeId,
        target: Option<TargetId>,
    ) -> Vec<Bytes> {
        let is_same = |parted: &Parted| parted.node == *node;
        let is_there = |parted: &Parted| target.is_some() && parted.target == target;
        let at = self.parted.iter().position(is_same);
        let at = at.or_else(|| self.parted.iter().rposition(is_there));
        let Some(parted) = at.and_then(|at| self.parted.remove(at)) else {
            return Vec::new();
        };
        if now.since(parted.at) >= self.span {
            return Vec::new();
        }
        let from = if is_same(&parted) {
            Timestamp::ZERO
        } else {
            parted.at
        };
        let wanted = |kept: &&Kept| {
            now.since(kept.at) < self.span && kept.at >= from && kept.sender != *node
        };
        let wanted = self.kept.iter().filter(wanted);
        wanted.map(|kept| kept.frame.clone()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::address::Address;
    use crate::mesh::targets::{Origin, Targets};

    const SPAN: Duration = Duration::from_secs(60);

    fn at(seconds: u64) -> Timestamp {
        Timestamp::from_millis(seconds * 1_000)
    }

    fn node(name: &str) -> NodeId {
        name.parse().expect("an id")
    }

    fn frame(size: usize) -> Bytes {
        Bytes::from(vec![0; size])
    }

    fn missed() -> Missed {
        Missed::new(SPAN, 100, 5)
    }

    #[test]
    fn the_same_node_gets_the_last_minute_without_its_own() {
        let mut missed = missed();
        for (second, sender, size) in [(1, "2a", 1), (50, "2b", 2), (55, "2c", 3), (70, "2a", 4)] {
            missed.keep(at(second), &node(sender), &frame(size));
        }
        missed.parted(at(60), node("2c"), None);
        let returned = missed.returned(at(71), &node("2c"), None);
        assert_eq!(returned.iter().map(Bytes::len).collect::<Vec<_>>(), [2, 4]);
        assert!(missed.returned(at(71), &node("2c"), None).is_empty());
    }

    #[test]
    fn a_new_node_at_the_same_address_gets_what_was_said_meanwhile() {
        let mut missed = missed();
        let mut targets = Targets::new(1);
        let address = Address::memory(1);
        let target = targets.add(address, Origin::User);
        missed.keep(at(1), &node("2a"), &frame(1));
        missed.parted(at(2), node("2b"), target);
        missed.keep(at(3), &node("2a"), &frame(2));
        let returned = missed.returned(at(4), &node("2c"), target);
        assert_eq!(returned.iter().map(Bytes::len).collect::<Vec<_>>(), [2]);
    }

    #[test]
    fn strangers_and_those_who_were_away_for_long_get_nothing() {
        let mut missed = missed();
        missed.keep(at(59), &node("2a"), &frame(1));
        missed.parted(at(1), node("2b"), None);
        assert!(missed.returned(at(60), &node("2c"), None).is_empty());
        assert!(missed.is_awaited(at(60)) && !missed.is_awaited(at(61)));
        assert!(missed.returned(at(61), &node("2b"), None).is_empty());
    }

    #[test]
    fn what_is_too_old_is_not_sent_though_nothing_new_came() {
        let mut missed = missed();
        missed.keep(at(1), &node("2a"), &frame(1));
        missed.keep(at(40), &node("2a"), &frame(2));
        missed.parted(at(45), node("2b"), None);
        let returned = missed.returned(at(62), &node("2b"), None);
        assert_eq!(returned.iter().map(Bytes::len).collect::<Vec<_>>(), [2]);
    }

    #[test]
    fn who_parted_twice_comes_back_once() {
        let mut missed = missed();
        missed.keep(at(1), &node("2a"), &frame(1));
        missed.parted(at(2), node("2b"), None);
        missed.parted(at(3), node("2b"), None);
        assert_eq!(missed.returned(at(4), &node("2b"), None).len(), 1);
        assert!(missed.returned(at(4), &node("2b"), None).is_empty());
    }

    #[test]
    fn what_is_kept_holds_no_larger_buffer() {
        let mut missed = missed();
        let buffer = frame(65_536);
        missed.parted(at(1), node("2b"), None);
        missed.keep(at(2), &node("2a"), &buffer.slice(..10));
        let returned = missed.returned(at(3), &node("2b"), None);
        assert_ne!(returned[0].as_ptr(), buffer.as_ptr());
    }

    #[test]
    fn what_is_kept_is_bounded_and_the_newest_stays() {
        let mut missed = missed();
        missed.parted(at(1), node("2b"), None);
        for size in 1..=200 {
            missed.keep(at(2), &node("2a"), &frame(size % 50));
            assert!(missed.kept_bytes <= 100 && missed.kept.len() <= 5);
        }
        for number in 0..1_000 {
            missed.parted(at(2), node(&format!("2{number}")), None);
        }
        assert_eq!(missed.parted.len(), PARTED);
    }
}
