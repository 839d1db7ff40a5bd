//! js2p, the relative that the tests talk to: in `target/js2p` for Node.js, and in `target/js2p/page` for a browser.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use crate::npm::{self, Package};
use crate::process::{self, Outcome};
use crate::project::Project;
use crate::tools;

/// js2p, the WebSockets that it asks for, what makes a page of it, and what Node.js has and a browser has not.
const PACKAGES: [Package; 5] = [
    Package {
        name: "js2p",
        version: "0.7.870",
    },
    Package {
        name: "nodejs-websocket",
        version: "1.7.2",
    },
    Package {
        name: "esbuild",
        version: "0.28.2",
    },
    Package {
        name: "events",
        version: "3.3.0",
    },
    Package {
        name: "util",
        version: "0.12.5",
    },
];

/// What js2p asks for only where it listens, speaks TLS or finds it installed. In a browser it does none of that.
const ABSENT: [&str; 5] = ["ip", "node-forge", "nodejs-websocket", "snappy", "tls"];

pub(crate) fn install(project: &Project) -> Outcome {
    let folder = folder(project);
    let [Package { name, version }, ..] = PACKAGES;
    if npm::has(&folder, &PACKAGES) {
        let folder = project.short(&folder);
        tools::present(&format!("{name} {version} in {folder}"));
    } else {
        let why = "the JavaScript node that the tests talk to";
        tools::getting(&format!("{name} {version}"), why);
        npm::install(&folder, &PACKAGES)?;
    }
    bundle(project)
}

fn folder(project: &Project) -> PathBuf {
    project.path("target/js2p")
}

/// Makes a page with js2p in it. That is quick, and nothing tells whether an earlier one is of today.
fn bundle(project: &Project) -> Outcome {
    let (folder, source) = (folder(project), project.path("tests/browser/js2p"));
    let page = folder.join("page");
    let copy = || {
        fs::create_dir_all(&page)?;
        fs::copy(source.join("index.html"), page.join("index.html"))
    };
    copy().map_err(|error| format!("{}: {error}", page.display()))?;
    let mut esbuild = Command::new(npm::program(&folder, "esbuild"));
    esbuild
        .current_dir(&source)
        .env("NODE_PATH", folder.join("node_modules"))
        .args([
            "page.js",
            "--bundle",
            "--format=iife",
            "--log-level=warning",
        ])
        // As browserify does, for which js2p was written.
        .args(["--alias:net=./net.js", "--inject:globals.js"])
        .args([
            "--define:global=globalThis",
            "--define:process.env.NODE_DEBUG=undefined",
        ])
        .args(ABSENT.map(|name| format!("--external:{name}")))
        .arg(format!("--outfile={}", page.join("js2p.js").display()));
    process::run(&mut esbuild)
}
