//! The wasm of the npm package, as small as the tools make it: a browser downloads it before a node can begin.
//!
//! It is one linked whole, with a standard library that is compiled for it, without codecs, and shrunk once more behind the compiler.
//! It does what the same core does elsewhere, but that a panic, which nothing can cause that a peer or a user says, says nothing.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::npm::{self, Package};
use crate::process::{self, Outcome};
use crate::project::{Project, WASM};
use crate::tools;

/// What is told to the compiler: nodes in a browser announce no compression, one round of SHA-256 is a loop, and who panics
/// formats no text.
const FLAGS: [&str; 6] = [
    "--cfg",
    "without_compression",
    "--cfg",
    "sha2_backend_soft=\"compact\"",
    "-Zunstable-options",
    "-Cpanic=immediate-abort",
];

/// What is compiled anew of the standard library, whose ready-made form unwinds and formats.
const STANDARD_LIBRARY: &str = "-Zbuild-std=std,panic_abort";

const OPTIMIZER: Package = Package {
    name: "binaryen",
    version: "132.0.0",
};

/// What the compiler takes for granted in a browser, all of it there since 2022: the optimizer is to use no more.
const FEATURES: [&str; 6] = [
    "--enable-bulk-memory",
    "--enable-multivalue",
    "--enable-mutable-globals",
    "--enable-nontrapping-float-to-int",
    "--enable-reference-types",
    "--enable-sign-ext",
];

/// Compiles the wasm and says where it is.
pub(crate) fn compile(project: &Project) -> Outcome<PathBuf> {
    tools::standard_library()?;
    let mut cargo = project.cargo();
    // As a library for Rust too it would not be linked as one whole.
    cargo.args(["rustc", "--lib", "--crate-type=cdylib"]);
    cargo.args(["--profile=wasm", "--no-default-features"]);
    cargo.args([&format!("--target={WASM}"), STANDARD_LIBRARY]);
    // The flags above are not stable, and are what a stable compiler is made with.
    cargo.env("RUSTC_BOOTSTRAP", "1");
    cargo.env("CARGO_ENCODED_RUSTFLAGS", FLAGS.join("\x1f"));
    process::run(&mut cargo)?;
    Ok(project.built(&format!("{WASM}/wasm/rs2p.wasm")))
}

/// Shrinks a wasm in its place, when all that belongs into it is there.
pub(crate) fn shrink(project: &Project, wasm: &Path) -> Outcome {
    let mut optimizer = Command::new(optimizer(project)?);
    optimizer.args(["-Oz", "--converge", "--strip-debug", "--strip-producers"]);
    optimizer.args(FEATURES).arg(wasm).arg("-o").arg(wasm);
    process::run(&mut optimizer)
}

/// The optimizer, installed into the project's own folder if it is not there.
fn optimizer(project: &Project) -> Outcome<PathBuf> {
    let folder = project.path(npm::FOLDER);
    if !npm::has(&folder, &[OPTIMIZER]) {
        tools::getting("binaryen", "makes the wasm smaller");
        npm::install(&folder, &[OPTIMIZER])?;
    }
    Ok(npm::program(&folder, "wasm-opt"))
}
