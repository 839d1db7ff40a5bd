//! The bytes of a link may come in any pieces.

use rs2p::Scheme;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use crate::world::World;

fn trace(chunk: usize) -> (String, Vec<String>) {
    let mut world = World::with(Scheme::Ws, 3);
    world.chunk = chunk;
    world.line();
    for number in 0..20 {
        world
            .broadcast(number % 3, format!("{number} {}", "y".repeat(number * 200)))
            .expect("joined");
    }
    let to = world.id(2);
    world.whisper(0, &to, "psst").expect("accepted");
    world.run(40);
    (world.trace(), world.received(2))
}

#[test]
fn any_chunking_of_the_input_gives_the_same_outputs() {
    let (whole, received) = trace(usize::MAX);
    assert!(received.len() > 10);
    for chunk in [1, 2, 3, 4, 5, 7, 36, 64, 1_000] {
        assert_eq!(trace(chunk).0, whole, "in pieces of {chunk}");
    }
}
