//! What must be installed, and how: each step looks first, says what it does and why, and on failure names the remedy.

use std::path::PathBuf;
use std::process::Command;

use crate::browser;
use crate::bundlers;
use crate::firefox;
use crate::gate;
use crate::js2p;
use crate::node;
use crate::process::{self, Outcome};
use crate::project::{Project, WASM};
use crate::python;
use crate::wasm_pack;

type Step = fn(&Project) -> Outcome;

/// The tools by name, in the order in which they are installed.
pub(crate) const TOOLS: [(&str, Step); 10] = [
    ("rust", rust),
    ("wasm-bindgen", wasm_bindgen),
    ("browser", |_| browser::install()),
    ("firefox", firefox::install),
    ("node", node::install),
    ("bundlers", bundlers::install),
    ("python", python::install),
    ("js2p", js2p::install),
    ("wasm-pack", wasm_pack::install),
    ("valgrind", |_| gate::install()),
];

/// Installs the named tools, all of them if none is named. One that fails does not keep the others from being tried.
pub(crate) fn install(project: &Project, names: &[&str]) -> Outcome {
    if let Some(unknown) = names
        .iter()
        .find(|name| TOOLS.iter().all(|(known, _)| known != *name))
    {
        let known = TOOLS.map(|(known, _)| known).join(", ");
        return Err(format!("there is no tool `{unknown}`; there are {known}").into());
    }
    let wanted = TOOLS
        .iter()
        .filter(|(name, _)| names.is_empty() || names.contains(name));
    let mut missing = Vec::new();
    for (name, step) in wanted {
        if let Err(failure) = step(project) {
            eprintln!("error: {failure}");
            missing.push(*name);
        }
    }
    if missing.is_empty() {
        return Ok(());
    }
    Err(format!("not installed: {} (see above)", missing.join(", ")).into())
}

/// Says that something is there already.
pub(crate) fn present(what: &str) {
    println!("  have {what}");
}

/// Says that something is about to be installed, and why.
pub(crate) fn getting(what: &str, why: &str) {
    println!("   get {what}: {why}");
}

/// Installs Debian packages, if this is a Debian and we are root; `remedy` is what the user can do otherwise.
pub(crate) fn apt_install(packages: &[&str], remedy: &str) -> Outcome {
    let is_root = process::answer(Command::new("id").arg("-u")).is_some_and(|id| id == "0");
    if !is_root || process::in_path(&["apt-get"]).is_none() {
        return Err(remedy.into());
    }
    process::run(apt_get().arg("update"))?;
    process::run(
        apt_get()
            .args(["install", "--yes", "--no-install-recommends"])
            .args(packages),
    )
    .map_err(|failure| format!("{failure}; {remedy}").into())
}

fn apt_get() -> Command {
    let mut command = Command::new("apt-get");
    command
        .arg("--quiet")
        .env("DEBIAN_FRONTEND", "noninteractive");
    command
}

/// What `page` and `demo` need: a compiler and a binding generator for the browser.
pub(crate) fn install_for_page(project: &Project) -> Outcome {
    wasm_target()?;
    wasm_bindgen(project)
}

/// The generator of the JavaScript around the wasm.
pub(crate) fn wasm_bindgen_program(project: &Project) -> PathBuf {
    project.path("target/tools/bin/wasm-bindgen")
}

fn rust(_: &Project) -> Outcome {
    wasm_target()?;
    for (name, program) in [("rustfmt", "rustfmt"), ("clippy", "cargo-clippy")] {
        let is_there = process::answer(Command::new(program).arg("--version")).is_some();
        rust_part("component", name, is_there, "checks the code")?;
    }
    Ok(())
}

fn wasm_target() -> Outcome {
    rust_part(
        "target",
        WASM,
        has_wasm_target(),
        "compiles for the browser",
    )
}

/// The sources of the standard library, of which the package compiles what it needs.
pub(crate) fn standard_library() -> Outcome {
    let root = process::answer(Command::new("rustc").args(["--print", "sysroot"]));
    let is_there = root.is_some_and(|root| {
        let sources = PathBuf::from(root).join("lib/rustlib/src/rust/library/std");
        sources.is_dir()
    });
    rust_part("component", "rust-src", is_there, "makes a smaller wasm")
}

fn rust_part(kind: &str, name: &str, is_there: bool, why: &str) -> Outcome {
    if is_there {
        present(&format!("rust {kind} {name}"));
        return Ok(());
    }
    getting(&format!("rust {kind} {name}"), why);
    process::run(Command::new("rustup").args([kind, "add", name]))
        .map_err(|failure| format!("{failure}; install the {kind} {name} of your Rust").into())
}

fn has_wasm_target() -> bool {
    let folder =
        process::answer(Command::new("rustc").args(["--print", "target-libdir", "--target", WASM]));
    folder.is_some_and(|folder| PathBuf::from(folder).is_dir())
}

/// The program and the crate must be of one version, so the crate's locked version decides.
fn wasm_bindgen(project: &Project) -> Outcome {
    let version = project.locked_version("wasm-bindgen")?;
    let program = wasm_bindgen_program(project);
    let installed = process::answer(Command::new(&program).arg("--version"));
    if installed.is_some_and(|text| text == format!("wasm-bindgen {version}")) {
        present(&format!(
            "wasm-bindgen {version} in {}",
            project.short(&program)
        ));
        return Ok(());
    }
    getting(
        &format!("wasm-bindgen {version}"),
        "makes the browser package and runs wasm tests; some minutes, once",
    );
    let folder = project.path("target/tools");
    process::run(
        project
            .cargo()
            .args(["install", "wasm-bindgen-cli", "--force", "--version"])
            .arg(format!("={version}"))
            .arg("--root")
            .arg(folder),
    )
    .map_err(|failure| {
        format!("{failure}; is crates.io within reach, and a C compiler (`cc`) installed?").into()
    })
}
