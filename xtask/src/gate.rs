//! Instructions, counted and held against a table: what makes the relay slower is seen on a machine on which no time can be
//! measured.
//!
//! The pieces of work are those of `benches/gate`, a program that [`callgrind`] runs once for each and in which it
//! counts one function only: what prepares the work costs nothing. The same program with the same input takes the same
//! instructions to the last one. It has to be built for that alone, without the optimisation across crates that makes builds
//! slow.

mod callgrind;
mod table;
mod verdict;

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::process::{self, Outcome};
use crate::project::{self, Project};
use callgrind::Instructions;
pub(crate) use callgrind::install;
use table::{Origin, Table};
use verdict::Verdict;

/// Where the counts are that are held to.
const TABLE: &str = "benches/instructions.toml";

/// What is told to the compiler: some processors hash by an instruction of their own, which would not be comparable.
const FLAGS: [&str; 2] = ["--cfg", "sha2_backend=\"soft\""];

/// What the words behind `gate` ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Task {
    Check,
    Accept,
}

impl Task {
    /// Nothing if the words make no sense.
    pub(crate) fn of(words: &[&str]) -> Option<Self> {
        match words {
            [] => Some(Self::Check),
            ["--accept"] => Some(Self::Accept),
            _ => None,
        }
    }
}

/// A piece of work, and what it comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Cell {
    name: String,
    messages: u64,
    deliveries: u64,
}

impl Cell {
    /// A line of the program's list.
    fn read(line: &str) -> Option<Self> {
        let mut parts = line.split('\t');
        let (name, messages, deliveries) = (parts.next()?, parts.next()?, parts.next()?);
        Some(Self {
            name: name.to_owned(),
            messages: messages.parse().ok().filter(|messages| *messages > 0)?,
            deliveries: deliveries.parse().ok()?,
        })
    }

    /// Its name as that of a file.
    fn slug(&self) -> String {
        let words = self.name.split(|c: char| !c.is_ascii_alphanumeric());
        let words: Vec<_> = words.filter(|word| !word.is_empty()).collect();
        words.join("-")
    }
}

/// What of a piece of work was counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    /// All but the hashes.
    Rest,
    Hashes,
}

/// Instructions that a piece of work took.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Count {
    cell: Cell,
    part: Part,
    instructions: u64,
}

impl Count {
    /// Both counts, or one where nothing is hashed.
    fn of(cell: Cell, counted: Instructions) -> impl Iterator<Item = Self> {
        let Instructions { hashing, rest } = counted;
        let parts = [(Part::Rest, rest), (Part::Hashes, hashing)];
        let parts = parts.into_iter().filter(|(_, count)| *count > 0);
        parts.map(move |(part, instructions)| Self {
            cell: cell.clone(),
            part,
            instructions,
        })
    }

    fn name(&self) -> String {
        match self.part {
            Part::Rest => self.cell.name.clone(),
            Part::Hashes => format!("{}: hash", self.cell.name),
        }
    }

    fn a_message(&self) -> u64 {
        self.instructions / self.cell.messages
    }

    /// In tenths; nothing where nothing is delivered. A hash is the message's.
    fn a_delivery(&self) -> Option<u64> {
        match self.part {
            Part::Rest => (self.instructions * 10).checked_div(self.cell.deliveries),
            Part::Hashes => None,
        }
    }
}

/// Counts, and compares or writes the table.
pub(crate) fn run(project: &Project, task: Task) -> Outcome {
    match task {
        Task::Check => test(project).map(drop),
        Task::Accept => accept(project),
    }
}

/// Counts and compares; says how many counts there were.
pub(crate) fn test(project: &Project) -> Outcome<usize> {
    let accepted = Table::read(&project::read(&project.path(TABLE))?)?;
    let counts = count(project)?;
    let origin = origin()?;
    let verdict = Verdict::new(&accepted, &origin, &counts);
    println!("\n{verdict}");
    verdict.judge(|cell| project.short(&callgrind::profile(project, cell)))?;
    Ok(counts.len())
}

fn accept(project: &Project) -> Outcome {
    let path = project.path(TABLE);
    let counts = count(project)?;
    let table = Table::new(origin()?, &counts);
    // There may be none yet, or one that cannot be read.
    let before = project::read(&path).and_then(|text| Table::read(&text));
    let before = before.unwrap_or_else(|_| Table::new(table.origin.clone(), &[]));
    println!("\n{}", Verdict::new(&before, &table.origin, &counts));
    write(&path, &table.to_string())?;
    println!("{TABLE} is written: commit it with the reason.");
    Ok(())
}

fn write(path: &Path, text: &str) -> Outcome {
    std::fs::write(path, text)
        .map_err(|error| format!("cannot write {}: {error}", path.display()).into())
}

fn count(project: &Project) -> Outcome<Vec<Count>> {
    callgrind::install()?;
    let program = build(project)?;
    let cells = cells(&program)?;
    println!(
        "     $ callgrind, for each of {} pieces of work",
        cells.len()
    );
    let mut counts = Vec::new();
    for cell in cells {
        let counted = callgrind::count(project, &program, &cell)?;
        counts.extend(Count::of(cell, counted));
    }
    Ok(counts)
}

/// Builds what is counted, in the same way for everybody.
fn build(project: &Project) -> Outcome<PathBuf> {
    let mut cargo = project.cargo();
    cargo.args(["build", "--quiet", "--profile", "gate", "--package", "gate"]);
    // In place of whatever flags somebody's settings have, as for their own processor.
    cargo.env("CARGO_ENCODED_RUSTFLAGS", FLAGS.join("\x1f"));
    process::run(&mut cargo)?;
    Ok(project.built("gate/gate"))
}

fn cells(program: &Path) -> Outcome<Vec<Cell>> {
    let list = process::answer(&mut Command::new(program)).unwrap_or_default();
    let cells: Option<Vec<_>> = list.lines().map(Cell::read).collect();
    let cells = cells.filter(|cells| !cells.is_empty());
    cells.ok_or_else(|| format!("{} lists nothing", program.display()).into())
}

/// What counts are made with here.
fn origin() -> Outcome<Origin> {
    let said = process::answer(Command::new("rustc").arg("-vV")).unwrap_or_default();
    let of = |name: &str| {
        let value = said.lines().find_map(|line| line.strip_prefix(name));
        value.map(|value| value.trim().to_owned())
    };
    let (Some(rustc), Some(target)) = (of("release:"), of("host:")) else {
        return Err("`rustc -vV` does not say what it is".into());
    };
    let libc = process::answer(Command::new("getconf").arg("GNU_LIBC_VERSION"));
    Ok(Origin {
        rustc,
        target,
        libc: libc.unwrap_or_else(|| "unknown".to_owned()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_understood_and_nonsense_is_refused() {
        assert_eq!(Task::of(&[]), Some(Task::Check));
        assert_eq!(Task::of(&["--accept"]), Some(Task::Accept));
        assert_eq!(Task::of(&["--all"]), None);
    }

    #[test]
    fn the_list_of_the_program_is_read() {
        let cell = Cell::read("broadcast, 1 a read, links: 10\t300\t3000").expect("a cell");
        assert_eq!((cell.messages, cell.deliveries), (300, 3_000));
        assert_eq!(cell.slug(), "broadcast-1-a-read-links-10");
        assert_eq!(Cell::read("encode\t0\t0"), None);
        assert_eq!(Cell::read("encode"), None);
    }

    #[test]
    fn a_count_is_shared_by_messages_and_by_deliveries() {
        let cell = |deliveries| Cell {
            name: "encode".to_owned(),
            messages: 4,
            deliveries,
        };
        let count = |deliveries| Count {
            cell: cell(deliveries),
            part: Part::Rest,
            instructions: 1_000,
        };
        assert_eq!(count(0).a_message(), 250);
        assert_eq!(count(0).a_delivery(), None);
        assert_eq!(count(400).a_delivery(), Some(25));
    }

    #[test]
    fn hashes_are_counted_apart_where_there_are_any() {
        let cell = Cell::read("open\t10\t20").expect("a cell");
        let counts = |hashing| -> Vec<_> {
            let counts = Count::of(cell.clone(), Instructions { hashing, rest: 50 });
            let shown = counts.map(|count| (count.name(), count.a_message(), count.a_delivery()));
            shown.collect()
        };
        let rest = || ("open".to_owned(), 5, Some(25));
        let hashes = ("open: hash".to_owned(), 70, None);
        assert_eq!(counts(0), [rest()]);
        assert_eq!(counts(700), [rest(), hashes]);
    }

    #[test]
    fn the_table_of_the_checkout_is_read_and_written_as_it_is() {
        let project = Project::locate().expect("a checkout");
        let text = project::read(&project.path(TABLE)).expect("a table");
        let table = Table::read(&text).expect("a table that can be read");
        assert_eq!(table.to_string(), text);
    }
}
