//! The summary for people: a few lines, the verdict first.

use core::fmt::Write;
use std::path::Path;

use rs2p::sim::scenario::{Figures, Finding, Goal, Percentiles, Summary};

use super::super::words::printable;
use super::host::Taken;

const GREEN: &str = "\x1b[32m";
const RED: &str = "\x1b[31m";
const DIM: &str = "\x1b[2m";
const BOLD: &str = "\x1b[1m";
const PLAIN: &str = "\x1b[0m";

/// The lines, without the last newline.
pub(super) fn summary(
    summary: &Summary,
    taken: &Taken,
    report: Option<&Path>,
    colour: bool,
) -> String {
    let mut lines = Lines {
        text: String::new(),
        colour,
    };
    lines.heading(summary);
    lines.verdict(summary);
    if summary.figures.messages > 0 {
        lines.figures(&summary.figures, summary.beside.as_ref());
    }
    lines.findings(&summary.findings);
    lines.taken(summary, taken);
    if let Some(path) = report {
        lines.row("report", &path.display().to_string());
    }
    lines.row("again", &summary.replay);
    lines.text.truncate(lines.text.trim_end().len());
    lines.text
}

struct Lines {
    text: String,
    colour: bool,
}

impl Lines {
    fn heading(&mut self, summary: &Summary) {
        let nodes = grouped(summary.nodes as u64);
        let flood = if summary.flood {
            ", every node floods"
        } else {
            ""
        };
        let title = self.paint(BOLD, &format!("{}, {nodes} nodes", summary.title));
        self.line(&format!("{title}, seed {}{flood}", summary.seed));
        for moment in &summary.moments {
            let at = seconds(moment.at_ms);
            let until = moment
                .until_ms
                .map(|until| format!(" to {}", seconds(until)));
            let line = format!("  {at}{}: {}", until.unwrap_or_default(), moment.what);
            let line = self.paint(DIM, &line);
            self.line(&line);
        }
    }

    fn verdict(&mut self, summary: &Summary) {
        match &summary.safety.violation {
            None => {
                let (rules, steps) = (summary.safety.rules, grouped(summary.steps));
                self.check(
                    true,
                    &format!("{rules} rules of safety held, in {steps} steps"),
                );
            }
            Some(violation) => self.check(false, &printable(violation)),
        }
        for goal in &summary.liveness {
            self.check(goal.met, &goal_words(goal));
        }
    }

    fn figures(&mut self, figures: &Figures, beside: Option<&Figures>) {
        let mut row = |name: &str, words: &dyn Fn(&Figures) -> String| {
            let flood = beside.map(|flood| format!("   (flooding: {})", words(flood)));
            self.row(
                name,
                &format!("{}{}", words(figures), flood.unwrap_or_default()),
            );
        };
        row("delivered", &delivered);
        row("copies", &|figures| {
            format!("{:.3} per node and message", figures.copies)
        });
        row("latency", &|figures| latency(&figures.latency_ms));
        row("hops", &|figures| {
            format!("{:.1} to the last node", figures.last_hops)
        });
        row("traffic", &|figures| {
            let (payload, control) = (figures.payload_bytes, figures.control_bytes);
            format!("{payload:.0} B payload, {control:.0} B other per node and second")
        });
    }

    fn findings(&mut self, findings: &[Finding]) {
        for Finding { what, value, .. } in findings {
            self.row("counted", &format!("{value} {what}"));
        }
    }

    fn taken(&mut self, summary: &Summary, taken: &Taken) {
        let memory = taken
            .peak_bytes
            .map(|bytes| format!(", {} MiB", grouped(bytes >> 20)));
        let line = format!(
            "{} for {} of virtual time{}",
            seconds(taken.took_ms),
            seconds(summary.virtual_ms),
            memory.unwrap_or_default()
        );
        self.row("took", &line);
        self.row("trace", &summary.trace);
    }

    fn check(&mut self, holds: bool, words: &str) {
        let sign = match holds {
            true => self.paint(GREEN, "✓"),
            false => self.paint(RED, "✗"),
        };
        self.line(&format!("  {sign} {words}"));
    }

    fn row(&mut self, name: &str, words: &str) {
        let name = self.paint(DIM, &format!("{name:<9}"));
        self.line(&format!("  {name} {words}"));
    }

    fn paint(&self, code: &str, text: &str) -> String {
        match self.colour {
            true => format!("{code}{text}{PLAIN}"),
            false => text.to_owned(),
        }
    }

    fn line(&mut self, line: &str) {
        // Writing to a string cannot fail.
        let _ = writeln!(self.text, "{line}");
    }
}

fn goal_words(goal: &Goal) -> String {
    let limit = goal.limit_ms / 1_000;
    match (goal.took_ms, &goal.instead) {
        (Some(took), _) => format!("{}: after {} of {limit} s", goal.goal, seconds(took)),
        (None, Some(instead)) => format!("{}: not within {limit} s ({instead})", goal.goal),
        (None, None) => format!("{}: not within {limit} s", goal.goal),
    }
}

fn delivered(figures: &Figures) -> String {
    let (reached, due) = (figures.reached, figures.due);
    // All is 100 %, and nothing else is.
    let percent = match due {
        0 => 100.0,
        due => (reached as f64 / due as f64 * 10_000.0).floor() / 100.0,
    };
    let (reached, due) = (grouped(reached), grouped(due));
    format!("{percent} %: {reached} of {due}")
}

fn latency(of: &Percentiles) -> String {
    format!(
        "half {:.0} ms, 99 % {:.0} ms, last {:.0} ms",
        of.p50, of.p99, of.max
    )
}

fn seconds(ms: u64) -> String {
    format!("{:.1} s", ms as f64 / 1_000.0)
}

/// A number with its thousands apart.
pub(super) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.char_indices() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_stand_apart() {
        let written = [0, 999, 1_000, 1_234_567].map(grouped);
        assert_eq!(written, ["0", "999", "1,000", "1,234,567"]);
    }
}
