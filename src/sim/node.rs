//! What a node of the simulation is told at its start, and how it is called from outside.

use core::fmt;

use super::application::Application;
use crate::address::Scheme;
use crate::mesh::Config;

/// The subnet of simulated nodes that are given no other.
pub const SUBNET: &str = "sim";

/// A node of a simulation, by the order in which it was added, from 0. It stays the same whatever happens to the node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place(pub(super) u32);

impl Place {
    /// The number of the node: 0 is the first that was added.
    pub const fn number(self) -> usize {
        self.0 as usize
    }

    /// The node with this number.
    pub const fn new(number: u32) -> Self {
        Self(number)
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "node {}", self.0)
    }
}

/// A member of the family that knows protocol 0.7 and nothing more, with the defects that its neighbours feel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Relative {
    /// py2p 0.7.878, over TCP.
    Py2p,
    /// js2p 0.7.870, over WebSocket.
    Js2p,
}

/// What runs a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Core,
    Relative(Relative),
    Puppet,
    Sybil(Manner),
}

/// How much of a node a Sybil pretends to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Manner {
    /// It accepts whoever dials it, and says nothing.
    Silent,
    /// It greets, answers heartbeats, and tells the tales that it is given.
    Greeting,
}

/// What a node is told at its start.
///
/// ```
/// use rs2p::sim::{NodeOptions, Options, Simulation};
///
/// let mut simulation = Simulation::new(Options::seeded(7));
/// let relay = simulation.add(NodeOptions::relay());
/// let tab = simulation.add(NodeOptions::tab().seed(relay).skew(-20));
/// # assert_eq!(simulation.places().count(), 2);
/// # let _ = tab;
/// ```
pub struct NodeOptions {
    pub(super) kind: Kind,
    pub(super) listens: Vec<Scheme>,
    pub(super) config: Config,
    pub(super) seeds: Vec<Place>,
    pub(super) skew: i64,
    pub(super) application: Option<Box<dyn Application>>,
}

impl NodeOptions {
    fn new(kind: Kind, listens: &[Scheme]) -> Self {
        Self {
            kind,
            listens: listens.to_vec(),
            config: Config::new(SUBNET),
            seeds: Vec::new(),
            skew: 0,
            application: None,
        }
    }

    /// A browser tab: it dials over WebSocket, whatever else it is told of, and cannot be dialled.
    pub fn tab() -> Self {
        let tab = Self::new(Kind::Core, &[]);
        tab.configure(|config| config.dials.retain(|scheme| scheme.is_websocket()))
    }

    /// A relay: it can be dialled over WebSocket and over TCP.
    pub fn relay() -> Self {
        Self::new(Kind::Core, &[Scheme::Ws, Scheme::Tcp])
    }

    /// A node that can be dialled over TCP.
    pub fn node() -> Self {
        Self::new(Kind::Core, &[Scheme::Tcp])
    }

    /// A py2p or a js2p.
    pub fn relative(relative: Relative) -> Self {
        let scheme = match relative {
            Relative::Py2p => Scheme::Tcp,
            Relative::Js2p => Scheme::Ws,
        };
        Self::new(Kind::Relative(relative), &[scheme])
    }

    /// A peer without a will, for attacks: it says what [`Simulation::attack`](super::Simulation::attack) has it say, and
    /// nothing else.
    pub fn puppet() -> Self {
        Self::new(Kind::Puppet, &[])
    }

    /// A stranger that dials and can be dialled over TCP, and hands nothing on.
    pub fn sybil(manner: Manner) -> Self {
        Self::new(Kind::Sybil(manner), &[Scheme::Tcp])
    }

    /// A node that it dials at its start, and whenever it starts again. May be given several times.
    #[must_use]
    pub fn seed(mut self, place: Place) -> Self {
        self.seeds.push(place);
        self
    }

    /// Sets fields of its configuration. Where it can be dialled is filled in when it is added, unless it is set here.
    #[must_use]
    pub fn configure(mut self, configure: impl FnOnce(&mut Config)) -> Self {
        configure(&mut self.config);
        self
    }

    /// How many seconds its wall clock is ahead of the true one; behind, if negative.
    #[must_use]
    pub fn skew(self, seconds: i64) -> Self {
        Self {
            skew: seconds,
            ..self
        }
    }

    /// Whether others can have it as a seed.
    pub(super) fn is_seed(&self) -> bool {
        self.kind == Kind::Core && self.listens.contains(&Scheme::Ws)
    }

    /// What runs on it.
    #[must_use]
    pub fn application(self, application: impl Application + 'static) -> Self {
        Self {
            application: Some(Box::new(application)),
            ..self
        }
    }
}

impl fmt::Debug for NodeOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NodeOptions")
            .field("kind", &self.kind)
            .field("listens", &self.listens)
            .field("seeds", &self.seeds)
            .field("skew", &self.skew)
            .finish_non_exhaustive()
    }
}
