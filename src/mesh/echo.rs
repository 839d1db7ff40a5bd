//! Whether a legacy peer is what must be spared: py2p passes a broadcast on to every peer but its sender, and so gives it back to who
//! brought it. A peer that never does is no py2p, and reads as fast as it likes.

use core::time::Duration;

use crate::time::Timestamp;

/// So many broadcasts that nothing came back of show it.
const ENOUGH: u32 = 32;
/// So long after the first of them, something would have: py2p reads hundreds a second. One that is held up for longer just then
/// is not spared, until it gives the first of them back.
const PATIENCE: Duration = Duration::from_secs(1);

/// What a legacy peer was given, and whether it gave anything back.
#[derive(Debug, Default)]
pub(super) struct Echo {
    given: u32,
    since: Timestamp,
    is_heard: bool,
}

impl Echo {
    /// The peer is given broadcasts of others.
    pub(super) fn gave(&mut self, now: Timestamp, count: usize) {
        if self.given == 0 {
            self.since = now;
        }
        let count = u32::try_from(count).unwrap_or(u32::MAX);
        self.given = self.given.saturating_add(count);
    }

    /// It gave one back.
    pub(super) fn hears(&mut self) {
        self.is_heard = true;
    }

    /// Whether something should have come back, and nothing did.
    pub(super) fn is_missing(&self, now: Timestamp) -> bool {
        !self.is_heard && self.given >= ENOUGH && now.since(self.since) >= PATIENCE
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: u64) -> Timestamp {
        Timestamp::from_millis(millis)
    }

    #[test]
    fn it_is_missed_after_enough_and_long_enough() {
        let mut echo = Echo::default();
        echo.gave(at(1_000), 31);
        assert!(!echo.is_missing(at(60_000)));
        echo.gave(at(1_900), 1);
        assert!(!echo.is_missing(at(1_999)) && echo.is_missing(at(2_000)));
    }

    #[test]
    fn one_that_was_heard_is_never_missed() {
        let mut echo = Echo::default();
        echo.gave(at(1_000), 1_000);
        echo.hears();
        assert!(!echo.is_missing(at(60_000)));
    }
}
