//! The wasm of the npm package, as small as the tools make it: a browser downloads it before a node can begin.
//!
//! It is one linked whole, with a standard library that is compiled for it, without codecs, and shrunk once more behind the compiler.
//! It does what the same core does elsewhere, but that a panic, which nothing can cause that a peer or a user says, says nothing.
//!
//! What costs speed and is no part of the size is left fast: SHA-256, which every frame goes through, in vectors.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::npm::{self, Package};
use crate::process::{self, Outcome};
use crate::project::{Project, WASM};
use crate::tools;

/// What is told to the compiler: nodes in a browser announce no compression, there are vectors, with which sha2 is half as fast
/// again as without, and who panics formats no text. Functions that come to less than 25 instructions are not called but put
/// where they are called from: at this level it is 5, which costs a third of the speed and saves 1 % of the size.
const FLAGS: [&str; 6] = [
    "--cfg",
    "without_compression",
    "-Ctarget-feature=+simd128",
    "-Cllvm-args=-inline-threshold=25",
    "-Zunstable-options",
    "-Cpanic=immediate-abort",
];

/// What is compiled anew of the standard library, whose ready-made form unwinds and formats.
const STANDARD_LIBRARY: &str = "-Zbuild-std=std,panic_abort";

/// What of it is made fast and not small: the comparing and copying of bytes. Cargo says that it knows no such package, and does it.
const FAST: &str = "profile.wasm.package.compiler_builtins.opt-level=3";

const OPTIMIZER: Package = Package {
    name: "binaryen",
    version: "132.0.0",
};

/// What the compiler takes for granted in a browser, all of it there since March 2023, when Safari 16.4 got vectors; `npm/README.md`
/// says so. The optimizer is to use no more.
const FEATURES: [&str; 7] = [
    "--enable-bulk-memory",
    "--enable-multivalue",
    "--enable-mutable-globals",
    "--enable-nontrapping-float-to-int",
    "--enable-reference-types",
    "--enable-sign-ext",
    "--enable-simd",
];

/// Compiles the wasm and says where it is.
pub(crate) fn compile(project: &Project) -> Outcome<PathBuf> {
    // As a library for Rust too it would not be linked as one whole.
    compile_as(project, &["--lib", "--crate-type=cdylib"])?;
    Ok(project.built(&format!("{WASM}/wasm/rs2p.wasm")))
}

/// Compiles what only benchmarks load, in the same way, and says where it is.
pub(crate) fn compile_codec(project: &Project) -> Outcome<PathBuf> {
    compile_as(project, &["--example=codec"])?;
    Ok(project.built(&format!("{WASM}/wasm/examples/codec.wasm")))
}

fn compile_as(project: &Project, what: &[&str]) -> Outcome {
    tools::standard_library()?;
    let mut cargo = project.cargo();
    cargo.arg("rustc").args(what);
    cargo.args(["--profile=wasm", "--no-default-features"]);
    cargo.args([&format!("--target={WASM}"), STANDARD_LIBRARY]);
    cargo.args(["--config", FAST]);
    // The flags above are not stable, and are what a stable compiler is made with.
    cargo.env("RUSTC_BOOTSTRAP", "1");
    cargo.env("CARGO_ENCODED_RUSTFLAGS", FLAGS.join("\x1f"));
    process::run(&mut cargo)
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
