//! Links whose peers do not greet: few, and none of an honest peer's among those that have to go.

use rs2p::Scheme;
use rs2p::mesh::{CloseReason, Limit};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use crate::by_hand::Legacy;
use crate::world::World;
use rs2p::wire::IdForm;

#[test]
fn who_does_not_greet_makes_room_where_most_come_from() {
    let mut world = World::new(Scheme::Tcp);
    world.add(|config| config.ungreeted = 8);
    let honest = world.open_from(0, "192.0.2.1");
    for _ in 0..100 {
        world.open_from(0, "192.0.2.9");
    }
    assert_eq!(world.nodes[0].mesh.links(), 8);
    let closed = world.closed_with(0);
    assert_eq!(closed.len(), 93);
    assert!(
        closed
            .iter()
            .all(|reason| **reason == CloseReason::CrowdedOut)
    );
    assert_eq!(world.nodes[0].mesh.stats().struck.of(Limit::Ungreeted), 93);
    // The one that came first and from elsewhere is there still, and can greet.
    let mut legacy = Legacy::on(honest, 200, IdForm::Bytes);
    legacy.greet(&mut world, Scheme::Tcp, None);
    assert_eq!(world.nodes[0].mesh.peers().count(), 1);
}

#[test]
fn who_has_greeted_is_no_newcomer() {
    let mut world = World::new(Scheme::Tcp);
    world.add(|config| config.ungreeted = 2);
    for number in 0..20 {
        let link = world.open_from(0, "192.0.2.9");
        let mut legacy = Legacy::on(link, 100 + number, IdForm::Bytes);
        legacy.greet(&mut world, Scheme::Tcp, None);
    }
    assert_eq!(world.nodes[0].mesh.peers().count(), 20);
    assert!(world.closed_with(0).is_empty());
}
