//! Two links to one peer: one survives, and never none.

use core::time::Duration;

use rs2p::Scheme;
use rs2p::mesh::{CloseReason, Environment, LinkEvent};
use rs2p::wire::{Capabilities, IdForm, Kind, Signal};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use crate::by_hand::{ALL_OF_OURS, Legacy};
use crate::world::World;

#[test]
fn two_nodes_that_dial_each_other_at_once_keep_one_link() {
    for scheme in [Scheme::Tcp, Scheme::Ws] {
        for first in [0, 1] {
            let mut world = World::with(scheme, 2);
            world.connect(first, 1 - first);
            world.connect(1 - first, first);
            world.run(5);
            assert_eq!(world.links_between(0, 1), 1, "{scheme}");
            assert!(world.is_linked(0, 1) && world.is_linked(1, 0));
            world.broadcast(0, "one").expect("joined");
            world.broadcast(1, "two").expect("joined");
            world.run(1);
            assert_eq!(
                (world.received(1), world.received(0)),
                (vec!["one".to_owned()], vec!["two".to_owned()])
            );
        }
    }
}

#[test]
fn nothing_is_lost_or_doubled_while_the_links_are_settled() {
    for first in [0, 1] {
        let mut world = World::with(Scheme::Ws, 2);
        world.connect(first, 1 - first);
        world.run(1);
        world.connect(1 - first, first);
        let mut sent = Vec::new();
        for number in 0..100 {
            let text = format!("{number}");
            world.broadcast(0, text.as_str()).expect("joined");
            let to = world.id(1);
            world
                .whisper(0, &to, &format!("whisper {number}"))
                .expect("a peer");
            sent.extend([text, format!("whisper {number}")]);
            world.run_for(core::time::Duration::from_millis(1));
        }
        world.run(6);
        let mut received = world.received(1);
        received.sort();
        sent.sort();
        assert_eq!(received, sent);
        assert_eq!(world.links_between(0, 1), 1);
    }
}

#[test]
fn a_newer_link_replaces_one_that_is_dead() {
    for number in [0, 1] {
        let mut world = World::with(Scheme::Ws, 2);
        let other = 1 - number;
        world.connect(number, other);
        world.run(1);
        // The node vanishes without a word and comes back: to its peer the old link looks alive.
        world.cut(number, other);
        world.kill(number);
        world.restart(number);
        world.mend(number, other);
        world.connect(number, other);
        world.run(5);
        assert!(world.is_linked(number, other) && world.is_linked(other, number));
        world.broadcast(other, "hello again").expect("joined");
        world.run(1);
        assert_eq!(world.received(number), ["hello again"]);
    }
}

#[test]
fn a_second_dial_to_a_known_node_ends_without_harm() {
    let mut world = World::with(Scheme::Tcp, 3);
    world.connect(0, 1);
    world.connect(1, 2);
    world.connect(0, 2);
    world.run(5);
    for (one, other) in [(0, 1), (1, 2), (0, 2)] {
        assert_eq!(world.links_between(one, other), 1);
    }
}

#[test]
fn an_address_whose_node_was_linked_otherwise_is_dialled_when_that_link_is_lost() {
    for scheme in [Scheme::Tcp, Scheme::Ws] {
        let mut world = World::with(scheme, 2);
        world.connect(1, 0);
        world.run(1);
        world.connect(0, 1);
        world.run(6);
        assert_eq!(world.links_between(0, 1), 1);
        world.kill(1);
        world.run(1);
        world.restart(1);
        world.run(10);
        assert!(world.is_linked(0, 1), "{scheme}");
    }
}

/// Somebody greets node 0 in the name of another node.
fn claim(world: &mut World, name: usize, capabilities: Option<Capabilities>) -> Legacy {
    let knocking = Legacy::knocking(world, 0, IdForm::Text);
    let mut claim = knocking.as_node(world.id(name));
    match capabilities {
        Some(capabilities) => claim.greet_with(world, Scheme::Ws, capabilities),
        None => claim.greet(world, Scheme::Ws, None),
    }
    claim
}

/// A relay with the id of whichever node, and a page.
fn relay_and_page(relay_is_greater: bool) -> World {
    let mut world = World::with(Scheme::Ws, 2);
    let is_greater = world.id(0).numeric_cmp(&world.id(1)).is_gt();
    if is_greater != relay_is_greater {
        world = World::new(Scheme::Ws);
        world.add_as(1, |_| {});
        world.add_as(0, |_| {});
    }
    world.connect(1, 0);
    world.run(1);
    world
}

fn assert_not_displaced(world: &mut World, what: &str) {
    assert!(world.is_linked(0, 1), "{what}");
    assert_eq!(world.closed_with(0), [&CloseReason::Duplicate], "{what}");
}

#[test]
fn a_claim_displaces_no_link_of_a_page_that_is_frozen_whether_or_not_that_is_known() {
    for says_so in [true, false] {
        for relay_is_greater in [true, false] {
            for capabilities in [Some(ALL_OF_OURS), None] {
                let mut world = relay_and_page(relay_is_greater);
                if says_so {
                    world.environment(1, Environment::Frozen);
                    world.run(1);
                }
                world.freeze(1);
                claim(&mut world, 1, capabilities);
                world.run(8);
                let what = format!("{says_so} {relay_is_greater} {capabilities:?}");
                assert_not_displaced(&mut world, &what);
                world.thaw(1);
                world.run(2);
                world.broadcast(0, "for you").expect("joined");
                world.run(1);
                assert_eq!(world.received(1), ["for you"], "{what}");
            }
        }
    }
}

#[test]
fn a_claim_displaces_no_link_of_a_frozen_page_however_long_that_slept_and_was_talked_to() {
    // Asked or not, taken for asleep or not, and nearly cut.
    for slept in [0, 14, 16, 30, 36, 59, 62, 105] {
        for relay_is_greater in [true, false] {
            for capabilities in [Some(ALL_OF_OURS), None] {
                let mut world = relay_and_page(relay_is_greater);
                world.freeze(1);
                for second in 0..slept {
                    world.broadcast(0, second.to_string()).expect("joined");
                    world.run(1);
                }
                claim(&mut world, 1, capabilities);
                world.run(8);
                let what = format!("{slept} {relay_is_greater} {capabilities:?}");
                assert_not_displaced(&mut world, &what);
            }
        }
    }
}

#[test]
fn many_claims_one_upon_the_other_displace_no_link_of_a_page_that_is_frozen() {
    for relay_is_greater in [true, false] {
        let mut world = relay_and_page(relay_is_greater);
        world.freeze(1);
        for number in 0..200 {
            let capabilities = (number % 3 > 0).then_some(ALL_OF_OURS);
            claim(&mut world, 1, capabilities);
            world.run_for(Duration::from_millis(300));
        }
        world.run(8);
        assert!(world.is_linked(0, 1));
        let closed = world.closed_with(0);
        assert_eq!(closed.len(), 200);
        assert!(
            closed
                .iter()
                .all(|reason| **reason == CloseReason::Duplicate)
        );
    }
}

#[test]
fn a_page_whose_link_ends_amid_a_claim_is_back_within_seconds() {
    for relay_is_greater in [true, false] {
        for capabilities in [Some(ALL_OF_OURS), None] {
            let mut world = relay_and_page(relay_is_greater);
            world.freeze(1);
            claim(&mut world, 1, capabilities);
            world.run(1);
            // A browser may close the link as it wakes its page.
            world.lose(0, 1);
            world.run_for(Duration::from_millis(100));
            world.mend(0, 1);
            world.thaw(1);
            world.run(6);
            world.broadcast(0, "for you").expect("joined");
            world.run(1);
            let what = format!("{relay_is_greater} {capabilities:?}");
            assert_eq!(world.received(1), ["for you"], "{what}");
            world.run(6);
            assert_eq!(world.closed_with(0), [&CloseReason::Replaced], "{what}");
            assert_eq!(world.links_between(0, 1), 1, "{what}");
        }
    }
}

#[test]
fn a_claim_displaces_no_link_whose_peer_reads_too_slowly_to_have_been_asked() {
    for relay_is_greater in [true, false] {
        let mut world = relay_and_page(relay_is_greater);
        world.nodes[1].is_stalled = true;
        world.broadcast(0, "a lot".repeat(20_000)).expect("joined");
        claim(&mut world, 1, Some(ALL_OF_OURS));
        // Longer than a contest takes, and shorter than a slow reader is borne.
        world.run(7);
        assert!(world.is_linked(0, 1));
        assert!(!world.closed_with(0).contains(&&CloseReason::Replaced));
        world.wake(1);
        world.run(5);
        assert_not_displaced(&mut world, "it reads on");
    }
}

#[test]
fn a_claim_displaces_no_link_by_which_something_is_said_all_the_while() {
    let mut world = World::with(Scheme::Tcp, 1);
    // It knows no heartbeat, answers no question, and talks.
    let mut talker = Legacy::join(&mut world);
    let mut claim = Legacy::knocking(&mut world, 200, IdForm::Bytes);
    claim.greet(&mut world, Scheme::Tcp, None);
    for number in 0..60 {
        talker.broadcast(&mut world, &format!("{number}"));
        world.run_for(Duration::from_millis(200));
    }
    assert_eq!(world.closed_with(0), [&CloseReason::Duplicate]);
    assert_eq!(world.received(0).len(), 60);
}

#[test]
fn a_claim_displaces_no_link_whose_peer_has_yet_to_read_what_its_network_took() {
    for relay_is_greater in [true, false] {
        let mut world = relay_and_page(relay_is_greater);
        world.broadcast(0, "something").expect("joined");
        world.delays.insert(1, Duration::from_secs(6));
        claim(&mut world, 1, Some(ALL_OF_OURS));
        world.run(20);
        assert_not_displaced(&mut world, "it answers after six seconds");
    }
}

#[test]
fn who_is_dead_and_unread_is_replaced_all_the_same() {
    let mut world = relay_and_page(true);
    world.nodes[1].is_stalled = true;
    world.broadcast(0, "a lot".repeat(20_000)).expect("joined");
    world.cut(0, 1);
    claim(&mut world, 1, Some(ALL_OF_OURS));
    world.run(13);
    let is_over =
        |reason: &&CloseReason| matches!(reason, CloseReason::Replaced | CloseReason::SlowReader);
    assert!(world.closed_with(0).iter().any(is_over));
}

#[test]
fn an_answer_of_its_machine_alone_is_none_over_plain_tcp() {
    let mut world = World::with(Scheme::Tcp, 1);
    let older = Legacy::join(&mut world);
    let mut newer = Legacy::knocking(&mut world, 200, IdForm::Bytes);
    newer.greet(&mut world, Scheme::Tcp, None);
    let link = older.link;
    world.run_for(Duration::from_millis(1_500));
    world.schedule(0, LinkEvent::Alive { link });
    world.run(3);
    assert_eq!(world.closed_with(0), [&CloseReason::Replaced]);
    newer.say(&mut world, Kind::Whisper, &Signal::RequestPeers.payload());
    assert_eq!(world.nodes[0].mesh.peers().count(), 1);
}
