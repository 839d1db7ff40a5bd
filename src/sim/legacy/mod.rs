//! Nodes that speak protocol 0.7 and nothing more, as py2p and js2p do: with the defects that their neighbours feel.
//!
//! | defect | what it does here |
//! | --- | --- |
//! | py2p: its own `"*"` is not understood | whenever a py2p loses a link it asks all others for their peers, and a py2p that is asked over a compressed link loses that one too |
//! | py2p: a rest of four bytes is taken for a message | a read that ends four bytes into a frame costs the link |
//! | py2p: the loser of a conflict comes back | of two links to one node it closes one and keeps that one in its table |
//! | js2p: the same host or the same port is the same node | it does not dial it |
//! | js2p: links are forgotten by id | when one of two links to a node closes, the other is forgotten too |
//! | both: a flood returns to the hop it came from | a broadcast goes to all but its first sender |
//!
//! Neither has heartbeats, dials again what it lost, or bounds what it remembers. Their frames are real; their compression,
//! their requests and their resends are left out, as a neighbour that announces no compression never meets them.

mod link;
mod table;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::node::Relative;
use crate::address::{Address, Scheme};
use crate::id::{LinkId, MessageId, NodeId};
use crate::mesh::{CloseReason, Environment, LinkEvent, LinkInfo, Output};
use crate::time::{Timestamp, WallSeconds};
use crate::wire::{
    Draft, Endpoint, Handshake, IdForm, Kind, Limits, Message, PeerEntry, Signal, Time, Value,
    sub_flag,
};
use link::Link;

/// Dialled links that either wants.
const OUTGOING: usize = 4;

/// What both announce: zlib and gzip.
const COMPRESSION: [u64; 2] = [0x13, 0x11];

/// How old a broadcast may be, in seconds.
const WINDOW: u64 = 60;

/// A py2p or a js2p.
#[derive(Debug)]
pub(super) struct Legacy {
    relative: Relative,
    node: NodeId,
    protocol: Vec<u8>,
    endpoint: Option<Endpoint>,
    scheme: Scheme,
    /// What its wall clock said, and when.
    wall: (WallSeconds, Timestamp),
    links: BTreeMap<LinkId, Link>,
    /// Its routing table.
    table: BTreeMap<NodeId, LinkId>,
    seen: BTreeSet<MessageId>,
    outputs: VecDeque<Output>,
    next_dial: u64,
}

impl Legacy {
    pub(super) fn new(
        relative: Relative,
        node: NodeId,
        subnet: &str,
        address: Option<&Address>,
    ) -> Self {
        let scheme = match relative {
            Relative::Py2p => Scheme::Tcp,
            Relative::Js2p => Scheme::Ws,
        };
        Self {
            relative,
            node,
            protocol: scheme.protocol(subnet).as_str().as_bytes().to_vec(),
            endpoint: address.map(|address| Endpoint {
                host: address.host().to_owned(),
                port: address.port(),
            }),
            scheme,
            wall: Default::default(),
            links: BTreeMap::new(),
            table: BTreeMap::new(),
            seen: BTreeSet::new(),
            outputs: VecDeque::new(),
            next_dial: 0,
        }
    }

    pub(super) fn handle_environment(&mut self, now: Timestamp, environment: Environment) {
        if let Environment::WallClock(said) = environment {
            self.wall = (said, now);
        }
    }

    pub(super) fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// The nodes in its table.
    pub(super) fn peers(&self) -> impl Iterator<Item = &NodeId> {
        self.table.keys()
    }

    /// Dials an address, as its user would have it do.
    pub(super) fn connect(&mut self, address: &Address) {
        let link = LinkId::dialled(self.next_dial);
        self.next_dial += 1;
        let to = Endpoint {
            host: address.host().to_owned(),
            port: address.port(),
        };
        self.links.insert(link, Link::dialled(to));
        let address = address.clone();
        self.outputs.push_back(Output::Dial { link, address });
    }

    /// Sends a packet to everybody.
    pub(super) fn broadcast(&mut self, now: Timestamp, packet: Value) -> MessageId {
        let payload = [sub_flag::BROADCAST.into(), packet];
        let message = self.compose(now, Kind::Broadcast, &payload);
        self.seen.insert(message.id());
        let links: Vec<_> = self.table.values().copied().collect();
        self.transmit(links, &message);
        message.id()
    }

    pub(super) fn handle_link(&mut self, now: Timestamp, event: LinkEvent) {
        match event {
            LinkEvent::Opened { link, info } => self.opened(now, link, info),
            LinkEvent::Received { link, bytes } => {
                if let Some(state) = self.links.get_mut(&link) {
                    state.reader.push(bytes);
                    self.read(now, link);
                }
            }
            LinkEvent::Closed { link, .. } => self.lost(now, link),
            LinkEvent::Written { .. } | LinkEvent::Alive { .. } => {}
        }
    }

    fn opened(&mut self, now: Timestamp, link: LinkId, info: LinkInfo) {
        let remote = info.remote.and_then(|remote| {
            let (host, port) = remote.rsplit_once(':')?;
            Some((host.to_owned(), port.parse().ok()?))
        });
        let state = self.links.entry(link).or_default();
        state.remote = state.remote.take().or(remote);
        self.greet(now, link);
    }

    fn greet(&mut self, now: Timestamp, link: LinkId) {
        let handshake = Signal::Handshake(Handshake {
            node: self.node.clone(),
            form: self.form(),
            protocol: self.protocol.clone(),
            endpoint: self.endpoint.clone(),
            compression: COMPRESSION.to_vec(),
        });
        self.say(now, link, &handshake);
    }

    fn read(&mut self, now: Timestamp, link: LinkId) {
        while let Some(state) = self.links.get_mut(&link) {
            match state.reader.next_frame() {
                Ok(Some(frame)) => match frame.open(&[], 1 << 24, &Limits::DEFAULT) {
                    Ok(message) => self.handle(now, link, frame.claimed_id(), message),
                    Err(_) => return self.hang_up(now, link),
                },
                Ok(None) if self.is_confused_by(link) => return self.hang_up(now, link),
                Ok(None) => return,
                Err(_) => return self.hang_up(now, link),
            }
        }
    }

    /// py2p takes a rest of exactly four bytes for a message.
    fn is_confused_by(&self, link: LinkId) -> bool {
        let rest = self.links.get(&link).map(|link| link.reader.buffered());
        self.relative == Relative::Py2p && rest == Some(4)
    }

    fn handle(&mut self, now: Timestamp, link: LinkId, id: Option<MessageId>, message: Message) {
        // Either takes a broadcast from anybody, greeted or not.
        if message.kind() == Kind::Broadcast {
            return self.flood(now, id, &message);
        }
        if message.kind() != Kind::Whisper {
            return;
        }
        match Signal::parse(&message) {
            Ok(Signal::Handshake(handshake)) => self.greeted(now, link, handshake),
            Ok(Signal::Peers(entries)) => self.told(&entries),
            Ok(Signal::RequestPeers) => self.asked(now, link, &message),
            Ok(_) | Err(_) => {}
        }
    }

    /// The waterfall: to all but the first sender, which may well be where it came from.
    fn flood(&mut self, now: Timestamp, id: Option<MessageId>, message: &Message) {
        let wall = self.wall(now).0;
        let is_stale = match *message.time() {
            Time::Seconds(time) => time < wall.saturating_sub(WINDOW),
            Time::Other(_) => false,
        };
        if is_stale || !id.is_some_and(|id| self.seen.insert(id)) {
            return;
        }
        let others = self
            .table
            .iter()
            .filter(|(node, _)| *node != message.sender());
        let links: Vec<_> = others.map(|(_, &link)| link).collect();
        self.transmit(links, message);
    }

    /// Dials those of whom a peer told, until there are links enough.
    fn told(&mut self, entries: &[PeerEntry]) {
        for entry in entries {
            let dialled = self.links.keys().filter(|link| link.is_dialled()).count();
            let Some(at) = &entry.endpoint else { continue };
            let is_known = entry.node == self.node
                || self.table.contains_key(&entry.node)
                || self.takes_for_known(at);
            if dialled < OUTGOING
                && !is_known
                && let Ok(address) = Address::new(self.scheme, &at.host, at.port)
            {
                self.connect(&address);
            }
        }
    }

    /// js2p takes whoever shares a host or a port with a peer for that peer; py2p, who shares both.
    fn takes_for_known(&self, at: &Endpoint) -> bool {
        let is_same = |(host, port): &(String, u16)| match self.relative {
            Relative::Py2p => *host == at.host && *port == at.port,
            Relative::Js2p => *host == at.host || *port == at.port,
        };
        self.links
            .values()
            .any(|link| link.remote.as_ref().is_some_and(is_same))
    }

    /// A py2p asks with text, which a py2p does not understand: over a compressed link, that ends the link.
    fn asked(&mut self, now: Timestamp, link: LinkId, message: &Message) {
        let is_text = matches!(message.packets().first(), Some(Value::Str(_)));
        let is_compressed = self.links.get(&link).is_some_and(|link| link.is_compressed);
        if self.relative == Relative::Py2p && is_text {
            if is_compressed {
                self.hang_up(now, link);
            }
            return;
        }
        self.tell_peers(now, link);
    }

    fn tell_peers(&mut self, now: Timestamp, link: LinkId) {
        let entry = |(node, link): (&NodeId, &LinkId)| {
            let endpoint = self.links.get(link)?.endpoint.clone()?;
            Some(PeerEntry {
                endpoint: Some(endpoint),
                node: node.clone(),
                form: self.form(),
            })
        };
        let entries = self.table.iter().filter_map(entry).collect();
        self.say(now, link, &Signal::Peers(entries));
    }

    fn say(&mut self, now: Timestamp, link: LinkId, signal: &Signal) {
        let message = self.compose(now, signal.kind(), &signal.payload());
        self.transmit(vec![link], &message);
    }

    fn compose(&self, now: Timestamp, kind: Kind, payload: &[Value]) -> Message {
        Draft::new(kind, &self.node, self.wall(now))
            .form(self.form())
            .encode(payload)
    }

    fn transmit(&mut self, to: Vec<LinkId>, message: &Message) {
        if !to.is_empty() {
            let frame = message.frame().into_bytes();
            self.outputs
                .push_back(Output::Transmit { to, frames: frame });
        }
    }

    fn end(&mut self, link: LinkId) {
        let reason = CloseReason::Disconnected;
        self.outputs.push_back(Output::Close { link, reason });
    }

    fn form(&self) -> IdForm {
        match self.relative {
            Relative::Py2p => IdForm::Bytes,
            Relative::Js2p => IdForm::Text,
        }
    }

    fn wall(&self, now: Timestamp) -> WallSeconds {
        let (said, at) = self.wall;
        WallSeconds(said.0 + now.since(at).as_secs())
    }
}
