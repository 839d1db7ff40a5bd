//! Handshakes: who speaks first, and whom this node takes for a peer.

use core::net::IpAddr;

use rand_chacha::rand_core::RngCore;

use super::Mesh;
use super::config::Config;
use super::error::CloseReason;
use super::event::{Event, Peer};
use super::holding::HOLD;
use super::link::{Greeted, Phase};
use super::peers::Joined;
use super::targets::Origin;
use super::timers::Timer;
use crate::address::Scheme;
use crate::id::{LinkId, NodeId};
use crate::time::Timestamp;
use crate::wire::{
    Capabilities, Compression, Endpoint, Handshake, IdForm, Message, PeerEntry, Signal, Trailer,
};

/// Most entries in a peer list that this node sends.
const PEERS_TOLD: usize = 64;

/// What every node of ours can do beyond protocol 0.7.
const CAPABILITIES: Capabilities = Capabilities::HEARTBEAT
    .union(match Compression::OWN {
        Some(_) => Capabilities::ZLIB,
        None => Capabilities::NONE,
    })
    .union(Capabilities::FORWARD)
    .union(Capabilities::ADDRESSES)
    .union(Capabilities::SLEEP)
    .union(Capabilities::TOPICS);

/// What this node can do: without a memory of broadcasts there is nothing to fetch, nor to graft.
fn capabilities(config: &Config, is_narrow: bool) -> Capabilities {
    let remembers = config.history.0 > 0 && config.history.1 > 0;
    let mut all = CAPABILITIES;
    if remembers {
        all = all.union(Capabilities::HISTORY);
    }
    if config.presence {
        all = all.union(Capabilities::PRESENCE);
    }
    if remembers && config.trees > 0 {
        all = all.union(Capabilities::TREES);
    }
    if is_narrow {
        all = all.union(Capabilities::NARROWED);
    }
    all
}

impl Mesh {
    /// Over TCP the acceptor speaks first and the dialler waits for it, which lets it end a second link to one node before the
    /// peer has seen it. Over WebSocket the dialler speaks first, so that the acceptor learns whether it came as `ws`
    /// or, through a proxy, as `wss`.
    pub(super) fn speak_first(&mut self, now: Timestamp, id: LinkId) {
        let Some(link) = self.links.get(&id) else {
            return;
        };
        match (link.info.scheme.is_websocket(), id.is_dialled()) {
            (true, false) => {}
            (false, true) => self
                .timers
                .set(Timer::Patience(id), now + self.config.greeting_patience),
            // A second link of theirs may come from there: let it speak first, and it can be ended unseen.
            (false, false) if self.is_home_of_legacy_peer(id) => {
                self.timers.set(Timer::Patience(id), now + HOLD);
            }
            _ => self.greet(now, id),
        }
    }

    /// Sends this node's handshake, once.
    pub(super) fn greet(&mut self, now: Timestamp, id: LinkId) {
        let Some(link) = self
            .links
            .get_mut(&id)
            .filter(|link| !link.spoke && link.phase != Phase::Dialled)
        else {
            return;
        };
        link.spoke = true;
        self.show_handshake(now, id);
    }

    /// Sends the handshake of whoever speaks over the link at this end.
    pub(super) fn show_handshake(&mut self, now: Timestamp, id: LinkId) {
        let is_narrow = !self.interest.is_everything();
        let Some(link) = self.links.get_mut(&id) else {
            return;
        };
        let (scheme, is_lent) = (link.info.scheme, link.lent.is_some());
        link.said_narrow = is_narrow && !is_lent;
        let host = link.info.local_host.clone();
        let speaker = self.speaker(id);
        let protocol = scheme.protocol(&self.config.subnet);
        let handshake = Handshake {
            node: speaker.clone(),
            form: IdForm::Text,
            protocol: protocol.as_str().as_bytes().to_vec(),
            endpoint: self.own_endpoint(scheme, host).filter(|_| !is_lent),
            // A link that announces no compression survives what py2p does around it.
            compression: Vec::new(),
        };
        let trailer = Trailer {
            // A lent link is as plain as the peers that it is lent for.
            capabilities: (!is_lent).then(|| capabilities(&self.config, is_narrow)),
            ..Trailer::default()
        };
        let message = self.sign_as(now, &speaker, &Signal::Handshake(handshake), trailer);
        self.post_control(now, id, &message);
    }

    /// Where a peer on `scheme`, which reaches this node by `local_host`, can dial it.
    fn own_endpoint(&self, scheme: Scheme, local_host: Option<String>) -> Option<Endpoint> {
        // Port 0 is no place to dial.
        let address = self
            .config
            .advertised(scheme)
            .filter(|address| address.port() != 0)?;
        let unspecified = address
            .host()
            .parse()
            .is_ok_and(|ip: IpAddr| ip.is_unspecified());
        let host = if unspecified {
            local_host?
        } else {
            address.host().to_owned()
        };
        Some(Endpoint {
            host,
            port: address.port(),
        })
    }

    /// Takes the first message of a link, which must be a handshake.
    pub(super) fn handle_greeting(&mut self, now: Timestamp, id: LinkId, message: &Message) {
        let handshake = match Signal::parse(message) {
            Ok(Signal::Handshake(handshake)) => handshake,
            Ok(_) => return self.close_link(now, id, CloseReason::NotGreeted),
            Err(error) => return self.close_link(now, id, CloseReason::Undecodable(error)),
        };
        if self.links.get(&id).is_some_and(|link| link.lent.is_some()) {
            return self.handle_lent_greeting(now, id, &handshake);
        }
        match self.judge(id, &handshake) {
            Ok(_) if self.is_to_be_held(now, id, message) => {}
            Ok(scheme) => self.welcome(now, id, scheme, handshake, message),
            Err(reason) => self.refuse(now, id, &handshake.node, reason),
        }
    }

    /// Takes a handshake that was held.
    pub(super) fn handle_held_greeting(&mut self, now: Timestamp, id: LinkId, message: &Message) {
        let Ok(Signal::Handshake(handshake)) = Signal::parse(message) else {
            return;
        };
        match self.judge(id, &handshake) {
            Ok(scheme) => self.welcome(now, id, scheme, handshake, message),
            Err(reason) => self.refuse(now, id, &handshake.node, reason),
        }
        self.read_frames(now, id);
    }

    /// Whether the peer may be one; and the transport on which it sees itself.
    fn judge(&self, id: LinkId, handshake: &Handshake) -> Result<Scheme, CloseReason> {
        let Some(link) = self.links.get(&id) else {
            return Err(CloseReason::Disconnected);
        };
        let scheme = self.scheme_of(link.info.scheme, &handshake.protocol)?;
        let target = link.target.and_then(|target| self.targets.target(target));
        if handshake.node == self.identity.node {
            return Err(CloseReason::OwnNode);
        }
        if let Some(expected) = target
            .and_then(|target| target.expected.clone())
            .filter(|id| *id != handshake.node)
        {
            return Err(CloseReason::OtherNode {
                expected,
                found: handshake.node.clone(),
            });
        }
        // Others cannot make this node link to whom its user sent away.
        let is_learnt = target.is_some_and(|target| target.origin == Origin::Peer);
        if is_learnt && self.unwanted.contains(&handshake.node) {
            return Err(CloseReason::Disconnected);
        }
        let second = self.table.contains(&handshake.node);
        // A dialler that has not spoken ends a second link unseen; a third link is one too many for anybody.
        if second && (!link.spoke && id.is_dialled() || self.is_contested(&handshake.node)) {
            return Err(CloseReason::Duplicate);
        }
        Ok(scheme)
    }

    /// A protocol id is that of the link's transport; behind a proxy that ends TLS, a peer that came as `wss` arrives as `ws`.
    pub(super) fn scheme_of(&self, scheme: Scheme, protocol: &[u8]) -> Result<Scheme, CloseReason> {
        let is =
            |scheme: Scheme| scheme.protocol(&self.config.subnet).as_str().as_bytes() == protocol;
        match scheme {
            scheme if is(scheme) => Ok(scheme),
            Scheme::Ws if is(Scheme::Wss) => Ok(Scheme::Wss),
            _ => Err(CloseReason::WrongSubnet {
                theirs: String::from_utf8_lossy(protocol).chars().take(48).collect(),
                ours: scheme.protocol(&self.config.subnet).as_str().to_owned(),
            }),
        }
    }

    fn refuse(&mut self, now: Timestamp, id: LinkId, node: &NodeId, reason: CloseReason) {
        if let (CloseReason::Duplicate, Some(target)) =
            (&reason, self.links.get(&id).and_then(|link| link.target))
        {
            // Who dialled wanted a link to the node at that address, and there is one.
            self.met(now, target, node);
            self.target_up(target);
        }
        if let (CloseReason::Disconnected, Some(target)) =
            (&reason, self.links.get(&id).and_then(|link| link.target))
            && let Some(target) = self.targets.target_mut(target)
        {
            // Known by its name, it is not dialled again.
            target.node = Some(node.clone());
        }
        let is_duplicate = reason == CloseReason::Duplicate;
        self.close_link(now, id, reason);
        if is_duplicate {
            self.remind(now, node);
        }
    }

    fn welcome(
        &mut self,
        now: Timestamp,
        id: LinkId,
        scheme: Scheme,
        handshake: Handshake,
        message: &Message,
    ) {
        let greeted = Greeted::new(now, scheme, &handshake, message.trailer().capabilities);
        let peer = Peer {
            node: handshake.node,
            endpoint: handshake.endpoint,
            scheme,
            dialled: id.is_dialled(),
            capable: greeted.capable,
        };
        let node = peer.node.clone();
        let Some(link) = self.links.get_mut(&id) else {
            return;
        };
        let target = link.target;
        link.info.scheme = scheme;
        if !self.take_greeting(now, id, greeted) {
            return;
        }
        self.join(now, id, peer);
        if let Some(target) = target {
            self.met(now, target, &node);
            self.target_up(target);
            self.want_again(target, &node);
        }
        self.introduce_interest(now, id);
        self.tell_peers(now, id);
        self.introduce_addresses(now, id);
        self.begin_trial(now, id);
        self.send_missed(now, id);
        self.open_history(now, id);
        self.send_waiting(now, &node);
        self.presence_greeted(now, id);
        if let Some(target) = target {
            self.try_elsewhere(now, target);
            self.weigh_relays(now, target, id);
        }
        self.release_held(now);
    }

    /// The peer may be one: it is greeted too, and the link has other deadlines and limits. False if that ended it.
    pub(super) fn take_greeting(&mut self, now: Timestamp, id: LinkId, greeted: Greeted) -> bool {
        self.greet(now, id);
        let Some(link) = self.links.get_mut(&id) else {
            return false;
        };
        link.reader.set_max_body(self.config.frame);
        link.phase = Phase::Greeted(greeted);
        let network = link.network();
        self.newcomers.remove(network, id);
        self.set_meter(id);
        self.stats.links_greeted += 1;
        self.timers.stop(Timer::Greeting(id));
        self.timers.stop(Timer::Patience(id));
        self.begin_heartbeat(now, id);
        true
    }

    fn join(&mut self, now: Timestamp, id: LinkId, peer: Peer) {
        let first = self.table.is_empty();
        match self.table.join(peer.clone(), id) {
            Joined::First => {
                self.tell(Event::PeerUp(peer));
                if first {
                    self.note_joined(now);
                    self.tell(Event::Joined);
                    self.look_soon(now);
                }
            }
            Joined::Rival { older } => self.contest_begun(now, &peer.node, older, id),
        }
    }

    /// The link of a node is another one now.
    pub(super) fn describe_peer(&mut self, node: &NodeId) {
        let Some(before) = self.table.peer(node).cloned() else {
            return;
        };
        let Some((id, link)) = self
            .table
            .link(node)
            .and_then(|id| Some((id, self.links.get(&id)?)))
        else {
            return;
        };
        let capable = link.greeted().is_some_and(|greeted| greeted.capable);
        let peer = Peer {
            scheme: link.info.scheme,
            dialled: id.is_dialled(),
            capable,
            ..before
        };
        self.table.describe(peer.clone());
        self.tell(Event::PeerChanged(peer));
    }

    /// Tells a peer this node's own peers: those that it can dial on its kind of transport, and to a capable one also the
    /// rest, by id only.
    pub(super) fn tell_peers(&mut self, now: Timestamp, id: LinkId) {
        let peers = self.table.peers().count();
        // A few of many, not always the same.
        let start = match peers {
            0 => 0,
            peers => self.rng.next_u32() as usize % peers,
        };
        if let Some(entries) = self.entries_for(id, start) {
            self.send_signal(now, id, &Signal::Peers(entries));
        }
    }

    /// What a peer is told of others, from the one at `start` on: those that can be dialled first.
    fn entries_for(&self, id: LinkId, start: usize) -> Option<Vec<PeerEntry>> {
        let link = self.links.get(&id)?;
        let (scheme, to) = (link.info.scheme, link.greeted()?);
        // While js2p dials what a list names, it fails over any other entry and drops the link on which the list came.
        if to.is_js2p {
            return Some(Vec::new());
        }
        let all: Vec<_> = self.table.peers().collect();
        let turned = || all[start..].iter().chain(&all[..start]);
        let (listen, hide): (Vec<_>, Vec<_>) =
            turned().partition(|peer| peer.scheme == scheme && peer.endpoint.is_some());
        let (mut dialable, mut rest) = (Vec::new(), Vec::new());
        // Entries are dear, and few of thousands are told.
        for peer in listen {
            match self.entry(peer, scheme, to) {
                Some(entry) if entry.endpoint.is_some() => dialable.push(entry),
                Some(entry) if rest.len() < PEERS_TOLD => rest.push(entry),
                _ => {}
            }
            if dialable.len() == PEERS_TOLD {
                return Some(dialable);
            }
        }
        let hidden = hide
            .into_iter()
            .filter_map(|peer| self.entry(peer, scheme, to));
        let room = PEERS_TOLD - dialable.len();
        dialable.extend(rest.into_iter().chain(hidden).take(room));
        Some(dialable)
    }

    /// What a node is told of another one, over a link of this kind; `None` if it is not.
    fn entry(&self, peer: &Peer, scheme: Scheme, to: &Greeted) -> Option<PeerEntry> {
        let greeted = self.greeted_peer(&peer.node)?;
        let may = |at: &Endpoint| peer.scheme == scheme && self.is_tellable(&peer.node, scheme, at);
        let entry = PeerEntry {
            endpoint: peer.endpoint.clone().filter(may),
            node: peer.node.clone(),
            form: greeted.form,
        };
        // py2p and js2p refuse each other.
        let is_told = to.capable || entry.endpoint.is_some() && !greeted.is_js2p;
        (peer.node != to.node && is_told).then_some(entry)
    }

    fn greeted_peer(&self, node: &NodeId) -> Option<&Greeted> {
        let link = self.table.link(node)?;
        self.links.get(&link)?.greeted()
    }

    pub(super) fn greeting_expired(&mut self, now: Timestamp, id: LinkId) {
        match self.links.get(&id).map(|link| &link.phase) {
            Some(Phase::Dialled) => self.close_link(now, id, CloseReason::DialTimeout),
            Some(Phase::Up) => self.close_link(now, id, CloseReason::GreetingTimeout),
            Some(Phase::Greeted(_)) | None => {}
        }
    }
}
