//! The counts that are held to, with what they were counted with: a file that people read and `--accept` writes.

use std::fmt;

use super::Count;
use crate::process::{Failure, Outcome};

const HEAD: &str = "\
# How many instructions a message takes, in each piece of work of benches/gate. `cargo xtask gate` fails where it takes
# more than this and some percent; `cargo xtask gate --accept` writes it anew. A commit that changes it says why.
";

/// What counts depend on besides the code.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Origin {
    pub(super) rustc: String,
    pub(super) target: String,
    pub(super) libc: String,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            rustc,
            target,
            libc,
        } = self;
        write!(f, "rustc {rustc} for {target} with {libc}")
    }
}

/// Instructions a message, by the name of what is done.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Table {
    pub(super) origin: Origin,
    pub(super) counts: Vec<(String, u64)>,
}

impl Table {
    pub(super) fn new(origin: Origin, counts: &[Count]) -> Self {
        let row = |count: &Count| (count.name(), count.a_message());
        Self {
            origin,
            counts: counts.iter().map(row).collect(),
        }
    }

    /// Reads what was written: TOML, but no more of it than that takes.
    pub(super) fn read(text: &str) -> Outcome<Self> {
        let mut table = Self::default();
        let lines = text.lines().map(str::trim);
        for line in lines.filter(|line| !(line.is_empty() || line.starts_with(['#', '[']))) {
            table.read_line(line).ok_or_else(|| not_understood(line))?;
        }
        Ok(table)
    }

    fn read_line(&mut self, line: &str) -> Option<()> {
        let (key, value) = line.rsplit_once(" = ")?;
        let place = match key {
            "rustc" => &mut self.origin.rustc,
            "target" => &mut self.origin.target,
            "libc" => &mut self.origin.libc,
            name => {
                let count = value.replace('_', "").parse().ok()?;
                self.counts.push((unquoted(name)?.to_owned(), count));
                return Some(());
            }
        };
        unquoted(value)?.clone_into(place);
        Some(())
    }

    pub(super) fn count(&self, name: &str) -> Option<u64> {
        let row = self.counts.iter().find(|(known, _)| known == name);
        row.map(|(_, count)| *count)
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Origin {
            rustc,
            target,
            libc,
        } = &self.origin;
        writeln!(f, "{HEAD}\n[counted-with]")?;
        for (key, value) in [("rustc", rustc), ("target", target), ("libc", libc)] {
            writeln!(f, "{key} = \"{value}\"")?;
        }
        writeln!(f, "\n[instructions]")?;
        self.counts
            .iter()
            .try_for_each(|(name, count)| writeln!(f, "\"{name}\" = {count}"))
    }
}

fn unquoted(text: &str) -> Option<&str> {
    text.strip_prefix('"')?.strip_suffix('"')
}

fn not_understood(line: &str) -> Failure {
    format!(
        "{} has a line that is not understood, `{line}`: cargo xtask gate --accept writes it anew",
        super::TABLE
    )
    .into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let table = Table {
            origin: Origin {
                rustc: "1.95.0".to_owned(),
                target: "x86_64-unknown-linux-gnu".to_owned(),
                libc: "glibc 2.36".to_owned(),
            },
            counts: vec![
                ("encode, 64 B".to_owned(), 9_000),
                ("links: 1".to_owned(), 7),
            ],
        };
        let text = table.to_string();
        assert_eq!(Table::read(&text).ok().as_ref(), Some(&table), "{text}");
        assert_eq!(table.count("links: 1"), Some(7));
        assert_eq!(table.count("links: 2"), None);
    }

    #[test]
    fn a_line_that_is_not_understood_is_named() {
        for line in ["\"encode\" = many", "encode = 7", "rustc = 1.95", "<<<<<<<"] {
            let failure = Table::read(line).map_err(|failure| failure.to_string());
            let text = failure.expect_err("no such line is written");
            assert!(text.contains(line) && text.contains("--accept"), "{text}");
        }
    }
}
