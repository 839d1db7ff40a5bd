//! Two links to one peer: one survives, and never none.

use rs2p::Scheme;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

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
