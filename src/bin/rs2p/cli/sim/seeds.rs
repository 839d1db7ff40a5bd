//! Many seeds of one scenario, on all cores. The first that fails, in the order of the seeds, is told.

use core::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::thread;

use rs2p::sim::scenario::{self, Scenario, ScenarioOptions, Summary};
use serde::Serialize;

use super::super::args::Sim;
use super::super::fault::Fault;
use super::super::output::{Output, Reader};
use super::bar::Bar;
use super::host::{Taken, Watch};
use super::text::grouped;
use super::{json, judge};

/// What many runs showed.
#[derive(Debug, Serialize)]
struct Tally {
    scenario: Scenario,
    nodes: usize,
    first_seed: u64,
    seeds: u64,
    passed: u64,
    steps: u64,
    /// Deliveries that were due in all runs, and how many of them there were.
    due: u64,
    reached: u64,
    #[serde(flatten)]
    taken: Option<Taken>,
}

/// Runs `count` seeds.
pub(super) async fn run(args: &Sim, options: &ScenarioOptions, count: u64) -> Result<(), Fault> {
    let watch = Watch::start();
    let mut tally = Tally {
        scenario: args.scenario,
        nodes: options.nodes,
        first_seed: options.seed,
        seeds: count,
        passed: 0,
        steps: 0,
        due: 0,
        reached: 0,
        taken: None,
    };
    let failed = play(args.scenario, options, &mut tally);
    tally.taken = Some(watch.stop());
    let mut output = Output::new(args.style.json);
    let line = match output.reader() {
        Reader::Program => json(&tally),
        Reader::Person { .. } => words(&tally),
    };
    output.line(line).await?;
    failed.map_or(Ok(()), |summary| judge(&summary))
}

/// Plays all of them; gives back the first that failed.
fn play(scenario: Scenario, options: &ScenarioOptions, tally: &mut Tally) -> Option<Summary> {
    let next = AtomicU64::new(0);
    let end = AtomicU64::new(tally.seeds);
    let cores = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| {
        let (told, outcomes) = channel();
        for _ in 0..cores {
            let (told, next, end) = (told.clone(), &next, &end);
            scope.spawn(move || {
                loop {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    if index >= end.load(Ordering::Relaxed) {
                        return;
                    }
                    let mut options = options.clone();
                    options.seed = options.seed.wrapping_add(index);
                    let summary = scenario::run(scenario, &options, &mut |_| {});
                    if !summary.passed() {
                        // Later ones need not begin.
                        end.fetch_min(index, Ordering::Relaxed);
                    }
                    if told.send((index, summary)).is_err() {
                        return;
                    }
                }
            });
        }
        drop(told);
        count(&outcomes, tally)
    })
}

fn count(outcomes: &Receiver<(u64, Summary)>, tally: &mut Tally) -> Option<Summary> {
    let mut bar = Bar::of_seeds();
    let mut failed: Option<(u64, Summary)> = None;
    for (index, summary) in outcomes {
        tally.steps += summary.steps;
        tally.due += summary.figures.due;
        tally.reached += summary.figures.reached;
        if summary.passed() {
            tally.passed += 1;
        } else if failed.as_ref().is_none_or(|(first, _)| index < *first) {
            failed = Some((index, summary));
        }
        let (passed, seeds) = (tally.passed, tally.seeds);
        let words = || format!("{} of {} seeds passed", grouped(passed), grouped(seeds));
        bar.set(passed as f64 / seeds as f64, words);
    }
    bar.finish();
    failed.map(|(_, summary)| summary)
}

fn words(tally: &Tally) -> String {
    let took = tally
        .taken
        .map_or(0.0, |taken| taken.took_ms as f64 / 1_000.0);
    format!(
        "{}, {} nodes: {} of {} seeds passed from seed {} on, {} of {} deliveries, {} steps in {took:.1} s",
        tally.scenario,
        grouped(tally.nodes as u64),
        grouped(tally.passed),
        grouped(tally.seeds),
        tally.first_seed,
        grouped(tally.reached),
        grouped(tally.due),
        grouped(tally.steps),
    )
}
