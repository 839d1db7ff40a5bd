//! Networks: by which strangers are counted, and which of them hearsay may name.
//!
//! Judges IP addresses only, and resolves no name.

use core::fmt;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::ordered::Key;

/// What one stranger can be expected to have: a single IPv4 address, or an IPv6 network of 64 bits, which every household
/// is given whole (RFC 6177).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Network {
    /// An IPv4 address.
    V4(Ipv4Addr),
    /// The first 64 bits of an IPv6 address.
    V6(u64),
}

impl Network {
    /// The network of an address; an IPv4 address in IPv6 form counts as itself.
    pub fn of(ip: IpAddr) -> Self {
        match ip.to_canonical() {
            IpAddr::V4(ip) => Self::V4(ip),
            IpAddr::V6(ip) => Self::V6((ip.to_bits() >> 64) as u64),
        }
    }

    /// The network of an endpoint as people write it, `192.0.2.1:80` or `[2001:db8::1]:80`; `None` if its host is no IP
    /// address.
    pub fn of_endpoint(endpoint: &str) -> Option<Self> {
        let (host, _port) = endpoint.rsplit_once(':')?;
        parse(host).map(Self::of)
    }

    /// Whether it is this machine's own: a proxy in front of a relay, or a program beside it.
    pub fn is_loopback(self) -> bool {
        match self {
            Self::V4(ip) => ip.is_loopback(),
            // `::1`, of which the first half is 0 as in nothing else that connects.
            Self::V6(prefix) => prefix == 0,
        }
    }
}

impl Key for Network {
    fn prefix(&self) -> u64 {
        match self {
            Self::V4(ip) => u64::from(ip.to_bits()),
            // Above every IPv4 address, as in their order.
            Self::V6(prefix) => 1 << 63 | prefix >> 1,
        }
    }
}

/// Those that are in no network, as links inside of one process, are of one kind, the first.
impl Key for Option<Network> {
    fn prefix(&self) -> u64 {
        self.as_ref().map_or(0, Key::prefix)
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::V4(ip) => ip.fmt(f),
            Self::V6(prefix) => {
                write!(f, "{}/64", Ipv6Addr::from_bits(u128::from(*prefix) << 64))
            }
        }
    }
}

/// The address that a host is, with brackets around IPv6 or without; `None` if it is a name.
pub fn parse(host: &str) -> Option<IpAddr> {
    let bare = host
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'));
    bare.unwrap_or(host).parse().ok()
}

/// Whether an address is one of the open internet: not this machine's, not of a private or local network, not reserved
/// (RFC 6890), and not one that stands for many (multicast, broadcast). What leads into such a network from outside of it,
/// as NAT64 and 6to4 do, counts as what it leads to.
pub fn is_public(ip: IpAddr) -> bool {
    match ip.to_canonical() {
        IpAddr::V4(ip) => is_public_v4(ip),
        IpAddr::V6(ip) => match embedded(ip) {
            Some(inner) => is_public_v4(inner),
            // Only 2000::/3 is handed out (RFC 4291, 2.4); of it 2001:db8::/32 and 3fff::/20 are for documents, and the rest of 2001::/23 for
            // protocols.
            None => {
                let [first, second, ..] = ip.segments();
                let is_of_documents =
                    first == 0x2001 && second == 0x0db8 || first == 0x3fff && second < 0x1000;
                let is_of_protocols = first == 0x2001 && second < 0x0200;
                first & 0xe000 == 0x2000 && !is_of_documents && !is_of_protocols
            }
        },
    }
}

fn is_public_v4(ip: Ipv4Addr) -> bool {
    let [a, b, c, _] = ip.octets();
    let is_shared = a == 100 && b & 0xc0 == 64; // carriers' own (RFC 6598)
    let is_of_protocols = a == 192 && b == 0 && c == 0;
    let is_of_benchmarks = a == 198 && b & 0xfe == 18;
    !(ip.is_private()
        || ip.is_loopback()
        || ip.is_link_local()
        || ip.is_documentation()
        || is_shared
        || is_of_protocols
        || is_of_benchmarks
        || a == 0
        || a >= 224)
}

/// The IPv4 address to which an IPv6 address of NAT64 (RFC 6052) or 6to4 (RFC 3056) leads.
fn embedded(ip: Ipv6Addr) -> Option<Ipv4Addr> {
    let bits = ip.to_bits();
    let is_nat64 = bits >> 32 == 0x0064_ff9b_u128 << 64;
    let is_6to4 = bits >> 112 == 0x2002;
    if is_nat64 {
        Some(Ipv4Addr::from_bits(bits as u32))
    } else {
        is_6to4.then(|| Ipv4Addr::from_bits((bits >> 80) as u32))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        parse(text).expect("an address")
    }

    #[test]
    fn strangers_are_counted_by_address_or_by_half_of_it() {
        assert_eq!(
            Network::of(ip("::ffff:192.0.2.7")),
            Network::of(ip("192.0.2.7"))
        );
        assert_ne!(Network::of(ip("192.0.2.7")), Network::of(ip("192.0.2.8")));
        assert_eq!(
            Network::of(ip("2001:db8:1:2::3")),
            Network::of(ip("2001:db8:1:2:ffff::"))
        );
        assert_ne!(
            Network::of(ip("2001:db8:1:2::3")),
            Network::of(ip("2001:db8:1:3::3"))
        );
    }

    #[test]
    fn an_endpoint_is_read_as_people_write_it() {
        let written = [
            ("192.0.2.1:80", "192.0.2.1"),
            ("[2001:db8::1]:80", "2001:db8::/64"),
        ];
        for (text, shown) in written {
            let network = Network::of_endpoint(text).expect("an endpoint");
            assert_eq!(network.to_string(), shown);
        }
        for text in ["memory:1", "relay.example:80", "", "192.0.2.1"] {
            assert_eq!(Network::of_endpoint(text), None, "{text}");
        }
    }

    #[test]
    fn loopback_is_known_in_both_forms() {
        for text in ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"] {
            assert!(Network::of(ip(text)).is_loopback(), "{text}");
        }
        for text in ["128.0.0.1", "2001:db8::1", "fe80::1"] {
            assert!(!Network::of(ip(text)).is_loopback(), "{text}");
        }
    }

    #[test]
    fn only_what_the_internet_routes_is_public() {
        for text in [
            "8.8.8.8",
            "100.63.0.1",
            "172.32.0.1",
            "198.20.0.1",
            "223.255.255.255",
            "2606:4700::1111",
            "2002:808:808::1",
            "64:ff9b::808:808",
        ] {
            assert!(is_public(ip(text)), "{text}");
        }
        for text in [
            "0.0.0.0",
            "0.1.2.3",
            "10.0.0.1",
            "100.64.0.1",
            "127.0.0.1",
            "169.254.169.254",
            "172.16.0.1",
            "192.0.0.8",
            "192.0.2.1",
            "192.168.1.1",
            "198.18.0.1",
            "198.51.100.1",
            "203.0.113.1",
            "224.0.0.1",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::ffff:10.0.0.1",
            "fe80::1",
            "fd00::1",
            "ff02::1",
            "2001:db8::1",
            "2001::1",
            "3fff::1",
            "2002:7f00:1::",
            "64:ff9b::a00:1",
        ] {
            assert!(!is_public(ip(text)), "{text}");
        }
    }
}
