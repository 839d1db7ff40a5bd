//! Parts of a mesh that were cut off, or never met, become one again by themselves.

use core::time::Duration;

use rs2p::mesh::{CloseReason, Config};
use rs2p::{Address, Scheme};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use crate::world::World;

fn address(number: usize) -> Address {
    Address::new(Scheme::Ws, "node", number as u16 + 1).expect("a host")
}

/// A mesh of `nodes`, cut in the middle for `seconds`.
fn parted(nodes: usize, seconds: u64, configure: impl Fn(&mut Config)) -> World {
    let mut world = World::new(Scheme::Ws);
    for _ in 0..nodes {
        world.add(&configure);
    }
    for number in 1..nodes {
        world.connect(number, number / 2);
    }
    world.run(60);
    let all: Vec<_> = (0..nodes).collect();
    let (some, others) = all.split_at(nodes / 2);
    world.is_silent = true;
    world.part(some, others);
    world.run(seconds);
    for half in [some, others] {
        assert!(world.is_one(half), "each half is one by itself");
    }
    assert!(!world.is_one(&all));
    world.heal();
    world
}

#[test]
fn two_nodes_meet_again_within_thirty_seconds_however_long_they_were_apart() {
    for round in 0..250_u64 {
        let mut world = World::new(Scheme::Ws);
        // Each round is another seed: what nodes draw depends on all that they drew before.
        for _ in 0..2 {
            world.add(|config| config.redial.0 = Duration::from_millis(200 + round));
        }
        world.connect(0, 1);
        world.run(20);
        world.is_silent = true;
        world.cut(0, 1);
        world.run_for(Duration::from_millis(40_000 + 1_777 * round));
        assert!(!world.is_linked(0, 1), "round {round}");
        world.heal();
        let met = |world: &World| world.is_linked(0, 1) && world.is_linked(1, 0);
        assert!(world.run_until(30, met), "round {round}");
    }
}

#[test]
fn halves_of_a_mesh_are_one_within_thirty_seconds_after_five_minutes_apart() {
    for nodes in [6, 30] {
        let mut world = parted(nodes, 300, |_| {});
        let all: Vec<_> = (0..nodes).collect();
        assert!(
            world.run_until(30, |world| world.is_one(&all)),
            "{nodes} nodes"
        );
        world.broadcast(0, "whole").expect("joined");
        world.run(2);
        for &number in &all[1..] {
            assert_eq!(world.received(number), ["whole"], "node {number}");
        }
    }
}

/// Two meshes of `half` nodes with links enough that never met; only node 0 is told of the others, at its start.
fn strangers(half: usize) -> World {
    let mut world = World::new(Scheme::Ws);
    for number in 0..2 * half {
        world.add(|config| {
            config.outgoing = 2;
            if number == 0 {
                config.anchors = vec![address(half)];
                config.anchor_span = Duration::from_secs(100);
            }
        });
    }
    for number in 0..2 * half {
        let first = number / half * half;
        if number != first {
            world.connect(number, first + (number - first) / 2);
        }
    }
    world
}

#[test]
fn two_meshes_with_links_enough_merge_though_one_node_alone_knows_of_the_other() {
    let half = 8;
    let mut world = strangers(half);
    let all: Vec<_> = (0..2 * half).collect();
    let (some, others) = all.split_at(half);
    world.is_silent = true;
    world.part(some, others);
    // Longer than the anchor is dialled for its own sake.
    world.run(300);
    for number in some {
        assert!(
            world.dialled(*number) >= 2,
            "node {number} has links enough"
        );
    }
    assert!(world.is_one(some) && world.is_one(others));
    world.heal();
    assert!(world.run_until(900, |world| world.is_one(&all)));
    // And they stay so.
    world.run(300);
    assert!(world.is_one(&all));
}

#[test]
fn a_whole_mesh_looks_around_without_gathering_links_or_falling_apart() {
    let nodes = 20;
    let mut world = World::with(Scheme::Ws, nodes);
    for number in 1..nodes {
        world.connect(number, number / 2);
    }
    world.run(60);
    let links = |world: &World| world.nodes.iter().map(|n| n.mesh.links()).sum::<usize>();
    let before = links(&world);
    let all: Vec<_> = (0..nodes).collect();
    for _ in 0..40 {
        world.run(30);
        assert!(world.is_one(&all));
    }
    assert!(
        links(&world) <= before + nodes,
        "{before} links, then {}",
        links(&world)
    );
    let surplus = CloseReason::Surplus;
    assert!(world.closes.iter().any(|(_, reason)| *reason == surplus));
}

#[test]
fn a_quiet_mesh_does_next_to_nothing_after_a_minute() {
    for nodes in [2, 3, 30] {
        let mut world = World::with(Scheme::Ws, nodes);
        for number in 1..nodes {
            world.connect(number, number / 2);
        }
        world.run(120);
        let before: usize = world.transmissions.iter().sum();
        let links: usize = world.nodes.iter().map(|node| node.mesh.links()).sum();
        world.run(150);
        let sent = world.transmissions.iter().sum::<usize>() - before;
        // Each link is asked and answered each 15 s. A look costs some forty frames, digests of the members included, and there is hardly one.
        let heartbeats = links * 10;
        assert!(
            sent <= heartbeats + 11 * nodes,
            "{nodes} nodes with {links} ends of links sent {sent}"
        );
        for node in &world.nodes {
            assert_eq!(node.mesh.next_dial(), None);
        }
    }
}
