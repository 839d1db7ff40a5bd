//! Copies of what was seen: found by the id that they claim, which is cheaper than hashing them, and dropped, a whole row of them
//! at once where a link brings one. A false claim costs only the frame of who makes it.

use super::Mesh;
use super::link::Link;
use super::seen::Seen;
use crate::id::{LinkId, MessageId};
use crate::time::Timestamp;

/// Most frames that are dropped at once, and so how many more than it may a link brings before it is held against it.
const ROW: usize = 64;

/// Copies that one link has brought.
#[derive(Debug, Default)]
pub(super) struct Copies {
    frames: usize,
    bytes: usize,
    /// What they claim, if that matters: if their peer keeps trees.
    claims: Vec<MessageId>,
}

/// What a link brings next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ahead {
    /// It was copies, which were dropped.
    Copies,
    /// Something that claims an id that is not known.
    New,
    /// That is not told before it has come whole, or the peer has greeted.
    Untold,
}

impl Copies {
    /// Drops the copies that a link brings next, as far as they are there whole, and keeps count of them.
    pub(super) fn drop_ahead(&mut self, link: &mut Link, seen: &Seen) -> Ahead {
        let Some(peer) = link.phase.greeted() else {
            return Ahead::Untold;
        };
        self.claims.clear();
        let dropped = link.reader.drop_while(ROW, |claimed| {
            let is_known = seen.contains(claimed);
            if is_known && peer.trees {
                self.claims.push(*claimed);
            }
            is_known
        });
        (self.frames, self.bytes) = (dropped.frames, dropped.bytes);
        match dropped.frames {
            0 if dropped.is_next_unknown => Ahead::New,
            0 => Ahead::Untold,
            _ => Ahead::Copies,
        }
    }
}

impl Mesh {
    /// Takes note of the copies that were dropped last.
    pub(super) fn copies_dropped(&mut self, now: Timestamp, id: LinkId) {
        let copies = core::mem::take(&mut self.copies);
        self.stats.received += copies.frames as u64;
        if let Some(link) = self.links.get_mut(&id) {
            link.frame_since = None;
        }
        self.copies_came(now, id, (copies.frames, copies.bytes), &copies.claims);
        self.copies = copies;
    }

    /// A link has brought copies: so many frames and bytes.
    pub(super) fn copies_came(
        &mut self,
        now: Timestamp,
        id: LinkId,
        (frames, bytes): (usize, usize),
        claims: &[MessageId],
    ) {
        self.stats.duplicates += frames as u64;
        self.comes_another_way(now);
        if let Some(link) = self.links.get_mut(&id) {
            link.echo.hears();
        }
        self.charge_waste(now, id, frames, bytes);
        for claimed in claims {
            self.prune_if_redundant(now, id, claimed);
        }
    }
}
