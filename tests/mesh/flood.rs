//! The waterfall: everybody once, never backwards, nothing stale.

use core::time::Duration;

use rs2p::Scheme;
use rs2p::mesh::{CommandError, Event};
use rs2p::wire::IdForm;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use crate::by_hand::{Legacy, heard_texts};
use crate::world::World;

#[test]
fn a_broadcast_reaches_everybody_once() {
    let mut world = World::with(Scheme::Ws, 10);
    world.line();
    world.run(5);
    for from in 0..10 {
        world
            .broadcast(from, format!("from {from}"))
            .expect("joined");
    }
    world.run(2);
    for number in 0..10 {
        let mut received = world.received(number);
        received.sort();
        let expected: Vec<_> = (0..10)
            .filter(|&from| from != number)
            .map(|from| format!("from {from}"))
            .collect();
        assert_eq!(received, expected, "node {number}");
    }
}

#[test]
fn a_broadcast_is_never_sent_back_to_where_it_came_from() {
    let mut world = World::new(Scheme::Ws);
    for _ in 0..3 {
        world.add(|config| config.outgoing = 0);
    }
    world.line();
    let before = world.transmissions.clone();
    world.broadcast(0, "x").expect("joined");
    world.run(1);
    let sent: Vec<_> = world
        .transmissions
        .iter()
        .zip(before)
        .map(|(now, before)| now - before)
        .collect();
    assert_eq!(sent, [1, 1, 0]);
}

#[test]
fn equal_messages_in_one_second_are_two() {
    let mut world = World::with(Scheme::Tcp, 3);
    world.line();
    for _ in 0..10 {
        world.broadcast(0, "same").expect("joined");
    }
    world.run(1);
    assert_eq!(world.received(2).len(), 10);
}

#[test]
fn a_broadcast_without_a_peer_is_the_callers_error() {
    let mut world = World::with(Scheme::Ws, 1);
    assert_eq!(world.broadcast(0, "x"), Err(CommandError::NotJoined));
}

#[test]
fn a_message_larger_than_a_frame_is_the_callers_error() {
    let mut world = World::with(Scheme::Ws, 2);
    world.line();
    let large = "x".repeat(1 << 20);
    assert!(matches!(
        world.broadcast(0, large.as_str()),
        Err(CommandError::TooLarge { .. })
    ));
    world
        .broadcast(0, &large[..(1 << 20) - 1_024])
        .expect("it fits");
    world.run(1);
    assert_eq!(world.received(1).len(), 1);
}

#[test]
fn a_large_message_travels_compressed_and_arrives_whole() {
    let mut world = World::with(Scheme::Ws, 3);
    world.line();
    let text = "mesh ".repeat(20_000);
    world.broadcast(0, text.as_str()).expect("joined");
    world.run(1);
    assert_eq!(world.received(2), [text]);
    assert!(
        world.nodes[2].mesh.stats().received_bytes < 10_000,
        "{:?}",
        world.nodes[2].mesh.stats()
    );
}

#[test]
fn a_sent_message_is_settled_when_the_first_peer_has_it() {
    let mut world = World::with(Scheme::Ws, 2);
    world.line();
    world.broadcast(0, "x").expect("joined");
    world.run(1);
    let settled = world.nodes[0]
        .events
        .iter()
        .filter(|e| matches!(e, Event::Settled { result: Ok(()), .. }))
        .count();
    assert_eq!(settled, 1);
}

#[test]
fn a_broadcast_goes_neither_to_its_sender_nor_to_any_link_of_its_bearer() {
    let mut world = World::new(Scheme::Tcp);
    world.add(|config| config.outgoing = 0);
    let mut author = Legacy::join_as(&mut world, 201);
    let mut bearer = Legacy::join_as(&mut world, 200);
    let mut bearers_other = Legacy::join_as(&mut world, 200);
    let mut third = Legacy::join_as(&mut world, 202);
    let mut spoken = Legacy::on(bearer.link, 201, IdForm::Bytes);
    spoken.broadcast(&mut world, "x");
    world.run_for(Duration::from_millis(50));
    assert_eq!(heard_texts(&mut world, &mut third), ["x"]);
    for link in [&mut author, &mut bearer, &mut bearers_other] {
        assert!(heard_texts(&mut world, link).is_empty());
    }
}

#[test]
fn what_claims_to_be_the_nodes_own_and_is_not_goes_nowhere() {
    let mut world = World::new(Scheme::Tcp);
    world.add(|config| config.outgoing = 0);
    let liar = Legacy::join_as(&mut world, 200);
    let mut third = Legacy::join_as(&mut world, 201);
    let mut claim = liar.as_node(world.id(0));
    claim.broadcast(&mut world, "I said this");
    world.run_for(Duration::from_millis(50));
    assert!(world.received(0).is_empty());
    assert!(heard_texts(&mut world, &mut third).is_empty());
    assert_eq!(world.nodes[0].mesh.stats().spoofed, 1);
}

#[test]
fn equal_broadcasts_of_ours_at_the_turn_of_a_second_are_two() {
    let mut world = World::with(Scheme::Ws, 2);
    world.line();
    world.run_for(Duration::from_millis(990));
    world.broadcast(0, "tick").expect("joined");
    world.run_for(Duration::from_millis(20));
    world.broadcast(0, "tick").expect("joined");
    world.run(1);
    assert_eq!(world.received(1), ["tick", "tick"]);
}
