//! How a run ended before its time: an invariant was broken, or what was waited for did not come.

use core::fmt;
use core::time::Duration;

use super::node::Place;
use crate::time::Timestamp;

/// What holds in every step of every run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Rule {
    /// I1: an application is given a message at most once.
    DeliveredOnce,
    /// I2: a node sends a broadcast at most once over a link, and never back over the one on which it came.
    RelayedOnceAndForward,
    /// I3: nothing but a handshake is taken from a peer that has not greeted.
    GreetedFirst,
    /// I4: two nodes have one link between them, five seconds after they had a second.
    OneLinkAPair,
    /// I5: all that peers can make grow keeps to its bound.
    WithinBounds,
    /// I6: no message is taken whose time is outside of the window.
    WithinWindow,
    /// I7: the id of a message is remembered for as long as the message would be taken.
    Remembered,
    /// I8: no address is dialled before its time has come, none of the node's own, and none of hearsay that is not believed.
    DialledInTime,
    /// I9: a link that lives is not displaced by somebody who only claims its peer's name.
    NotDisplaced,
    /// I11: what is relayed has the bytes that came.
    SameBytes,
    /// I12: input in other pieces gives the same output.
    AnyPieces,
    /// I13: all that is asked for ends: done, failed or timed out.
    Settled,
    /// I14: the same seed gives the same run.
    SameRun,
    /// I15: no peer that does as it should is cut for a fault.
    HonestKept,
    /// I16: whatever is sent is a message of its own, though it says the same as another.
    Distinct,
    /// L1: once faults stop, all nodes find together.
    OneComponent,
    /// L2: and the next broadcast reaches all.
    ReachesAll,
    /// L3: and each node has links enough.
    LinksEnough,
    /// L4: and then all is quiet but for heartbeats.
    Quiet,
    /// L5: and each node knows who is in the mesh, and nobody who is not.
    KnowsMembers,
}

impl Rule {
    /// Its number in the list of rules.
    pub const fn code(self) -> &'static str {
        match self {
            Self::DeliveredOnce => "I1",
            Self::RelayedOnceAndForward => "I2",
            Self::GreetedFirst => "I3",
            Self::OneLinkAPair => "I4",
            Self::WithinBounds => "I5",
            Self::WithinWindow => "I6",
            Self::Remembered => "I7",
            Self::DialledInTime => "I8",
            Self::NotDisplaced => "I9",
            Self::SameBytes => "I11",
            Self::AnyPieces => "I12",
            Self::Settled => "I13",
            Self::SameRun => "I14",
            Self::HonestKept => "I15",
            Self::Distinct => "I16",
            Self::OneComponent => "L1",
            Self::ReachesAll => "L2",
            Self::LinksEnough => "L3",
            Self::Quiet => "L4",
            Self::KnowsMembers => "L5",
        }
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({self:?})", self.code())
    }
}

/// A rule was broken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{rule} broken by {place} at {:.6} s: {what}\nto see it again: {replay}", at.as_micros() as f64 / 1e6)]
pub struct Violation {
    /// Which.
    pub rule: Rule,
    /// By which node.
    pub place: Place,
    /// When.
    pub at: Timestamp,
    /// What happened.
    pub what: String,
    /// The line that gives the run again.
    pub replay: String,
}

/// Why a wait came to nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Stopped {
    /// It did not come in time.
    #[error("what was waited for did not come within {limit:?}\nto see it again: {replay}")]
    Timeout {
        /// How long it was waited for, in virtual time.
        limit: Duration,
        /// The line that gives the run again.
        replay: String,
    },
    /// A rule was broken first.
    #[error(transparent)]
    Violation(Violation),
}
