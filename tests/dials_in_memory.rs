//! Two of ours that dial each other at one moment, over and over, each time in another order of events.
//!
//! Links are in memory and as unsteady as a generator makes them: a dial takes a while, bytes wait to be received, and now one
//! node runs, now the other. A pair that fails names its number, which is its seed and repeats it.
#![cfg(not(target_arch = "wasm32"))]

use std::cell::{Cell, RefCell};
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};
use rs2p::driver::Driver;
use rs2p::memory::{MemoryLink, MemoryNetwork, MemoryTransport};
use rs2p::mesh::{CloseReason, LinkDown, LinkInfo};
use rs2p::time::{Timestamp, WallSeconds};
use rs2p::transport::{Clock, Link, Transport};
use rs2p::{Address, MeshSocket, NodeId, Scheme};

const WALL: u64 = 1_700_000_000;
/// Steps at one moment; then the clock goes on.
const STEPS: usize = 40;
/// Milliseconds by which it goes on while something is expected.
const TICK: u64 = 10;
/// Ticks within which what is expected has come: thirty seconds.
const TICKS: u64 = 3_000;
/// Milliseconds by which it goes on, so many times, while nothing more should come: longer than a contest or a heartbeat.
const WATCH: (u64, usize) = (500, 40);

#[test]
fn hundreds_of_pairs_end_with_one_link() {
    cross(0..400);
}

#[test]
#[ignore = "long: run by cargo xtask test --long"]
fn ten_thousand_pairs_end_with_one_link() {
    cross(0..10_000);
}

fn cross(numbers: std::ops::Range<u64>) {
    let (mut count, mut links) = (0, 0);
    for number in numbers {
        let made = Pair::new(number).settles();
        count += 1;
        links += made;
    }
    println!(
        "{count} pairs of ours in memory: one link after each crossing, of {links} that were made"
    );
}

/// Two nodes, and what is between them.
struct Pair {
    number: u64,
    between: Between,
    sockets: [MeshSocket; 2],
    runs: [Pin<Box<dyn Future<Output = ()>>>; 2],
    had_a_peer: [bool; 2],
}

impl Pair {
    fn new(number: u64) -> Self {
        let between = Between::new(number);
        let network = MemoryNetwork::new();
        let node = |here: u16, there: u16| {
            let listening = network.transport(Some(here)).expect("a free number");
            let transport = Unsteady {
                transport: listening,
                between: between.clone(),
            };
            // The greater id is now here, now there.
            let is_greater = u64::from(here) == number % 2;
            let id: NodeId = ["2", "3"][usize::from(is_greater)].parse().expect("an id");
            let builder = MeshSocket::builder("pair")
                .identity(id)
                .peer(Address::memory(there).to_string());
            let mut entropy = [0; 80];
            between.rng.borrow_mut().fill_bytes(&mut entropy);
            let node = builder.build(Vec::new(), WallSeconds(WALL), entropy);
            let node = node.expect("a node as it should be");
            let run = Driver::new(
                node.mesh,
                transport,
                between.clone(),
                node.announcer,
                node.port,
            );
            (
                node.socket,
                Box::pin(run) as Pin<Box<dyn Future<Output = ()>>>,
            )
        };
        let ((one, run_one), (other, run_other)) = (node(0, 1), node(1, 0));
        Self {
            number,
            between,
            sockets: [one, other],
            runs: [run_one, run_other],
            had_a_peer: [false; 2],
        }
    }

    /// Runs until one link is left, and says what that has to carry. Returns how many links were made.
    fn settles(mut self) -> usize {
        let settled = (0..TICKS).any(|_| {
            self.tick();
            self.is_settled()
        });
        assert!(settled, "pair {}: {:?}", self.number, self.sockets);
        for (from, to) in [(0, 1), (1, 0)] {
            self.says(from, to);
        }
        let (millis, times) = WATCH;
        for _ in 0..times {
            self.passes(millis);
        }
        assert!(self.is_settled(), "pair {}: not for long", self.number);
        for socket in &self.sockets {
            assert!(socket.try_recv().is_none(), "pair {}: twice", self.number);
        }
        self.between.made.get()
    }

    /// Whether each is the other's peer, over one link that has two ends.
    fn is_settled(&self) -> bool {
        let is_peer = |from: usize, of: usize| {
            let peers = self.sockets[from].peers();
            peers.len() == 1 && peers[0].node == *self.sockets[of].id()
        };
        is_peer(0, 1) && is_peer(1, 0) && self.between.ends.get() == 2
    }

    fn says(&mut self, from: usize, to: usize) {
        let speaker = self.sockets[from].clone();
        let mut saying = Box::pin(async move { speaker.send("hello").await });
        for _ in 0..TICKS {
            let said = saying
                .as_mut()
                .poll(&mut Context::from_waker(Waker::noop()));
            if let Poll::Ready(said) = said {
                said.expect("a peer");
                break;
            }
            self.tick();
        }
        let heard = (0..TICKS).find_map(|_| {
            self.tick();
            self.sockets[to].try_recv()
        });
        let heard = heard.map(|message| message.decode::<String>().expect("a text"));
        assert_eq!(heard.as_deref(), Some("hello"), "pair {}", self.number);
    }

    fn tick(&mut self) {
        self.passes(TICK);
    }

    /// Lets things happen in some order, and then time go by.
    fn passes(&mut self, millis: u64) {
        for _ in 0..STEPS {
            self.between.wake();
            let which = usize::from(self.between.flips());
            let run = self.runs[which].as_mut();
            let _ = run.poll(&mut Context::from_waker(Waker::noop()));
            self.never_loses_its_peer();
        }
        self.between.millis.set(self.between.millis.get() + millis);
    }

    /// One link survives, and never none: a node that has had a peer has one at every moment.
    fn never_loses_its_peer(&mut self) {
        for (socket, had_a_peer) in self.sockets.iter().zip(&mut self.had_a_peer) {
            let has_a_peer = !socket.peers().is_empty();
            assert!(has_a_peer || !*had_a_peer, "pair {}: none", self.number);
            *had_a_peer = has_a_peer;
        }
    }
}

/// What is between the two nodes: chance, time, and the links.
#[derive(Clone)]
struct Between {
    rng: Rc<RefCell<ChaCha8Rng>>,
    scheme: Scheme,
    millis: Rc<Cell<u64>>,
    /// Who waits for chance.
    waiting: Rc<RefCell<Vec<Waker>>>,
    made: Rc<Cell<usize>>,
    /// Ends of links that somebody holds.
    ends: Rc<Cell<usize>>,
}

impl Between {
    fn new(number: u64) -> Self {
        Self {
            rng: Rc::new(RefCell::new(ChaCha8Rng::seed_from_u64(number))),
            // By which the one or the other speaks first.
            scheme: [Scheme::Tcp, Scheme::Ws][number as usize / 2 % 2],
            millis: Rc::default(),
            waiting: Rc::default(),
            made: Rc::default(),
            ends: Rc::default(),
        }
    }

    fn flips(&self) -> bool {
        self.rng.borrow_mut().next_u32() & 1 == 1
    }

    /// Pending half of the time.
    fn poll_chance(&self, cx: &Context<'_>) -> Poll<()> {
        if self.flips() {
            return Poll::Ready(());
        }
        self.waiting.borrow_mut().push(cx.waker().clone());
        Poll::Pending
    }

    fn wake(&self) {
        self.waiting.take().into_iter().for_each(Waker::wake);
    }

    fn link(&self, link: MemoryLink) -> UnsteadyLink {
        self.ends.set(self.ends.get() + 1);
        UnsteadyLink {
            link,
            between: self.clone(),
        }
    }
}

impl Clock for Between {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.millis.get())
    }

    fn wall(&self) -> WallSeconds {
        WallSeconds(WALL + self.millis.get() / 1_000)
    }

    fn poll_until(&mut self, at: Timestamp, cx: &mut Context<'_>) -> Poll<()> {
        if self.now() >= at {
            return Poll::Ready(());
        }
        self.waiting.borrow_mut().push(cx.waker().clone());
        Poll::Pending
    }
}

struct Unsteady {
    transport: MemoryTransport,
    between: Between,
}

impl Transport for Unsteady {
    type Link = UnsteadyLink;
    type Dial = Dialling;

    fn dial(&mut self, address: &Address) -> Dialling {
        Dialling {
            dial: self.transport.dial(address),
            between: self.between.clone(),
        }
    }

    fn poll_accept(&mut self, cx: &mut Context<'_>) -> Poll<UnsteadyLink> {
        let accepted = self.transport.poll_accept(cx);
        accepted.map(|link| self.between.link(link))
    }
}

struct Dialling {
    dial: <MemoryTransport as Transport>::Dial,
    between: Between,
}

impl Future for Dialling {
    type Output = Result<UnsteadyLink, LinkDown>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        if self.between.poll_chance(cx).is_pending() {
            return Poll::Pending;
        }
        let dialled = Pin::new(&mut self.dial).poll(cx);
        dialled.map_ok(|link| {
            self.between.made.set(self.between.made.get() + 1);
            self.between.link(link)
        })
    }
}

struct UnsteadyLink {
    link: MemoryLink,
    between: Between,
}

impl Link for UnsteadyLink {
    fn info(&self) -> LinkInfo {
        LinkInfo {
            scheme: self.between.scheme,
            ..self.link.info()
        }
    }

    fn poll_receive(&mut self, cx: &mut Context<'_>) -> Poll<Result<Bytes, LinkDown>> {
        match self.between.poll_chance(cx) {
            Poll::Ready(()) => self.link.poll_receive(cx),
            Poll::Pending => Poll::Pending,
        }
    }

    fn send(&mut self, frame: Bytes) {
        self.link.send(frame);
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<Result<usize, LinkDown>> {
        match self.between.poll_chance(cx) {
            Poll::Ready(()) => self.link.poll_flush(cx),
            Poll::Pending => Poll::Pending,
        }
    }

    fn poll_close(&mut self, reason: &CloseReason, cx: &mut Context<'_>) -> Poll<()> {
        match self.between.poll_chance(cx) {
            Poll::Ready(()) => self.link.poll_close(reason, cx),
            Poll::Pending => Poll::Pending,
        }
    }
}

impl Drop for UnsteadyLink {
    fn drop(&mut self) {
        self.between.ends.set(self.between.ends.get() - 1);
    }
}
