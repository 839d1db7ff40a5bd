//! The broadcasts of the last minute, for those who missed them: legacy peers whose link was lost, neighbours that come back,
//! and those that were promised one by its id.
//!
//! Bounded in bytes and in frames; it says how far back it is whole.

use core::mem;
use core::ops::Deref;
use core::time::Duration;
use std::collections::VecDeque;

use bytes::Bytes;

use super::flat::{Ids, Secret};
use super::train::Train;
use crate::id::{LinkId, MessageId, NodeId};
use crate::time::Timestamp;
use crate::wire::{DecodeError, Limits, Message, Topic};

/// A frame of so many bytes is kept as it is: half of what one read yields, so that it keeps at most as much besides.
pub(super) const LARGE: usize = 32 << 10;

/// Least ids of a generation of the index.
const GENERATION: usize = 64;

/// Broadcasts that are kept together, as they came: one, or several of one sender that went the same ways.
#[derive(Debug)]
pub(super) struct Kept {
    pub(super) at: Timestamp,
    pub(super) sender: NodeId,
    /// The link by which they came; `None` if they are this node's own.
    pub(super) via: Option<LinkId>,
    /// What they are about.
    pub(super) topic: Option<Topic>,
    /// The user did not want them when they came.
    pub(super) is_unheard: bool,
    /// The links that were told of them by their ids, if they are this node's own.
    pub(super) told: Vec<LinkId>,
    ids: Vec<MessageId>,
    /// The plain frames.
    frames: Train,
    /// The number of the first.
    first: u64,
    /// How many of them are not kept any more.
    gone: usize,
}

impl Kept {
    /// Broadcasts that came by `via`, or are this node's own. Each has an id and a frame.
    pub(super) fn new(
        at: Timestamp,
        sender: NodeId,
        via: Option<LinkId>,
        ids: Vec<MessageId>,
        frames: Train,
    ) -> Self {
        debug_assert_eq!(ids.len(), frames.count(), "each has an id and a frame");
        Self {
            at,
            sender,
            via,
            topic: None,
            is_unheard: false,
            told: Vec::new(),
            ids,
            frames,
            first: 0,
            gone: 0,
        }
    }

    fn each(&self) -> impl Iterator<Item = One<'_>> {
        (self.gone..self.ids.len()).map(|nth| One { among: self, nth })
    }
}

/// One broadcast that is kept, and what it has in common with those beside it.
#[derive(Clone, Copy, Debug)]
pub(super) struct One<'a> {
    among: &'a Kept,
    nth: usize,
}

impl Deref for One<'_> {
    type Target = Kept;

    fn deref(&self) -> &Kept {
        self.among
    }
}

impl<'a> One<'a> {
    /// What it has in common, for as long as that is kept.
    pub(super) fn among(self) -> &'a Kept {
        self.among
    }

    pub(super) fn id(self) -> MessageId {
        self.among.ids[self.nth]
    }

    /// The plain frame.
    pub(super) fn frame(self) -> Bytes {
        self.among.frames.frame(self.nth)
    }

    pub(super) fn frame_len(self) -> usize {
        self.among.frames.range(self.nth).len()
    }

    /// The message in its frame, whose checksum holds.
    pub(super) fn message(self, limits: &Limits) -> Result<Message, DecodeError> {
        Message::from_verified(self.frame(), self.id(), limits)
    }

    fn number(self) -> u64 {
        self.among.first + self.nth as u64
    }
}

#[derive(Debug)]
pub(super) struct History {
    kept: VecDeque<Kept>,
    /// The numbers of the oldest, and of the next that comes; they rise by one.
    first: u64,
    next: u64,
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
            next: 0,
            young: Ids::with_room(0),
            old: Ids::with_room(0),
            secret: Secret::new(key),
            bytes: 0,
            cut: None,
            span,
            most,
        }
    }

    /// Keeps broadcasts, and lets go of those that are too old or too many.
    pub(super) fn keep(&mut self, mut kept: Kept) {
        // A frame that came alone may be a slice of a far larger buffer, which the bound does not count.
        let size = kept.frames.bytes().len();
        if kept.ids.len() == 1 && size < LARGE {
            kept.frames = Train::one(Bytes::copy_from_slice(kept.frames.bytes()));
        }
        let now = kept.at;
        kept.first = self.next;
        self.bytes += size;
        for id in &kept.ids {
            self.number(id, self.next);
            self.next += 1;
        }
        self.kept.push_back(kept);
        while let Some(oldest) = self.kept.front() {
            let (bytes, frames) = self.most;
            let is_old = now.since(oldest.at) >= self.span;
            if !is_old && self.bytes <= bytes && self.len() <= frames {
                return;
            }
            if !is_old {
                self.cut = Some(oldest.at);
            }
            self.drop_oldest();
        }
    }

    fn len(&self) -> usize {
        (self.next - self.first) as usize
    }

    fn number(&mut self, id: &MessageId, number: u64) {
        // Each generation has as many as are kept, so what is kept is in one of the two.
        if self.young.len() >= self.len().max(GENERATION) {
            let forgotten = mem::replace(&mut self.old, Ids::with_room(0));
            let renewed = forgotten.renew(self.young.len());
            self.old = mem::replace(&mut self.young, renewed);
        }
        let place = self.secret.place(id);
        self.young.put(self.secret, place, number);
    }

    fn drop_oldest(&mut self) {
        let Some(oldest) = self.kept.front_mut() else {
            return;
        };
        self.bytes -= oldest.frames.range(oldest.gone).len();
        oldest.gone += 1;
        self.first += 1;
        if oldest.gone >= oldest.ids.len() {
            self.kept.pop_front();
        }
    }

    pub(super) fn find(&self, id: &MessageId) -> Option<One<'_>> {
        let place = self.secret.place(id);
        let number = self.young.get(place).or_else(|| self.old.get(place))?;
        if number < self.first {
            return None;
        }
        let behind = self.kept.partition_point(|kept| kept.first <= number);
        let among = self.kept.get(behind.checked_sub(1)?)?;
        let nth = usize::try_from(number - among.first).ok()?;
        let is_it = among.ids.get(nth) == Some(id);
        is_it.then_some(One { among, nth })
    }

    /// A broadcast to be given to who asked for it, and its number here.
    pub(super) fn give(&self, id: &MessageId) -> Option<(u64, Bytes)> {
        let one = self.find(id)?;
        Some((one.number(), one.frame()))
    }

    /// The number of the oldest.
    pub(super) fn first(&self) -> u64 {
        self.first
    }

    /// What is not too old, oldest first.
    pub(super) fn recent(&self, now: Timestamp) -> impl Iterator<Item = One<'_>> {
        let span = self.span;
        let kept = self.kept.iter();
        kept.filter(move |kept| now.since(kept.at) < span)
            .flat_map(Kept::each)
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
                unheard.extend(kept.each().map(|one| (via, one.frame())));
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
        (self.bytes, self.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mesh::train::Coupling;

    const SPAN: Duration = Duration::from_secs(60);

    fn at(seconds: u64) -> Timestamp {
        Timestamp::from_millis(seconds * 1_000)
    }

    fn id(second: u64, size: usize) -> MessageId {
        MessageId::of(&[second.to_be_bytes(), (size as u64).to_be_bytes()].concat())
    }

    fn of(second: u64, ids: Vec<MessageId>, frames: Train) -> Kept {
        let sender = "2a".parse().expect("an id");
        Kept::new(at(second), sender, None, ids, frames)
    }

    fn kept(second: u64, size: usize) -> Kept {
        let frame = Train::one(Bytes::from(vec![0; size]));
        of(second, vec![id(second, size)], frame)
    }

    /// Some that came together.
    fn together(second: u64, sizes: &[usize]) -> Kept {
        let mut frames = sizes.iter().map(|&size| vec![0; size]);
        let mut coupling = Coupling::new(frames.next().expect("one").into(), 0);
        frames.for_each(|frame| coupling.push(&frame));
        let ids = sizes.iter().map(|&size| id(second, size)).collect();
        of(second, ids, coupling.finish())
    }

    fn history() -> History {
        History::new(SPAN, (100, 5), 7)
    }

    fn sizes(history: &History, now: u64) -> Vec<usize> {
        let recent = history.recent(at(now));
        recent.map(One::frame_len).collect()
    }

    #[test]
    fn what_is_kept_is_found_by_its_id_until_it_is_too_old() {
        let mut history = history();
        history.keep(kept(1, 1));
        history.keep(kept(2, 2));
        assert_eq!(history.find(&id(1, 1)).map(|one| one.at), Some(at(1)));
        history.keep(kept(61, 3));
        assert!(history.find(&id(1, 1)).is_none());
        assert!(history.find(&id(2, 2)).is_some());
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
        history.keep(of(1, vec![id(1, 1)], Train::one(frame)));
        let found = history.find(&id(1, 1)).expect("kept");
        assert_ne!(found.frame().as_ptr(), buffer.as_ptr());
    }

    #[test]
    fn those_that_came_together_are_found_and_go_one_by_one() {
        let mut history = history();
        history.keep(together(1, &[1, 2, 3]));
        history.keep(together(2, &[4, 5]));
        for (second, size) in [(1, 1), (1, 2), (1, 3), (2, 4), (2, 5)] {
            let one = history.find(&id(second, size)).expect("kept");
            assert_eq!((one.at, one.frame_len()), (at(second), size));
        }
        assert_eq!(history.give(&id(2, 4)).map(|(number, _)| number), Some(3));
        history.keep(kept(3, 6));
        history.keep(kept(4, 7));
        assert_eq!(sizes(&history, 4), [3, 4, 5, 6, 7]);
        assert_eq!((history.size(), history.first()), ((25, 5), 2));
        assert!(history.find(&id(1, 2)).is_none());
        assert_eq!(history.reach(at(4)), Duration::from_secs(3));
        assert_eq!(sizes(&history, 61), [4, 5, 6, 7]);
    }

    #[test]
    fn what_nobody_wanted_is_given_once_it_is_wanted_but_for_what_is_gone() {
        let mut history = history();
        let (via, unheard) = (LinkId::accepted(1), |kept: Kept| Kept {
            via: Some(LinkId::accepted(1)),
            is_unheard: true,
            ..kept
        });
        history.keep(unheard(together(1, &[1, 2, 3, 4, 5])));
        history.keep(kept(2, 6));
        let taken = history.take_unheard(at(2), |_| true);
        let taken: Vec<_> = taken
            .iter()
            .map(|(via, frame)| (*via, frame.len()))
            .collect();
        assert_eq!(taken, [(via, 2), (via, 3), (via, 4), (via, 5)]);
        assert!(history.take_unheard(at(2), |_| true).is_empty());
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
        assert!(history.find(&id(50, 0)).is_some());
        assert_eq!(sizes(&history, 50), [48, 49, 0]);
        assert_eq!(history.reach(at(50)), Duration::from_secs(3));
        assert_eq!(history.reach(at(200)), SPAN);
    }
}
