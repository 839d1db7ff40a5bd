//! What was measured: a line for each figure, with its goal and whether it is met; and latencies.

use std::fmt::Display;
use std::time::Duration;

use crate::pace::Size;

/// The figures of one attack.
pub(crate) struct Figures {
    attack: &'static str,
    size: Size,
    missed: Vec<String>,
}

impl Figures {
    pub(crate) fn of(attack: &'static str, size: Size) -> Self {
        Self {
            attack,
            size,
            missed: Vec::new(),
        }
    }

    /// A figure without a goal.
    pub(crate) fn note(&self, what: &str, value: impl Display) {
        println!("{}: {what}: {value}", self.attack);
    }

    /// A figure that no machine can change.
    pub(crate) fn is<T: PartialEq + Display>(&mut self, what: &str, value: T, goal: T) {
        let is_met = value == goal;
        self.line(what, format!("{value}"), format!("{goal}"), is_met);
    }

    /// A figure that no machine can change, and its most.
    pub(crate) fn at_most(&mut self, what: &str, value: f64, goal: f64) {
        self.line(
            what,
            format!("{value:.2}"),
            format!("at most {goal}"),
            value <= goal,
        );
    }

    /// As [`Figures::at_most`], but for figures that depend on the machine: the short test shows them only.
    pub(crate) fn timed(&mut self, what: &str, value: f64, goal: f64) {
        match self.size {
            Size::Long => self.at_most(what, value, goal),
            Size::Short => self.note(what, format!("{value:.2} (goal: at most {goal})")),
        }
    }

    fn line(&mut self, what: &str, value: String, goal: String, is_met: bool) {
        let verdict = if is_met { "ok" } else { "NOT MET" };
        let line = format!("{}: {what}: {value} (goal: {goal}) {verdict}", self.attack);
        println!("{line}");
        if !is_met {
            self.missed.push(line);
        }
    }

    /// Fails the test if a goal was missed.
    pub(crate) fn finish(self) {
        assert!(self.missed.is_empty(), "\n{}", self.missed.join("\n"));
    }
}

/// How long things took, all of them, shortest first.
pub(crate) struct Latencies(Vec<Duration>);

impl Latencies {
    pub(crate) fn new(mut all: Vec<Duration>) -> Self {
        all.sort_unstable();
        Self(all)
    }

    /// What so many of 1,000 did not exceed, in milliseconds.
    pub(crate) fn permille(&self, part: usize) -> f64 {
        let last = self.0.len().saturating_sub(1);
        let at = (self.0.len() * part / 1_000).min(last);
        let found = self.0.get(at).copied().unwrap_or(Duration::MAX);
        found.as_secs_f64() * 1e3
    }

    /// The 99th percentile in milliseconds.
    pub(crate) fn p99(&self) -> f64 {
        self.permille(990)
    }

    /// Some of them in words.
    pub(crate) fn words(&self) -> String {
        let of = |part| self.permille(part);
        format!(
            "{} of them, p50 {:.2} ms, p99 {:.2} ms, most {:.2} ms",
            self.0.len(),
            of(500),
            of(990),
            of(1_000)
        )
    }
}

/// KiB as MiB.
pub(crate) fn mebibytes(kibibytes: u64) -> f64 {
    // A process holds far less than 2^53 KiB.
    kibibytes as f64 / 1_024.0
}
