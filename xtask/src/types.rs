//! The TypeScript of the documents against the declarations of the package: what is printed there must compile, and what
//! `npm/tests/types` says is wrong must not.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use crate::npm::{self, Package};
use crate::package;
use crate::process::{self, Outcome};
use crate::project::{self, Project};
use crate::tools;

const COMPILER: Package = Package {
    name: "typescript",
    version: "5",
};

/// What the compiler reads of the package.
const DECLARATIONS: [&str; 5] = [
    "package.json",
    "index.d.ts",
    "inline.d.ts",
    "js2p.d.ts",
    "rs2p_bg.wasm.d.ts",
];

/// Documents with examples.
const DOCUMENTS: [&str; 2] = ["README.md", "npm/README.md"];

/// Right and wrong uses of the declarations.
const USES: &str = "npm/tests/types";

/// Compiles every `ts` block of the documents and every use, each as a module beside the package. Returns how many there
/// were.
pub(crate) fn check(project: &Project) -> Outcome<usize> {
    let compiler = compiler(project)?;
    let folder = project.built("types");
    install(project, &folder.join("node_modules/rs2p"))?;
    let mut files = Vec::new();
    for document in DOCUMENTS {
        let text = project::read(&project.path(document))?;
        let blocks = blocks(&text);
        if blocks.is_empty() {
            return Err(format!("{document} holds no TypeScript").into());
        }
        let name = document.replace(['/', '.'], "-");
        for (number, block) in blocks.into_iter().enumerate() {
            files.push((format!("{name}-{number}.ts"), block));
        }
    }
    for (name, text) in uses(project)? {
        files.push((name, text));
    }
    let mut command = Command::new(compiler);
    command.args(["--noEmit", "--strict", "--target", "es2022"]);
    command.args(["--module", "esnext", "--moduleResolution", "bundler"]);
    command.args(["--lib", "esnext,dom,dom.iterable"]);
    for (name, text) in &files {
        let file = folder.join(name);
        fs::write(&file, text).map_err(|error| format!("{}: {error}", file.display()))?;
        command.arg(file);
    }
    process::run(&mut command)?;
    Ok(files.len())
}

/// The declarations, where the compiler looks for a package.
fn install(project: &Project, folder: &std::path::Path) -> Outcome {
    fs::create_dir_all(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    for name in DECLARATIONS {
        let from = project.path(package::FOLDER).join(name);
        fs::copy(&from, folder.join(name))
            .map_err(|error| format!("{}: {error}", from.display()))?;
    }
    Ok(())
}

/// The names and texts of the uses.
fn uses(project: &Project) -> Outcome<Vec<(String, String)>> {
    let folder = project.path(USES);
    let entries =
        fs::read_dir(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    entries
        .flatten()
        .map(|entry| {
            let name = entry.file_name().to_string_lossy().into_owned();
            Ok((name, project::read(&entry.path())?))
        })
        .collect()
}

/// The compiler, installed into the project's own folder if it is not there.
fn compiler(project: &Project) -> Outcome<PathBuf> {
    let folder = project.path(npm::FOLDER);
    if !npm::has(&folder, &[COMPILER]) {
        tools::getting("TypeScript", "the examples of the documents are compiled");
        npm::install(&folder, &[COMPILER])?;
    }
    Ok(npm::program(&folder, "tsc"))
}

/// The contents of the `ts` blocks of a Markdown text.
fn blocks(markdown: &str) -> Vec<String> {
    let mut blocks = Vec::new();
    let mut block: Option<String> = None;
    for line in markdown.lines() {
        match &mut block {
            None if line == "```ts" => block = Some(String::new()),
            None => {}
            Some(_) if line == "```" => blocks.extend(block.take()),
            Some(text) => {
                text.push_str(line);
                text.push('\n');
            }
        }
    }
    blocks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_typescript_blocks_are_taken() {
        let text = "a\n```ts\none\n```\n```sh\ntwo\n```\n```ts\nthree\nfour\n```\n";
        assert_eq!(blocks(text), ["one\n", "three\nfour\n"]);
    }
}
