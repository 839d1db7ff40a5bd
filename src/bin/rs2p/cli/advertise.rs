//! Where a relay tells others to dial it, when that is not where it listens: behind a NAT, a proxy, a name.

use core::str::FromStr;

use rs2p::Address;
use rs2p::address::{AddressError, Scheme};

/// An address to advertise, as it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Advertised {
    /// `HOST:PORT`. It goes for more than one kind of transport.
    Host { host: String, port: u16 },
    /// A URL, which goes for its own kind.
    Url(Address),
}

impl FromStr for Advertised {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text.contains("://") {
            return text
                .parse()
                .map(Self::Url)
                .map_err(|error: AddressError| error.to_string());
        }
        // TCP's form of an address has neither path nor default port: it is HOST:PORT.
        match format!("tcp://{text}").parse::<Address>() {
            Ok(address) => Ok(Self::Host {
                host: address.host().to_owned(),
                port: address.port(),
            }),
            Err(_) => Err(format!(
                "\"{text}\" is no HOST:PORT: write relay.example:8765, or a URL as wss://relay.example:443"
            )),
        }
    }
}

/// The addresses to advertise, one for each kind of transport, given what the user wrote and where the node listens.
///
/// A port 0 stands for the port that the node gets on that kind of transport.
///
/// # Errors
/// Two addresses for one kind, in words.
pub(super) fn addresses(
    told: &[Advertised],
    listeners: &[Address],
) -> Result<Vec<Address>, String> {
    let mut addresses: Vec<Address> = Vec::new();
    let mut hosts = told.iter().filter_map(|told| match told {
        Advertised::Host { host, port } => Some((host, *port)),
        Advertised::Url(_) => None,
    });
    for told in told {
        if let Advertised::Url(address) = told {
            add(&mut addresses, address.clone())?;
        }
    }
    let (Some((host, port)), Some(first)) = (hosts.next(), listeners.first()) else {
        return Ok(addresses);
    };
    add(&mut addresses, on(first.scheme(), host, port)?)?;
    if let Some((host, port)) = hosts.next() {
        add(&mut addresses, on(first.scheme(), host, port)?)?;
    }
    for listener in &listeners[1..] {
        if !addresses
            .iter()
            .any(|address| address.scheme() == listener.scheme())
        {
            addresses.push(on(listener.scheme(), host, listener.port())?);
        }
    }
    Ok(addresses)
}

fn on(scheme: Scheme, host: &str, port: u16) -> Result<Address, String> {
    Address::new(scheme, host, port).map_err(|error| error.to_string())
}

fn add(addresses: &mut Vec<Address>, address: Address) -> Result<(), String> {
    match addresses
        .iter()
        .find(|other| other.scheme() == address.scheme())
    {
        Some(other) => Err(format!(
            "--advertise: {other} and {address} are of one kind, and a node advertises one address for each: leave one out"
        )),
        None => {
            addresses.push(address);
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn advertised(told: &[&str], listeners: &[&str]) -> Result<Vec<String>, String> {
        let told: Vec<Advertised> = told.iter().map(|text| text.parse().expect(text)).collect();
        let listeners: Vec<Address> = listeners
            .iter()
            .map(|text| text.parse().expect(text))
            .collect();
        Ok(addresses(&told, &listeners)?
            .iter()
            .map(Address::to_string)
            .collect())
    }

    #[test]
    fn a_host_goes_for_every_kind_and_its_port_for_the_first() {
        let all = advertised(
            &["relay.example:443"],
            &["ws://0.0.0.0:8765", "tcp://0.0.0.0:4444", "ws://0.0.0.0:1"],
        );
        assert_eq!(
            all,
            Ok(vec![
                "ws://relay.example:443".to_owned(),
                "tcp://relay.example:4444".to_owned()
            ])
        );
        let v6 = advertised(&["[::1]:1"], &["tcp://[::]:0", "ws://[::]:0"]);
        assert_eq!(
            v6,
            Ok(vec!["tcp://[::1]:1".to_owned(), "ws://[::1]:0".to_owned()])
        );
    }

    #[test]
    fn a_url_goes_for_its_own_kind_only() {
        assert_eq!(
            advertised(&["wss://a:443"], &["ws://b:1", "tcp://b:2"]),
            Ok(vec!["wss://a:443".to_owned()])
        );
        let both = advertised(&["tcp://a:9", "b:8"], &["ws://c:1", "tcp://c:2"]);
        assert_eq!(
            both,
            Ok(vec!["tcp://a:9".to_owned(), "ws://b:8".to_owned()])
        );
    }

    #[test]
    fn two_addresses_of_one_kind_are_refused() {
        for told in [
            ["a:1", "b:2"],
            ["ws://a:1", "ws://b:2"],
            ["ws://a:1", "b:2"],
        ] {
            let error = advertised(&told, &["ws://c:1"]).expect_err("two for ws");
            assert!(error.contains("of one kind"), "{error}");
        }
    }

    #[test]
    fn what_is_no_host_and_port_is_refused() {
        for text in [
            "a",
            "a:",
            ":1",
            "a:1/path",
            "a:99999",
            "http://a:1",
            "a b:1",
            "",
        ] {
            assert!(text.parse::<Advertised>().is_err(), "{text}");
        }
    }
}
