//! The driver over links in memory and a clock that the test turns: nobody waits for a slow peer, and a close ends.
#![cfg(not(target_arch = "wasm32"))]

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::future::{Future, Ready, ready};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use bytes::Bytes;
use futures::Stream;
use rs2p::driver::Driver;
use rs2p::id::NodeId;
use rs2p::memory::MemoryNetwork;
use rs2p::mesh::{CloseReason, LinkDown, LinkInfo};
use rs2p::time::{Timestamp, WallSeconds};
use rs2p::transport::{Clock, Link, Transport};
use rs2p::wire::{
    Capabilities, Draft, Frame, FrameReader, Handshake, IdForm, Kind, Limits, Message, Signal,
    Trailer, Value,
};
use rs2p::{
    Address, Builder, CommandError, EndReason, MeshError, MeshSocket, Scheme, SendOptions, Status,
};

const WALL: u64 = 1_700_000_000;

#[derive(Clone, Default)]
struct Hands(Rc<Cell<u64>>);
impl Clock for Hands {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.0.get())
    }
    fn wall(&self) -> WallSeconds {
        WallSeconds(WALL + self.0.get() / 1000)
    }
    fn poll_until(&mut self, at: Timestamp, _: &mut Context<'_>) -> Poll<()> {
        if self.now() >= at {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    }
}

type Run = Pin<Box<dyn Future<Output = ()>>>;

fn node<T: Transport + Unpin + 'static>(
    builder: Builder,
    seed: u8,
    transport: T,
    clock: &Hands,
) -> (MeshSocket, Run) {
    let node = builder
        .build(vec![], WallSeconds(WALL), [seed; 80])
        .expect("as set up");
    let run = Box::pin(Driver::new(
        node.mesh,
        transport,
        clock.clone(),
        node.announcer,
        node.port,
    ));
    (node.socket, run)
}

fn cx() -> Context<'static> {
    Context::from_waker(Waker::noop())
}

fn poll<F: Future + ?Sized>(f: &mut Pin<Box<F>>) -> Option<F::Output> {
    match f.as_mut().poll(&mut cx()) {
        Poll::Ready(x) => Some(x),
        Poll::Pending => None,
    }
}

/// Something that says nothing.
fn murmur(node: &NodeId, n: u64) -> Bytes {
    Draft::new(Kind::Whisper, node, WallSeconds(WALL))
        .trailer(Trailer {
            nonce: Some(n),
            capabilities: None,
            ..Trailer::default()
        })
        .encode(&[rs2p::Value::from(0x7f_u64)])
        .frame()
        .into_bytes()
}

fn settle(runs: &mut [&mut Run]) {
    for _ in 0..300 {
        for run in runs.iter_mut() {
            let _ = poll(run);
        }
    }
}

fn greeting(node: &NodeId) -> Bytes {
    let hs = Signal::Handshake(Handshake {
        node: node.clone(),
        form: IdForm::Bytes,
        protocol: Scheme::Memory.protocol("t").as_str().as_bytes().to_vec(),
        endpoint: None,
        compression: vec![],
    });
    Draft::new(Kind::Whisper, node, WallSeconds(WALL))
        .trailer(Trailer {
            nonce: Some(1),
            capabilities: Some(Capabilities::HEARTBEAT),
            ..Trailer::default()
        })
        .encode(&hs.payload())
        .frame()
        .into_bytes()
}

#[test]
fn a_slow_peer_does_not_hold_up_the_rest() {
    let clock = Hands::default();
    let net = MemoryNetwork::new();
    let (a, mut ra) = node(
        MeshSocket::builder("t").configure(|c| c.outgoing = 0),
        1,
        net.transport(Some(1)).expect("as set up"),
        &clock,
    );
    let (c, mut rc) = node(
        MeshSocket::builder("t")
            .peer("memory:1")
            .configure(|c| c.outgoing = 0),
        2,
        net.transport(None).expect("as set up"),
        &clock,
    );
    settle(&mut [&mut ra, &mut rc]);
    assert!(a.status().is_joined(), "{a:?} {c:?}");
    // a peer that reads one frame in nine seconds
    let slow = NodeId::from_entropy(&[9; 48]);
    let mut transport = net.transport(None).expect("as set up");
    let mut dial = Box::pin(transport.dial(&Address::memory(1)));
    let mut link = poll(&mut dial).expect("as set up").expect("as set up");
    link.send(greeting(&slow));
    let _ = link.poll_flush(&mut cx());
    settle(&mut [&mut ra, &mut rc]);
    assert_eq!(a.peers().len(), 2);
    let packet = "x".repeat(700);
    let mut whispers: VecDeque<_> = VecDeque::new();
    for _ in 0..1380 {
        let mut w = Box::pin({
            let (a, slow, packet) = (a.clone(), slow.clone(), packet.clone());
            async move { a.whisper(&slow, &packet).await }
        });
        let _ = poll(&mut w);
        whispers.push_back(w);
        let _ = poll(&mut ra);
    }
    // pseudo-random, so that it does not compress
    let mut s = 1u64;
    let big: String = (0..300_000)
        .map(|_| {
            s = s
                .wrapping_mul(6364136223846793005)
                .wrapping_add(1442695040888963407);
            char::from(b' ' + (s >> 58) as u8)
        })
        .collect();
    let mut w = Box::pin({
        let (a, slow) = (a.clone(), slow.clone());
        async move { a.whisper(&slow, &big).await }
    });
    let _ = poll(&mut w);
    settle(&mut [&mut ra, &mut rc]);
    let mut send = Box::pin(async { a.send("to everybody").await });
    let mut sent_at = None;
    let mut close = None;
    let mut closed_at = None;
    for second in 0..1200u64 {
        clock.0.set(clock.0.get() + 1000);
        if second % 9 == 0 {
            let _ = link.poll_receive(&mut cx());
            link.send(murmur(&slow, second));
            let _ = link.poll_flush(&mut cx());
        }
        for _ in 0..5 {
            if poll(&mut ra).is_some() {
                // A runtime drops what has ended, which is how the handles are told.
                ra = Box::pin(core::future::pending());
            }
            let _ = poll(&mut rc);
        }
        if sent_at.is_none() && poll(&mut send).is_some() {
            sent_at = Some(second);
        }
        if second == 600 {
            close = Some(Box::pin(a.close()));
        }
        if let Some(f) = &mut close
            && closed_at.is_none()
            && poll(f).is_some()
        {
            closed_at = Some(second);
            break;
        }
    }
    let _ = &c;
    assert!(
        sent_at.is_some_and(|s| s < 5) && closed_at.is_some_and(|s| s < 610),
        "broadcast accepted after {sent_at:?} s; close() asked at 600 s, done {closed_at:?}; peers {}",
        a.peers().len()
    );
}

/// A link like a WebSocket whose peer does not answer the close.
struct Mute;
impl Link for Mute {
    fn info(&self) -> LinkInfo {
        LinkInfo {
            scheme: Scheme::Ws,
            remote: None,
            local_host: None,
            proxied: false,
        }
    }
    fn poll_receive(&mut self, _: &mut Context<'_>) -> Poll<Result<Bytes, LinkDown>> {
        Poll::Pending
    }
    fn send(&mut self, _: Bytes) {}
    fn poll_flush(&mut self, _: &mut Context<'_>) -> Poll<Result<usize, LinkDown>> {
        Poll::Ready(Ok(0))
    }
    fn poll_close(&mut self, _: &CloseReason, _: &mut Context<'_>) -> Poll<()> {
        Poll::Pending
    }
}
struct Door {
    clock: Hands,
    next: u64,
}
impl Transport for Door {
    type Link = Mute;
    type Dial = Ready<Result<Mute, LinkDown>>;
    fn dial(&mut self, _: &Address) -> Self::Dial {
        ready(Err(LinkDown::Failed("no".into())))
    }
    fn poll_accept(&mut self, _: &mut Context<'_>) -> Poll<Mute> {
        if self.clock.0.get() < self.next {
            return Poll::Pending;
        }
        self.next = self.clock.0.get() + 1000;
        Poll::Ready(Mute)
    }
}

#[test]
fn a_close_ends_though_strangers_keep_coming() {
    let clock = Hands::default();
    let (a, mut ra) = node(
        MeshSocket::builder("t"),
        1,
        Door {
            clock: clock.clone(),
            next: 0,
        },
        &clock,
    );
    let _ = poll(&mut ra);
    let mut close = Box::pin(a.close());
    let _ = poll(&mut close);
    for second in 0..600 {
        if poll(&mut ra).is_some() {
            drop(ra);
            assert!(second < 10);
            return;
        }
        clock.0.set(clock.0.get() + 1000);
    }
    panic!("close() has not ended after ten minutes");
}

#[test]
fn what_a_peer_said_before_it_closed_is_heard() {
    let clock = Hands::default();
    let net = MemoryNetwork::new();
    let (a, mut ra) = node(
        MeshSocket::builder("t").configure(|c| c.outgoing = 0),
        1,
        net.transport(Some(1)).expect("as set up"),
        &clock,
    );
    let (b, mut rb) = node(
        MeshSocket::builder("t")
            .peer("memory:1")
            .configure(|c| c.outgoing = 0),
        2,
        net.transport(None).expect("as set up"),
        &clock,
    );
    settle(&mut [&mut ra, &mut rb]);
    assert!(
        a.status().is_joined() && b.status().is_joined(),
        "{a:?} {b:?}"
    );
    for n in 0..40 {
        let mut s = Box::pin(a.send(&n));
        while poll(&mut s).is_none() {
            let _ = poll(&mut ra);
        }
    }
    let mut close = Box::pin(a.close());
    let _ = poll(&mut close);
    while poll(&mut ra).is_none() {}
    drop(ra);
    // B has something to say at that moment.
    let mut s = Box::pin(b.send("hello?"));
    let _ = poll(&mut s);
    settle(&mut [&mut rb]);
    let mut heard = 0;
    while b.try_recv().is_some() {
        heard += 1;
    }
    assert_eq!(heard, 40);
}

#[test]
fn what_was_sent_right_before_a_close_is_heard() {
    let clock = Hands::default();
    let net = MemoryNetwork::new();
    let (a, mut ra) = node(
        MeshSocket::builder("t").configure(|c| c.outgoing = 0),
        1,
        net.transport(Some(1)).expect("as set up"),
        &clock,
    );
    let (b, mut rb) = node(
        MeshSocket::builder("t").peer("memory:1"),
        2,
        net.transport(None).expect("as set up"),
        &clock,
    );
    settle(&mut [&mut ra, &mut rb]);
    // The node has no turn between the two.
    let mut sends: Vec<_> = (0..3)
        .map(|n| {
            Box::pin({
                let b = &b;
                async move { b.send(&n).await }
            })
        })
        .collect();
    assert!(sends.iter_mut().all(|send| poll(send).is_none()));
    let mut close = Box::pin(b.close());
    let _ = poll(&mut close);
    settle(&mut [&mut rb, &mut ra]);
    assert!(
        sends
            .iter_mut()
            .all(|send| poll(send).is_some_and(|sent| sent.is_ok()))
    );
    for n in 0..3 {
        assert_eq!(
            a.try_recv().map(|message| message.packets().to_vec()),
            Some(vec![n.into()])
        );
    }
}

#[test]
fn a_node_ends_when_its_last_handle_is_dropped_though_a_job_waits() {
    let clock = Hands::default();
    let net = MemoryNetwork::new();
    let (a, mut ra) = node(
        MeshSocket::builder("t").configure(|c| c.outgoing = 0),
        1,
        net.transport(Some(1)).expect("as set up"),
        &clock,
    );
    let slow = NodeId::from_entropy(&[9; 48]);
    let mut transport = net.transport(None).expect("as set up");
    let mut link = poll(&mut Box::pin(transport.dial(&Address::memory(1))))
        .expect("as set up")
        .expect("as set up");
    link.send(greeting(&slow));
    let _ = link.poll_flush(&mut cx());
    settle(&mut [&mut ra]);
    let packet = "x".repeat(700);
    for _ in 0..3000 {
        let mut w = Box::pin(a.send(&packet));
        let _ = poll(&mut w);
        let _ = poll(&mut ra);
    }
    drop(a);
    for second in 0..600u64 {
        if poll(&mut ra).is_some() {
            assert!(second < 10);
            return;
        }
        clock.0.set(clock.0.get() + 1000);
        if second % 9 == 0 {
            let _ = link.poll_receive(&mut cx());
            link.send(murmur(&slow, second));
            let _ = link.poll_flush(&mut cx());
        }
    }
    panic!("runs on");
}

/// A node at `memory:1` with nobody, and one that dials it from the start but does not run yet.
fn two(net: &MemoryNetwork, clock: &Hands) -> [(MeshSocket, Run); 2] {
    let here = net.transport(Some(1)).expect("as set up");
    let there = net.transport(None).expect("as set up");
    let dials = MeshSocket::builder("t").peer("memory:1");
    [
        node(MeshSocket::builder("t"), 1, here, clock),
        node(dials, 2, there, clock),
    ]
}

type Sending = Pin<Box<dyn Future<Output = Result<usize, MeshError>>>>;

/// A send that waits, begun.
fn sending(from: &MeshSocket, options: SendOptions, run: &mut Run) -> Sending {
    let from = from.clone();
    let mut sending: Sending = Box::pin(async move {
        let sent = from.send_with(&options, "patience").await?;
        Ok(sent.peers)
    });
    let _ = poll(&mut sending);
    settle(&mut [run]);
    sending
}

#[test]
fn a_send_that_waits_goes_out_when_a_peer_comes() {
    let (clock, net) = (Hands::default(), MemoryNetwork::new());
    let [(a, mut ra), (b, mut rb)] = two(&net, &clock);
    let patient = SendOptions::new().wait(Duration::from_secs(9));
    let mut sending = sending(&a, patient, &mut ra);
    assert_eq!(poll(&mut sending), None);
    clock.0.set(8_000);
    settle(&mut [&mut ra, &mut rb]);
    assert_eq!(poll(&mut sending), Some(Ok(1)));
    assert!(b.try_recv().is_some());
}

#[test]
fn a_send_that_waited_in_vain_says_that_nobody_is_there() {
    let (clock, net) = (Hands::default(), MemoryNetwork::new());
    let [(a, mut ra), _] = two(&net, &clock);
    let patient = SendOptions::new().wait(Duration::from_secs(9));
    let mut sending = sending(&a, patient, &mut ra);
    clock.0.set(9_000);
    settle(&mut [&mut ra]);
    let error = CommandError::NotJoined.into();
    assert_eq!(poll(&mut sending), Some(Err(error)));
}

#[test]
fn a_send_waits_for_as_many_peers_as_it_says_and_is_refused_with_fewer() {
    let (clock, net) = (Hands::default(), MemoryNetwork::new());
    let [(a, mut ra), (_b, mut rb)] = two(&net, &clock);
    settle(&mut [&mut ra, &mut rb]);
    let (wanted, found) = (2, 1);
    let too_few = || Err(CommandError::TooFewPeers { wanted, found }.into());
    let at_once = SendOptions::new().at_least(wanted);
    assert_eq!(
        poll(&mut sending(&a, at_once.clone(), &mut ra)),
        Some(too_few())
    );
    let patient = at_once.wait(Duration::from_secs(9));
    let mut sending = sending(&a, patient, &mut ra);
    assert_eq!(poll(&mut sending), None);
    clock.0.set(9_000);
    settle(&mut [&mut ra, &mut rb]);
    assert_eq!(poll(&mut sending), Some(too_few()));
}

#[test]
fn who_gives_up_waiting_has_sent_nothing() {
    let (clock, net) = (Hands::default(), MemoryNetwork::new());
    let [(a, mut ra), (b, mut rb)] = two(&net, &clock);
    let patient = SendOptions::new().wait(Duration::from_secs(9));
    drop(sending(&a, patient, &mut ra));
    settle(&mut [&mut ra, &mut rb]);
    assert!(a.status().is_joined());
    assert!(b.try_recv().is_none());
}

#[test]
fn a_send_that_waits_ends_with_its_node() {
    let (clock, net) = (Hands::default(), MemoryNetwork::new());
    let [(a, mut ra), _] = two(&net, &clock);
    let patient = SendOptions::new().wait(Duration::from_secs(9));
    let mut sending = sending(&a, patient, &mut ra);
    let mut close = Box::pin(a.close());
    let _ = poll(&mut close);
    settle(&mut [&mut ra]);
    assert_eq!(poll(&mut sending), Some(Err(CommandError::Closed.into())));
}

#[test]
fn the_status_is_told_as_it_is_and_whenever_it_changes() {
    let (clock, net) = (Hands::default(), MemoryNetwork::new());
    let [(a, mut ra), (_b, mut rb)] = two(&net, &clock);
    let mut changes = a.status_changes();
    let mut next = || Pin::new(&mut changes).poll_next(&mut cx());
    assert_eq!(next(), Poll::Ready(Some(Status::Connecting)));
    assert_eq!(next(), Poll::Pending);
    settle(&mut [&mut ra, &mut rb]);
    assert_eq!(next(), Poll::Ready(Some(Status::Joined)));
    assert_eq!(next(), Poll::Pending);
    drop(ra);
    let reason = EndReason::Dropped;
    assert_eq!(next(), Poll::Ready(Some(Status::Closed { reason })));
    assert_eq!(next(), Poll::Ready(None));
}

/// A link that brings what it is given to say, a read at a time, and notes what each flush writes. Where that is nothing, it says no
/// more in this turn.
struct Scripted {
    says: VecDeque<Bytes>,
    unwritten: Vec<u8>,
    writes: Writes,
}

type Writes = Rc<RefCell<Vec<Vec<u8>>>>;

impl Link for Scripted {
    fn info(&self) -> LinkInfo {
        LinkInfo {
            scheme: Scheme::Memory,
            remote: None,
            local_host: None,
            proxied: false,
        }
    }
    fn poll_receive(&mut self, cx: &mut Context<'_>) -> Poll<Result<Bytes, LinkDown>> {
        match self.says.pop_front() {
            Some(bytes) if bytes.is_empty() => {
                cx.waker().wake_by_ref();
                Poll::Pending
            }
            Some(bytes) => Poll::Ready(Ok(bytes)),
            None => Poll::Pending,
        }
    }
    fn send(&mut self, frame: Bytes) {
        self.unwritten.extend_from_slice(&frame);
    }
    fn poll_flush(&mut self, _: &mut Context<'_>) -> Poll<Result<usize, LinkDown>> {
        let written = std::mem::take(&mut self.unwritten);
        let count = written.len();
        if count > 0 {
            self.writes.borrow_mut().push(written);
        }
        Poll::Ready(Ok(count))
    }
    fn poll_close(&mut self, _: &CloseReason, cx: &mut Context<'_>) -> Poll<()> {
        self.poll_flush(cx).map(drop)
    }
}

fn guest(says: Vec<Bytes>, writes: &Writes) -> Scripted {
    Scripted {
        says: says.into(),
        unwritten: Vec::new(),
        writes: writes.clone(),
    }
}

/// Lets in who waits.
struct Guests(VecDeque<Scripted>);

impl Transport for Guests {
    type Link = Scripted;
    type Dial = Ready<Result<Scripted, LinkDown>>;
    fn dial(&mut self, _: &Address) -> Self::Dial {
        ready(Err(LinkDown::Failed("no".into())))
    }
    fn poll_accept(&mut self, _: &mut Context<'_>) -> Poll<Scripted> {
        self.0.pop_front().map_or(Poll::Pending, Poll::Ready)
    }
}

/// What a listener is written, by each write the numbers of the broadcasts in it, when another link brings so many in one read,
/// each so many times, and after them `rest`; and how many peers are left.
fn heard_of_one_read(count: u64, times: usize, rest: &[u8]) -> (Vec<Vec<i64>>, usize) {
    let [listener, author] = [5, 6].map(|name| NodeId::from_entropy(&[name; 48]));
    let broadcast = |number: u64| {
        Draft::new(Kind::Broadcast, &author, WallSeconds(WALL))
            .encode(&[Value::from(0_u64), number.into()])
            .frame()
            .into_bytes()
            .repeat(times)
    };
    let mut read: Vec<u8> = (0..count).flat_map(broadcast).collect();
    read.extend_from_slice(rest);
    let writes = Writes::default();
    let guests = [
        guest(vec![greeting(&listener)], &writes),
        guest(vec![greeting(&author), read.into()], &Writes::default()),
    ];
    let guests = Guests(guests.into());
    let (socket, mut run) = node(MeshSocket::builder("t"), 1, guests, &Hands::default());
    settle(&mut [&mut run]);
    let heard: Vec<_> = writes.borrow().iter().map(|bytes| numbers(bytes)).collect();
    let heard = heard.into_iter().filter(|numbers| !numbers.is_empty());
    (heard.collect(), socket.peers().len())
}

/// The numbers of the broadcasts in these bytes.
fn numbers(bytes: &[u8]) -> Vec<i64> {
    let mut reader = FrameReader::new(1 << 20);
    reader.push(Bytes::copy_from_slice(bytes));
    let frames = std::iter::from_fn(|| reader.next_frame().expect("sound"));
    let open = |frame: Frame| frame.open(&[], 1 << 20, &Limits::default()).expect("sound");
    let broadcasts = frames
        .map(open)
        .filter(|message| message.kind() == Kind::Broadcast);
    let number = |message: Message| match message.packets()[..] {
        [Value::Int(number)] => number,
        ref other => panic!("{other:?}"),
    };
    broadcasts.map(number).collect()
}

#[test]
fn a_long_read_is_handed_on_in_portions_and_in_order() {
    let (heard, peers) = heard_of_one_read(300, 1, &[]);
    assert!((2..=4).contains(&heard.len()), "{} writes", heard.len());
    assert!(heard.concat().into_iter().eq(0..300));
    assert_eq!(peers, 2);
}

#[test]
fn what_little_there_is_among_copies_is_written_together() {
    let (heard, peers) = heard_of_one_read(30, 10, &[]);
    assert_eq!(heard.len(), 1, "though it came in portions");
    assert!(heard.concat().into_iter().eq(0..30));
    assert_eq!(peers, 2);
}

#[test]
fn what_comes_before_a_breach_is_handed_on_and_what_comes_after_it_is_not() {
    let (heard, peers) = heard_of_one_read(100, 1, &breach());
    assert!(heard.concat().into_iter().eq(0..100));
    assert_eq!(peers, 1, "the author is gone");
}

/// What no peer may send: a frame of four gibibytes.
fn breach() -> Vec<u8> {
    [&[0xff; 4][..], &[0; 9_000]].concat()
}

#[test]
fn what_a_peer_is_answered_before_its_breach_is_sent_before_the_close() {
    let peer = NodeId::from_entropy(&[5; 48]);
    let ping = Draft::new(Kind::Whisper, &peer, WallSeconds(WALL))
        .trailer(Trailer {
            nonce: Some(2),
            ..Trailer::default()
        })
        .encode(&Signal::Ping(7).payload());
    let read = [ping.frame().as_bytes(), &breach()[..]].concat();
    let writes = Writes::default();
    let says = vec![greeting(&peer), Bytes::new(), read.into()];
    let guests = Guests([guest(says, &writes)].into());
    let (socket, mut run) = node(MeshSocket::builder("t"), 1, guests, &Hands::default());
    settle(&mut [&mut run]);
    assert_eq!(socket.peers().len(), 0, "it is gone");
    let written = writes.borrow().concat();
    let mut reader = FrameReader::new(1 << 20);
    reader.push(written.into());
    let frames = std::iter::from_fn(|| reader.next_frame().expect("sound"));
    let open = |frame: Frame| frame.open(&[], 1 << 20, &Limits::default()).expect("sound");
    let pongs = frames.map(open).filter(|message| {
        let signal = Signal::parse(message).expect("a signal");
        matches!(signal, Signal::Pong(7))
    });
    assert_eq!(pongs.count(), 1);
}

/// A link each of whose reads takes its time, and which notes that it was read.
struct Dear {
    name: u8,
    says: VecDeque<Bytes>,
    takes: u64,
    clock: Hands,
    order: Rc<RefCell<Vec<u8>>>,
}

impl Link for Dear {
    fn info(&self) -> LinkInfo {
        LinkInfo {
            scheme: Scheme::Memory,
            remote: None,
            local_host: None,
            proxied: false,
        }
    }
    fn poll_receive(&mut self, _: &mut Context<'_>) -> Poll<Result<Bytes, LinkDown>> {
        let Some(bytes) = self.says.pop_front() else {
            return Poll::Pending;
        };
        self.clock.0.set(self.clock.0.get() + self.takes);
        self.order.borrow_mut().push(self.name);
        Poll::Ready(Ok(bytes))
    }
    fn send(&mut self, _: Bytes) {}
    fn poll_flush(&mut self, _: &mut Context<'_>) -> Poll<Result<usize, LinkDown>> {
        Poll::Ready(Ok(0))
    }
    fn poll_close(&mut self, _: &CloseReason, _: &mut Context<'_>) -> Poll<()> {
        Poll::Ready(())
    }
}

/// Lets in who waits, and notes each turn of the driver's as 0.
struct Turns {
    guests: VecDeque<Dear>,
    order: Rc<RefCell<Vec<u8>>>,
}

impl Transport for Turns {
    type Link = Dear;
    type Dial = Ready<Result<Dear, LinkDown>>;
    fn begin_turn(&mut self) {
        self.order.borrow_mut().push(0);
    }
    fn dial(&mut self, _: &Address) -> Self::Dial {
        ready(Err(LinkDown::Failed("no".into())))
    }
    fn poll_accept(&mut self, _: &mut Context<'_>) -> Poll<Dear> {
        self.guests.pop_front().map_or(Poll::Pending, Poll::Ready)
    }
}

/// In which order two links are read, each of whose reads takes so many milliseconds, and in how many turns of the driver's.
fn order_of_reads(takes: u64) -> (Vec<u8>, usize) {
    let (clock, order) = (Hands::default(), Rc::new(RefCell::new(Vec::new())));
    let guest = |name: u8| {
        let node = NodeId::from_entropy(&[name; 48]);
        let said = (0..8).map(|number| murmur(&node, number));
        Dear {
            name,
            says: std::iter::once(greeting(&node)).chain(said).collect(),
            takes,
            clock: clock.clone(),
            order: order.clone(),
        }
    };
    let transport = Turns {
        guests: [guest(1), guest(2)].into(),
        order: order.clone(),
    };
    let (_socket, mut run) = node(MeshSocket::builder("t"), 9, transport, &clock);
    while order.borrow().iter().filter(|name| **name > 0).count() < 18 {
        assert!(poll(&mut run).is_none());
    }
    let (turns, reads): (Vec<_>, Vec<_>) = order.take().into_iter().partition(|name| *name == 0);
    (reads, turns.len())
}

#[test]
fn links_whose_reads_take_long_are_read_by_turns() {
    let all_of_one_first = [[1; 9], [2; 9]].concat();
    assert_eq!(order_of_reads(0), (all_of_one_first, 1));
    // The first is read before the second is let in; and five milliseconds are a turn.
    let by_turns = [&[1][..], &[1, 2].repeat(8), &[2]].concat();
    assert_eq!(order_of_reads(1), (by_turns, 4));
}
