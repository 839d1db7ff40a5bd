//! Hearsay: which of the addresses that peers tell a node may dial, keep and tell on.
//!
//! A stranger who may name any address makes whoever believes it knock where the stranger cannot: at the services of its own
//! machine, in the network behind it, at a third party's doors. What the user gave is never judged here, nor what was
//! remembered from an earlier run.

use core::fmt;
use core::net::IpAddr;
use core::str::FromStr;

use super::Mesh;
use super::dialling::address_of;
use super::link::Link;
use super::standby::is_a_place;
use crate::address::{Address, Scheme};
use crate::id::{LinkId, NodeId};
use crate::network::{self, is_public};
use crate::wire::{Endpoint, PeerEntry};

/// The ports below 1024 at which web servers are, and with them the WebSockets of relays. At the others are services that
/// no mesh runs on, and that take what anybody sends for commands (RFC 6335, system ports).
const WEB_PORTS: [u16; 2] = [80, 443];

/// Where the ports begin that need no privilege.
const UNPRIVILEGED: u16 = 1024;

/// Which addresses out of gossip may be dialled: those in peer lists, in answers to lookups, and what a peer says of itself.
///
/// Whatever is chosen, an address that the user gave is dialled. Places of one process (`memory:`) are public.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Hearsay {
    /// IP addresses that the internet routes ([`is_public`]), on port 80, 443 or from 1024 on.
    #[default]
    Public,
    /// Besides, names on `wss`, where whoever answers has to prove the name: for a page, which has no other addresses of relays, and
    /// whose browser guards the networks that it is in.
    Web,
    /// Besides the first, those of this machine and of private networks (RFC 1918, 4193 and 6598). For a mesh within one network: whoever
    /// can link to the node can have it dial there.
    Private,
    /// Any host, names too, on any port. Names lead where whoever has the domain wants them to.
    Any,
}

impl Hearsay {
    /// Its name, as on the command line.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::Web => "web",
            Self::Private => "private",
            Self::Any => "any",
        }
    }

    /// Whether an address that somebody told may be dialled.
    ///
    /// ```
    /// use rs2p::mesh::Hearsay;
    ///
    /// let allows = |text: &str| text.parse().map(|address| Hearsay::Public.allows(&address));
    /// assert_eq!(allows("wss://8.8.8.8:443"), Ok(true));
    /// assert_eq!(allows("tcp://127.0.0.1:6379"), Ok(false));
    /// assert_eq!(allows("ws://relay.example:8765"), Ok(false));
    /// ```
    pub fn allows(self, address: &Address) -> bool {
        if !is_a_place(address) {
            return false;
        }
        if address.scheme() == Scheme::Memory || self == Self::Any {
            return true;
        }
        let port = address.port();
        let is_fit = port >= UNPRIVILEGED || WEB_PORTS.contains(&port);
        is_fit
            && match network::parse(address.host()) {
                Some(ip) => self.allows_ip(ip),
                None => self == Self::Web && is_proven_name(address),
            }
    }

    fn allows_ip(self, ip: IpAddr) -> bool {
        is_public(ip) || self == Self::Private && is_near(ip)
    }
}

/// Whether an address is a name of the internet, which whoever answers there has to prove.
pub(super) fn is_proven_name(address: &Address) -> bool {
    let host = address.host();
    let is_name = network::parse(host).is_none() && host.contains('.');
    is_name && address.scheme() == Scheme::Wss && !address.is_loopback()
}

/// Whether an address is this machine's, or one of a private network.
fn is_near(ip: IpAddr) -> bool {
    match ip.to_canonical() {
        IpAddr::V4(ip) => {
            let [a, b, ..] = ip.octets();
            let is_shared = a == 100 && b & 0xc0 == 64; // RFC 6598, in which overlay networks live
            ip.is_loopback() || ip.is_private() || is_shared
        }
        IpAddr::V6(ip) => ip.is_loopback() || ip.is_unique_local(),
    }
}

impl fmt::Display for Hearsay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A word that names no [`Hearsay`]. The fault is with whoever wrote it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("\"{word}\" says not which addresses to believe: write public, web, private or any")]
pub struct UnknownHearsay {
    /// The word, or its beginning.
    pub word: String,
}

impl FromStr for Hearsay {
    type Err = UnknownHearsay;

    fn from_str(word: &str) -> Result<Self, UnknownHearsay> {
        let all = [Self::Public, Self::Web, Self::Private, Self::Any];
        let known = all.into_iter().find(|hearsay| hearsay.as_str() == word);
        known.ok_or_else(|| UnknownHearsay {
            word: word.chars().take(64).collect(),
        })
    }
}

impl Mesh {
    /// Whether an address that somebody told may be dialled, kept and told on.
    pub(super) fn believes(&self, address: &Address) -> bool {
        self.config.hearsay.allows(address)
    }

    /// Whether the endpoint that a peer says is its own may be told on.
    pub(super) fn is_tellable(&self, peer: &NodeId, scheme: Scheme, endpoint: &Endpoint) -> bool {
        let id = self.table.link(peer);
        let link = id.and_then(|id| Some((id, self.links.get(&id)?)));
        address_of(scheme, endpoint).is_some_and(|address| {
            // Of this machine's own it is told only what is on it: a private address is nobody else's business.
            let is_at_home = || {
                address.is_loopback()
                    && link.is_some_and(|(id, link)| self.is_home(id, link, &address))
            };
            self.believes(&address) || is_at_home()
        })
    }

    /// What a peer told of its peers, without the addresses that are not believed.
    pub(super) fn believed(&self, scheme: Scheme, told: Vec<PeerEntry>) -> Vec<PeerEntry> {
        let believed = |entry: PeerEntry| PeerEntry {
            endpoint: entry
                .endpoint
                .filter(|at| address_of(scheme, at).is_some_and(|address| self.believes(&address))),
            ..entry
        };
        told.into_iter().map(believed).collect()
    }

    /// Whether the peer of a link may be dialled at an address that is its own word: one that is believed of anybody, the one at
    /// which this node found it, or one of the machine from which it called.
    pub(super) fn may_dial_again(&self, id: LinkId, link: &Link, address: &Address) -> bool {
        let is_found_there = || {
            let target = link.target.and_then(|target| self.targets.target(target));
            let is_remote = link.info.remote.as_deref() == Some(&address.authority());
            id.is_dialled() && (is_remote || target.is_some_and(|t| t.address == *address))
        };
        self.believes(address) || is_found_there() || self.is_home(id, link, address)
    }

    /// Whether an address is on the very machine from which the peer called, as far as this node sees that itself. A proxy
    /// calls for others.
    pub(super) fn is_home(&self, id: LinkId, link: &Link, address: &Address) -> bool {
        let is_its_host = link
            .remote_host()
            .is_some_and(|host| is_same(host, address.host()));
        // A machine's services are no peers, whoever calls from there.
        let is_fit = address.port() >= UNPRIVILEGED || self.config.hearsay == Hearsay::Any;
        !id.is_dialled() && !link.info.proxied && is_its_host && is_fit
    }
}

/// Whether two hosts are one, with brackets around IPv6 or without.
fn is_same(one: &str, other: &str) -> bool {
    match (network::parse(one), network::parse(other)) {
        (Some(one), Some(other)) => one.to_canonical() == other.to_canonical(),
        _ => one == other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allows(hearsay: Hearsay, url: &str) -> bool {
        hearsay.allows(&url.parse().expect(url))
    }

    #[test]
    fn the_open_internet_is_believed_by_all() {
        let told = [
            "tcp://8.8.8.8:1024",
            "ws://8.8.8.8:80",
            "wss://[2606:4700::1111]:443",
            "memory:7",
        ];
        for hearsay in [Hearsay::Public, Hearsay::Private, Hearsay::Any] {
            for url in told {
                assert!(allows(hearsay, url), "{hearsay}: {url}");
            }
        }
    }

    #[test]
    fn private_networks_and_this_machine_have_to_be_allowed() {
        let told = [
            "tcp://127.0.0.1:6379",
            "ws://[::1]:8765",
            "tcp://10.0.0.1:4444",
            "tcp://192.168.1.1:8080",
            "tcp://100.64.0.1:4444",
            "tcp://[fd00::1]:4444",
            "tcp://[::ffff:10.0.0.1]:4444",
        ];
        for url in told {
            assert!(!allows(Hearsay::Public, url), "{url}");
            assert!(allows(Hearsay::Private, url), "{url}");
        }
    }

    #[test]
    fn names_and_system_ports_have_to_be_allowed_apart() {
        let told = [
            "ws://relay.example:8765",
            "ws://localhost:8765",
            // What only looks like an address is a name, which some resolve to this machine.
            "ws://127.1:8765",
            "ws://0x7f.0.0.1:8765",
            "ws://2130706433:8765",
            "ws://127.0.0.1.:8765",
            "tcp://8.8.8.8:25",
            "tcp://10.0.0.1:22",
            "tcp://169.254.169.254:80",
            "tcp://224.0.0.1:4444",
            "tcp://[fe80::1]:4444",
            "tcp://[64:ff9b::a00:1]:4444",
            "tcp://255.255.255.255:4444",
        ];
        for url in told {
            assert!(!allows(Hearsay::Public, url), "{url}");
            assert!(!allows(Hearsay::Private, url), "{url}");
            assert!(allows(Hearsay::Any, url), "{url}");
        }
    }

    #[test]
    fn nobody_is_where_only_listeners_can_be() {
        for url in ["tcp://0.0.0.0:4444", "ws://[::]:4444", "tcp://8.8.8.8:0"] {
            assert!(!allows(Hearsay::Any, url), "{url}");
        }
    }

    #[test]
    fn a_page_believes_in_names_that_have_to_be_proven() {
        for url in [
            "wss://relay.example",
            "wss://relay.example:8443",
            "ws://8.8.8.8:8765",
        ] {
            assert!(allows(Hearsay::Web, url), "{url}");
        }
        for url in [
            "ws://relay.example",
            "tls://relay.example:4444",
            "wss://router",
            "wss://localhost:8443",
            "wss://relay.example:25",
            "wss://192.168.1.1",
            "ws://127.0.0.1:8765",
        ] {
            assert!(!allows(Hearsay::Web, url), "{url}");
        }
    }

    #[test]
    fn a_name_gives_its_hearsay_back() {
        for hearsay in [
            Hearsay::Public,
            Hearsay::Web,
            Hearsay::Private,
            Hearsay::Any,
        ] {
            assert_eq!(hearsay.to_string().parse(), Ok(hearsay));
        }
        let error = "all".parse::<Hearsay>().expect_err("no hearsay");
        assert!(error.to_string().contains("public, web, private or any"));
    }

    #[test]
    fn a_host_is_the_same_however_it_is_written() {
        assert!(is_same("[::1]", "::1") && is_same("::ffff:127.0.0.1", "127.0.0.1"));
        assert!(is_same("node", "node") && !is_same("node", "elsewhere"));
    }
}
