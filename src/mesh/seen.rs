//! The waterfall's memory: which messages were seen, forgotten in time.

use core::time::Duration;
use core::{hint, mem};

use super::flat::{Ids, Secret};
use crate::id::MessageId;
use crate::time::Timestamp;

/// The ids of recent messages, in two generations.
///
/// An id is kept for at least one `span` and at most two, unless more than `capacity` come in one span: then the older
/// generation goes early, which bounds the memory and keeps what is new.
#[derive(Debug)]
pub(super) struct Seen {
    young: Ids<()>,
    old: Ids<()>,
    secret: Secret,
    turned: Timestamp,
    span: Duration,
    capacity: usize,
}

impl Seen {
    pub(super) fn new(span: Duration, capacity: usize, key: u64) -> Self {
        Self {
            young: Ids::with_room(0),
            old: Ids::with_room(0),
            secret: Secret::new(key),
            turned: Timestamp::ZERO,
            span,
            capacity,
        }
    }

    pub(super) fn contains(&self, id: &MessageId) -> bool {
        let place = self.secret.place(id);
        self.young.contains(place) || self.old.contains(place)
    }

    /// Gets ready to be asked for these. One by one, each would wait for memory that is in no cache; read ahead they wait
    /// together.
    pub(super) fn foresee(&self, ids: impl Iterator<Item = MessageId>) {
        let read = ids.fold(0, |read, id| {
            let place = self.secret.place(&id);
            read ^ self.young.foresee(place) ^ self.old.foresee_tag(place)
        });
        hint::black_box(read);
    }

    /// Remembers `id`; false if it was known.
    pub(super) fn insert(&mut self, now: Timestamp, id: MessageId) -> bool {
        let place = self.secret.place(&id);
        if self.young.contains(place) || self.old.contains(place) {
            return false;
        }
        if now.since(self.turned) >= self.span || self.young.len() >= self.capacity {
            self.turn(now);
        }
        self.young.put(self.secret, place, ());
        true
    }

    fn turn(&mut self, now: Timestamp) {
        // After a pause of two spans, what is called young is as old as what is called old.
        if now.since(self.turned) >= self.span * 2 {
            self.young = Ids::with_room(0);
        }
        let forgotten = mem::replace(&mut self.old, Ids::with_room(0));
        let renewed = forgotten.renew(self.young.len());
        self.old = mem::replace(&mut self.young, renewed);
        self.turned = now;
    }

    pub(super) fn len(&self) -> usize {
        self.young.len() + self.old.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
}
