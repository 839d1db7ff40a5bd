//! Storms of the simulator: random networks and faults, one seed after the other, on all cores; and the test of that
//! test, in which each of six defects is put into a copy of the core and has to be found.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use crate::process::{self, Failure, Outcome};
use crate::project::{self, Project};

/// How many seeds the test runs: some minutes on two busy cores.
pub(crate) const SEEDS: u64 = 2_000;

/// Within how many seeds a defect has to be found.
const SEEDS_FOR_DEFECT: u64 = 200;

/// What a copy of the tree needs to be built.
const TREE: [&str; 9] = [
    "benches/core",
    "benches/gate",
    "wasm-tests",
    "Cargo.toml",
    "Cargo.lock",
    "src",
    "examples",
    "tests",
    "xtask",
];

/// What the words behind `sim` ask for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Task {
    Storms { words: Vec<String> },
    Defects,
}

impl Task {
    /// Nothing if the words make no sense.
    pub(crate) fn of(words: &[&str]) -> Option<Self> {
        match words {
            ["--defects"] => Some(Self::Defects),
            _ => Some(Self::Storms {
                words: storm_words(words)?,
            }),
        }
    }
}

fn storm_words(words: &[&str]) -> Option<Vec<String>> {
    let mut passed = Vec::new();
    let mut words = words.iter();
    while let Some(&word) = words.next() {
        let value = words.next()?.to_string();
        match word {
            "--seeds" => passed.push(value),
            "--from" | "--replay" => passed.extend([word.to_owned(), value]),
            _ => return None,
        }
    }
    Some(passed)
}

/// Runs what was asked for. The first failure is printed with the line that shows it again.
pub(crate) fn run(project: &Project, task: &Task) -> Outcome {
    match task {
        Task::Storms { words } => storms(project, words),
        Task::Defects => defects(project).map(|_| ()),
    }
}

/// As many storms as the test has.
pub(crate) fn test(project: &Project) -> Outcome {
    storms(project, &[SEEDS.to_string()])
}

fn storms(project: &Project, words: &[String]) -> Outcome {
    build(project.cargo())?;
    process::run(Command::new(project.built("sim/examples/storms")).args(words))
}

/// Builds the program that runs storms, optimised.
fn build(mut cargo: Command) -> Outcome {
    process::run(cargo.args([
        "build",
        "--quiet",
        "--profile",
        "sim",
        "--no-default-features",
        "--example",
        "storms",
    ]))
}

/// Puts each defect into a copy of the tree and demands that storms find it. Says how many there are.
pub(crate) fn defects(project: &Project) -> Outcome<usize> {
    let mut edits: Vec<PathBuf> = fs::read_dir(project.path("xtask/defects"))
        .map_err(|error| format!("cannot read xtask/defects: {error}"))?
        .flatten()
        .map(|entry| entry.path())
        .collect();
    edits.sort();
    let sound = defective_storms(project, &[])?;
    if !sound.status.success() {
        let words = String::from_utf8_lossy(&sound.stdout);
        return Err(
            format!("the core as it is breaks a rule, so nothing is shown:\n{words}").into(),
        );
    }
    for edit in &edits {
        find(project, edit)?;
    }
    println!("{} defects were put in, and all were found.", edits.len());
    Ok(edits.len())
}

fn find(project: &Project, edit: &Path) -> Outcome {
    let name = project.short(edit);
    println!("\n== {name}");
    let named = |error| Failure::from(format!("{name}: {error}"));
    let text = project::read(edit)?;
    let rule = rule(&text).ok_or_else(|| named("it has no line `breaks RULE`".into()))?;
    let output = defective_storms(project, &changes(&text).map_err(named)?).map_err(named)?;
    let words = String::from_utf8_lossy(&output.stdout);
    print!("{words}");
    if words.starts_with(&format!("{rule} (")) {
        return Ok(());
    }
    Err(format!("{SEEDS_FOR_DEFECT} storms did not find that {name} breaks {rule}").into())
}

/// The rule that a defect breaks first: behind some words on it, `breaks RULE`.
fn rule(text: &str) -> Option<&str> {
    text.lines().find_map(|line| line.strip_prefix("breaks "))
}

/// What storms say of a copy of the tree with these changes.
fn defective_storms(project: &Project, changes: &[Change]) -> Outcome<Output> {
    let copy = project.path("target/defects");
    copy_tree(project, &copy)?;
    for change in changes {
        change.apply(&copy)?;
    }
    let mut cargo = project.cargo();
    cargo.current_dir(&copy);
    // A folder of its own: cargo takes two trees with the same packages for one, and would run a defect for the core.
    let target = project.path("target/defects-built");
    cargo.env("CARGO_TARGET_DIR", &target);
    build(cargo)?;
    let mut storms = Command::new(target.join("sim/examples/storms"));
    storms.arg(SEEDS_FOR_DEFECT.to_string());
    process::echo(&storms);
    storms
        .output()
        .map_err(|error| process::not_started(&storms, &error))
}

/// Copies the tree. A file that is as it was is left alone, so that little is built again.
fn copy_tree(project: &Project, to: &Path) -> Outcome {
    fs::create_dir_all(to).map_err(|error| format!("cannot make {}: {error}", to.display()))?;
    TREE.iter()
        .try_for_each(|part| copy(&project.path(part), &to.join(part)))
}

fn copy(from: &Path, to: &Path) -> Outcome {
    let failed = |error: std::io::Error| Failure::from(format!("{}: {error}", from.display()));
    if from.is_dir() {
        fs::create_dir_all(to).map_err(failed)?;
        let entries = fs::read_dir(from).map_err(failed)?;
        return entries
            .flatten()
            .try_for_each(|entry| copy(&entry.path(), &to.join(entry.file_name())));
    }
    let text = fs::read(from).map_err(failed)?;
    if fs::read(to).is_ok_and(|there| there == text) {
        return Ok(());
    }
    fs::write(to, text).map_err(failed)
}

/// One place that is changed.
#[derive(Debug, PartialEq, Eq)]
struct Change {
    file: String,
    old: String,
    new: String,
}

impl Change {
    fn apply(&self, tree: &Path) -> Outcome {
        let path = tree.join(&self.file);
        let text = project::read(&path)?;
        if text.matches(&self.old).count() != 1 {
            let file = &self.file;
            return Err(format!(
                "what it changes is not in {file} exactly once: write the defect anew for the code as it is now\n{}",
                self.old
            )
            .into());
        }
        let text = text.replace(&self.old, &self.new);
        fs::write(&path, text)
            .map_err(|error| format!("cannot write {}: {error}", self.file).into())
    }
}

/// Reads the changes of a defect: after some words on it and the rule that it breaks, `file PATH`, and old and new text between `<<<<`, `====` and
/// `>>>>`.
fn changes(text: &str) -> Outcome<Vec<Change>> {
    let mut found = Vec::new();
    let mut file = None;
    let mut rest = text;
    while let Some((line, after)) = rest.split_once('\n') {
        rest = after;
        if let Some(path) = line.strip_prefix("file ") {
            file = Some(path.to_owned());
        } else if line == "<<<<" {
            let parts = after.split_once("\n====\n").and_then(|(old, after)| {
                let (new, after) = after.split_once("\n>>>>")?;
                Some((old, new, after))
            });
            let (old, new, after) = parts.ok_or("a change has <<<<, ==== and >>>>")?;
            rest = after;
            found.push(Change {
                file: file.clone().ok_or("a change stands behind `file PATH`")?,
                old: old.to_owned(),
                new: new.to_owned(),
            });
        }
    }
    if found.is_empty() {
        return Err("it changes nothing".into());
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_passed_on_and_nonsense_is_refused() {
        let words = |words: &[&str]| Task::of(words);
        assert_eq!(words(&["--defects"]), Some(Task::Defects));
        assert_eq!(
            words(&["--seeds", "7", "--from", "3"]),
            Some(Task::Storms {
                words: ["7", "--from", "3"].map(str::to_owned).to_vec()
            })
        );
        assert_eq!(words(&["--seeds"]), None);
        assert_eq!(words(&["--colour", "red"]), None);
    }

    #[test]
    fn a_defect_is_read() {
        let text = "Why.\n\nfile src/a.rs\n<<<<\none\ntwo\n====\nthree\n>>>>\n";
        let change = Change {
            file: "src/a.rs".to_owned(),
            old: "one\ntwo".to_owned(),
            new: "three".to_owned(),
        };
        assert!(changes(text).is_ok_and(|found| found == [change]));
        assert!(changes("no change\n").is_err());
    }

    #[test]
    fn every_defect_fits_the_code_as_it_is() {
        let project = Project::locate().expect("a checkout");
        let edits = fs::read_dir(project.path("xtask/defects")).expect("a folder");
        for edit in edits.flatten() {
            let text = project::read(&edit.path()).expect("a text");
            for change in changes(&text).expect("changes") {
                let code = project::read(&project.path(&change.file)).expect("a file");
                assert_eq!(
                    code.matches(&change.old).count(),
                    1,
                    "{}",
                    edit.path().display()
                );
            }
        }
    }
}
