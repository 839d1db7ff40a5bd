//! Checks the order of the modules in `src`: imports run downward only, the core stays free of the world, and a file
//! stays of a size that can be read in one sitting.
//!
//! It reads text, not syntax: comments and the inline tests at the end of a file are left out, and every
//! `crate::module` in the rest is an import, wherever it stands.

use std::fs;
use std::path::{Path, PathBuf};

use crate::process::Outcome;
use crate::project::{self, Project};

/// The floors from the ground up. A module may name those on lower floors; two on one floor do not know each other.
const FLOORS: [&[&str]; 11] = [
    &["ordered"],
    &["id", "network"],
    &["time"],
    &["address"],
    &["wire"],
    &["mesh"],
    &["sim", "transport"],
    &["driver"],
    &["socket"],
    &["memory", "native", "web"],
    &["testing"],
];

/// The modules that own no socket, clock, generator or task.
const CORE: [&str; 8] = [
    "id", "ordered", "time", "network", "address", "wire", "mesh", "sim",
];

/// What the core must not name.
const WORLD: [&str; 9] = [
    "tokio",
    "web_sys",
    "js_sys",
    "wasm_bindgen",
    "Instant",
    "SystemTime",
    "std::net",
    "rand",
    "getrandom",
];

/// Where the platform may be asked for: the doors to `native` and `web`, and those codecs that only exist natively.
const PLATFORM: [&str; 3] = ["lib.rs", "bin/rs2p/main.rs", "wire/compression/codecs.rs"];

/// The longest file, in lines before its inline tests.
const MAX_LINES: usize = 500;

/// Fails with one line for each breach.
pub(crate) fn check(project: &Project) -> Outcome {
    let src = project.path("src");
    let mut breaches = Vec::new();
    let files = sources(&src)?;
    for file in &files {
        let path = file
            .strip_prefix(&src)
            .unwrap_or(file)
            .to_string_lossy()
            .replace('\\', "/");
        let text = project::read(file)?;
        breaches.extend(
            breaches_in(&path, &text)
                .into_iter()
                .map(|breach| format!("src/{path}{breach}")),
        );
    }
    if breaches.is_empty() {
        println!("{} files keep to their floors.", files.len());
        return Ok(());
    }
    Err(format!("the rules are in CONTRIBUTING.md:\n{}", breaches.join("\n")).into())
}

/// All Rust files below `folder`, in order.
fn sources(folder: &Path) -> Outcome<Vec<PathBuf>> {
    let entries = fs::read_dir(folder)
        .map_err(|error| format!("cannot read {}: {error}", folder.display()))?;
    let mut files = Vec::new();
    for path in entries.flatten().map(|entry| entry.path()) {
        if path.is_dir() {
            files.extend(sources(&path)?);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

/// The breaches in one file, each as `:line: what is wrong`. `path` is relative to `src`.
fn breaches_in(path: &str, text: &str) -> Vec<String> {
    let module = path.split(['/', '.']).next().unwrap_or_default();
    let is_free = matches!(module, "lib" | "bin");
    let mut breaches = Vec::new();
    for (number, line) in code(text) {
        let mut breach = |what: String| breaches.push(format!(":{number}: {what}"));
        if !is_free {
            imports(line)
                .filter(|import| !may_import(module, import))
                .for_each(|import| {
                    breach(format!("`{module}` must not name `{import}`"));
                });
        }
        if CORE.contains(&module) {
            WORLD
                .iter()
                .filter(|word| has_word(line, word))
                .for_each(|word| {
                    breach(format!("the core must not name `{word}`"));
                });
        }
        if line.contains("target_arch") && !PLATFORM.contains(&path) {
            breach("the platform is asked for at module boundaries only".to_owned());
        }
    }
    let length = code(text).count();
    if length > MAX_LINES {
        breaches.push(format!(
            ": {length} lines; a file of one idea has at most {MAX_LINES}"
        ));
    }
    breaches
}

/// The lines of code with their numbers: no comments, and nothing from the inline tests on.
fn code(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let lines: Vec<&str> = text.lines().collect();
    let end = lines
        .iter()
        .position(|line| line.starts_with("mod tests"))
        .map_or(lines.len(), |tests| {
            let attributes = lines[..tests]
                .iter()
                .rev()
                .take_while(|line| line.starts_with("#["));
            tests - attributes.count()
        });
    let numbered = lines.into_iter().take(end).enumerate();
    numbered.map(|(index, line)| (index + 1, before_comment(line)))
}

/// A line without its comment. The `//` of a URL stands in the middle of a word and begins none.
fn before_comment(line: &str) -> &str {
    let begins = |at: usize| at == 0 || line[..at].ends_with(char::is_whitespace);
    let comment = line.match_indices("//").find(|(at, _)| begins(*at));
    comment.map_or(line, |(at, _)| &line[..at])
}

/// The modules that a line imports: of `crate::mesh::Mesh` it is `mesh`. A group is an import of `{`, which no module
/// may: its parts may stand on other lines.
fn imports(line: &str) -> impl Iterator<Item = &str> {
    line.split("crate::").skip(1).map(first_word)
}

/// The word that `text` begins with, or the one character that is no part of a word.
fn first_word(text: &str) -> &str {
    let end = text.find(|c| !is_part_of_word(c)).unwrap_or(text.len());
    &text[..end.max(text.chars().next().map_or(0, char::len_utf8))]
}

fn may_import(module: &str, import: &str) -> bool {
    match (floor(module), floor(import)) {
        (Some(own), Some(other)) => other < own || module == import,
        _ => false,
    }
}

fn floor(module: &str) -> Option<usize> {
    FLOORS.iter().position(|floor| floor.contains(&module))
}

/// Whether `word` stands in `line` as a word of its own.
fn has_word(line: &str, word: &str) -> bool {
    line.match_indices(word).any(|(at, _)| {
        let (before, after) = (&line[..at], &line[at + word.len()..]);
        !before.ends_with(is_part_of_word) && !after.starts_with(is_part_of_word)
    })
}

fn is_part_of_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn imports_downward_are_allowed() {
        assert_eq!(
            breaches_in(
                "mesh/flood.rs",
                "use crate::wire::Message;\nuse crate::mesh::event::Event;"
            ),
            [""; 0]
        );
        assert_eq!(
            breaches_in("native/tcp.rs", "use crate::transport::Link;"),
            [""; 0]
        );
        assert_eq!(
            breaches_in("lib.rs", "pub use crate::web::MeshSocket;"),
            [""; 0]
        );
    }

    #[test]
    fn imports_upward_and_sideways_are_breaches() {
        let upward = ":1: `mesh` must not name `transport`";
        assert_eq!(
            breaches_in("mesh/mod.rs", "use crate::transport::Link;"),
            [upward]
        );
        let sideways = ":2: `native` must not name `web`";
        assert_eq!(
            breaches_in("native/mod.rs", "\nfn f(_: crate::web::Tab) {}"),
            [sideways]
        );
    }

    #[test]
    fn a_group_of_modules_is_a_breach() {
        let group = ":1: `wire` must not name `{`";
        assert_eq!(breaches_in("wire/frame.rs", "use crate::{"), [group]);
    }

    #[test]
    fn a_module_without_a_floor_is_a_breach() {
        let unknown = ":1: `socket` must not name `helpers`";
        assert_eq!(
            breaches_in("socket.rs", "use crate::helpers::retry;"),
            [unknown]
        );
        assert_eq!(breaches_in("helpers.rs", "use crate::id::LinkId;").len(), 1);
    }

    #[test]
    fn the_core_must_not_name_the_world() {
        assert_eq!(
            breaches_in("mesh/mod.rs", "use std::time::Instant;"),
            [":1: the core must not name `Instant`"]
        );
        assert_eq!(
            breaches_in("time.rs", "let x = rand::random();"),
            [":1: the core must not name `rand`"]
        );
        assert_eq!(
            breaches_in(
                "mesh/mod.rs",
                "use rand_chacha::ChaCha8Rng; // Instant::now() is not here"
            ),
            [""; 0]
        );
        assert_eq!(
            breaches_in("native/clock.rs", "use tokio::time::Instant;"),
            [""; 0]
        );
    }

    #[test]
    fn the_platform_is_asked_for_in_few_places() {
        let line = "#[cfg(target_arch = \"wasm32\")]";
        assert_eq!(breaches_in("lib.rs", line), [""; 0]);
        assert_eq!(breaches_in("driver.rs", line).len(), 1);
    }

    #[test]
    fn a_file_is_too_long_one_line_after_the_limit() {
        let tests = "#[cfg(test)]\nmod tests {\n}\n";
        let file = |lines: usize| format!("{}{tests}", "fn f() {}\n".repeat(lines));
        assert_eq!(breaches_in("id.rs", &file(MAX_LINES)), [""; 0]);
        assert_eq!(breaches_in("id.rs", &file(MAX_LINES + 1)).len(), 1);
    }

    #[test]
    fn comments_and_inline_tests_are_left_out() {
        let text = "//! See [`crate::web`].\nfn f() {}\n\n#[cfg(test)]\nmod tests {\n    use crate::web::Tab;\n}\n";
        assert_eq!(breaches_in("id.rs", text), [""; 0]);
    }
}
