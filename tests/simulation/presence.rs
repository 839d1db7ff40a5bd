//! Who is in the mesh, in networks with faults: everybody who is, and nobody who is not.

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use rs2p::mesh::{Departure, Event};
use rs2p::sim::{NodeOptions, Notice, Options, Place, Relative, Simulation};

use crate::worlds::seconds;

/// Two relays that know each other, and tabs at both of them in turn.
fn two_relays(seed: u64, tabs: usize) -> (Simulation, [Place; 2], Vec<Place>) {
    let mut simulation = Simulation::new(Options::seeded(seed));
    let one = simulation.add(NodeOptions::relay());
    let other = simulation.add(NodeOptions::relay().seed(one));
    let relays = [one, other];
    let tab = |number: usize| {
        let (home, away) = (relays[number % 2], relays[(number + 1) % 2]);
        NodeOptions::tab().seed(home).seed(away)
    };
    let tabs = (0..tabs)
        .map(|number| simulation.add(tab(number)))
        .collect();
    simulation.run_for(seconds(5));
    (simulation, relays, tabs)
}

fn expect_members(simulation: &mut Simulation, limit: u64) {
    if let Err(violation) = simulation.expect_members(seconds(limit)) {
        panic!("{violation}");
    }
}

/// Who left, as one was told since the last look.
fn departures(simulation: &mut Simulation, at: Place) -> Vec<(Place, Departure)> {
    let events = simulation.take_events(at);
    let left = events.into_iter().filter_map(|event| match event {
        Event::MemberLeft { node, reason } => Some((simulation.place_of(&node)?, reason)),
        _ => None,
    });
    left.collect()
}

#[test]
fn a_hundred_tabs_at_two_relays_know_each_other() {
    let (mut simulation, _, tabs) = two_relays(7, 100);
    expect_members(&mut simulation, 1);
    assert_eq!(simulation.members(tabs[99]).len(), 101);
}

#[test]
fn a_herd_of_tabs_costs_little_more_than_what_each_has_to_know() {
    let (simulation, _, tabs) = two_relays(7, 100);
    for tab in tabs {
        let stats = simulation.mesh(tab).expect("it lives").stats();
        // A hundred entries of some hundred bytes, by two links, besides what a tab hears otherwise.
        assert!(stats.received_bytes < 80_000, "{}", stats.received_bytes);
    }
}

#[test]
fn while_tabs_come_and_go_nobody_stays_who_left() {
    let (mut simulation, _, tabs) = two_relays(11, 30);
    for round in 0..60 {
        let tab = tabs[round * 7 % tabs.len()];
        match round % 3 {
            0 => simulation.kill(tab),
            1 => simulation.restart(tab),
            _ => simulation.restart(tabs[round % tabs.len()]),
        }
        simulation.run_for(seconds(1));
    }
    expect_members(&mut simulation, 10);
}

#[test]
fn a_relay_that_dies_takes_nobody_along_who_finds_another() {
    let (mut simulation, [one, _], tabs) = two_relays(3, 20);
    departures(&mut simulation, tabs[0]);
    simulation.kill(one);
    expect_members(&mut simulation, 15);
    assert_eq!(
        departures(&mut simulation, tabs[0]),
        [(one, Departure::Lost)]
    );
}

#[test]
fn the_other_side_of_a_partition_leaves_and_comes_back() {
    let (mut simulation, [one, other], tabs) = two_relays(5, 20);
    let mut here: Vec<_> = tabs.iter().copied().step_by(2).collect();
    here.push(one);
    simulation.partition(&[&here]);
    simulation.run_for(seconds(60));
    expect_members(&mut simulation, 1);
    assert_eq!(simulation.members(one).len(), here.len() - 1);
    simulation.heal();
    let whole = simulation.expect_one_component(seconds(40));
    whole.expect("the halves find together");
    expect_members(&mut simulation, 1);
    assert_eq!(simulation.members(other).len(), 21);
}

#[test]
fn who_dies_without_a_word_is_gone_within_40_seconds_and_no_ghost_remains() {
    let (mut simulation, _, tabs) = two_relays(9, 20);
    simulation.take_events(tabs[1]);
    simulation.partition(&[&tabs[..1]]);
    simulation.run_for(seconds(40));
    assert_eq!(
        departures(&mut simulation, tabs[1]),
        [(tabs[0], Departure::Timeout)]
    );
    expect_members(&mut simulation, 1);
}

#[test]
fn a_link_that_only_its_dialler_lost_makes_no_ghost() {
    let (mut simulation, [one, _], tabs) = two_relays(13, 10);
    simulation.lose_link(tabs[0], one, Notice::Only(tabs[0]));
    simulation.kill(tabs[0]);
    simulation.run_for(seconds(40));
    expect_members(&mut simulation, 1);
}

#[test]
fn legacy_nodes_hear_nothing_of_it_and_hand_nothing_on() {
    let mut simulation = Simulation::new(Options::seeded(4));
    let js2p = simulation.add(NodeOptions::relative(Relative::Js2p));
    let one = simulation.add(
        NodeOptions::relay()
            .seed(js2p)
            .configure(|c| c.outgoing = 1),
    );
    let tab = simulation.add(NodeOptions::tab().seed(one));
    simulation.run_for(seconds(10));
    assert!(simulation.is_linked(one, js2p));
    assert_eq!(
        simulation.members(tab).into_iter().collect::<Vec<_>>(),
        [one]
    );
    expect_members(&mut simulation, 1);
    simulation.assert_sound();
}
