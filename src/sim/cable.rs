//! Links between nodes: two ends, and a lane each way in which things keep their order.
//!
//! A lane is as a TCP connection: it holds so many bytes that the receiver has not read, and keeps the sender waiting beyond
//! that. What is in it neither moves nor vanishes on its own; when something moves is the network's matter.

use std::collections::VecDeque;

use bytes::Bytes;

use super::agenda::Number;
use super::marks::Marks;
use crate::address::Scheme;
use crate::id::LinkId;
use crate::mesh::LinkDown;
use crate::time::Timestamp;
use core::time::Duration;

/// What a frame carries, as the figures know it: the number of a broadcast that is followed, or nothing of the kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Tag(pub(super) u32);

impl Tag {
    pub(super) const NONE: Self = Self(u32::MAX);
}

/// Something under way in a lane.
#[derive(Debug)]
pub(super) enum Item {
    /// The link is up.
    Opened,
    Frame(Bytes, Tag),
    /// The far end has read, so that this many bytes of this end's were taken.
    Written(usize),
    /// The far end's system has answered a ping.
    Alive,
    Closed(Box<LinkDown>),
}

#[derive(Debug)]
pub(super) struct Moving {
    pub(super) at: Timestamp,
    pub(super) item: Item,
}

/// One direction.
#[derive(Debug, Default)]
pub(super) struct Lane {
    pub(super) items: VecDeque<Moving>,
    /// The entry of the agenda for the first item, if it is set.
    pub(super) due: Option<Number>,
    /// When the last thing in it arrives: nothing later may arrive earlier.
    pub(super) last: Timestamp,
    /// Bytes in it that were not read.
    pub(super) unread: usize,
    /// Frames for which there is no room yet.
    pub(super) waiting: VecDeque<(Bytes, Tag)>,
    /// Which of the broadcasts that are followed went into it.
    pub(super) sent: Marks,
    /// Who speaks in it, as its first frame says.
    pub(super) speaker: Option<u32>,
    /// Whatever goes into it is lost.
    pub(super) is_broken: bool,
    /// Its receiver does not read from it.
    pub(super) is_held: bool,
    /// That first frame has arrived.
    pub(super) has_greeted: bool,
}

#[derive(Debug)]
pub(super) struct End {
    pub(super) place: u32,
    pub(super) link: LinkId,
    /// Its node knows of it.
    pub(super) is_open: bool,
}

/// A link: the end with index 0 dialled, lane `n` leads away from end `n`.
#[derive(Debug)]
pub(super) struct Cable {
    /// Its number among all that ever were, as slots are used again.
    pub(super) serial: u32,
    pub(super) scheme: Scheme,
    /// How long a way is.
    pub(super) latency: Duration,
    pub(super) ends: [End; 2],
    pub(super) lanes: [Lane; 2],
}

impl Cable {
    pub(super) fn new(scheme: Scheme, latency: Duration, ends: [End; 2]) -> Self {
        Self {
            serial: 0,
            scheme,
            latency,
            ends,
            lanes: Default::default(),
        }
    }

    /// The number of a lane among all that ever were.
    pub(super) fn lane_serial(&self, side: u8) -> u32 {
        self.serial << 1 | u32::from(side)
    }

    /// Nobody holds it any more.
    pub(super) fn is_over(&self) -> bool {
        self.ends.iter().all(|end| !end.is_open)
    }

    /// Both nodes have shown their handshakes and know of no end.
    pub(super) fn is_greeted(&self) -> bool {
        self.ends.iter().all(|end| end.is_open) && self.lanes.iter().all(|lane| lane.has_greeted)
    }
}

/// All links, in slots that are used again.
#[derive(Debug, Default)]
pub(super) struct Cables {
    slots: Vec<Option<Cable>>,
    free: Vec<u32>,
    made: u32,
}

impl Cables {
    pub(super) fn add(&mut self, mut cable: Cable) -> u32 {
        cable.serial = self.made;
        self.made += 1;
        match self.free.pop() {
            Some(slot) => {
                self.slots[slot as usize] = Some(cable);
                slot
            }
            None => {
                self.slots.push(Some(cable));
                self.slots.len() as u32 - 1
            }
        }
    }

    pub(super) fn cable(&self, slot: u32) -> Option<&Cable> {
        self.slots.get(slot as usize)?.as_ref()
    }

    pub(super) fn cable_mut(&mut self, slot: u32) -> Option<&mut Cable> {
        self.slots.get_mut(slot as usize)?.as_mut()
    }

    /// Lets go of a link that nobody holds.
    pub(super) fn free(&mut self, slot: u32) {
        if self.cable(slot).is_some() {
            self.slots[slot as usize] = None;
            self.free.push(slot);
        }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (u32, &Cable)> {
        let slots = (0..).zip(&self.slots);
        slots.filter_map(|(slot, cable)| Some((slot, cable.as_ref()?)))
    }
}
