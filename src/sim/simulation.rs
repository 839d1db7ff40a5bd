//! [`Simulation`]: what a user holds. Nodes are added, commanded and looked at here.

use std::collections::{BTreeSet, HashMap};

use super::agenda::{Agenda, What};
use super::application::{self, Application, Context};
use super::cable::Cables;
use super::dice::Dice;
use super::figures::{Figures, Followed};
use super::host::{Actor, Armed, Host};
use super::invariants::Watch;
use super::legacy::Legacy;
use super::node::{Kind, NodeOptions, Place, Relative};
use super::options::Options;
use super::puppet::Puppet;
use super::sybil::Sybil;
use super::trace::Trace;
use super::verdict::{Rule, Violation};
use crate::address::{Address, Scheme};
use crate::id::{LinkId, NodeId};
use crate::mesh::{Command, CommandError, Environment, Event, Identity, Mesh, Receipt};
use crate::time::{Timestamp, WallSeconds};
use crate::wire::Value;

/// The streams of chance of Sybils, by their places.
const SYBILS: u64 = 1 << 40;

/// A network of nodes on virtual time.
///
/// The same options and the same calls give the same run, byte for byte, natively and as wasm. Nothing happens but in
/// [`run_for`](Self::run_for), [`run_until`](Self::run_until) and what a command does at once.
pub struct Simulation {
    pub(super) options: Options,
    pub(super) now: Timestamp,
    pub(super) agenda: Agenda,
    pub(super) hosts: Vec<Host>,
    pub(super) cables: Cables,
    pub(super) figures: Figures,
    pub(super) trace: Trace,
    /// Latencies and jitter.
    pub(super) dice: Dice,
    /// Lengths of pieces: drawn apart, so that they change nothing else.
    pub(super) pieces: Dice,
    /// Pairs of places between which nothing passes.
    pub(super) cuts: BTreeSet<(u32, u32)>,
    pub(super) is_partitioned: bool,
    /// What this moment's node has handed to links that took it at once.
    pub(super) written: Vec<(LinkId, usize)>,
    pub(super) steps: u64,
    pub(super) violation: Option<Box<Violation>>,
    pub(super) watch: Watch,
    /// Who answers at an address; `None` where dials vanish.
    pub(super) doors: HashMap<String, Option<(u32, Scheme)>>,
    places: HashMap<NodeId, u32>,
}

impl Simulation {
    /// A network without nodes.
    pub fn new(options: Options) -> Self {
        let mut simulation = Self {
            now: Timestamp::ZERO,
            agenda: Agenda::default(),
            hosts: Vec::new(),
            cables: Cables::default(),
            figures: Figures::default(),
            trace: Trace::new(options.seed),
            dice: Dice::stream(options.seed, 1),
            pieces: Dice::stream(options.seed, 2),
            cuts: BTreeSet::new(),
            is_partitioned: false,
            written: Vec::new(),
            steps: 0,
            violation: None,
            watch: Watch::default(),
            doors: HashMap::new(),
            places: HashMap::new(),
            options,
        };
        simulation.begin_audits();
        simulation
    }

    /// Adds a node and starts it: it dials its seeds.
    pub fn add(&mut self, options: NodeOptions) -> Place {
        let place = self.hosts.len() as u32;
        let entropy = Dice::stream(self.options.seed, 1_000 + u64::from(place)).bytes();
        let node = NodeId::from_entropy(&entropy);
        let mut host = Host::new(options.kind, node.clone(), options.config);
        host.addresses = addresses_of(place, &options.listens);
        if host.config.advertise.is_empty() {
            host.config.advertise.clone_from(&host.addresses);
        }
        host.skew = options.skew;
        host.application = options.application;
        for address in &host.addresses {
            self.doors
                .insert(address.authority(), Some((place, address.scheme())));
        }
        host.seeds = options
            .seeds
            .iter()
            .filter_map(|&seed| self.route(&host, seed))
            .collect();
        self.places.insert(node, place);
        self.hosts.push(host);
        self.start(place);
        Place(place)
    }

    /// Starts what runs at a place, for the first time or anew.
    pub(super) fn start(&mut self, place: u32) {
        let wall = self.wall();
        let host = &mut self.hosts[place as usize];
        let seed = Dice::stream(
            self.options.seed,
            u64::from(host.starts) << 32 | u64::from(place) << 1 | 1,
        )
        .bytes();
        host.starts += 1;
        let node = host.node.clone();
        host.actor = match host.kind {
            Kind::Core => {
                let mesh = Mesh::new(host.config.clone(), Identity { node }, seed);
                Actor::Core(Box::new(mesh))
            }
            Kind::Relative(relative) => {
                let endpoint = host.addresses.first();
                let legacy = Legacy::new(relative, node, &host.config.subnet, endpoint);
                Actor::Legacy(Box::new(legacy))
            }
            Kind::Puppet => Actor::Puppet(Puppet::default()),
            Kind::Sybil(manner) => {
                let dice = Dice::stream(self.options.seed, SYBILS | u64::from(place));
                let sybil = Sybil::new(node, manner, &host.addresses, dice);
                Actor::Sybil(Box::new(sybil))
            }
        };
        let clock = host.clock(wall);
        host.actor
            .handle_environment(self.now, Environment::WallClock(clock));
        for address in host.seeds.clone() {
            // A seed without room in the table is the configuration's doing.
            let _ = self.connect_to(place, address);
        }
        self.with_application(place, |application, context| {
            application.handle_start(context);
        });
        self.drain(place);
    }

    /// What the true clock says.
    pub fn wall(&self) -> WallSeconds {
        WallSeconds(self.options.wall.0 + self.now.as_micros() / 1_000_000)
    }

    /// Where `from` dials `to`: over what both know, WebSocket if it is a tab or speaks nothing else.
    pub(super) fn route(&self, from: &Host, to: Place) -> Option<Address> {
        let to = self.hosts.get(to.number())?;
        let is_tab = from.addresses.is_empty();
        let order = match from.kind {
            Kind::Relative(Relative::Py2p) => &[Scheme::Tcp][..],
            Kind::Relative(Relative::Js2p) => &[Scheme::Ws],
            Kind::Core if is_tab => &[Scheme::Ws],
            Kind::Core | Kind::Puppet | Kind::Sybil(_) => &[Scheme::Tcp, Scheme::Ws],
        };
        order.iter().find_map(|&scheme| to.address(scheme)).cloned()
    }

    /// Has `from` link to `to`, and again whenever the link is lost. False if it cannot dial it, as nobody can a tab.
    pub fn connect(&mut self, from: Place, to: Place) -> bool {
        let address = self
            .hosts
            .get(from.number())
            .and_then(|host| self.route(host, to));
        let is_accepted = address.is_some_and(|address| self.connect_to(from.0, address));
        self.drain(from.0);
        is_accepted
    }

    fn connect_to(&mut self, place: u32, address: Address) -> bool {
        let command = Command::Connect {
            address: address.clone(),
            expected: None,
            persist: true,
        };
        self.wanted(place, &address);
        match &mut self.hosts[place as usize].actor {
            Actor::Core(mesh) => {
                let receipt = mesh.handle_command(self.now, command);
                let is_accepted = receipt.is_ok();
                if let Ok(receipt) = receipt {
                    self.accepted(place, receipt);
                }
                is_accepted
            }
            Actor::Legacy(legacy) => {
                legacy.connect(&address);
                true
            }
            Actor::Sybil(sybil) => {
                sybil.connect(address);
                true
            }
            Actor::Puppet(_) | Actor::Dead => false,
        }
    }

    /// Asks a node for something, as its user would.
    ///
    /// # Errors
    /// As [`Mesh::handle_command`]; [`CommandError::Closed`] for a node that is dead or a relative.
    pub fn command(&mut self, place: Place, command: Command) -> Result<Receipt, CommandError> {
        let is_followed = application::is_followed(&command);
        if let Command::Connect { address, .. } = &command {
            self.wanted(place.0, address);
        }
        let now = self.now;
        let host = self.hosts.get_mut(place.number());
        let Some(Actor::Core(mesh)) = host.map(|host| &mut host.actor) else {
            return Err(CommandError::Closed);
        };
        let receipt = mesh.handle_command(now, command)?;
        self.note_accepted(place.0, receipt, is_followed);
        self.drain(place.0);
        Ok(receipt)
    }

    /// A command was accepted: what it sent is followed from here on.
    fn note_accepted(&mut self, place: u32, receipt: Receipt, is_followed: bool) {
        if let Receipt::Sent { id: Some(id), .. } = receipt
            && is_followed
        {
            if self.figures.find(&id).is_some() {
                self.breach(Rule::Distinct, place, format!("{id} was sent before"));
            }
            self.figures.follow(self.now, place, id);
        }
        self.accepted(place, receipt);
    }

    /// Sends one packet from a node to every other, and follows it. A py2p or js2p can be asked too.
    ///
    /// # Errors
    /// As [`Simulation::command`].
    pub fn broadcast(
        &mut self,
        place: Place,
        packet: impl Into<Value>,
    ) -> Result<Followed, CommandError> {
        let packet = packet.into();
        if let Some(Host {
            actor: Actor::Legacy(legacy),
            ..
        }) = self.hosts.get_mut(place.number())
        {
            let id = legacy.broadcast(self.now, packet);
            let followed = self.figures.follow(self.now, place.0, id);
            self.drain(place.0);
            return Ok(followed);
        }
        match self.command(place, application::broadcast(packet))? {
            Receipt::Sent { id: Some(id), .. } => Ok(self.figures.follow(self.now, place.0, id)),
            _ => Err(CommandError::NotJoined),
        }
    }

    /// Sends one packet from a node to another.
    ///
    /// # Errors
    /// As [`Simulation::command`].
    pub fn whisper(
        &mut self,
        from: Place,
        to: Place,
        packet: impl Into<Value>,
    ) -> Result<Receipt, CommandError> {
        let to = self.id(to).clone();
        let packets = application::packets(packet.into());
        let command = Command::Whisper {
            to,
            packets,
            topic: None,
            answer: None,
        };
        self.command(from, command)
    }

    /// Tells a node what happens around it. Its network is not touched by that: see [`Simulation::partition`].
    pub fn environment(&mut self, place: Place, environment: Environment) {
        let now = self.now;
        if let Some(host) = self.hosts.get_mut(place.number()) {
            host.actor.handle_environment(now, environment);
            self.encouraged(place.0);
            self.drain(place.0);
        }
    }

    /// The virtual time.
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// What the simulation was made with. Its text is the line that gives the run again.
    pub fn options(&self) -> &Options {
        &self.options
    }

    /// Every node that was ever added, dead ones too.
    pub fn places(&self) -> impl Iterator<Item = Place> + use<> {
        (0..self.hosts.len() as u32).map(Place)
    }

    /// Every node that is not dead.
    pub fn living(&self) -> impl Iterator<Item = Place> {
        self.places().filter(|&place| self.is_alive(place))
    }

    /// The id of a node.
    ///
    /// # Panics
    /// If there is no such node; so do the other methods that name one.
    pub fn id(&self, place: Place) -> &NodeId {
        &self.hosts[place.number()].node
    }

    /// Which node has this id.
    pub fn place_of(&self, node: &NodeId) -> Option<Place> {
        self.places.get(node).copied().map(Place)
    }

    /// The core of a node; `None` while it is dead, and for a py2p or js2p.
    pub fn mesh(&self, place: Place) -> Option<&Mesh> {
        self.hosts[place.number()].mesh()
    }

    /// Whether a node is not dead.
    pub fn is_alive(&self, place: Place) -> bool {
        self.hosts[place.number()].is_alive()
    }

    /// Whether a node is frozen.
    pub fn is_frozen(&self, place: Place) -> bool {
        self.hosts[place.number()].is_frozen
    }

    /// Whether a node is one of ours: no py2p, no js2p, and no puppet.
    pub fn is_core(&self, place: Place) -> bool {
        self.hosts[place.number()].kind == Kind::Core
    }

    /// Whether a node is a py2p or a js2p.
    pub fn is_relative(&self, place: Place) -> bool {
        matches!(self.hosts[place.number()].kind, Kind::Relative(_))
    }

    /// Where a node can be dialled; nowhere for a tab.
    pub fn addresses(&self, place: Place) -> &[Address] {
        &self.hosts[place.number()].addresses
    }

    /// Whether `one` takes `other` for a peer.
    pub fn is_linked(&self, one: Place, other: Place) -> bool {
        let other = self.id(other);
        match &self.hosts[one.number()].actor {
            Actor::Core(mesh) => mesh.peers().any(|peer| peer.node == *other),
            Actor::Legacy(legacy) => legacy.peers().any(|peer| peer == other),
            Actor::Puppet(_) | Actor::Sybil(_) | Actor::Dead => false,
        }
    }

    /// The nodes that a node takes for its peers.
    pub fn peers(&self, place: Place) -> Vec<Place> {
        let of = |node: &NodeId| self.place_of(node);
        match &self.hosts[place.number()].actor {
            Actor::Core(mesh) => mesh.peers().filter_map(|peer| of(&peer.node)).collect(),
            Actor::Legacy(legacy) => legacy.peers().filter_map(of).collect(),
            Actor::Puppet(_) | Actor::Sybil(_) | Actor::Dead => Vec::new(),
        }
    }

    /// Which living nodes are connected with each other, by links that both ends take for such; the largest part first.
    /// Puppets and Sybils are none of them.
    pub fn components(&self) -> Vec<Vec<Place>> {
        let mut parts: Vec<Vec<Place>> = Vec::new();
        let mut is_found = vec![false; self.hosts.len()];
        let takes_part = |place: &Place| self.is_core(*place) || self.is_relative(*place);
        for first in self.living().filter(takes_part) {
            if is_found[first.number()] {
                continue;
            }
            is_found[first.number()] = true;
            let mut part = vec![first];
            let mut at = 0;
            while let Some(&place) = part.get(at) {
                at += 1;
                for peer in self.peers(place) {
                    if !is_found[peer.number()] && self.is_linked(peer, place) {
                        is_found[peer.number()] = true;
                        part.push(peer);
                    }
                }
            }
            parts.push(part);
        }
        parts.sort_by_key(|part| std::cmp::Reverse(part.len()));
        parts
    }

    /// What a node told since the last look; nothing if [`Options::events`] is off.
    pub fn take_events(&mut self, place: Place) -> Vec<Event> {
        core::mem::take(&mut self.hosts[place.number()].events)
    }

    /// Who got which broadcast, and what it cost.
    pub fn figures(&self) -> &Figures {
        &self.figures
    }

    /// The hash of all that the nodes put out so far.
    pub fn trace(&self) -> u64 {
        self.trace.value()
    }

    /// How many things happened so far: arrivals, deadlines and wakes.
    pub fn steps(&self) -> u64 {
        self.steps
    }

    /// A stream of chance of its own, for whoever plays with the simulation. `purpose` tells streams apart.
    pub fn dice(&self, purpose: u64) -> Dice {
        Dice::stream(self.options.seed, 1 << 48 | purpose)
    }

    /// Where a dial leads.
    pub(super) fn door(&self, address: &Address) -> Option<u32> {
        let (place, scheme) = (*self.doors.get(&address.authority())?)?;
        (scheme == address.scheme()).then_some(place)
    }

    /// Whether a dial gets no answer whatever.
    pub(super) fn is_swallowed(&self, address: &Address) -> bool {
        matches!(self.doors.get(&address.authority()), Some(None))
    }

    /// Lets the application of a place do something.
    pub(super) fn with_application(
        &mut self,
        place: u32,
        tell: impl FnOnce(&mut dyn Application, &mut Context<'_>),
    ) {
        let (now, host) = (self.now, &mut self.hosts[place as usize]);
        let (Some(mut application), Actor::Core(mesh)) = (host.application.take(), &mut host.actor)
        else {
            return;
        };
        let mut receipts = Vec::new();
        let mut wake = host.wake.map(|armed| armed.at);
        let mut context = Context {
            now,
            place: Place(place),
            mesh,
            receipts: &mut receipts,
            wake: &mut wake,
        };
        tell(&mut *application, &mut context);
        host.application = Some(application);
        if wake != host.wake.map(|armed| armed.at) {
            let armed = |at| Armed {
                at,
                number: self.agenda.push(at, What::Wake { place }),
            };
            host.wake = wake.map(armed);
        }
        for (receipt, is_followed) in receipts {
            self.note_accepted(place, receipt, is_followed);
        }
    }
}

/// The addresses of a place, one for each transport. Each place has a host and ports of its own, as js2p takes one that
/// shares a host or a port with another for the same.
fn addresses_of(place: u32, listens: &[Scheme]) -> Vec<Address> {
    const FIRST_PORT: u32 = 2_000;
    const PORTS: u32 = 60_000;

    let [_, high, middle, low] = (place + 1).to_be_bytes();
    let host = format!("44.{high}.{middle}.{low}");
    let port = |index: usize| FIRST_PORT + (place * 2 + index as u32) % PORTS;
    let address =
        |(index, &scheme): (usize, &Scheme)| Address::new(scheme, &host, port(index) as u16).ok();
    listens.iter().enumerate().filter_map(address).collect()
}
