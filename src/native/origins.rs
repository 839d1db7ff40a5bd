//! From which pages a browser may link: its `Origin` against what the operator allows (RFC 6454; RFC 6455, 10.2).
//!
//! A browser lets every page open a WebSocket to every host and says whose page it is; that is all there is to keep
//! strangers' pages out. It protects people from pages, not the relay from programs, which say what they like.

use std::collections::BTreeSet;

use hyper::header::{self, HeaderMap};

use crate::network;

/// Most characters of an origin that are told again, to its page or in the log.
const TOLD: usize = 200;

/// Pages from which browsers may link. By default those of the relay's own hosts: the host that the request itself names,
/// those that the node advertises, and, for a browser on this very machine, those on this machine; on any port, over http
/// or https. Who sends no `Origin` is no browser, and not concerned.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origins {
    any: bool,
    null: bool,
    listed: BTreeSet<Origin>,
}

/// A text that is no origin.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "\"{text}\" is no origin: write https://app.example, with its port if it has one and without a path; * for any page; null for \
     pages without an origin, as those opened from a file"
)]
#[non_exhaustive]
pub struct OriginError {
    /// What was given.
    pub text: String,
}

/// Scheme, host and port of a page, so written that equal ones are equal.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Origin {
    scheme: String,
    host: String,
    /// `None` where it is the scheme's own.
    port: Option<u16>,
}

/// What a request tells of the place to which it came.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place<'a> {
    /// The hosts that the node advertises.
    pub(super) hosts: &'a [String],
    /// Whether the browser runs on this machine.
    pub(super) is_here: bool,
}

impl Origins {
    /// Pages of the relay's own hosts only.
    pub fn own() -> Self {
        Self::default()
    }

    /// Any page of anybody's.
    pub fn any() -> Self {
        Self {
            any: true,
            ..Self::default()
        }
    }

    /// Allows one more: an origin as `https://app.example`, `*` for any, or `null` for pages without one.
    ///
    /// # Errors
    /// [`OriginError`] if it is none of these; nothing has changed then.
    pub fn allow(&mut self, origin: &str) -> Result<(), OriginError> {
        match origin {
            "*" => self.any = true,
            "null" => self.null = true,
            // People copy it with the slash that browsers show.
            text => match Origin::parse(text.strip_suffix('/').unwrap_or(text)) {
                Some(origin) => drop(self.listed.insert(origin)),
                None => {
                    let text = text.to_owned();
                    return Err(OriginError { text });
                }
            },
        }
        Ok(())
    }

    /// Whether a request with these headers may make a link.
    ///
    /// # Errors
    /// The origin that is not allowed, as it can be shown.
    pub(super) fn judge(&self, headers: &HeaderMap, place: Place<'_>) -> Result<(), String> {
        let mut origins = headers.get_all(header::ORIGIN).into_iter();
        let Some(origin) = origins.next() else {
            return Ok(());
        };
        if self.any {
            return Ok(());
        }
        // A browser sends one. Of two, each may be what another program looks at.
        if origins.next().is_some() {
            return Err("more than one origin".to_owned());
        }
        let origin = origin.to_str().unwrap_or("?");
        if self.allows(origin, headers, place) {
            Ok(())
        } else {
            Err(origin.chars().take(TOLD).collect())
        }
    }

    fn allows(&self, origin: &str, headers: &HeaderMap, place: Place<'_>) -> bool {
        if origin == "null" {
            return self.null;
        }
        let Some(origin) = Origin::parse(origin) else {
            return false;
        };
        self.listed.contains(&origin)
            || origin.is_of_the_web() && origin.is_own(asked_host(headers).as_deref(), place)
    }
}

impl Origin {
    fn parse(text: &str) -> Option<Self> {
        let (scheme, authority) = text.split_once("://")?;
        let is_scheme = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.');
        if scheme.is_empty() || !scheme.chars().all(is_scheme) {
            return None;
        }
        let scheme = scheme.to_ascii_lowercase();
        let (host, port) = split(authority)?;
        let usual = match scheme.as_str() {
            "http" => Some(80),
            "https" => Some(443),
            _ => None,
        };
        let port = port.filter(|port| Some(*port) != usual);
        Some(Self { scheme, host, port })
    }

    fn is_of_the_web(&self) -> bool {
        matches!(self.scheme.as_str(), "http" | "https")
    }

    fn is_own(&self, asked: Option<&str>, place: Place<'_>) -> bool {
        let is_near = is_of_this_machine(&self.host);
        let is_asked = asked == Some(&self.host);
        // A name of somebody else's that leads to this machine (DNS rebinding) is not this machine's.
        let is_no_name = network::parse(&self.host).is_some();
        let is_own_name = is_asked && (is_near || is_no_name || !place.is_here);
        // Who asks for this machine by its own name is on it, or has what leads to it.
        let is_beside = is_near && (place.is_here || asked.is_some_and(is_of_this_machine));
        is_own_name || place.hosts.contains(&self.host) || is_beside
    }
}

/// A host as [`Place::hosts`] has it: in lower case, without the dot of the root, an IP address in its short form. `None`
/// if no URL could have it.
pub(super) fn host(text: &str) -> Option<String> {
    if let Some(ip) = network::parse(text) {
        return Some(ip.to_canonical().to_string());
    }
    let name = text.strip_suffix('.').unwrap_or(text);
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_');
    let is_name = !name.is_empty() && !name.ends_with('.') && name.chars().all(is_part);
    is_name.then(|| name.to_ascii_lowercase())
}

/// The host and the port of `host:port`. No user stands before them (`user@host`), and no path behind.
fn split(authority: &str) -> Option<(String, Option<u16>)> {
    let (name, port) = match authority.rsplit_once(':') {
        Some((name, port)) if !port.ends_with(']') => (name, Some(port)),
        _ => (authority, None),
    };
    // Only in brackets may a host have colons.
    if name.contains(':') != name.starts_with('[') {
        return None;
    }
    let port = match port {
        Some(digits) if digits.bytes().all(|b| b.is_ascii_digit()) => Some(digits.parse().ok()?),
        Some(_) => return None,
        None => None,
    };
    Some((host(name)?, port))
}

/// The host that a request names, if it names one.
fn asked_host(headers: &HeaderMap) -> Option<String> {
    let mut hosts = headers.get_all(header::HOST).into_iter();
    let (first, second) = (hosts.next()?, hosts.next());
    let (host, _) = split(first.to_str().ok()?)?;
    second.is_none().then_some(host)
}

/// Whether a name always means the machine that asks (RFC 6761, 6.3).
fn is_of_this_machine(host: &str) -> bool {
    let is_name = host == "localhost" || host.ends_with(".localhost");
    is_name || network::parse(host).is_some_and(|ip| ip.is_loopback())
}

#[cfg(test)]
mod tests {
    use hyper::header::HeaderValue;

    use super::*;

    const AWAY: Place<'static> = Place {
        hosts: &[],
        is_here: false,
    };

    fn headers(host: &str, origins: &[&str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        let value = |text: &str| HeaderValue::from_str(text).expect("visible");
        headers.append(header::HOST, value(host));
        for origin in origins {
            headers.append(header::ORIGIN, value(origin));
        }
        headers
    }

    fn allows(origins: &Origins, host: &str, origin: &str, place: Place<'_>) -> bool {
        origins.judge(&headers(host, &[origin]), place).is_ok()
    }

    #[test]
    fn pages_of_the_host_that_was_asked_are_own() {
        let cases = [
            ("relay.example", "https://relay.example", true),
            ("relay.example:8443", "https://relay.example", true),
            ("relay.example", "http://relay.example:8080", true),
            ("relay.example", "https://RELAY.Example", true),
            ("Relay.EXAMPLE:443", "https://relay.example", true),
            ("relay.example", "https://relay.example.", true),
            ("relay.example.:80", "https://relay.example", true),
            ("192.0.2.1:8765", "http://192.0.2.1", true),
            ("[2001:db8::1]:8765", "http://[2001:DB8:0::1]:80", true),
            ("relay.example", "https://evil.example", false),
            ("relay.example", "https://relay.example.evil.example", false),
            ("relay.example", "https://evil-relay.example", false),
            ("relay.example", "https://sub.relay.example", false),
            ("relay.example", "https://example", false),
            ("relay.example", "https://relay.example@evil.example", false),
            ("relay.example", "https://evil.example@relay.example", false),
            ("relay.example", "https://user:pass@relay.example", false),
            ("relay.example", "https://evil.example/relay.example", false),
            ("relay.example", "https://relay.example/", false),
            ("relay.example", "https://relay.example:", false),
            ("relay.example", "https://relay.example:99999", false),
            ("relay.example", "https://relay.example:+80", false),
            ("relay.example", "https://relay.example..", false),
            (
                "relay.example",
                "https://relay.example, https://evil.example",
                false,
            ),
            (
                "relay.example",
                "https://evil.example https://relay.example",
                false,
            ),
            ("relay.example", "relay.example", false),
            ("relay.example", "//relay.example", false),
            ("relay.example", "://relay.example", false),
            ("relay.example", "ftp://relay.example", false),
            ("relay.example", "chrome-extension://relay.example", false),
            ("relay.example", "https://", false),
            ("relay.example", "", false),
            ("relay.example", "null", false),
            ("null", "null", false),
            ("2001:db8::1", "http://[2001:db8::1]", false),
            ("[2001:db8::1]", "http://[2001:db8::2]", false),
            ("[2001:db8::1", "http://[2001:db8::1", false),
            ("[]", "http://[]", false),
            ("", "http://", false),
        ];
        for (host, origin, expected) in cases {
            let is_allowed = allows(&Origins::own(), host, origin, AWAY);
            assert_eq!(is_allowed, expected, "{origin} at {host}");
        }
    }

    #[test]
    fn a_name_that_was_made_to_lead_to_this_machine_is_not_its_own() {
        let here = Place {
            is_here: true,
            ..AWAY
        };
        let own = Origins::own();
        let rebound = ("evil.example:8765", "http://evil.example:8765");
        assert!(!allows(&own, rebound.0, rebound.1, here));
        assert!(
            allows(&own, rebound.0, rebound.1, AWAY),
            "who knows its name"
        );
        let by_address = ("192.168.1.5:8765", "http://192.168.1.5:3000");
        assert!(allows(&own, by_address.0, by_address.1, here));
    }

    #[test]
    fn a_browser_that_asks_for_its_own_machine_is_beside_what_leads_here() {
        let own = Origins::own();
        assert!(allows(
            &own,
            "localhost:8765",
            "http://127.0.0.1:5173",
            AWAY
        ));
    }

    #[test]
    fn who_sends_no_origin_is_no_browser() {
        assert_eq!(Origins::own().judge(&headers("relay", &[]), AWAY), Ok(()));
    }

    #[test]
    fn two_origins_are_none_and_two_hosts_are_no_own_host() {
        let own = "https://relay.example";
        let two = headers("relay.example", &[own, own]);
        assert!(Origins::own().judge(&two, AWAY).is_err());
        let mut hosts = headers("relay.example", &[own]);
        hosts.append(header::HOST, HeaderValue::from_static("evil.example"));
        assert!(Origins::own().judge(&hosts, AWAY).is_err());
        hosts.remove(header::HOST);
        assert!(Origins::own().judge(&hosts, AWAY).is_err());
    }

    #[test]
    fn bytes_that_are_no_text_are_no_origin() {
        let mut headers = headers("relay.example", &[]);
        let value = HeaderValue::from_bytes(b"https://relay.example\xff").expect("opaque");
        headers.append(header::ORIGIN, value);
        assert_eq!(Origins::own().judge(&headers, AWAY), Err("?".to_owned()));
    }

    #[test]
    fn pages_of_this_machine_are_own_for_a_browser_on_it() {
        let here = Place {
            is_here: true,
            ..AWAY
        };
        for origin in [
            "http://localhost:3000",
            "https://LOCALHOST",
            "http://app.localhost:5173",
            "http://127.0.0.1:8080",
            "http://127.9.9.9",
            "http://[::1]:3000",
            "http://[::ffff:127.0.0.1]",
        ] {
            let own = Origins::own();
            assert!(allows(&own, "127.0.0.1:8765", origin, here), "{origin}");
            assert!(!allows(&own, "192.0.2.1:8765", origin, AWAY), "{origin}");
        }
        for origin in [
            "http://localhost.evil.example",
            "http://evillocalhost",
            "http://127.0.0.1.evil.example",
            "http://0.0.0.0:80",
            "null",
        ] {
            let is_allowed = allows(&Origins::own(), "127.0.0.1:8765", origin, here);
            assert!(!is_allowed, "{origin}");
        }
    }

    #[test]
    fn pages_of_advertised_hosts_are_own() {
        let hosts = [host("Relay.Example.").expect("a name")];
        let place = Place {
            hosts: &hosts,
            is_here: false,
        };
        let is_allowed = |origin| allows(&Origins::own(), "127.0.0.1:8765", origin, place);
        assert!(is_allowed("https://relay.example:8443"));
        assert!(!is_allowed("https://other.example"));
    }

    #[test]
    fn a_listed_origin_is_allowed_to_the_letter() {
        let mut origins = Origins::own();
        for origin in [
            "https://App.example/",
            "http://dev.example:8080",
            "tauri://localhost",
        ] {
            origins.allow(origin).expect("an origin");
        }
        let cases = [
            ("https://app.example", true),
            ("https://app.example:443", true),
            ("https://app.example.", true),
            ("http://dev.example:8080", true),
            ("tauri://localhost", true),
            ("http://app.example", false),
            ("https://app.example:444", false),
            ("http://dev.example", false),
            ("null", false),
            // Its own host still is.
            ("http://relay.example", true),
        ];
        for (origin, expected) in cases {
            let is_allowed = allows(&origins, "relay.example", origin, AWAY);
            assert_eq!(is_allowed, expected, "{origin}");
        }
    }

    #[test]
    fn null_and_any_have_to_be_asked_for() {
        let mut null = Origins::own();
        null.allow("null").expect("a word for it");
        assert!(allows(&null, "relay", "null", AWAY));
        assert!(!allows(&null, "relay", "https://evil.example", AWAY));
        let mut any = Origins::own();
        any.allow("*").expect("a word for it");
        assert_eq!(any, Origins::any());
        for origin in ["null", "https://evil.example", "nonsense"] {
            assert!(allows(&any, "relay", origin, AWAY), "{origin}");
        }
    }

    #[test]
    fn what_is_no_origin_is_refused_with_what_is() {
        for text in [
            "app.example",
            "https://app.example/path",
            "https://",
            "**",
            "",
        ] {
            let error = Origins::own().allow(text).expect_err(text).to_string();
            assert!(error.contains("write https://app.example"), "{error}");
        }
    }
}
