//! What figures depend on: the machine, the commit, the versions.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::process::Command;

use super::cell::Cell;
use super::cells;
use super::contestant::Contestant;
use super::task::Task;
use crate::process::{self, Outcome};
use crate::project::Project;

pub(crate) struct Facts {
    machine: String,
    commit: String,
    /// Of the contestants that are of somebody else.
    versions: BTreeMap<Contestant, String>,
}

impl Facts {
    pub(crate) fn gather(project: &Project, task: &Task) -> Outcome<Self> {
        let mut versions = BTreeMap::new();
        for cell in cells::selected(&task.cells)? {
            for contestant in cell.contestants() {
                if let Some(version) = contestant.version(project)? {
                    versions.insert(contestant, version);
                }
            }
        }
        let facts = Self {
            machine: machine(),
            commit: commit(project),
            versions,
        };
        println!("\nCommit {}, {}.", facts.commit, facts.machine);
        Ok(facts)
    }

    /// What is kept beside the samples of a cell.
    pub(crate) fn header(&self, cell: &Cell) -> BTreeMap<String, String> {
        let contestants = cell.contestants();
        let versions = contestants
            .iter()
            .filter_map(|contestant| self.versions.get(contestant));
        // A browser is one, however many contestants are in it.
        let versions: BTreeSet<_> = versions.map(String::as_str).collect();
        let versions: Vec<_> = versions.into_iter().collect();
        let fields = [
            ("cell", cell.name),
            ("machine", &self.machine),
            ("commit", &self.commit),
            ("versions", &versions.join(", ")),
        ];
        fields
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into()
    }
}

fn machine() -> String {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let info = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = info
        .lines()
        .find_map(|line| line.strip_prefix("model name"));
    let model = model.map_or("an unknown processor", |line| {
        line.trim_start_matches([' ', '\t', ':'])
    });
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    format!("{cores} cores of {model}, Linux {}", kernel.trim())
}

fn commit(project: &Project) -> String {
    let git = |words: &[&str]| {
        let mut git = Command::new("git");
        process::answer(git.arg("-C").arg(project.path(".")).args(words))
    };
    let commit = git(&["rev-parse", "--short", "HEAD"]);
    let changed = git(&[
        "status",
        "--porcelain",
        "--untracked-files=no",
        "--",
        "src",
        "Cargo.lock",
    ]);
    match (commit, changed.as_deref()) {
        (Some(commit), Some("")) => format!("`{commit}`"),
        (Some(commit), _) => format!("`{commit}` with changes"),
        (None, _) => "unknown".to_owned(),
    }
}
