//! Whispers to nodes that are no neighbours: asked for, dialled, delivered, or told in time that it failed.

use rs2p::Scheme;
use rs2p::mesh::{CommandError, Event, Failure};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use crate::world::World;

/// A line of nodes that dial nobody of themselves.
fn line(count: usize) -> World {
    let mut world = World::new(Scheme::Tcp);
    for _ in 0..count {
        world.add(|config| config.outgoing = 0);
    }
    world.line();
    world
}

#[test]
fn a_whisper_to_a_neighbour_reaches_only_that_one() {
    let mut world = line(3);
    let to = world.id(1);
    world.whisper(0, &to, "psst").expect("a peer");
    world.run(1);
    assert_eq!(world.received(1), ["psst"]);
    assert!(world.received(2).is_empty());
}

#[test]
fn a_whisper_to_a_distant_node_finds_it() {
    let mut world = line(4);
    let to = world.id(3);
    world.whisper(0, &to, "far").expect("accepted");
    world.run(2);
    assert_eq!(world.received(3), ["far"]);
    assert!(world.received(1).is_empty() && world.received(2).is_empty());
}

#[test]
fn a_whisper_to_nobody_ends_in_an_error() {
    let mut world = line(3);
    let to = "2nobody".parse().expect("an id");
    world.whisper(0, &to, "x").expect("accepted");
    world.run(11);
    let failed = world.nodes[0].events.iter().any(|event| {
        matches!(event, Event::Settled { result: Err(Failure::NoRoute(node)), .. } if *node == to)
    });
    assert!(failed);
}

#[test]
fn a_whisper_to_oneself_is_the_callers_error() {
    let mut world = line(2);
    let own = world.id(0);
    assert_eq!(world.whisper(0, &own, "x"), Err(CommandError::ToSelf));
}

#[test]
fn lookups_under_way_are_bounded() {
    let mut world = World::new(Scheme::Tcp);
    world.add(|config| config.lookups = 2);
    world.add(|_| {});
    world.line();
    let results: Vec<_> = (0..3)
        .map(|n| {
            world
                .whisper(0, &format!("2nobody{n}").parse().expect("an id"), "x")
                .map(drop)
        })
        .collect();
    assert_eq!(
        results,
        [
            Ok(()),
            Ok(()),
            Err(CommandError::TooMany {
                what: "lookups",
                limit: 2
            })
        ]
    );
}
