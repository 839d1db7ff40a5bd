//! Builds the page: `www` and, in its folder `pkg`, what of the npm package a page needs, together in `target/www`, ready
//! to be served. Each file costs a way to the relay and back, so the page's modules become one file, and its styles.

use std::fs;
use std::process::Command;

use crate::package;
use crate::process::{self, Outcome};
use crate::project::Project;
use crate::steps::{self, Step};

/// Where the page is built.
pub(crate) const FOLDER: &str = "target/www";

/// What of `www` is served as it is.
const AS_WRITTEN: [&str; 2] = ["index.html", "favicon.svg"];
/// What is served with all that it imports.
const BUNDLED: [&str; 2] = ["app.js", "style.css"];

/// How it is built, with all that it needs.
pub(crate) const STEPS: [Step; 4] = {
    let [tools, wasm, package] = package::STEPS;
    [tools, wasm, package, ("the page", put_together)]
};

pub(crate) fn build(project: &Project) -> Outcome {
    steps::take(project, &STEPS)
}

/// The page, of a package that is there.
pub(crate) fn put_together(project: &Project) -> Outcome {
    let (www, page) = (project.path("www"), project.path(FOLDER));
    package::empty(&page)?;
    for name in AS_WRITTEN {
        package::copy(&www.join(name), &page.join(name))?;
    }
    bundle(project)?;
    let (from, to) = (project.path(package::FOLDER), page.join("pkg"));
    fs::create_dir(&to).map_err(|error| format!("{}: {error}", to.display()))?;
    for name in package::ON_A_PAGE {
        package::copy(&from.join(name), &to.join(name))?;
    }
    println!("The page is in {}.", project.short(&page));
    Ok(())
}

/// Not minified: people look into a page.
fn bundle(project: &Project) -> Outcome {
    let mut esbuild = Command::new(package::bundler(project)?);
    esbuild.current_dir(project.path("www")).args(BUNDLED);
    esbuild.args([
        "--bundle",
        "--format=esm",
        "--target=es2022",
        "--charset=utf8",
    ]);
    esbuild.args(["--external:./pkg/*", "--log-level=warning"]);
    process::run(esbuild.arg(format!("--outdir={}", project.path(FOLDER).display())))
}
