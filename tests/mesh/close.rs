//! The end of a node: what was sent is written, every link is closed, everybody is told.

use rs2p::Scheme;
use rs2p::mesh::{Command, CommandError, Event, Failure};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use crate::world::World;

#[test]
fn what_was_sent_before_a_close_arrives() {
    let mut world = World::with(Scheme::Ws, 2);
    world.line();
    for number in 0..500 {
        world
            .broadcast(0, format!("{number} {}", "x".repeat(900)))
            .expect("joined");
    }
    world.command(0, Command::Close).expect("accepted");
    world.run(1);
    assert_eq!(world.received(1).len(), 500);
    assert!(!world.is_linked(1, 0));
    assert!(
        matches!(world.nodes[0].events.last(), Some(Event::Closed)),
        "{:?}",
        world.nodes[0].events
    );
    assert_eq!(world.nodes[0].mesh.poll_timeout(), None);
}

#[test]
fn a_close_ends_in_time_though_a_peer_does_not_read() {
    let mut world = World::with(Scheme::Ws, 2);
    world.line();
    world.nodes[1].is_stalled = true;
    world.broadcast(0, "x").expect("joined");
    world.command(0, Command::Close).expect("accepted");
    world.run(3);
    assert!(
        matches!(world.nodes[0].events.last(), Some(Event::Closed)),
        "{:?}",
        world.nodes[0].events
    );
    let lost = |event: &Event| {
        matches!(
            event,
            Event::Settled {
                result: Err(Failure::Lost),
                ..
            }
        )
    };
    assert!(world.nodes[0].events.iter().any(lost));
}

#[test]
fn a_closed_node_takes_no_commands_and_no_links() {
    let mut world = World::with(Scheme::Ws, 2);
    world.command(0, Command::Close).expect("accepted");
    assert_eq!(world.broadcast(0, "x"), Err(CommandError::Closed));
    world.command(0, Command::Close).expect("twice is fine");
    world.connect(1, 0);
    world.run(1);
    assert!(!world.is_linked(1, 0));
}

#[test]
fn a_disconnected_peer_is_not_dialled_again() {
    let mut world = World::with(Scheme::Ws, 2);
    world.line();
    let peer = world.id(0);
    world
        .command(1, Command::Disconnect { node: peer.clone() })
        .expect("a peer");
    world.run(120);
    assert!(!world.is_linked(1, 0));
    assert_eq!(
        world.command(1, Command::Disconnect { node: peer.clone() }),
        Err(CommandError::NotAPeer(peer))
    );
}

#[test]
fn what_is_looked_for_and_dialled_is_settled_by_a_close() {
    let mut world = World::with(Scheme::Ws, 2);
    world.line();
    let nobody = "2nobody".parse().expect("an id");
    world.whisper(0, &nobody, "x").expect("accepted");
    world.doors.insert(200);
    let address = rs2p::Address::new(Scheme::Ws, "node", 200).expect("a host");
    let command = Command::Connect {
        address,
        expected: None,
        persist: true,
    };
    world.command(0, command).expect("accepted");
    world.command(0, Command::Close).expect("accepted");
    let is_closed = |event: &&Event| {
        matches!(
            event,
            Event::Settled {
                result: Err(Failure::Closed),
                ..
            }
        )
    };
    assert_eq!(world.nodes[0].events.iter().filter(is_closed).count(), 2);
    world.run(3);
    assert!(matches!(world.nodes[0].events.last(), Some(Event::Closed)));
    assert_eq!(world.nodes[0].mesh.poll_timeout(), None);
}
