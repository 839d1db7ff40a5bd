//! The same seed gives the same run, on every target.

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use rs2p::sim::{NodeOptions, Options, Relative, Simulation};

use crate::worlds::seconds;

fn busy(options: Options) -> u64 {
    let mut simulation = Simulation::new(options);
    let relay = simulation.add(NodeOptions::relay());
    let mut places = vec![relay];
    for number in 0..8 {
        let seed = places[number / 2 * usize::from(number % 2 == 0)];
        let node = match number % 4 {
            0 => NodeOptions::node().seed(relay),
            1 => NodeOptions::tab().seed(relay),
            2 => NodeOptions::node().seed(seed).skew(3),
            _ => NodeOptions::relative(Relative::Js2p),
        };
        places.push(simulation.add(node));
    }
    for round in 0..20 {
        simulation.run_for(seconds(1));
        let from = places[round % places.len()];
        // Who has no link yet says nothing.
        let _ = simulation.broadcast(from, "z".repeat(round * 100));
        match round {
            7 => simulation.kill(places[3]),
            9 => simulation.freeze(places[2]),
            12 => simulation.restart(places[3]),
            13 => simulation.thaw(places[2]),
            15 => simulation.partition(&[&places[..4]]),
            18 => simulation.heal(),
            _ => {}
        }
    }
    simulation.run_for(seconds(60));
    simulation.assert_sound();
    simulation.trace()
}

#[test]
fn the_same_seed_gives_the_same_run_on_every_target() {
    // The hash as x86-64 gives it. It changes with any change of the core's or the simulator's behaviour; then run this test
    // natively, look at why, and write the new one here. The browser must give the same.
    const TRACE: u64 = 0x6e2b_ce2e_925d_5240;
    assert_eq!(
        busy(Options::seeded(7)),
        TRACE,
        "{:#x}",
        busy(Options::seeded(7))
    );
}

#[test]
fn another_seed_gives_another_run() {
    assert_ne!(busy(Options::seeded(1)), busy(Options::seeded(2)));
}

#[test]
fn a_line_gives_the_run_again() {
    let options = Options::seeded(9);
    let again = options.to_string().parse().expect("its own line");
    assert_eq!(busy(options), busy(again));
}
