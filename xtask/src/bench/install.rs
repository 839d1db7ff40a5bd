//! What measuring needs: a machine with Linux, the harness, and the peers, of which each is looked for first.

use std::path::PathBuf;
use std::process::Command;

use crate::process::{self, Outcome};
use crate::project::Project;
use crate::tools;

/// Where the harness is built, and where gossip: each takes as long as it takes, and keeps the other from nothing.
const BUILD: &str = "target/bench/build";
const GOSSIP: &str = "target/bench/gossip";

const NATS: &str = "install nats-server (on Debian as root: apt-get install nats-server)";
const MOSQUITTO: &str = "install mosquitto (on Debian as root: apt-get install mosquitto)";

/// Placing processes, limits and the use of the machine are asked of Linux.
pub(crate) fn check_machine() -> Outcome {
    if std::env::consts::OS != "linux" {
        return Err("the bench measures on Linux only".into());
    }
    for program in ["taskset", "setpriv", "kill"] {
        if process::in_path(&[program]).is_none() {
            return Err(format!("install {program}, of the package util-linux or procps").into());
        }
    }
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    if cores < 2 {
        return Err(
            "the server has one processor and the load another: this machine has one".into(),
        );
    }
    Ok(())
}

/// Builds the relay and the harness.
pub(crate) fn build(project: &Project) -> Outcome {
    process::run(
        project
            .cargo()
            .args(["build", "--release", "--bin", "rs2p"]),
    )?;
    let mut harness = project.cargo();
    harness.current_dir(project.path("benches/fanout"));
    harness.args(["build", "--release", "--locked", "--target-dir"]);
    process::run(harness.arg(project.path(BUILD)))
}

/// Builds the nodes of iroh-gossip, which takes minutes.
pub(crate) fn build_gossip(project: &Project) -> Outcome {
    let mut gossip = project.cargo();
    gossip.current_dir(project.path("benches/gossip"));
    gossip.args(["build", "--release", "--locked", "--target-dir"]);
    process::run(gossip.arg(project.path(GOSSIP)))
}

/// The program that is them.
pub(crate) fn gossip_program(project: &Project) -> PathBuf {
    project.path(GOSSIP).join("release/rs2p-gossip")
}

/// A program of the harness.
pub(crate) fn program(project: &Project, name: &str) -> PathBuf {
    project.path(BUILD).join("release").join(name)
}

pub(crate) fn nats() -> Outcome {
    install("nats-server", NATS, nats_program, nats_version)
}

pub(crate) fn mosquitto() -> Outcome {
    install("mosquitto", MOSQUITTO, mosquitto_program, mosquitto_version)
}

fn install(
    package: &str,
    remedy: &str,
    program: fn() -> Outcome<PathBuf>,
    version: fn() -> Outcome<String>,
) -> Outcome {
    if program().is_err() {
        tools::getting(package, "the relay is measured beside it");
        tools::apt_install(&[package], remedy)?;
    }
    tools::present(&format!("{} in {}", version()?, program()?.display()));
    Ok(())
}

pub(crate) fn nats_program() -> Outcome<PathBuf> {
    found(&["nats-server", "/usr/sbin/nats-server"], NATS)
}

pub(crate) fn mosquitto_program() -> Outcome<PathBuf> {
    found(&["mosquitto", "/usr/sbin/mosquitto"], MOSQUITTO)
}

/// Debian's servers are in a folder that need not be in `PATH`.
fn found(names: &[&str], remedy: &str) -> Outcome<PathBuf> {
    process::in_path(names).ok_or_else(|| remedy.into())
}

/// Of "nats-server: v2.9.10".
pub(crate) fn nats_version() -> Outcome<String> {
    let told = process::answer(Command::new(nats_program()?).arg("--version"));
    let version = told.as_deref().and_then(|told| told.rsplit('v').next());
    Ok(format!(
        "nats-server {}",
        version.unwrap_or("of an unknown version")
    ))
}

/// Of "mosquitto version 2.0.11" and an explanation, which ends as a failure.
pub(crate) fn mosquitto_version() -> Outcome<String> {
    let told = Command::new(mosquitto_program()?).arg("-h").output();
    let told = told.map_or_else(|_| Vec::new(), |output| output.stdout);
    let told = String::from_utf8_lossy(&told);
    let line = told
        .lines()
        .find_map(|line| line.strip_prefix("mosquitto version "));
    Ok(format!(
        "mosquitto {}",
        line.unwrap_or("of an unknown version")
    ))
}
