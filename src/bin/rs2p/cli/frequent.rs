//! How often the log tells of what strangers can make happen: who is attacked is to see that, and not to have its log filled.

use core::time::Duration;
use std::time::Instant;

/// The lines of one span.
const LINES: u32 = 20;
/// The span.
const SPAN: Duration = Duration::from_secs(10);

/// What happens often, in this span.
#[derive(Debug)]
pub(super) struct Frequent {
    since: Instant,
    said: u32,
    unsaid: u64,
}

/// What to say of it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Say {
    /// How many of the last span were not said, to be told first.
    pub(super) missed: u64,
    /// Whether to say this one.
    pub(super) this: bool,
}

impl Frequent {
    pub(super) fn new(now: Instant) -> Self {
        Self {
            since: now,
            said: 0,
            unsaid: 0,
        }
    }

    /// It happened again.
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
        let mut frequent = Frequent::new(began);
        let said = (0..1_000).filter(|_| frequent.another(began).this).count();
        assert_eq!(said, 20);
        let later = frequent.another(began + SPAN);
        let expected = Say {
            missed: 980,
            this: true,
        };
        assert_eq!(later, expected);
        assert_eq!(frequent.another(began + SPAN).missed, 0);
    }
}
