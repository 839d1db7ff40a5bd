//! Peers that know protocol 0.7 and nothing more, played by hand: py2p over TCP, js2p over WebSocket.

use rs2p::Scheme;
use rs2p::id::{LinkId, NodeId};
use rs2p::time::WallSeconds;
use rs2p::wire::{
    Capabilities, Draft, Endpoint, Frame, FrameReader, Handshake, IdForm, Kind, Limits, Message,
    Signal, Time, Trailer, Value, sub_flag,
};

use crate::world::{WALL, World};

/// What nodes of ours can that keep no memory of broadcasts.
const OURS: Capabilities = Capabilities::HEARTBEAT
    .union(Capabilities::ZLIB)
    .union(Capabilities::FORWARD);
/// What all others of ours can.
pub const ALL_OF_OURS: Capabilities = OURS.union(Capabilities::TREES).union(Capabilities::HISTORY);

/// A peer of node 0 of a world.
pub struct Legacy {
    pub node: NodeId,
    pub link: LinkId,
    form: IdForm,
    reader: FrameReader,
}

impl Legacy {
    /// A peer that has dialled and greeted, as py2p does over TCP.
    pub fn join(world: &mut World) -> Self {
        Self::join_as(world, 200)
    }

    pub fn join_as(world: &mut World, number: u8) -> Self {
        let mut legacy = Self::knocking(world, number, IdForm::Bytes);
        legacy.greet(world, Scheme::Tcp, None);
        legacy
    }

    /// As [`Legacy::join_as`], and can be dialled at `port`, at which the test listens.
    pub fn join_at(world: &mut World, number: u8, port: u16) -> Self {
        world.doors.insert(port);
        let mut legacy = Self::knocking(world, number, IdForm::Bytes);
        legacy.greet(world, Scheme::Tcp, Some(port));
        legacy
    }

    /// A peer that has dialled, and said nothing yet.
    pub fn knocking(world: &mut World, number: u8, form: IdForm) -> Self {
        let link = world.open_by_hand(0);
        Self::on(link, number, form)
    }

    /// The far end of a link.
    pub fn on(link: LinkId, number: u8, form: IdForm) -> Self {
        Self {
            node: NodeId::from_entropy(&[number; 48]),
            link,
            form,
            reader: FrameReader::new(1 << 20),
        }
    }

    /// The same end of the same link, in the name of another node.
    pub fn as_node(&self, node: NodeId) -> Self {
        Self {
            node,
            ..Self::on(self.link, 0, self.form)
        }
    }

    pub fn greet(&mut self, world: &mut World, scheme: Scheme, port: Option<u16>) {
        self.greet_from(world, scheme, port.map(endpoint));
    }

    pub fn greet_at(&mut self, world: &mut World, scheme: Scheme, at: Endpoint) {
        self.greet_from(world, scheme, Some(at));
    }

    fn greet_from(&mut self, world: &mut World, scheme: Scheme, endpoint: Option<Endpoint>) {
        let handshake = Signal::Handshake(Handshake {
            node: self.node.clone(),
            form: self.form,
            protocol: scheme.protocol("test").as_str().as_bytes().to_vec(),
            endpoint,
            compression: vec![0x13, 0x11],
        });
        self.say(world, Kind::Whisper, &handshake.payload());
    }

    pub fn whisper(&mut self, world: &mut World, text: &str) -> Message {
        self.say(
            world,
            Kind::Whisper,
            &[sub_flag::WHISPER.into(), text.into()],
        )
    }

    pub fn broadcast(&mut self, world: &mut World, text: &str) -> Message {
        self.say(
            world,
            Kind::Broadcast,
            &[sub_flag::BROADCAST.into(), text.into()],
        )
    }

    pub fn say(&mut self, world: &mut World, kind: Kind, payload: &[Value]) -> Message {
        let wall = wall(world);
        self.say_at(world, kind, Time::Seconds(wall), payload)
    }

    pub fn say_at(
        &mut self,
        world: &mut World,
        kind: Kind,
        time: Time,
        payload: &[Value],
    ) -> Message {
        self.say_with(world, kind, time, payload, Trailer::default())
    }

    pub fn say_with(
        &mut self,
        world: &mut World,
        kind: Kind,
        time: Time,
        payload: &[Value],
        trailer: Trailer,
    ) -> Message {
        let mut draft = Draft::new(kind, &self.node, WallSeconds(0)).form(self.form);
        draft.time = time;
        let message = draft.trailer(trailer).encode(payload);
        world.hand(0, self.link, message.frame().into_bytes());
        message
    }

    /// Greets as a node of ours does, which shows what it can.
    pub fn greet_as_ours(&mut self, world: &mut World, scheme: Scheme) {
        self.greet_with(world, scheme, OURS);
    }

    /// Greets as a node with these capabilities does.
    pub fn greet_with(&mut self, world: &mut World, scheme: Scheme, capabilities: Capabilities) {
        let handshake = Signal::Handshake(Handshake {
            node: self.node.clone(),
            form: IdForm::Text,
            protocol: scheme.protocol("test").as_str().as_bytes().to_vec(),
            endpoint: None,
            compression: Vec::new(),
        });
        let trailer = Trailer {
            nonce: Some(1),
            capabilities: Some(capabilities),
            ..Trailer::default()
        };
        let wall = Time::Seconds(wall(world));
        self.say_with(world, Kind::Whisper, wall, &handshake.payload(), trailer);
    }

    /// Says something of the link itself.
    pub fn signal(&mut self, world: &mut World, signal: &Signal) -> Message {
        self.say(world, signal.kind(), &signal.payload())
    }

    /// A broadcast that goes out later, or never.
    pub fn unsaid(&self, world: &World, text: &str) -> Message {
        Draft::new(Kind::Broadcast, &self.node, WallSeconds(wall(world)))
            .form(self.form)
            .encode(&[sub_flag::BROADCAST.into(), text.into()])
    }

    /// Passes on another's broadcast.
    pub fn relay(&self, world: &mut World, message: &Message) {
        world.hand(0, self.link, message.frame().into_bytes());
    }

    /// Hands on `message`, which is on its way to `to`.
    pub fn forward(&mut self, world: &mut World, to: &NodeId, message: &Message) {
        let signal = Signal::Forward {
            to: to.clone(),
            packed: message.packed(),
        };
        self.say(world, Kind::Whisper, &signal.payload());
    }
}

/// What a peer's clock says, in seconds.
pub fn wall(world: &World) -> u64 {
    WALL.0 + world.now.as_micros() / 1_000_000
}

/// Where a peer by hand can be dialled.
pub fn endpoint(port: u16) -> Endpoint {
    Endpoint {
        host: "node".to_owned(),
        port,
    }
}

/// What the node has said to a legacy peer since the last look.
pub fn heard(world: &mut World, legacy: &mut Legacy) -> Vec<Message> {
    for frame in world.take_by_hand(legacy.link) {
        legacy.reader.push(frame);
    }
    let mut messages = Vec::new();
    while let Some(frame) = legacy.reader.next_frame().expect("whole frames") {
        messages.push(open(&frame));
    }
    messages
}

/// The texts of the application among what a peer has heard since the last look.
pub fn heard_texts(world: &mut World, legacy: &mut Legacy) -> Vec<String> {
    let messages = heard(world, legacy);
    let application = messages
        .iter()
        .filter(|message| matches!(Signal::parse(message), Ok(Signal::Application)));
    application
        .filter_map(|message| message.packets().first()?.as_str().map(str::to_owned))
        .collect()
}

pub fn open(frame: &Frame) -> Message {
    frame
        .open(&[], 1 << 20, &Limits::DEFAULT)
        .expect("plain, as nothing was announced")
}
