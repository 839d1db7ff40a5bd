//! The project's own commands, run as `cargo xtask COMMAND`.
//!
//! Everything that building, showing and testing the project needs beyond cargo stands here, one idea a module:
//! what must be installed ([`tools`]), the npm package ([`package`]), the page ([`page`]), the demo ([`demo`]), the tests (`test`), the figures ([`mod@bench`]),
//! the instructions ([`gate`]) and the order
//! of the modules in `src` ([`floors`]). The standard library is enough: a task runner that has to be built before
//! anything else must build in seconds.

mod bench;
mod browser;
mod bundlers;
mod codec;
mod demo;
mod differential;
mod firefox;
mod floors;
mod fuzz;
mod gate;
mod harness;
mod js2p;
mod lean;
mod node;
mod npm;
mod package;
mod page;
mod process;
mod project;
mod python;
mod report;
mod sim;
mod size;
mod stages;
mod steps;
mod test;
mod tools;
mod types;
mod wasm_pack;

use std::process::ExitCode;

use process::{Failure, Outcome};
use project::Project;
use test::Selection;

const HELP: &str = "\
The project's own commands

Usage: cargo xtask COMMAND

  demo [--port N] [--subnet NAME]   build all, start a relay with the page, say what to open and to paste
  test [--long] [STAGE | FILTER]    run all tests, one stage, or the tests with FILTER in their name;
                                    with --long also those that take minutes
  npm                               build the npm package into target/npm
  codec [OPTION...]                 measure the package's codec beside others in Chromium; the options are those of
                                    benches/page/codec.mjs
  page                              build the page, with the package in it, into target/www
  setup [TOOL...]                   install what test and demo need, or only the named tools
  sim [--seeds N] [--from N]        run storms of the simulator, 2,000 if not told otherwise
  sim --replay LINE                 run the storm of that line again
  sim --defects                     put known defects into a copy of the core: the storms have to find each
  fuzz [TARGET...] [--seconds N | --runs N]
                                    run the fuzz targets, all of them if none is named, for 60 s each if not told otherwise
  fuzz differential [--runs N]      compare our msgpack with that of py2p and js2p over N messages, 100,000 if not told otherwise
  bench [--cell NAME]... [--runs N] [--quick]
                                    measure the relay beside others and write docs/PERFORMANCE.md; --quick only shows that it works
  gate [--accept]                   count the instructions of the codec and of the core, and fail if they grew beyond
                                    benches/instructions.toml; with --accept write that anew
  floors                            check that the modules of src import downward only

";

fn help() -> String {
    let stages = stages::STAGES.map(|stage| stage.name).join(", ");
    let tools = tools::TOOLS.map(|(name, _)| name).join(", ");
    format!("{HELP}Stages: {stages}\nTools:  {tools}\n")
}

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = args.iter().map(String::as_str).collect();
    dispatch(&words).unwrap_or_else(|failure| {
        eprintln!("\nerror: {failure}");
        ExitCode::FAILURE
    })
}

fn dispatch(words: &[&str]) -> Outcome<ExitCode> {
    let project = Project::locate()?;
    match words {
        [] | ["help" | "-h" | "--help", ..] => print!("{}", help()),
        ["demo", options @ ..] => demo::run(&project, options)?,
        ["test", selection @ ..] => {
            let selection = Selection::of(selection).ok_or_else(|| not_understood(words))?;
            return Ok(test::run(&project, selection));
        }
        ["npm"] => package::build(&project)?,
        ["codec", options @ ..] => codec::compare(&project, options)?,
        ["page"] => page::build(&project)?,
        ["setup", names @ ..] => tools::install(&project, names)?,
        ["sim", words @ ..] => {
            let task = sim::Task::of(words).ok_or_else(|| not_understood(words))?;
            sim::run(&project, &task)?;
        }
        ["fuzz", words @ ..] => {
            let task = fuzz::Task::of(words).ok_or_else(|| not_understood(words))?;
            fuzz::run(&project, &task)?;
        }
        ["bench", words @ ..] => {
            let task = bench::Task::of(words).ok_or_else(|| not_understood(words))?;
            bench::run(&project, &task)?;
        }
        ["gate", words @ ..] => {
            let task = gate::Task::of(words).ok_or_else(|| not_understood(words))?;
            gate::run(&project, task)?;
        }
        ["floors"] => floors::check(&project)?,
        _ => return Err(not_understood(words)),
    }
    Ok(ExitCode::SUCCESS)
}

fn not_understood(words: &[&str]) -> Failure {
    let words = words.join(" ");
    format!("`cargo xtask {words}` is not understood\n\n{}", help()).into()
}
