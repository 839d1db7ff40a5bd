//! The two peers to which links lasted longest are dialled again though links enough are up, and can be remembered.

use rs2p::mesh::{Command, Event};
use rs2p::{Address, Scheme};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use crate::world::World;

fn address(number: usize) -> Address {
    Address::new(Scheme::Ws, "node", number as u16 + 1).expect("a host")
}

/// Node 0 has no address from its user but node 1's, and a link to each of `others`, each ten seconds younger.
fn linked_to(others: usize) -> World {
    let mut world = World::new(Scheme::Ws);
    for number in 0..others + 2 {
        world.add(|config| {
            config.outgoing = if number == 0 { 8 } else { 0 };
        });
    }
    world.connect(0, 1);
    for other in 2..others + 2 {
        world.connect(other, 1);
        world.run(10);
        world.command(1, Command::RequestPeers).expect("accepted");
        world.command(0, Command::RequestPeers).expect("accepted");
        world.run(1);
        assert!(world.is_linked(0, other), "node {other}");
    }
    world
}

fn failed_dials(world: &World, to: &Address) -> usize {
    let failed =
        |event: &&Event| matches!(event, Event::DialFailed { address, .. } if address == to);
    world.nodes[0].events.iter().filter(failed).count()
}

#[test]
fn the_two_longest_links_are_anchors_and_the_users_are_none() {
    let world = linked_to(4);
    assert_eq!(world.nodes[0].mesh.anchors(), [address(2), address(3)]);
}

#[test]
fn a_lost_anchor_is_dialled_for_an_hour_and_any_other_address_rests() {
    let mut world = linked_to(4);
    world.is_silent = false;
    world.kill(2);
    world.kill(5);
    world.run(60);
    assert_eq!(world.nodes[0].mesh.anchors()[0], address(2));
    world.run(1_740);
    let half = failed_dials(&world, &address(2));
    assert!(half > 150, "{half} dials of an anchor in half an hour");
    let other = failed_dials(&world, &address(5));
    assert!(other < 40, "{other} dials of another in half an hour");
    world.run(1_900);
    let hour = failed_dials(&world, &address(2));
    world.run(1_800);
    let after = failed_dials(&world, &address(2)) - hour;
    assert!(after < 40, "{after} dials in half an hour after the hour");
}

#[test]
fn an_anchor_that_comes_back_is_linked_though_links_enough_are_up() {
    let mut world = linked_to(4);
    world.kill(2);
    world.run(600);
    world.restart(2);
    assert!(world.run_until(16, |world| world.is_linked(0, 2)));
}

#[test]
fn remembered_anchors_are_dialled_at_the_start_and_tried_for_an_hour() {
    let mut world = World::with(Scheme::Ws, 4);
    world.run(5_000);
    let node = world.add(|config| {
        config.anchors = (0..4).map(address).collect();
    });
    world.kill(0);
    world.run(1);
    assert!(world.is_linked(node, 1));
    assert!(!world.is_linked(node, 2), "two are taken");
    assert_eq!(world.nodes[node].mesh.anchors(), [address(0), address(1)]);
    world.run(1_800);
    world.restart(0);
    assert!(world.run_until(16, |world| world.is_linked(node, 0)));
}

#[test]
fn whom_the_user_disconnects_is_no_anchor() {
    let mut world = linked_to(2);
    let node = world.id(2);
    world
        .command(0, Command::Disconnect { node })
        .expect("a peer");
    world.run(300);
    assert!(!world.is_linked(0, 2));
    assert_eq!(world.nodes[0].mesh.anchors(), [address(3)]);
}
