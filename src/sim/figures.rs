//! [`Figures`]: who got which broadcast when and over how many links, and what it cost.
//!
//! Broadcasts are followed by number, nodes by place: what is kept of one is a few bytes for each node.

use core::time::Duration;
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use bytes::Bytes;

use super::cable::Tag;
use super::node::Place;
use crate::id::MessageId;
use crate::time::Timestamp;
use crate::wire::{Compression, Frame, FrameReader, HEADER, Kind, Limits, Message, Time};

/// A broadcast that is followed, by the order in which it was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Followed(pub(super) u32);

/// What one node had of one broadcast.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Arrival {
    /// When the first copy came, after it was sent; `None` if none came. 0 at its origin.
    pub after: Option<Duration>,
    /// From which node the first copy came; `None` at its origin.
    pub from: Option<Place>,
    /// Over how many links the first copy came; 0 at its origin.
    pub hops: u8,
    /// How many copies came.
    pub copies: u16,
    /// How often the application was given it.
    pub delivered: u8,
}

/// What is kept of that: 16 bytes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Mark {
    /// In microseconds; `NEVER` if no copy came.
    after: u32,
    /// The lane by which the copy came that the application was given.
    pub(super) by: u32,
    /// The place from which the first copy came.
    from: u32,
    copies: u16,
    hops: u8,
    pub(super) delivered: u8,
}

const NEVER: u32 = u32::MAX;

impl Default for Mark {
    fn default() -> Self {
        Self {
            after: NEVER,
            by: NEVER,
            from: NEVER,
            copies: 0,
            hops: 0,
            delivered: 0,
        }
    }
}

impl Mark {
    pub(super) fn has_come(&self) -> bool {
        self.after != NEVER
    }
}

/// What is kept of a broadcast.
#[derive(Debug)]
pub(super) struct Track {
    pub(super) id: MessageId,
    pub(super) origin: u32,
    pub(super) sent: Timestamp,
    pub(super) bytes: Bytes,
    /// What it says its time is.
    pub(super) time: Option<u64>,
    marks: Vec<Mark>,
}

impl Track {
    pub(super) fn mark(&self, place: u32) -> Mark {
        self.marks.get(place as usize).copied().unwrap_or_default()
    }

    pub(super) fn mark_mut(&mut self, place: u32) -> &mut Mark {
        let index = place as usize;
        if index >= self.marks.len() {
            self.marks.resize(index + 1, Mark::default());
        }
        &mut self.marks[index]
    }
}

/// What went over all links so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Totals {
    /// Frames that carry a broadcast of an application.
    pub payload_frames: u64,
    /// Their bytes.
    pub payload_bytes: u64,
    /// All other frames: handshakes, peer lists, heartbeats, whispers, promises of broadcasts.
    pub control_frames: u64,
    /// Their bytes.
    pub control_bytes: u64,
    /// Broadcasts given to applications.
    pub deliveries: u64,
}

/// Who got what when, and what it cost.
#[derive(Debug, Default)]
pub struct Figures {
    pub(super) tracks: Vec<Track>,
    /// The first bytes of the body of each form in which a broadcast travels.
    forms: HashMap<[u8; 32], u32, BuildHasherDefault<Prefix>>,
    totals: Totals,
}

impl Figures {
    /// What went over all links so far.
    pub fn totals(&self) -> Totals {
        self.totals
    }

    /// The broadcasts that were sent so far, oldest first.
    pub fn broadcasts(&self) -> impl Iterator<Item = Followed> + use<> {
        (0..self.tracks.len() as u32).map(Followed)
    }

    /// The broadcast with this id, if it was sent in this simulation.
    pub fn find(&self, id: &MessageId) -> Option<Followed> {
        self.forms.get(&id.0).copied().map(Followed)
    }

    /// The id of a broadcast.
    pub fn id(&self, broadcast: Followed) -> MessageId {
        self.track(broadcast).id
    }

    /// The bytes of its frame, plain; none while it was not sent over any link.
    pub fn frame(&self, broadcast: Followed) -> Bytes {
        self.track(broadcast).bytes.clone()
    }

    /// Who sent a broadcast.
    pub fn origin(&self, broadcast: Followed) -> Place {
        Place(self.track(broadcast).origin)
    }

    /// When a broadcast was sent.
    pub fn sent(&self, broadcast: Followed) -> Timestamp {
        self.track(broadcast).sent
    }

    /// What a node had of a broadcast.
    pub fn arrival(&self, broadcast: Followed, place: Place) -> Arrival {
        let mark = self.track(broadcast).mark(place.0);
        Arrival {
            after: mark
                .has_come()
                .then(|| Duration::from_micros(u64::from(mark.after))),
            from: (mark.from != NEVER).then_some(Place(mark.from)),
            hops: mark.hops,
            copies: mark.copies,
            delivered: mark.delivered,
        }
    }

    fn track(&self, broadcast: Followed) -> &Track {
        &self.tracks[broadcast.0 as usize]
    }

    /// Follows a broadcast from here on; what it was followed by already, if it was.
    pub(super) fn follow(&mut self, now: Timestamp, origin: u32, id: MessageId) -> Followed {
        let next = self.tracks.len() as u32;
        let number = *self.forms.entry(id.0).or_insert(next);
        if number == next {
            let mut track = Track {
                id,
                origin,
                sent: now,
                bytes: Bytes::new(),
                time: None,
                marks: Vec::new(),
            };
            track.mark_mut(origin).after = 0;
            self.tracks.push(track);
        }
        Followed(number)
    }

    /// What a frame that a node hands to `links` links carries, and counts it.
    pub(super) fn classify(
        &mut self,
        now: Timestamp,
        place: u32,
        frame: &Bytes,
        links: usize,
    ) -> Tag {
        let tag = self.tag(now, place, frame);
        let (links, bytes) = (links as u64, frame.len() as u64);
        if tag == Tag::NONE {
            self.totals.control_frames += links;
            self.totals.control_bytes += links * bytes;
        } else {
            self.totals.payload_frames += links;
            self.totals.payload_bytes += links * bytes;
        }
        tag
    }

    fn tag(&mut self, now: Timestamp, place: u32, frame: &Bytes) -> Tag {
        let Some(form) = frame.get(HEADER..).and_then(|body| body.first_chunk()) else {
            return Tag::NONE;
        };
        if let Some(&number) = self.forms.get(form) {
            let track = &mut self.tracks[number as usize];
            if track.bytes.is_empty() && track.id.0 == *form {
                track.bytes = frame.clone();
                track.time = time_of(frame);
            }
            return Tag(number);
        }
        if !may_be_broadcast(frame) {
            return Tag::NONE;
        }
        self.learn(now, place, frame, *form).unwrap_or(Tag::NONE)
    }

    /// A form that was not seen before: compressed, or of a broadcast whose sender told nobody.
    fn learn(&mut self, now: Timestamp, place: u32, frame: &Bytes, form: [u8; 32]) -> Option<Tag> {
        let message = open(frame)?;
        let is_application = message.flag().is_some();
        if message.kind() != Kind::Broadcast || !is_application {
            return None;
        }
        let Followed(number) = self.follow(now, place, message.id());
        self.forms.insert(form, number);
        let track = &mut self.tracks[number as usize];
        if track.bytes.is_empty() {
            track.bytes = message.frame().into_bytes();
            track.time = time_of(&track.bytes);
        }
        Some(Tag(number))
    }

    /// A copy of a broadcast has come to `place` from `from` by `lane`. Says whether it is the first.
    pub(super) fn arrived(
        &mut self,
        now: Timestamp,
        tag: Tag,
        from: u32,
        place: u32,
        lane: u32,
    ) -> bool {
        let Some(track) = self.tracks.get_mut(tag.0 as usize) else {
            return false;
        };
        let hops = track.mark(from).hops.saturating_add(1);
        let after = now.since(track.sent).as_micros();
        let is_origin = track.origin == place;
        let mark = track.mark_mut(place);
        mark.copies = mark.copies.saturating_add(1);
        let is_first = !mark.has_come();
        if is_first {
            mark.after = u32::try_from(after).unwrap_or(NEVER - 1);
            mark.hops = hops;
        }
        if mark.delivered == 0 && !is_origin {
            // An earlier copy may have come at a time at which it was not taken.
            mark.by = lane;
            mark.from = from;
        }
        is_first
    }

    /// The application at `place` was given a broadcast: how often by now.
    pub(super) fn delivered(&mut self, place: u32, id: &MessageId) -> u8 {
        self.totals.deliveries += 1;
        let Some(Followed(number)) = self.find(id) else {
            return 1;
        };
        let mark = self.tracks[number as usize].mark_mut(place);
        mark.delivered = mark.delivered.saturating_add(1);
        mark.delivered
    }

    /// The node at `place` starts anew and knows nothing of what it had.
    pub(super) fn forget(&mut self, place: u32) {
        for track in &mut self.tracks {
            if track.origin != place {
                track.mark_mut(place).delivered = 0;
            }
        }
    }
}

/// The message that the bytes of a frame are.
fn open(frame: &Bytes) -> Option<Message> {
    let mut reader = FrameReader::new(frame.len());
    reader.push(frame.clone());
    let frame: Frame = reader.next_frame().ok().flatten()?;
    frame
        .open(&[Compression::Zlib], 1 << 24, &Limits::DEFAULT)
        .ok()
}

fn time_of(frame: &Bytes) -> Option<u64> {
    match *open(frame)?.time() {
        Time::Seconds(time) => Some(time),
        Time::Other(_) => None,
    }
}

/// Whether a frame is worth a look: a plain broadcast, or compressed by zlib.
fn may_be_broadcast(frame: &Bytes) -> bool {
    const BROADCAST: u8 = 0;
    const ZLIB: u8 = 0x78;
    const PACKED: usize = HEADER + 32;

    // An array of up to 15 items has one byte, and few applications send more packets than that in one message.
    let is_small = frame.get(PACKED).is_some_and(|head| head & 0xf0 == 0x90);
    let kind = frame.get(PACKED + if is_small { 1 } else { 3 });
    kind == Some(&BROADCAST) || frame.get(HEADER) == Some(&ZLIB)
}

/// Hashes an id, which is a hash already, by its first bytes.
#[derive(Default)]
struct Prefix(u64);

impl Hasher for Prefix {
    fn write(&mut self, bytes: &[u8]) {
        let first = bytes.first_chunk().copied().unwrap_or_default();
        self.0 ^= u64::from_be_bytes(first);
    }

    fn write_usize(&mut self, _length: usize) {
        // The same for every id.
    }

    fn finish(&self) -> u64 {
        self.0
    }
}
