//! wasm-pack: what the users of the test kit run their browser tests with, so ours try it too.

use std::path::PathBuf;
use std::process::Command;

use crate::process::{self, Outcome};
use crate::project::Project;
use crate::tools;

/// The example whose tests are run.
const EXAMPLE: &str = "examples/wasm-pack";

/// Installs wasm-pack.
pub(crate) fn install(project: &Project) -> Outcome {
    let program = program(project);
    if process::answer(Command::new(&program).arg("--version")).is_some() {
        tools::present(&format!("wasm-pack in {}", project.short(&program)));
        return Ok(());
    }
    tools::getting(
        "wasm-pack",
        "tests the example of the test kit; a minute, once",
    );
    process::run(
        project
            .cargo()
            .args(["install", "wasm-pack", "--root"])
            .arg(project.path("target/tools")),
    )
    .map_err(|failure| format!("{failure}; is crates.io within reach?").into())
}

/// The command that runs the example's tests beside a relay, as a user would, but with the tools that are here already.
pub(crate) fn test(project: &Project) -> Command {
    let mut tests = Command::new(project.built("debug/rs2p"));
    tests
        .current_dir(project.path(EXAMPLE))
        .args(["with-relay", "--"])
        .arg(program(project))
        .args(["test", "--headless", "--chrome", "--mode", "no-install"])
        // One target folder for all, and the versions that the lock file of the whole names.
        .env("CARGO_TARGET_DIR", project.built(""))
        .env("PATH", path_with(project.path("target/tools/bin")));
    tests
}

/// Gives the example the versions that everything else is built with.
pub(crate) fn lock(project: &Project) -> Outcome {
    let to = project.path(EXAMPLE).join("Cargo.lock");
    std::fs::copy(project.path("Cargo.lock"), &to)
        .map(drop)
        .map_err(|error| format!("cannot write {}: {error}", to.display()).into())
}

fn program(project: &Project) -> PathBuf {
    project.path("target/tools/bin/wasm-pack")
}

/// The variable PATH with a folder in front.
fn path_with(folder: PathBuf) -> std::ffi::OsString {
    let known = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::iter::once(folder).chain(std::env::split_paths(&known));
    // A folder whose name has a separator in it cannot be in PATH: then it stays as it was.
    std::env::join_paths(folders).unwrap_or(known)
}
