//! What the value of an option must be: each reads one word, or says what to write.

use core::time::Duration;

use rs2p::address::Scheme;
use rs2p::sim::scenario::ScenarioOptions;
use rs2p::{Address, Topic};

/// Where to listen: an address that others can dial.
pub(super) fn listener(text: &str) -> Result<Address, String> {
    let address: Address = text
        .parse()
        .map_err(|error: rs2p::AddressError| error.to_string())?;
    match address.scheme() {
        Scheme::Memory => Err(format!(
            "{address} is inside one process: write ws://host:port or tcp://host:port"
        )),
        _ => Ok(address),
    }
}

/// The name of a topic.
pub(super) fn topic(text: &str) -> Result<Topic, String> {
    text.parse()
        .map_err(|error: rs2p::wire::InvalidTopic| error.to_string())
}

/// Whom to dial.
pub(super) fn peer(text: &str) -> Result<Address, String> {
    match listener(text)? {
        address if address.port() == 0 => Err(format!(
            "{address} cannot be dialled: write the port that it listens on"
        )),
        address => Ok(address),
    }
}

/// How often something is done: once at least.
pub(super) fn times(text: &str) -> Result<u64, String> {
    let number: Option<u64> = text.parse().ok();
    number
        .filter(|number| *number > 0)
        .ok_or_else(|| format!("\"{text}\" does not do: write a number from 1 on"))
}

/// How many nodes are simulated.
pub(super) fn nodes(text: &str) -> Result<usize, String> {
    let bounds = ScenarioOptions::FEWEST..=ScenarioOptions::MOST;
    let number: Option<usize> = text.parse().ok();
    number
        .filter(|number| bounds.contains(number))
        .ok_or_else(|| {
            let (fewest, most) = (bounds.start(), bounds.end());
            format!("\"{text}\" is no number of nodes: write one from {fewest} to {most}")
        })
}

/// How large their messages are, in bytes.
pub(super) fn payload(text: &str) -> Result<usize, String> {
    let (fewest, most) = ScenarioOptions::PAYLOAD;
    let number: Option<usize> = text.parse().ok();
    let number = number.filter(|number| (fewest..=most).contains(number));
    number.ok_or_else(|| {
        format!("\"{text}\" is no size of a message: write bytes from {fewest} to {most}")
    })
}

/// A seed of the simulator.
pub(super) fn seed(text: &str) -> Result<u64, String> {
    let most = u64::MAX;
    text.parse()
        .map_err(|_| format!("\"{text}\" is no seed: write a number from 0 to {most}"))
}

/// A span of time in seconds and their parts.
pub(super) fn seconds(text: &str) -> Result<Duration, String> {
    let number: Option<f64> = text.parse().ok();
    let span = number.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    span.filter(|span| !span.is_zero())
        .ok_or_else(|| format!("\"{text}\" is no number of seconds above 0"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_is_given_in_seconds_and_their_parts() {
        assert_eq!(seconds("0.25"), Ok(Duration::from_millis(250)));
        assert_eq!(seconds("60"), Ok(Duration::from_secs(60)));
        for text in ["0", "-1", "NaN", "inf", "1e300", ""] {
            assert!(seconds(text).is_err(), "{text}");
        }
    }
}
