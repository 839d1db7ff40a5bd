//! How a link ended, as one of a few names: to be counted by, where [`CloseReason`] and [`LinkDown`] tell more.

use super::error::{CloseReason, LinkDown};
use super::limit::Limit;
use super::tally::Named;
use crate::wire::DecodeError;

/// How a link ended, or a dial that became none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum LinkEnd {
    /// [`CloseReason::Disconnected`].
    Disconnected,
    /// [`CloseReason::Shutdown`].
    Shutdown,
    /// [`CloseReason::WrongSubnet`].
    WrongSubnet,
    /// [`CloseReason::OwnNode`].
    OwnNode,
    /// [`CloseReason::OtherNode`].
    OtherNode,
    /// [`CloseReason::Duplicate`].
    Duplicate,
    /// [`CloseReason::Replaced`].
    Replaced,
    /// [`CloseReason::GreetingTimeout`].
    GreetingTimeout,
    /// [`CloseReason::NotGreeted`].
    NotGreeted,
    /// [`CloseReason::FrameTimeout`].
    FrameTimeout,
    /// [`CloseReason::Undecodable`], as a frame was larger than it may be, or became so.
    FrameTooLarge,
    /// [`CloseReason::Undecodable`], otherwise.
    Undecodable,
    /// [`CloseReason::Silent`].
    Silent,
    /// [`CloseReason::AsleepTooLong`].
    AsleepTooLong,
    /// [`CloseReason::SlowReader`].
    SlowReader,
    /// [`CloseReason::Full`].
    Full,
    /// [`CloseReason::CrowdedOut`].
    CrowdedOut,
    /// [`CloseReason::DialTimeout`].
    DialTimeout,
    /// [`CloseReason::Surplus`].
    Surplus,
    /// [`CloseReason::Standby`].
    Standby,
    /// [`LinkDown::Unreachable`].
    Unreachable,
    /// [`LinkDown::ClosedByPeer`].
    ClosedByPeer,
    /// [`LinkDown::Failed`].
    Failed,
}

impl LinkEnd {
    /// How many there are.
    pub const COUNT: usize = <Self as Named>::NAMES.len();

    pub(super) fn of_reason(reason: &CloseReason) -> Self {
        match reason {
            CloseReason::Disconnected => Self::Disconnected,
            CloseReason::Shutdown => Self::Shutdown,
            CloseReason::WrongSubnet { .. } => Self::WrongSubnet,
            CloseReason::OwnNode => Self::OwnNode,
            CloseReason::OtherNode { .. } => Self::OtherNode,
            CloseReason::Duplicate => Self::Duplicate,
            CloseReason::Replaced => Self::Replaced,
            CloseReason::GreetingTimeout => Self::GreetingTimeout,
            CloseReason::NotGreeted => Self::NotGreeted,
            CloseReason::FrameTimeout => Self::FrameTimeout,
            CloseReason::Undecodable(
                DecodeError::FrameTooLarge { .. } | DecodeError::TooLargeDecompressed { .. },
            ) => Self::FrameTooLarge,
            CloseReason::Undecodable(_) => Self::Undecodable,
            CloseReason::Silent => Self::Silent,
            CloseReason::AsleepTooLong => Self::AsleepTooLong,
            CloseReason::SlowReader => Self::SlowReader,
            CloseReason::Full => Self::Full,
            CloseReason::CrowdedOut => Self::CrowdedOut,
            CloseReason::DialTimeout => Self::DialTimeout,
            CloseReason::Surplus => Self::Surplus,
            CloseReason::Standby => Self::Standby,
        }
    }

    pub(super) fn of_down(down: &LinkDown) -> Self {
        match down {
            LinkDown::Unreachable(_) => Self::Unreachable,
            LinkDown::ClosedByPeer { .. } => Self::ClosedByPeer,
            LinkDown::Failed(_) => Self::Failed,
        }
    }

    /// The limit that the link had struck, if that is why it ended.
    pub(super) const fn limit(self) -> Option<Limit> {
        match self {
            Self::GreetingTimeout => Some(Limit::GreetingTimeout),
            Self::FrameTimeout => Some(Limit::FrameTimeout),
            Self::FrameTooLarge => Some(Limit::Frame),
            Self::Silent => Some(Limit::Silence),
            Self::AsleepTooLong => Some(Limit::AsleepCut),
            Self::SlowReader => Some(Limit::StallTimeout),
            Self::Full => Some(Limit::Links),
            Self::CrowdedOut => Some(Limit::Ungreeted),
            Self::DialTimeout => Some(Limit::DialTimeout),
            _ => None,
        }
    }
}

impl Named for LinkEnd {
    const NAMES: &'static [(Self, &'static str)] = &[
        (Self::Disconnected, "disconnected"),
        (Self::Shutdown, "shutdown"),
        (Self::WrongSubnet, "wrong_subnet"),
        (Self::OwnNode, "own_node"),
        (Self::OtherNode, "other_node"),
        (Self::Duplicate, "duplicate"),
        (Self::Replaced, "replaced"),
        (Self::GreetingTimeout, "greeting_timeout"),
        (Self::NotGreeted, "not_greeted"),
        (Self::FrameTimeout, "frame_timeout"),
        (Self::FrameTooLarge, "frame_too_large"),
        (Self::Undecodable, "undecodable"),
        (Self::Silent, "silent"),
        (Self::AsleepTooLong, "asleep_too_long"),
        (Self::SlowReader, "slow_reader"),
        (Self::Full, "full"),
        (Self::CrowdedOut, "crowded_out"),
        (Self::DialTimeout, "dial_timeout"),
        (Self::Surplus, "surplus"),
        (Self::Standby, "standby"),
        (Self::Unreachable, "unreachable"),
        (Self::ClosedByPeer, "closed_by_peer"),
        (Self::Failed, "failed"),
    ];

    fn index(self) -> usize {
        self as usize
    }
}

// The last one, so that none is without a name.
const _: () = assert!(LinkEnd::Failed as usize + 1 == LinkEnd::COUNT);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_has_its_name_at_its_place() {
        for (place, (end, name)) in LinkEnd::NAMES.iter().enumerate() {
            assert_eq!(end.index(), place, "{name}");
            assert_eq!(end.as_str(), *name);
        }
    }
}
