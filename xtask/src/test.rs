//! Runs the stages of the test, one after the other, and sums them up.

use std::process::ExitCode;
use std::time::Instant;

use crate::project::Project;
use crate::report::{Row, Summary, Tally, clock};
use crate::stages::{Run, STAGES, Stage};

/// Runs all stages; or one, if `selection` is its name; or of all stages the tests with `selection` in their name.
///
/// A stage that fails does not keep the next from running. The last line printed is the sum of all tests.
pub(crate) fn run(project: &Project, selection: Option<&str>) -> ExitCode {
    let named = STAGES.iter().find(|stage| Some(stage.name) == selection);
    let filter = if named.is_some() { None } else { selection };
    let stages = STAGES
        .iter()
        .filter(|stage| named.is_none_or(|named| named.needs(stage)));
    let begun = Instant::now();
    let mut summary = Summary::default();
    for stage in stages {
        let Stage { name, what, .. } = stage;
        println!("\n== {name}: {what} ({} so far)\n", clock(begun.elapsed()));
        summary.rows.push(run_stage(project, stage, filter));
    }
    conclude(&summary, filter)
}

fn run_stage(project: &Project, stage: &Stage, filter: Option<&str>) -> Row {
    let begun = Instant::now();
    let mut tally = Tally::default();
    let outcome = (stage.run)(&mut Run {
        project,
        filter,
        tally: &mut tally,
    });
    if let Err(failure) = &outcome {
        eprintln!("\nerror: {failure}");
    }
    Row {
        stage: stage.name,
        ok: outcome.is_ok() && tally.failed == 0,
        tally,
        time: begun.elapsed(),
    }
}

/// Prints the table and, as the last line of the output, the sum.
fn conclude(summary: &Summary, filter: Option<&str>) -> ExitCode {
    let sum = summary.tally();
    let nothing_found = filter.filter(|_| summary.ok() && sum.is_empty());
    println!("\n{summary}");
    if let Some(filter) = nothing_found {
        println!("No test has `{filter}` in its name.\n");
    }
    println!("{} passed, {} failed", sum.passed, sum.failed);
    if summary.ok() && nothing_found.is_none() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}
