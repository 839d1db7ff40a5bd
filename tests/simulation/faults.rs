//! What goes wrong does so as it would outside.

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use rs2p::mesh::Event;
use rs2p::sim::{NodeOptions, Notice, Options, Simulation, Stopped};

use crate::worlds::{line, seconds, star};

#[test]
fn nothing_passes_a_partition_and_all_of_it_after() {
    let (mut simulation, places) = line(1, 4);
    simulation.partition(&[&places[..2], &places[2..]]);
    let lost = simulation.broadcast(places[0], "lost").expect("linked");
    simulation.run_for(seconds(10));
    let delivered = |s: &Simulation, place| s.figures().arrival(lost, place).delivered;
    assert_eq!(delivered(&simulation, places[1]), 1);
    assert_eq!(delivered(&simulation, places[2]), 0);
    simulation.heal();
    simulation.run_for(seconds(2));
    assert_eq!(delivered(&simulation, places[3]), 1);
    simulation.assert_sound();
}

#[test]
fn a_long_partition_ends_links_and_they_come_back() {
    let (mut simulation, places) = line(2, 2);
    simulation.partition(&[&places[..1]]);
    simulation.run_for(seconds(40));
    assert_eq!(simulation.components().len(), 2);
    simulation.heal();
    simulation
        .run_until(|s| s.components().len() == 1, seconds(60))
        .expect("the dialler dials for ever");
    simulation.assert_sound();
}

#[test]
fn a_node_that_dies_is_missed_at_once_and_found_again() {
    let (mut simulation, relay, tabs) = star(3, 3);
    simulation.kill(relay);
    simulation.run_for(seconds(1));
    assert!(simulation.peers(tabs[0]).is_empty());
    assert!(!simulation.is_alive(relay));
    simulation.restart(relay);
    simulation
        .run_until(|s| s.components().len() == 1, seconds(30))
        .expect("tabs dial for ever");
    simulation.assert_sound();
}

#[test]
fn a_frozen_node_does_nothing_and_all_at_once_afterwards() {
    let (mut simulation, _, tabs) = star(4, 2);
    simulation.freeze(tabs[1]);
    let hello = simulation.broadcast(tabs[0], "hello").expect("linked");
    simulation.run_for(seconds(20));
    assert_eq!(simulation.figures().arrival(hello, tabs[1]).copies, 0);
    simulation.thaw(tabs[1]);
    simulation.run_for(seconds(1));
    assert_eq!(simulation.figures().arrival(hello, tabs[1]).delivered, 1);
    simulation.assert_sound();
}

#[test]
fn a_slow_reader_gets_what_it_can_read() {
    let (mut simulation, _, tabs) = star(5, 2);
    simulation.stall(tabs[1], Some(1_000));
    let sent: Vec<_> = (0..10)
        .map(|_| simulation.broadcast(tabs[0], vec![7; 700]).expect("linked"))
        .collect();
    simulation.run_for(seconds(5));
    let arrived = |s: &Simulation| {
        let has = |&&broadcast: &&_| s.figures().arrival(broadcast, tabs[1]).copies > 0;
        sent.iter().filter(has).count()
    };
    assert!((1..10).contains(&arrived(&simulation)));
    simulation.stall(tabs[1], None);
    simulation.run_for(seconds(1));
    assert_eq!(arrived(&simulation), 10);
}

#[test]
fn a_lost_link_is_told_to_whom_it_is_told() {
    for (notice, told) in [
        (Notice::Both, [true, true]),
        (Notice::Only(rs2p::sim::Place::new(0)), [true, false]),
    ] {
        let (mut simulation, places) = line(6, 2);
        let is_down = |events: &[Event]| {
            events
                .iter()
                .any(|event| matches!(event, Event::PeerDown { .. }))
        };
        simulation.lose_link(places[0], places[1], notice);
        simulation.run_for(core::time::Duration::from_millis(100));
        let down = [0, 1].map(|at| is_down(&simulation.take_events(places[at])));
        assert_eq!(down, told);
    }
}

#[test]
fn what_does_not_come_is_told_with_the_line_to_have_it_again() {
    let mut simulation = Simulation::new(Options::seeded(77));
    simulation.add(NodeOptions::node());
    simulation.add(NodeOptions::node());
    let stopped = simulation.run_until(|s| s.components().len() == 1, seconds(9));
    assert!(matches!(&stopped, Err(Stopped::Timeout { .. })));
    let words = stopped.expect_err("nobody dials").to_string();
    assert!(words.contains("seed=77"), "{words}");
    assert_eq!(simulation.now().as_micros(), 9_000_000);
}
