//! Who is behind a proxy: what its headers say, and whom to believe.
//!
//! Anybody can write these headers. They are believed from addresses that the operator named; from others they show only
//! that something stands in between, or that somebody wants it so.

use core::net::{IpAddr, SocketAddr};

use hyper::header::{self, HeaderMap, HeaderName};

use crate::network;

/// What proxies add, one for each hop on the way (no standard; RFC 7239 has `Forwarded` in its place).
const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// Whether a proxy in between has said that it is there.
pub(super) fn is_proxied(headers: &HeaderMap) -> bool {
    [X_FORWARDED_FOR, header::FORWARDED, header::VIA]
        .iter()
        .any(|name| headers.contains_key(name))
}

/// The client on whose behalf `caller` speaks, if that is one of `proxies`: each proxy appends whom it heard from, so the
/// client is the last that is no proxy of ours. `None` if the caller speaks for itself, or names nobody.
pub(super) fn client(headers: &HeaderMap, caller: IpAddr, proxies: &[IpAddr]) -> Option<IpAddr> {
    if !is_one_of(caller, proxies) {
        return None;
    }
    let named = named_by(headers, &X_FORWARDED_FOR, |hop| Some(hop.to_owned()));
    let named = named.or_else(|| named_by(headers, &header::FORWARDED, of_forwarded))?;
    let mut last = None;
    for hop in named.iter().rev() {
        // What cannot be read, as `unknown`, ends what can be believed.
        let Some(ip) = address(hop) else { break };
        last = Some(ip);
        if !is_one_of(ip, proxies) {
            break;
        }
    }
    last
}

/// Whether an address is one of `proxies`, in either form of an IPv4 address.
pub(super) fn is_one_of(ip: IpAddr, proxies: &[IpAddr]) -> bool {
    let ip = ip.to_canonical();
    proxies.iter().any(|proxy| proxy.to_canonical() == ip)
}

/// The hops that a header names, over all of its lines; `None` without such a header. What is no text names nobody.
fn named_by(
    headers: &HeaderMap,
    name: &HeaderName,
    hop: impl Fn(&str) -> Option<String>,
) -> Option<Vec<String>> {
    headers.contains_key(name).then(|| {
        let lines = headers.get_all(name).into_iter();
        let lists = lines.map(|value| value.to_str().unwrap_or_default());
        let hops = lists.flat_map(|list| list.split(','));
        hops.map(|text| hop(text.trim()).unwrap_or_default())
            .collect()
    })
}

/// The `for` of one hop (RFC 7239, 4): `for="[2001:db8::1]:80";proto=https`.
fn of_forwarded(hop: &str) -> Option<String> {
    let pairs = hop.split(';').filter_map(|pair| pair.split_once('='));
    let mut values = pairs.filter(|(name, _)| name.trim().eq_ignore_ascii_case("for"));
    let (_, value) = values.next()?;
    Some(value.trim().trim_matches('"').to_owned())
}

/// An address as proxies write it: with a port or without, IPv6 in brackets or bare.
fn address(text: &str) -> Option<IpAddr> {
    let ip = network::parse(text).or_else(|| Some(text.parse::<SocketAddr>().ok()?.ip()));
    ip.map(|ip| ip.to_canonical())
}

#[cfg(test)]
mod tests {
    use hyper::header::HeaderValue;

    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().expect("an address")
    }

    fn headers(lines: &[(&'static str, &'static str)]) -> HeaderMap {
        let lines = lines.iter().map(|&(name, value)| {
            let name = HeaderName::from_static(name);
            (name, HeaderValue::from_static(value))
        });
        lines.collect()
    }

    fn client_of(lines: &[(&'static str, &'static str)]) -> Option<IpAddr> {
        let proxies = [ip("127.0.0.1"), ip("10.0.0.9"), ip("2001:db8::9")];
        client(&headers(lines), ip("::ffff:127.0.0.1"), &proxies)
    }

    #[test]
    fn the_last_that_is_no_proxy_is_the_client() {
        let cases = [
            ("192.0.2.7", Some("192.0.2.7")),
            ("198.51.100.1, 192.0.2.7", Some("192.0.2.7")),
            ("192.0.2.7, 10.0.0.9", Some("192.0.2.7")),
            ("192.0.2.7,10.0.0.9 , 127.0.0.1", Some("192.0.2.7")),
            ("192.0.2.7:5000", Some("192.0.2.7")),
            ("::ffff:192.0.2.7", Some("192.0.2.7")),
            ("2001:db8::1", Some("2001:db8::1")),
            ("[2001:db8::1]:80, [2001:db8::9]:9", Some("2001:db8::1")),
            ("192.0.2.7, unknown", None),
            ("192.0.2.7, unknown, 10.0.0.9", Some("10.0.0.9")),
            ("10.0.0.9", Some("10.0.0.9")),
            ("", None),
            ("evil", None),
        ];
        for (value, expected) in cases {
            let told = client_of(&[("x-forwarded-for", value)]);
            assert_eq!(told, expected.map(ip), "{value}");
        }
    }

    #[test]
    fn several_lines_are_one_list() {
        let lines = [
            ("x-forwarded-for", "198.51.100.1"),
            ("x-forwarded-for", "192.0.2.7"),
        ];
        assert_eq!(client_of(&lines), Some(ip("192.0.2.7")));
    }

    #[test]
    fn the_standard_header_is_read_too() {
        let cases = [
            ("for=192.0.2.7", Some("192.0.2.7")),
            ("For=\"192.0.2.7:80\";proto=https", Some("192.0.2.7")),
            ("proto=http; for=\"[2001:db8::1]\"", Some("2001:db8::1")),
            (
                "for=198.51.100.1, for=192.0.2.7;by=10.0.0.9",
                Some("192.0.2.7"),
            ),
            ("for=_hidden", None),
            ("by=192.0.2.7", None),
        ];
        for (value, expected) in cases {
            let told = client_of(&[("forwarded", value)]);
            assert_eq!(told, expected.map(ip), "{value}");
        }
    }

    #[test]
    fn nobody_else_is_believed() {
        let lines = headers(&[("x-forwarded-for", "192.0.2.7")]);
        assert_eq!(client(&lines, ip("192.0.2.1"), &[ip("127.0.0.1")]), None);
        assert_eq!(client(&lines, ip("127.0.0.1"), &[]), None);
    }

    #[test]
    fn a_proxy_shows_by_any_of_three_headers() {
        for name in ["x-forwarded-for", "forwarded", "via"] {
            assert!(is_proxied(&headers(&[(name, "anything")])), "{name}");
        }
        assert!(!is_proxied(&headers(&[("host", "relay")])));
    }
}
