//! Time as the core sees it: a monotonic [`Timestamp`] for every decision, [`WallSeconds`] only as data in messages.
//!
//! Neither type can be read off a clock here. There is no `now()`: shells read their clocks and pass the result in,
//! so a run can be replayed and the same code works where `std::time::Instant` does not (wasm32).

use core::ops::{Add, Sub};
use core::time::Duration;

use crate::ordered::Key;

/// A moment on a monotonic clock, in whole microseconds since a start that the shell chose.
///
/// Two timestamps can be compared only if they come from the same clock.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp {
    micros: u64,
}

impl Timestamp {
    /// The start of the clock.
    pub const ZERO: Self = Self { micros: 0 };

    /// The moment `micros` microseconds after the start of the clock.
    pub const fn from_micros(micros: u64) -> Self {
        Self { micros }
    }

    /// The moment `millis` milliseconds after the start of the clock.
    pub const fn from_millis(millis: u64) -> Self {
        Self {
            micros: millis.saturating_mul(1_000),
        }
    }

    /// Microseconds since the start of the clock.
    pub const fn as_micros(self) -> u64 {
        self.micros
    }

    /// The time that passed since `earlier`; zero if `earlier` is later.
    pub const fn since(self, earlier: Self) -> Duration {
        Duration::from_micros(self.micros.saturating_sub(earlier.micros))
    }
}

impl Key for Timestamp {
    fn prefix(&self) -> u64 {
        self.micros
    }
}

impl Add<Duration> for Timestamp {
    type Output = Self;

    fn add(self, span: Duration) -> Self {
        let micros = u64::try_from(span.as_micros()).unwrap_or(u64::MAX);
        Self {
            micros: self.micros.saturating_add(micros),
        }
    }
}

impl Sub<Duration> for Timestamp {
    type Output = Self;

    /// Saturates at [`Timestamp::ZERO`].
    fn sub(self, span: Duration) -> Self {
        let micros = u64::try_from(span.as_micros()).unwrap_or(u64::MAX);
        Self {
            micros: self.micros.saturating_sub(micros),
        }
    }
}

/// Seconds since 1970-01-01 UTC, as protocol 0.7 writes them into messages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WallSeconds(pub u64);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arithmetic_saturates_at_both_ends() {
        assert_eq!(Timestamp::ZERO - Duration::from_secs(1), Timestamp::ZERO);
        let end = Timestamp::from_micros(u64::MAX);
        assert_eq!(end + Duration::MAX, end);
        assert_eq!(Timestamp::ZERO.since(end), Duration::ZERO);
    }

    #[test]
    fn a_span_added_is_the_span_since() {
        let start = Timestamp::from_millis(7);
        let span = Duration::from_micros(1_234_567);
        assert_eq!((start + span).since(start), span);
    }
}
