//! One broadcast of a relative that went out as two: py2p and js2p take the time anew for each of their links, so at the turn
//! of a second the same content leaves with two times, and two ids.
//!
//! Two broadcasts of one sender with equal content, a second apart by their times and hardly apart when they come, are taken
//! for one. The relatives' own users lose equal messages within a second in any case. Messages with a nonce are never judged.

use core::time::Duration;

use super::flood::Seen;
use crate::id::MessageId;
use crate::time::Timestamp;
use crate::wire::{Message, Time};

/// Two that come within this time are copies, and within twice that they may be. A sender's loop over its links takes
/// less, and an application that says the same every second more.
const APART: Duration = Duration::from_millis(300);

#[derive(Debug)]
pub(super) struct Restamped {
    recent: Seen,
}

impl Restamped {
    /// Remembers at most `capacity` broadcasts in 300 ms.
    pub(super) fn new(capacity: usize, key: u64) -> Self {
        Self {
            recent: Seen::new(APART, capacity, key),
        }
    }

    pub(super) fn len(&self) -> usize {
        self.recent.len()
    }

    /// Whether a broadcast that is new by its id is another copy of one that came just now.
    pub(super) fn is_copy(&mut self, now: Timestamp, message: &Message) -> bool {
        let Time::Seconds(time) = *message.time() else {
            return false;
        };
        if message.trailer().nonce.is_some() {
            return false;
        }
        let content = |time: u64| {
            let (sender, payload) = (message.sender().as_bytes(), message.payload_bytes());
            MessageId::of(&[&time.to_be_bytes()[..], sender, &payload].concat())
        };
        // First, as this is what lets go of those that are too old.
        self.recent.insert(now, content(time));
        let neighbours = [time.wrapping_sub(1), time.wrapping_add(1)];
        neighbours
            .iter()
            .any(|&other| self.recent.contains(&content(other)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::NodeId;
    use crate::time::WallSeconds;
    use crate::wire::{Draft, Flag, Kind, RawPackets};

    fn broadcast(time: u64, flag: &str) -> Message {
        let sender: NodeId = "2a".parse().expect("an id");
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
}
