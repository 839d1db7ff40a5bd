//! Bounds: slow readers, unfinished frames, full queues. Nobody else suffers.

use rs2p::Scheme;
use rs2p::mesh::{CloseReason, CommandError, Event, Failure};
use rs2p::wire::{DecodeError, IdForm, Signal, Value};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use crate::by_hand::{Legacy, heard};
use crate::world::World;

#[test]
fn a_peer_that_stops_reading_is_cut_and_the_others_lose_nothing() {
    let mut world = World::with(Scheme::Ws, 4);
    for number in 1..4 {
        world.connect(number, 0);
    }
    world.run(5);
    world.nodes[3].is_stalled = true;
    for second in 0..20 {
        for number in 0..100 {
            world
                .broadcast(1, format!("{second}.{number}"))
                .expect("joined");
        }
        world.run(1);
    }
    assert!(world.closed_with(0).contains(&&CloseReason::SlowReader));
    assert_eq!(world.received(2).len(), 2_000);
}

#[test]
fn the_users_own_messages_wait_when_every_queue_is_full() {
    let mut world = World::with(Scheme::Ws, 2);
    world.connect(0, 1);
    world.run(1);
    world.nodes[1].is_stalled = true;
    let text = "x".repeat(100_000);
    let accepted = (0..100)
        .take_while(|_| world.broadcast(0, rs2p::Value::from(noise(&text))).is_ok())
        .count();
    assert!((5..20).contains(&accepted), "{accepted} accepted");
    assert_eq!(world.broadcast(0, noise(&text)), Err(CommandError::Busy));
}

/// Text that does not compress: the queue is to be filled by its length.
fn noise(text: &str) -> String {
    let mut state = 1_u64;
    text.chars()
        .map(|_| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            char::from(b' ' + (state >> 58) as u8)
        })
        .collect()
}

#[test]
fn a_frame_that_is_not_finished_ends_the_link() {
    let mut world = World::with(Scheme::Ws, 2);
    world.connect(0, 1);
    world.run(1);
    let link = world.open_by_hand(0);
    for byte in [0, 0, 1, 0] {
        world.hand(0, link, vec![byte]);
        world.run(1);
    }
    world.run(2);
    assert!(
        world
            .closed_with(0)
            .contains(&&CloseReason::GreetingTimeout),
        "dripping before the handshake"
    );
    assert!(world.is_linked(0, 1));
}

#[test]
fn a_stranger_may_send_no_large_frame() {
    let mut world = World::with(Scheme::Ws, 1);
    for length in [4_097_u32, u32::MAX] {
        let link = world.open_by_hand(0);
        world.hand(0, link, length.to_be_bytes().to_vec());
    }
    let limit = 4_096;
    let refusals: Vec<_> = world.closed_with(0).into_iter().cloned().collect();
    let refused =
        |announced| CloseReason::Undecodable(DecodeError::FrameTooLarge { announced, limit });
    assert_eq!(refusals, [refused(4_097), refused(u32::MAX)]);
}

#[test]
fn there_are_no_more_links_than_configured() {
    let mut world = World::new(Scheme::Ws);
    world.add(|config| config.links = 2);
    for _ in 0..3 {
        world.open_by_hand(0);
    }
    assert!(matches!(world.closed_with(0)[..], [CloseReason::Full]));
    assert_eq!(world.nodes[0].mesh.links(), 2);
}

#[test]
fn a_message_is_settled_by_one_link_that_writes_it_and_lost_with_the_last() {
    for lost in [1, 2] {
        let mut world = World::with(Scheme::Ws, 3);
        for number in 1..3 {
            world.connect(number, 0);
            world.nodes[number].mesh.config();
        }
        world.run(5);
        for number in 1..3 {
            world.nodes[number].is_stalled = true;
        }
        world.broadcast(0, "x").expect("joined");
        let before = settled(&world);
        world.kill(1);
        world.run(1);
        assert_eq!(settled(&world), before, "one is left");
        if lost == 2 {
            world.kill(2);
        }
        world.wake(2);
        world.run(1);
        let result = if lost == 2 {
            Err(Failure::Lost)
        } else {
            Ok(())
        };
        assert_eq!(settled(&world)[before.len()..], [result]);
    }
}

fn settled(world: &World) -> Vec<Result<(), Failure>> {
    let events = world.nodes[0].events.iter();
    events
        .filter_map(|event| match event {
            Event::Settled { result, .. } => Some(result.clone()),
            _ => None,
        })
        .collect()
}

#[test]
fn a_frame_that_is_not_finished_ends_a_greeted_link_too() {
    let mut world = World::new(Scheme::Tcp);
    world.add(|config| config.outgoing = 0);
    let mut legacy = Legacy::join(&mut world);
    world.run(1);
    world.hand(0, legacy.link, vec![0, 0]);
    // It lives: bytes of the frame keep coming.
    for _ in 0..29 {
        world.run(1);
        world.hand(0, legacy.link, vec![1]);
    }
    assert!(world.closes.is_empty());
    world.run(2);
    assert_eq!(world.closed_with(0), [&CloseReason::FrameTimeout]);
    heard(&mut world, &mut legacy);
}

#[test]
fn no_more_peers_are_told_than_a_relative_reads() {
    let mut world = World::new(Scheme::Tcp);
    world.add(|config| config.outgoing = 0);
    for number in 1..=80 {
        let mut peer = Legacy::knocking(&mut world, number, IdForm::Bytes);
        peer.greet(&mut world, Scheme::Tcp, Some(u16::from(number) + 300));
    }
    let mut asker = Legacy::join(&mut world);
    world.run(1);
    let entries = heard(&mut world, &mut asker).iter().find_map(|message| {
        match (Signal::parse(message), message.packets().first()) {
            (Ok(Signal::Peers(_)), Some(Value::Array(entries))) => Some(entries.len()),
            _ => None,
        }
    });
    assert_eq!(entries, Some(64));
}
