//! What was counted beside what is held to, and whether it may be so.
//!
//! Another compiler or C library makes other instructions of the same code: what was counted with one says less of another, so
//! the margin is wider then, and a new stable compiler fails nobody. Of another processor's it says nothing.

use std::fmt;

use super::table::{Origin, Table};
use super::{Cell, Count, TABLE};
use crate::process::Outcome;

/// By how many percent a count may grow. The counts themselves do not vary; but code that is moved about is laid out anew.
const MARGIN: u64 = 5;
/// By how many with another compiler or C library. It still stops what is done once more for each message or each link.
const WIDE_MARGIN: u64 = 25;

/// Where counts stand beside those of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Basis {
    /// Counted with the same.
    Same,
    /// With another compiler or C library.
    Other,
    /// For another processor.
    None,
}

#[derive(Debug)]
pub(super) struct Verdict<'a> {
    accepted: &'a Table,
    origin: &'a Origin,
    counts: &'a [Count],
    basis: Basis,
}

impl<'a> Verdict<'a> {
    pub(super) fn new(accepted: &'a Table, origin: &'a Origin, counts: &'a [Count]) -> Self {
        let basis = if accepted.origin == *origin {
            Basis::Same
        } else if accepted.origin.target == origin.target {
            Basis::Other
        } else {
            Basis::None
        };
        Self {
            accepted,
            origin,
            counts,
            basis,
        }
    }

    fn margin(&self) -> u64 {
        match self.basis {
            Basis::Same => MARGIN,
            Basis::Other | Basis::None => WIDE_MARGIN,
        }
    }

    /// Fails with what grew, what is new and what is gone. `profile` says where to see what took how much.
    pub(super) fn judge(&self, profile: impl Fn(&Cell) -> String) -> Outcome {
        if self.basis == Basis::None {
            return Ok(());
        }
        let mut breaches: Vec<_> = self
            .counts
            .iter()
            .filter_map(|count| self.breach(count, &profile))
            .collect();
        breaches.extend(self.gone());
        if breaches.is_empty() {
            return Ok(());
        }
        let breaches = breaches.join("\n");
        Err(format!(
            "instructions a message, against {TABLE} and {} %:\n{breaches}\n\
             If it is worth that: cargo xtask gate --accept, and commit the table with the reason",
            self.margin()
        )
        .into())
    }

    fn breach(&self, count: &Count, profile: impl Fn(&Cell) -> String) -> Option<String> {
        let (name, now) = (count.name(), count.a_message());
        let Some(before) = self.accepted.count(&name) else {
            return Some(format!("  {name}: {now}, and the table has none"));
        };
        if now * 100 <= before * (100 + self.margin()) {
            return None;
        }
        let change = percent(before, now);
        Some(format!(
            "  {name}: {now} instead of {before} ({change})\n    what takes them: callgrind_annotate {}",
            profile(&count.cell)
        ))
    }

    fn gone(&self) -> impl Iterator<Item = String> {
        let is_counted = |name: &str| self.counts.iter().any(|count| count.name() == name);
        let gone = self.accepted.counts.iter();
        let gone = gone.filter(move |(name, _)| !is_counted(name));
        gone.map(|(name, _)| format!("  {name}: in the table, and no more counted"))
    }

    /// Whether something became so much less that the table lets it grow back unnoticed.
    fn has_fallen(&self) -> bool {
        self.basis == Basis::Same
            && self.counts.iter().any(|count| {
                let before = self.accepted.count(&count.name());
                before.is_some_and(|before| count.a_message() * 100 < before * (100 - MARGIN))
            })
    }

    fn note(&self) -> Option<String> {
        let (then, now) = (&self.accepted.origin, self.origin);
        match self.basis {
            Basis::Same if self.has_fallen() => Some(format!(
                "Some became less by more than {MARGIN} %: cargo xtask gate --accept, so that it stays so."
            )),
            Basis::Same => None,
            Basis::Other => Some(format!(
                "warning: the table was made with {then}, and this is {now}: compared within {WIDE_MARGIN} %. \
                 cargo xtask gate --accept makes it anew."
            )),
            Basis::None => Some(format!(
                "warning: the table was made with {then}, and this is {now}: nothing is compared."
            )),
        }
    }
}

impl fmt::Display for Verdict<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.counts.iter().map(|count| count.name().len());
        let width = names.max().unwrap_or(0);
        writeln!(
            f,
            "{:<width$}{:>12}{:>12}{:>12}{:>10}",
            "instructions", "a message", "a delivery", "accepted", "change"
        )?;
        for count in self.counts {
            let (name, now) = (count.name(), count.a_message());
            let delivery = count.a_delivery();
            let delivery = delivery.map_or("-".to_owned(), |tenths| {
                format!("{}.{}", tenths / 10, tenths % 10)
            });
            let before = self.accepted.count(&name);
            let change = before.map_or("new".to_owned(), |before| percent(before, now));
            let before = before.map_or("-".to_owned(), |before| before.to_string());
            writeln!(
                f,
                "{name:<width$}{now:>12}{delivery:>12}{before:>12}{change:>10}"
            )?;
        }
        self.note().map_or(Ok(()), |note| writeln!(f, "\n{note}"))
    }
}

/// By how much a number has grown, with one digit.
fn percent(before: u64, now: u64) -> String {
    let sign = if now < before { '-' } else { '+' };
    let tenths = (now.abs_diff(before) * 1_000)
        .checked_div(before)
        .unwrap_or(0);
    format!("{sign}{}.{} %", tenths / 10, tenths % 10)
}

#[cfg(test)]
mod tests {
    use super::super::Part;
    use super::*;

    fn origin(rustc: &str, target: &str) -> Origin {
        Origin {
            rustc: rustc.to_owned(),
            target: target.to_owned(),
            libc: "glibc 2.36".to_owned(),
        }
    }

    fn table(count: u64) -> Table {
        Table {
            origin: origin("1.95.0", "x86_64"),
            counts: vec![("encode".to_owned(), count)],
        }
    }

    fn count(name: &str, instructions: u64) -> Count {
        Count {
            cell: Cell {
                name: name.to_owned(),
                messages: 1,
                deliveries: 10,
            },
            part: Part::Rest,
            instructions,
        }
    }

    fn judge(accepted: &Table, origin: &Origin, counts: &[Count]) -> Result<(), String> {
        let profile = |cell: &Cell| format!("{}.out", cell.name);
        let verdict = Verdict::new(accepted, origin, counts);
        verdict
            .judge(profile)
            .map_err(|failure| failure.to_string())
    }

    #[test]
    fn what_grows_beyond_the_margin_is_named_with_how_much_and_how_to_accept_it() {
        let (table, same) = (table(1_000), origin("1.95.0", "x86_64"));
        assert_eq!(judge(&table, &same, &[count("encode", 1_050)]), Ok(()));
        assert_eq!(judge(&table, &same, &[count("encode", 1)]), Ok(()));
        let text = judge(&table, &same, &[count("encode", 1_051)]).expect_err("it grew");
        for part in [
            "encode: 1051 instead of 1000 (+5.1 %)",
            "callgrind_annotate encode.out",
            "cargo xtask gate --accept",
        ] {
            assert!(text.contains(part), "{text}");
        }
    }

    #[test]
    fn another_compiler_has_a_wider_margin_and_a_warning() {
        let (table, other) = (table(1_000), origin("1.96.0", "x86_64"));
        let (more, far_more) = ([count("encode", 1_250)], [count("encode", 1_251)]);
        assert_eq!(judge(&table, &other, &more), Ok(()));
        assert!(judge(&table, &other, &far_more).is_err());
        let shown = Verdict::new(&table, &other, &more).to_string();
        assert!(
            shown.contains("warning: the table was made with rustc 1.95.0"),
            "{shown}"
        );
    }

    #[test]
    fn another_processor_is_not_compared() {
        let (table, other) = (table(1_000), origin("1.95.0", "aarch64"));
        let counts = [count("encode", 9_000)];
        assert_eq!(judge(&table, &other, &counts), Ok(()));
        let shown = Verdict::new(&table, &other, &counts).to_string();
        assert!(shown.contains("nothing is compared"), "{shown}");
    }

    #[test]
    fn the_table_has_neither_too_few_nor_too_many() {
        let (table, same) = (table(1_000), origin("1.95.0", "x86_64"));
        let text = judge(&table, &same, &[count("open", 7)]).expect_err("two breaches");
        assert!(text.contains("open: 7, and the table has none"), "{text}");
        assert!(
            text.contains("encode: in the table, and no more counted"),
            "{text}"
        );
    }

    #[test]
    fn a_gain_is_to_be_kept() {
        let (table, same) = (table(1_000), origin("1.95.0", "x86_64"));
        let shown = |now| Verdict::new(&table, &same, &[count("encode", now)]).to_string();
        assert!(shown(949).contains("so that it stays so"));
        assert!(!shown(950).contains("so that it stays so"));
        assert!(shown(949).contains("-5.1 %") && shown(949).contains("94.9"));
    }
}
