//! A relay dies and comes back: all who were linked come back at once, and it takes them all.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use rs2p::wire::Capabilities;
use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::figures::{Figures, mebibytes};
use crate::pace::{Size, attack, until};
use crate::peer::{join, name};
use crate::relay::{Door, Relay};
use crate::wire::Caller;

/// Shortest and longest bound of the wait before a redial, as the nodes have it: the wait is drawn between 0 and a bound that
/// doubles.
const REDIAL: (Duration, Duration) = (Duration::from_millis(250), Duration::from_secs(15));
/// Seconds after which all are back.
const BACK: f64 = 15.0;
/// Longer than it takes them all to come.
const PATIENCE: Duration = Duration::from_secs(120);

/// One that comes back for ever, and whether it is linked.
struct Member {
    is_linked: Arc<AtomicBool>,
}

impl Member {
    fn join(tasks: &mut JoinSet<()>, number: usize, door: Door) -> Self {
        let is_linked = Arc::new(AtomicBool::new(false));
        tasks.spawn(stay(number, door, is_linked.clone()));
        Self { is_linked }
    }
}

async fn stay(number: usize, door: Door, is_linked: Arc<AtomicBool>) {
    let (node, mut dice) = (name(), number as u64 + 1);
    let mut bound = REDIAL.0;
    loop {
        let joined = join(Caller::honest(number), door, &node, Capabilities::HEARTBEAT).await;
        if let Ok((reader, _writer)) = joined {
            is_linked.store(true, Ordering::Relaxed);
            bound = REDIAL.0;
            reader.drain().await;
            is_linked.store(false, Ordering::Relaxed);
        }
        sleep(bound.mul_f64(draw(&mut dice))).await;
        bound = (bound * 2).min(REDIAL.1);
    }
}

/// A number from 0 to 1 (Marsaglia's xorshift, which is enough to be unlike one's neighbours).
fn draw(dice: &mut u64) -> f64 {
    for _ in 0..3 {
        *dice ^= *dice << 13;
        *dice ^= *dice >> 7;
        *dice ^= *dice << 17;
    }
    (*dice >> 11) as f64 / (1_u64 << 53) as f64
}

async fn run(size: Size) {
    let mut figures = Figures::of("herd", size);
    let count = size.of(100, 1_000);
    let relay = Relay::start();
    let mut tasks = JoinSet::new();
    let doors: Vec<_> = (0..count).map(|number| relay.plain_door(number)).collect();
    let members: Vec<_> = doors
        .iter()
        .enumerate()
        .map(|(number, &door)| Member::join(&mut tasks, number, door))
        .collect();
    let linked = || {
        let all = members.iter();
        all.filter(|member| member.is_linked.load(Ordering::Relaxed))
            .count()
    };
    let came = until(PATIENCE, || linked() == count).await;
    figures.is("joined at first", came, true);

    let relay = relay.restart();
    let (start, processor) = (Instant::now(), relay.processor());
    let all_gone = until(PATIENCE, || linked() < count).await;
    let back = until(PATIENCE, || linked() == count).await;
    let took = start.elapsed().as_secs_f64();
    figures.is("noticed that it was gone", all_gone, true);
    figures.is("all are back", back, true);
    figures.timed("the last is back after seconds", took, BACK);
    let cores = (relay.processor() - processor).as_secs_f64() / took;
    figures.note("cores of the relay's", format!("{cores:.2}"));
    figures.note(
        "memory with all of them, in MiB",
        format!("{:.1}", mebibytes(relay.memory())),
    );
    figures.finish();
}

#[test]
fn all_come_back_to_a_relay_that_comes_back() {
    attack(run(Size::Short));
}

#[test]
#[ignore = "long: run by cargo xtask test --long"]
fn a_thousand_are_back_within_fifteen_seconds() {
    attack(run(Size::Long));
}
