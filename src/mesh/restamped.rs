//! One broadcast of a relative that went out as two: py2p and js2p take the time anew for each of their links, so at the turn
//! of a second the same content leaves with two times, and two ids.
//!
//! Two broadcasts of one sender with equal content, a second apart by their times and hardly apart when they come, are taken
//! for one. The relatives' own users lose equal messages within a second in any case. Messages with a nonce are never judged.
//!
//! A copy comes by another way. While everything comes from its sender and once, nothing is compared: then a relay does not
//! hash each message a second time.

use core::hash::Hasher;
use core::mem;
use core::time::Duration;
use std::collections::HashMap;
use std::hash::DefaultHasher;

use super::Mesh;
use super::flat::Keyed;
use crate::id::LinkId;
use crate::time::Timestamp;
use crate::wire::{Message, Time};

/// Two that come within this time are copies, and within twice that they may be. A sender's loop over its links takes
/// less, and an application that says the same every second more.
const APART: Duration = Duration::from_millis(300);
/// So long after something came by another way than its sender's, more may.
const WATCH: Duration = Duration::from_secs(60);

/// What a message says, whenever that was: a hash with a secret, so that nobody can choose two that have the same. An id costs
/// more, and in a page each message of a relative that comes over a relay has to be looked at.
#[derive(Clone, Copy, Debug, Hash, PartialEq, Eq)]
struct Content(u64);

/// The contents of late, in two generations, and the time that each had.
#[derive(Debug)]
pub(super) struct Restamped {
    young: HashMap<Content, u64, Keyed>,
    old: HashMap<Content, u64, Keyed>,
    key: u64,
    turned: Timestamp,
    capacity: usize,
    /// When something last came by another way.
    other_way: Option<Timestamp>,
}

impl Restamped {
    pub(super) fn new(capacity: usize, key: u64) -> Self {
        let map = || HashMap::with_hasher(Keyed { key });
        Self {
            young: map(),
            old: map(),
            key,
            turned: Timestamp::ZERO,
            capacity,
            other_way: None,
        }
    }

    pub(super) fn len(&self) -> usize {
        self.young.len() + self.old.len()
    }

    fn is_watching(&self, now: Timestamp) -> bool {
        self.other_way.is_some_and(|at| now.since(at) < WATCH)
    }

    /// Remembers a message; whether it is a copy of one that left its sender at the turn of a second.
    fn is_copy(&mut self, now: Timestamp, message: &Message) -> bool {
        let Time::Seconds(time) = *message.time() else {
            return false;
        };
        if message.trailer().nonce.is_some() {
            return false;
        }
        if now.since(self.turned) >= APART || self.young.len() >= self.capacity {
            self.turn(now);
        }
        let content = self.content(message);
        let before = self.young.insert(content, time);
        let before = before.or_else(|| self.old.get(&content).copied());
        before.is_some_and(|before| before.abs_diff(time) == 1)
    }

    fn content(&self, message: &Message) -> Content {
        let sender = message.sender().as_bytes();
        let mut hasher = DefaultHasher::new();
        hasher.write_u64(self.key);
        // With its length in front, a sender ends where no other begins.
        hasher.write_u64(sender.len() as u64);
        hasher.write(sender);
        hasher.write(&message.payload_bytes());
        Content(hasher.finish())
    }

    fn turn(&mut self, now: Timestamp) {
        // After a pause of two spans, what is called young is as old as what is called old.
        if now.since(self.turned) >= APART * 2 {
            self.young.clear();
        }
        mem::swap(&mut self.young, &mut self.old);
        self.young.clear();
        self.turned = now;
    }
}

impl Mesh {
    /// Whether a broadcast that is new by its id is a copy all the same.
    pub(super) fn is_restamped(&mut self, now: Timestamp, from: LinkId, message: &Message) -> bool {
        if message.trailer().nonce.is_some() {
            return false;
        }
        let peer = self.links.get(&from).and_then(|link| link.node());
        if peer != Some(message.sender()) {
            self.comes_another_way(now);
        }
        self.restamped.is_watching(now) && self.restamped.is_copy(now, message)
    }

    /// Something came by another way than its sender's, or a second time: from here on contents are compared, and those of the
    /// last moments are looked at now.
    pub(super) fn comes_another_way(&mut self, now: Timestamp) {
        let is_watching = self.restamped.is_watching(now);
        self.restamped.other_way = Some(now);
        if is_watching {
            return;
        }
        self.let_go(now);
        let limits = &self.config.values;
        for kept in self.history.recent(now) {
            if now.since(kept.at) < APART
                && let Ok(message) = kept.message(limits)
            {
                self.restamped.is_copy(kept.at, &message);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::NodeId;
    use crate::time::WallSeconds;
    use crate::wire::{Draft, Flag, Kind, RawPackets};

    #[test]
    fn contents_are_forgotten_in_time_and_bounded() {
        let at = Timestamp::from_millis;
        let mut restamped = Restamped::new(10, 7);
        for time in 0..100 {
            let text = time.to_string();
            assert!(!restamped.is_copy(at(5), &broadcast(7, &text)));
            assert!(restamped.len() <= 20);
        }
        assert!(restamped.is_copy(at(5), &broadcast(8, "99")));
        assert!(!restamped.is_copy(at(1_000), &broadcast(9, "99")));
    }

    fn broadcast(time: u64, flag: &str) -> Message {
        broadcast_of("2a", time, flag)
    }

    fn broadcast_of(sender: &str, time: u64, flag: &str) -> Message {
        let sender: NodeId = sender.parse().expect("an id");
        let flag = Flag::try_from(flag).expect("an application's own");
        let packets = RawPackets::from_values(&["news".into()]).expect("a packet");
        Draft::new(Kind::Broadcast, &sender, WallSeconds(time)).encode_raw(&flag, &packets)
    }

    #[test]
    fn what_left_with_two_times_at_the_turn_of_a_second_is_one() {
        let mut restamped = Restamped::new(10, 7);
        let now = Timestamp::from_millis(5);
        assert!(!restamped.is_copy(now, &broadcast(7, "news")));
        assert!(restamped.is_copy(now, &broadcast(8, "news")));
    }

    #[test]
    fn what_differs_by_its_flag_alone_is_two() {
        let mut restamped = Restamped::new(10, 7);
        let now = Timestamp::from_millis(5);
        assert!(!restamped.is_copy(now, &broadcast(7, "news")));
        assert!(!restamped.is_copy(now, &broadcast(8, "olds")));
    }

    #[test]
    fn what_two_say_alike_is_two() {
        let mut restamped = Restamped::new(10, 7);
        let now = Timestamp::from_millis(5);
        assert!(!restamped.is_copy(now, &broadcast_of("2a", 7, "news")));
        assert!(!restamped.is_copy(now, &broadcast_of("2b", 8, "news")));
        assert!(restamped.is_copy(now, &broadcast_of("2b", 7, "news")));
    }
}
