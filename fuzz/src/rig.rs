//! [`Rig`]: a node between four peers that say what the fuzzer wants. After each input all rules are checked.

use core::time::Duration;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

use bytes::Bytes;
use rs2p::address::{Address, Scheme};
use rs2p::id::{LinkId, MessageId, NodeId};
use rs2p::mesh::{
    Command, Config, Environment, Event, Identity, LinkDown, LinkEvent, LinkInfo, Mesh, Output,
};
use rs2p::time::{Timestamp, WallSeconds};
use rs2p::wire::{Compression, FrameReader, Kind, Limits, Message};

use super::words::{self, SUBNET};

/// What the wall clock says at first.
pub const WALL: u64 = 1_700_000_000;
/// Most outputs that one input may have: far more than so small a node has reason for.
const OUTPUTS: usize = 10_000;
/// Frames of the peers that may be said again, and ids that may be spoken of.
const REMEMBERED: usize = 32;

/// A link from outside.
#[derive(Debug)]
pub struct Side {
    pub scheme: Scheme,
    /// Whether it is up; else it is being dialled.
    pub is_up: bool,
    /// Bytes that were given to the transport, and are not told to be written.
    unwritten: usize,
}

pub struct Rig {
    pub mesh: Mesh,
    pub now: Timestamp,
    pub links: BTreeMap<LinkId, Side>,
    /// What peers and the node said, newest last.
    pub said: VecDeque<Bytes>,
    pub ids: Vec<MessageId>,
    /// How many messages the application was given.
    pub delivered: usize,
    once: BTreeSet<MessageId>,
    accepted: u64,
}

impl Rig {
    pub fn new() -> Self {
        let identity = Identity {
            node: words::node_numbered(3),
        };
        let mut rig = Self {
            mesh: Mesh::new(config(), identity, [7; 32]),
            now: Timestamp::ZERO,
            links: BTreeMap::new(),
            said: VecDeque::new(),
            ids: Vec::new(),
            delivered: 0,
            once: BTreeSet::new(),
            accepted: 0,
        };
        rig.environment(Environment::WallClock(WallSeconds(WALL)));
        rig
    }

    pub fn wall(&self) -> u64 {
        WALL + self.now.as_micros() / 1_000_000
    }

    /// A peer dials the node.
    pub fn accept(&mut self, scheme: Scheme) -> LinkId {
        self.accepted += 1;
        let link = LinkId::accepted(self.accepted);
        let side = Side {
            scheme,
            is_up: true,
            unwritten: 0,
        };
        self.links.insert(link, side);
        self.opened(link);
        link
    }

    /// A dial of the node's comes to something.
    pub fn answer_dial(&mut self, link: LinkId) {
        if let Some(side) = self.links.get_mut(&link) {
            side.is_up = true;
            self.opened(link);
        }
    }

    fn opened(&mut self, link: LinkId) {
        let scheme = self.links[&link].scheme;
        let info = LinkInfo {
            scheme,
            remote: Some(format!("203.0.113.{}:9", link.number() % 5)),
            local_host: Some("192.0.2.1".to_owned()),
            proxied: false,
        };
        self.event(LinkEvent::Opened { link, info });
    }

    pub fn receive(&mut self, link: LinkId, bytes: Bytes) {
        self.event(LinkEvent::Received { link, bytes });
    }

    /// A peer says something whole.
    pub fn hear(&mut self, link: LinkId, message: &Message) {
        if self.ids.len() < REMEMBERED {
            self.ids.push(message.id());
        }
        let frame = message.frame().into_bytes();
        self.remember(frame.clone());
        self.receive(link, frame);
    }

    /// The network takes `part` of 256 parts of what waits.
    pub fn write(&mut self, link: LinkId, part: usize) {
        let Some(side) = self.links.get_mut(&link) else {
            return;
        };
        let bytes = side.unwritten * (part + 1) / 256;
        side.unwritten -= bytes;
        if bytes > 0 {
            self.event(LinkEvent::Written { link, bytes });
        }
    }

    pub fn close(&mut self, link: LinkId, down: LinkDown) {
        if self.links.remove(&link).is_some() {
            self.event(LinkEvent::Closed { link, down });
        }
    }

    pub fn event(&mut self, event: LinkEvent) {
        self.mesh.handle_link(self.now, event);
        self.check();
    }

    pub fn command(&mut self, command: Command) {
        // The user is told if it cannot be.
        let _ = self.mesh.handle_command(self.now, command);
        self.check();
    }

    pub fn environment(&mut self, environment: Environment) {
        self.mesh.handle_environment(self.now, environment);
        self.check();
    }

    /// Time passes, deadline by deadline.
    pub fn pass(&mut self, span: Duration) {
        let until = self.now + span;
        while let Some(due) = self.mesh.poll_timeout().filter(|due| *due <= until) {
            self.now = self.now.max(due);
            self.mesh.handle_timeout(self.now);
            self.check();
            let next = self.mesh.poll_timeout();
            assert!(next.is_none_or(|next| next > self.now), "time moves on");
        }
        self.now = until;
    }

    /// Time passes to the next deadline, if there is one.
    pub fn pass_to_deadline(&mut self) {
        if let Some(due) = self.mesh.poll_timeout() {
            self.pass(due.since(self.now));
        }
    }

    fn check(&mut self) {
        let mut outputs = 0;
        while let Some(output) = self.mesh.poll_output() {
            outputs += 1;
            assert!(outputs <= OUTPUTS, "an input has an end");
            self.take(output);
        }
        for usage in self.mesh.usage() {
            assert!(usage.is_within(), "{usage:?}");
        }
    }

    fn take(&mut self, output: Output) {
        match output {
            Output::Dial { link, address } => self.dialled(link, &address),
            Output::Transmit { to, frames: frame } => self.transmitted(&to, frame),
            Output::Ping { link } => assert!(self.links[&link].is_up),
            Output::Close { link, .. } => {
                assert!(self.links.remove(&link).is_some(), "only what is open");
            }
            Output::Event(Event::Message { message, .. }) => self.given(&message),
            _ => {}
        }
    }

    fn dialled(&mut self, link: LinkId, address: &Address) {
        let side = Side {
            scheme: address.scheme(),
            is_up: false,
            unwritten: 0,
        };
        assert!(link.is_dialled() && self.links.insert(link, side).is_none());
    }

    /// A frame goes to links that are up, and is one that any node can read.
    fn transmitted(&mut self, to: &[LinkId], frame: Bytes) {
        let limit = self.mesh.config().frame;
        assert!(!to.is_empty(), "to somebody");
        for link in to {
            let side = self.links.get_mut(link).expect("only what is open");
            assert!(side.is_up);
            side.unwritten += frame.len();
        }
        let mut reader = FrameReader::new(limit);
        reader.push(frame.clone());
        let whole = reader.next_frame().expect("within limits").expect("whole");
        assert_eq!(reader.buffered(), 0, "one frame at a time");
        let read = whole.open(&[Compression::Zlib], limit, &Limits::DEFAULT);
        assert!(read.is_ok(), "{read:?}");
        self.remember(frame);
    }

    /// The application is given a message: once, and never in the node's own name.
    fn given(&mut self, message: &Message) {
        self.delivered += 1;
        assert_ne!(message.sender(), self.mesh.node());
        // Only a nonce tells a copy of a whisper from an equal one.
        if message.kind() == Kind::Broadcast || message.trailer().nonce.is_some() {
            assert!(self.once.insert(message.id()), "{message:?} came again");
        }
    }

    fn remember(&mut self, frame: Bytes) {
        if self.said.len() == REMEMBERED {
            self.said.pop_front();
        }
        self.said.push_back(frame);
    }
}

/// A node whose every bound is near.
fn config() -> Config {
    let mut config = Config::new(SUBNET);
    config.advertise = vec![Address::new(Scheme::Ws, "192.0.2.1", 1).expect("a host")];
    config.greeting_frame = 2 << 10;
    config.frame = 8 << 10;
    config.queue_bytes = 8 << 10;
    config.queue_frames = 8;
    config.link_budget = 2 << 10;
    config.remember_ids = 1 << 10;
    config.links = 6;
    config.addresses = 6;
    config.unwanted = 2;
    config.routes = 4;
    config.lookups = 2;
    config.errands = 2;
    config.loans = 2;
    config.answers = 4;
    config.peer_lists = 2;
    config.restamped = 4;
    config.history = (16 << 10, 6);
    config.owed = 4;
    config.trees = 3;
    config.promises = 4;
    config.topics = 3;
    config.questions = 2;
    config.replies = 3;
    config.members = 5;
    assert_eq!(config.validate(), Ok(()));
    config
}

/// The node that speaks on a link for as long as it has said nothing else.
pub fn speaker(link: LinkId) -> NodeId {
    words::node_numbered((link.number() >> 1) as u8)
}
