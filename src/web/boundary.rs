//! The core for JavaScript: one class, bytes in, bytes out.
//!
//! It puts a [`Mesh`] behind three calls and nothing else: no future, no socket, no timer, no JavaScript object. What the
//! npm package tells comes as a msgpack array that begins with a word, `input` says which; every call answers with all that
//! the core wants done, in the same manner, as `output` lists it. So a page pays for one crossing for all that a socket brings at
//! once, however many messages there are in it (`batch`), and the glue between the two worlds is a few hundred bytes.
//!
//! It refuses to decide anything, and to keep anything besides the core.

mod batch;
mod input;
mod output;

use wasm_bindgen::prelude::wasm_bindgen;

use crate::id::{LinkId, NodeId, ProtocolId};
use crate::mesh::{Config, Environment, Identity, LinkEvent, Mesh};
use crate::time::{Timestamp, WallSeconds};
use input::Fields;
use output::Answer;

/// A node without sockets. `now` is always milliseconds of a clock that never goes back, from a start of its owner's.
#[wasm_bindgen]
pub struct Core {
    mesh: Mesh,
}

#[wasm_bindgen]
impl Core {
    /// A node, of `[subnet, id or nil, 80 random bytes, wall seconds, most relays that are linked or nil, which addresses out of
    /// gossip it believes or nil]`. An id that is none counts as not given, and so does what else is missing: the package
    /// checks before it calls.
    #[wasm_bindgen(constructor)]
    pub fn new(now: f64, start: &[u8]) -> Self {
        let mut fields = Fields::read(start);
        let mut config = Config::new(fields.text());
        config.dials.retain(|scheme| scheme.is_websocket());
        let chosen = NodeId::new(fields.text().as_bytes());
        let (id, seed) = entropy(&fields.bytes());
        let node = chosen.unwrap_or_else(|_| NodeId::from_entropy(&id));
        let wall = WallSeconds(fields.number());
        if let Ok(most @ 1..) = usize::try_from(fields.number()) {
            (config.relays, config.outgoing) = (most, most.min(config.outgoing));
        }
        config.hearsay = fields.text().parse().unwrap_or_default();
        let mut mesh = Mesh::new(config, Identity { node }, seed);
        mesh.handle_environment(timestamp(now), Environment::WallClock(wall));
        Self { mesh }
    }

    /// The node's id, as text.
    pub fn id(&self) -> Vec<u8> {
        self.mesh.node().to_string().into_bytes()
    }

    /// Bytes came on a link. Answers as [`Core::handle`].
    pub fn received(&mut self, now: f64, link: f64, bytes: Vec<u8>) -> Vec<u8> {
        let (link, bytes) = (LinkId::numbered(link as u64), bytes.into());
        let received = LinkEvent::Received { link, bytes };
        self.mesh.handle_link(timestamp(now), received);
        Answer::default().drain(&mut self.mesh)
    }

    /// Anything else happened, or is wanted: see `input`. Answers with what is to be done: see `output`.
    pub fn handle(&mut self, now: f64, input: &[u8]) -> Vec<u8> {
        let mut answer = Answer::default();
        input::handle(&mut self.mesh, timestamp(now), input, &mut answer);
        answer.drain(&mut self.mesh)
    }
}

/// The id of a network on a transport, of `[subnet, transport]`, as text.
#[wasm_bindgen]
pub fn protocol_id(named: &[u8]) -> Vec<u8> {
    let mut fields = Fields::read(named);
    let id = ProtocolId::new(&fields.text(), &fields.text());
    id.as_str().as_bytes().to_vec()
}

/// What becomes the id, and what becomes the seed.
fn entropy(random: &[u8]) -> ([u8; 48], [u8; 32]) {
    let (mut id, mut seed) = ([0; 48], [0; 32]);
    id.iter_mut()
        .chain(&mut seed)
        .zip(random)
        .for_each(|(to, from)| *to = *from);
    (id, seed)
}

/// A cast from a float saturates.
fn timestamp(millis: f64) -> Timestamp {
    Timestamp::from_micros((millis * 1_000.0) as u64)
}
