//! Times: `10s`, `250ms`, `2m`.

use core::time::Duration;

use super::{Bounds, Form, Limits, Place, within};

/// The units in microseconds, the largest first.
const UNITS: [(&str, u64); 5] = [
    ("h", 3_600_000_000),
    ("m", 60_000_000),
    ("s", 1_000_000),
    ("ms", 1_000),
    ("us", 1),
];

/// A span of time.
pub(in super::super) struct Span(
    pub(in super::super) Place<Duration>,
    pub(in super::super) Bounds<Duration>,
);

impl Form for Span {
    fn hint(&self) -> &'static str {
        "TIME"
    }

    fn range(&self) -> String {
        format!("from {} to {}", show(self.1.0), show(self.1.1))
    }

    fn write(&self, limits: &mut Limits, word: &str) -> Result<(), String> {
        *self.0(limits) = within(parse(word)?, self.1, word, show)?;
        Ok(())
    }

    fn read(&self, limits: &mut Limits) -> Vec<String> {
        vec![show(*self.0(limits))]
    }
}

/// The span that a word says.
fn parse(word: &str) -> Result<Duration, String> {
    let end = word
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(word.len());
    let (digits, unit) = word.split_at(end);
    match UNITS.iter().find(|(name, _)| *name == unit) {
        Some((_, each)) if !digits.is_empty() => {
            // Only digits, so what does not fit is too much, which the bounds will say.
            let number: u64 = digits.parse().unwrap_or(u64::MAX);
            Ok(Duration::from_micros(number.saturating_mul(*each)))
        }
        _ => Err(format!(
            "\"{word}\" is no time: write 10s, 250ms, 2m, with the unit"
        )),
    }
}

/// In the largest unit of which it is a whole number. No limit is finer than a microsecond.
fn show(span: Duration) -> String {
    let micros = u64::try_from(span.as_micros()).unwrap_or(u64::MAX);
    let unit = UNITS
        .iter()
        .find(|(_, each)| micros > 0 && micros.is_multiple_of(*each));
    unit.map_or_else(
        || "0s".to_owned(),
        |(unit, each)| format!("{}{unit}", micros / each),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_read_as_it_is_shown() {
        for (word, micros) in [
            ("0s", 0),
            ("3334us", 3_334),
            ("250ms", 250_000),
            ("10s", 10_000_000),
            ("90s", 90_000_000),
            ("2m", 120_000_000),
            ("1h", 3_600_000_000),
        ] {
            let span = Duration::from_micros(micros);
            assert_eq!((parse(word), show(span)), (Ok(span), word.to_owned()));
        }
        assert_eq!(parse("1000ms").map(show), Ok("1s".to_owned()));
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for word in [
            "", "s", "10", "1.5s", "-1s", "+1s", "10 s", "10S", "1d", "1m30s",
        ] {
            assert!(parse(word).is_err(), "{word}");
        }
    }

    #[test]
    fn what_nobody_lives_to_see_is_too_much_and_no_panic() {
        assert!(
            parse("99999999999999999999h").is_ok_and(|span| span > Duration::from_secs(1 << 40))
        );
    }
}
