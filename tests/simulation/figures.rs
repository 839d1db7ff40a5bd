//! Who got what, when and over how many links.

use core::time::Duration;

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use crate::worlds::{seconds, star};

#[test]
fn a_broadcast_is_followed_to_everybody() {
    let (mut simulation, relay, tabs) = star(1, 5);
    let hello = simulation.broadcast(tabs[0], "hello").expect("linked");
    simulation.run_for(seconds(1));
    let figures = simulation.figures();
    assert_eq!(figures.origin(hello), tabs[0]);
    assert_eq!(figures.arrival(hello, tabs[0]).delivered, 0, "its own");
    let near = figures.arrival(hello, relay);
    assert_eq!((near.hops, near.copies, near.delivered), (1, 1, 1));
    for &tab in &tabs[1..] {
        let far = figures.arrival(hello, tab);
        assert_eq!((far.hops, far.copies, far.delivered), (2, 1, 1));
        assert!(far.after > near.after && far.after < Some(Duration::from_millis(100)));
    }
    assert_eq!(figures.totals().payload_frames, 5);
    assert_eq!(figures.totals().deliveries, 5);
    simulation.assert_sound();
}

#[test]
fn a_message_that_travels_compressed_is_the_same_message() {
    let (mut simulation, _, tabs) = star(2, 3);
    let long = simulation
        .broadcast(tabs[0], "z".repeat(5_000))
        .expect("linked");
    simulation.run_for(seconds(1));
    let totals = simulation.figures().totals();
    assert_eq!(totals.payload_frames, 3);
    assert!(totals.payload_bytes < 3_000, "{totals:?}");
    assert_eq!(simulation.figures().arrival(long, tabs[2]).hops, 2);
    assert_eq!(simulation.figures().broadcasts().count(), 1);
}
