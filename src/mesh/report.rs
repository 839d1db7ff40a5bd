//! How a node fares, as plain data: what an operator looks at, whatever shows it.

use core::time::Duration;

use super::Mesh;
use super::link::{Link, Phase};
use super::member::Member;
use super::stats::Stats;
use super::status::Status;
use super::usage::Usage;
use crate::address::{Address, Scheme};
use crate::id::{LinkId, NodeId};
use crate::time::Timestamp;

/// How a node fares, in a few words that cost nothing to make.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Pulse {
    /// Whether it is in the mesh.
    pub status: Status,
    /// It takes no new links, and ends those that it has.
    pub is_draining: bool,
    /// How many links there are: being dialled, greeting, or greeted.
    pub links: usize,
    /// How many there may be: [`Config::links`](super::Config::links).
    pub links_limit: usize,
}

/// How a node fares. Made anew each time, in a time that grows with its links and members.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Report {
    /// The node.
    pub node: NodeId,
    /// The name of its mesh.
    pub subnet: String,
    /// Where it tells others to dial it.
    pub advertised: Vec<Address>,
    /// In short.
    pub pulse: Pulse,
    /// Every link, in the order of their ids.
    pub links: Vec<LinkReport>,
    /// How many nodes are linked.
    pub peers: usize,
    /// Who is in the mesh besides it, in the order of their ids.
    pub members: Vec<Member>,
    /// What others can make grow: each bound once, by its name, with the most that there is of it.
    pub usage: Vec<Usage>,
    /// What was counted.
    pub stats: Stats,
}

/// How far a link has come, and with whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum LinkKind {
    /// It is being dialled.
    Dialling,
    /// It is up, and its peer has not greeted.
    Greeting,
    /// Its peer showed capabilities, as rs2p nodes do.
    Capable,
    /// Its peer showed none: py2p or js2p.
    Legacy,
    /// It is greeted, and lent to a node that cannot dial.
    Lent,
}

impl LinkKind {
    /// The kind in one word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Dialling => "dialling",
            Self::Greeting => "greeting",
            Self::Capable => "capable",
            Self::Legacy => "legacy",
            Self::Lent => "lent",
        }
    }

    fn of(link: &Link) -> Self {
        match &link.phase {
            Phase::Dialled => Self::Dialling,
            Phase::Up => Self::Greeting,
            Phase::Greeted(_) if link.lent.is_some() => Self::Lent,
            Phase::Greeted(greeted) if greeted.capable => Self::Capable,
            Phase::Greeted(_) => Self::Legacy,
        }
    }
}

/// One link.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LinkReport {
    /// The link.
    pub link: LinkId,
    /// How far it has come, and with whom.
    pub kind: LinkKind,
    /// The kind of transport, as the peer sees it.
    pub scheme: Scheme,
    /// Whether this node dialled.
    pub dialled: bool,
    /// The peer's address, if known.
    pub remote: Option<String>,
    /// Who it is, if it has greeted.
    pub node: Option<NodeId>,
    /// Whether its peer sleeps.
    pub is_asleep: bool,
    /// How long it has been up; before, how long it has been dialled.
    pub age: Duration,
    /// How long nothing was heard of it.
    pub silence: Duration,
    /// Bytes of frames that wait for it here.
    pub queue_bytes: usize,
    /// Frames that wait for it here.
    pub queue_frames: usize,
    /// Bytes that its transport was given and has not written.
    pub unwritten_bytes: usize,
    /// Bytes of frames that came.
    pub received_bytes: u64,
    /// Bytes of frames that its transport was given.
    pub sent_bytes: u64,
}

impl LinkReport {
    fn of(now: Timestamp, id: LinkId, link: &Link) -> Self {
        let load = link.outbox.load();
        Self {
            link: id,
            kind: LinkKind::of(link),
            scheme: link.info.scheme,
            dialled: id.is_dialled(),
            remote: link.info.remote.clone(),
            node: link.node().cloned(),
            is_asleep: link.asleep.is_some(),
            age: now.since(link.since),
            silence: now.since(link.heard),
            queue_bytes: load.waiting_bytes,
            queue_frames: load.waiting_frames,
            unwritten_bytes: load.handed_bytes,
            received_bytes: link.received_bytes,
            sent_bytes: link.sent_bytes,
        }
    }
}

impl Mesh {
    /// How it fares, in short.
    pub fn pulse(&self) -> Pulse {
        Pulse {
            status: self.status(),
            is_draining: self.is_draining(),
            links: self.links.len(),
            links_limit: self.config.links,
        }
    }

    /// How it fares.
    pub fn report(&self, now: Timestamp) -> Report {
        let links = self.links.iter();
        Report {
            node: self.identity.node.clone(),
            subnet: self.config.subnet.clone(),
            advertised: self.config.advertise.clone(),
            pulse: self.pulse(),
            links: links
                .map(|(&id, link)| LinkReport::of(now, id, link))
                .collect(),
            peers: self.table.peers().count(),
            members: self.members().cloned().collect(),
            usage: self.usage_by_name(),
            stats: self.stats,
        }
    }

    /// Where several things have bounds of one name, the fullest of them stands for all.
    fn usage_by_name(&self) -> Vec<Usage> {
        let mut fullest = Vec::<Usage>::new();
        for usage in self.usage() {
            match fullest.iter_mut().find(|known| known.what == usage.what) {
                Some(known) if known.used >= usage.used => {}
                Some(known) => *known = usage,
                None => fullest.push(usage),
            }
        }
        fullest
    }
}
