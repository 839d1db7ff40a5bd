//! Named scenarios: what they say, and that they say the same everywhere.

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use rs2p::sim::scenario::{NodeState, Scenario, ScenarioOptions, Summary, run};

fn played(scenario: Scenario, nodes: usize, change: impl FnOnce(&mut ScenarioOptions)) -> Summary {
    let mut options = ScenarioOptions::new(nodes, 3);
    change(&mut options);
    run(scenario, &options, &mut |_| {})
}

#[test]
fn a_calm_mesh_keeps_all_its_promises() {
    let summary = played(Scenario::Start, 20, |_| {});
    assert!(
        summary.passed(),
        "{:?}",
        summary.failures().collect::<Vec<_>>()
    );
    let figures = &summary.figures;
    assert_eq!(figures.reached, figures.due);
    assert!(figures.copies < 1.05, "{figures:?}");
    let samples = &summary.samples;
    assert!(
        samples
            .iter()
            .any(|sample| sample.up == 20 && sample.parts == 1)
    );
}

#[test]
fn the_same_options_give_the_same_summary() {
    let trace = |seed| {
        let summary = played(Scenario::Churn, 12, |options| options.seed = seed);
        (summary.trace.clone(), summary.steps, summary.figures)
    };
    assert_eq!(trace(1), trace(1));
    assert_ne!(trace(1).0, trace(2).0);
}

#[test]
fn flooding_costs_more_copies_and_is_measured_beside_the_trees() {
    let summary = played(Scenario::Start, 20, |options| options.beside = true);
    let beside = summary.beside.expect("it was asked for");
    assert_eq!(beside.reached, beside.due);
    assert!(beside.copies > 2.0 * summary.figures.copies, "{beside:?}");
}

#[test]
fn a_picture_shows_who_was_killed_and_how_each_message_went() {
    let summary = played(Scenario::MassFailure, 20, |options| options.picture = true);
    let picture = summary.picture.expect("it was asked for");
    assert_eq!((picture.places.len(), picture.kinds.len()), (20, 20));
    let killed = picture
        .states
        .iter()
        .filter(|change| change.2 == NodeState::Killed);
    assert_eq!(killed.count(), 10);
    assert!(picture.links.iter().any(|span| span.3.is_some()));
    for wave in picture.waves {
        let origin = wave.origin as usize;
        assert_eq!(
            (wave.arrivals[origin], wave.parents[origin]),
            (Some(0.0), None)
        );
    }
}

#[test]
fn nobody_left_is_a_promise_that_is_not_kept_and_the_line_to_see_it_again() {
    let summary = played(Scenario::MassFailure, 4, |options| options.kill = 99);
    assert!(!summary.passed());
    let failures: Vec<_> = summary.failures().collect();
    assert!(
        failures[0].contains("nobody could send one"),
        "{failures:?}"
    );
    assert_eq!(
        summary.replay,
        "rs2p sim --scenario mass-failure --nodes 4 --seed 3 --kill 99"
    );
}

#[test]
fn values_out_of_their_bounds_are_the_nearest_within() {
    let summary = played(Scenario::Start, 0, |_| {});
    assert_eq!(summary.nodes, ScenarioOptions::FEWEST);
}

#[test]
fn a_tab_that_lost_its_relay_has_every_message_afterwards() {
    let summary = played(Scenario::CatchUp, 4, |_| {});
    assert!(
        summary.passed(),
        "{:?}",
        summary.failures().collect::<Vec<_>>()
    );
    // Each of the three others has each of the 2,000.
    assert_eq!(
        (summary.figures.due, summary.figures.reached),
        (6_000, 6_000)
    );
}

/// Plays a scenario with some seeds, each of which has to pass.
fn assert_passes(scenario: Scenario, nodes: usize, seeds: core::ops::Range<u64>) -> Vec<Summary> {
    let play = |seed| played(scenario, nodes, |options| options.seed = seed);
    let summaries: Vec<_> = seeds.map(play).collect();
    for summary in &summaries {
        let failures: Vec<_> = summary.failures().collect();
        assert!(summary.passed(), "{failures:?}\n{}", summary.replay);
    }
    summaries
}

/// What was counted.
fn finding(summary: &Summary, what: &str) -> f64 {
    let found = summary.findings.iter().find(|found| found.what == what);
    found.expect("it is counted").value
}

#[test]
fn a_fresh_node_finds_honest_ones_among_poison() {
    for summary in assert_passes(Scenario::Poison, 10, 1..4) {
        assert!(finding(&summary, "honest links at the end") >= 2.0);
        assert!(finding(&summary, "dials") < 1_000.0);
    }
}

#[test]
#[cfg(not(target_arch = "wasm32"))]
#[ignore = "long: run by cargo xtask test --long"]
fn a_fresh_node_finds_honest_ones_among_poison_whatever_the_seed() {
    assert_passes(Scenario::Poison, 10, 0..1_000);
    assert_passes(Scenario::Poison, 100, 0..100);
}

#[test]
fn strangers_who_hand_nothing_on_keep_no_message_from_anybody() {
    let [summary] = &assert_passes(Scenario::Sybils, 8, 1..2)[..] else {
        unreachable!("one seed")
    };
    assert!(summary.figures.due > 500, "{:?}", summary.figures);
}

#[test]
#[cfg(not(target_arch = "wasm32"))]
#[ignore = "long: run by cargo xtask test --long"]
fn eight_hundred_strangers_keep_no_message_from_two_hundred_nodes() {
    assert_passes(Scenario::Sybils, 200, 1..4);
}

#[test]
#[cfg(not(target_arch = "wasm32"))]
#[ignore = "long: run by cargo xtask test --long"]
fn no_claim_of_a_thousand_displaces_a_link_whatever_the_seed() {
    assert_passes(Scenario::Kick, 9, 1..101);
}

#[test]
fn no_claim_of_a_thousand_displaces_a_link() {
    let [summary] = &assert_passes(Scenario::Kick, 4, 1..2)[..] else {
        unreachable!("one seed")
    };
    assert_eq!(finding(summary, "claims"), 1_000.0);
}
