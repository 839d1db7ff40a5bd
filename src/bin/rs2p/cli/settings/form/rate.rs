//! Rates: `200` a second, `200:400` with so many at once, `3/1m:3` in another time; of bytes in their units.

use rs2p::mesh::{InvalidRate, Rate};

use super::{Form, Limits, OFF, Place, bytes, or_off};

/// What a rate counts.
#[derive(Clone, Copy)]
pub(in super::super) enum Of {
    Things,
    Bytes,
}

/// A rate.
pub(in super::super) struct Always(pub(in super::super) Place<Rate>);

/// A rate, or `off`.
pub(in super::super) struct RateOrOff(
    pub(in super::super) Place<Option<Rate>>,
    pub(in super::super) Of,
);

impl Form for Always {
    fn hint(&self) -> &'static str {
        "RATE"
    }

    fn range(&self) -> String {
        String::new()
    }

    fn write(&self, limits: &mut Limits, word: &str) -> Result<(), String> {
        *self.0(limits) = Of::Things.parse(word)?;
        Ok(())
    }

    fn read(&self, limits: &mut Limits) -> Vec<String> {
        vec![Of::Things.show(*self.0(limits))]
    }
}

impl Form for RateOrOff {
    fn hint(&self) -> &'static str {
        "RATE|off"
    }

    fn range(&self) -> String {
        "or off".to_owned()
    }

    fn write(&self, limits: &mut Limits, word: &str) -> Result<(), String> {
        *self.0(limits) = match word {
            OFF => None,
            word => Some(self.1.parse(word).map_err(or_off)?),
        };
        Ok(())
    }

    fn read(&self, limits: &mut Limits) -> Vec<String> {
        vec![self.0(limits).map_or_else(|| OFF.to_owned(), |rate| self.1.show(rate))]
    }
}

impl Of {
    fn parse(self, word: &str) -> Result<Rate, String> {
        let plain = match self {
            Self::Things => word.to_owned(),
            Self::Bytes => {
                each_amount(word, |size| bytes::parse(size).map(|size| size.to_string())).map_err(
                    |_| format!("\"{word}\" is no rate of bytes: write 2MiB, or 2MiB:4MiB"),
                )?
            }
        };
        plain
            .parse()
            .map_err(|error: InvalidRate| error.to_string())
    }

    fn show(self, rate: Rate) -> String {
        let plain = rate.to_string();
        match self {
            Self::Things => plain,
            Self::Bytes => {
                each_amount(&plain, |size| bytes::parse(size).map(bytes::show)).unwrap_or(plain)
            }
        }
    }
}

/// The text of a rate with both of its amounts written otherwise: that of a time, and that at once.
fn each_amount(
    text: &str,
    otherwise: impl Fn(&str) -> Result<String, String>,
) -> Result<String, String> {
    let (rate, burst) = match text.split_once(':') {
        Some((rate, burst)) => (rate, format!(":{}", otherwise(burst)?)),
        None => (text, String::new()),
    };
    let (amount, span) = rate.split_at(rate.find('/').unwrap_or(rate.len()));
    Ok(format!("{}{span}{burst}", otherwise(amount)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_read_as_it_is_shown() {
        for (of, word, shown) in [
            (Of::Things, "200", "200:400"),
            (Of::Things, "200:50", "200:50"),
            (Of::Things, "3/1m:3", "3/1m:3"),
            (Of::Bytes, "2MiB", "2MiB:4MiB"),
            (Of::Bytes, "2097152:1000", "2MiB:1000"),
            (Of::Bytes, "1KiB/10s:1MiB", "1KiB/10s:1MiB"),
        ] {
            let rate = of.parse(word).expect(word);
            assert_eq!(of.show(rate), shown);
            assert_eq!(of.parse(shown), Ok(rate));
        }
    }

    #[test]
    fn what_is_no_rate_is_refused() {
        for word in ["", "many", "0", "200:", "1/", "2MiB"] {
            assert!(Of::Things.parse(word).is_err(), "{word}");
        }
        for word in ["", "2MB", "2MiB:", "0", "1.5MiB"] {
            assert!(Of::Bytes.parse(word).is_err(), "{word}");
        }
    }
}
