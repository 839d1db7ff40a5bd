//! Firefox and its driver: the second engine that the wasm tests run in.

use std::path::PathBuf;
use std::process::Command;

use crate::process::{self, Outcome};
use crate::project::Project;
use crate::tools;

const REMEDY: &str = "install Firefox (on Debian as root: apt-get install firefox-esr)";

pub(crate) fn install(project: &Project) -> Outcome {
    match firefox() {
        Some(browser) => tools::present(&format!("Firefox in {}", browser.display())),
        None => {
            tools::getting("Firefox", "a second engine runs the wasm tests");
            tools::apt_install(&["firefox-esr"], REMEDY)?;
        }
    }
    geckodriver(project)
}

/// Debian has no package of the driver; its authors publish it on crates.io.
fn geckodriver(project: &Project) -> Outcome {
    let program = driver(project);
    if process::answer(Command::new(&program).arg("--version")).is_some() {
        tools::present(&format!("geckodriver in {}", project.short(&program)));
        return Ok(());
    }
    tools::getting("geckodriver", "drives Firefox; some minutes, once");
    process::run(
        project
            .cargo()
            .args(["install", "geckodriver", "--root"])
            .arg(project.path("target/tools")),
    )
    .map_err(|failure| format!("{failure}; is crates.io within reach?").into())
}

/// The program that drives Firefox in tests.
pub(crate) fn driver(project: &Project) -> PathBuf {
    project.path("target/tools/bin/geckodriver")
}

fn firefox() -> Option<PathBuf> {
    process::in_path(&["firefox", "firefox-esr"])
}
