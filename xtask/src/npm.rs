//! Packages of npm, each in a folder of the project's own.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::process::{self, Outcome};
use crate::tools;

/// Where packages are that are tools of this project's.
pub(crate) const FOLDER: &str = "target/tools/node";

const REMEDY: &str = "install Node.js with npm, and run the command again";

/// A package and the version that is wanted of it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Package {
    pub(crate) name: &'static str,
    /// All of it, or its first numbers.
    pub(crate) version: &'static str,
}

/// Whether all of `packages` are in `folder`.
pub(crate) fn has(folder: &Path, packages: &[Package]) -> bool {
    packages.iter().all(|package| {
        let manifest = folder
            .join("node_modules")
            .join(package.name)
            .join("package.json");
        fs::read_to_string(manifest).is_ok_and(|text| is_version(&text, package.version))
    })
}

/// Installs packages into `folder`, and npm if it is missing. What a package would run then does not run.
pub(crate) fn install(folder: &Path, packages: &[Package]) -> Outcome {
    if process::in_path(&["npm"]).is_none() {
        tools::apt_install(&["nodejs", "npm"], REMEDY)?;
    }
    fs::create_dir_all(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let mut npm = Command::new("npm");
    npm.args(["install", "--ignore-scripts", "--save-exact"]);
    npm.args(["--no-audit", "--no-fund", "--prefix"])
        .arg(folder);
    npm.args(
        packages
            .iter()
            .map(|Package { name, version }| format!("{name}@{version}")),
    );
    process::run(&mut npm)
        .map_err(|failure| format!("{failure}; is the npm registry within reach?").into())
}

/// A program that a package in `folder` brings.
pub(crate) fn program(folder: &Path, name: &str) -> PathBuf {
    folder.join("node_modules/.bin").join(name)
}

/// Whether the text of a `package.json` names this version, or one that begins with these numbers.
fn is_version(manifest: &str, version: &str) -> bool {
    let named = manifest.lines().find_map(|line| {
        let value = line.trim().strip_prefix("\"version\":")?.trim();
        value
            .trim_end_matches(',')
            .strip_prefix('"')?
            .strip_suffix('"')
    });
    let rest = named.and_then(|named| named.strip_prefix(version));
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_met_by_itself_and_by_those_that_it_begins() {
        let manifest = "{\n  \"name\": \"a\",\n  \"version\": \"5.9.3\",\n  \"x\": 1\n}\n";
        assert!(is_version(manifest, "5.9.3") && is_version(manifest, "5"));
        assert!(!is_version(manifest, "5.9.30") && !is_version(manifest, "5.9.3.1"));
        assert!(!is_version(manifest, "5.") && !is_version("{}", "5"));
    }
}
