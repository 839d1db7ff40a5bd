//! A mesh mends: lost links are dialled again, and addresses that peers told are used.

use core::time::Duration;

use rs2p::Scheme;
use rs2p::mesh::{Environment, Event};
use rs2p::wire::IdForm;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use crate::by_hand::Legacy;
use crate::world::World;

#[test]
fn a_lost_peer_is_dialled_again_within_a_second_of_its_return() {
    let mut world = World::with(Scheme::Ws, 2);
    world.connect(0, 1);
    world.run(20);
    world.kill(1);
    world.run_for(Duration::from_millis(100));
    assert!(!world.is_linked(0, 1));
    world.restart(1);
    world.run(1);
    assert!(world.is_linked(0, 1));
}

#[test]
fn a_peer_that_is_away_for_long_is_found_when_it_returns() {
    let mut world = World::with(Scheme::Ws, 2);
    world.connect(0, 1);
    world.run(20);
    world.kill(1);
    world.run(600);
    world.restart(1);
    world.run(31);
    assert!(world.is_linked(0, 1));
}

#[test]
fn the_waits_of_many_nodes_are_spread() {
    let mut world = World::with(Scheme::Ws, 41);
    for number in 1..=40 {
        world.connect(number, 0);
    }
    world.run(20);
    world.kill(0);
    world.run(40);
    let waits: Vec<Duration> = (1..=40)
        .flat_map(|number| &world.nodes[number].events)
        .filter_map(|event| match event {
            Event::DialFailed {
                redial: Some(wait), ..
            } => Some(*wait),
            _ => None,
        })
        .collect();
    assert!(waits.iter().all(|wait| *wait <= Duration::from_secs(15)));
    let long = waits
        .iter()
        .filter(|wait| **wait > Duration::from_secs(2))
        .count();
    assert!(
        long > 40 && waits.len() < 40 * 15,
        "{long} of {} waits are long",
        waits.len()
    );
}

#[test]
fn a_node_learns_addresses_and_dials_up_to_four() {
    let mut world = World::with(Scheme::Ws, 10);
    for number in 1..10 {
        world.connect(number, 0);
    }
    world.run(10);
    for number in 1..10 {
        let dialled = world.nodes[number]
            .mesh
            .peers()
            .filter(|peer| peer.dialled)
            .count();
        assert!(
            (1..=4).contains(&dialled),
            "node {number} dialled {dialled}"
        );
    }
    world.kill(0);
    world.run(1);
    world
        .broadcast(1, "still here")
        .expect("joined without the first node");
    world.run(2);
    for number in 2..10 {
        assert_eq!(world.received(number), ["still here"], "node {number}");
    }
}

#[test]
fn nothing_is_dialled_while_the_network_is_gone() {
    let mut world = World::with(Scheme::Ws, 2);
    world.connect(0, 1);
    world.run(10);
    world.environment(0, Environment::Offline);
    world.kill(1);
    world.run(1);
    world.restart(1);
    world.run(60);
    assert!(!world.is_linked(0, 1));
    world.environment(0, Environment::Online);
    world.run(1);
    assert!(world.is_linked(0, 1));
}

#[test]
fn an_address_that_peers_told_rests_when_nobody_answers() {
    let mut world = World::with(Scheme::Ws, 3);
    world.connect(1, 0);
    world.connect(2, 0);
    world.run(5);
    world.kill(2);
    world.run(600);
    let tries = |n: usize| {
        world.nodes[n]
            .events
            .iter()
            .filter(|e| matches!(e, Event::DialFailed { .. }))
            .count()
    };
    assert!(tries(1) <= 26, "{} failed dials", tries(1));
    assert_eq!(world.nodes[1].mesh.next_dial(), None);
}

#[test]
fn without_a_peer_no_address_is_forgotten() {
    let mut world = World::new(Scheme::Tcp);
    world.add(|_| {});
    let link = world.open_from(0, "elsewhere");
    let mut caller = Legacy::on(link, 200, IdForm::Bytes);
    caller.greet(&mut world, Scheme::Tcp, Some(200));
    world.hang_up(0, caller.link);
    world.run(900);
    let dials = world.nodes[0].events.iter();
    let dials = dials.filter(|e| matches!(e, Event::DialFailed { .. }));
    let dials = dials.count();
    // A minute of one a second at most, then each 7.5 s on average.
    assert!((90..350).contains(&dials), "{dials} dials");
    world.doors.insert(200);
    world.run(31);
    assert!(!world.knocks.is_empty());
}
