//! Several relays, few of them kept: the quickest is, another takes over at once, and a better one is found again.

use core::time::Duration;

use rs2p::Scheme;
use rs2p::mesh::{CloseReason, Command};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use crate::world::World;

const QUICK: usize = 0;
const SLOW: usize = 1;
const TALKER: usize = 2;
const PAGE: usize = 3;

/// Two relays, of which one is slow, somebody at each, and a page that keeps so many.
fn page_with(relays: usize) -> World {
    let mut world = World::new(Scheme::Ws);
    for number in 0..4 {
        world.add(|config| {
            config.outgoing = 0;
            if number == PAGE {
                config.relays = relays;
            }
        });
    }
    world.delays.insert(SLOW, Duration::from_millis(60));
    world.connect(SLOW, QUICK);
    world.connect(TALKER, QUICK);
    world.connect(TALKER, SLOW);
    world.run(3);
    world
}

fn join(world: &mut World) {
    world.connect(PAGE, SLOW);
    world.connect(PAGE, QUICK);
    world.run(12);
}

fn linked(world: &World) -> (bool, bool) {
    (world.is_linked(PAGE, QUICK), world.is_linked(PAGE, SLOW))
}

fn talk(world: &mut World, seconds: core::ops::Range<usize>) {
    for second in seconds {
        world.broadcast(TALKER, second.to_string()).expect("joined");
        world.run(1);
    }
}

fn numbers(range: core::ops::Range<usize>) -> Vec<String> {
    range.map(|number| number.to_string()).collect()
}

#[test]
fn by_default_all_relays_are_linked() {
    let mut world = page_with(usize::MAX);
    join(&mut world);
    assert_eq!(linked(&world), (true, true));
}

#[test]
fn of_two_relays_the_quicker_is_kept_and_the_other_stands_by() {
    let mut world = page_with(1);
    join(&mut world);
    assert_eq!(linked(&world), (true, false));
    assert_eq!(world.closed_with(PAGE), [&CloseReason::Standby]);
    world.run(200);
    assert_eq!(world.closed_with(PAGE).len(), 1, "it is left alone");
}

#[test]
fn when_the_relay_dies_the_page_is_at_the_other_within_a_second_and_loses_nothing() {
    let mut world = page_with(1);
    join(&mut world);
    talk(&mut world, 0..5);
    world.kill(QUICK);
    world.broadcast(TALKER, "5").expect("joined");
    world.run(1);
    assert_eq!(linked(&world), (false, true));
    talk(&mut world, 6..10);
    assert_eq!(world.received(PAGE), numbers(0..10));
}

#[test]
fn a_better_relay_that_is_back_is_found_again_and_nothing_is_lost() {
    let mut world = page_with(1);
    world.cut(PAGE, QUICK);
    join(&mut world);
    assert_eq!(linked(&world), (false, true));
    world.mend(PAGE, QUICK);
    talk(&mut world, 0..700);
    assert_eq!(linked(&world), (true, false));
    assert_eq!(world.received(PAGE), numbers(0..700));
}

#[test]
fn a_relay_that_is_not_much_better_does_not_take_over() {
    let mut world = page_with(1);
    world.delays.clear();
    world.cut(PAGE, QUICK);
    join(&mut world);
    world.mend(PAGE, QUICK);
    world.run(2_000);
    assert_eq!(linked(&world), (false, true));
}

#[test]
fn a_relay_that_the_user_asks_for_is_dialled_though_there_are_enough() {
    let mut world = page_with(1);
    world.connect(PAGE, SLOW);
    world.run(5);
    let address = world.address(QUICK);
    let (expected, persist) = (None, false);
    let connect = Command::Connect {
        address,
        expected,
        persist,
    };
    world.command(PAGE, connect).expect("room");
    world.run(5);
    assert_eq!(linked(&world), (true, false), "it is better");
}

#[test]
fn relays_that_are_all_gone_are_dialled_for_ever() {
    let mut world = page_with(1);
    join(&mut world);
    world.kill(QUICK);
    world.kill(SLOW);
    world.run(3_600);
    world.restart(SLOW);
    world.run(16);
    assert_eq!(linked(&world), (false, true));
}
