//! Numbers as people read them.

/// What a number counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unit {
    /// Something a second.
    Rate,
    Microseconds,
    Seconds,
    Bytes,
    /// How many times something else, or how much of it.
    Ratio,
}

pub(crate) fn number(value: f64, unit: Unit) -> String {
    match unit {
        Unit::Rate if value >= 999_500.0 => format!("{}M", digits(value / 1e6)),
        Unit::Rate if value >= 999.5 => format!("{}k", digits(value / 1e3)),
        Unit::Rate => digits(value),
        Unit::Microseconds if value >= 999.5 => format!("{} ms", digits(value / 1e3)),
        Unit::Microseconds => format!("{} µs", digits(value)),
        Unit::Seconds if value < 0.9995 => format!("{} ms", digits(value * 1e3)),
        Unit::Seconds => format!("{} s", digits(value)),
        Unit::Bytes => format!("{} B", thousands(value)),
        Unit::Ratio => digits(value),
    }
}

/// Three digits that say something; more before the point, never more behind it.
fn digits(value: f64) -> String {
    let before = value.abs().log10().floor().max(-3.0);
    let behind = (2.0 - before).max(0.0) as usize;
    if value == 0.0 {
        return "0".to_owned();
    }
    format!("{value:.behind$}")
}

/// A whole number, by its thousands.
pub(crate) fn thousands(value: f64) -> String {
    let digits = format!("{:.0}", value.abs());
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at) % 3 == 0 {
            text.push(',');
        }
        text.push(digit);
    }
    if value <= -0.5 {
        format!("-{text}")
    } else {
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_digits_are_shown() {
        let rate = |value| number(value, Unit::Rate);
        assert_eq!(
            [679.0, 8_091.0, 187_421.0, 22_840_000.0].map(rate),
            ["679", "8.09k", "187k", "22.8M"]
        );
        assert_eq!(number(0.05634, Unit::Microseconds), "0.0563 µs");
        assert_eq!(number(3_150.0, Unit::Microseconds), "3.15 ms");
        assert_eq!(number(0.1593, Unit::Seconds), "159 ms");
        assert_eq!(number(0.0, Unit::Ratio), "0");
        assert_eq!(number(1.0, Unit::Ratio), "1.00");
    }

    #[test]
    fn bytes_are_counted_in_thousands() {
        assert_eq!(number(138_205.4, Unit::Bytes), "138,205 B");
        assert_eq!(number(82.0, Unit::Bytes), "82 B");
        assert_eq!(number(-1_024.0, Unit::Bytes), "-1,024 B");
    }
}
