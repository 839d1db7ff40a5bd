//! The TypeScript of the README against the declarations of the package: what is printed there must compile.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use crate::npm::{self, Package};
use crate::process::{self, Outcome};
use crate::project::{self, Project};
use crate::tools;

const COMPILER: Package = Package {
    name: "typescript",
    version: "5",
};

/// What the package declares.
const DECLARATIONS: [&str; 2] = ["rs2p.d.ts", "js2p.d.ts"];

/// Compiles every `ts` block of the README, each as a module beside the package. Returns how many there were.
pub(crate) fn check(project: &Project) -> Outcome<usize> {
    let compiler = compiler(project)?;
    let folder = project.built("types");
    let package = folder.join("pkg");
    fs::create_dir_all(&package).map_err(|error| format!("{}: {error}", package.display()))?;
    for name in DECLARATIONS {
        let declarations = project.built(&format!("www/pkg/{name}"));
        fs::copy(&declarations, package.join(name))
            .map_err(|error| format!("{}: {error}", declarations.display()))?;
    }
    let readme = project::read(&project.path("README.md"))?;
    let blocks = blocks(&readme);
    if blocks.is_empty() {
        return Err("README.md holds no TypeScript".into());
    }
    let mut command = Command::new(compiler);
    command.args(["--noEmit", "--strict", "--target", "es2022"]);
    command.args(["--module", "esnext", "--moduleResolution", "bundler"]);
    command.args(["--lib", "esnext,dom,dom.iterable"]);
    for (number, block) in blocks.iter().enumerate() {
        let file = folder.join(format!("readme-{number}.ts"));
        fs::write(&file, block).map_err(|error| format!("{}: {error}", file.display()))?;
        command.arg(file);
    }
    process::run(&mut command)?;
    Ok(blocks.len())
}

/// The compiler, installed into the project's own folder if it is not there.
fn compiler(project: &Project) -> Outcome<PathBuf> {
    let folder = project.built("tools/node");
    if !npm::has(&folder, &[COMPILER]) {
        tools::getting("TypeScript", "the README's examples are compiled");
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
