//! How much of something a peer may have in a time: [`Rate`], and what of one is used up.
//!
//! Counts only; what happens to who has used up what it may have is decided elsewhere.

use core::fmt;
use core::str::FromStr;
use core::time::Duration;

use crate::time::Timestamp;

/// So much in a time, and so much at once by who has been sparing.
///
/// Its text is `200` or `200:400`, a second and at once, or `3/1m:3` for another time: `ms`, `s`, `m` or `h`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    amount: u64,
    span: Duration,
    burst: u64,
}

impl Rate {
    /// `amount` each second, and `burst` at once. Neither is less than 1.
    pub const fn per_second(amount: u64, burst: u64) -> Self {
        Self::new(amount, Duration::from_secs(1), burst)
    }

    /// `amount` in each `span`, and `burst` at once. None of them is zero: they are at least 1, and a millisecond.
    pub const fn new(amount: u64, span: Duration, burst: u64) -> Self {
        let least = Duration::from_millis(1);
        Self {
            amount: if amount == 0 { 1 } else { amount },
            span: if span.as_millis() == 0 { least } else { span },
            burst: if burst == 0 { 1 } else { burst },
        }
    }

    /// How much in each span.
    pub const fn amount(&self) -> u64 {
        self.amount
    }

    /// The time in which that much is earned.
    pub const fn span(&self) -> Duration {
        self.span
    }

    /// How much at once.
    pub const fn burst(&self) -> u64 {
        self.burst
    }

    /// The same in another measure: `factor` times as much.
    pub const fn times(&self, factor: u64) -> Self {
        Self {
            amount: self.amount.saturating_mul(factor),
            span: self.span,
            burst: self.burst.saturating_mul(factor),
        }
    }

    /// The time in which `cost` is earned, rounded up to a microsecond.
    fn time_for(&self, cost: u64) -> Duration {
        let micros = u128::from(cost) * self.span.as_micros();
        let micros = micros.div_ceil(u128::from(self.amount));
        Duration::from_micros(u64::try_from(micros).unwrap_or(u64::MAX))
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            amount,
            span,
            burst,
        } = self;
        let units = [("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1)];
        let millis = span.as_millis();
        match units.into_iter().find(|(_, unit)| millis % unit == 0) {
            Some(("s", 1_000)) if millis == 1_000 => write!(f, "{amount}:{burst}"),
            Some((name, unit)) => write!(f, "{amount}/{}{name}:{burst}", millis / unit),
            None => write!(f, "{amount}/{millis}ms:{burst}"),
        }
    }
}

/// A text that is no [`Rate`]. The fault is with whoever wrote it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "\"{text}\" is no rate: write so many a second, as 200, with so many at once, as 200:400, or in another time, as 3/1m:3"
)]
pub struct InvalidRate {
    text: String,
}

impl FromStr for Rate {
    type Err = InvalidRate;

    /// Without a burst, it is twice the amount.
    fn from_str(text: &str) -> Result<Self, InvalidRate> {
        parse(text).ok_or_else(|| InvalidRate {
            text: text.chars().take(64).collect(),
        })
    }
}

fn parse(text: &str) -> Option<Rate> {
    let (rate, burst) = match text.split_once(':') {
        Some((rate, burst)) => (rate, Some(number(burst)?)),
        None => (text, None),
    };
    let (amount, span) = match rate.split_once('/') {
        Some((amount, span)) => (number(amount)?, parse_span(span)?),
        None => (number(rate)?, Duration::from_secs(1)),
    };
    let burst = burst.unwrap_or(amount.saturating_mul(2));
    Some(Rate::new(amount, span, burst))
}

/// A number above 0.
fn number(text: &str) -> Option<u64> {
    text.trim().parse().ok().filter(|&number| number > 0)
}

fn parse_span(text: &str) -> Option<Duration> {
    let text = text.trim();
    let unit_at = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    let (count, unit) = text.split_at(unit_at);
    let millis = match unit {
        "ms" => 1,
        "" | "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        _ => return None,
    };
    number(count)?
        .checked_mul(millis)
        .map(Duration::from_millis)
}

/// What of a rate is used up: the moment at which all that was spent is earned again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Used {
    until: Timestamp,
}

impl Used {
    /// Spends, though it be more than there is: it is earned later.
    pub(super) fn spend(&mut self, now: Timestamp, rate: Rate, cost: u64) {
        self.until = self.until.max(now) + rate.time_for(cost);
    }

    /// From when on there is something to spend; in the past, if there is now.
    pub(super) fn next(&self, rate: Rate) -> Timestamp {
        self.until - rate.time_for(rate.burst)
    }

    /// Spends one if there is one.
    ///
    /// # Errors
    /// When there will be.
    pub(super) fn take(&mut self, now: Timestamp, rate: Rate) -> Result<(), Timestamp> {
        let after = self.until.max(now) + rate.time_for(1);
        let each = rate.time_for(1);
        let burst = each.saturating_mul(u32::try_from(rate.burst).unwrap_or(u32::MAX));
        if after > now + burst {
            return Err(after - burst);
        }
        self.until = after;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn at(millis: u64) -> Timestamp {
        Timestamp::from_millis(millis)
    }

    #[test]
    fn a_burst_is_had_at_once_and_the_rest_as_it_is_earned() {
        let rate = Rate::per_second(10, 3);
        let mut used = Used::default();
        for _ in 0..3 {
            assert_eq!(used.take(at(5_000), rate), Ok(()));
        }
        assert_eq!(used.take(at(5_000), rate), Err(at(5_100)));
        assert_eq!(used.take(at(5_100), rate), Ok(()));
        assert_eq!(used.take(at(5_101), rate), Err(at(5_200)));
        // Nothing is saved beyond the burst.
        for _ in 0..3 {
            assert_eq!(used.take(at(90_000), rate), Ok(()));
        }
        assert!(used.take(at(90_000), rate).is_err());
    }

    #[test]
    fn what_was_overspent_is_earned_first() {
        let rate = Rate::per_second(1_000, 1_000);
        let mut used = Used::default();
        used.spend(at(0), rate, 5_000);
        assert_eq!(used.next(rate), at(4_000));
    }

    #[test]
    fn small_costs_are_not_rounded_away() {
        let rate = Rate::per_second(2 << 20, 4 << 20);
        let mut used = Used::default();
        for _ in 0..1_000_000 {
            used.spend(at(1), rate, 64);
        }
        let seconds = used.next(rate).since(at(1)).as_secs();
        assert!((28..=30).contains(&seconds), "{seconds} s for 61 MiB");
    }

    #[test]
    fn a_rate_is_what_its_text_says() {
        for (text, rate, shown) in [
            ("200", Rate::per_second(200, 400), "200:400"),
            ("200:50", Rate::per_second(200, 50), "200:50"),
            ("1/10s", Rate::new(1, Duration::from_secs(10), 2), "1/10s:2"),
            ("3/1m:3", Rate::new(3, Duration::from_secs(60), 3), "3/1m:3"),
            (
                "7/90",
                Rate::new(7, Duration::from_secs(90), 14),
                "7/90s:14",
            ),
            (
                "1/5ms:1",
                Rate::new(1, Duration::from_millis(5), 1),
                "1/5ms:1",
            ),
        ] {
            assert_eq!(text.parse(), Ok(rate), "{text}");
            assert_eq!(rate.to_string(), shown);
            assert_eq!(shown.parse(), Ok(rate));
        }
        for text in [
            "", "0", "-1", "200:", "200:0", "1/", "1/0s", "1/1d", "1.5", "off",
        ] {
            assert!(text.parse::<Rate>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_burst_is_whole_whatever_the_rate() {
        for (rate, burst) in [("3:3", 3), ("7/90s:14", 14), ("3/1m:3", 3)] {
            let rate: Rate = rate.parse().expect("a rate");
            let mut used = Used::default();
            let taken = (0..100).take_while(|_| used.take(at(1), rate).is_ok());
            assert_eq!(taken.count(), burst);
        }
    }

    #[test]
    fn no_rate_is_of_nothing() {
        let rate = Rate::new(0, Duration::ZERO, 0);
        assert_eq!((rate.amount(), rate.burst()), (1, 1));
        assert_eq!(rate.span(), Duration::from_millis(1));
        // The clock may have begun just now.
        assert_eq!(Used::default().take(at(0), rate), Ok(()));
        let mut used = Used::default();
        used.spend(at(0), rate, u64::MAX);
        assert!(used.next(rate) > at(0));
    }
}
