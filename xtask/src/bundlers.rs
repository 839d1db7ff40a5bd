//! What people build pages with: the npm package is tried under each.

use crate::npm::{self, Package};
use crate::process::Outcome;
use crate::project::Project;
use crate::tools;

const BUNDLERS: [Package; 4] = [
    Package {
        name: "vite",
        version: "8",
    },
    Package {
        name: "webpack",
        version: "5",
    },
    Package {
        name: "webpack-cli",
        version: "7",
    },
    Package {
        name: "esbuild",
        version: "0.28.2",
    },
];

/// Installs them into the project's own folder, if they are not there.
pub(crate) fn install(project: &Project) -> Outcome {
    let folder = project.path("target/tools/bundlers");
    if npm::has(&folder, &BUNDLERS) {
        tools::present("Vite, webpack and esbuild in target/tools/bundlers");
        return Ok(());
    }
    let why = "the npm package is tried under each of them";
    tools::getting("Vite, webpack and esbuild", why);
    npm::install(&folder, &BUNDLERS)
}
