//! A relay's core with links all around, without sockets: what one read of a publisher's costs it.

use bytes::Bytes;
use rs2p::Scheme;
use rs2p::id::{LinkId, NodeId, ProtocolId};
use rs2p::mesh::{Config, Environment, Identity, LinkEvent, LinkInfo, Mesh, Output};
use rs2p::time::{Timestamp, WallSeconds};
use rs2p::wire::{
    Capabilities, Draft, Handshake, IdForm, Kind, Message, RawPackets, Signal, Trailer, Value,
    sub_flag,
};

const WALL: WallSeconds = WallSeconds(1_700_000_000);
/// It stays that: no timer is due, and what is remembered is bounded by its number.
const NOW: Timestamp = Timestamp::from_millis(5_000);
const SUBNET: &str = "mesh";
const PUBLISHER: LinkId = LinkId::accepted(0);
const SUBSCRIBER: LinkId = LinkId::accepted(1);

/// What the peers are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Peers {
    /// They speak protocol 0.7 and no more.
    Legacy,
    /// They are rs2p nodes.
    Capable,
}

impl Peers {
    pub const ALL: [Self; 2] = [Self::Legacy, Self::Capable];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Legacy => "legacy",
            Self::Capable => "capable",
        }
    }
}

/// A relay with a publisher and some subscribers.
pub struct Star {
    mesh: Mesh,
    peers: Peers,
    publisher: NodeId,
    said: u64,
    /// Bytes that went to links, in all.
    sent: u64,
}

impl Star {
    /// A relay whose links are all greeted: a publisher's, and those of some subscribers.
    pub fn new(subscribers: u64, peers: Peers) -> Self {
        let mut config = Config::new(SUBNET);
        config.message_rate = None;
        config.delivers = false;
        // Each that comes would be told of all others, which takes longer than what is measured.
        config.presence = false;
        let identity = Identity {
            node: node(u64::MAX),
        };
        let mut mesh = Mesh::new(config, identity, [7; 32]);
        mesh.handle_environment(NOW, Environment::WallClock(WALL));
        let mut star = Self {
            mesh,
            peers,
            publisher: node(0),
            said: 0,
            sent: 0,
        };
        for number in 0..=subscribers {
            star.link(number);
        }
        star
    }

    fn link(&mut self, number: u64) {
        let link = LinkId::accepted(number);
        let info = LinkInfo {
            scheme: Scheme::Ws,
            remote: Some(format!("127.0.0.1:{}", 10_000 + number)),
            local_host: Some("127.0.0.1".to_owned()),
            proxied: false,
        };
        self.mesh.handle_link(NOW, LinkEvent::Opened { link, info });
        self.receive(link, greeting(number, self.peers).frame().into_bytes());
    }

    /// What the publisher says next: `frames` messages with `size` bytes of payload each, as one read brings them.
    pub fn read(&mut self, frames: u64, size: usize) -> Bytes {
        let mut bytes = Vec::new();
        for _ in 0..frames {
            self.said += 1;
            let nonce = (self.peers == Peers::Capable).then_some(self.said);
            let message = broadcast(&self.publisher, self.said, size, nonce);
            bytes.extend_from_slice(message.frame().as_bytes());
        }
        bytes.into()
    }

    /// Has the relay take a read of the publisher's; says how many bytes that sent to all links together.
    pub fn take(&mut self, read: Bytes) -> u64 {
        let before = self.sent;
        self.receive(PUBLISHER, read);
        self.sent - before
    }

    /// Has a read that the relay has taken come again, from a subscriber.
    pub fn repeat(&mut self, read: Bytes) {
        self.receive(SUBSCRIBER, read);
    }

    fn receive(&mut self, link: LinkId, bytes: Bytes) {
        self.mesh
            .handle_link(NOW, LinkEvent::Received { link, bytes });
        self.drain();
    }

    /// Takes what is put out, and says that it was written.
    fn drain(&mut self) {
        while let Some(output) = self.mesh.poll_output() {
            let Output::Transmit { to, frames } = output else {
                continue;
            };
            let bytes = frames.len();
            self.sent += (to.len() * bytes) as u64;
            for link in to {
                self.mesh
                    .handle_link(NOW, LinkEvent::Written { link, bytes });
            }
        }
    }
}

/// A broadcast that no other is.
fn broadcast(sender: &NodeId, number: u64, size: usize, nonce: Option<u64>) -> Message {
    let mut payload = vec![0x61; size.max(8)];
    payload[..8].copy_from_slice(&number.to_be_bytes());
    let packets = RawPackets::from_values(&[Value::Bin(payload.into())]).expect("a packet");
    let trailer = Trailer {
        nonce,
        ..Trailer::default()
    };
    Draft::new(Kind::Broadcast, sender, WALL)
        .trailer(trailer)
        .encode_raw(sub_flag::BROADCAST, &packets)
}

fn greeting(number: u64, peers: Peers) -> Message {
    let node = node(number);
    let protocol = ProtocolId::new(SUBNET, "ws");
    let handshake = Signal::Handshake(Handshake {
        node: node.clone(),
        form: IdForm::Bytes,
        protocol: protocol.as_str().into(),
        endpoint: None,
        compression: Vec::new(),
    });
    let all = Capabilities::from_bits(u32::MAX);
    let capabilities = all.bits() & !Capabilities::NARROWED.bits() & !Capabilities::ZLIB.bits();
    let trailer = Trailer {
        capabilities: (peers == Peers::Capable).then_some(Capabilities::from_bits(capabilities)),
        ..Trailer::default()
    };
    Draft::new(Kind::Whisper, &node, WALL)
        .trailer(trailer)
        .encode(&handshake.payload())
}

fn node(number: u64) -> NodeId {
    let mut entropy = [1; 48];
    entropy[..8].copy_from_slice(&number.to_be_bytes());
    NodeId::from_entropy(&entropy)
}
