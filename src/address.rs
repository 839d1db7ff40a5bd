//! Where a node can be dialled: `tcp://host:port`, `tls://host:port`, `ws://host:port/path`, `wss://…`, `memory:N`.
//!
//! Parsing and printing only. Nothing here resolves a name or judges whether an address should be dialled.

use core::fmt;
use core::str::FromStr;

use crate::id::ProtocolId;
use crate::ordered::Key;

/// Longest host that is accepted, in bytes (RFC 1035, 2.3.4).
pub const MAX_HOST: usize = 255;

/// The kind of transport that a link runs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Scheme {
    /// Plain TCP, `tcp://`.
    Tcp,
    /// TLS over TCP, `tls://`.
    Tls,
    /// WebSocket, `ws://`.
    Ws,
    /// WebSocket over TLS, `wss://`.
    Wss,
    /// Inside one process, `memory:`; for tests and simulation.
    Memory,
}

impl Scheme {
    /// The word that protocol 0.7 hashes into the protocol id of this transport.
    pub const fn encryption(self) -> &'static str {
        match self {
            Self::Tcp => "Plaintext",
            Self::Tls => "SSL",
            Self::Ws => "ws",
            Self::Wss => "wss",
            Self::Memory => "memory",
        }
    }

    /// What `subnet` is called on this transport.
    pub fn protocol(self, subnet: &str) -> ProtocolId {
        ProtocolId::new(subnet, self.encryption())
    }

    /// Whether links of this kind are WebSockets, over which the dialler speaks first.
    pub const fn is_websocket(self) -> bool {
        matches!(self, Self::Ws | Self::Wss)
    }

    /// The scheme as it stands in an address.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Tcp => "tcp",
            Self::Tls => "tls",
            Self::Ws => "ws",
            Self::Wss => "wss",
            Self::Memory => "memory",
        }
    }

    const fn default_port(self) -> Option<u16> {
        match self {
            Self::Ws => Some(80),
            Self::Wss => Some(443),
            Self::Tcp | Self::Tls | Self::Memory => None,
        }
    }
}

impl fmt::Display for Scheme {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// An address that can be dialled or listened on.
///
/// ```
/// let relay: rs2p::Address = "ws://[::1]:8765/mesh".parse()?;
/// assert_eq!((relay.host(), relay.port()), ("::1", 8765));
/// assert_eq!(relay.to_string(), "ws://[::1]:8765/mesh");
/// # Ok::<(), rs2p::AddressError>(())
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Address {
    scheme: Scheme,
    host: String,
    port: u16,
    path: String,
}

/// Told apart by no prefix: hosts may be equal for longer than that, and a book of addresses is small.
impl Key for Address {
    fn prefix(&self) -> u64 {
        0
    }
}

impl Address {
    /// The address of `host` (a name, IPv4 or IPv6 without brackets) and `port` on a transport.
    ///
    /// # Errors
    /// [`AddressError::Host`] if the host is empty, longer than [`MAX_HOST`], or has characters that no host has.
    pub fn new(scheme: Scheme, host: &str, port: u16) -> Result<Self, AddressError> {
        if !is_host(host) {
            return Err(AddressError::Host {
                host: host.chars().take(64).collect(),
            });
        }
        Ok(Self {
            scheme,
            host: host.to_owned(),
            port,
            path: String::new(),
        })
    }

    /// The `number`-th place in one process.
    pub fn memory(number: u16) -> Self {
        Self {
            scheme: Scheme::Memory,
            host: "memory".to_owned(),
            port: number,
            path: String::new(),
        }
    }

    /// The kind of transport.
    pub fn scheme(&self) -> Scheme {
        self.scheme
    }

    /// The host: a name or an IP address, IPv6 without its brackets.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The port; 0 means "any free one" where it is listened on.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// What follows the port, with its leading slash: path and query. Empty if there is none.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The same address with another host and port.
    ///
    /// # Errors
    /// As [`Address::new`].
    pub fn with_endpoint(&self, host: &str, port: u16) -> Result<Self, AddressError> {
        Ok(Self {
            path: self.path.clone(),
            ..Self::new(self.scheme, host, port)?
        })
    }

    /// Whether the host is this machine: `localhost` or a loopback IP.
    pub fn is_loopback(&self) -> bool {
        let ip = self
            .host
            .parse()
            .is_ok_and(|ip: core::net::IpAddr| ip.is_loopback());
        ip || self.host.eq_ignore_ascii_case("localhost")
    }

    /// `host:port`, with brackets around IPv6.
    pub fn authority(&self) -> String {
        if self.host.contains(':') {
            format!("[{}]:{}", self.host, self.port)
        } else {
            format!("{}:{}", self.host, self.port)
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.scheme {
            Scheme::Memory => write!(f, "memory:{}", self.port),
            scheme => write!(f, "{scheme}://{}{}", self.authority(), self.path),
        }
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Address({self})")
    }
}

/// Why a text is no [`Address`]. The fault is with whoever wrote it; the text says what to write instead.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AddressError {
    /// The text does not begin with a known scheme.
    #[error("\"{text}\" has no known scheme: write {suggestion}")]
    Scheme {
        /// The text, shortened.
        text: String,
        /// What may have been meant.
        suggestion: String,
    },
    /// The host is missing or malformed.
    #[error(
        "\"{host}\" is not a host: write a name, an IPv4 address, or an IPv6 address in brackets"
    )]
    Host {
        /// The host, shortened.
        host: String,
    },
    /// The port is missing or not a number below 65,536.
    #[error("\"{text}\" has no port from 0 to 65535: write {scheme}://host:port")]
    Port {
        /// The text, shortened.
        text: String,
        /// The scheme of the text.
        scheme: Scheme,
    },
    /// A path where the transport has none.
    #[error("\"{text}\": a {scheme} address has no path, write {scheme}://host:port")]
    Path {
        /// The text, shortened.
        text: String,
        /// The scheme of the text.
        scheme: Scheme,
    },
}

impl FromStr for Address {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        if let Some(number) = text.strip_prefix("memory:") {
            let port = number.parse().map_err(|_| AddressError::Port {
                text: shorten(text),
                scheme: Scheme::Memory,
            })?;
            return Ok(Self::memory(port));
        }
        let (scheme, rest) = split_scheme(text)?;
        let (authority, path) = rest
            .find(['/', '?'])
            .map_or((rest, ""), |at| rest.split_at(at));
        let (host, port) = split_port(authority);
        let port = match port {
            Some(digits) if digits.bytes().all(|b| b.is_ascii_digit()) => digits.parse().ok(),
            Some(_) => None,
            None => scheme.default_port(),
        };
        let port = port.ok_or_else(|| AddressError::Port {
            text: shorten(text),
            scheme,
        })?;
        let path = path_of(scheme, path).ok_or_else(|| AddressError::Path {
            text: shorten(text),
            scheme,
        })?;
        Ok(Self {
            path,
            ..Self::new(scheme, host, port)?
        })
    }
}

fn split_scheme(text: &str) -> Result<(Scheme, &str), AddressError> {
    let unknown = |suggestion: String| AddressError::Scheme {
        text: shorten(text),
        suggestion,
    };
    let Some((word, rest)) = text.split_once("://") else {
        return Err(unknown(format!("tcp://{0} or ws://{0}", shorten(text))));
    };
    match word.to_ascii_lowercase().as_str() {
        "tcp" => Ok((Scheme::Tcp, rest)),
        "tls" => Ok((Scheme::Tls, rest)),
        "ws" => Ok((Scheme::Ws, rest)),
        "wss" => Ok((Scheme::Wss, rest)),
        "http" => Err(unknown(format!("ws://{}", shorten(rest)))),
        "https" => Err(unknown(format!("wss://{}", shorten(rest)))),
        _ => Err(unknown(
            "tcp://, tls://, ws:// or wss:// before host:port".to_owned(),
        )),
    }
}

/// The host without brackets, and the digits behind the last colon that is not inside brackets.
fn split_port(authority: &str) -> (&str, Option<&str>) {
    if let Some((host, rest)) = authority
        .strip_prefix('[')
        .and_then(|inner| inner.split_once(']'))
    {
        return (
            host,
            rest.strip_prefix(':').or((!rest.is_empty()).then_some("")),
        );
    }
    match authority.rsplit_once(':') {
        Some((host, port)) => (host, Some(port)),
        None => (authority, None),
    }
}

/// The path as it is kept: none on TCP, printable ASCII without blanks on a WebSocket, "/" and none being one.
fn path_of(scheme: Scheme, path: &str) -> Option<String> {
    match path {
        "" | "/" => Some(String::new()),
        _ if !scheme.is_websocket()
            || !path.bytes().all(|b| b.is_ascii_graphic())
            || path.contains('#') =>
        {
            None
        }
        _ if path.starts_with('?') => Some(format!("/{path}")),
        _ => Some(path.to_owned()),
    }
}

fn is_host(host: &str) -> bool {
    host.len() <= MAX_HOST && (is_name(host) || is_ipv6(host))
}

/// Letters of any script, and nothing that a terminal would obey: peers tell addresses, and logs show them.
fn is_name(name: &str) -> bool {
    let legal = |c: char| {
        if c.is_ascii() {
            c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_')
        } else {
            !c.is_control() && !c.is_whitespace()
        }
    };
    !name.is_empty() && name.chars().all(legal)
}

/// IPv6 may carry a zone (`fe80::1%eth0`, RFC 4007, 11), which the parser of the standard library does not know.
fn is_ipv6(host: &str) -> bool {
    let (ip, zone) = match host.split_once('%') {
        Some((ip, zone)) => (ip, Some(zone)),
        None => (host, None),
    };
    ip.parse::<core::net::Ipv6Addr>().is_ok() && zone.is_none_or(is_name)
}

fn shorten(text: &str) -> String {
    text.chars().take(64).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Address, AddressError> {
        text.parse()
    }

    #[test]
    fn every_kind_is_read_and_written_back() {
        for text in [
            "tcp://127.0.0.1:4444",
            "tls://mesh.example:443",
            "ws://localhost:80/chat?room=1",
            "wss://[2001:db8::1]:8443",
            "memory:7",
        ] {
            assert_eq!(parse(text).map(|a| a.to_string()).as_deref(), Ok(text));
        }
    }

    #[test]
    fn a_websocket_has_a_default_port_and_tcp_has_none() {
        assert_eq!(parse("ws://relay.example/").map(|a| a.port()), Ok(80));
        assert_eq!(parse("WSS://relay.example").map(|a| a.port()), Ok(443));
        assert!(matches!(
            parse("tcp://relay.example"),
            Err(AddressError::Port { .. })
        ));
    }

    #[test]
    fn an_error_says_what_to_write() {
        let text = |t: &str| parse(t).expect_err("malformed").to_string();
        assert!(text("localhost:4444").contains("tcp://localhost:4444"));
        assert!(text("http://localhost:1/x").contains("ws://localhost:1/x"));
        assert!(text("tcp://host:99999").contains("tcp://host:port"));
        assert!(text("tcp://host:1/path").contains("no path"));
        assert!(text("ws://:80").contains("not a host"));
        assert!(text("ws://a b:80").contains("not a host"));
        assert!(text("tcp://[::1").contains("not a host"));
    }

    #[test]
    fn a_zone_is_a_name_and_bounded_like_a_host() {
        let zoned = |zone: &str| parse(&format!("tcp://[fe80::1%{zone}]:80"));
        assert!(zoned("eth0").is_ok());
        for zone in ["", "eth0%1", "a\x1b[2J", "a b", &"x".repeat(MAX_HOST)] {
            assert!(zoned(zone).is_err(), "{zone:?}");
        }
        // Its text would be read as something else.
        assert!(parse("ws://fe80::1%eth0]:80").is_err());
    }

    #[test]
    fn no_host_commands_a_terminal() {
        assert!(parse("tcp://bücher.example:80").is_ok());
        // U+009B begins a command as ESC [ does.
        for host in ["a\u{9b}2J", "a\u{85}b", "a\u{2028}b", "a\x1bb"] {
            assert!(parse(&format!("tcp://{host}:80")).is_err(), "{host:?}");
        }
    }

    #[test]
    fn no_text_panics() {
        for text in [
            "",
            "://",
            "ws://",
            "ws://[",
            "ws://[]:1",
            "ws://]:",
            "memory:",
            "memory:-1",
            "ws://[::1]x:1",
            "é://é",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
