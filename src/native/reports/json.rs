//! `/mesh.json`: a node and its mesh as one JSON object (RFC 8259), for whoever asks what is linked to what.
//!
//! Names do not change once released; new ones may come.

use serde::{Serialize, Serializer};

use super::desk::Surroundings;
use super::state;
use crate::address::Address;
use crate::mesh::{self, LinkEnd, LinkReport, Member, Named, Report, Tally, Usage};

/// The page.
pub(super) fn page(report: &Report, around: &Surroundings) -> String {
    // Strings, numbers and containers of them, into memory: there is nothing that could fail.
    let mut text = serde_json::to_string(&Mesh::of(report, around)).unwrap_or_default();
    text.push('\n');
    text
}

#[derive(Serialize)]
struct Mesh<'a> {
    id: String,
    version: &'static str,
    subnet: &'a str,
    uptime_seconds: f64,
    status: &'static str,
    draining: bool,
    listening: Vec<String>,
    advertised: Vec<String>,
    peers: usize,
    links: Vec<Link<'a>>,
    members: Vec<Node>,
    limits: Vec<Limit>,
    counters: Counters<'a>,
}

#[derive(Serialize)]
struct Link<'a> {
    kind: &'static str,
    scheme: &'static str,
    direction: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    remote: Option<&'a str>,
    id: Option<String>,
    asleep: bool,
    age_seconds: f64,
    silence_seconds: f64,
    queue: Queue,
    received_bytes: u64,
    sent_bytes: u64,
}

#[derive(Serialize)]
struct Queue {
    frames: usize,
    bytes: usize,
    unwritten_bytes: usize,
}

#[derive(Serialize)]
struct Node {
    id: String,
    state: &'static str,
}

#[derive(Serialize)]
struct Limit {
    name: &'static str,
    used: usize,
    limit: usize,
}

#[derive(Serialize)]
struct Counters<'a> {
    received_frames: u64,
    received_bytes: u64,
    sent_frames: u64,
    sent_bytes: u64,
    delivered_messages: u64,
    dropped: Pairs<10>,
    links_opened: u64,
    links_greeted: u64,
    links_closed: Tallied<'a, LinkEnd, { LinkEnd::COUNT }>,
    dials: u64,
    dials_failed: Tallied<'a, LinkEnd, { LinkEnd::COUNT }>,
    limits_struck: Tallied<'a, mesh::Limit, { mesh::Limit::COUNT }>,
}

/// Names and numbers, as an object.
struct Pairs<const N: usize>([(&'static str, u64); N]);

/// Counters by name, as an object of those that were counted.
struct Tallied<'a, T, const N: usize>(&'a Tally<T, N>);

impl<const N: usize> Serialize for Pairs<N> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0)
    }
}

impl<T: Named, const N: usize> Serialize for Tallied<'_, T, N> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let counted = self.0.iter().filter(|(_, count)| *count > 0);
        serializer.collect_map(counted.map(|(name, count)| (name.as_str(), count)))
    }
}

impl<'a> Mesh<'a> {
    fn of(report: &'a Report, around: &Surroundings) -> Self {
        let links = report.links.iter();
        Self {
            id: report.node.to_string(),
            version: env!("CARGO_PKG_VERSION"),
            subnet: &report.subnet,
            uptime_seconds: around.uptime.as_secs_f64(),
            status: state(report),
            draining: report.pulse.is_draining,
            listening: texts(&around.listening),
            advertised: texts(&report.advertised),
            peers: report.peers,
            links: links
                .map(|link| Link::of(link, around.shows_remotes))
                .collect(),
            members: report.members.iter().map(Node::of).collect(),
            limits: report.usage.iter().map(Limit::of).collect(),
            counters: Counters::of(report),
        }
    }
}

fn texts(addresses: &[Address]) -> Vec<String> {
    addresses.iter().map(ToString::to_string).collect()
}

impl<'a> Link<'a> {
    fn of(link: &'a LinkReport, shows_remote: bool) -> Self {
        Self {
            kind: link.kind.as_str(),
            scheme: link.scheme.as_str(),
            direction: if link.dialled { "out" } else { "in" },
            remote: link.remote.as_deref().filter(|_| shows_remote),
            id: link.node.as_ref().map(ToString::to_string),
            asleep: link.is_asleep,
            age_seconds: link.age.as_secs_f64(),
            silence_seconds: link.silence.as_secs_f64(),
            queue: Queue {
                frames: link.queue_frames,
                bytes: link.queue_bytes,
                unwritten_bytes: link.unwritten_bytes,
            },
            received_bytes: link.received_bytes,
            sent_bytes: link.sent_bytes,
        }
    }
}

impl Node {
    fn of(member: &Member) -> Self {
        Self {
            id: member.node.to_string(),
            state: member.state.as_str(),
        }
    }
}

impl Limit {
    fn of(usage: &Usage) -> Self {
        Self {
            name: usage.what,
            used: usage.used,
            limit: usage.limit,
        }
    }
}

impl<'a> Counters<'a> {
    fn of(report: &'a Report) -> Self {
        let stats = &report.stats;
        Self {
            received_frames: stats.received,
            received_bytes: stats.received_bytes,
            sent_frames: stats.transmitted,
            sent_bytes: stats.transmitted_bytes,
            delivered_messages: stats.delivered,
            dropped: Pairs(stats.dropped()),
            links_opened: stats.links_opened,
            links_greeted: stats.links_greeted,
            links_closed: Tallied(&stats.links_closed),
            dials: stats.dials,
            dials_failed: Tallied(&stats.dials_failed),
            limits_struck: Tallied(&stats.struck),
        }
    }
}
