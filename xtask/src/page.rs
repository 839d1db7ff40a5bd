//! Builds the page: `www` and, in its folder `pkg`, what of the npm package a page needs, together in `target/www`, ready
//! to be served.

use std::fs;
use std::io;
use std::path::Path;

use crate::package;
use crate::process::Outcome;
use crate::project::Project;

/// Where the page is built.
pub(crate) const FOLDER: &str = "target/www";

pub(crate) fn build(project: &Project) -> Outcome {
    package::build(project)?;
    put_together(project)
}

/// The page, of a package that is there.
pub(crate) fn put_together(project: &Project) -> Outcome {
    let page = project.path(FOLDER);
    copy_afresh(&project.path("www"), &page)
        .map_err(|error| format!("cannot copy www to {}: {error}", page.display()))?;
    let (from, to) = (project.path(package::FOLDER), page.join("pkg"));
    let parts = || {
        fs::create_dir_all(&to)?;
        package::ON_A_PAGE
            .iter()
            .try_for_each(|name| fs::copy(from.join(name), to.join(name)).map(drop))
    };
    parts().map_err(|error| format!("{} to {}: {error}", from.display(), to.display()))?;
    println!("The page is in {}.", project.short(&page));
    Ok(())
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
}
