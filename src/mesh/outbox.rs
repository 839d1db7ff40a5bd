//! What waits for one peer: a bounded queue before the transport, and the account of what the transport holds.
//!
//! A peer that reads slowly loses relayed broadcasts, oldest first; what this node itself says is not dropped for it.

use std::collections::VecDeque;

use bytes::Bytes;

use super::event::Ticket;
use crate::time::Timestamp;
use crate::wire::Message;

/// So much written is progress, and so is all that there was. 16 KiB: who takes a byte now and then keeps a whole queue waiting.
const PROGRESS: usize = 16 << 10;

/// Whose frame it is, which decides whether it may be dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Class {
    /// Greetings, peer lists, heartbeats: the link depends on them.
    Control,
    /// A broadcast of this node's user.
    Own,
    /// A whisper of this node's user.
    Whisper,
    /// Somebody else's whisper, which has no other way.
    Passing,
    /// Somebody else's broadcast. It may reach the peer another way.
    Relayed,
}

impl Class {
    /// Whether it waits for a peer that sleeps, which is told of broadcasts when it wakes and of nothing else.
    pub(super) fn waits_for_sleepers(self) -> bool {
        matches!(self, Self::Whisper | Self::Passing)
    }

    /// In which order it is dropped where there is no room, if it may be.
    fn worth(self) -> Option<u8> {
        match self {
            Self::Relayed => Some(0),
            Self::Passing => Some(1),
            Self::Control | Self::Own | Self::Whisper => None,
        }
    }
}

/// A frame for one peer.
#[derive(Clone, Debug)]
pub(super) struct Parcel {
    pub(super) frame: Bytes,
    pub(super) class: Class,
    pub(super) ticket: Option<Ticket>,
}

impl Parcel {
    /// What the link depends on.
    pub(super) fn control(message: &Message) -> Self {
        Self {
            frame: message.frame().into_bytes(),
            class: Class::Control,
            ticket: None,
        }
    }

    /// A broadcast of others.
    pub(super) fn relayed(frame: Bytes) -> Self {
        Self {
            frame,
            class: Class::Relayed,
            ticket: None,
        }
    }
}

/// The bounds of an [`Outbox`], out of the configuration.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    pub(super) bytes: usize,
    pub(super) frames: usize,
    pub(super) budget: usize,
}

/// The account of frames to one peer.
#[derive(Debug)]
pub(super) struct Outbox {
    bounds: Bounds,
    waiting: VecDeque<Parcel>,
    waiting_bytes: usize,
    /// Bytes that the transport holds.
    handed_bytes: usize,
    /// Bytes that it has written, ever.
    written_bytes: u64,
    /// The tickets of frames that it holds, each with what [`Self::written_bytes`] is once its frame is through.
    handed_tickets: VecDeque<(u64, Ticket)>,
    progress: Timestamp,
    /// Bytes written since then.
    moved: usize,
}

/// How much is under way to a peer.
#[derive(Clone, Copy, Debug)]
pub(super) struct Load {
    pub(super) waiting_bytes: usize,
    pub(super) waiting_frames: usize,
    pub(super) handed_bytes: usize,
}

/// The queue is full of what may not be dropped.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Full;

impl Outbox {
    pub(super) fn new(bounds: Bounds, now: Timestamp) -> Self {
        Self {
            bounds,
            waiting: VecDeque::new(),
            waiting_bytes: 0,
            handed_bytes: 0,
            written_bytes: 0,
            handed_tickets: VecDeque::new(),
            progress: now,
            moved: 0,
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty() && self.handed_bytes == 0
    }

    /// Whether something waits that the transport was not given.
    pub(super) fn is_waiting(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// Whether a frame may go to the transport now. One frame may exceed the budget, or large ones would never go.
    pub(super) fn takes(&self, frame: usize) -> bool {
        self.waiting.is_empty() && self.within_budget(frame)
    }

    /// Whether a frame of the user's finds room without anything being dropped for it.
    pub(super) fn has_room(&self, frame: usize) -> bool {
        self.takes(frame) || self.fits(frame)
    }

    fn within_budget(&self, frame: usize) -> bool {
        self.handed_bytes == 0 || self.handed_bytes + frame <= self.bounds.budget
    }

    fn fits(&self, frame: usize) -> bool {
        self.waiting.len() < self.bounds.frames && self.waiting_bytes + frame <= self.bounds.bytes
    }

    /// Counts a frame that is handed to the transport at `now`.
    pub(super) fn hand_over(&mut self, now: Timestamp, bytes: usize, ticket: Option<Ticket>) {
        if self.handed_bytes == 0 {
            self.progress = now;
            self.moved = 0;
        }
        self.handed_bytes += bytes;
        if let Some(ticket) = ticket {
            let end = self.written_bytes + self.handed_bytes as u64;
            self.handed_tickets.push_back((end, ticket));
        }
    }

    /// Queues a parcel, dropping for it what others said, the oldest broadcasts first, if there is no room. Says what was
    /// dropped, which may be the parcel itself.
    pub(super) fn push(&mut self, parcel: Parcel) -> Result<usize, Full> {
        let mut dropped = 0;
        while !self.fits(parcel.frame.len()) {
            let Some(at) = self.least_worth(parcel.class) else {
                return match parcel.class.worth() {
                    Some(_) => Ok(dropped + 1),
                    None => Err(Full),
                };
            };
            let gone = self
                .waiting
                .remove(at)
                .map_or(0, |parcel| parcel.frame.len());
            self.waiting_bytes -= gone;
            dropped += 1;
        }
        self.waiting_bytes += parcel.frame.len();
        self.waiting.push_back(parcel);
        Ok(dropped)
    }

    /// Where the first of those waits that go before one of this class.
    fn least_worth(&self, class: Class) -> Option<usize> {
        let most = class.worth().unwrap_or(u8::MAX);
        let droppable = self.waiting.iter().enumerate();
        let droppable = droppable.filter_map(|(at, parcel)| Some((parcel.class.worth()?, at)));
        let least = droppable.filter(|(worth, _)| *worth <= most).min();
        least.map(|(_, at)| at)
    }

    /// Drops broadcasts of others; says how many there were.
    pub(super) fn drop_relayed(&mut self) -> usize {
        let before = self.waiting.len();
        self.waiting.retain(|parcel| parcel.class != Class::Relayed);
        self.waiting_bytes = self.waiting.iter().map(|parcel| parcel.frame.len()).sum();
        before - self.waiting.len()
    }

    /// Gives up what the transport was not given.
    pub(super) fn take_waiting(&mut self) -> VecDeque<Parcel> {
        self.waiting_bytes = 0;
        core::mem::take(&mut self.waiting)
    }

    /// Takes the next parcel that the transport may have, and counts it as handed over at `now`.
    pub(super) fn next(&mut self, now: Timestamp) -> Option<Bytes> {
        let size = self.waiting.front()?.frame.len();
        if !self.within_budget(size) {
            return None;
        }
        let parcel = self.waiting.pop_front()?;
        self.waiting_bytes -= size;
        self.hand_over(now, size, parcel.ticket);
        Some(parcel.frame)
    }

    /// Counts `bytes` as written; returns the tickets of the frames that are written to their end.
    pub(super) fn written(&mut self, now: Timestamp, bytes: usize) -> Vec<Ticket> {
        let bytes = bytes.min(self.handed_bytes);
        self.handed_bytes -= bytes;
        self.written_bytes += bytes as u64;
        self.moved += bytes;
        if self.moved >= PROGRESS || self.handed_bytes == 0 {
            self.progress = now;
            self.moved = 0;
        }
        let mut through = Vec::new();
        while let Some(&(end, ticket)) = self.handed_tickets.front()
            && end <= self.written_bytes
        {
            through.push(ticket);
            self.handed_tickets.pop_front();
        }
        through
    }

    /// Since when the transport holds something and wrote next to nothing.
    pub(super) fn stalled_since(&self) -> Option<Timestamp> {
        (self.handed_bytes > 0).then_some(self.progress)
    }

    /// Every ticket that is not written yet.
    pub(super) fn tickets(&self) -> impl Iterator<Item = Ticket> {
        let waiting = self.waiting.iter().filter_map(|parcel| parcel.ticket);
        let handed = self.handed_tickets.iter().map(|(_, ticket)| *ticket);
        handed.chain(waiting)
    }

    /// How much is under way.
    pub(super) fn load(&self) -> Load {
        Load {
            waiting_bytes: self.waiting_bytes,
            waiting_frames: self.waiting.len(),
            handed_bytes: self.handed_bytes,
        }
    }

    #[cfg(test)]
    fn bytes(&self) -> (usize, usize) {
        (self.waiting_bytes, self.handed_bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::ZERO;

    fn outbox() -> Outbox {
        Outbox::new(
            Bounds {
                bytes: 100,
                frames: 5,
                budget: 20,
            },
            NOW,
        )
    }

    fn parcel(size: usize, class: Class) -> Parcel {
        Parcel {
            frame: Bytes::from(vec![0; size]),
            class,
            ticket: Some(Ticket(size as u64)),
        }
    }

    #[test]
    fn a_transport_holds_no_more_than_its_budget() {
        let mut outbox = outbox();
        for _ in 0..3 {
            assert_eq!(outbox.push(parcel(8, Class::Own)), Ok(0));
        }
        assert!(outbox.next(NOW).is_some());
        assert!(outbox.next(NOW).is_some());
        assert!(outbox.next(NOW).is_none(), "a third would be 24 bytes");
        assert_eq!(outbox.written(NOW, 8), [Ticket(8)]);
        assert!(outbox.next(NOW).is_some());
    }

    #[test]
    fn one_frame_may_exceed_the_budget() {
        let mut outbox = outbox();
        assert!(outbox.takes(90));
        outbox.hand_over(NOW, 90, None);
        assert!(!outbox.takes(1));
    }

    #[test]
    fn relayed_broadcasts_make_room_oldest_first() {
        let mut outbox = outbox();
        assert_eq!(outbox.push(parcel(40, Class::Relayed)), Ok(0));
        assert_eq!(outbox.push(parcel(30, Class::Own)), Ok(0));
        assert_eq!(outbox.push(parcel(30, Class::Relayed)), Ok(0));
        assert_eq!(outbox.push(parcel(35, Class::Own)), Ok(1));
        assert_eq!(
            outbox.tickets().map(|t| t.0).collect::<Vec<_>>(),
            [30, 30, 35]
        );
        assert_eq!(
            outbox.push(parcel(60, Class::Own)),
            Err(Full),
            "own messages are not dropped"
        );
    }

    #[test]
    fn a_relayed_broadcast_without_room_is_the_one_dropped() {
        let mut outbox = outbox();
        assert_eq!(outbox.push(parcel(100, Class::Own)), Ok(0));
        assert_eq!(outbox.push(parcel(1, Class::Relayed)), Ok(1));
        assert_eq!(outbox.bytes(), (100, 0));
    }

    #[test]
    fn the_number_of_frames_is_bounded_too() {
        let mut outbox = outbox();
        for _ in 0..5 {
            assert_eq!(outbox.push(parcel(1, Class::Control)), Ok(0));
        }
        assert_eq!(outbox.push(parcel(1, Class::Control)), Err(Full));
    }

    #[test]
    fn a_frame_is_settled_when_its_last_byte_is_written() {
        let mut outbox = outbox();
        outbox.hand_over(NOW, 10, Some(Ticket(1)));
        outbox.hand_over(NOW, 10, Some(Ticket(2)));
        assert_eq!(outbox.written(NOW, 9), []);
        assert_eq!(outbox.written(NOW, 2), [Ticket(1)]);
        assert_eq!(outbox.tickets().collect::<Vec<_>>(), [Ticket(2)]);
        assert_eq!(outbox.written(NOW, 1_000), [Ticket(2)]);
        assert!(outbox.is_empty());
    }

    #[test]
    fn a_stall_counts_from_the_last_progress() {
        let later = Timestamp::from_millis(5);
        let mut outbox = outbox();
        assert_eq!(outbox.stalled_since(), None);
        outbox.hand_over(NOW, 10, None);
        assert_eq!(outbox.stalled_since(), Some(NOW));
        outbox.written(later, 1);
        assert_eq!(outbox.stalled_since(), Some(NOW), "a byte is none");
        outbox.hand_over(later, PROGRESS, None);
        outbox.written(later, PROGRESS - 1);
        assert_eq!(outbox.stalled_since(), Some(later));
        outbox.written(later, PROGRESS);
        assert_eq!(outbox.stalled_since(), None);
    }
}
