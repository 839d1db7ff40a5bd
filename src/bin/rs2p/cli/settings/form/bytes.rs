//! Sizes: `1MiB`, `256KiB`, or plain bytes.

use super::{Bounds, Form, Limits, OFF, Place, or_off, within};

/// The units, the largest first.
const UNITS: [(&str, usize); 3] = [("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)];

/// A number of bytes.
pub(in super::super) struct Bytes(
    pub(in super::super) Place<usize>,
    pub(in super::super) Bounds<usize>,
);

/// A number of bytes, or `off`.
pub(in super::super) struct BytesOrOff(
    pub(in super::super) Place<Option<usize>>,
    pub(in super::super) Bounds<usize>,
);

impl Form for Bytes {
    fn hint(&self) -> &'static str {
        "SIZE"
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

impl Form for BytesOrOff {
    fn hint(&self) -> &'static str {
        "SIZE|off"
    }

    fn range(&self) -> String {
        format!("from {} to {}, or off", show(self.1.0), show(self.1.1))
    }

    fn write(&self, limits: &mut Limits, word: &str) -> Result<(), String> {
        *self.0(limits) = match word {
            OFF => None,
            word => {
                let size = parse(word).and_then(|size| within(size, self.1, word, show));
                Some(size.map_err(or_off)?)
            }
        };
        Ok(())
    }

    fn read(&self, limits: &mut Limits) -> Vec<String> {
        vec![self.0(limits).map_or_else(|| OFF.to_owned(), show)]
    }
}

/// The number of bytes that a word says.
pub(super) fn parse(word: &str) -> Result<usize, String> {
    let unit = UNITS.iter().find(|(unit, _)| word.ends_with(unit));
    let (digits, each) = unit.map_or((word, 1), |(unit, each)| {
        (&word[..word.len() - unit.len()], *each)
    });
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(format!(
            "\"{word}\" is no size: write 1MiB, 256KiB or a number of bytes"
        ));
    }
    // Only digits, so what does not fit is too much, which the bounds will say.
    let number: usize = digits.parse().unwrap_or(usize::MAX);
    Ok(number.saturating_mul(each))
}

/// In the largest unit of which it is a whole number.
pub(super) fn show(bytes: usize) -> String {
    let unit = UNITS
        .iter()
        .find(|(_, each)| bytes > 0 && bytes.is_multiple_of(*each));
    match unit {
        Some((unit, each)) => format!("{}{unit}", bytes / each),
        None => bytes.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_size_is_read_as_it_is_shown() {
        for (word, bytes) in [
            ("0", 0),
            ("1000", 1_000),
            ("1025", 1_025),
            ("1KiB", 1_024),
            ("1536KiB", 1_536 << 10),
            ("1MiB", 1 << 20),
            ("2GiB", 2 << 30),
        ] {
            assert_eq!((parse(word), show(bytes)), (Ok(bytes), word.to_owned()));
        }
        assert_eq!(parse("4096KiB").map(show), Ok("4MiB".to_owned()));
    }

    #[test]
    fn what_is_no_size_is_refused() {
        for word in [
            "", "KiB", "1 MiB", "1MB", "1mib", "1.5MiB", "-1", "+1", "1M", "0x10",
        ] {
            assert!(parse(word).is_err(), "{word}");
        }
    }

    #[test]
    fn what_no_machine_has_is_too_much_and_no_panic() {
        for word in ["99999999999999999999", "18446744073709551615GiB"] {
            assert_eq!(parse(word), Ok(usize::MAX));
        }
    }
}
