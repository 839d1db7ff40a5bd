//! Strangers who hold connections open and say nothing, or a byte a second: who is honest is let in all the same, at once.

use std::io;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use rs2p::Scheme;
use rs2p::wire::Capabilities;
use tokio::task::JoinSet;

use crate::figures::{Figures, Latencies};
use crate::hostile::{Strangers, be_silent, drip, drip_in_websocket};
use crate::pace::{Pace, Size, attack};
use crate::peer::{join, name};
use crate::relay::{Door, Relay};
use crate::wire::Caller;

/// Honest connects a second.
const RATE: u32 = 10;
/// Milliseconds within which 99 of 100 honest connects are greeted.
const CONNECT: f64 = 250.0;
/// Time after which no stranger is left.
const LEFT: Duration = Duration::from_secs(6);
/// Time for which strangers come in before honest connects are counted.
const GATHER: Duration = Duration::from_secs(2);
/// Longer than a connect takes that is of any use.
const PATIENCE: Duration = Duration::from_secs(10);

/// Whence strangers call.
#[derive(Clone, Copy, Debug)]
enum Whence {
    /// Each from an address of its own.
    Everywhere,
    /// All from the address of the honest.
    Here,
}

impl Whence {
    fn caller(self, number: usize) -> Caller {
        match self {
            Self::Everywhere => Caller::stranger(number),
            Self::Here => Caller::HERE,
        }
    }
}

/// Adds strangers who say nothing at any door, and some who drip in each of the four ways.
pub(crate) fn add(
    strangers: &mut Strangers,
    relay: &Relay,
    silent: usize,
    dripping: usize,
    caller: impl Fn(usize) -> Caller,
) {
    let doors = relay.doors();
    for number in 0..silent {
        let (caller, door) = (caller(number), doors[number % doors.len()]);
        strangers.add(move || be_silent(caller, door));
    }
    for number in 0..dripping {
        let (caller, door) = (caller(silent + number), doors[number % doors.len()]);
        // Half of those at a WebSocket's door let it open first.
        let in_websocket = door.scheme == Scheme::Ws && number / doors.len() % 2 == 1;
        match in_websocket {
            true => strangers.add(move || drip_in_websocket(caller, door)),
            false => strangers.add(move || drip(caller, door)),
        }
    }
}

/// How long an honest connect takes, greeting included.
async fn connect(door: Door) -> io::Result<Duration> {
    let (start, node) = (Instant::now(), name());
    let joining = join(Caller::HERE, door, &node, Capabilities::HEARTBEAT);
    let joined = tokio::time::timeout(PATIENCE, joining).await;
    let link = joined.map_err(|_| io::ErrorKind::TimedOut)??;
    let took = start.elapsed();
    drop(link);
    Ok(took)
}

async fn honest_connects(relay: &Relay, span: Duration) -> Vec<io::Result<Duration>> {
    let mut connects = JoinSet::new();
    let (mut pace, end) = (Pace::new(RATE), Instant::now() + span);
    let mut turn = 0;
    while pace.next().await < end {
        let door = relay.plain_door(turn);
        connects.spawn(connect(door));
        turn += 1;
    }
    connects.join_all().await
}

fn run(attack_name: &'static str, size: Size, from: Whence) {
    attack(async {
        let mut figures = Figures::of(attack_name, size);
        let listen = ["ws://127.0.0.1:0", "tcp://127.0.0.1:0", "tls://127.0.0.1:0"];
        let relay = Relay::with(&listen, &["--tls-self-signed"]);
        let descriptors = relay.descriptors();
        let mut strangers = Strangers::none();
        let (silent, dripping) = (size.of(300, 2_000), size.of(40, 100));
        add(&mut strangers, &relay, silent, dripping, |number| {
            from.caller(number)
        });
        tokio::time::sleep(GATHER).await;

        let held = relay.descriptors() - descriptors;
        figures.note("strangers' connections that the relay holds", held);
        let processor = relay.processor();
        let span = size.seconds(6, 60);
        let connects = honest_connects(&relay, span).await;
        let cores = (relay.processor() - processor).as_secs_f64() / span.as_secs_f64();
        figures.note("cores of the relay's", format!("{cores:.2}"));
        strangers.stay_away();
        let gone = relay.has_descriptors(descriptors, LEFT).await;

        let failed = connects.iter().filter(|connect| connect.is_err()).count();
        let latencies = Latencies::new(connects.into_iter().flatten().collect());
        figures.note(
            "strangers' visits",
            strangers.visits.load(Ordering::Relaxed),
        );
        figures.note("honest connects", latencies.words());
        figures.is("honest connects that fail", failed, 0);
        figures.timed("honest connect p99, in ms", latencies.p99(), CONNECT);
        let left = relay.descriptors().saturating_sub(descriptors);
        figures.is("strangers left after 6 s", left, 0);
        figures.note("lines in the relay's log", relay.lines().len());
        figures.note("gone after", format!("{gone:?}"));
        figures.finish();
    });
}

#[test]
fn the_honest_come_in_beside_strangers_from_everywhere() {
    run(
        "silent and dripping, from everywhere",
        Size::Short,
        Whence::Everywhere,
    );
}

#[test]
fn the_honest_come_in_beside_strangers_from_their_own_network() {
    run(
        "silent and dripping, from one network",
        Size::Short,
        Whence::Here,
    );
}

#[test]
#[ignore = "long: run by cargo xtask test --long"]
fn two_thousand_silent_and_a_hundred_dripping_from_everywhere() {
    run(
        "silent and dripping, from everywhere",
        Size::Long,
        Whence::Everywhere,
    );
}

#[test]
#[ignore = "long: run by cargo xtask test --long"]
fn two_thousand_silent_and_a_hundred_dripping_from_one_network() {
    run(
        "silent and dripping, from one network",
        Size::Long,
        Whence::Here,
    );
}
