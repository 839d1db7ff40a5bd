//! Runs the stages of the test, one after the other, and sums them up.

use std::process::ExitCode;
use std::time::Instant;

use crate::project::Project;
use crate::report::{Row, Summary, Tally, clock};
use crate::stages::{Run, STAGES, Stage};

/// Which tests shall run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Selection<'a> {
    /// A stage, or a part of the names of tests.
    name: Option<&'a str>,
    /// Whether those that take minutes are among them.
    long: bool,
}

impl<'a> Selection<'a> {
    /// What the words behind `test` select; nothing if they make no sense.
    pub(crate) fn of(words: &[&'a str]) -> Option<Self> {
        let mut selection = Self::default();
        for &word in words {
            match word {
                "--long" => selection.long = true,
                name if name.starts_with('-') || selection.name.is_some() => return None,
                name => selection.name = Some(name),
            }
        }
        Some(selection)
    }

    /// The stage that is meant, if it is one.
    fn stage(&self) -> Option<&'static Stage> {
        STAGES.iter().find(|stage| Some(stage.name) == self.name)
    }

    fn takes(&self, stage: &Stage) -> bool {
        match self.stage() {
            Some(named) => named.needs(stage),
            None => self.long || !stage.long,
        }
    }
}

/// Runs all stages; or one, if it is selected, and those that it needs; or of all stages the tests of some name.
///
/// A stage that fails does not keep the next from running. The last line printed is the sum of all tests.
pub(crate) fn run(project: &Project, selection: Selection<'_>) -> ExitCode {
    let filter = selection.name.filter(|_| selection.stage().is_none());
    let begun = Instant::now();
    let mut summary = Summary::default();
    for stage in STAGES.iter().filter(|stage| selection.takes(stage)) {
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

#[cfg(test)]
mod tests {
    use super::*;

    fn stages(words: &[&str]) -> Vec<&'static str> {
        let selection = Selection::of(words).expect("words that make sense");
        let stages = STAGES.iter().filter(|stage| selection.takes(stage));
        stages.map(|stage| stage.name).collect()
    }

    #[test]
    fn what_takes_minutes_runs_only_when_asked_for() {
        let (all, usual) = (stages(&["--long"]), stages(&[]));
        assert_eq!(all.len(), STAGES.len());
        assert!(all.contains(&"long") && !usual.contains(&"long"));
        assert_eq!(stages(&["a_filter"]), usual);
        assert_eq!(stages(&["a_filter", "--long"]), all);
    }

    #[test]
    fn a_stage_runs_with_what_it_needs() {
        assert_eq!(stages(&["wasm"]), ["setup", "wasm"]);
        assert_eq!(stages(&["long"]), stages(&["--long", "long"]));
    }

    #[test]
    fn words_that_make_no_sense_select_nothing() {
        assert_eq!(Selection::of(&["native", "wasm"]), None);
        assert_eq!(Selection::of(&["--short"]), None);
    }
}
