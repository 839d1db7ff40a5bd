//! What the class shows, as plain JavaScript objects: messages, peers, the topology.

use js_sys::{Array, Date, Map, Object, Reflect};
use wasm_bindgen::JsValue;

use super::{options, this, to_js, whisper};
use crate::id::NodeId;
use crate::mesh::Peer;
use crate::socket::{MeshSocket, Message, Sent, Topology};
use crate::wire::Endpoint;

/// An object with these properties.
pub(super) fn object<const N: usize>(properties: [(&str, JsValue); N]) -> Object {
    let object = Object::new();
    fill(&object, properties);
    object
}

fn fill<const N: usize>(object: &Object, properties: [(&str, JsValue); N]) {
    for (name, value) in properties {
        // Never fails on an ordinary object.
        let _ = Reflect::set(object, &name.into(), &value);
    }
}

pub(super) fn id(node: &NodeId) -> JsValue {
    node.to_string().into()
}

/// What the messages of one node share: their `reply()`.
pub(super) struct Messages {
    prototype: Object,
}

impl Messages {
    pub(super) fn new(socket: &MeshSocket) -> Result<Self, JsValue> {
        let socket = socket.clone();
        let reply = this::method(move |message, packets| {
            let to = options::node(&Reflect::get(&message, &"sender".into())?);
            Ok(whisper(&socket, to, &packets).into())
        })?;
        let prototype = object([("reply", reply)]);
        // What consoles call it.
        Reflect::set(
            &prototype,
            &js_sys::Symbol::to_string_tag(),
            &"Message".into(),
        )?;
        Ok(Self { prototype })
    }

    /// A message, with all that it says in properties of its own.
    pub(super) fn object(&self, message: &Message) -> JsValue {
        let object = Object::create(&self.prototype);
        fill(
            &object,
            [
                (
                    "kind",
                    if message.is_whisper() {
                        "whisper"
                    } else {
                        "broadcast"
                    }
                    .into(),
                ),
                ("sender", id(message.sender())),
                ("time", date(message.time())),
                ("id", message.id().to_string().into()),
                ("via", id(message.via())),
                ("flag", to_js::value(&(&message.flag()).into())),
                ("packets", to_js::packets(&message.packets()).into()),
            ],
        );
        object.into()
    }
}

/// Seconds since 1970; the last date that there is, in the year 275760, for what lies beyond.
fn date(seconds: u64) -> JsValue {
    const LAST: f64 = 8.64e15;
    Date::new(&(seconds as f64 * 1_000.0).min(LAST).into()).into()
}

pub(super) fn sent(sent: &Sent) -> JsValue {
    object([
        ("id", sent.id.to_string().into()),
        ("peers", (sent.peers as f64).into()),
    ])
    .into()
}

pub(super) fn peers(peers: &[Peer]) -> Array {
    peers.iter().map(peer).collect()
}

/// The peers by their ids.
pub(super) fn table(peers: &[Peer]) -> Map {
    let table = Map::new();
    for one in peers {
        table.set(&id(&one.node), &peer(one));
    }
    table
}

pub(super) fn ids(nodes: &[NodeId]) -> Array {
    nodes.iter().map(id).collect()
}

/// The peer with this id; if it has gone, what is still true of it.
pub(super) fn peer_or_its_id(socket: &MeshSocket, node: &NodeId) -> JsValue {
    let peers = socket.peers();
    let found = peers.iter().find(|one| one.node == *node);
    // Whatever a browser is linked to, it dialled.
    found.map_or_else(|| described(node, None, true), peer)
}

fn peer(peer: &Peer) -> JsValue {
    described(&peer.node, peer.endpoint.as_ref(), peer.dialled)
}

fn described(node: &NodeId, endpoint: Option<&Endpoint>, dialled: bool) -> JsValue {
    object([
        ("id", id(node)),
        ("address", address(endpoint)),
        ("dialled", dialled.into()),
    ])
    .into()
}

pub(super) fn topology(own: &NodeId, topology: &Topology) -> JsValue {
    let nodes = topology.nodes.iter().map(|(node, known)| {
        object([
            ("id", id(node)),
            ("address", address(known.endpoint.as_ref())),
            ("linked", known.is_peer.into()),
        ])
    });
    let links = topology
        .links
        .iter()
        .map(|(one, other)| Array::of2(&id(one), &id(other)));
    object([
        ("self", id(own)),
        ("nodes", nodes.collect::<Array>().into()),
        ("links", links.collect::<Array>().into()),
    ])
    .into()
}

fn address(endpoint: Option<&Endpoint>) -> JsValue {
    let Some(Endpoint { host, port }) = endpoint else {
        return JsValue::NULL;
    };
    if host.contains(':') {
        format!("[{host}]:{port}")
    } else {
        format!("{host}:{port}")
    }
    .into()
}
