//! Lies about where nodes can be dialled, and ports of this machine at which a relay that believes them shows.

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use rs2p::wire::{
    Addresses, Capabilities, Draft, Endpoint, Handshake, IdForm, Kind, KnownAddress, PeerEntry,
    Signal, Trailer, Value, sub_flag,
};
use rs2p::{Address, NodeId, Scheme};
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use crate::peer::{greeting_with, join, name, open, signal, wall};
use crate::relay::Door;
use crate::wire::{Caller, Heard, Reader, Writer};

/// Hosts that no stranger may make a relay dial: this machine by its many names, its network, and names.
const HOSTS: [&str; 14] = [
    "127.0.0.1",
    "127.1",
    "0x7f000001",
    "2130706433",
    "0.0.0.0",
    "::1",
    "::ffff:127.0.0.1",
    "localhost",
    "10.0.0.1",
    "172.16.0.1",
    "192.168.0.1",
    "169.254.169.254",
    "fe80::1",
    "224.0.0.1",
];
/// What a peer says that is told addresses, and hands whispers on.
const ADDRESSED: Capabilities = Capabilities::HEARTBEAT
    .union(Capabilities::ADDRESSES)
    .union(Capabilities::FORWARD);
/// Time between two lies.
const AGAIN: Duration = Duration::from_secs(1);

/// Ports at which nobody may knock.
pub(crate) struct Trap {
    port: u16,
    knocks: Arc<AtomicUsize>,
    _listening: JoinSet<()>,
}

impl Trap {
    /// One port on every address of this machine, of both families where it has both.
    pub(crate) async fn set() -> Self {
        let knocks = Arc::new(AtomicUsize::new(0));
        let mut listening = JoinSet::new();
        let first = TcpListener::bind((Ipv4Addr::UNSPECIFIED, 0))
            .await
            .expect("a free port");
        let port = first.local_addr().expect("bound").port();
        listening.spawn(count(first, knocks.clone()));
        if let Ok(second) = TcpListener::bind((Ipv6Addr::LOCALHOST, port)).await {
            listening.spawn(count(second, knocks.clone()));
        }
        Self {
            port,
            knocks,
            _listening: listening,
        }
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// How often somebody came.
    pub(crate) fn knocks(&self) -> usize {
        self.knocks.load(Ordering::Relaxed)
    }

    /// Where nodes are said to be.
    pub(crate) fn lies(&self) -> Lies {
        Lies { port: self.port }
    }
}

async fn count(listener: TcpListener, knocks: Arc<AtomicUsize>) {
    while listener.accept().await.is_ok() {
        knocks.fetch_add(1, Ordering::Relaxed);
    }
}

/// Where nodes are said to be that are not there.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Lies {
    port: u16,
}

impl Lies {
    fn endpoints(self) -> impl Iterator<Item = Endpoint> {
        HOSTS.into_iter().map(move |host| Endpoint {
            host: host.to_owned(),
            port: self.port,
        })
    }

    fn endpoint(self, turn: usize) -> Endpoint {
        self.endpoints()
            .nth(turn % HOSTS.len())
            .expect("one of them")
    }

    /// A list of peers at those places.
    fn peers(self) -> Signal {
        let entry = |endpoint| PeerEntry {
            endpoint: Some(endpoint),
            node: name(),
            form: IdForm::Text,
        };
        Signal::Peers(self.endpoints().map(entry).collect())
    }

    /// The same in the way of nodes like the relay: its own addresses, and those of others.
    fn addresses(self) -> Signal {
        let at = |scheme| {
            self.endpoints()
                .filter_map(move |at| Address::new(scheme, &at.host, at.port).ok())
        };
        let known = at(Scheme::Tcp)
            .chain(at(Scheme::Ws))
            .map(|address| KnownAddress {
                address,
                node: name(),
                age: 0,
            });
        Signal::Addresses(Addresses {
            ask: true,
            dials: vec![Scheme::Tcp, Scheme::Ws],
            own: at(Scheme::Tcp).take(2).collect(),
            known: known.take(28).collect(),
        })
    }

    /// An answer to a question for a node: that it is there.
    fn response(self, request: &Value, node: &NodeId, turn: usize) -> Signal {
        Signal::Response {
            request: request.clone(),
            endpoint: Some(self.endpoint(turn)),
            node: node.clone(),
            form: IdForm::Text,
        }
    }

    /// Tells all that to a relay, again and again; asks it to hand a whisper to a node that is not there, and when it
    /// looks for that one, says where it is.
    pub(crate) async fn tell(self, caller: Caller, door: Door) -> io::Result<()> {
        let node = name();
        let (mut reader, mut writer) = join(caller, door, &node, ADDRESSED).await?;
        for turn in 0.. {
            writer.send(&signal(&node, &self.peers())).await?;
            writer.send(&signal(&node, &self.addresses())).await?;
            writer.send(&errand(&node, &name())).await?;
            let answering = self.answer(turn, &node, &mut reader, &mut writer);
            if let Ok(ended) = timeout(AGAIN, answering).await {
                return ended;
            }
        }
        Ok(())
    }

    /// Says of whoever is looked for where it is, until the link ends.
    async fn answer(
        self,
        turn: usize,
        node: &NodeId,
        reader: &mut Reader,
        writer: &mut Writer,
    ) -> io::Result<()> {
        loop {
            let frame = match reader.next().await? {
                Heard::Frame(frame) => frame,
                Heard::Ping(content) => {
                    writer.pong(&content).await?;
                    continue;
                }
            };
            let said = open(&frame).map(|message| Signal::parse(&message));
            let reply = match said {
                Some(Ok(Signal::Request {
                    request, wanted, ..
                })) => self.response(&request, &wanted, turn),
                Some(Ok(Signal::Ping(number))) => Signal::Pong(number),
                _ => continue,
            };
            writer.send(&signal(node, &reply)).await?;
        }
    }

    /// Comes as an older node does that can be dialled at one of those places, is whispered to by a node of ours, and goes.
    /// The relay could lend the one a link to the other, and when that is gone dial it back.
    pub(crate) async fn come_and_go(
        self,
        caller: Caller,
        door: Door,
        turn: usize,
    ) -> io::Result<()> {
        let (reader, mut writer) = caller.dial(door).await?;
        let older = name();
        let handshake = Handshake {
            node: older.clone(),
            form: IdForm::Bytes,
            protocol: door.scheme.protocol("mesh").as_str().as_bytes().to_vec(),
            endpoint: Some(self.endpoint(turn)),
            compression: Vec::new(),
        };
        writer.send(&greeting_with(handshake, None)).await?;
        let newer = name();
        let (_reader, mut whispering) = join(caller, door, &newer, ADDRESSED).await?;
        // By then the older one is greeted too, or soon.
        for _ in 0..4 {
            whispering.send(&errand(&newer, &older)).await?;
            sleep(AGAIN / 8).await;
        }
        drop(reader);
        Ok(())
    }
}

/// A whisper to be handed on to a node.
fn errand(from: &NodeId, to: &NodeId) -> Bytes {
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    let payload = [sub_flag::WHISPER.into(), "where are you?".into()];
    let trailer = Trailer {
        nonce: Some(NUMBER.fetch_add(1, Ordering::Relaxed)),
        ..Trailer::default()
    };
    let whisper = Draft::new(Kind::Whisper, from, wall()).trailer(trailer);
    let packed = whisper.encode(&payload).packed();
    let to = to.clone();
    signal(from, &Signal::Forward { to, packed })
}
