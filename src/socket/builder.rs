//! How a node begins: what it is told, checked as a whole, before anything runs.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use super::hub::{Hub, Keeps, Wanted};
use super::members;
use super::topics::Subscriptions;
use super::{Announcer, Dispatcher, InboxLimits, MeshError, MeshSocket, Shared};
use crate::address::{Address, AddressError};
use crate::driver::{Port, port};
use crate::id::NodeId;
use crate::mesh::{Command, Config, Environment, Hearsay, Identity, Mesh};
use crate::time::{Timestamp, WallSeconds};
use crate::wire::{EncodeError, Interest, RawPackets, Topic};
use serde::Serialize;

/// What a node is told before it starts. `spawn()` starts it, on tokio or in a browser.
///
/// Addresses are kept as they are given; a malformed one is an error of `spawn`.
#[derive(Clone, Debug)]
#[must_use = "a node starts with spawn()"]
pub struct Builder {
    pub(crate) config: Config,
    pub(crate) identity: Option<NodeId>,
    pub(crate) listen: Vec<Address>,
    pub(crate) peers: Vec<Address>,
    /// What has to live as long as the node, such as a lock on its identity.
    pub(crate) keeps: Keeps,
    inbox: InboxLimits,
    interest: Interest,
    malformed: Option<AddressError>,
    shown: RawPackets,
    unshown: Option<EncodeError>,
}

/// A node that is built and does not run yet: the parts that a [`Driver`](crate::driver::Driver) joins to a transport and a
/// clock.
#[derive(Debug)]
pub struct Node {
    /// The core.
    pub mesh: Mesh,
    /// Where requests come from.
    pub port: Port,
    /// What events go to.
    pub announcer: Announcer,
    /// What runs the handlers and listeners: a future to be spawned beside the driver.
    pub dispatcher: Dispatcher,
    /// The handle.
    pub socket: MeshSocket,
}

impl Builder {
    /// A node of `subnet` that dials nobody and listens nowhere.
    pub fn new(subnet: impl Into<String>) -> Self {
        Self {
            config: Config::new(subnet),
            identity: None,
            listen: Vec::new(),
            peers: Vec::new(),
            keeps: None,
            inbox: InboxLimits::default(),
            interest: Interest::default(),
            malformed: None,
            shown: RawPackets::default(),
            unshown: None,
        }
    }

    /// Dials `address` at the start, and again for ever whenever it is lost.
    pub fn peer(mut self, address: impl AsRef<str>) -> Self {
        let parsed = self.parse(address.as_ref());
        self.peers.extend(parsed);
        self
    }

    /// Listens on `address`; port 0 takes a free one. A browser cannot listen.
    pub fn listen(mut self, address: impl AsRef<str>) -> Self {
        let parsed = self.parse(address.as_ref());
        self.listen.extend(parsed);
        self
    }

    /// Tells peers on the address's kind of transport to dial this node there; without it, where it listens.
    /// Port 0 stands for the port that is listened on.
    pub fn advertise(mut self, address: impl AsRef<str>) -> Self {
        let parsed = self.parse(address.as_ref());
        self.config.advertise.extend(parsed);
        self
    }

    /// Gives the node this id, which must be its alone; without it, a random one.
    pub fn identity(mut self, node: NodeId) -> Self {
        self.identity = Some(node);
        self
    }

    /// Be sent broadcasts about these topics, and those that are [subscribed](MeshSocket::subscribe) to, and no others: what is
    /// about no topic neither. Whispers always come.
    ///
    /// Neighbours that are rs2p nodes send the rest not at all. So a node that others need between them, as a relay, is not
    /// to be narrowed: it would hand on only what it wants itself.
    pub fn topics(self, topics: impl IntoIterator<Item = Topic>) -> Self {
        self.interest(Interest::topics(topics))
    }

    /// As [`Builder::topics`], for any interest; without it, everything.
    pub fn interest(mut self, interest: Interest) -> Self {
        self.interest = interest;
        self
    }

    /// Shows packets to every member from the start on, as [`MeshSocket::set_presence`] does. What cannot be shown is an error of
    /// `spawn`.
    pub fn presence<T: Serialize + ?Sized>(mut self, packets: &T) -> Self {
        match members::shown(packets) {
            Ok(packets) => (self.shown, self.unshown) = (packets, None),
            Err(error) => self.unshown = Some(error),
        }
        self
    }

    /// Bounds what waits for a listener that is slow.
    pub fn inbox(mut self, limits: InboxLimits) -> Self {
        self.inbox = limits;
        self
    }

    /// Which addresses that peers tell may be dialled, kept and told on; without it, those that the internet routes. In a mesh
    /// within one network, [`Hearsay::Private`]. What is given to [`Builder::peer`] is dialled in any case.
    pub fn hearsay(mut self, hearsay: Hearsay) -> Self {
        self.config.hearsay = hearsay;
        self
    }

    /// Changes any of the configuration's limits.
    pub fn configure(mut self, change: impl FnOnce(&mut Config)) -> Self {
        change(&mut self.config);
        self
    }

    fn parse(&mut self, text: &str) -> Option<Address> {
        match text.parse() {
            Ok(address) => Some(address),
            Err(error) => {
                self.malformed.get_or_insert(error);
                None
            }
        }
    }

    /// Whether all that was told makes sense.
    ///
    /// # Errors
    /// [`MeshError::Address`] for the first malformed address, [`MeshError::Config`] for limits at odds,
    /// [`MeshError::Encode`] and [`CommandError::TooLarge`](crate::mesh::CommandError::TooLarge) for packets that cannot be shown.
    pub fn check(&self) -> Result<(), MeshError> {
        if let Some(error) = &self.malformed {
            return Err(error.clone().into());
        }
        if let Some(error) = &self.unshown {
            return Err(error.clone().into());
        }
        members::check(&self.shown)?;
        Ok(self.config.validate()?)
    }

    /// Builds the node, which begins to dial when it runs. `listening` is where its transport listens; what is not
    /// advertised otherwise is advertised as that. `entropy` supplies all randomness of the node: it must be new.
    ///
    /// # Errors
    /// As [`Builder::check`].
    pub fn build(
        mut self,
        listening: Vec<Address>,
        wall: WallSeconds,
        entropy: [u8; 80],
    ) -> Result<Node, MeshError> {
        self.check()?;
        for told in &mut self.config.advertise {
            let bound = listening
                .iter()
                .find(|bound| bound.scheme() == told.scheme());
            if let Some(bound) = bound.filter(|_| told.port() == 0) {
                *told = told.with_endpoint(told.host(), bound.port())?;
            }
        }
        for address in &listening {
            if !self
                .config
                .advertise
                .iter()
                .any(|told| told.scheme() == address.scheme())
            {
                self.config.advertise.push(address.clone());
            }
        }
        let (mut id, mut seed) = ([0; 48], [0; 32]);
        id.copy_from_slice(&entropy[..48]);
        seed.copy_from_slice(&entropy[48..]);
        let node = self.identity.unwrap_or_else(|| NodeId::from_entropy(&id));
        let subnet = self.config.subnet.clone();
        let advertised = self.config.advertise.clone();
        let mut mesh = Mesh::new(self.config, Identity { node: node.clone() }, seed);
        mesh.handle_environment(Timestamp::ZERO, Environment::WallClock(wall));
        let interest = Command::Interest(self.interest.clone());
        mesh.handle_command(Timestamp::ZERO, interest)?;
        let packets = self.shown;
        mesh.handle_command(Timestamp::ZERO, Command::Present { packets })?;
        for address in self.peers {
            mesh.handle_command(
                Timestamp::ZERO,
                Command::Connect {
                    address,
                    expected: None,
                    persist: true,
                },
            )?;
        }
        let hub = Arc::new(Hub::new(self.inbox));
        let inbox = hub.subscribe(Wanted::Messages);
        let (caller, port) = port();
        let shared = Arc::new(Shared {
            node,
            subnet,
            listening,
            advertised,
            caller,
            hub: hub.clone(),
            inbox,
            subscriptions: Subscriptions::new(self.interest),
            is_closed: AtomicBool::new(false),
        });
        Ok(Node {
            mesh,
            port,
            dispatcher: Dispatcher::new(hub.clone(), Arc::downgrade(&shared)),
            announcer: Announcer::new(hub, self.keeps),
            socket: MeshSocket { shared },
        })
    }
}
