//! Builds the npm package in `target/npm`: the wasm with little around it, the sources in `npm` bundled into one file an
//! entry, and what npm wants to know. Where the wasm lies beside the script, and where it is within, is the only difference
//! between entries.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::lean;
use crate::npm::{self, Package};
use crate::process::{self, Outcome};
use crate::project::{self, Project};
use crate::size::{self, kib};
use crate::steps::{self, Step};
use crate::tools;

/// Where the package is built.
pub(crate) const FOLDER: &str = "target/npm";

/// Where its parts are, which the tests of the sources use too.
const PARTS: &str = "target/npm-parts";

const BUNDLER: Package = Package {
    name: "esbuild",
    version: "0.28.2",
};

/// What of the package is written and not made, with its name there.
const WRITTEN: [(&str, &str); 7] = [
    ("npm/index.d.ts", "index.d.ts"),
    ("npm/index.d.ts", "inline.d.ts"),
    ("npm/js2p.d.ts", "js2p.d.ts"),
    ("npm/wasm.d.ts", "rs2p_bg.wasm.d.ts"),
    ("npm/README.md", "README.md"),
    ("LICENSE-MIT", "LICENSE-MIT"),
    ("LICENSE-APACHE", "LICENSE-APACHE"),
];

/// What is served beside a page: all that runs, and what it is typed by.
pub(crate) const ON_A_PAGE: [&str; 5] = [
    "index.js",
    "rs2p_bg.wasm",
    "js2p.js",
    "index.d.ts",
    "js2p.d.ts",
];

/// How it is built.
pub(crate) const STEPS: [Step; 3] = [
    ("the tools of the build", install),
    ("the node as wasm", compile),
    ("the npm package around it", put_together),
];

pub(crate) fn build(project: &Project) -> Outcome {
    steps::take(project, &STEPS)
}

fn install(project: &Project) -> Outcome {
    tools::install_for_page(project)?;
    bundler(project).map(drop)
}

fn compile(project: &Project) -> Outcome {
    let parts = project.path(PARTS);
    let wasm = lean::compile(project)?;
    bind(project, &wasm, "rs2p", &parts)?;
    lean::shrink(project, &parts.join("rs2p_bg.wasm"))
}

fn put_together(project: &Project) -> Outcome {
    let (parts, package) = (project.path(PARTS), project.path(FOLDER));
    empty(&package)?;
    copy(&parts.join("rs2p_bg.wasm"), &package.join("rs2p_bg.wasm"))?;
    inline(&parts)?;
    bundle(project, &bundler(project)?)?;
    describe(project, &package)?;
    for (from, to) in WRITTEN {
        copy(&project.path(from), &package.join(to))?;
    }
    pack(&package)?;
    println!("\nThe npm package is in {}.", project.short(&package));
    print_sizes(&package)?;
    size::check(
        &gzip(&parts.join("rs2p_bg.wasm"))?,
        &gzip(&package.join("index.js"))?,
    )
}

/// The codec alone, for `benches/page`, made as the package's wasm is.
pub(crate) fn build_codec(project: &Project) -> Outcome {
    tools::install_for_page(project)?;
    let folder = project.path("target/bench/codec");
    let wasm = lean::compile_codec(project)?;
    bind(project, &wasm, "codec", &folder)?;
    lean::shrink(project, &folder.join("codec_bg.wasm"))
}

/// Writes the module around the wasm, and the wasm with nothing in it that is for debuggers.
fn bind(project: &Project, wasm: &Path, name: &str, folder: &Path) -> Outcome {
    process::run(
        Command::new(tools::wasm_bindgen_program(project))
            .args(["--remove-name-section", "--remove-producers-section"])
            // Where the wasm is, the package says itself: bundlers would look for it here too.
            .args(["--target=web", "--omit-default-module-path"])
            .args(["--no-typescript", &format!("--out-name={name}")])
            .arg("--out-dir")
            .arg(folder)
            .arg(wasm),
    )
}

/// The wasm as a module: gzip in base64, which is a third more than it travels with otherwise.
fn inline(parts: &Path) -> Outcome {
    let wasm = parts.join("rs2p_bg.wasm");
    let packed = gzip(&wasm)?;
    let text = format!("export default \"{}\";\n", base64(&packed));
    let module = parts.join("wasm.js");
    fs::write(&module, text).map_err(|error| format!("{}: {error}", module.display()).into())
}

/// One file an entry. js2p's names stand on an entry, and so are there twice: for each way of loading the wasm.
fn bundle(project: &Project, bundler: &Path) -> Outcome {
    let entries = [
        ("index.js", "index.js", None),
        ("inline.js", "inline.js", None),
        ("js2p.js", "js2p.js", Some("./index.js")),
        ("js2p.js", "js2p-inline.js", Some("./inline.js")),
    ];
    for (from, to, stands_on) in entries {
        let mut esbuild = Command::new(bundler);
        esbuild.current_dir(project.path("npm/src"));
        esbuild.arg(from).args(["--bundle", "--minify"]);
        esbuild.args(["--format=esm", "--target=es2022", "--log-level=warning"]);
        let parts = project.path(PARTS);
        esbuild.arg(format!("--alias:#glue={}", parts.join("rs2p.js").display()));
        esbuild.arg(format!("--alias:#wasm={}", parts.join("wasm.js").display()));
        if let Some(entry) = stands_on {
            esbuild.arg(format!("--alias:#rs2p={entry}"));
            esbuild.arg(format!("--external:{entry}"));
        }
        let file = project.path(FOLDER).join(to);
        process::run(esbuild.arg(format!("--outfile={}", file.display())))?;
    }
    Ok(())
}

/// What npm reads: as it is written, with the version of the crate.
fn describe(project: &Project, package: &Path) -> Outcome {
    let manifest = project::read(&project.path("npm/package.json"))?;
    let version = project.version()?;
    let manifest = manifest.replace("\"0.0.0\"", &format!("\"{version}\""));
    let file = package.join("package.json");
    fs::write(&file, manifest).map_err(|error| format!("{}: {error}", file.display()).into())
}

/// The file that is published, and that others can install from here.
fn pack(package: &Path) -> Outcome {
    process::run(Command::new("npm").current_dir(package).args([
        "pack",
        "--silent",
        "--ignore-scripts",
    ]))
}

/// The bundler, installed into the project's own folder if it is not there.
pub(crate) fn bundler(project: &Project) -> Outcome<PathBuf> {
    let folder = project.path(npm::FOLDER);
    if !npm::has(&folder, &[BUNDLER]) {
        tools::getting("esbuild", "makes one file of the package's sources");
        npm::install(&folder, &[BUNDLER])?;
    }
    Ok(npm::program(&folder, "esbuild"))
}

/// Makes a folder that holds nothing.
pub(crate) fn empty(folder: &Path) -> Outcome {
    let emptied = if folder.exists() {
        fs::remove_dir_all(folder)
    } else {
        Ok(())
    };
    emptied
        .and_then(|()| fs::create_dir_all(folder))
        .map_err(|error| format!("{}: {error}", folder.display()).into())
}

pub(crate) fn copy(from: &Path, to: &Path) -> Outcome {
    match fs::copy(from, to) {
        Ok(_) => Ok(()),
        Err(error) => Err(format!("{} to {}: {error}", from.display(), to.display()).into()),
    }
}

/// The bytes of a file, as they travel.
fn gzip(file: &Path) -> Outcome<Vec<u8>> {
    let packed = Command::new("gzip")
        .args(["-9", "--no-name", "--stdout"])
        .arg(file)
        .output();
    match packed {
        Ok(output) if output.status.success() => Ok(output.stdout),
        _ => Err(format!("gzip cannot pack {}", file.display()).into()),
    }
}

fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let word = [0, 1, 2].map(|at| u32::from(chunk.get(at).copied().unwrap_or(0)));
        let word = word[0] << 16 | word[1] << 8 | word[2];
        for at in 0..4 {
            let digit = ALPHABET[(word >> (18 - 6 * at)) as usize & 63];
            text.push(if at > chunk.len() { '=' } else { digit.into() });
        }
    }
    text
}

/// The sizes on disk, and as they travel.
fn print_sizes(package: &Path) -> Outcome {
    for name in ["rs2p_bg.wasm", "index.js", "inline.js"] {
        let file = package.join(name);
        let raw = fs::metadata(&file)
            .map_err(|error| format!("cannot read {}: {error}", file.display()))?
            .len() as usize;
        let packed = kib(gzip(&file)?.len());
        println!("{name} is {}, {packed} with gzip -9.", kib(raw));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_that_of_the_rfc() {
        let text = |bytes: &str| base64(bytes.as_bytes());
        assert_eq!(
            ["", "f", "fo", "foo", "foob"].map(text),
            ["", "Zg==", "Zm8=", "Zm9v", "Zm9vYg=="]
        );
    }
}
