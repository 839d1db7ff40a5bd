//! What no peer should send: the link ends with the reason told to both sides, or the message is dropped, and the node
//! goes on.
#![cfg(not(target_arch = "wasm32"))]

mod support {
    pub(crate) mod node;
    pub(crate) mod raw;
}

use std::time::Duration;

use bytes::Bytes;
use futures::SinkExt;
use rs2p::mesh::CloseReason;
use rs2p::wire::{Capabilities, Compression, DecodeError, Draft, Kind, Time, Trailer, Value};
use rs2p::{Address, Builder, Config, Event, MeshSocket, NodeId, Scheme};
use support::node::{Node, soon};
use support::raw::{Raw, broadcast, draft, frame_of, handshake, whisper};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message as WebSocketMessage;

const SUBNET: &str = "polite";
const TRANSPORTS: [Scheme; 2] = [Scheme::Tcp, Scheme::Ws];

fn node() -> Builder {
    MeshSocket::builder(SUBNET).hearsay(rs2p::Hearsay::Any)
}

/// A node that is sent bad input, and a peer of it that has nothing to do with it.
struct Scene {
    node: Node,
    honest: Node,
    address: Address,
}

impl Scene {
    async fn new(scheme: Scheme) -> Self {
        Self::with(scheme, node()).await
    }

    async fn with(scheme: Scheme, node_under_test: Builder) -> Self {
        let listener = node_under_test
            .listen("tcp://127.0.0.1:0")
            .listen("ws://127.0.0.1:0");
        let mut target = Node::start(listener).await;
        let address = target.address(scheme);
        let mut honest = Node::start(node().peer(target.address(Scheme::Ws).to_string())).await;
        target.has_peers(&[honest.id()]).await;
        honest.has_peers(&[target.id()]).await;
        Self {
            node: target,
            honest,
            address,
        }
    }

    fn scheme(&self) -> Scheme {
        self.address.scheme()
    }

    /// A connection to the node.
    async fn stranger(&self) -> Raw {
        Raw::dial(&self.address).await
    }

    /// A link to the node on which both sides have greeted.
    async fn guest(&mut self, trailer: Trailer) -> Raw {
        let mut guest = self.stranger().await;
        guest
            .send(whisper(
                &guest_id(),
                &handshake(&guest_id(), self.scheme(), SUBNET),
                trailer,
            ))
            .await;
        self.node.has_peers(&[self.honest.id(), &guest_id()]).await;
        guest
    }

    /// Waits until the node has cut a link; returns why, as it says to its user and to its peer.
    async fn cuts(&mut self, peer: Raw) -> CloseReason {
        let cut = |event| match event {
            Event::LinkClosed { reason, .. } => Some(reason),
            _ => None,
        };
        let reason = self.node.happens("a link that is cut", cut).await;
        let code = self.scheme().is_websocket().then_some(reason.code());
        assert_eq!(
            peer.end().await,
            code,
            "what the peer is told, as {reason} is"
        );
        reason
    }

    /// The node cannot decode what a stranger says.
    async fn cannot_decode_greeting(self, bytes: impl Into<Bytes>) -> DecodeError {
        let mut stranger = self.stranger().await;
        stranger.send(bytes).await;
        self.ends_undecodable(stranger).await
    }

    /// The node cannot decode what a guest says.
    async fn cannot_decode(mut self, bytes: impl Into<Bytes>) -> DecodeError {
        let mut guest = self.guest(Trailer::default()).await;
        guest.send(bytes).await;
        self.ends_undecodable(guest).await
    }

    async fn ends_undecodable(mut self, peer: Raw) -> DecodeError {
        let reason = self.cuts(peer).await;
        self.goes_on().await;
        match reason {
            CloseReason::Undecodable(error) => error,
            other => panic!("{other:?}"),
        }
    }

    /// The honest peer is the node's only one, and they hear each other and nothing else.
    async fn goes_on(mut self) {
        self.node.has_peers(&[self.honest.id()]).await;
        for (speaker, hearer) in [(&self.honest, &self.node), (&self.node, &self.honest)] {
            speaker.say("life goes on").await;
            assert_eq!(hearer.hears_text().await, "life goes on");
        }
        for node in [self.honest, self.node] {
            let rest = node.close().await;
            assert!(rest.is_empty(), "heard besides: {rest:?}");
        }
    }
}

fn guest_id() -> NodeId {
    "guest".parse().expect("an id")
}

#[tokio::test]
async fn a_frame_that_breaks_off_is_no_message() {
    for scheme in TRANSPORTS {
        let mut scene = Scene::new(scheme).await;
        let mut guest = scene.guest(Trailer::default()).await;
        let frame = broadcast(&guest_id(), "half of it").frame().into_bytes();
        guest.send(frame.slice(..frame.len() - 1)).await;
        guest.hang_up().await;
        let (gone, reason) = scene.node.happens("a peer that goes", peer_down).await;
        assert_eq!(gone, guest_id());
        assert!(reason.contains("closed by the peer"), "{scheme}: {reason}");
        scene.goes_on().await;
    }
}

fn peer_down(event: Event) -> Option<(NodeId, String)> {
    match event {
        Event::PeerDown { node, reason } => Some((node, reason)),
        _ => None,
    }
}

#[tokio::test]
async fn a_length_of_four_gibibytes_is_not_waited_for() {
    for scheme in TRANSPORTS {
        let announced = u32::MAX;
        let limits = Config::new(SUBNET);
        let error = Scene::new(scheme)
            .await
            .cannot_decode_greeting(announced.to_be_bytes().to_vec())
            .await;
        assert_eq!(
            error,
            DecodeError::FrameTooLarge {
                announced,
                limit: limits.greeting_frame
            },
            "{scheme}"
        );
        let error = Scene::new(scheme)
            .await
            .cannot_decode(announced.to_be_bytes().to_vec())
            .await;
        assert_eq!(
            error,
            DecodeError::FrameTooLarge {
                announced,
                limit: limits.frame
            },
            "{scheme}"
        );
    }
}

#[tokio::test]
async fn a_checksum_that_does_not_hold_ends_the_link() {
    for scheme in TRANSPORTS {
        let mut frame = broadcast(&guest_id(), "forged")
            .frame()
            .into_bytes()
            .to_vec();
        *frame.last_mut().expect("a frame") ^= 1;
        assert_eq!(
            Scene::new(scheme).await.cannot_decode(frame).await,
            DecodeError::Checksum,
            "{scheme}"
        );
    }
}

#[tokio::test]
async fn a_nest_of_a_hundred_thousand_arrays_is_dropped_and_costs_who_passed_it_on_nothing() {
    for scheme in TRANSPORTS {
        // A message whose last byte is nil, which the nest replaces.
        let message = draft(Kind::Broadcast, &guest_id()).encode(&[0_u64.into(), Value::Nil]);
        let mut packed = message.packed().to_vec();
        packed.pop();
        packed.resize(packed.len() + 100_000, 0x91);
        packed.push(0xc0);
        let mut scene = Scene::new(scheme).await;
        let mut guest = scene.guest(Trailer::default()).await;
        guest.send(frame_of(&packed)).await;
        let sound = broadcast(&guest_id(), "sound").frame().into_bytes();
        guest.send(sound).await;
        assert_eq!(scene.honest.hears_text().await, "sound", "{scheme}");
        assert_eq!(scene.node.socket.stats().malformed, 1, "{scheme}");
    }
}

#[tokio::test]
async fn a_bomb_is_given_up_at_the_limit() {
    for scheme in TRANSPORTS {
        let zeros = Value::Bin(vec![0; 4 << 20].into());
        let bomb = draft(Kind::Broadcast, &guest_id()).encode(&[0_u64.into(), zeros]);
        let bomb = bomb
            .compressed_frame(Compression::Zlib)
            .expect("zeros compress")
            .into_bytes();
        let capabilities = Trailer {
            capabilities: Some(Capabilities::ZLIB),
            ..Trailer::default()
        };
        let mut scene = Scene::new(scheme).await;
        let mut guest = scene.guest(capabilities).await;
        guest.send(bomb.clone()).await;
        let limit = Config::new(SUBNET).frame;
        let error = scene.ends_undecodable(guest).await;
        assert_eq!(
            error,
            DecodeError::TooLargeDecompressed { limit },
            "{scheme}"
        );
        // Nothing was announced to whoever shows no capabilities, so nothing is unpacked for them.
        assert_eq!(
            Scene::new(scheme).await.cannot_decode(bomb).await,
            DecodeError::Checksum,
            "{scheme}"
        );
    }
}

#[tokio::test]
async fn a_handshake_has_five_items() {
    for scheme in TRANSPORTS {
        let five = handshake(&guest_id(), scheme, SUBNET);
        let four = five[..4].to_vec();
        let six = [&five[..], &[Value::Nil]].concat();
        for payload in [four, six] {
            let greeting = whisper(&guest_id(), &payload, Trailer::default());
            let error = Scene::new(scheme)
                .await
                .cannot_decode_greeting(greeting)
                .await;
            // The sub-flag is the first of the items.
            assert!(
                matches!(error, DecodeError::BadHandshake(_)),
                "{scheme}, {} items: {error}",
                payload.len()
            );
        }
    }
}

#[tokio::test]
async fn a_broadcast_whose_time_is_no_whole_second_is_dropped() {
    for scheme in TRANSPORTS {
        let mut scene = Scene::new(scheme).await;
        let mut guest = scene.guest(Trailer::default()).await;
        let times = [f64::NAN, f64::INFINITY, 1_700_000_000.5, -1.0].map(Value::F64);
        for time in times
            .into_iter()
            .chain([Value::Nil, Value::Int(-1), "now".into()])
        {
            let id = guest_id();
            let broken = Draft {
                time: Time::Other(time),
                ..draft(Kind::Broadcast, &id)
            };
            guest
                .send(
                    broken
                        .encode(&[0_u64.into(), "when?".into()])
                        .frame()
                        .into_bytes(),
                )
                .await;
        }
        guest
            .send(broadcast(&guest_id(), "now").frame().into_bytes())
            .await;
        for node in [&scene.node, &scene.honest] {
            let first = node.hears().await;
            assert_eq!(
                (first.sender(), first.packets()),
                (&guest_id(), vec!["now".into()]),
                "{scheme}"
            );
        }
        assert_eq!(scene.node.socket.stats().no_time, 7, "{scheme}");
        assert_eq!(
            scene.honest.socket.stats().no_time,
            0,
            "{scheme}: nothing of it was relayed"
        );
        drop(guest);
        scene.goes_on().await;
    }
}

#[tokio::test]
async fn nothing_is_heard_before_a_handshake() {
    for scheme in TRANSPORTS {
        let mut scene = Scene::new(scheme).await;
        let mut stranger = scene.stranger().await;
        let early = broadcast(&guest_id(), "let me in").frame().into_bytes();
        let late = whisper(
            &guest_id(),
            &handshake(&guest_id(), scheme, SUBNET),
            Trailer::default(),
        );
        stranger.send([early, late].concat()).await;
        assert_eq!(
            scene.cuts(stranger).await,
            CloseReason::NotGreeted,
            "{scheme}"
        );
        scene.goes_on().await;
    }
}

#[tokio::test]
async fn a_stranger_that_says_nothing_is_cut() {
    for scheme in TRANSPORTS {
        let impatient =
            node().configure(|config| config.greeting_timeout = Duration::from_millis(500));
        let mut scene = Scene::with(scheme, impatient).await;
        let stranger = scene.stranger().await;
        assert_eq!(
            scene.cuts(stranger).await,
            CloseReason::GreetingTimeout,
            "{scheme}"
        );
        scene.goes_on().await;
    }
}

#[tokio::test]
async fn a_connection_that_never_becomes_a_websocket_is_cut() {
    let impatient = node().configure(|config| config.greeting_timeout = Duration::from_millis(500));
    let scene = Scene::with(Scheme::Ws, impatient).await;
    let connecting = TcpStream::connect((scene.address.host(), scene.address.port()));
    let mut stranger = soon("a connection", connecting)
        .await
        .expect("a node that listens");
    stranger
        .write_all(b"GET / HTTP/1.1\r\n")
        .await
        .expect("a connection");
    let mut said = Vec::new();
    soon("the end of a connection", stranger.read_to_end(&mut said))
        .await
        .expect("an orderly end");
    scene.goes_on().await;
}

#[tokio::test]
async fn a_frame_that_drips_is_not_waited_for() {
    for scheme in TRANSPORTS {
        let impatient =
            node().configure(|config| config.frame_timeout = Duration::from_millis(100));
        let mut scene = Scene::with(scheme, impatient).await;
        let mut guest = scene.guest(Trailer::default()).await;
        let frame = broadcast(&guest_id(), "drip").frame().into_bytes();
        guest.send(frame.slice(..3)).await;
        assert_eq!(
            scene.cuts(guest).await,
            CloseReason::FrameTimeout,
            "{scheme}"
        );
        scene.goes_on().await;
    }
}

#[tokio::test]
async fn a_text_message_ends_the_link() {
    let mut scene = Scene::new(Scheme::Ws).await;
    let mut guest = scene.guest(Trailer::default()).await;
    let Raw::Ws(socket) = &mut guest else {
        panic!("no WebSocket")
    };
    socket
        .send(WebSocketMessage::text("hello"))
        .await
        .expect("a connection");
    let (gone, reason) = scene.node.happens("a peer that goes", peer_down).await;
    assert_eq!(gone, guest_id());
    assert!(reason.contains("text message"), "{reason}");
    // "An endpoint ... has received a type of data it cannot accept" (RFC 6455, 7.4.1).
    assert_eq!(guest.end().await, Some(1003));
    scene.goes_on().await;
}

#[tokio::test]
async fn a_browser_that_comes_to_the_wrong_port_is_cut() {
    let request = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";
    let error = Scene::new(Scheme::Tcp)
        .await
        .cannot_decode_greeting(&request[..])
        .await;
    let announced = u32::from_be_bytes(*b"GET ");
    assert_eq!(
        error,
        DecodeError::FrameTooLarge {
            announced,
            limit: Config::new(SUBNET).greeting_frame
        }
    );
}

#[tokio::test]
async fn another_subnet_is_refused_by_name() {
    for scheme in TRANSPORTS {
        let mut scene = Scene::new(scheme).await;
        let mut stranger = scene.stranger().await;
        let payload = handshake(&guest_id(), scheme, "impolite");
        stranger
            .send(whisper(&guest_id(), &payload, Trailer::default()))
            .await;
        let theirs = scheme.protocol("impolite").as_str()[..]
            .chars()
            .take(48)
            .collect();
        let ours = scheme.protocol(SUBNET).as_str().to_owned();
        assert_eq!(
            scene.cuts(stranger).await,
            CloseReason::WrongSubnet { theirs, ours },
            "{scheme}"
        );
        scene.goes_on().await;
    }
}

#[tokio::test]
async fn the_subnet_of_another_transport_is_another_subnet() {
    for (scheme, other) in [(Scheme::Tcp, Scheme::Ws), (Scheme::Ws, Scheme::Tcp)] {
        let mut scene = Scene::new(scheme).await;
        let mut stranger = scene.stranger().await;
        stranger
            .send(whisper(
                &guest_id(),
                &handshake(&guest_id(), other, SUBNET),
                Trailer::default(),
            ))
            .await;
        let reason = scene.cuts(stranger).await;
        assert!(
            matches!(reason, CloseReason::WrongSubnet { .. }),
            "{scheme}: {reason}"
        );
        scene.goes_on().await;
    }
}

#[tokio::test]
async fn who_claims_the_nodes_own_id_is_refused() {
    for scheme in TRANSPORTS {
        let mut scene = Scene::new(scheme).await;
        let mut stranger = scene.stranger().await;
        let id = scene.node.id().clone();
        stranger
            .send(whisper(
                &id,
                &handshake(&id, scheme, SUBNET),
                Trailer::default(),
            ))
            .await;
        assert_eq!(scene.cuts(stranger).await, CloseReason::OwnNode, "{scheme}");
        scene.goes_on().await;
    }
}

#[tokio::test]
async fn who_claims_the_id_of_a_peer_that_lives_takes_nothing_from_it() {
    for scheme in TRANSPORTS {
        let mut scene = Scene::new(scheme).await;
        let mut stranger = scene.stranger().await;
        let id = scene.honest.id().clone();
        stranger
            .send(whisper(
                &id,
                &handshake(&id, scheme, SUBNET),
                Trailer::default(),
            ))
            .await;
        assert_eq!(
            scene.cuts(stranger).await,
            CloseReason::Duplicate,
            "{scheme}"
        );
        scene.goes_on().await;
    }
}

#[tokio::test]
async fn a_whisper_in_the_name_of_another_is_dropped() {
    for scheme in TRANSPORTS {
        let mut scene = Scene::new(scheme).await;
        let mut guest = scene.guest(Trailer::default()).await;
        let forged = whisper(
            scene.honest.id(),
            &[2_u64.into(), "trust me".into()],
            Trailer::default(),
        );
        guest.send(forged).await;
        guest
            .send(whisper(
                &guest_id(),
                &[2_u64.into(), "it is me".into()],
                Trailer::default(),
            ))
            .await;
        let first = scene.node.hears().await;
        assert_eq!(
            (first.sender(), first.packets()),
            (&guest_id(), vec!["it is me".into()]),
            "{scheme}"
        );
        assert_eq!(scene.node.socket.stats().spoofed, 1, "{scheme}");
        drop(guest);
        scene.goes_on().await;
    }
}
