//! A Python with py2p, the relative that the tests talk to: `target/venv`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::process::{self, Outcome};
use crate::project::Project;
use crate::tools;

pub(crate) const PY2P: &str = "0.7.878";
const REMEDY: &str = "install a Python from 3.8 to 3.13 with its venv module \
                      (on Debian as root: apt-get install python3 python3-venv)";

/// Known to run py2p, the likeliest first.
const VERSIONS: [&str; 6] = ["3.11", "3.10", "3.12", "3.13", "3.9", "3.8"];

/// The interpreter that has py2p, once it is installed.
pub(crate) fn interpreter(project: &Project) -> PathBuf {
    project.path("target/venv/bin/python")
}

pub(crate) fn install(project: &Project) -> Outcome {
    let python = interpreter(project);
    if has_py2p(&python) {
        tools::present(&format!("py2p {PY2P} in {}", project.short(&python)));
        return Ok(());
    }
    tools::getting(
        &format!("py2p {PY2P}"),
        "the Python node that the tests talk to",
    );
    if candidates().is_empty() {
        tools::apt_install(&["python3", "python3-venv"], REMEDY)?;
    }
    let candidates = candidates();
    let made = candidates.iter().any(|candidate| {
        make_venv(project, candidate)
            .inspect_err(|failure| eprintln!("       {}: {failure}", candidate.display()))
            .is_ok()
    });
    if made {
        Ok(())
    } else {
        Err(format!("no Python here runs py2p {PY2P}; {REMEDY}").into())
    }
}

/// The interpreters that can make a venv.
fn candidates() -> Vec<PathBuf> {
    let named = VERSIONS.iter().map(|version| format!("python{version}"));
    let in_path = ["python3".to_owned()]
        .into_iter()
        .chain(named)
        .filter_map(|name| process::in_path(&[&name]));
    in_path
        .chain(pyenv())
        .filter(|python| can_make_venv(python))
        .collect()
}

/// The interpreters that pyenv built, which need not be in `PATH`.
fn pyenv() -> Vec<PathBuf> {
    let Some(home) = std::env::home_dir() else {
        return Vec::new();
    };
    let Ok(folders) = fs::read_dir(home.join(".pyenv/versions")) else {
        return Vec::new();
    };
    let mut found: Vec<PathBuf> = folders
        .flatten()
        .map(|folder| folder.path().join("bin/python3"))
        .collect();
    found.sort();
    found
}

/// Debian ships Python without `ensurepip`; such a one makes a venv without pip.
fn can_make_venv(python: &Path) -> bool {
    let question = "import ensurepip, venv, sys; print('%d.%d' % sys.version_info[:2])";
    let version = process::answer(Command::new(python).args(["-c", question]));
    version.is_some_and(|version| VERSIONS.contains(&version.as_str()))
}

fn make_venv(project: &Project, python: &Path) -> Outcome {
    let folder = project.path("target/venv");
    process::run(
        Command::new(python)
            .args(["-m", "venv", "--clear"])
            .arg(folder),
    )?;
    let python = interpreter(project);
    process::run(
        Command::new(&python)
            .args(["-m", "pip", "install", "--quiet"])
            .arg(format!("py2p=={PY2P}"))
            // Whose differences from ours are known one by one.
            .arg("u-msgpack-python==2.8.0")
            // What its SSL mode needs. Its extra of that name is one that pip does not find.
            .arg("cryptography"),
    )
    .map_err(|failure| format!("{failure}; is PyPI within reach?"))?;
    if has_py2p(&python) {
        Ok(())
    } else {
        Err("py2p was installed but cannot be imported".into())
    }
}

fn has_py2p(python: &Path) -> bool {
    let question = "import py2p.mesh, cryptography, importlib.metadata as metadata; print(metadata.version('py2p'))";
    let version = process::answer(Command::new(python).args(["-W", "ignore", "-c", question]));
    version.is_some_and(|version| version == PY2P)
}
