//! Counts tests in what their runners print, and lays out the summary.

use std::fmt;
use std::time::Duration;

/// How many tests ran, by result.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) passed: usize,
    pub(crate) failed: usize,
    pub(crate) ignored: usize,
}

impl Tally {
    /// Takes in one line of output. libtest and wasm-bindgen-test-runner both end a binary's tests with
    /// `test result: ok. 3 passed; 0 failed; 1 ignored; …`, Node.js with `ℹ pass 3` and the like on lines of their own; all
    /// other lines count nothing.
    pub(crate) fn read(&mut self, line: &str) {
        if let Some(count) = line.strip_prefix("ℹ ") {
            return self.read_node(count);
        }
        let Some(counts) = line.strip_prefix("test result: ") else {
            return;
        };
        self.passed += count_before(counts, " passed");
        self.failed += count_before(counts, " failed");
        self.ignored += count_before(counts, " ignored");
    }

    fn read_node(&mut self, line: &str) {
        let Some((what, count)) = line.split_once(' ') else {
            return;
        };
        let count = count.parse().unwrap_or(0);
        match what {
            "pass" => self.passed += count,
            "fail" | "cancelled" => self.failed += count,
            "skipped" | "todo" => self.ignored += count,
            _ => {}
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    fn add(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.ignored += other.ignored;
    }
}

/// The number that stands in `text` right before `word`, 0 if there is none.
fn count_before(text: &str, word: &str) -> usize {
    let before = text.split_once(word).map_or("", |(before, _)| before);
    before
        .rsplit(|c: char| !c.is_ascii_digit())
        .next()
        .and_then(|digits| digits.parse().ok())
        .unwrap_or(0)
}

/// What became of one stage.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) stage: &'static str,
    pub(crate) ok: bool,
    pub(crate) tally: Tally,
    pub(crate) time: Duration,
}

/// All stages that ran.
#[derive(Debug, Default)]
pub(crate) struct Summary {
    pub(crate) rows: Vec<Row>,
}

impl Summary {
    pub(crate) fn ok(&self) -> bool {
        self.rows.iter().all(|row| row.ok)
    }

    /// All counts. A stage that failed without a failed test, because something did not build or crashed, counts as
    /// one failure: the sum never reads "0 failed" where something did.
    pub(crate) fn tally(&self) -> Tally {
        let mut sum = Tally::default();
        for row in &self.rows {
            sum.add(row.tally);
            sum.failed += usize::from(!row.ok && row.tally.failed == 0);
        }
        sum
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{:<10}{:<8}{:>7}{:>8}{:>9}{:>10}",
            "stage", "result", "passed", "failed", "ignored", "time"
        )?;
        for Row {
            stage,
            ok,
            tally,
            time,
        } in &self.rows
        {
            let result = if *ok { "ok" } else { "FAILED" };
            let Tally {
                passed,
                failed,
                ignored,
            } = tally;
            writeln!(
                f,
                "{stage:<10}{result:<8}{passed:>7}{failed:>8}{ignored:>9}{:>10}",
                clock(*time)
            )?;
        }
        Ok(())
    }
}

/// Minutes and seconds.
pub(crate) fn clock(time: Duration) -> String {
    let seconds = time.as_secs();
    format!("{}:{:02} min", seconds / 60, seconds % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_node_counts_is_counted() {
        let mut tally = Tally::default();
        for line in [
            "ℹ tests 7",
            "ℹ pass 4",
            "ℹ fail 1",
            "ℹ cancelled 1",
            "ℹ skipped 1",
            "✔ pass 9",
        ] {
            tally.read(line);
        }
        assert_eq!((tally.passed, tally.failed, tally.ignored), (4, 2, 1));
    }

    fn tally(output: &str) -> Tally {
        let mut tally = Tally::default();
        output.lines().for_each(|line| tally.read(line));
        tally
    }

    fn row(ok: bool, passed: usize, failed: usize) -> Row {
        Row {
            stage: "native",
            ok,
            tally: Tally {
                passed,
                failed,
                ignored: 0,
            },
            time: Duration::from_secs(75),
        }
    }

    #[test]
    fn results_of_several_binaries_add_up() {
        let output = "\
running 3 tests
test id::tests::a_passed_name ... ok

test result: ok. 12 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.01s

test result: FAILED. 3 passed; 2 failed; 0 ignored; 0 measured; 7 filtered out; finished in 1.20s
";
        assert_eq!(
            tally(output),
            Tally {
                passed: 15,
                failed: 2,
                ignored: 1
            }
        );
    }

    #[test]
    fn the_wasm_runner_is_understood() {
        let output =
            "test result: ok. 4 passed; 0 failed; 0 ignored; 2 filtered out; finished in 0.03s\n";
        assert_eq!(
            tally(output),
            Tally {
                passed: 4,
                failed: 0,
                ignored: 0
            }
        );
    }

    #[test]
    fn only_a_line_that_begins_as_a_result_counts() {
        assert_eq!(
            tally("left: \"test result: ok. 1 passed; 1 failed;\"\nno tests to run!\n"),
            Tally::default()
        );
    }

    #[test]
    fn a_stage_that_fails_without_a_failed_test_is_one_failure() {
        let summary = Summary {
            rows: vec![row(true, 5, 0), row(false, 0, 0), row(false, 3, 2)],
        };
        assert_eq!(
            summary.tally(),
            Tally {
                passed: 8,
                failed: 3,
                ignored: 0
            }
        );
        assert!(!summary.ok());
    }

    #[test]
    fn the_table_has_one_aligned_line_for_each_stage() {
        let table = Summary {
            rows: vec![row(true, 120, 0), row(false, 7, 1)],
        }
        .to_string();
        let widths: Vec<usize> = table.lines().map(str::len).collect();
        assert_eq!(widths.len(), 3);
        assert!(widths.iter().all(|width| *width == widths[0]), "{table}");
    }
}
