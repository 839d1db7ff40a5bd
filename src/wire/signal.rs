//! [`Signal`]: the control messages of protocol 0.7, our heartbeats and our forwards, as types.
//!
//! Parsing is lenient where the relatives differ and strict where the protocol is. It says what a message means, and
//! leaves to the core whether to believe it.

use bytes::Bytes;

use super::addresses::Addresses;
use super::error::DecodeError;
use super::ids::{self, History};
use super::interest::{self, Interest};
use super::message::{IdForm, Kind, Message};
use super::presence::Presence;
use super::sub_flag;
use super::value::Value;
use crate::address::MAX_HOST;
use crate::id::{MessageId, NodeId, ProtocolId};

/// Entries of a peer list that are read; the rest is ignored.
pub const MAX_PEERS: usize = 64;
/// Codes of a compression list that are read; the rest is ignored.
pub const MAX_CODES: usize = 64;

/// Where a node can be dialled.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Endpoint {
    /// A name or address, 1 to [`MAX_HOST`] bytes.
    pub host: String,
    /// The port, not 0.
    pub port: u16,
}

/// The first word on a link: who speaks, in which network, and where to find them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Handshake {
    /// The speaker.
    pub node: NodeId,
    /// How the speaker's id is written, by which the relatives look it up.
    pub form: IdForm,
    /// The network's id on this transport, as it came: compare it with [`speaks`](Self::speaks).
    pub protocol: Vec<u8>,
    /// Where the speaker can be dialled; a browser cannot.
    pub endpoint: Option<Endpoint>,
    /// Codes of the compressions that the speaker takes, by preference. Unknown ones are kept, texts are not.
    pub compression: Vec<u64>,
}

impl Handshake {
    /// Whether the speaker means this network on this transport.
    pub fn speaks(&self, protocol: &ProtocolId) -> bool {
        self.protocol == protocol.as_str().as_bytes()
    }
}

/// One peer in a list of peers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PeerEntry {
    /// Where it can be dialled, if it can.
    pub endpoint: Option<Endpoint>,
    /// Its id.
    pub node: NodeId,
    /// How its id is written: as it writes it itself, or the relatives take it for two nodes.
    pub form: IdForm,
}

/// What a message means to the node itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Signal {
    /// Whisper: the first word on a link.
    Handshake(Handshake),
    /// Whisper: the neighbour's peers, at most [`MAX_PEERS`] of them.
    Peers(Vec<PeerEntry>),
    /// Whisper: asks for our peers.
    RequestPeers,
    /// Broadcast: asks where `wanted` can be dialled.
    Request {
        /// What the answer is to carry, whatever it is.
        request: Value,
        /// The node that is looked for.
        wanted: NodeId,
        /// How its id is written: a relative knows it in one form only.
        form: IdForm,
    },
    /// Broadcast: says where `node` can be dialled.
    Response {
        /// What the request carried.
        request: Value,
        /// Where the node can be dialled, if it can.
        endpoint: Option<Endpoint>,
        /// The node that was looked for.
        node: NodeId,
        /// How its id is written, which is as the request wrote it.
        form: IdForm,
    },
    /// Renegotiation: codes of the compressions that the link shall use.
    Compression(Vec<u64>),
    /// Renegotiation: asks for the last message again.
    Resend,
    /// Whisper: a heartbeat, to be answered with its number.
    Ping(u64),
    /// Whisper: the answer to a heartbeat.
    Pong(u64),
    /// Whisper: a message for a node that is no neighbour, to be handed on towards it. An extension.
    Forward {
        /// Whom the message is for.
        to: NodeId,
        /// The packed bytes of the message, which is a whisper of its sender.
        packed: Bytes,
    },
    /// Whisper: these broadcasts could be had here. An extension, as those that follow.
    Announce(Vec<MessageId>),
    /// Whisper: wants these broadcasts, and from now on all of their sources.
    Graft(Vec<MessageId>),
    /// Whisper: wants broadcasts of this source announced only, or of every source.
    Prune(Option<NodeId>),
    /// Whisper: all broadcasts that could be had here.
    History(History),
    /// Whisper: wants these broadcasts.
    Fetch(Vec<MessageId>),
    /// Whisper: these broadcasts cannot be had here any more.
    Gone(Vec<MessageId>),
    /// Whisper: where the neighbour and others can be dialled. An extension.
    Addresses(Addresses),
    /// Whisper: the neighbour sleeps from here on, until it speaks again. An extension.
    Sleep,
    /// Whisper: which broadcasts the neighbour wants. An extension.
    Interest(Interest),
    /// Whisper: who is in the mesh. An extension.
    Presence(Presence),
    /// A broadcast or whisper for the application, with a plain sub-flag or one of the application's own.
    Application,
    /// Nothing that this node acts on. A broadcast of this sort is still relayed.
    Unknown,
}

impl Signal {
    /// What `message` means.
    ///
    /// A broadcast is never an error, as the neighbour that relayed it is not to blame: a request or response that is
    /// malformed is [`Unknown`](Self::Unknown).
    ///
    /// # Errors
    /// [`DecodeError::BadHandshake`] and [`DecodeError::BadSignal`] if a neighbour's own message is not what its
    /// sub-flag promises.
    pub fn parse(message: &Message) -> Result<Self, DecodeError> {
        use sub_flag::*;

        let Some(flag) = message.sub_flag() else {
            return Ok(parse_named(message));
        };
        Ok(match (message.kind(), flag) {
            (Kind::Broadcast | Kind::Whisper, number) if is_application(number) => {
                Self::Application
            }
            (Kind::Broadcast, REQUEST) => {
                parse_request(&message.packets()).unwrap_or(Self::Unknown)
            }
            (Kind::Broadcast, RESPONSE) => {
                parse_response(&message.packets()).unwrap_or(Self::Unknown)
            }
            (Kind::Whisper, HANDSHAKE) => Self::Handshake(parse_handshake(&message.packets())?),
            (Kind::Whisper, PEERS) => Self::Peers(parse_peers(&message.packets())?),
            (Kind::Whisper, REQUEST) => parse_request_peers(&message.packets()),
            (Kind::Whisper, FORWARD) => parse_forward(&message.packets()),
            (Kind::Whisper, HEARTBEAT_PING) => Self::Ping(parse_heartbeat(&message.packets())?),
            (Kind::Whisper, HEARTBEAT_PONG) => Self::Pong(parse_heartbeat(&message.packets())?),
            (Kind::Whisper, ANNOUNCE) => Self::Announce(ids::parse_ids(&message.packets())?),
            (Kind::Whisper, GRAFT) => Self::Graft(ids::parse_ids(&message.packets())?),
            (Kind::Whisper, PRUNE) => ids::parse_prune(&message.packets())?,
            (Kind::Whisper, HISTORY) => Self::History(ids::parse_history(&message.packets())?),
            (Kind::Whisper, FETCH) => Self::Fetch(ids::parse_ids(&message.packets())?),
            (Kind::Whisper, GONE) => Self::Gone(ids::parse_ids(&message.packets())?),
            (Kind::Whisper, ADDRESSES) => Self::Addresses(Addresses::parse(&message.packets())?),
            (Kind::Whisper, SLEEP) => Self::Sleep,
            (Kind::Whisper, INTEREST) => Self::Interest(interest::parse(&message.packets())?),
            (Kind::Whisper, PRESENCE) => Self::Presence(Presence::parse(&message.packets())?),
            (Kind::Renegotiate, COMPRESSION) => {
                Self::Compression(parse_compression(&message.packets())?)
            }
            (Kind::Renegotiate, RESEND) => Self::Resend,
            _ => Self::Unknown,
        })
    }

    /// The payload that says this. Empty for [`Application`](Self::Application) and [`Unknown`](Self::Unknown),
    /// whose payload is not this module's.
    pub fn payload(&self) -> Vec<Value> {
        match self {
            Self::Handshake(handshake) => handshake_payload(handshake),
            Self::Peers(peers) => {
                let peers = peers
                    .iter()
                    .map(|peer| peer_value(peer.endpoint.as_ref(), &peer.node, peer.form));
                vec![sub_flag::PEERS.into(), Value::Array(peers.collect())]
            }
            // py2p takes bytes only, js2p either.
            Self::RequestPeers => vec![sub_flag::REQUEST.into(), b"*".into()],
            Self::Request {
                request,
                wanted,
                form,
            } => {
                vec![
                    sub_flag::REQUEST.into(),
                    request.clone(),
                    form.value(wanted.as_bytes()),
                ]
            }
            Self::Response {
                request,
                endpoint,
                node,
                form,
            } => {
                let found = peer_value(endpoint.as_ref(), node, *form);
                vec![sub_flag::RESPONSE.into(), request.clone(), found]
            }
            Self::Compression(codes) => vec![sub_flag::COMPRESSION.into(), codes_value(codes)],
            Self::Resend => vec![sub_flag::RESEND.into()],
            Self::Ping(number) => vec![sub_flag::HEARTBEAT_PING.into(), (*number).into()],
            Self::Pong(number) => vec![sub_flag::HEARTBEAT_PONG.into(), (*number).into()],
            Self::Forward { to, packed } => vec![
                sub_flag::FORWARD.into(),
                IdForm::Text.value(to.as_bytes()),
                Value::Bin(packed.clone()),
            ],
            Self::Announce(ids) => ids::ids_payload(sub_flag::ANNOUNCE, ids),
            Self::Graft(ids) => ids::ids_payload(sub_flag::GRAFT, ids),
            Self::Prune(source) => ids::prune_payload(source.as_ref()),
            Self::History(history) => ids::history_payload(history),
            Self::Fetch(ids) => ids::ids_payload(sub_flag::FETCH, ids),
            Self::Gone(ids) => ids::ids_payload(sub_flag::GONE, ids),
            Self::Addresses(addresses) => addresses.payload(),
            Self::Sleep => vec![sub_flag::SLEEP.into()],
            Self::Interest(interest) => interest::payload(interest),
            Self::Presence(presence) => presence.payload(),
            Self::Application | Self::Unknown => Vec::new(),
        }
    }

    /// The kind of message that says this; for [`Application`](Self::Application) and [`Unknown`](Self::Unknown),
    /// which may be either, a whisper.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Request { .. } | Self::Response { .. } => Kind::Broadcast,
            Self::Compression(_) | Self::Resend => Kind::Renegotiate,
            _ => Kind::Whisper,
        }
    }
}

/// A sub-flag that is no number: a name is an application's own, anything else nobody's.
fn parse_named(message: &Message) -> Signal {
    match message.kind() {
        Kind::Broadcast | Kind::Whisper if message.flag().is_some() => Signal::Application,
        _ => Signal::Unknown,
    }
}

fn parse_handshake(packets: &[Value]) -> Result<Handshake, DecodeError> {
    let bad = DecodeError::BadHandshake;
    // Both relatives take a sixth item for no handshake at all.
    let [node, protocol, endpoint, codes] = packets else {
        return Err(bad("it has five items"));
    };
    let (node, form) = node_id(node).ok_or(bad("the id is 1 to 128 bytes or text"))?;
    Ok(Handshake {
        node,
        form,
        protocol: protocol
            .as_bytes()
            .ok_or(bad("the protocol is bytes or text"))?
            .to_vec(),
        endpoint: endpoint_of(endpoint)
            .ok_or(bad("the address is a host and a port, or two nils"))?,
        compression: codes_of(codes).ok_or(bad("the compressions are a list"))?,
    })
}

fn parse_peers(packets: &[Value]) -> Result<Vec<PeerEntry>, DecodeError> {
    let [Value::Array(entries), ..] = packets else {
        return Err(DecodeError::BadSignal("the peers are a list"));
    };
    Ok(entries
        .iter()
        .take(MAX_PEERS)
        .filter_map(peer_entry)
        .collect())
}

fn parse_request_peers(packets: &[Value]) -> Signal {
    match packets {
        [all] if all.as_bytes() == Some(b"*") => Signal::RequestPeers,
        _ => Signal::Unknown,
    }
}

fn parse_request(packets: &[Value]) -> Option<Signal> {
    let [request, wanted] = packets else {
        return None;
    };
    let (wanted, form) = node_id(wanted)?;
    Some(Signal::Request {
        request: request.clone(),
        wanted,
        form,
    })
}

fn parse_response(packets: &[Value]) -> Option<Signal> {
    let [request, found] = packets else {
        return None;
    };
    let PeerEntry {
        endpoint,
        node,
        form,
    } = peer_entry(found)?;
    Some(Signal::Response {
        request: request.clone(),
        endpoint,
        node,
        form,
    })
}

/// A forward of another form is not ours: protocol 0.7 reserves the sub-flag and does not say for what.
fn parse_forward(packets: &[Value]) -> Signal {
    match packets {
        [to, Value::Bin(packed)] => match node_id(to) {
            Some((to, _)) => Signal::Forward {
                to,
                packed: packed.clone(),
            },
            None => Signal::Unknown,
        },
        _ => Signal::Unknown,
    }
}

fn parse_compression(packets: &[Value]) -> Result<Vec<u64>, DecodeError> {
    packets
        .first()
        .and_then(codes_of)
        .ok_or(DecodeError::BadSignal("the compressions are a list"))
}

fn parse_heartbeat(packets: &[Value]) -> Result<u64, DecodeError> {
    packets
        .first()
        .and_then(Value::as_u64)
        .ok_or(DecodeError::BadSignal("a heartbeat has a number"))
}

/// An entry whose id is fine; an address that is none counts as no address.
fn peer_entry(value: &Value) -> Option<PeerEntry> {
    let [endpoint, node, ..] = value.as_array()? else {
        return None;
    };
    let (node, form) = node_id(node)?;
    Some(PeerEntry {
        endpoint: endpoint_of(endpoint).flatten(),
        node,
        form,
    })
}

fn node_id(value: &Value) -> Option<(NodeId, IdForm)> {
    let form = match value {
        Value::Str(_) => IdForm::Text,
        _ => IdForm::Bytes,
    };
    Some((NodeId::new(value.as_bytes()?).ok()?, form))
}

/// `Some(None)` is an address that says there is none, `None` is no address at all.
fn endpoint_of(value: &Value) -> Option<Option<Endpoint>> {
    if value.is_nil() {
        return Some(None);
    }
    let [host, port] = value.as_array()? else {
        return None;
    };
    if host.is_nil() && port.is_nil() {
        return Some(None);
    }
    let host = core::str::from_utf8(host.as_bytes()?).ok()?;
    let port = u16::try_from(port.as_u64()?).ok()?;
    let fits = (1..=MAX_HOST).contains(&host.len()) && port != 0;
    fits.then(|| {
        Some(Endpoint {
            host: host.to_owned(),
            port,
        })
    })
}

fn codes_of(value: &Value) -> Option<Vec<u64>> {
    let codes = value.as_array()?.iter().take(MAX_CODES);
    Some(codes.filter_map(Value::as_u64).collect())
}

fn handshake_payload(handshake: &Handshake) -> Vec<Value> {
    vec![
        sub_flag::HANDSHAKE.into(),
        handshake.form.value(handshake.node.as_bytes()),
        // py2p compares bytes only, js2p takes either.
        IdForm::Bytes.value(&handshake.protocol),
        endpoint_value(handshake.endpoint.as_ref()),
        codes_value(&handshake.compression),
    ]
}

fn peer_value(endpoint: Option<&Endpoint>, node: &NodeId, form: IdForm) -> Value {
    [endpoint_value(endpoint), form.value(node.as_bytes())].into()
}

/// Two nils stand for no address: js2p fails on a bare one.
fn endpoint_value(endpoint: Option<&Endpoint>) -> Value {
    match endpoint {
        Some(Endpoint { host, port }) => [host.as_str().into(), (*port).into()].into(),
        None => [Value::Nil, Value::Nil].into(),
    }
}

fn codes_value(codes: &[u64]) -> Value {
    Value::Array(codes.iter().copied().map(Value::from).collect())
}
