//! Where things are: the checkout, what cargo builds, what the tasks build and install.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::process::Outcome;

/// The target triple of the browser build.
pub(crate) const WASM: &str = "wasm32-unknown-unknown";

/// The checkout that the tasks work on.
///
/// What the tasks make is always in `target` of the checkout, where the tests look for it: `target/www`,
/// `target/tools`, `target/venv`. What cargo makes follows `CARGO_TARGET_DIR`.
#[derive(Debug)]
pub(crate) struct Project {
    root: PathBuf,
}

impl Project {
    /// The checkout that this program was started from by cargo, else the one that it was built in.
    pub(crate) fn locate() -> Outcome<Self> {
        let manifest =
            env::var_os("CARGO_MANIFEST_DIR").unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").into());
        let root = Path::new(&manifest)
            .parent()
            .filter(|root| root.join("Cargo.lock").is_file());
        match root {
            Some(root) => Ok(Self {
                root: root.to_owned(),
            }),
            None => Err(format!(
                "{} is not in a checkout of rs2p",
                Path::new(&manifest).display()
            )
            .into()),
        }
    }

    pub(crate) fn path(&self, relative: &str) -> PathBuf {
        self.root.join(relative)
    }

    /// A file that cargo built, given by its path below the target directory.
    pub(crate) fn built(&self, relative: &str) -> PathBuf {
        let target = env::var_os("CARGO_TARGET_DIR").unwrap_or_else(|| "target".into());
        self.root.join(target).join(relative)
    }

    /// `path` as a person in the current directory would write it.
    pub(crate) fn short(&self, path: &Path) -> String {
        let here = env::current_dir().unwrap_or_else(|_| self.root.clone());
        path.strip_prefix(here)
            .unwrap_or(path)
            .display()
            .to_string()
    }

    /// Cargo, at the root of the checkout.
    pub(crate) fn cargo(&self) -> Command {
        let mut cargo = Command::new("cargo");
        cargo.current_dir(&self.root);
        // What cargo said of this program when it started it. Build scripts of some packages look at it, and would run again
        // after each change between this and a cargo that a person runs.
        for (name, _) in env::vars_os() {
            let text = name.to_string_lossy();
            if text.starts_with("CARGO_PKG_") || text.starts_with("CARGO_MANIFEST_") {
                cargo.env_remove(&name);
            }
        }
        cargo
    }

    /// The version of this project.
    pub(crate) fn version(&self) -> Outcome<String> {
        self.locked_version("rs2p")
    }

    /// The locked version of the package `name`.
    pub(crate) fn locked_version(&self, name: &str) -> Outcome<String> {
        let lock = read(&self.path("Cargo.lock"))?;
        version_in_lock(&lock, name)
            .ok_or_else(|| format!("Cargo.lock holds no package `{name}`").into())
    }
}

/// The text of a file of the checkout.
pub(crate) fn read(path: &Path) -> Outcome<String> {
    fs::read_to_string(path)
        .map_err(|error| format!("cannot read {}: {error}", path.display()).into())
}

/// The version of package `name` in the text of a `Cargo.lock`, where it follows the name on the next line.
pub(crate) fn version_in_lock(lock: &str, name: &str) -> Option<String> {
    let wanted = format!("name = \"{name}\"");
    let mut lines = lock.lines().skip_while(|line| *line != wanted).skip(1);
    let version = lines
        .next()?
        .strip_prefix("version = \"")?
        .strip_suffix('"')?;
    Some(version.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOCK: &str = r#"
[[package]]
name = "wasm-bindgen-macro"
version = "0.2.99"

[[package]]
name = "wasm-bindgen"
version = "0.2.130"
source = "registry+https://github.com/rust-lang/crates.io-index"
dependencies = [
 "wasm-bindgen-macro",
]
"#;

    #[test]
    fn the_locked_version_is_that_of_the_whole_name() {
        assert_eq!(
            version_in_lock(LOCK, "wasm-bindgen").as_deref(),
            Some("0.2.130")
        );
        assert_eq!(
            version_in_lock(LOCK, "wasm-bindgen-macro").as_deref(),
            Some("0.2.99")
        );
        assert_eq!(version_in_lock(LOCK, "wasm"), None);
    }

    #[test]
    fn the_checkout_locks_the_version_of_wasm_bindgen() {
        let version = Project::locate().and_then(|project| project.locked_version("wasm-bindgen"));
        assert!(version.is_ok_and(|version| version.split('.').count() == 3));
    }
}
