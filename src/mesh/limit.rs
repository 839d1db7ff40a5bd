//! Which limits were struck: named as the bounds in [`Config`](super::Config) are, to be counted by.

use super::tally::Named;

/// A limit that others can make a node strike.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Limit {
    /// [`Config::links`](super::Config::links): a link was refused.
    Links,
    /// [`Config::ungreeted`](super::Config::ungreeted): a link was closed for others.
    Ungreeted,
    /// [`Config::message_rate`](super::Config::message_rate), or one of those that come with it: a link was not read from for a while.
    MessageRate,
    /// [`Config::peers_rate`](super::Config::peers_rate): a peer is told later than it asked.
    PeersRate,
    /// [`Config::renegotiation_rate`](super::Config::renegotiation_rate): a renegotiation is not answered.
    RenegotiationRate,
    /// [`Config::dial_timeout`](super::Config::dial_timeout): a dial was given up.
    DialTimeout,
    /// [`Config::greeting_timeout`](super::Config::greeting_timeout): a link was cut.
    GreetingTimeout,
    /// [`Config::frame_timeout`](super::Config::frame_timeout): a link was cut.
    FrameTimeout,
    /// [`Config::frame`](super::Config::frame) or [`Config::greeting_frame`](super::Config::greeting_frame): a link was cut.
    Frame,
    /// [`Config::stall_timeout`](super::Config::stall_timeout), or a queue without room for what a link depends on: it was cut.
    StallTimeout,
    /// [`Config::silence`](super::Config::silence): a link was cut.
    Silence,
    /// [`Config::asleep_cut`](super::Config::asleep_cut): a link was cut.
    AsleepCut,
    /// [`Config::queue_bytes`](super::Config::queue_bytes) or [`Config::queue_frames`](super::Config::queue_frames): a frame was
    /// dropped.
    QueueBytes,
    /// [`Config::addresses`](super::Config::addresses), or the teller's share of them: an address was not kept.
    Addresses,
    /// [`Config::errands`](super::Config::errands): a whisper of others was dropped.
    Errands,
    /// [`Config::owed`](super::Config::owed): a broadcast that was asked for is not given.
    Owed,
}

impl Limit {
    /// How many there are.
    pub const COUNT: usize = <Self as Named>::NAMES.len();
}

impl Named for Limit {
    const NAMES: &'static [(Self, &'static str)] = &[
        (Self::Links, "links"),
        (Self::Ungreeted, "ungreeted"),
        (Self::MessageRate, "message_rate"),
        (Self::PeersRate, "peers_rate"),
        (Self::RenegotiationRate, "renegotiation_rate"),
        (Self::DialTimeout, "dial_timeout"),
        (Self::GreetingTimeout, "greeting_timeout"),
        (Self::FrameTimeout, "frame_timeout"),
        (Self::Frame, "frame"),
        (Self::StallTimeout, "stall_timeout"),
        (Self::Silence, "silence"),
        (Self::AsleepCut, "asleep_cut"),
        (Self::QueueBytes, "queue_bytes"),
        (Self::Addresses, "addresses"),
        (Self::Errands, "errands"),
        (Self::Owed, "owed"),
    ];

    fn index(self) -> usize {
        self as usize
    }
}

// The last one, so that none is without a name.
const _: () = assert!(Limit::Owed as usize + 1 == Limit::COUNT);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_has_its_name_at_its_place() {
        for (place, (limit, name)) in Limit::NAMES.iter().enumerate() {
            assert_eq!(limit.index(), place, "{name}");
            assert_eq!(limit.as_str(), *name);
        }
    }
}
