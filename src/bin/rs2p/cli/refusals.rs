//! How many refused links the log tells of: who is attacked is to see that, and not to have its log filled by it.

use core::time::Duration;
use std::time::Instant;

/// The lines of one span.
const LINES: u32 = 20;
/// The span.
const SPAN: Duration = Duration::from_secs(10);

/// The refusals of this span.
#[derive(Debug)]
pub(super) struct Refusals {
    since: Instant,
    said: u32,
    unsaid: u64,
}

/// What to say of a refusal.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Say {
    /// How many of the last span were not said, to be told first.
    pub(super) missed: u64,
    /// Whether to say this one.
    pub(super) this: bool,
}

impl Refusals {
    pub(super) fn new(now: Instant) -> Self {
        Self {
            since: now,
            said: 0,
            unsaid: 0,
        }
    }

    /// A link was refused.
    pub(super) fn another(&mut self, now: Instant) -> Say {
        let mut missed = 0;
        if now.duration_since(self.since) >= SPAN {
            missed = self.unsaid;
            *self = Self::new(now);
        }
        let this = self.said < LINES;
        if this {
            self.said += 1;
        } else {
            self.unsaid += 1;
        }
        Say { missed, this }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_storm_is_some_lines_and_a_number() {
        let began = Instant::now();
        let mut refusals = Refusals::new(began);
        let said = (0..1_000).filter(|_| refusals.another(began).this).count();
        assert_eq!(said, 20);
        let later = refusals.another(began + SPAN);
        let expected = Say {
            missed: 980,
            this: true,
        };
        assert_eq!(later, expected);
        assert_eq!(refusals.another(began + SPAN).missed, 0);
    }
}
