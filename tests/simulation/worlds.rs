//! Networks that the tests begin with.

use core::time::Duration;

use rs2p::sim::{NodeOptions, Options, Place, Simulation};

pub fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// `count` nodes, each of which dials the one before it.
pub fn line(seed: u64, count: usize) -> (Simulation, Vec<Place>) {
    let mut simulation = Simulation::new(Options::seeded(seed));
    let mut places: Vec<Place> = Vec::new();
    for _ in 0..count {
        let seed = places.last().copied();
        let options = seed.map_or_else(NodeOptions::node, |seed| NodeOptions::node().seed(seed));
        places.push(simulation.add(options));
    }
    simulation
        .run_until(|s| s.components().len() == 1, seconds(10))
        .expect("nothing is in the way");
    (simulation, places)
}

/// A relay and `count` tabs.
pub fn star(seed: u64, count: usize) -> (Simulation, Place, Vec<Place>) {
    let mut simulation = Simulation::new(Options::seeded(seed));
    let relay = simulation.add(NodeOptions::relay());
    let tabs = (0..count).map(|_| simulation.add(NodeOptions::tab().seed(relay)));
    let tabs = tabs.collect();
    simulation
        .run_until(|s| s.components().len() == 1, seconds(10))
        .expect("nothing is in the way");
    (simulation, relay, tabs)
}
