//! What a WebSocket listener tells of its node over HTTP: whether it lives, whether it serves, and how it fares.
//!
//! | path | says | to |
//! | --- | --- | --- |
//! | `/healthz` | whether the node's loop goes round | anybody |
//! | `/readyz` | whether a newcomer would be linked | anybody |
//! | `/metrics` | counters and gauges, for Prometheus | whom [`Reports`] names |
//! | `/mesh.json` | links, members and limits, each one | whom [`Reports`] names |
//!
//! A listener is polled by the very loop that it tells of. So a loop that hangs says nothing at all, which whoever probes
//! takes for dead by a timeout of its own; and a `200` from `/healthz` proves that the loop has gone round: it took the
//! question from the listener and answered it, within [`PATIENCE`]. One that is busy for longer between two turns says `503`.

mod desk;
mod json;
mod metrics;

use core::fmt;
use core::iter;
use core::str::FromStr;
use core::time::Duration;

use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::header::{self, HeaderMap, HeaderValue};
use hyper::{Response, StatusCode};

pub(super) use desk::Desk;

use super::http::Body;
use crate::mesh::{Pulse, Report, Status};
use crate::network::{self, Network};

/// Time in which the node's loop has to answer.
pub(super) const PATIENCE: Duration = Duration::from_secs(1);

/// Whether a node tells over HTTP how it fares, and whom.
///
/// The small questions, `/healthz` and `/readyz`, are answered to anybody unless it is [`Reports::Off`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Reports {
    /// Nothing is told: these paths are as any other.
    #[default]
    Off,
    /// `/metrics` and `/mesh.json` to programs on this machine, for everybody else there is no such page. Who comes through a
    /// proxy is from elsewhere, as long as the proxy says so: by a `Forwarded`, `X-Forwarded-…`, `X-Real-IP` or `Via` header, or by
    /// leaving in `Host` what the visitor asked for.
    Local,
    /// Everything to everybody. The addresses of peers are left out.
    Public,
}

impl Reports {
    /// The choice in one word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Local => "local",
            Self::Public => "public",
        }
    }
}

impl fmt::Display for Reports {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A word that is no [`Reports`]. The fault is with whoever wrote it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("\"{0}\" is none of off, local and public")]
pub struct UnknownReports(String);

impl FromStr for Reports {
    type Err = UnknownReports;

    fn from_str(text: &str) -> Result<Self, UnknownReports> {
        [Self::Off, Self::Local, Self::Public]
            .into_iter()
            .find(|reports| reports.as_str() == text)
            .ok_or_else(|| UnknownReports(text.to_owned()))
    }
}

/// What a visitor asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Page {
    Health,
    Readiness,
    Metrics,
    Mesh,
}

impl Page {
    pub(super) fn at(path: &str) -> Option<Self> {
        match path {
            "/healthz" => Some(Self::Health),
            "/readyz" => Some(Self::Readiness),
            "/metrics" => Some(Self::Metrics),
            "/mesh.json" => Some(Self::Mesh),
            _ => None,
        }
    }

    /// Whether it tells of others, and takes longer to make.
    pub(super) const fn is_large(self) -> bool {
        matches!(self, Self::Metrics | Self::Mesh)
    }

    const fn media(self) -> &'static str {
        match self {
            Self::Health | Self::Readiness => "text/plain; charset=utf-8",
            Self::Metrics => "text/plain; version=0.0.4; charset=utf-8",
            Self::Mesh => "application/json",
        }
    }
}

/// Whether a request is of a program on this machine, as far as a connection from `remote` with these headers can tell. The
/// host must be this machine's own name, too: a page of somebody else's that had its own name lead here (DNS rebinding)
/// still asks for that name.
pub(super) fn is_local(remote: Option<&str>, headers: &HeaderMap) -> bool {
    let is_near = remote
        .and_then(Network::of_endpoint)
        .is_some_and(Network::is_loopback);
    is_near && !came_through_proxy(headers) && headers.get(header::HOST).is_none_or(is_own_host)
}

fn came_through_proxy(headers: &HeaderMap) -> bool {
    headers.keys().any(|name| {
        let name = name.as_str();
        matches!(name, "forwarded" | "via" | "x-real-ip") || name.starts_with("x-forwarded-")
    })
}

fn is_own_host(host: &HeaderValue) -> bool {
    let Ok(host) = host.to_str() else {
        return false;
    };
    // A colon within brackets is part of an IPv6 address.
    let name = match host.rsplit_once(':') {
        Some((name, port)) if !port.contains(']') => name,
        _ => host,
    };
    name.eq_ignore_ascii_case("localhost")
        || network::parse(name).is_some_and(|ip| Network::of(ip).is_loopback())
}

/// What came of a question to the node.
pub(super) async fn answer(desk: &Desk, page: Page) -> Response<Body> {
    let made = match page {
        Page::Health => desk.pulse().await.map(|_| healthy()),
        Page::Readiness => desk.pulse().await.map(ready),
        Page::Metrics | Page::Mesh => desk.page(page).await.map(|text| (StatusCode::OK, text)),
    };
    let (status, text) = made.unwrap_or_else(silent);
    let media = match status {
        StatusCode::OK => page.media(),
        _ => Page::Health.media(),
    };
    said(status, media, text)
}

fn healthy() -> (StatusCode, Bytes) {
    (StatusCode::OK, Bytes::from_static(b"alive\n"))
}

fn silent() -> (StatusCode, Bytes) {
    let text = format!("the node does not answer within {} s\n", PATIENCE.as_secs());
    (StatusCode::SERVICE_UNAVAILABLE, text.into())
}

fn ready(pulse: Pulse) -> (StatusCode, Bytes) {
    let Pulse {
        links, links_limit, ..
    } = pulse;
    if pulse.is_draining {
        let text = Bytes::from_static(b"draining\n");
        (StatusCode::SERVICE_UNAVAILABLE, text)
    } else if links >= links_limit {
        let text = format!("full: {links} links of {links_limit}\n");
        (StatusCode::SERVICE_UNAVAILABLE, text.into())
    } else {
        (StatusCode::OK, Bytes::from_static(b"ready\n"))
    }
}

/// What a node is called that has no peer, never dialled anybody, and takes whoever comes.
const LISTENING: &str = "listening";

/// Every word for the status of a node.
fn states() -> impl Iterator<Item = &'static str> {
    iter::once(LISTENING).chain(Status::WORDS)
}

/// The status in one of these words. The core knows of no listeners: one without a peer it calls connecting, and offline once
/// it had some, which is a fault only of who seeks them.
fn state(report: &Report) -> &'static str {
    match report.pulse.status {
        Status::Connecting | Status::Offline { .. } if report.stats.dials == 0 => LISTENING,
        status => status.as_str(),
    }
}

/// There is no such page for this visitor.
pub(super) fn hidden() -> Response<Body> {
    let text = Bytes::from_static(b"Nothing here.\n");
    said(StatusCode::NOT_FOUND, Page::Health.media(), text)
}

fn said(status: StatusCode, media: &'static str, text: Bytes) -> Response<Body> {
    let body = Full::from(text).map_err(|never| match never {});
    let mut response = Response::new(body.boxed_unsync());
    *response.status_mut() = status;
    let headers = response.headers_mut();
    let fixed = [
        (header::CONTENT_TYPE, media),
        (header::CACHE_CONTROL, "no-store"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        // Who asks again comes again: nobody stays among the strangers for it.
        (header::CONNECTION, "close"),
    ];
    for (name, value) in fixed {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(lines: &[(&'static str, &str)]) -> HeaderMap {
        let pairs = lines.iter().map(|(name, value)| {
            let value = HeaderValue::from_str(value).expect("visible");
            (header::HeaderName::from_static(name), value)
        });
        pairs.collect()
    }

    #[test]
    fn only_who_is_on_this_machine_and_came_by_itself_is_local() {
        let own = [("host", "127.0.0.1:8765")];
        for remote in ["127.0.0.1:5000", "127.8.8.8:1", "[::1]:5000"] {
            assert!(is_local(Some(remote), &headers(&own)), "{remote}");
        }
        for remote in [
            None,
            Some("192.0.2.1:5000"),
            Some("10.0.0.1:5000"),
            Some("nonsense"),
        ] {
            assert!(!is_local(remote, &headers(&own)), "{remote:?}");
        }
        for proxy in [
            "forwarded",
            "via",
            "x-real-ip",
            "x-forwarded-for",
            "x-forwarded-proto",
        ] {
            let through = headers(&[own[0], (proxy, "127.0.0.1")]);
            assert!(!is_local(Some("127.0.0.1:5000"), &through), "{proxy}");
        }
    }

    #[test]
    fn the_host_must_be_this_machines_own_name() {
        let near = Some("127.0.0.1:5000");
        for host in [
            "localhost",
            "LocalHost:80",
            "127.0.0.1",
            "[::1]",
            "[::1]:8765",
        ] {
            assert!(is_local(near, &headers(&[("host", host)])), "{host}");
        }
        assert!(is_local(near, &headers(&[])), "HTTP/1.0");
        for host in [
            "relay.example",
            "evil.example:8765",
            "192.0.2.1",
            "localhost.evil.example",
            "",
        ] {
            assert!(!is_local(near, &headers(&[("host", host)])), "{host}");
        }
    }

    #[test]
    fn the_choice_is_written_as_it_is_read() {
        for reports in [Reports::Off, Reports::Local, Reports::Public] {
            assert_eq!(reports.to_string().parse(), Ok(reports));
        }
        let error = "all".parse::<Reports>().expect_err("no such word");
        assert_eq!(
            error.to_string(),
            "\"all\" is none of off, local and public"
        );
    }
}
