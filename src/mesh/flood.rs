//! The waterfall's memory: which messages were seen, and which are too old or too new to pass on.
//!
//! It judges broadcasts, keeps the forms of one that goes out, and forgets ids in time. It forwards nothing itself.

use core::hash::{BuildHasher, Hasher};
use core::time::Duration;
use std::collections::HashSet;

use crate::id::{MessageId, NodeId};
use crate::time::{Timestamp, WallSeconds};
use crate::wire::{Compression, Frame, Time};
use bytes::Bytes;

use super::link::Greeted;

/// The ids of recent messages, in two generations.
///
/// An id is kept for at least one `span` and at most two, unless more than `capacity` come in one span: then the older
/// generation goes early, which bounds the memory and keeps what is new.
#[derive(Debug)]
pub(super) struct Seen {
    young: HashSet<MessageId, Keyed>,
    old: HashSet<MessageId, Keyed>,
    turned: Timestamp,
    span: Duration,
    capacity: usize,
}

impl Seen {
    pub(super) fn new(span: Duration, capacity: usize, key: u64) -> Self {
        let set = || HashSet::with_hasher(Keyed { key });
        Self {
            young: set(),
            old: set(),
            turned: Timestamp::ZERO,
            span,
            capacity,
        }
    }

    pub(super) fn contains(&self, id: &MessageId) -> bool {
        self.young.contains(id) || self.old.contains(id)
    }

    /// Remembers `id`; false if it was known.
    pub(super) fn insert(&mut self, now: Timestamp, id: MessageId) -> bool {
        if self.contains(&id) {
            return false;
        }
        if now.since(self.turned) >= self.span || self.young.len() >= self.capacity {
            self.turn(now);
        }
        self.young.insert(id)
    }

    fn turn(&mut self, now: Timestamp) {
        // After a pause of two spans, what is called young is as old as what is called old.
        if now.since(self.turned) >= self.span * 2 {
            self.young.clear();
        }
        self.old = core::mem::replace(&mut self.young, HashSet::with_hasher(*self.old.hasher()));
        self.turned = now;
    }

    pub(super) fn len(&self) -> usize {
        self.young.len() + self.old.len()
    }
}

/// Hashes an id, which is a hash already, by folding it with a secret: a peer chooses its messages and so their ids,
/// but cannot choose which fall into one bucket.
#[derive(Clone, Copy, Debug)]
pub(super) struct Keyed {
    pub(super) key: u64,
}

impl BuildHasher for Keyed {
    type Hasher = Fold;

    fn build_hasher(&self) -> Fold {
        Fold {
            key: self.key,
            state: 0,
        }
    }
}

pub(super) struct Fold {
    key: u64,
    state: u64,
}

impl Hasher for Fold {
    fn write(&mut self, bytes: &[u8]) {
        let word = |at: usize| {
            bytes
                .get(at..at + 8)
                .map_or(0, |word| word.iter().fold(0, |n, &b| n << 8 | u64::from(b)))
        };
        let product =
            u128::from(word(0) ^ self.key) * u128::from(word(8) ^ self.key.rotate_left(32));
        self.state ^= (product >> 64) as u64 ^ product as u64;
    }

    fn write_usize(&mut self, _length: usize) {
        // An array hashes its length first, which is the same for every id.
    }

    fn finish(&self) -> u64 {
        self.state
    }
}

/// One message in the forms in which it goes out. A relay never compresses: it passes on the forms that it has.
#[derive(Debug)]
pub(super) struct Forms {
    pub(super) sender: NodeId,
    pub(super) plain: Frame,
    pub(super) compressed: Option<(Compression, Frame)>,
}

impl Forms {
    /// The bytes for a peer, and whether they are the compressed ones.
    pub(super) fn for_peer(&self, peer: &Greeted) -> (&Bytes, bool) {
        match &self.compressed {
            Some((method, frame)) if peer.compression == Some(*method) => (frame.as_bytes(), true),
            _ => (self.plain.as_bytes(), false),
        }
    }
}

/// What the time of a broadcast says of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Age {
    /// It may be passed on.
    Current,
    /// Older than the window.
    Stale,
    /// Further in the future than the window.
    Future,
    /// No whole number of seconds: passed on, it would do harm to py2p and js2p.
    NoTime,
}

pub(super) fn age(time: &Time, wall: WallSeconds, past: Duration, future: Duration) -> Age {
    match *time {
        Time::Seconds(at) if at < wall.0.saturating_sub(past.as_secs()) => Age::Stale,
        Time::Seconds(at) if at > wall.0.saturating_add(future.as_secs()) => Age::Future,
        Time::Seconds(_) => Age::Current,
        Time::Other(_) => Age::NoTime,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::Value;

    const SPAN: Duration = Duration::from_secs(120);

    fn id(number: u64) -> MessageId {
        MessageId::of(&number.to_be_bytes())
    }

    fn at(seconds: u64) -> Timestamp {
        Timestamp::from_millis(seconds * 1_000)
    }

    #[test]
    fn an_id_is_kept_for_a_span_and_gone_after_two() {
        let mut seen = Seen::new(SPAN, 100, 7);
        assert!(seen.insert(at(119), id(1)));
        assert!(!seen.insert(at(238), id(1)));
        seen.insert(at(239), id(2));
        assert!(seen.contains(&id(1)), "at least one span after it came");
        seen.insert(at(361), id(3));
        assert!(!seen.contains(&id(1)));
        assert!(seen.contains(&id(2)));
    }

    #[test]
    fn a_long_pause_forgets_everything() {
        let mut seen = Seen::new(SPAN, 100, 7);
        seen.insert(at(1), id(1));
        seen.insert(at(1_000), id(2));
        assert!(!seen.contains(&id(1)));
        assert_eq!(seen.len(), 1);
    }

    #[test]
    fn memory_is_bounded_and_the_newest_are_kept() {
        let mut seen = Seen::new(SPAN, 100, 7);
        for number in 0..10_000 {
            seen.insert(at(1), id(number));
            assert!(seen.len() <= 200);
        }
        assert!((9_900..10_000).all(|number| seen.contains(&id(number))));
    }

    #[test]
    fn a_time_is_judged_at_both_ends_of_the_window() {
        let judge = |time| {
            age(
                &time,
                WallSeconds(1_000),
                Duration::from_secs(60),
                Duration::from_secs(30),
            )
        };
        assert_eq!(judge(Time::Seconds(939)), Age::Stale);
        assert_eq!(judge(Time::Seconds(940)), Age::Current);
        assert_eq!(judge(Time::Seconds(1_030)), Age::Current);
        assert_eq!(judge(Time::Seconds(1_031)), Age::Future);
        assert_eq!(judge(Time::Seconds(u64::MAX)), Age::Future);
        assert_eq!(judge(Time::Other(Value::F64(f64::NAN))), Age::NoTime);
        assert_eq!(judge(Time::Other(Value::F64(1_000.5))), Age::NoTime);
    }
}
