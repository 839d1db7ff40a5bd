//! Most of a mesh dies at once: those that are left find each other by the addresses that they know.

use rs2p::Scheme;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use crate::world::World;

const NODES: usize = 60;

/// Kills all but every `nth` node; whether the next broadcast reaches every survivor after `seconds`.
fn survives(nth: usize, is_silent: bool, seconds: u64) {
    let mut world = World::with(Scheme::Ws, NODES);
    for number in 1..NODES {
        world.connect(number, number / 2);
    }
    world.run(30);
    let (survivors, dead): (Vec<_>, Vec<_>) = (0..NODES).partition(|number| number % nth == 3);
    world.is_silent = is_silent;
    for number in dead {
        world.kill(number);
    }
    assert!(!world.is_one(&survivors), "nobody was needed who died");
    let is_whole = world.run_until(seconds, |world| world.is_one(&survivors));
    assert!(is_whole, "{} survivors in {seconds} s", survivors.len());
    world.broadcast(survivors[0], "alive").expect("joined");
    world.run(2);
    for &number in &survivors[1..] {
        assert_eq!(world.received(number), ["alive"], "node {number}");
    }
}

#[test]
fn of_four_in_five_that_die_and_refuse_the_rest_is_one_mesh_in_ten_seconds() {
    survives(5, false, 10);
}

#[test]
fn of_four_in_five_that_die_and_do_not_answer_the_rest_is_one_mesh_in_thirty_seconds() {
    survives(5, true, 30);
}

#[test]
fn of_nineteen_in_twenty_that_die_and_refuse_the_rest_is_one_mesh_in_thirty_seconds() {
    survives(20, false, 30);
}

#[test]
fn of_nineteen_in_twenty_that_die_and_do_not_answer_the_rest_is_one_mesh_in_a_minute() {
    survives(20, true, 60);
}
