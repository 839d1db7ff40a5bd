//! py2p and js2p, with the defects that their neighbours feel.

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use rs2p::sim::{NodeOptions, Notice, Options, Place, Relative, Simulation};

use crate::worlds::seconds;

fn with(relative: Relative, count: usize) -> (Simulation, Place, Vec<Place>) {
    let mut simulation = Simulation::new(Options::seeded(3));
    let ours = simulation.add(NodeOptions::relay());
    let mut theirs = Vec::new();
    for _ in 0..count {
        theirs.push(simulation.add(NodeOptions::relative(relative).seed(ours)));
        // One after the other, or they dial each other at once and end with links that only one of them has.
        simulation.run_for(seconds(2));
    }
    (simulation, ours, theirs)
}

#[test]
fn a_broadcast_passes_between_a_core_and_its_relatives() {
    for relative in [Relative::Py2p, Relative::Js2p] {
        let (mut simulation, ours, theirs) = with(relative, 2);
        assert_eq!(simulation.components().len(), 1, "{relative:?}");
        let from_ours = simulation.broadcast(ours, "ours").expect("linked");
        let from_theirs = simulation.broadcast(theirs[0], "theirs").expect("linked");
        simulation.run_for(seconds(1));
        let figures = simulation.figures();
        assert!(figures.arrival(from_ours, theirs[1]).copies > 0);
        assert_eq!(figures.arrival(from_theirs, ours).delivered, 1);
        simulation.assert_sound();
    }
}

#[test]
fn one_lost_link_ends_those_between_py2p_nodes_and_none_to_a_core() {
    let (mut simulation, ours, theirs) = with(Relative::Py2p, 5);
    let between = |s: &Simulation| {
        let peers = theirs.iter().map(|&one| s.peers(one));
        peers.flatten().filter(|peer| theirs.contains(peer)).count()
    };
    assert!(between(&simulation) > 4, "{}", between(&simulation));
    simulation.lose_link(ours, theirs[0], Notice::Both);
    simulation
        .run_until(|s| between(s) == 0, seconds(5))
        .expect("each asks the others, who do not understand");
    simulation.run_for(seconds(5));
    assert_eq!(simulation.peers(ours).len(), 5, "ours are dialled again");
    simulation.assert_sound();
}
