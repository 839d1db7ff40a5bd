//! Two of ours that dial each other at one moment, in the core alone: a million times, each in another order of events.
//!
//! Time is virtual, and a generator decides how long each thing takes: a dial, the news of it at either end, each frame. What
//! passes over one link keeps its order, what passes over two does not. A dial may fail or be late. A pair that fails names
//! its number, which is its seed and repeats it.

#[cfg(target_arch = "wasm32")]
wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_dedicated_worker);

use core::time::Duration;
use std::collections::BTreeMap;
use std::ops::Range;

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};
use rs2p::id::{LinkId, NodeId};
use rs2p::mesh::{
    Command, Config, Environment, Event, Identity, LinkDown, LinkEvent, LinkInfo, Mesh, Output,
    Reach,
};
use rs2p::time::{Timestamp, WallSeconds};
use rs2p::wire::{Flag, RawPackets};
use rs2p::{Address, Scheme};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

const WALL: WallSeconds = WallSeconds(1_700_000_000);
const SCHEMES: [Scheme; 4] = [Scheme::Tcp, Scheme::Tls, Scheme::Ws, Scheme::Wss];
/// Milliseconds that things take at most, in pairs of five kinds. The slowest is answered within a contest's two seconds.
const PACES: [u64; 5] = [0, 1, 20, 200, 900];
/// Milliseconds by which a dial is late, or after which it fails, at most. An acceptor waits five seconds for who is late.
const LATE: u64 = 3_000;
/// By when everything has happened that will: longer than a failed dial, a late one and a contest take together, and a heartbeat.
const QUIET: Duration = Duration::from_secs(25);
/// What each node says: at once when it has a peer, over a link that may be on its way out; and when all is quiet.
const SAID: [&str; 2] = ["early", "late"];
/// Within which a message has arrived, and a second copy of it would have.
const HEARING: Duration = Duration::from_secs(2);

#[test]
fn thousands_of_pairs_end_with_one_link_and_never_have_none() {
    cross(0..2_000);
}

#[cfg(not(target_arch = "wasm32"))]
#[test]
#[ignore = "long: run by cargo xtask test --long"]
fn a_million_pairs_end_with_one_link_and_never_have_none() {
    cross(0..1_000_000);
}

fn cross(numbers: Range<u64>) {
    let (mut count, mut links, mut crossings) = (0, 0, 0);
    for number in numbers {
        let made = Pair::new(number).settles();
        count += 1;
        links += made;
        crossings += usize::from(made > 1);
    }
    // Or the test would test little.
    assert!(crossings > count / 2, "{crossings} crossings");
    println!("{count} pairs of ours in the core: one link after each, of {links} that were made");
}

/// Two nodes, and what is between them.
struct Pair {
    number: u64,
    rng: ChaCha8Rng,
    now: Timestamp,
    nodes: [Side; 2],
    connections: Vec<Connection>,
    /// What comes to which node, and when. Of two things at one moment the order is random.
    coming: BTreeMap<(Timestamp, u64), (usize, LinkEvent)>,
    /// Milliseconds that things take at most.
    pace: u64,
}

struct Side {
    mesh: Mesh,
    /// What becomes of its first dial, if that is not as usual.
    fate: Option<Fate>,
    had_a_peer: bool,
    /// What the other said, as it arrived.
    heard: Vec<String>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Fate {
    Fails,
    /// It arrives late.
    Late,
    /// It arrives at once, but the dialler is told late.
    ToldLate,
}

/// A link as the network knows it.
struct Connection {
    dialler: usize,
    /// Each node's name for it.
    names: [LinkId; 2],
    is_open: [bool; 2],
    /// When the last that is on its way to each node arrives.
    last: [Timestamp; 2],
}

impl Pair {
    fn new(number: u64) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(number);
        let schemes = [0; 2].map(|_| pick(&mut rng, &SCHEMES));
        let mut pair = Self {
            number,
            now: Timestamp::ZERO,
            nodes: [0, 1].map(|side| Side::new(&mut rng, address(schemes[side], side))),
            connections: Vec::new(),
            coming: BTreeMap::new(),
            pace: pick(&mut rng, &PACES),
            rng,
        };
        let first = pair.below(2) as usize;
        pair.dials(first, address(schemes[1 - first], 1 - first));
        // The other dials at the same moment, or just before it hears of the first.
        let pause = Duration::from_micros(pair.below(2) * pair.some_time());
        pair.runs_for(pause);
        pair.dials(1 - first, address(schemes[first], first));
        pair
    }

    fn dials(&mut self, side: usize, address: Address) {
        let command = Command::Connect {
            address,
            expected: None,
            persist: true,
        };
        self.commands(side, command);
    }

    fn says(&mut self, side: usize, text: &str) {
        let packets = RawPackets::from_values(&[text.into()]).expect("a text");
        let command = Command::Broadcast {
            reach: Reach::Mesh,
            flag: Flag::BROADCAST,
            packets,
            topic: None,
        };
        self.commands(side, command);
    }

    fn commands(&mut self, side: usize, command: Command) {
        let done = self.nodes[side].mesh.handle_command(self.now, command);
        assert!(done.is_ok(), "pair {}: {done:?}", self.number);
        self.drains(side);
    }

    /// Runs until all is quiet, and sees that one link is left and what was said has arrived. Returns how many there were.
    fn settles(mut self) -> usize {
        self.runs_for(QUIET);
        self.has_one_link();
        for side in [0, 1] {
            self.says(side, SAID[1]);
        }
        self.runs_for(HEARING);
        self.has_one_link();
        for node in &self.nodes {
            let heard = SAID.map(|said| times(&node.heard, said));
            assert_eq!(heard, [1, 1], "pair {}: once each", self.number);
        }
        self.connections.len()
    }

    fn has_one_link(&self) {
        let number = self.number;
        let [one, other] = self.nodes.each_ref().map(|node| &node.mesh);
        assert_eq!([one.links(), other.links()], [1, 1], "pair {number}");
        let is_open = |connection: &&Connection| connection.is_open.contains(&true);
        let open: Vec<_> = self.connections.iter().filter(is_open).collect();
        assert_eq!(open.len(), 1, "pair {number}");
        assert_eq!(open[0].is_open, [true; 2], "pair {number}");
        for (side, (here, there)) in [(one, other), (other, one)].into_iter().enumerate() {
            let peers: Vec<_> = here.peers().collect();
            assert_eq!(peers.len(), 1, "pair {number}");
            assert_eq!(peers[0].node, *there.node(), "pair {number}");
            assert_eq!(
                peers[0].dialled,
                open[0].dialler == side,
                "pair {number}: each takes another link for its own"
            );
        }
    }

    fn runs_for(&mut self, span: Duration) {
        let end = self.now + span;
        while let Some(at) = self.next().filter(|&at| at <= end) {
            self.now = at;
            self.steps();
        }
        self.now = end;
    }

    /// When something happens next.
    fn next(&self) -> Option<Timestamp> {
        let coming = self.coming.keys().next().map(|&(at, _)| at);
        let due = self
            .nodes
            .iter()
            .filter_map(|node| node.mesh.poll_timeout());
        due.chain(coming).min()
    }

    /// What has come goes before what is due, and the reverse, each half of the time.
    fn steps(&mut self) {
        let due = [0, 1].map(|side| self.is_due(side));
        let has_come = self
            .coming
            .keys()
            .next()
            .is_some_and(|&(at, _)| at <= self.now);
        if has_come && (due == [false; 2] || self.below(2) == 0) {
            if let Some((_, (side, event))) = self.coming.pop_first() {
                self.takes(side, event);
            }
            return;
        }
        let side = usize::from(!due[0]);
        self.nodes[side].mesh.handle_timeout(self.now);
        self.drains(side);
    }

    fn is_due(&self, side: usize) -> bool {
        let due = self.nodes[side].mesh.poll_timeout();
        due.is_some_and(|at| at <= self.now)
    }

    fn takes(&mut self, side: usize, event: LinkEvent) {
        if let LinkEvent::Closed { link, .. } = &event {
            self.ends_at(side, *link);
        }
        self.nodes[side].mesh.handle_link(self.now, event);
        self.drains(side);
    }

    fn drains(&mut self, side: usize) {
        while let Some(output) = self.nodes[side].mesh.poll_output() {
            match output {
                Output::Dial { link, address } => self.connects(side, link, address.scheme()),
                Output::Transmit { to, frames: frame } => {
                    for link in to {
                        let written = LinkEvent::Written {
                            link,
                            bytes: frame.len(),
                        };
                        self.nodes[side].mesh.handle_link(self.now, written);
                        self.carries(side, link, |link| LinkEvent::Received {
                            link,
                            bytes: frame.clone(),
                        });
                    }
                }
                Output::Close { link, reason } => {
                    self.ends_at(side, link);
                    self.carries(side, link, |link| LinkEvent::Closed {
                        link,
                        down: LinkDown::ClosedByPeer {
                            code: Some(reason.code()),
                            reason: reason.to_string(),
                        },
                    });
                }
                Output::Event(Event::Joined) => self.says(side, SAID[0]),
                Output::Event(Event::Message { message, .. }) => {
                    let text = message.packets()[0].as_str().map(str::to_owned);
                    self.nodes[side].heard.push(text.expect("a text"));
                }
                _ => {}
            }
        }
        self.never_loses_its_peer(side);
    }

    /// One link survives, and never none: a node that has had a peer has one at every moment.
    fn never_loses_its_peer(&mut self, side: usize) {
        let node = &mut self.nodes[side];
        let has_a_peer = node.mesh.peers().next().is_some();
        assert!(has_a_peer || !node.had_a_peer, "pair {}: none", self.number);
        node.had_a_peer = has_a_peer;
    }

    fn connects(&mut self, side: usize, link: LinkId, scheme: Scheme) {
        let fate = self.nodes[side].fate.take();
        let late = Duration::from_micros(self.below(LATE * 1_000 + 1));
        if fate == Some(Fate::Fails) {
            let down = LinkDown::Unreachable("nobody listens yet".to_owned());
            return self.comes(self.now + late, side, LinkEvent::Closed { link, down });
        }
        let there = LinkId::accepted(self.connections.len() as u64);
        let delay = |fated| {
            if fate == Some(fated) {
                late
            } else {
                Duration::ZERO
            }
        };
        let accepted = self.soon() + delay(Fate::Late);
        let told = accepted + Duration::from_micros(self.some_time()) + delay(Fate::ToldLate);
        let info = LinkInfo {
            scheme,
            remote: None,
            local_host: None,
            proxied: false,
        };
        let (mut names, mut last) = ([there; 2], [accepted; 2]);
        (names[side], last[side]) = (link, told);
        self.connections.push(Connection {
            dialler: side,
            names,
            is_open: [true; 2],
            last,
        });
        for to in [0, 1] {
            let (link, info) = (names[to], info.clone());
            self.comes(last[to], to, LinkEvent::Opened { link, info });
        }
    }

    /// Brings something to the other end of a link, behind all that is on its way there.
    fn carries(&mut self, side: usize, link: LinkId, event: impl Fn(LinkId) -> LinkEvent) {
        let (there, soon) = (1 - side, self.soon());
        let Some(connection) = find(&mut self.connections, side, link) else {
            return;
        };
        let at = soon.max(connection.last[there] + Duration::from_micros(1));
        connection.last[there] = at;
        let event = event(connection.names[there]);
        self.comes(at, there, event);
    }

    fn ends_at(&mut self, side: usize, link: LinkId) {
        if let Some(connection) = find(&mut self.connections, side, link) {
            connection.is_open[side] = false;
        }
    }

    fn comes(&mut self, at: Timestamp, side: usize, event: LinkEvent) {
        let order = self.rng.next_u64();
        self.coming.insert((at, order), (side, event));
    }

    fn soon(&mut self) -> Timestamp {
        self.now + Duration::from_micros(self.some_time())
    }

    /// Microseconds, within what things take in this pair.
    fn some_time(&mut self) -> u64 {
        let most = self.pace * 1_000;
        self.below(most + 1)
    }

    fn below(&mut self, bound: u64) -> u64 {
        below(&mut self.rng, bound)
    }
}

impl Side {
    fn new(rng: &mut ChaCha8Rng, address: Address) -> Self {
        let (mut entropy, mut seed) = ([0; 48], [0; 32]);
        rng.fill_bytes(&mut entropy);
        rng.fill_bytes(&mut seed);
        let mut config = Config::new("pair");
        config.advertise = vec![address];
        let node = NodeId::from_entropy(&entropy);
        let mut mesh = Mesh::new(config, Identity { node }, seed);
        mesh.handle_environment(Timestamp::ZERO, Environment::WallClock(WALL));
        let fates = [Fate::Fails, Fate::Late, Fate::ToldLate];
        let fate = (below(rng, 4) == 0).then(|| pick(rng, &fates));
        Self {
            mesh,
            fate,
            had_a_peer: false,
            heard: Vec::new(),
        }
    }
}

fn address(scheme: Scheme, side: usize) -> Address {
    Address::new(scheme, "node", side as u16 + 1).expect("a host")
}

fn find(connections: &mut [Connection], side: usize, link: LinkId) -> Option<&mut Connection> {
    let mut connections = connections.iter_mut();
    connections.find(|connection| connection.names[side] == link)
}

fn times(heard: &[String], said: &str) -> usize {
    heard.iter().filter(|heard| *heard == said).count()
}

fn below(rng: &mut ChaCha8Rng, bound: u64) -> u64 {
    rng.next_u64() % bound
}

fn pick<T: Copy>(rng: &mut ChaCha8Rng, of: &[T]) -> T {
    of[below(rng, of.len() as u64) as usize]
}
