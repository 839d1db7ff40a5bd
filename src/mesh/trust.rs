//! Whom the operator trusts: links that are read as fast as they bring something.

use core::fmt;
use core::net::IpAddr;
use core::str::FromStr;

use crate::address::Address;
use crate::id::NodeId;
use crate::network;

/// Somebody that the operator trusts, as another relay of theirs: its links are read however much they bring.
///
/// A node's id proves nothing in an open mesh: whoever knows it can show it while that node is away. An address is as good as
/// the network that leads to it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Trusted {
    /// Who shows this id.
    Node(NodeId),
    /// Who comes from this address.
    Address(IpAddr),
}

impl Trusted {
    /// Whether a link to `node` at `remote`, as people write it, is meant.
    pub(super) fn includes(&self, node: &NodeId, remote: Option<&str>) -> bool {
        match self {
            Self::Node(trusted) => trusted == node,
            Self::Address(trusted) => host_of(remote) == Some(trusted.to_canonical()),
        }
    }
}

fn host_of(remote: Option<&str>) -> Option<IpAddr> {
    let (host, _port) = remote?.rsplit_once(':')?;
    network::parse(host).map(|ip| ip.to_canonical())
}

impl fmt::Display for Trusted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Node(node) => node.fmt(f),
            Self::Address(ip) => ip.fmt(f),
        }
    }
}

/// A text that names nobody to be trusted. The fault is with whoever wrote it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "\"{text}\" is neither an IP address nor the id of a node: write 192.0.2.7, [2001:db8::1] or the id that the relay prints"
)]
pub struct InvalidTrusted {
    text: String,
}

impl FromStr for Trusted {
    type Err = InvalidTrusted;

    /// An IP address, with a scheme and a port or without, or the id of a node.
    fn from_str(text: &str) -> Result<Self, InvalidTrusted> {
        let of_url = |text: &str| network::parse(text.parse::<Address>().ok()?.host());
        let of_endpoint = |text: &str| {
            let endpoint: Option<core::net::SocketAddr> = text.parse().ok();
            endpoint.map(|endpoint| endpoint.ip())
        };
        let ip = network::parse(text)
            .or_else(|| of_endpoint(text))
            .or_else(|| of_url(text));
        if let Some(ip) = ip {
            return Ok(Self::Address(ip));
        }
        // Of other things an id could be made, but no node of the family has such a one.
        let is_base58 = bs58::decode(text).into_vec().is_ok_and(|id| !id.is_empty());
        let node = text.parse().ok().filter(|_| is_base58);
        node.map(Self::Node).ok_or_else(|| InvalidTrusted {
            text: text.chars().take(128).collect(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_told_from_an_id() {
        for text in [
            "192.0.2.7",
            "192.0.2.7:80",
            "ws://192.0.2.7:80/mesh",
            "::ffff:192.0.2.7",
        ] {
            let trusted: Trusted = text.parse().expect(text);
            let node = NodeId::from_entropy(&[1; 48]);
            assert!(trusted.includes(&node, Some("192.0.2.7:9")), "{text}");
            assert!(!trusted.includes(&node, Some("192.0.2.8:80")), "{text}");
            assert!(!trusted.includes(&node, None), "{text}");
        }
        assert_eq!(
            "[2001:db8::1]".parse(),
            "2001:db8::1".parse::<Trusted>(),
            "with brackets or without"
        );
        let node = NodeId::from_entropy(&[1; 48]);
        let trusted: Trusted = node.to_string().parse().expect("an id");
        assert!(trusted.includes(&node, None));
        assert!(!trusted.includes(&NodeId::from_entropy(&[2; 48]), None));
        for text in ["", "relay.example:80", "ws://relay.example", "0OIl"] {
            assert!(text.parse::<Trusted>().is_err(), "{text}");
        }
    }
}
