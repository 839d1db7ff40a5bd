//! The waterfall's judgement: which messages are too old or too new to pass on, and the forms of one that goes out. It forwards
//! nothing itself.

use core::time::Duration;

use super::link::{Greeted, LastWord};
use super::train::Train;
use crate::id::NodeId;
use crate::time::WallSeconds;
use crate::wire::{Compression, Time};

/// One message, or several of one sender, in the forms in which they go out. A relay never compresses: it passes on the forms
/// that it has.
#[derive(Debug)]
pub(super) struct Forms {
    pub(super) sender: NodeId,
    pub(super) plain: Train,
    pub(super) compressed: Option<(Compression, Train)>,
    /// The last of them, as a legacy peer may ask for it again.
    pub(super) last: LastWord,
}

impl Forms {
    /// The frames for a peer, and whether they are the compressed ones.
    pub(super) fn for_peer(&self, peer: &Greeted) -> (&Train, bool) {
        match &self.compressed {
            Some((method, frames)) if peer.compression == Some(*method) => (frames, true),
            _ => (&self.plain, false),
        }
    }
}

/// What the time of a broadcast says of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Age {
    /// It may be passed on.
    Current,
    /// Older than the window.
    Stale,
    /// Further in the future than the window.
    Future,
    /// No whole number of seconds: passed on, it would do harm to py2p and js2p.
    NoTime,
}

pub(super) fn age(time: &Time, wall: WallSeconds, past: Duration, future: Duration) -> Age {
    match *time {
        Time::Seconds(at) if at < wall.0.saturating_sub(past.as_secs()) => Age::Stale,
        Time::Seconds(at) if at > wall.0.saturating_add(future.as_secs()) => Age::Future,
        Time::Seconds(_) => Age::Current,
        Time::Other(_) => Age::NoTime,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::Value;

    #[test]
    fn a_time_is_judged_at_both_ends_of_the_window() {
        let judge = |time| {
            age(
                &time,
                WallSeconds(1_000),
                Duration::from_secs(60),
                Duration::from_secs(30),
            )
        };
        assert_eq!(judge(Time::Seconds(939)), Age::Stale);
        assert_eq!(judge(Time::Seconds(940)), Age::Current);
        assert_eq!(judge(Time::Seconds(1_030)), Age::Current);
        assert_eq!(judge(Time::Seconds(1_031)), Age::Future);
        assert_eq!(judge(Time::Seconds(u64::MAX)), Age::Future);
        assert_eq!(judge(Time::Other(Value::F64(f64::NAN))), Age::NoTime);
        assert_eq!(judge(Time::Other(Value::F64(1_000.5))), Age::NoTime);
    }
}
