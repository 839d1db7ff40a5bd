//! Callgrind, a part of Valgrind: runs a program on a processor of its own making, and counts.
//!
//! No library and no macro stands between: the program is given the name of what it is to do, and Callgrind the name of the
//! function in which to count. What it writes shows which function took how many, if one wants to know.

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::Cell;
use crate::process::{self, Failure, Outcome};
use crate::project::{self, Project};
use crate::tools;

/// The function in which instructions are counted.
const COUNTED: &str = "gate::counted*";

/// What names of functions that hash have in common.
const HASHES: &str = "sha2::";

/// The C library chooses how to copy and compare by what the processor can do. Without these it takes the same way on all:
/// every x86-64 has the rest.
const TUNABLES: &str = "glibc.cpu.hwcaps=-AVX512F,-AVX512VL,-AVX2,-AVX,-AVX_Fast_Unaligned_Load,-ERMS,-FSRM,-BMI2,-LZCNT,-MOVBE,\
    -SSSE3,-SSE4_1,-SSE4_2";

/// Instructions, by what they do. Hashes are most of them and never change: among them the rest would be hidden.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Instructions {
    pub(super) hashing: u64,
    pub(super) rest: u64,
}

/// Installs Valgrind.
pub(crate) fn install() -> Outcome {
    if let Some(version) = process::answer(Command::new("valgrind").arg("--version")) {
        tools::present(&version);
        return Ok(());
    }
    tools::getting("valgrind", "counts instructions");
    tools::apt_install(
        &["valgrind", "libc6-dbg"],
        "install Valgrind, which counts instructions",
    )
}

/// Where the profile of a piece of work is.
pub(super) fn profile(project: &Project, cell: &Cell) -> PathBuf {
    project.path(&format!("target/callgrind/{}.out", cell.slug()))
}

/// The instructions that a piece of work takes.
pub(super) fn count(project: &Project, program: &Path, cell: &Cell) -> Outcome<Instructions> {
    let out = profile(project, cell);
    let folder = project.path("target/callgrind");
    fs::create_dir_all(&folder)
        .map_err(|error| format!("cannot make {}: {error}", folder.display()))?;
    let mut callgrind = command(program, cell, &out);
    let output = callgrind
        .output()
        .map_err(|error| process::not_started(&callgrind, &error))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(format!("{said}\n`{}` could not be counted", cell.name).into());
    }
    let instructions = instructions(&project::read(&out)?);
    Some(instructions)
        .filter(|counted| counted.rest > 0)
        .ok_or_else(|| nothing_counted(cell))
}

fn command(program: &Path, cell: &Cell, out: &Path) -> Command {
    let valgrind = process::in_path(&["valgrind"]).unwrap_or_else(|| "valgrind".into());
    let mut command = Command::new(valgrind);
    // The environment lies on the stack, and moves what lies behind it.
    command.env_clear().env("GLIBC_TUNABLES", TUNABLES);
    command.arg("--tool=callgrind");
    command.arg(format!("--toggle-collect={COUNTED}"));
    command.arg(format!("--callgrind-out-file={}", out.display()));
    command.arg(program).arg(&cell.name).stdin(Stdio::null());
    command
}

/// The sums in what Callgrind writes: a line for each function, with its number and at first its name, and below it lines of
/// what it took itself; but a line below `calls=` is what others took for it, which stands with them too.
fn instructions(profile: &str) -> Instructions {
    let mut sums = Instructions::default();
    let (mut hashes, mut is_hash, mut is_call) = (HashSet::new(), false, false);
    for line in profile.lines() {
        let is_own = !std::mem::replace(&mut is_call, line.starts_with("calls="));
        if let Some((key, function)) = line.split_once("fn=(") {
            let (number, name) = function.split_once(')').unwrap_or((function, ""));
            if name.contains(HASHES) {
                hashes.insert(number);
            }
            if key.is_empty() {
                is_hash = hashes.contains(number);
            }
        } else if let Some(count) = cost(line).filter(|_| is_own) {
            let sum = if is_hash {
                &mut sums.hashing
            } else {
                &mut sums.rest
            };
            *sum += count;
        }
    }
    sums
}

/// What a line says that begins with a place in a source, known or not.
fn cost(line: &str) -> Option<u64> {
    let line = line.strip_prefix(|c: char| c.is_ascii_digit() || "+-*".contains(c))?;
    line.split_whitespace().last()?.parse().ok()
}

fn nothing_counted(cell: &Cell) -> Failure {
    format!(
        "nothing was counted of `{}`: does Callgrind know the function as `{COUNTED}`?",
        cell.name
    )
    .into()
}

#[cfg(test)]
mod tests {
    use super::*;

    const PROFILE: &str = "\
version: 1
pid: 6613
positions: line
events: Ir
summary: 1000

ob=(6) gate
fl=(139) ???
fn=(1) rs2p::wire::read
0 23
cfn=(2) sha2::sha256::compress256
calls=1 0
0 900
+3 70

fn=(2)
0 800
* 100

fn=(3) memcpy
219 7

totals: 1000
";

    #[test]
    fn what_hashes_is_told_from_the_rest() {
        let (hashing, rest) = (900, 100);
        assert_eq!(instructions(PROFILE), Instructions { hashing, rest });
    }

    #[test]
    fn where_nothing_is_counted_nothing_is_read() {
        let empty = "version: 1\nevents: Ir\nsummary: 0\n\ntotals: 0\n";
        assert_eq!(instructions(empty), Instructions::default());
    }
}
