//! Builds the page: `www` and the browser package, together in `target/www`, ready to be served. The package has js2p's
//! names for its class beside it.

use std::fs;
use std::io;
use std::path::Path;
use std::process::Command;

use crate::process::{self, Outcome};
use crate::project::{Project, WASM};
use crate::tools;

/// What of the package is not made but written.
const WRITTEN: &str = "src/web/js2p";

/// Where the page is built.
pub(crate) const FOLDER: &str = "target/www";

pub(crate) fn build(project: &Project) -> Outcome {
    tools::install_for_page(project)?;
    compile(project)?;
    let page = project.path(FOLDER);
    copy_afresh(&project.path("www"), &page)
        .map_err(|error| format!("cannot copy www to {}: {error}", page.display()))?;
    bind(project, &page.join("pkg"))?;
    copy(&project.path(WRITTEN), &page.join("pkg"))
        .map_err(|error| format!("cannot copy {WRITTEN} to {}: {error}", page.display()))?;
    println!("\nThe page is in {}.", project.short(&page));
    print_size(project, &page.join("pkg/rs2p_bg.wasm"))
}

fn compile(project: &Project) -> Outcome {
    process::run(project.cargo().args([
        "build",
        "--profile=wasm",
        &format!("--target={WASM}"),
        "--no-default-features",
        "--lib",
    ]))
}

/// Writes the JavaScript module, its TypeScript declarations and the wasm that they load.
fn bind(project: &Project, folder: &Path) -> Outcome {
    process::run(
        Command::new(tools::wasm_bindgen_program(project))
            // Names and producers are for debuggers; they are a third of the file.
            .args(["--remove-name-section", "--remove-producers-section"])
            .args(["--target=web", "--out-name=rs2p", "--out-dir"])
            .arg(folder)
            .arg(project.built(&format!("{WASM}/wasm/rs2p.wasm"))),
    )
}

/// Makes `to` hold exactly what `from` holds.
fn copy_afresh(from: &Path, to: &Path) -> io::Result<()> {
    if to.exists() {
        fs::remove_dir_all(to)?;
    }
    copy(from, to)
}

fn copy(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}

/// The size on disk, and as it travels.
fn print_size(project: &Project, wasm: &Path) -> Outcome {
    let raw = fs::metadata(wasm)
        .map_err(|error| format!("cannot read {}: {error}", wasm.display()))?
        .len();
    let gzip = Command::new("gzip")
        .args(["-9", "--stdout"])
        .arg(wasm)
        .output();
    let packed = match gzip {
        Ok(output) if output.status.success() => {
            format!(", {} with gzip -9", kib(output.stdout.len() as u64))
        }
        _ => String::new(),
    };
    println!("{} is {}{packed}.", project.short(wasm), kib(raw));
    Ok(())
}

fn kib(bytes: u64) -> String {
    format!("{}.{} KiB", bytes / 1024, bytes % 1024 * 10 / 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_holds_the_folders_and_nothing_stale() -> io::Result<()> {
        let base = std::env::temp_dir().join(format!("rs2p-xtask-copy-{}", std::process::id()));
        let (from, to) = (base.join("from"), base.join("to"));
        fs::create_dir_all(from.join("inner"))?;
        fs::write(from.join("inner/a.js"), "a")?;
        fs::create_dir_all(&to)?;
        fs::write(to.join("stale.js"), "old")?;

        copy_afresh(&from, &to)?;

        assert_eq!(fs::read_to_string(to.join("inner/a.js"))?, "a");
        assert!(!to.join("stale.js").exists());
        fs::remove_dir_all(base)
    }

    #[test]
    fn a_size_is_shown_in_kib_with_one_digit() {
        assert_eq!(kib(0), "0.0 KiB");
        assert_eq!(kib(1536), "1.5 KiB");
        assert_eq!(kib(204_799), "199.9 KiB");
    }
}
