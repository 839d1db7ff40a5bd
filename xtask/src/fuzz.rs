//! Fuzzing: random bytes, which libFuzzer makes ever less random, against everything that reads what strangers send.
//!
//! The targets are those of `fuzz/Cargo.toml`. What was found interesting is kept in `target/fuzz/corpus`, and what broke a
//! rule in `target/fuzz/artifacts`.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::differential;
use crate::process::{self, Failure, Outcome};
use crate::project::{self, Project};
use crate::tools;

/// The version of cargo-fuzz, which knows the flags for the compiler.
const CARGO_FUZZ: &str = "0.13.2";

/// How long each target runs if nothing is said.
const MINUTE: Limit = Limit::Seconds(60);
/// How long the test runs each target.
const TEST: Limit = Limit::Seconds(10);

/// What each input may take: 256 MiB of memory in all, 1 GiB of address space, so that what is only reserved counts too, and
/// five seconds on a busy machine.
const BOUNDS: [&str; 3] = ["-rss_limit_mb=256", "-timeout=5", "-max_len=2048"];
const ADDRESS_SPACE_KIB: &str = "1048576";

/// When a target has run for long enough.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Limit {
    Seconds(u64),
    Runs(u64),
}

impl Limit {
    fn flag(self) -> String {
        match self {
            Self::Seconds(seconds) => format!("-max_total_time={seconds}"),
            Self::Runs(runs) => format!("-runs={runs}"),
        }
    }
}

/// What the words behind `fuzz` ask for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Task<'a> {
    /// All if none is named.
    targets: Vec<&'a str>,
    limit: Option<Limit>,
}

impl<'a> Task<'a> {
    /// Nothing if the words make no sense.
    pub(crate) fn of(words: &[&'a str]) -> Option<Self> {
        let mut task = Self {
            targets: Vec::new(),
            limit: None,
        };
        let mut words = words.iter();
        while let Some(&word) = words.next() {
            match word {
                "--seconds" => task.limit = Some(Limit::Seconds(words.next()?.parse().ok()?)),
                "--runs" => task.limit = Some(Limit::Runs(words.next()?.parse().ok()?)),
                name if name.starts_with('-') => return None,
                name => task.targets.push(name),
            }
        }
        Some(task)
    }

    /// How many messages are compared, which takes no time that could be told before.
    fn messages(&self) -> Outcome<u64> {
        const MANY: u64 = 100_000;
        match self.limit {
            None => Ok(MANY),
            Some(Limit::Runs(runs)) => Ok(runs),
            Some(Limit::Seconds(_)) => Err("messages are counted: write --runs N".into()),
        }
    }
}

/// Builds all targets and runs those that were asked for, one after the other, until one breaks a rule.
pub(crate) fn run(project: &Project, task: &Task<'_>) -> Outcome {
    if task.targets == [differential::NAME] {
        return differential::run(project, task.messages()?);
    }
    let all = targets(project)?;
    if let Some(unknown) = task
        .targets
        .iter()
        .find(|name| !all.iter().any(|t| t == *name))
    {
        let all = all.join(", ");
        return Err(format!("there is no fuzz target `{unknown}`; there are {all}").into());
    }
    let is_wanted =
        |name: &&String| task.targets.is_empty() || task.targets.contains(&name.as_str());
    let wanted: Vec<_> = all.iter().filter(is_wanted).collect();
    run_all(project, &wanted, task.limit.unwrap_or(MINUTE))
}

/// Runs every target for a short time; says how many there are.
pub(crate) fn test(project: &Project) -> Outcome<usize> {
    let all = targets(project)?;
    run_all(project, &all.iter().collect::<Vec<_>>(), TEST)?;
    Ok(all.len())
}

fn run_all(project: &Project, names: &[&String], limit: Limit) -> Outcome {
    build(project)?;
    let mut sum = 0;
    for name in names {
        let figures = run_one(project, name, limit)?;
        println!("{}", figures.line(name));
        sum += figures.executions;
    }
    println!(
        "{sum} executions of {} targets, and no rule was broken.",
        names.len()
    );
    Ok(())
}

/// The names of the programs in `fuzz/Cargo.toml`.
fn targets(project: &Project) -> Outcome<Vec<String>> {
    let manifest = project::read(&project.path("fuzz/Cargo.toml"))?;
    Ok(targets_in(&manifest))
}

fn targets_in(manifest: &str) -> Vec<String> {
    let names = manifest.lines().filter_map(|line| {
        let path = line.strip_prefix("path = \"targets/")?;
        path.strip_suffix(".rs\"").map(str::to_owned)
    });
    names.collect()
}

/// Builds the targets with what makes them tell libFuzzer where they go, and with debug assertions. No sanitizer: the
/// project has no `unsafe`, and what one finds in the libraries in C would need those to be built with it.
fn build(project: &Project) -> Outcome {
    if process::in_path(&["c++", "g++", "clang++"]).is_none() {
        tools::apt_install(
            &["g++"],
            "libFuzzer is built with a C++ compiler: install g++ or clang",
        )?;
    }
    let mut fuzz = Command::new(cargo_fuzz(project)?);
    fuzz.current_dir(project.path("fuzz"));
    fuzz.args(["fuzz", "build", "--sanitizer=none", "--target-dir"]);
    fuzz.arg(project.path("target/fuzz/build"));
    // The flags are not stable, though what they do is the same in every compiler of the last years.
    fuzz.env("RUSTC_BOOTSTRAP", "1");
    process::run(&mut fuzz)
}

/// cargo-fuzz, installed into the project's own folder if it is not there.
fn cargo_fuzz(project: &Project) -> Outcome<PathBuf> {
    let program = project.path("target/tools/bin/cargo-fuzz");
    let installed = process::answer(Command::new(&program).args(["fuzz", "--version"]));
    if installed.is_none_or(|text| !text.ends_with(CARGO_FUZZ)) {
        tools::getting("cargo-fuzz", "builds the fuzz targets; a minute, once");
        let mut install = project.cargo();
        install.args(["install", "cargo-fuzz", "--locked", "--force", "--version"]);
        install.arg(format!("={CARGO_FUZZ}")).arg("--root");
        process::run(install.arg(project.path("target/tools")))?;
    }
    Ok(program)
}

/// The program of a target, for the machine that this is.
fn program(project: &Project, name: &str) -> Outcome<PathBuf> {
    let version = process::answer(Command::new("rustc").arg("-vV")).unwrap_or_default();
    let host = version.lines().find_map(|line| line.strip_prefix("host: "));
    let host = host.ok_or("`rustc -vV` does not say for which machine it compiles")?;
    Ok(project.path(&format!("target/fuzz/build/{host}/release/{name}")))
}

fn run_one(project: &Project, name: &str, limit: Limit) -> Outcome<Figures> {
    let program = program(project, name)?;
    let [corpus, artifacts] = ["corpus", "artifacts"].map(|folder| {
        let folder = project.path(&format!("target/fuzz/{folder}/{name}"));
        fs::create_dir_all(&folder).map(|()| folder)
    });
    let cannot = |error: std::io::Error| Failure::from(format!("target/fuzz: {error}"));
    let log = project.path(&format!("target/fuzz/{name}.log"));
    let mut fuzz = bounded(&program);
    fuzz.args(BOUNDS)
        .arg(limit.flag())
        .arg("-print_final_stats=1");
    let artifacts = artifacts.map_err(cannot)?;
    fuzz.arg(format!("-artifact_prefix={}/", artifacts.display()));
    fuzz.arg(corpus.map_err(cannot)?);
    fuzz.arg(project.path(&format!("fuzz/seeds/{name}")));
    fuzz.stdout(Stdio::null());
    fuzz.stderr(File::create(&log).map_err(cannot)?);
    let status = fuzz
        .status()
        .map_err(|error| process::not_started(&fuzz, &error))?;
    let said = String::from_utf8_lossy(&fs::read(&log).map_err(cannot)?).into_owned();
    if status.success() {
        return Ok(Figures::of(&said));
    }
    Err(broken(project, name, &program, &said))
}

/// A program that has no more address space than it may.
fn bounded(program: &Path) -> Command {
    let mut shell = Command::new("sh");
    // A system without this bound has the others.
    shell.args([
        "-c",
        "ulimit -v \"$1\" 2>/dev/null; shift; exec \"$0\" \"$@\"",
    ]);
    shell.arg(program).arg(ADDRESS_SPACE_KIB);
    shell
}

/// What a run of libFuzzer came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Figures {
    executions: u64,
    each_second: u64,
    mebibytes: u64,
}

impl Figures {
    /// Read from what libFuzzer says at the end.
    fn of(said: &str) -> Self {
        let number = |name: &str| {
            let value = said.lines().find_map(|line| line.strip_prefix(name));
            value
                .and_then(|value| value.trim().parse().ok())
                .unwrap_or(0)
        };
        Self {
            executions: number("stat::number_of_executed_units:"),
            each_second: number("stat::average_exec_per_sec:"),
            mebibytes: number("stat::peak_rss_mb:"),
        }
    }

    fn line(self, name: &str) -> String {
        let Self {
            executions,
            each_second,
            mebibytes,
        } = self;
        format!("{name:<12}{executions:>12} executions{each_second:>9}/s{mebibytes:>5} MiB")
    }
}

/// What was broken, by what, and how to see it again.
fn broken(project: &Project, name: &str, program: &Path, said: &str) -> Failure {
    const WORDS: usize = 40;
    let lines: Vec<&str> = said.lines().collect();
    let last = lines[lines.len().saturating_sub(WORDS)..].join("\n");
    let artifact = said.lines().rev().find_map(|line| {
        line.split_once("Test unit written to ")
            .map(|(_, path)| path)
    });
    let Some(artifact) = artifact else {
        return format!("{last}\nthe fuzz target {name} ended without a find").into();
    };
    let (program, artifact) = (project.short(program), project.short(Path::new(artifact)));
    format!(
        "{last}\nthe fuzz target {name} broke a rule with {artifact}\n\
         to see it again:  {program} {artifact}\n\
         once it is mended, keep it:  cp {artifact} fuzz/seeds/{name}/"
    )
    .into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_understood_and_nonsense_is_refused() {
        let task = |targets: &[&'static str], limit| {
            Some(Task {
                targets: targets.to_vec(),
                limit,
            })
        };
        assert_eq!(Task::of(&[]), task(&[], None));
        assert_eq!(
            Task::of(&["node", "--runs", "7", "frames"]),
            task(&["node", "frames"], Some(Limit::Runs(7)))
        );
        assert_eq!(Task::of(&["--seconds", "soon"]), None);
        assert_eq!(Task::of(&["--colour"]), None);
    }

    #[test]
    fn every_target_has_a_program_and_seeds() {
        let project = Project::locate().expect("a checkout");
        let all = targets(&project).expect("a manifest");
        assert!(all.len() >= 10, "{all:?}");
        for name in all {
            assert!(project.path(&format!("fuzz/targets/{name}.rs")).is_file());
            let seeds = fs::read_dir(project.path(&format!("fuzz/seeds/{name}")));
            assert!(seeds.is_ok_and(|seeds| seeds.count() > 0), "{name}");
        }
    }

    #[test]
    fn the_figures_are_those_of_the_last_lines() {
        let said = "#7 DONE\nstat::number_of_executed_units: 700\nstat::average_exec_per_sec:     70\n\
                    stat::peak_rss_mb:              44\n";
        let figures = Figures::of(said);
        assert_eq!(
            (figures.executions, figures.each_second, figures.mebibytes),
            (700, 70, 44)
        );
    }

    #[test]
    fn a_find_is_told_with_its_file() {
        let project = Project::locate().expect("a checkout");
        let said =
            "panicked\nartifact_prefix='/a/'; Test unit written to /a/crash-1\nBase64: AA==\n";
        let text = broken(&project, "node", Path::new("/b/node"), said).to_string();
        assert!(text.contains("again:  /b/node /a/crash-1\n"), "{text}");
        let text = broken(&project, "node", Path::new("/b/node"), "no such file\n").to_string();
        assert!(text.contains("without a find"), "{text}");
    }
}
