//! What a node counts.

/// Counters since the start of the node. They only grow.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stats {
    /// Messages received, duplicates included.
    pub received: u64,
    /// Bytes of frames received.
    pub received_bytes: u64,
    /// Broadcasts that had been seen before.
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
    /// Times that a link was read from more slowly as it brought too much ([`Config::message_rate`](super::Config::message_rate)).
    pub slowed: u64,
    /// Questions for peers, and renegotiations, that came too often and were answered late or not.
    pub deferred: u64,
    /// Links closed for others, as too many had not greeted ([`Config::ungreeted`](super::Config::ungreeted)).
    pub crowded_out: u64,
    /// Links refused or cut by this node for a fault of the peer.
    pub faulty_links: u64,
}
