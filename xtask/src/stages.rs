//! The stages of the test: what each one runs.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::browser;
use crate::firefox;
use crate::fuzz;
use crate::gate;
use crate::harness::Harness;
use crate::node;
use crate::package;
use crate::page;
use crate::process::{self, Outcome};
use crate::project::{self, Project, WASM};
use crate::report::Tally;
use crate::sim;
use crate::tools;
use crate::types;
use crate::wasm_pack;

/// One part of the test.
pub(crate) struct Stage {
    pub(crate) name: &'static str,
    pub(crate) what: &'static str,
    /// The stages without which this one cannot run.
    needs: &'static [&'static str],
    /// Whether it takes minutes, and so runs only when it is asked for.
    pub(crate) long: bool,
    pub(crate) run: fn(&mut Run<'_>) -> Outcome,
}

impl Stage {
    /// Whether `other` has to run for this stage to run: itself too.
    pub(crate) fn needs(&self, other: &Self) -> bool {
        self.name == other.name || self.needs.contains(&other.name)
    }
}

/// What a stage is given, and where it counts its tests.
pub(crate) struct Run<'a> {
    pub(crate) project: &'a Project,
    /// A part of the names of the tests that shall run; all run if there is none.
    pub(crate) filter: Option<&'a str>,
    pub(crate) tally: &'a mut Tally,
}

/// All stages, in the order in which they run.
pub(crate) const STAGES: [Stage; 15] = [
    Stage {
        name: "setup",
        what: "what must be installed",
        needs: &[],
        long: false,
        run: |run| tools::install(run.project, &[]),
    },
    Stage {
        name: "npm",
        what: "the npm package",
        needs: &[],
        long: false,
        run: |run| package::build(run.project),
    },
    Stage {
        name: "js",
        what: "the package's modules, one by one, in Node.js",
        needs: &["npm"],
        long: false,
        run: js,
    },
    Stage {
        name: "page",
        what: "the page, with the package in it",
        needs: &["npm"],
        long: false,
        run: |run| page::put_together(run.project),
    },
    Stage {
        name: "types",
        what: "the README's TypeScript and the declarations",
        needs: &["npm"],
        long: false,
        run: types,
    },
    Stage {
        name: "native",
        what: "unit, integration and doc tests",
        needs: &["setup", "npm", "page"],
        long: false,
        run: native,
    },
    Stage {
        name: "wasm",
        what: "the core's tests as wasm, in Chromium",
        needs: &["setup"],
        long: false,
        run: wasm,
    },
    Stage {
        name: "firefox",
        what: "the core's own tests as wasm, in Firefox",
        needs: &["setup"],
        long: false,
        run: firefox,
    },
    Stage {
        name: "peer",
        what: "a browser peer, of Rust and of JavaScript, and a real relay",
        needs: &["setup", "npm"],
        long: false,
        run: peer,
    },
    Stage {
        name: "kit",
        what: "the example of the test kit, with wasm-pack",
        needs: &["setup"],
        long: false,
        run: kit,
    },
    Stage {
        name: "browser",
        what: "the page in Chromium, end to end",
        needs: &["setup", "npm", "page"],
        long: false,
        run: browser,
    },
    Stage {
        name: "gate",
        what: "the instructions that messages take",
        needs: &[],
        long: false,
        run: instructions,
    },
    Stage {
        name: "sim",
        what: "random faults in the simulator, 2,000 seeds",
        needs: &[],
        long: false,
        run: storms,
    },
    Stage {
        name: "fuzz",
        what: "random bytes against what reads them, 10 s a target",
        needs: &[],
        long: false,
        run: random_bytes,
    },
    Stage {
        name: "long",
        what: "the tests that take minutes",
        needs: &["setup"],
        long: true,
        run: long,
    },
];

/// The unit tests of the package's sources.
fn js(run: &mut Run<'_>) -> Outcome {
    let mut tests = Command::new(node::program(run.project)?);
    tests.current_dir(run.project.path("npm"));
    tests.args(["--test", "--test-reporter=spec"]);
    if let Some(filter) = run.filter {
        tests.arg(format!("--test-name-pattern={filter}"));
    }
    tests.arg("tests/unit/*.test.js");
    process::echo(&tests);
    let mut child = tests
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|error| process::not_started(&tests, &error))?;
    if let Some(output) = child.stdout.take() {
        let terminal = &mut std::io::stdout();
        show_and_count(BufReader::new(output), terminal, run.tally);
    }
    let status = child
        .wait()
        .map_err(|error| format!("Node.js could not be waited for: {error}"))?;
    if status.success() {
        return Ok(());
    }
    Err(format!("tests failed: Node.js ended with {status}").into())
}

/// The README's examples in TypeScript, each counted as a test.
fn types(run: &mut Run<'_>) -> Outcome {
    let count = types::check(run.project)?;
    let line = format!("test result: ok. {count} passed; 0 failed; 0 ignored");
    println!("{line}");
    run.tally.read(&line);
    Ok(())
}

/// Everything that `cargo test` runs, except what has a stage of its own.
fn native(run: &mut Run<'_>) -> Outcome {
    let mut tests = run.project.cargo();
    tests.args([
        "test",
        "--workspace",
        "--no-fail-fast",
        "--lib",
        "--bins",
        "--examples",
    ]);
    for name in test_names(run.project, |test| !test.is_end_to_end())? {
        tests.args(["--test", &name]);
    }
    let code = run.count(&mut tests);
    let mut examples = run.project.cargo();
    examples.args(["test", "--workspace", "--no-fail-fast", "--doc"]);
    code.and(run.count(&mut examples))
}

/// The integration tests that are marked as fit for a browser.
fn wasm(run: &mut Run<'_>) -> Outcome {
    let mut tests = wasm_test(run.project);
    for name in test_names(run.project, TestFile::is_for_wasm)? {
        tests.args(["--test", &name]);
    }
    run.count(&mut tests)
}

/// The scripts in virtual time, in the second engine: the same seed gives the same outputs there too.
fn firefox(run: &mut Run<'_>) -> Outcome {
    let mut tests = wasm_test(run.project);
    tests
        .args(["--test", "mesh"])
        .env("GECKODRIVER", firefox::driver(run.project));
    run.count(&mut tests)
}

/// `wasm-tests/browser_peer.rs`, which is told at compile time where the harness listens.
fn peer(run: &mut Run<'_>) -> Outcome {
    let harness = Harness::start(run.project)?;
    let mut tests = wasm_test(run.project);
    tests
        .args(["--test", "browser_peer"])
        .env("RS2P_HARNESS", harness.url());
    // Those that need the harness are ignored where nobody starts it, as under wasm-pack.
    run.count_with(&mut tests, &["--include-ignored"])
}

/// A user's tests of a browser's code, beside a relay that the program starts.
fn kit(run: &mut Run<'_>) -> Outcome {
    if run.filter.is_some() {
        return Ok(());
    }
    wasm_pack::lock(run.project)?;
    process::run(run.project.cargo().args(["build", "--bin", "rs2p"]))?;
    run.count(&mut wasm_pack::test(run.project))
}

/// The integration tests that drive Chromium.
fn browser(run: &mut Run<'_>) -> Outcome {
    let mut tests = run.project.cargo();
    tests.args(["test", "--no-fail-fast"]);
    for name in test_names(run.project, TestFile::is_end_to_end)? {
        tests.args(["--test", &name]);
    }
    run.count(&mut tests)
}

/// Counts of instructions, each of them one test.
fn instructions(run: &mut Run<'_>) -> Outcome {
    if run.filter.is_some() {
        return Ok(());
    }
    let count = gate::test(run.project)?;
    run.tally.read(&format!(
        "test result: ok. {count} passed; 0 failed; 0 ignored"
    ));
    Ok(())
}

/// Storms of the simulator, which are one test.
fn storms(run: &mut Run<'_>) -> Outcome {
    if run.filter.is_some() {
        return Ok(());
    }
    sim::test(run.project)?;
    run.tally
        .read("test result: ok. 1 passed; 0 failed; 0 ignored");
    Ok(())
}

/// The fuzz targets, each of them one test.
fn random_bytes(run: &mut Run<'_>) -> Outcome {
    if run.filter.is_some() {
        return Ok(());
    }
    let count = fuzz::test(run.project)?;
    run.tally.read(&format!(
        "test result: ok. {count} passed; 0 failed; 0 ignored"
    ));
    Ok(())
}

/// The integration tests that are ignored as too long, optimised; with what they print, which are figures.
fn long(run: &mut Run<'_>) -> Outcome {
    let mut tests = run.project.cargo();
    tests.args(["test", "--release", "--no-fail-fast"]);
    for name in test_names(run.project, TestFile::is_long)? {
        tests.args(["--test", &name]);
    }
    run.count_with(
        &mut tests,
        &["--ignored", "--nocapture", "--test-threads=1"],
    )
}

/// A cargo that tests the browser build. The runner and its settings are in `.cargo/config.toml`.
fn wasm_test(project: &Project) -> Command {
    let mut tests = project.cargo();
    tests.args([
        "test",
        "--target",
        WASM,
        "--no-default-features",
        "--no-fail-fast",
    ]);
    tests
}

impl Run<'_> {
    /// Runs tests, shows what they print and counts their results. That no test ran is a failure, unless only some
    /// were asked for.
    fn count(&mut self, tests: &mut Command) -> Outcome {
        self.count_with(tests, &[])
    }

    /// As `count`, with more words for the test runner.
    fn count_with(&mut self, tests: &mut Command, words: &[&str]) -> Outcome {
        tests.arg("--").args(words).args(self.filter);
        let has_driver = tests.get_envs().any(|(name, _)| name == "GECKODRIVER");
        if let Some(driver) = browser::driver().filter(|_| !has_driver) {
            tests.env("CHROMEDRIVER", driver);
        }
        process::echo(tests);
        let mut child = tests
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| process::not_started(tests, &error))?;
        if let Some(output) = child.stdout.take() {
            show_and_count(BufReader::new(output), &mut std::io::stdout(), self.tally);
        }
        let status = child
            .wait()
            .map_err(|error| format!("cargo could not be waited for: {error}"))?;
        if !status.success() {
            return Err(format!("tests failed: cargo ended with {status}").into());
        }
        if self.filter.is_none() && self.tally.is_empty() {
            return Err("no test ran".into());
        }
        Ok(())
    }
}

/// Passes output on to the terminal line by line. Tests print what they like, so a line need not be UTF-8.
fn show_and_count(output: impl BufRead, terminal: &mut impl Write, tally: &mut Tally) {
    for line in output.split(b'\n').map_while(Result::ok) {
        tally.read(&String::from_utf8_lossy(&line));
        // Whoever closed the terminal's end reads no more; the tests and their count go on.
        let _ = terminal
            .write_all(&line)
            .and_then(|()| terminal.write_all(b"\n"));
    }
}

/// An integration test of the package: a file of `tests`, or a folder of `tests` with a `main.rs`.
struct TestFile {
    name: String,
    text: String,
}

impl TestFile {
    fn is_for_wasm(&self) -> bool {
        self.text.contains("wasm_bindgen_test_configure!(")
    }

    fn is_end_to_end(&self) -> bool {
        self.text.contains("chromedriver")
    }

    fn is_long(&self) -> bool {
        self.text.contains("#[ignore = \"long")
    }
}

/// The names of the integration tests that `are_wanted`. That there are none is a failure: cargo would take no name
/// for all.
fn test_names(project: &Project, are_wanted: fn(&TestFile) -> bool) -> Outcome<Vec<String>> {
    let wanted = test_files(project)?.into_iter().filter(are_wanted);
    let mut names: Vec<String> = wanted.map(|test| test.name).collect();
    names.sort();
    if names.is_empty() {
        Err("the folder tests holds no test for this stage".into())
    } else {
        Ok(names)
    }
}

fn test_files(project: &Project) -> Outcome<Vec<TestFile>> {
    let entries = fs::read_dir(project.path("tests"))
        .map_err(|error| format!("cannot read tests: {error}"))?;
    let tests = entries.flatten().filter_map(|entry| {
        let name = entry.path().file_stem()?.to_string_lossy().into_owned();
        Some((name, sources_of(&entry.path())?))
    });
    tests
        .map(|(name, sources)| {
            let texts: Outcome<Vec<_>> = sources.iter().map(|file| project::read(file)).collect();
            Ok(TestFile {
                name,
                text: texts?.concat(),
            })
        })
        .collect()
}

/// The files of the test that an entry of `tests` makes, if it makes one.
fn sources_of(entry: &Path) -> Option<Vec<PathBuf>> {
    if !entry.is_dir() {
        return is_rust(entry).then(|| vec![entry.to_owned()]);
    }
    if !entry.join("main.rs").is_file() {
        return None;
    }
    let files = fs::read_dir(entry).ok()?.flatten();
    Some(
        files
            .map(|file| file.path())
            .filter(|file| is_rust(file))
            .collect(),
    )
}

fn is_rust(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "rs")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn output_is_counted_even_where_it_is_no_utf8() {
        let output = b"\xff\xfe\ntest result: ok. 2 passed; 0 failed; 0 ignored;\n";
        let (mut shown, mut tally) = (Vec::new(), Tally::default());
        show_and_count(&output[..], &mut shown, &mut tally);
        assert_eq!(shown, output);
        assert_eq!(
            tally,
            Tally {
                passed: 2,
                failed: 0,
                ignored: 0
            }
        );
    }

    #[test]
    fn each_stage_needs_only_earlier_stages() {
        for (index, stage) in STAGES.iter().enumerate() {
            let is_earlier =
                |need: &&&str| STAGES[..index].iter().any(|earlier| earlier.name == **need);
            assert_eq!(
                stage.needs.iter().filter(is_earlier).count(),
                stage.needs.len(),
                "{}",
                stage.name
            );
        }
    }

    #[test]
    fn what_computes_for_minutes_in_a_browser_does_so_in_a_worker() -> Outcome {
        let mut wasm = test_files(&Project::locate()?)?;
        wasm.retain(TestFile::is_for_wasm);
        assert!(wasm.len() >= 12, "there are tests for wasm");
        for test in wasm {
            let is_in_a_worker = test.text.contains("!(run_in_dedicated_worker)");
            assert!(is_in_a_worker, "{}: a page would be given up", test.name);
        }
        Ok(())
    }

    #[test]
    fn a_test_is_sorted_by_what_it_says() {
        let file = |text: &str| TestFile {
            name: String::new(),
            text: text.to_owned(),
        };
        let marker = "#[cfg(target_arch = \"wasm32\")]\nwasm_bindgen_test::wasm_bindgen_test_configure!(run_in_dedicated_worker);";
        assert!(file(marker).is_for_wasm());
        assert!(file("Command::new(\"chromedriver\")").is_end_to_end());
        assert!(file("#[ignore = \"long: run by …\"]").is_long());
        let plain = file("fn main() {}");
        assert!(!plain.is_for_wasm() && !plain.is_end_to_end() && !plain.is_long());
    }
}
