//! `rs2p sim`: what it writes, where, and what its exit code says.

use std::fs;

use crate::program::{Folder, json, run};

#[test]
fn a_program_gets_one_object_with_the_verdict_and_the_figures() {
    let ended = run(&["sim", "--nodes", "8", "--seed", "3"]);
    let [line] = &ended.well_in_the_end().stdout[..] else {
        panic!("{ended:#?}")
    };
    let summary = json(line);
    assert_eq!(summary["scenario"], "start");
    assert_eq!(
        summary["replay"],
        "rs2p sim --scenario start --nodes 8 --seed 3"
    );
    assert!(summary["safety"]["violation"].is_null(), "{summary}");
    let goals = summary["liveness"].as_array().expect("goals");
    assert!(goals.iter().all(|goal| goal["met"] == true), "{summary}");
    assert!(summary["figures"]["due"].as_u64() > Some(0));
    assert_eq!(summary["figures"]["due"], summary["figures"]["reached"]);
    assert!(summary.get("picture").is_none());
}

#[test]
fn the_same_words_give_the_same_run_and_another_seed_another() {
    let trace = |seed: &str| {
        let ended = run(&["sim", "--scenario", "churn", "--nodes", "8", "--seed", seed]);
        json(&ended.well_in_the_end().stdout[0])["trace"].clone()
    };
    assert_eq!(trace("5"), trace("5"));
    assert_ne!(trace("5"), trace("6"));
}

#[test]
fn a_report_is_one_page_that_needs_nothing_else() {
    let folder = Folder::new();
    let path = folder.path().join("sim.html");
    let words = [
        "sim",
        "--scenario",
        "relay-star",
        "--nodes",
        "8",
        "--report",
    ];
    let path = path.to_str().expect("a path");
    // Whether it passes is not the matter here.
    run(&[&words[..], &[path]].concat());
    let page = fs::read_to_string(path).expect("the page");
    assert!(page.starts_with("<!doctype html>") && page.trim_end().ends_with("</html>"));
    assert!(page.contains("\"scenario\":\"relay-star\""));
}

#[test]
fn a_report_that_cannot_be_written_is_one_line_and_exit_1() {
    let ended = run(&["sim", "--nodes", "4", "--report", "/nowhere/sim.html"]);
    let fault = ended.fault(1);
    assert!(
        fault.starts_with("--report: /nowhere/sim.html cannot be written: "),
        "{fault}"
    );
}

#[test]
fn many_seeds_are_one_line_that_counts_them() {
    let ended = run(&["sim", "--nodes", "4", "--seed", "7", "--seeds", "3"]);
    let tally = json(&ended.well_in_the_end().stdout[0]);
    assert_eq!(
        (&tally["first_seed"], &tally["passed"]),
        (&7.into(), &3.into())
    );
    assert_eq!(tally["due"], tally["reached"]);
}

#[test]
fn a_mesh_that_does_not_keep_its_promises_is_exit_1_and_the_line_that_shows_it_again() {
    // Nobody is left of four.
    let words = [
        "sim",
        "--scenario",
        "mass-failure",
        "--nodes",
        "4",
        "--kill",
        "99",
    ];
    let ended = run(&words);
    assert_eq!((ended.code, ended.stdout.len()), (Some(1), 1), "{ended:#?}");
    let [fault] = &ended.stderr[..] else {
        panic!("{ended:#?}")
    };
    assert!(
        fault.ends_with(
            "; to see it again: rs2p sim --scenario mass-failure --nodes 4 --seed 1 --kill 99"
        ),
        "{fault}"
    );
    assert!(fault.contains("the next message"), "{fault}");
}
