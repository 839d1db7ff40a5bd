//! Where settings come from besides the command line: the variables of the environment, and a file.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

/// Longest file, in bytes: every key with its help takes a fiftieth of it.
const LONGEST: u64 = 1 << 20;

/// What is asked of the system.
pub(in super::super) struct World<'w> {
    /// The value of a variable.
    pub(in super::super) variable: &'w dyn Fn(&str) -> Option<OsString>,
    /// The text of a file.
    pub(in super::super) file: &'w dyn Fn(&Path) -> io::Result<String>,
}

impl World<'_> {
    /// The system itself.
    pub(in super::super) const SYSTEM: Self = World {
        variable: &|name| std::env::var_os(name),
        file: &load,
    };
}

fn load(path: &Path) -> io::Result<String> {
    let mut text = String::new();
    let file = File::open(path)?;
    let length = file.take(LONGEST + 1).read_to_string(&mut text)?;
    if length as u64 > LONGEST {
        return Err(io::Error::other("it has more than 1 MiB"));
    }
    Ok(text)
}
