//! The broadcasts of the last minute, for those who missed them: legacy peers whose link was lost, neighbours that come back,
//! and those that were promised one by its id.
//!
//! Bounded in bytes and in frames; it says how far back it is whole.

use core::mem;
use core::time::Duration;
use std::collections::VecDeque;

use bytes::Bytes;

use super::flat::{Ids, Secret};
use crate::id::{LinkId, MessageId, NodeId};
use crate::time::Timestamp;
use crate::wire::{DecodeError, Limits, Message, Topic};

/// A frame of so many bytes is kept as it is: half of what one read yields, so that it keeps at most as much besides.
const LARGE: usize = 32 << 10;

/// Least ids of a generation of the index.
const GENERATION: usize = 64;

/// A broadcast that is kept.
#[derive(Clone, Debug)]
pub(super) struct Kept {
    pub(super) id: MessageId,
    pub(super) at: Timestamp,
    pub(super) sender: NodeId,
    /// The link by which it came; `None` if it is this node's own.
    pub(super) via: Option<LinkId>,
    /// The plain frame.
    pub(super) frame: Bytes,
    /// What it is about.
    pub(super) topic: Option<Topic>,
    /// The user did not want it when it came.
    pub(super) is_unheard: bool,
    /// The links that were told of it by its id, if it is this node's own.
    pub(super) told: Vec<LinkId>,
}

impl Kept {
    /// A broadcast that came by `via`, or is this node's own.
    pub(super) fn new(
        at: Timestamp,
        id: MessageId,
        sender: NodeId,
        via: Option<LinkId>,
        frame: Bytes,
    ) -> Self {
        Self {
            id,
            at,
            sender,
            via,
            frame,
            topic: None,
            is_unheard: false,
            told: Vec::new(),
        }
    }
}

impl Kept {
    /// The message in its frame, whose checksum holds.
    pub(super) fn message(&self, limits: &Limits) -> Result<Message, DecodeError> {
        Message::from_verified(self.frame.clone(), self.id, limits)
    }
}

#[derive(Debug)]
pub(super) struct History {
    kept: VecDeque<Kept>,
    /// The number of the oldest; numbers rise by one.
    first: u64,
    /// Their numbers by their ids. What is no longer kept may be in it still.
    young: Ids<u64>,
    old: Ids<u64>,
    secret: Secret,
    bytes: usize,
    /// When the newest came that had to go before its time.
    cut: Option<Timestamp>,
    span: Duration,
    most: (usize, usize),
}

impl History {
    /// Keeps broadcasts for `span`, and at most so many bytes and frames of them.
    pub(super) fn new(span: Duration, most: (usize, usize), key: u64) -> Self {
        Self {
            kept: VecDeque::new(),
            first: 0,
            young: Ids::with_room(0),
            old: Ids::with_room(0),
            secret: Secret::new(key),
            bytes: 0,
            cut: None,
            span,
            most,
        }
    }

    /// Keeps a broadcast, and lets go of those that are too old or too many.
    pub(super) fn keep(&mut self, kept: Kept) {
        // A frame may be a slice of a far larger buffer, which the bound does not count.
        let frame = if kept.frame.len() < LARGE {
            Bytes::copy_from_slice(&kept.frame)
        } else {
            kept.frame
        };
        self.keep_shared(Kept { frame, ..kept });
    }

    /// Keeps a broadcast whose frame lies in a buffer of nothing but such that are kept with it.
    pub(super) fn keep_shared(&mut self, kept: Kept) {
        let now = kept.at;
        self.bytes += kept.frame.len();
        let number = self.first + self.kept.len() as u64;
        self.number(&kept.id, number);
        self.kept.push_back(kept);
        while let Some(oldest) = self.kept.front() {
            let (bytes, frames) = self.most;
            let is_old = now.since(oldest.at) >= self.span;
            if !is_old && self.bytes <= bytes && self.kept.len() <= frames {
                return;
            }
            if !is_old {
                self.cut = Some(oldest.at);
            }
            self.drop_oldest();
        }
    }

    fn number(&mut self, id: &MessageId, number: u64) {
        // Each generation has as many as are kept, so what is kept is in one of the two.
        if self.young.len() >= self.kept.len().max(GENERATION) {
            let room = self.young.len();
            self.old = mem::replace(&mut self.young, Ids::with_room(room));
        }
        let place = self.secret.place(id);
        self.young.put(self.secret, place, number);
    }

    /// Where a broadcast is kept.
    fn place_of(&self, id: &MessageId) -> Option<usize> {
        let place = self.secret.place(id);
        let number = self.young.get(place).or_else(|| self.old.get(place))?;
        let at = usize::try_from(number.checked_sub(self.first)?).ok()?;
        self.kept.get(at).filter(|kept| kept.id == *id).map(|_| at)
    }

    fn drop_oldest(&mut self) {
        let Some(oldest) = self.kept.pop_front() else {
            return;
        };
        self.bytes -= oldest.frame.len();
        self.first += 1;
    }

    pub(super) fn find(&self, id: &MessageId) -> Option<&Kept> {
        self.kept.get(self.place_of(id)?)
    }

    /// A broadcast to be given to who asked for it, and its number here.
    pub(super) fn give(&self, id: &MessageId) -> Option<(u64, Bytes)> {
        let at = self.place_of(id)?;
        Some((self.first + at as u64, self.kept.get(at)?.frame.clone()))
    }

    /// The number of the oldest.
    pub(super) fn first(&self) -> u64 {
        self.first
    }

    /// What is not too old, oldest first.
    pub(super) fn recent(&self, now: Timestamp) -> impl Iterator<Item = &Kept> {
        let span = self.span;
        let kept = self.kept.iter();
        kept.filter(move |kept| now.since(kept.at) < span)
    }

    /// What the user did not want when it came and now does, oldest first: by which link it came, and its frame.
    pub(super) fn take_unheard(
        &mut self,
        now: Timestamp,
        is_wanted: impl Fn(Option<&Topic>) -> bool,
    ) -> Vec<(LinkId, Bytes)> {
        let span = self.span;
        let is_recent = |kept: &Kept| now.since(kept.at) < span;
        let mut unheard = Vec::new();
        for kept in self.kept.iter_mut().filter(|kept| kept.is_unheard) {
            if let Some(via) = kept
                .via
                .filter(|_| is_recent(kept) && is_wanted(kept.topic.as_ref()))
            {
                kept.is_unheard = false;
                unheard.push((via, kept.frame.clone()));
            }
        }
        unheard
    }

    /// How far back nothing is missing.
    pub(super) fn reach(&self, now: Timestamp) -> Duration {
        let cut = self.cut.map(|at| now.since(at));
        cut.map_or(self.span, |reach| reach.min(self.span))
    }

    /// Bytes and frames that are kept.
    pub(super) fn size(&self) -> (usize, usize) {
        (self.bytes, self.kept.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SPAN: Duration = Duration::from_secs(60);

    fn at(seconds: u64) -> Timestamp {
        Timestamp::from_millis(seconds * 1_000)
    }

    fn kept(second: u64, size: usize) -> Kept {
        let name = [second.to_be_bytes(), (size as u64).to_be_bytes()];
        let id = MessageId::of(&name.concat());
        let sender = "2a".parse().expect("an id");
        Kept::new(at(second), id, sender, None, Bytes::from(vec![0; size]))
    }

    fn history() -> History {
        History::new(SPAN, (100, 5), 7)
    }

    fn sizes(history: &History, now: u64) -> Vec<usize> {
        let recent = history.recent(at(now));
        recent.map(|kept| kept.frame.len()).collect()
    }

    #[test]
    fn what_is_kept_is_found_by_its_id_until_it_is_too_old() {
        let mut history = history();
        history.keep(kept(1, 1));
        history.keep(kept(2, 2));
        assert_eq!(history.find(&kept(1, 1).id).map(|k| k.at), Some(at(1)));
        history.keep(kept(61, 3));
        assert!(history.find(&kept(1, 1).id).is_none());
        assert!(history.find(&kept(2, 2).id).is_some());
        assert_eq!(history.reach(at(61)), SPAN, "age is no gap");
    }

    #[test]
    fn what_is_too_old_is_not_told_though_nothing_new_came() {
        let mut history = history();
        history.keep(kept(1, 1));
        history.keep(kept(40, 2));
        assert_eq!(sizes(&history, 50), [1, 2]);
        assert_eq!(sizes(&history, 62), [2]);
    }

    #[test]
    fn what_is_kept_holds_no_larger_buffer() {
        let mut history = history();
        let buffer = Bytes::from(vec![0; 65_536]);
        let frame = buffer.slice(..10);
        history.keep(Kept {
            frame,
            ..kept(1, 1)
        });
        let found = history.find(&kept(1, 1).id).expect("kept");
        assert_ne!(found.frame.as_ptr(), buffer.as_ptr());
    }

    #[test]
    fn it_is_bounded_the_newest_stay_and_it_says_how_far_it_reaches() {
        let mut history = history();
        for second in 1..=50 {
            history.keep(kept(second, second as usize % 50));
            let (bytes, frames) = history.size();
            assert!(bytes <= 100 && frames <= 5);
            assert!(history.young.len() + history.old.len() <= 2 * GENERATION);
        }
        assert!(history.find(&kept(50, 0).id).is_some());
        assert_eq!(sizes(&history, 50), [48, 49, 0]);
        assert_eq!(history.reach(at(50)), Duration::from_secs(3));
        assert_eq!(history.reach(at(200)), SPAN);
    }
}
