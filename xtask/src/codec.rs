//! The package's codec beside what a page would use instead, in a headless Chromium: `cargo xtask codec`. What it compares is in
//! `benches/page`.

use std::process::Command;

use crate::browser;
use crate::node;
use crate::npm::{self, Package};
use crate::package;
use crate::process::{self, Failure, Outcome};
use crate::project::Project;
use crate::tools;

const MSGPACK: Package = Package {
    name: "@msgpack/msgpack",
    version: "3.1.3",
};

/// Where that is installed: `benches/page/codec.mjs` looks for it there.
const FOLDER: &str = "target/bench/msgpack";

/// Builds the codec as the package's wasm is built, and compares. `options` are those of `benches/page/codec.mjs`.
pub(crate) fn compare(project: &Project, options: &[&str]) -> Outcome {
    let browser = browser::chromium()
        .ok_or_else(|| Failure::from("Chromium is not there: `cargo xtask setup browser`"))?;
    install(project)?;
    package::build_codec(project)?;
    let mut compare = Command::new(node::program(project)?);
    compare
        .arg(project.path("benches/page/codec.mjs"))
        .args(options)
        .env("CHROMIUM", browser);
    process::run(&mut compare)
}

fn install(project: &Project) -> Outcome {
    let folder = project.path(FOLDER);
    let Package { name, version } = MSGPACK;
    if npm::has(&folder, &[MSGPACK]) {
        tools::present(&format!("{name} {version} in {FOLDER}"));
        return Ok(());
    }
    tools::getting(
        &format!("{name} {version}"),
        "the codec is measured beside it",
    );
    npm::install(&folder, &[MSGPACK])
}
