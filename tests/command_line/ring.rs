//! Three relays in a ring with peers that only dial, as browsers do: one relay is killed and comes back.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rs2p::{MeshSocket, NodeId};
use tokio::runtime::Runtime;
use tokio::time::{sleep, timeout};

use crate::program::{DEADLINE, Relay, quiet_port};

const RELAYS: usize = 3;
const PEERS: usize = 20;
/// What each of those says whose relay lives.
const MESSAGES: usize = 60;
/// Between two messages of one.
const PAUSE: Duration = Duration::from_millis(100);
/// The relay is killed after so many messages, and comes back after so many.
const KILLED: usize = 20;
const BACK: usize = 35;
/// Time for everybody to be linked again once it is back.
const LINKED: Duration = Duration::from_secs(5);

/// What a peer has heard, by who said it.
type Heard = BTreeMap<NodeId, Vec<usize>>;

struct Peer {
    socket: MeshSocket,
    heard: Arc<Mutex<Heard>>,
}

impl Peer {
    async fn start(relay: &str) -> Self {
        let builder = MeshSocket::builder("mesh")
            .hearsay(rs2p::Hearsay::Any)
            .peer(relay);
        let socket = builder.spawn().await.expect("an address");
        socket.joined().await.expect("a relay");
        let heard = Arc::new(Mutex::new(Heard::new()));
        let (ear, memory) = (socket.clone(), heard.clone());
        tokio::spawn(async move {
            while let Some(message) = ear.recv().await {
                let number = message.decode().expect("a number");
                let mut heard = memory.lock().expect("whole");
                heard
                    .entry(message.sender().clone())
                    .or_default()
                    .push(number);
            }
        });
        Self { socket, heard }
    }

    /// What it lacks of what the speakers said, or has not once. A path that mends may bring two of them in another order.
    fn lacks(&self, speakers: &[NodeId]) -> Vec<String> {
        let heard = self.heard.lock().expect("whole");
        let others = speakers
            .iter()
            .filter(|speaker| *speaker != self.socket.id());
        let is_whole = |speaker: &&NodeId| {
            let mut numbers = heard.get(speaker).cloned().unwrap_or_default();
            numbers.sort_unstable();
            !numbers.into_iter().eq(0..MESSAGES)
        };
        let lacking = others.filter(is_whole);
        lacking
            .map(|speaker| format!("{}: {:?}", speaker.short(), heard.get(speaker)))
            .collect()
    }
}

/// The relay of this number in a ring of those at these ports.
fn relay(number: usize, ports: &[u16; RELAYS]) -> Relay {
    let url = |number: usize| format!("ws://127.0.0.1:{}", ports[number % RELAYS]);
    let words = ["--listen", &url(number), "--peer", &url(number + 1)];
    Relay::with(&words, 1)
}

async fn until(what: &str, limit: Duration, is_so: impl Fn() -> bool) {
    let waits = async {
        while !is_so() {
            sleep(Duration::from_millis(5)).await;
        }
    };
    assert!(
        timeout(limit, waits).await.is_ok(),
        "not {what} within {limit:?}"
    );
}

#[test]
fn a_relay_that_is_killed_and_comes_back_costs_nobody_a_message_of_the_others() {
    let ports = core::array::from_fn(|_| quiet_port());
    let mut relays: Vec<_> = (0..RELAYS).map(|number| relay(number, &ports)).collect();
    for relay in &mut relays {
        relay.peer_up();
    }
    Runtime::new().expect("a runtime").block_on(async {
        let mut peers = Vec::new();
        for number in 0..PEERS {
            peers.push(Peer::start(relays[number % RELAYS].url("ws")).await);
        }
        let others = peers
            .iter()
            .enumerate()
            .filter(|(number, _)| number % RELAYS != 0);
        let others: Vec<_> = others.map(|(_, peer)| peer.socket.clone()).collect();
        for number in 0..MESSAGES {
            match number {
                KILLED => relays[0].program.signal("KILL"),
                BACK => relays[0] = relay(0, &ports),
                _ => {}
            }
            for other in &others {
                other.send(&number).await.expect("a living relay");
            }
            sleep(PAUSE).await;
        }
        let is_joined = || peers.iter().all(|peer| peer.socket.status().is_joined());
        // The relay came back some messages ago.
        let left = LINKED.saturating_sub(PAUSE * (MESSAGES - BACK) as u32);
        until("linked", left, is_joined).await;
        let speakers: Vec<_> = others.iter().map(|other| other.id().clone()).collect();
        let lacks = || {
            peers
                .iter()
                .flat_map(|peer| peer.lacks(&speakers))
                .collect::<Vec<_>>()
        };
        let heard = async {
            while !lacks().is_empty() {
                sleep(Duration::from_millis(5)).await;
            }
        };
        if timeout(DEADLINE / 2, heard).await.is_err() {
            panic!("{:#?}", lacks());
        }
    });
}
