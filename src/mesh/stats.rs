//! What a node counts.

use super::limit::Limit;
use super::link_end::LinkEnd;
use super::tally::Tally;

/// Counters since the start of the node. They only grow.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stats {
    /// Messages received, duplicates included.
    pub received: u64,
    /// Bytes of frames received.
    pub received_bytes: u64,
    /// Broadcasts that had been seen before, and copies of whispers.
    pub duplicates: u64,
    /// Messages given to the application.
    pub delivered: u64,
    /// Broadcasts that were not given to the application as it does not want them
    /// ([`Command::Interest`](super::Command::Interest)).
    pub unwanted: u64,
    /// Answers dropped: to no question, too late, a second one, or of a node that was not asked.
    pub unasked: u64,
    /// Frames handed to links, each counted once for each link.
    pub transmitted: u64,
    /// Bytes of frames handed to links, likewise.
    pub transmitted_bytes: u64,
    /// Broadcasts dropped as older than [`Config::accept_past`](super::Config::accept_past).
    pub stale: u64,
    /// Broadcasts dropped as further in the future than [`Config::accept_future`](super::Config::accept_future).
    pub future: u64,
    /// Messages dropped because their time is no whole number of seconds.
    pub no_time: u64,
    /// Messages of others dropped because they make no sense.
    pub malformed: u64,
    /// Whispers of other nodes that found no way on from here.
    pub undeliverable: u64,
    /// Messages dropped because they claim a sender that their link disproves.
    pub spoofed: u64,
    /// Broadcasts that were promised by their id, were late, and were asked for.
    pub grafts: u64,
    /// Broadcasts that a new neighbour was asked for as this node had missed them.
    pub fetched: u64,
    /// Frames dropped because a peer reads too slowly.
    pub dropped_slow: u64,
    /// Links refused or cut by this node for a fault of the peer.
    pub faulty_links: u64,
    /// Addresses that were dialled, each time.
    pub dials: u64,
    /// Dials that became no link, by how they ended.
    pub dials_failed: Tally<LinkEnd, { LinkEnd::COUNT }>,
    /// Links that came up: dialled or accepted, those included that were refused at once.
    pub links_opened: u64,
    /// Links on which both ends have greeted.
    pub links_greeted: u64,
    /// Links that were up and ended, by how they did: as many as came up and are up no more.
    pub links_closed: Tally<LinkEnd, { LinkEnd::COUNT }>,
    /// How often a limit was struck.
    pub struck: Tally<Limit, { Limit::COUNT }>,
}

impl Stats {
    /// Messages and frames that went nowhere, by why. Names do not change once released.
    pub const fn dropped(&self) -> [(&'static str, u64); 10] {
        [
            ("duplicate", self.duplicates),
            ("unwanted", self.unwanted),
            ("unasked", self.unasked),
            ("stale", self.stale),
            ("future", self.future),
            ("no_time", self.no_time),
            ("malformed", self.malformed),
            ("undeliverable", self.undeliverable),
            ("spoofed", self.spoofed),
            ("slow_reader", self.dropped_slow),
        ]
    }

    /// A link ended that was up, or a dial that became none.
    pub(super) fn count_end(&mut self, end: LinkEnd, was_up: bool) {
        if was_up {
            self.links_closed.count(end);
        } else {
            self.dials_failed.count(end);
        }
        if let Some(limit) = end.limit() {
            self.struck.count(limit);
        }
    }

    /// So many frames had no room in a peer's queue.
    pub(super) fn count_slow(&mut self, frames: u64) {
        self.dropped_slow += frames;
        self.struck.count_many(Limit::QueueBytes, frames);
    }
}
