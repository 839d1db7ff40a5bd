//! One place: what runs there, its links, and what was done to it.

use core::time::Duration;
use std::collections::BTreeMap;

use super::agenda::Number;
use super::application::Application;
use super::legacy::Legacy;
use super::node::Kind;
use super::puppet::Puppet;
use super::sybil::Sybil;
use crate::address::{Address, Scheme};
use crate::id::{LinkId, NodeId};
use crate::mesh::{Config, Environment, Event, LinkEvent, Mesh, Output};
use crate::time::{Timestamp, WallSeconds};

/// What runs at a place. All kinds are driven alike.
#[derive(Debug)]
pub(super) enum Actor {
    Core(Box<Mesh>),
    Legacy(Box<Legacy>),
    Puppet(Puppet),
    Sybil(Box<Sybil>),
    /// It was killed.
    Dead,
}

impl Actor {
    pub(super) fn handle_link(&mut self, now: Timestamp, event: LinkEvent) {
        match self {
            Self::Core(mesh) => mesh.handle_link(now, event),
            Self::Legacy(legacy) => legacy.handle_link(now, event),
            Self::Puppet(puppet) => puppet.handle_link(event),
            Self::Sybil(sybil) => sybil.handle_link(event),
            Self::Dead => {}
        }
    }

    pub(super) fn handle_timeout(&mut self, now: Timestamp) {
        if let Self::Core(mesh) = self {
            mesh.handle_timeout(now);
        }
    }

    pub(super) fn handle_environment(&mut self, now: Timestamp, environment: Environment) {
        match self {
            Self::Core(mesh) => mesh.handle_environment(now, environment),
            Self::Legacy(legacy) => legacy.handle_environment(now, environment),
            Self::Sybil(sybil) => sybil.handle_environment(environment),
            Self::Puppet(_) | Self::Dead => {}
        }
    }

    pub(super) fn poll_output(&mut self) -> Option<Output> {
        match self {
            Self::Core(mesh) => mesh.poll_output(),
            Self::Legacy(legacy) => legacy.poll_output(),
            Self::Puppet(puppet) => puppet.poll_output(),
            Self::Sybil(sybil) => sybil.poll_output(),
            Self::Dead => None,
        }
    }

    pub(super) fn poll_timeout(&self) -> Option<Timestamp> {
        match self {
            Self::Core(mesh) => mesh.poll_timeout(),
            // Neither relative does anything of its own accord that its neighbours notice.
            Self::Legacy(_) | Self::Puppet(_) | Self::Sybil(_) | Self::Dead => None,
        }
    }
}

/// A deadline of a place and its entry in the agenda.
#[derive(Clone, Copy, Debug)]
pub(super) struct Armed {
    pub(super) at: Timestamp,
    pub(super) number: Number,
}

/// Where one end of a link is plugged in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Plug {
    pub(super) cable: u32,
    pub(super) side: u8,
}

pub(super) struct Host {
    pub(super) kind: Kind,
    pub(super) node: NodeId,
    pub(super) config: Config,
    /// What it dials at its start.
    pub(super) seeds: Vec<Address>,
    pub(super) addresses: Vec<Address>,
    pub(super) actor: Actor,
    pub(super) links: BTreeMap<LinkId, Plug>,
    pub(super) events: Vec<Event>,
    pub(super) application: Option<Box<dyn Application>>,
    /// When its application wants to be woken.
    pub(super) wake: Option<Armed>,
    pub(super) timer: Option<Armed>,
    pub(super) is_frozen: bool,
    /// How many bytes a second it reads, if it is slow.
    pub(super) reads: Option<u64>,
    /// When a slow reader has read what it was given.
    pub(super) read_until: Timestamp,
    /// What is added to the latency of all its links.
    pub(super) delay: Duration,
    /// Seconds by which its wall clock is ahead.
    pub(super) skew: i64,
    /// The part of the network in which it is.
    pub(super) group: u32,
    /// How many of its deadlines have come.
    pub(super) deadlines: u64,
    /// How often it was started.
    pub(super) starts: u32,
    next_accepted: u64,
}

impl Host {
    pub(super) fn new(kind: Kind, node: NodeId, config: Config) -> Self {
        Self {
            kind,
            node,
            config,
            seeds: Vec::new(),
            addresses: Vec::new(),
            actor: Actor::Dead,
            links: BTreeMap::new(),
            events: Vec::new(),
            application: None,
            wake: None,
            timer: None,
            is_frozen: false,
            reads: None,
            read_until: Timestamp::ZERO,
            delay: Duration::ZERO,
            skew: 0,
            group: 0,
            deadlines: 0,
            starts: 0,
            next_accepted: 0,
        }
    }

    /// Whether it runs in a browser: nobody can dial it.
    pub(super) fn is_tab(&self) -> bool {
        self.kind == Kind::Core && self.addresses.is_empty()
    }

    pub(super) fn is_alive(&self) -> bool {
        !matches!(self.actor, Actor::Dead)
    }

    pub(super) fn mesh(&self) -> Option<&Mesh> {
        match &self.actor {
            Actor::Core(mesh) => Some(mesh),
            Actor::Legacy(_) | Actor::Puppet(_) | Actor::Sybil(_) | Actor::Dead => None,
        }
    }

    pub(super) fn accept(&mut self) -> LinkId {
        self.next_accepted += 1;
        LinkId::accepted(self.next_accepted)
    }

    /// What its wall clock says where the true one says `wall`.
    pub(super) fn clock(&self, wall: WallSeconds) -> WallSeconds {
        WallSeconds(wall.0.saturating_add_signed(self.skew))
    }

    pub(super) fn address(&self, scheme: Scheme) -> Option<&Address> {
        self.addresses
            .iter()
            .find(|address| address.scheme() == scheme)
    }
}
