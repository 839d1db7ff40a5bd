//! A network of cores on virtual time: ordered links with a latency, and faults on demand. No clock, no sleep.

use core::time::Duration;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

use bytes::Bytes;
use rs2p::id::{LinkId, NodeId};
use rs2p::mesh::{
    CloseReason, Command, CommandError, Config, Environment, Event, Hearsay, Identity, LinkDown,
    LinkEvent, LinkInfo, Mesh, Output, Reach, Receipt,
};
use rs2p::time::{Timestamp, WallSeconds};
use rs2p::wire::{Flag, FrameReader, Interest, Limits, RawPackets, Signal, Value};
use rs2p::{Address, Scheme};
use sha2::{Digest, Sha256};

pub const WALL: WallSeconds = WallSeconds(1_700_000_000);

pub struct Node {
    pub mesh: Mesh,
    pub events: Vec<Event>,
    /// Reads nothing: what it is sent is not taken by the network.
    pub is_stalled: bool,
    pub is_dead: bool,
    /// Neither reads nor does anything; its transport answers for it.
    pub is_frozen: bool,
    /// How often a deadline of its came.
    pub deadlines: usize,
    /// What came while it was frozen.
    unread: Vec<LinkEvent>,
    /// What came over links that it does not read from, each with what came.
    held: BTreeMap<LinkId, Vec<LinkEvent>>,
    /// What was sent to nodes that read nothing.
    unwritten: Vec<(LinkId, Bytes)>,
}

pub struct World {
    pub now: Timestamp,
    pub nodes: Vec<Node>,
    /// Received bytes come in pieces of this size.
    pub chunk: usize,
    /// Every closed link, with the node that closed it.
    pub closes: Vec<(usize, CloseReason)>,
    /// What comes to a node comes so much later.
    pub delays: BTreeMap<usize, Duration>,
    /// What was sent to a node of the application's: frames and bytes.
    sent_to: BTreeMap<usize, (usize, usize)>,
    /// Frames handed to links, by node.
    pub transmissions: Vec<usize>,
    scheme: Scheme,
    latency: Duration,
    ends: BTreeMap<(usize, LinkId), (usize, LinkId)>,
    queue: BTreeMap<(Timestamp, u64), (usize, LinkEvent)>,
    cut: BTreeSet<(usize, usize)>,
    by_hand: BTreeMap<LinkId, Vec<Bytes>>,
    /// What is read of links that were not read from.
    unheld: VecDeque<(usize, LinkEvent)>,
    /// Ports at which the test itself listens.
    pub doors: BTreeSet<u16>,
    /// The links that came to the doors: who dialled, its name for the link, and the port.
    pub knocks: Vec<(usize, LinkId, u16)>,
    /// Who cannot be reached gives no answer at all, instead of refusing.
    pub is_silent: bool,
    numbers: u64,
    trace: Sha256,
}

impl World {
    pub fn new(scheme: Scheme) -> Self {
        Self {
            now: Timestamp::ZERO,
            nodes: Vec::new(),
            chunk: usize::MAX,
            closes: Vec::new(),
            delays: BTreeMap::new(),
            sent_to: BTreeMap::new(),
            transmissions: Vec::new(),
            scheme,
            latency: Duration::from_millis(5),
            ends: BTreeMap::new(),
            queue: BTreeMap::new(),
            cut: BTreeSet::new(),
            by_hand: BTreeMap::new(),
            unheld: VecDeque::new(),
            doors: BTreeSet::new(),
            knocks: Vec::new(),
            is_silent: false,
            numbers: 0,
            trace: Sha256::new(),
        }
    }

    /// A world of `count` nodes that know nobody.
    pub fn with(scheme: Scheme, count: usize) -> Self {
        let mut world = Self::new(scheme);
        for _ in 0..count {
            world.add(|_| {});
        }
        world
    }

    /// Adds a node; its number is its port.
    pub fn add(&mut self, configure: impl FnOnce(&mut Config)) -> usize {
        let number = self.nodes.len();
        self.add_as(number, configure)
    }

    /// As [`World::add`], with the id that the `name`-th node usually has.
    pub fn add_as(&mut self, name: usize, configure: impl FnOnce(&mut Config)) -> usize {
        let number = self.nodes.len();
        let mesh = self.mesh(number, name, number as u8, configure);
        self.nodes.push(Node {
            mesh,
            events: Vec::new(),
            is_stalled: false,
            is_dead: false,
            is_frozen: false,
            deadlines: 0,
            unread: Vec::new(),
            held: BTreeMap::new(),
            unwritten: Vec::new(),
        });
        self.transmissions.push(0);
        number
    }

    fn mesh(
        &self,
        number: usize,
        name: usize,
        seed: u8,
        configure: impl FnOnce(&mut Config),
    ) -> Mesh {
        let mut config = Config::new("test");
        // The nodes of these worlds have names and low ports.
        config.hearsay = Hearsay::Any;
        config.advertise = vec![self.address(number)];
        configure(&mut config);
        let node = NodeId::from_entropy(&[name as u8; 48]);
        let mut mesh = Mesh::new(config, Identity { node }, [seed; 32]);
        let wall = WallSeconds(WALL.0 + self.now.as_micros() / 1_000_000);
        mesh.handle_environment(self.now, Environment::WallClock(wall));
        mesh
    }

    /// A node comes back after it died, with its id and nothing else.
    pub fn restart(&mut self, number: usize) {
        let mesh = self.mesh(number, number, 100 + number as u8, |_| {});
        self.nodes[number].mesh = mesh;
        self.nodes[number].is_dead = false;
    }

    pub fn address(&self, number: usize) -> Address {
        Address::new(self.scheme, "node", number as u16 + 1).expect("a host")
    }

    pub fn id(&self, number: usize) -> NodeId {
        self.nodes[number].mesh.node().clone()
    }

    pub fn command(&mut self, number: usize, command: Command) -> Result<Receipt, CommandError> {
        let receipt = self.nodes[number].mesh.handle_command(self.now, command);
        self.drain(number);
        receipt
    }

    pub fn environment(&mut self, number: usize, environment: Environment) {
        self.nodes[number]
            .mesh
            .handle_environment(self.now, environment);
        self.drain(number);
    }

    pub fn connect(&mut self, from: usize, to: usize) {
        let address = self.address(to);
        let command = Command::Connect {
            address,
            expected: None,
            persist: true,
        };
        self.command(from, command).expect("a connect is accepted");
    }

    pub fn broadcast(
        &mut self,
        from: usize,
        packet: impl Into<Value>,
    ) -> Result<Receipt, CommandError> {
        let packets = RawPackets::from_values(&[packet.into()]).expect("a packet");
        self.command(
            from,
            Command::Broadcast {
                reach: Reach::Mesh,
                flag: Flag::BROADCAST,
                packets,
                topic: None,
            },
        )
    }

    /// As [`World::broadcast`], about a topic.
    pub fn say_about(
        &mut self,
        from: usize,
        topic: &str,
        packet: &str,
    ) -> Result<Receipt, CommandError> {
        let command = Command::Broadcast {
            reach: Reach::Mesh,
            flag: Flag::BROADCAST,
            packets: RawPackets::from_values(&[packet.into()]).expect("a packet"),
            topic: Some(topic.parse().expect("a topic")),
        };
        self.command(from, command)
    }

    /// A node wants broadcasts about these topics only.
    pub fn narrow(&mut self, number: usize, topics: &[&str]) {
        let topics = topics.iter().map(|name| name.parse().expect("a topic"));
        let interest = Interest::topics(topics);
        self.command(number, Command::Interest(interest))
            .expect("an interest is accepted");
    }

    pub fn whisper(
        &mut self,
        from: usize,
        to: &NodeId,
        packet: &str,
    ) -> Result<Receipt, CommandError> {
        let packets = RawPackets::from_values(&[packet.into()]).expect("a packet");
        self.command(
            from,
            Command::Whisper {
                to: to.clone(),
                packets,
                topic: None,
                answer: None,
            },
        )
    }

    /// Connects each node to the next.
    pub fn line(&mut self) {
        for number in 1..self.nodes.len() {
            self.connect(number, number - 1);
        }
        self.run(1);
    }

    /// Lets `seconds` pass.
    pub fn run(&mut self, seconds: u64) {
        self.run_for(Duration::from_secs(seconds));
    }

    pub fn run_for(&mut self, span: Duration) {
        let end = self.now + span;
        while let Some(at) = self.next_step().filter(|&at| at <= end) {
            self.now = self.now.max(at);
            self.step();
        }
        self.now = end;
    }

    fn next_step(&self) -> Option<Timestamp> {
        if !self.unheld.is_empty() {
            return Some(self.now);
        }
        let timeouts = self
            .nodes
            .iter()
            .filter(|node| !node.is_dead && !node.is_frozen)
            .filter_map(|node| node.mesh.poll_timeout());
        timeouts
            .chain(self.queue.first_key_value().map(|(&(at, _), _)| at))
            .min()
    }

    fn step(&mut self) {
        if let Some((number, event)) = self.unheld.pop_front() {
            return self.deliver(number, event);
        }
        if let Some(entry) = self
            .queue
            .first_entry()
            .filter(|entry| entry.key().0 <= self.now)
        {
            let (number, event) = entry.remove();
            return self.deliver(number, event);
        }
        for number in 0..self.nodes.len() {
            let node = &mut self.nodes[number];
            let is_due = node.mesh.poll_timeout().is_some_and(|at| at <= self.now);
            if is_due && !node.is_dead && !node.is_frozen {
                node.deadlines += 1;
                node.mesh.handle_timeout(self.now);
                self.drain(number);
            }
        }
    }

    fn deliver(&mut self, number: usize, event: LinkEvent) {
        if self.nodes[number].is_dead {
            return;
        }
        if self.nodes[number].is_frozen {
            return self.nodes[number].unread.push(event);
        }
        let of_data = match &event {
            LinkEvent::Received { link, .. } | LinkEvent::Closed { link, .. } => Some(*link),
            _ => None,
        };
        if let Some(held) = of_data.and_then(|link| self.nodes[number].held.get_mut(&link)) {
            return held.push(event);
        }
        match event {
            LinkEvent::Received { link, bytes } => {
                for piece in bytes.chunks(self.chunk.min(bytes.len()).max(1)) {
                    let bytes = Bytes::copy_from_slice(piece);
                    self.nodes[number]
                        .mesh
                        .handle_link(self.now, LinkEvent::Received { link, bytes });
                    self.drain(number);
                }
            }
            event => {
                self.nodes[number].mesh.handle_link(self.now, event);
                self.drain(number);
            }
        }
    }

    fn drain(&mut self, number: usize) {
        while let Some(output) = self.nodes[number].mesh.poll_output() {
            self.trace
                .update(format!("{:?} {number} {output:?}\n", self.now));
            match output {
                Output::Dial { link, address } => self.dial(number, link, &address),
                Output::Transmit { to, frames: frame } => {
                    self.transmissions[number] += to.len();
                    for link in to {
                        self.transmit(number, link, frame.clone());
                    }
                }
                Output::Ping { link } => self.ping(number, link),
                Output::Pause { link } => {
                    self.nodes[number].held.insert(link, Vec::new());
                }
                Output::Resume { link } => {
                    let held = self.nodes[number].held.remove(&link);
                    let held = held.into_iter().flatten();
                    self.unheld.extend(held.map(|event| (number, event)));
                }
                Output::Close { link, reason } => {
                    self.nodes[number].held.remove(&link);
                    let down = LinkDown::ClosedByPeer {
                        code: Some(reason.code()),
                        reason: reason.to_string(),
                    };
                    self.closes.push((number, reason));
                    self.end(number, link, down);
                }
                Output::Event(event) => self.nodes[number].events.push(event),
                _ => {}
            }
        }
    }

    fn dial(&mut self, number: usize, link: LinkId, address: &Address) {
        if self.doors.contains(&address.port()) {
            self.knocks.push((number, link, address.port()));
            let info = self.info(Some(address.authority()));
            return self.schedule(number, LinkEvent::Opened { link, info });
        }
        let to = usize::from(address.port()) - 1;
        let is_there =
            self.nodes.get(to).is_some_and(|node| !node.is_dead) && !self.is_cut(number, to);
        if !is_there {
            if self.is_silent {
                return;
            }
            let down = LinkDown::Unreachable(format!("nobody listens at {address}"));
            return self.schedule(number, LinkEvent::Closed { link, down });
        }
        self.numbers += 1;
        let there = LinkId::accepted(self.numbers);
        self.ends.insert((number, link), (to, there));
        self.ends.insert((to, there), (number, link));
        let info = LinkInfo {
            scheme: address.scheme(),
            remote: None,
            local_host: None,
            proxied: false,
        };
        self.schedule(
            to,
            LinkEvent::Opened {
                link: there,
                info: info.clone(),
            },
        );
        self.schedule(number, LinkEvent::Opened { link, info });
    }

    fn transmit(&mut self, number: usize, link: LinkId, frame: Bytes) {
        let Some(&(to, there)) = self.ends.get(&(number, link)) else {
            let bytes = frame.len();
            self.by_hand.entry(link).or_default().push(frame);
            return self.schedule(number, LinkEvent::Written { link, bytes });
        };
        if is_applications(&frame) {
            let sent = self.sent_to.entry(to).or_default();
            *sent = (sent.0 + 1, sent.1 + frame.len());
        }
        if self.nodes[to].is_stalled {
            return self.nodes[number].unwritten.push((link, frame));
        }
        let bytes = frame.len();
        if !self.is_cut(number, to) {
            self.schedule(
                to,
                LinkEvent::Received {
                    link: there,
                    bytes: frame,
                },
            );
        }
        self.schedule(number, LinkEvent::Written { link, bytes });
    }

    /// The far end's transport answers, whatever its node does.
    fn ping(&mut self, number: usize, link: LinkId) {
        let far = self.ends.get(&(number, link));
        if far.is_some_and(|&(to, _)| !self.is_cut(number, to)) {
            self.schedule(number, LinkEvent::Alive { link });
        }
    }

    /// A node is stopped, as a browser stops a page. It may be told before: `Environment::Frozen`.
    pub fn freeze(&mut self, number: usize) {
        self.nodes[number].is_frozen = true;
    }

    /// A node that was stopped goes on, and is told so after what waits was read.
    pub fn thaw(&mut self, number: usize) {
        self.go_on(number);
        self.environment(number, Environment::Resumed);
    }

    /// As [`World::thaw`], and is not told.
    pub fn go_on(&mut self, number: usize) {
        self.nodes[number].is_frozen = false;
        for event in core::mem::take(&mut self.nodes[number].unread) {
            self.deliver(number, event);
        }
    }

    /// How many messages of the application were sent to a node, compressed ones aside.
    pub fn sent_to(&self, number: usize) -> usize {
        self.sent_to.get(&number).map_or(0, |sent| sent.0)
    }

    /// As [`World::sent_to`], in bytes.
    pub fn sent_bytes_to(&self, number: usize) -> usize {
        self.sent_to.get(&number).map_or(0, |sent| sent.1)
    }

    fn end(&mut self, number: usize, link: LinkId, down: LinkDown) {
        let Some((to, there)) = self.ends.remove(&(number, link)) else {
            return;
        };
        self.ends.remove(&(to, there));
        if !self.is_cut(number, to) {
            self.schedule(to, LinkEvent::Closed { link: there, down });
        }
    }

    pub fn schedule(&mut self, number: usize, event: LinkEvent) {
        self.numbers += 1;
        let delay = self.delays.get(&number).copied().unwrap_or_default();
        self.queue.insert(
            (self.now + self.latency + delay, self.numbers),
            (number, event),
        );
    }

    fn is_cut(&self, one: usize, other: usize) -> bool {
        self.cut.contains(&(one.min(other), one.max(other)))
    }

    /// Nothing passes between two nodes any more, and neither is told.
    pub fn cut(&mut self, one: usize, other: usize) {
        self.cut.insert((one.min(other), one.max(other)));
    }

    pub fn mend(&mut self, one: usize, other: usize) {
        self.cut.remove(&(one.min(other), one.max(other)));
    }

    /// Nothing passes between two groups any more, and nobody is told.
    pub fn part(&mut self, some: &[usize], others: &[usize]) {
        for &one in some {
            for &other in others {
                self.cut(one, other);
            }
        }
    }

    /// Everything passes again.
    pub fn heal(&mut self) {
        self.cut.clear();
    }

    /// Runs until `is_done`, for so many seconds at most. Whether it was.
    pub fn run_until(&mut self, seconds: u64, is_done: impl Fn(&Self) -> bool) -> bool {
        for _ in 0..seconds * 4 {
            if is_done(self) {
                return true;
            }
            self.run_for(Duration::from_millis(250));
        }
        is_done(self)
    }

    /// Whether all of these nodes can reach each other over links between them.
    pub fn is_one(&self, nodes: &[usize]) -> bool {
        let mut reached = BTreeSet::from([nodes[0]]);
        let mut next = vec![nodes[0]];
        while let Some(node) = next.pop() {
            for &other in nodes {
                let is_linked = self.is_linked(node, other) && self.is_linked(other, node);
                if is_linked && !self.is_cut(node, other) && reached.insert(other) {
                    next.push(other);
                }
            }
        }
        reached.len() == nodes.len()
    }

    /// How many peers a node has dialled.
    pub fn dialled(&self, number: usize) -> usize {
        let peers = self.nodes[number].mesh.peers();
        peers.filter(|peer| peer.dialled).count()
    }

    /// A node that read nothing reads on.
    pub fn wake(&mut self, stalled: usize) {
        self.nodes[stalled].is_stalled = false;
        for number in 0..self.nodes.len() {
            for (link, frame) in core::mem::take(&mut self.nodes[number].unwritten) {
                if self.ends.contains_key(&(number, link)) {
                    self.transmit(number, link, frame);
                }
            }
        }
    }

    /// The links between two nodes are reset, and no new ones come about until they are mended.
    pub fn lose(&mut self, one: usize, other: usize) {
        let links: Vec<_> = self
            .ends
            .iter()
            .filter(|((from, _), (to, _))| (*from, *to) == (one, other))
            .map(|(&end, _)| end)
            .collect();
        for end in links {
            let Some(far) = self.ends.remove(&end) else {
                continue;
            };
            self.ends.remove(&far);
            for (number, link) in [end, far] {
                let down = LinkDown::Failed("reset".to_owned());
                self.schedule(number, LinkEvent::Closed { link, down });
            }
        }
        self.cut(one, other);
    }

    /// A node vanishes as a killed process does: its links are reset.
    pub fn kill(&mut self, number: usize) {
        self.nodes[number].is_dead = true;
        let links: Vec<_> = self
            .ends
            .keys()
            .filter(|(node, _)| *node == number)
            .copied()
            .collect();
        for (node, link) in links {
            self.end(node, link, LinkDown::Failed("reset".to_owned()));
        }
    }

    /// A link of which the world is one end: for tests that play a peer by hand.
    pub fn open_by_hand(&mut self, number: usize) -> LinkId {
        self.numbers += 1;
        let link = LinkId::accepted(self.numbers);
        let info = self.info(Some("by hand".to_owned()));
        self.deliver(number, LinkEvent::Opened { link, info });
        link
    }

    /// As [`World::open_by_hand`], for a peer on the machine `host`.
    pub fn open_from(&mut self, number: usize, host: &str) -> LinkId {
        self.open_by_way_of(number, host, false)
    }

    /// As [`World::open_from`], through a proxy if `proxied`.
    pub fn open_by_way_of(&mut self, number: usize, host: &str, proxied: bool) -> LinkId {
        self.numbers += 1;
        let link = LinkId::accepted(self.numbers);
        let remote = Some(format!("{host}:{}", 10_000 + self.numbers));
        let info = LinkInfo {
            proxied,
            ..self.info(remote)
        };
        self.deliver(number, LinkEvent::Opened { link, info });
        link
    }

    fn info(&self, remote: Option<String>) -> LinkInfo {
        LinkInfo {
            scheme: self.scheme,
            remote,
            local_host: None,
            proxied: false,
        }
    }

    pub fn hand(&mut self, number: usize, link: LinkId, bytes: impl Into<Bytes>) {
        self.deliver(
            number,
            LinkEvent::Received {
                link,
                bytes: bytes.into(),
            },
        );
    }

    /// The test, which is one end of a link, closes it.
    pub fn hang_up(&mut self, number: usize, link: LinkId) {
        let down = LinkDown::ClosedByPeer {
            code: None,
            reason: String::new(),
        };
        self.deliver(number, LinkEvent::Closed { link, down });
    }

    /// The link from one node to another, as the other calls it.
    pub fn link_between(&self, one: usize, other: usize) -> LinkId {
        let ends = self.ends.iter();
        let mut links = ends.filter(|((from, _), (to, _))| (*from, *to) == (one, other));
        let ((_, _), (_, there)) = links.next().expect("a link");
        *there
    }

    /// The far end of a link, as its node calls it.
    pub fn other_end(&self, number: usize, link: LinkId) -> LinkId {
        self.ends[&(number, link)].1
    }

    /// What was sent over a link by hand since the last look.
    pub fn take_by_hand(&mut self, link: LinkId) -> Vec<Bytes> {
        self.by_hand.remove(&link).unwrap_or_default()
    }

    /// The text packets that a node was given, in order.
    pub fn received(&self, number: usize) -> Vec<String> {
        let texts = self.nodes[number]
            .events
            .iter()
            .filter_map(|event| match event {
                Event::Message { message, .. } => message
                    .packets()
                    .first()
                    .and_then(|p| p.as_str().map(str::to_owned)),
                _ => None,
            });
        texts.collect()
    }

    pub fn is_linked(&self, one: usize, other: usize) -> bool {
        let id = self.id(other);
        self.nodes[one].mesh.peers().any(|peer| peer.node == id)
    }

    /// How many links run between two living nodes.
    pub fn links_between(&self, one: usize, other: usize) -> usize {
        self.ends
            .iter()
            .filter(|((from, _), (to, _))| *from == one && *to == other)
            .count()
    }

    pub fn closed_with(&self, number: usize) -> Vec<&CloseReason> {
        self.closes
            .iter()
            .filter(|(node, _)| *node == number)
            .map(|(_, reason)| reason)
            .collect()
    }

    /// A hash of everything that every node has put out.
    pub fn trace(&self) -> String {
        self.trace
            .clone()
            .finalize()
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect()
    }
}

fn is_applications(frame: &Bytes) -> bool {
    let mut reader = FrameReader::new(1 << 20);
    reader.push(frame.clone());
    let frame = reader.next_frame().ok().flatten();
    let message = frame.and_then(|frame| frame.open(&[], 1 << 20, &Limits::DEFAULT).ok());
    message.is_some_and(|message| matches!(Signal::parse(&message), Ok(Signal::Application)))
}
