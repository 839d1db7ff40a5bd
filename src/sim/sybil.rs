//! A stranger that looks like a node and is none: it greets, answers when it is asked whether it lives, tells tales of where
//! others are, and passes nothing on. Or it does not even greet.

use std::collections::{BTreeMap, VecDeque};

use bytes::Bytes;

use super::dice::Dice;
use super::node::{Manner, SUBNET};
use crate::address::{Address, Scheme};
use crate::id::{LinkId, NodeId};
use crate::mesh::{Environment, LinkEvent, Output};
use crate::time::WallSeconds;
use crate::wire::{
    Addresses, Capabilities, Draft, FrameReader, Handshake, IdForm, Kind, KnownAddress, Limits,
    MAX_KNOWN, Message, Signal, Trailer,
};

/// What it shows that it can, so that it is spoken to as a node of ours.
const CAPABILITIES: Capabilities = Capabilities::HEARTBEAT
    .union(Capabilities::FORWARD)
    .union(Capabilities::ADDRESSES)
    .union(Capabilities::HISTORY)
    .union(Capabilities::TREES);

/// The largest frame that it reads.
const FRAME: usize = 1 << 20;

#[derive(Debug)]
pub(super) struct Sybil {
    node: NodeId,
    manner: Manner,
    own: Vec<Address>,
    /// What it tells of others.
    tales: Vec<KnownAddress>,
    /// What it has read of each link, and has not understood so far.
    links: BTreeMap<LinkId, FrameReader>,
    outputs: VecDeque<Output>,
    next_dial: u64,
    wall: WallSeconds,
    dice: Dice,
}

impl Sybil {
    pub(super) fn new(node: NodeId, manner: Manner, own: &[Address], dice: Dice) -> Self {
        Self {
            node,
            manner,
            own: own.to_vec(),
            tales: Vec::new(),
            links: BTreeMap::new(),
            outputs: VecDeque::new(),
            next_dial: 0,
            wall: WallSeconds(0),
            dice,
        }
    }

    pub(super) fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    pub(super) fn connect(&mut self, address: Address) {
        let link = LinkId::dialled(self.next_dial);
        self.next_dial += 1;
        self.links.insert(link, FrameReader::new(FRAME));
        self.outputs.push_back(Output::Dial { link, address });
    }

    /// Tells this from now on, and all that it is linked to at once.
    pub(super) fn tell(&mut self, tales: Vec<KnownAddress>) {
        self.tales = tales;
        let links: Vec<_> = self.links.keys().copied().collect();
        for link in links {
            self.tell_addresses(link);
        }
    }

    pub(super) fn handle_environment(&mut self, environment: Environment) {
        if let Environment::WallClock(wall) = environment {
            self.wall = wall;
        }
    }

    pub(super) fn handle_link(&mut self, event: LinkEvent) {
        match event {
            LinkEvent::Opened { link, info } => {
                self.links.insert(link, FrameReader::new(FRAME));
                if self.manner == Manner::Greeting {
                    self.greet(link, info.scheme);
                }
            }
            LinkEvent::Received { link, bytes } => self.hear(link, bytes),
            LinkEvent::Closed { link, .. } => drop(self.links.remove(&link)),
            LinkEvent::Written { .. } | LinkEvent::Alive { .. } => {}
        }
    }

    fn greet(&mut self, link: LinkId, scheme: Scheme) {
        let handshake = Signal::Handshake(Handshake {
            node: self.node.clone(),
            form: IdForm::Text,
            protocol: scheme.protocol(SUBNET).as_str().as_bytes().to_vec(),
            endpoint: None,
            compression: Vec::new(),
        });
        let trailer = Trailer {
            capabilities: Some(CAPABILITIES),
            ..Trailer::default()
        };
        let message = self.draft(trailer).encode(&handshake.payload());
        self.say(link, &message);
    }

    fn hear(&mut self, link: LinkId, bytes: Bytes) {
        let Some(reader) = self.links.get_mut(&link) else {
            return;
        };
        reader.push(bytes);
        let mut heard = Vec::new();
        while let Ok(Some(frame)) = reader.next_frame() {
            heard.extend(frame.open(&[], FRAME, &Limits::DEFAULT));
        }
        if self.manner == Manner::Greeting {
            heard.iter().for_each(|message| self.answer(link, message));
        }
    }

    fn answer(&mut self, link: LinkId, message: &Message) {
        match Signal::parse(message) {
            Ok(Signal::Ping(asked)) => self.signal(link, &Signal::Pong(asked)),
            Ok(Signal::RequestPeers) => self.signal(link, &Signal::Peers(Vec::new())),
            Ok(Signal::Addresses(told)) if told.ask => self.tell_addresses(link),
            // All else is dropped.
            Ok(_) | Err(_) => {}
        }
    }

    fn tell_addresses(&mut self, link: LinkId) {
        let mut known = self.tales.clone();
        self.dice.shuffle(&mut known);
        known.truncate(MAX_KNOWN);
        let told = Addresses {
            ask: false,
            dials: vec![Scheme::Tcp],
            own: self.own.clone(),
            known,
        };
        self.signal(link, &Signal::Addresses(told));
    }

    fn signal(&mut self, link: LinkId, signal: &Signal) {
        let message = self.draft(Trailer::default()).encode(&signal.payload());
        self.say(link, &message);
    }

    fn draft(&mut self, trailer: Trailer) -> Draft<'_> {
        let nonce = Some(self.dice.number());
        Draft::new(Kind::Whisper, &self.node, self.wall)
            .form(IdForm::Text)
            .trailer(Trailer { nonce, ..trailer })
    }

    fn say(&mut self, link: LinkId, message: &Message) {
        let frame = message.frame().into_bytes();
        let to = vec![link];
        self.outputs
            .push_back(Output::Transmit { to, frames: frame });
    }
}
