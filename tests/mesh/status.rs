//! Whether a node is connected: each transition of the status, and that nothing is told twice.

use core::time::Duration;

use rs2p::Scheme;
use rs2p::mesh::{Command, Doubt, EndReason, Environment, Event, Status};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use crate::by_hand::{ALL_OF_OURS, Legacy};
use crate::world::World;
use rs2p::wire::IdForm;

/// What a node was told of its status since the last look.
fn told(world: &mut World, number: usize) -> Vec<Status> {
    let events = core::mem::take(&mut world.nodes[number].events);
    let status = |event| match event {
        Event::Status(status) => Some(status),
        _ => None,
    };
    events.into_iter().filter_map(status).collect()
}

fn status(world: &World, number: usize) -> Status {
    world.nodes[number].mesh.status()
}

const fn degraded(why: Doubt) -> Status {
    Status::Degraded { why }
}

/// A relay, and a page at it.
fn page_at_relay() -> World {
    let mut world = World::with(Scheme::Ws, 2);
    world.connect(1, 0);
    world.run(1);
    told(&mut world, 1);
    world
}

#[test]
fn a_node_that_knows_nobody_is_connecting_and_says_nothing() {
    let mut world = World::with(Scheme::Ws, 1);
    world.run(600);
    assert_eq!(status(&world, 0), Status::Connecting);
    assert_eq!(told(&mut world, 0), []);
}

#[test]
fn a_node_that_dials_in_vain_is_connecting() {
    let mut world = World::with(Scheme::Ws, 2);
    world.nodes[0].is_dead = true;
    world.connect(1, 0);
    world.run(60);
    assert_eq!(status(&world, 1), Status::Connecting);
}

#[test]
fn the_first_peer_makes_it_joined_once() {
    let mut world = World::with(Scheme::Ws, 3);
    world.connect(1, 0);
    world.connect(1, 2);
    world.run(600);
    assert_eq!(told(&mut world, 1), [Status::Joined]);
}

#[test]
fn silence_makes_it_degraded_after_twenty_seconds_and_a_word_joined() {
    let mut world = page_at_relay();
    world.cut(0, 1);
    world.run(18);
    assert_eq!(status(&world, 1), Status::Joined);
    world.run(5);
    assert_eq!(told(&mut world, 1), [degraded(Doubt::Silence)]);
    world.mend(0, 1);
    world.broadcast(0, "a word").expect("not cut yet");
    world.run(1);
    assert_eq!(told(&mut world, 1), [Status::Joined]);
}

#[test]
fn the_loss_of_the_last_peer_makes_it_offline_and_says_when_it_dials_again() {
    let mut world = page_at_relay();
    world.run(10);
    world.kill(0);
    world.run_for(Duration::from_millis(20));
    let told = told(&mut world, 1);
    let Some(Status::Offline { next_attempt }) = told.first() else {
        panic!("{told:?}")
    };
    assert!(next_attempt.is_some());
    world.run(60);
    let attempts = self::told(&mut world, 1);
    assert!(attempts.contains(&Status::Offline { next_attempt: None }));
    assert!(attempts.windows(2).all(|pair| pair[0] != pair[1]));
}

#[test]
fn a_node_that_is_back_catches_up_and_is_joined() {
    let mut world = World::new(Scheme::Ws);
    for _ in 0..3 {
        world.add(|config| config.outgoing = 0);
    }
    world.line();
    world.run(12);
    world.lose(1, 2);
    world.run(1);
    for _ in 0..2_000 {
        world.broadcast(0, "missed").expect("joined");
        world.run_for(Duration::from_millis(1));
    }
    world.mend(1, 2);
    told(&mut world, 2);
    world.run(20);
    let all = told(&mut world, 2);
    let back = all
        .iter()
        .position(|status| *status == degraded(Doubt::CatchingUp));
    let back = back.unwrap_or_else(|| panic!("{all:?}"));
    assert_eq!(all[back + 1..], [Status::Joined]);
}

#[test]
fn who_names_nothing_to_a_node_that_is_back_is_waited_for_five_seconds() {
    let mut world = World::with(Scheme::Ws, 1);
    for number in [200, 201] {
        let mut peer = Legacy::knocking(&mut world, number, IdForm::Text);
        peer.greet_with(&mut world, Scheme::Ws, ALL_OF_OURS);
        world.run(1);
        if number == 200 {
            assert_eq!(status(&world, 0), Status::Joined);
            world.hang_up(0, peer.link);
            assert_eq!(status(&world, 0), Status::Offline { next_attempt: None });
        }
    }
    assert_eq!(status(&world, 0), degraded(Doubt::CatchingUp));
    world.run(5);
    assert_eq!(status(&world, 0), Status::Joined);
}

#[test]
fn a_node_that_is_closed_says_so_last_and_once() {
    let mut world = page_at_relay();
    world.command(1, Command::Close).expect("open");
    world.run(10);
    let reason = EndReason::Asked;
    assert_eq!(told(&mut world, 1), [Status::Closed { reason }]);
}

#[test]
fn a_network_that_is_off_makes_it_degraded_at_once_and_an_answer_joined() {
    let mut world = page_at_relay();
    world.environment(1, Environment::Offline);
    assert_eq!(told(&mut world, 1), [degraded(Doubt::NetworkOff)]);
    world.environment(1, Environment::Online);
    assert_eq!(told(&mut world, 1), [degraded(Doubt::Silence)]);
    world.run(1);
    assert_eq!(told(&mut world, 1), [Status::Joined]);
}

#[test]
fn a_node_without_a_network_is_offline_before_it_was_ever_joined() {
    let mut world = World::with(Scheme::Ws, 1);
    world.environment(0, Environment::Offline);
    assert_eq!(status(&world, 0), Status::Offline { next_attempt: None });
    world.environment(0, Environment::Online);
    assert_eq!(status(&world, 0), Status::Connecting);
}
