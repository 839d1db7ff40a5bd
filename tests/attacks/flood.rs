//! One peer broadcasts as fast as it can, in its own name or in a new one each time: the honest are not to notice.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use rs2p::Scheme;

use crate::crowd::{Crowd, HONEST};
use crate::figures::{Figures, mebibytes};
use crate::hostile::{Names, Strangers, flood};
use crate::pace::{Size, attack};
use crate::relay::Relay;
use crate::wire::Caller;

/// Honest messages a second, in all.
const RATE: u32 = 20;
/// Their length in bytes.
const LENGTH: usize = 100;
/// MiB by which the relay may grow: the ids of what it took within two minutes, and what waits for 50 peers.
const MEMORY: f64 = 64.0;

fn run(attack_name: &'static str, size: Size, names: Names) {
    attack(async {
        let mut figures = Figures::of(attack_name, size);
        let relay = Relay::start();
        let mut crowd = Crowd::join(&relay, HONEST, 0).await;
        // As long as the attack: what the machine does now and then by itself is in the slowest hundredth of a minute, and may not
        // be in that of some seconds.
        let before = crowd.talk(0, RATE, LENGTH, size.seconds(5, 60)).await;
        crowd.settle(&before).await;

        let memory = relay.memory();
        relay.forget_peak();
        let (door, rate) = (relay.door(Scheme::Ws), size.of(20_000, 50_000));
        let mut strangers = Strangers::none();
        let taken = Arc::new(AtomicU64::new(0));
        let count = taken.clone();
        strangers.add(move || flood(Caller::stranger(0), door, rate, names, count.clone()));
        let (processor, start) = (relay.processor(), Instant::now());
        let during = crowd.talk(0, RATE, LENGTH, size.seconds(5, 60)).await;
        let processor = relay.processor() - processor;
        let span = start.elapsed().as_secs_f64();
        let taken = taken.load(Ordering::Relaxed) as f64 / span;
        drop(strangers);
        crowd.settle(&during).await;

        figures.note("offered, messages a second", rate);
        figures.note(
            "taken off its socket, messages a second",
            format!("{taken:.0}"),
        );
        figures.note("heard by the honest, of the flood", crowd.others());
        crowd.compare(&mut figures, &before, &during, 2.0);
        figures.is("honest links lost", crowd.ended(), 0);
        figures.timed("cores of the relay's", processor.as_secs_f64() / span, 1.0);
        let grown = mebibytes(relay.peak().saturating_sub(memory));
        figures.at_most("memory up, in MiB", grown, MEMORY);
        figures.finish();
    });
}

#[test]
fn the_honest_lose_nothing_beside_a_flood() {
    run("flood", Size::Short, Names::Own);
}

#[test]
fn the_honest_lose_nothing_beside_a_flood_in_forged_names() {
    run("flood in forged names", Size::Short, Names::Forged);
}

#[test]
#[ignore = "long: run by cargo xtask test --long"]
fn a_minute_at_50_000_messages_a_second() {
    run("flood", Size::Long, Names::Own);
}

#[test]
#[ignore = "long: run by cargo xtask test --long"]
fn a_minute_at_50_000_messages_a_second_in_forged_names() {
    run("flood in forged names", Size::Long, Names::Forged);
}
