//! The figures of docs/RELIABILITY.md: short forms that always run, and the long ones, which print what they measured.
#![cfg(not(target_arch = "wasm32"))]

use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use rs2p::sim::scenario::{Scenario, ScenarioOptions, Summary, run};

/// Copies of a payload that a node receives of a message, at most, where nothing happens to the mesh.
const COPIES: f64 = 1.05;
/// The hops to the last node along the trees, at most, in hops to it when every node floods.
const STRETCH: f64 = 1.5;

fn played(scenario: Scenario, options: &ScenarioOptions) -> Summary {
    let summary = run(scenario, options, &mut |_| {});
    let failures: Vec<_> = summary.failures().collect();
    assert!(failures.is_empty(), "{failures:?}\n{}", summary.replay);
    summary
}

/// A mesh in which nothing happens, with every node flooding beside.
fn steady(nodes: usize) {
    let mut options = ScenarioOptions::new(nodes, 1);
    options.beside = true;
    let summary = played(Scenario::Start, &options);
    let (trees, flood) = (summary.figures, summary.beside.expect("it was asked for"));
    println!("{nodes} nodes: {trees:?}\nflooding: {flood:?}");
    assert_eq!((trees.reached, flood.reached), (trees.due, flood.due));
    assert!(trees.copies <= COPIES, "{trees:?}");
    assert!(
        trees.last_hops <= STRETCH * flood.last_hops,
        "{trees:?}\n{flood:?}"
    );
}

/// A mesh of which so many of 100 nodes die at once.
fn mass_failure(nodes: usize, kill: u8, seed: u64) {
    let mut options = ScenarioOptions::new(nodes, seed);
    options.kill = kill;
    let summary = played(Scenario::MassFailure, &options);
    println!("{nodes} nodes, {kill} % killed: {:?}", summary.liveness);
}

/// A tab that loses its relay, from each of so many seeds, on all cores.
fn catch_up(seeds: u64) {
    let next = AtomicU64::new(1);
    let cores = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| {
        for _ in 0..cores {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed > seeds {
                        return;
                    }
                    let options = ScenarioOptions::new(ScenarioOptions::FEWEST, seed);
                    let figures = played(Scenario::CatchUp, &options).figures;
                    assert_eq!((figures.messages, figures.reached), (2_000, 6_000));
                }
            });
        }
    });
    println!("{seeds} of {seeds} tabs have all 2,000 messages");
}

#[test]
fn payloads_travel_once_to_each_node_and_hardly_farther_than_in_a_flood() {
    [10, 60].into_iter().for_each(steady);
}

#[test]
fn who_survives_a_mass_failure_has_the_next_message() {
    for seed in 1..=3 {
        mass_failure(60, 50, seed);
    }
}

#[test]
fn a_tab_without_its_relay_for_20_s_misses_nothing() {
    catch_up(2);
}

#[test]
fn whatever_happens_to_a_mesh_it_heals() {
    for scenario in Scenario::ALL {
        played(scenario, &ScenarioOptions::new(24, 1));
    }
}

#[test]
#[ignore = "long: run by cargo xtask test --long"]
fn payloads_travel_once_to_each_of_1_000_nodes() {
    [100, 1_000].into_iter().for_each(steady);
}

#[test]
#[ignore = "long: run by cargo xtask test --long"]
fn survivors_of_1_000_nodes_have_the_next_message() {
    for kill in [50, 80, 95] {
        for seed in 1..=5 {
            mass_failure(1_000, kill, seed);
        }
    }
}

#[test]
#[ignore = "long: run by cargo xtask test --long"]
fn ten_thousand_tabs_without_their_relay_for_20_s_miss_nothing() {
    catch_up(10_000);
}
