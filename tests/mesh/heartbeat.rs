//! Silence: a peer is asked, and cut when it does not answer.

use rs2p::Scheme;
use rs2p::mesh::CloseReason;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use crate::world::World;

#[test]
fn a_quiet_link_that_lives_is_kept() {
    let mut world = World::with(Scheme::Ws, 2);
    world.connect(0, 1);
    world.run(3_600);
    assert!(world.is_linked(0, 1) && world.closes.is_empty());
}

#[test]
fn a_peer_that_vanished_is_cut_after_35_seconds() {
    let mut world = World::with(Scheme::Ws, 2);
    world.connect(0, 1);
    world.run(1);
    world.cut(0, 1);
    world.run(33);
    assert!(world.is_linked(0, 1));
    world.run(4);
    assert!(!world.is_linked(0, 1) && !world.is_linked(1, 0));
    assert!(world.closed_with(0).contains(&&CloseReason::Silent));
}
