//! A relay dies and comes back: all who were linked come back at once, and it takes them all.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
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
/// How long the relay is away: longer than it takes the first to try in vain.
const DOWN: Duration = Duration::from_secs(2);
/// Seconds after which all are back.
const BACK: f64 = 15.0;
/// Longer than it takes them all to come.
const PATIENCE: Duration = Duration::from_secs(120);

/// How often one has joined that comes back for ever.
type Joins = Arc<AtomicUsize>;

fn join_for_ever(tasks: &mut JoinSet<()>, number: usize, door: Door) -> Joins {
    let joins = Joins::default();
    tasks.spawn(stay(number, door, joins.clone()));
    joins
}

async fn stay(number: usize, door: Door, joins: Joins) {
    let (node, mut dice) = (name(), number as u64 + 1);
    let mut bound = REDIAL.0;
    loop {
        let joined = join(Caller::honest(number), door, &node, Capabilities::HEARTBEAT).await;
        if let Ok((reader, _writer)) = joined {
            joins.fetch_add(1, Ordering::Relaxed);
            bound = REDIAL.0;
            reader.drain().await;
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
        .map(|(number, &door)| join_for_ever(&mut tasks, number, door))
        .collect();
    let have_joined = |times| {
        members
            .iter()
            .all(|joins| joins.load(Ordering::Relaxed) >= times)
    };
    let came = until(PATIENCE, || have_joined(1)).await;
    figures.is("joined at first", came, true);

    let relay = relay.restart(DOWN).await;
    let (start, processor) = (Instant::now(), relay.processor());
    let back = until(PATIENCE, || have_joined(2)).await;
    let took = start.elapsed().as_secs_f64();
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
