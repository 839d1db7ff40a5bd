//! `rs2p sim`: plays a scenario of the simulator, and says what was seen.
//!
//! The scenarios and their figures are the library's; here they are only shown.
//!
//! | module | its one idea |
//! | --- | --- |
//! | `bar` | how far it is, on stderr |
//! | `seeds` | many runs at once |
//! | `text` | the summary for people |
//! | `page` | the summary as a page |
//! | `host` | what the run took of this machine |

mod bar;
mod host;
mod page;
mod seeds;
mod text;

use std::fs;
use std::path::Path;

use rs2p::sim::scenario::{self, Scenario, ScenarioOptions, Summary};
use serde::Serialize;

use super::args::Sim;
use super::fault::Fault;
use super::output::{Output, Reader};
use bar::Bar;
use host::{Taken, Watch};

/// Runs the command.
pub(super) async fn run(args: Sim) -> Result<(), Fault> {
    let options = options(&args)?;
    match args.seeds {
        Some(count) => seeds::run(&args, &options, count).await,
        None => run_one(&args, &options).await,
    }
}

fn options(args: &Sim) -> Result<ScenarioOptions, Fault> {
    if args.kill.is_some() && args.scenario != Scenario::MassFailure {
        return Err(Fault::usage(format!(
            "--kill: nobody is killed in {}: write --scenario mass-failure, or leave it out",
            args.scenario
        )));
    }
    let has_messages = !matches!(args.scenario, Scenario::Poison | Scenario::Kick);
    if !has_messages && (args.report.is_some() || args.flood || args.beside_flood) {
        return Err(Fault::usage(format!(
            "--report, --flood, --beside-flood: no messages are followed in {}: leave them out",
            args.scenario
        )));
    }
    let mut options = ScenarioOptions::new(args.nodes, args.seed);
    options.kill = args.kill.unwrap_or(options.kill);
    options.payload = args.payload;
    options.flood = args.flood;
    options.beside = args.beside_flood;
    options.picture = args.report.is_some();
    Ok(options)
}

async fn run_one(args: &Sim, options: &ScenarioOptions) -> Result<(), Fault> {
    if let Some(path) = &args.report {
        // Not only after minutes.
        write(path, "")?;
    }
    let watch = Watch::start();
    let mut bar = Bar::of_run(args.scenario, options);
    let mut summary = scenario::run(args.scenario, options, &mut |progress| bar.show(&progress));
    bar.finish();
    let taken = watch.stop();
    if let Some(path) = &args.report {
        write(path, &page::html(&summary))?;
        summary.picture = None;
    }
    let mut output = Output::new(args.style.json);
    let line = match output.reader() {
        Reader::Program => json(&Line {
            summary: &summary,
            taken,
        }),
        Reader::Person { colour } => {
            text::summary(&summary, &taken, args.report.as_deref(), colour)
        }
    };
    output.line(line).await?;
    judge(&summary)
}

/// The summary for programs, and what the run took.
#[derive(Serialize)]
struct Line<'a> {
    #[serde(flatten)]
    summary: &'a Summary,
    #[serde(flatten)]
    taken: Taken,
}

fn json(value: &impl Serialize) -> String {
    // Numbers, strings and containers of them, into memory: there is nothing that could fail.
    serde_json::to_string(value).unwrap_or_default()
}

fn write(path: &Path, text: &str) -> Result<(), Fault> {
    fs::write(path, text).map_err(|error| {
        Fault::job(format!(
            "--report: {} cannot be written: {error}",
            path.display()
        ))
    })
}

fn judge(summary: &Summary) -> Result<(), Fault> {
    let failures: Vec<String> = summary.failures().collect();
    match failures.is_empty() {
        true => Ok(()),
        false => Err(Fault::job(format!(
            "{}; to see it again: {}",
            failures.join("; "),
            summary.replay
        ))),
    }
}
