//! Whispers to nodes that nobody can dial, handed on by those between.

use rs2p::Scheme;
use rs2p::mesh::{Event, Failure};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use crate::world::World;

/// A line in which nobody can be dialled but by the one before.
fn line(count: usize) -> World {
    let mut world = World::new(Scheme::Ws);
    for _ in 0..count {
        world.add(|config| {
            config.outgoing = 0;
            config.advertise.clear();
        });
    }
    world.line();
    world
}

#[test]
fn a_reply_finds_its_way_back_over_several_nodes() {
    let mut world = line(5);
    world.broadcast(0, "who is there?").expect("joined");
    world.run(1);
    let asker = world.id(0);
    world.whisper(4, &asker, "I am").expect("the way is known");
    world.run(1);
    assert_eq!(world.received(0), ["I am"]);
    for between in 1..4 {
        assert_eq!(
            world.received(between),
            ["who is there?"],
            "node {between} only hands it on"
        );
    }
    let message = world.nodes[0].events.iter().find_map(|event| match event {
        Event::Message { message, via } => Some((message.sender().clone(), via.clone())),
        _ => None,
    });
    assert_eq!(message, Some((world.id(4), world.id(1))));
}

#[test]
fn a_neighbours_neighbour_is_found_before_it_has_spoken() {
    let mut world = line(3);
    // The first greeted when the last was not there yet: it asks anew, as a page does every few seconds.
    world
        .command(0, rs2p::mesh::Command::RequestPeers)
        .expect("accepted");
    world.run(1);
    let silent = world.id(2);
    world
        .whisper(0, &silent, "psst")
        .expect("told by the node between");
    world.run(1);
    assert_eq!(world.received(2), ["psst"]);
}

#[test]
fn a_first_whisper_is_answered_by_who_never_heard_of_its_sender() {
    let mut world = line(3);
    // The first asks who is there; the last never does, and greeted when the first was not there yet.
    world
        .command(0, rs2p::mesh::Command::RequestPeers)
        .expect("accepted");
    world.run(1);
    let (first, last) = (world.id(0), world.id(2));
    world
        .whisper(0, &last, "psst")
        .expect("told by the node between");
    world.run(1);
    assert_eq!(world.received(2), ["psst"]);
    world
        .whisper(2, &first, "yes?")
        .expect("the way that it came");
    world.run(1);
    assert_eq!(world.received(0), ["yes?"]);
}

#[test]
fn a_whisper_arrives_once_though_ways_are_many() {
    let mut world = World::with(Scheme::Ws, 8);
    for number in 1..8 {
        world.connect(number, 0);
    }
    world.run(10);
    world.broadcast(7, "here").expect("joined");
    world.run(1);
    let to = world.id(7);
    for number in 0..50 {
        world
            .whisper(3, &to, &format!("{number}"))
            .expect("accepted");
    }
    world.run(1);
    assert_eq!(world.received(7).len(), 50);
}

#[test]
fn a_whisper_is_settled_when_the_next_node_has_it() {
    let mut world = line(3);
    world.broadcast(0, "here").expect("joined");
    world.run(1);
    let to = world.id(0);
    world.whisper(2, &to, "psst").expect("accepted");
    world.run(1);
    assert!(
        world.nodes[2]
            .events
            .iter()
            .any(|e| matches!(e, Event::Settled { result: Ok(()), .. }))
    );
}

#[test]
fn a_node_that_has_gone_is_looked_up_in_vain() {
    let mut world = line(3);
    world.broadcast(0, "here").expect("joined");
    world.run(1);
    let gone = world.id(0);
    world.kill(0);
    world.kill(1);
    world.run(1);
    world.restart(1);
    world.connect(2, 1);
    world.run(5);
    world.whisper(2, &gone, "psst").expect("accepted");
    world.run(11);
    let failed = |event: &Event| {
        matches!(
            event,
            Event::Settled {
                result: Err(Failure::NoRoute(_)),
                ..
            }
        )
    };
    assert!(world.nodes[2].events.iter().any(failed));
}
