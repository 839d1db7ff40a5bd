//! What the person at the terminal sees while it is measured.

use std::time::{Duration, Instant};

use super::cell::{Cell, Row};
use super::contestant::Contestant;
use super::format;
use super::measure::Measurer;
use super::results::Sample;
use crate::process::Outcome;
use crate::report::clock;

pub(crate) struct Progress {
    began: Instant,
    /// What everything takes by plan, and what of it is done, in seconds.
    all: f64,
    done: f64,
}

impl Progress {
    pub(crate) fn new(all: f64) -> Self {
        println!(
            "\nThis takes about {}.",
            clock(Duration::from_secs_f64(all))
        );
        Self {
            began: Instant::now(),
            all,
            done: 0.0,
        }
    }

    /// A sample was taken.
    pub(crate) fn tell(
        &mut self,
        cell: &Cell,
        row: &Row,
        contestant: Contestant,
        run: u32,
        measurer: &Measurer<'_>,
        sample: &Outcome<Sample>,
    ) {
        self.done += measurer.seconds(&row.setting);
        let left = self.left(self.began.elapsed().as_secs_f64());
        let what = match sample {
            Err(failure) => format!("FAILED: {failure}"),
            Ok(sample) => figures(cell, sample),
        };
        println!(
            "{:>12} left  {}, run {} of {}, {:<30} {what}",
            clock(Duration::from_secs_f64(left)),
            row.label,
            run + 1,
            measurer.runs(),
            contestant.title(),
        );
    }

    /// How long the rest takes if it goes on as it went so far, in seconds.
    fn left(&self, elapsed: f64) -> f64 {
        let rest = (self.all - self.done).max(0.0);
        rest * elapsed / self.done.max(0.001)
    }
}

fn figures(cell: &Cell, sample: &Sample) -> String {
    let figures = cell.figures.iter().filter_map(|figure| {
        let value = format::number(*sample.get(figure.key)?, figure.unit);
        Some(format!("{value} {}", figure.heading))
    });
    let mut text = figures.collect::<Vec<_>>().join(", ");
    for fault in ["stalled", "gaps", "lost"] {
        if let Some(count) = sample.get(fault).filter(|count| **count > 0.0) {
            text += &format!(", {fault}: {count}");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rest_takes_as_long_as_what_is_done() {
        let progress = Progress {
            began: Instant::now(),
            all: 100.0,
            done: 25.0,
        };
        assert_eq!(progress.left(50.0), 150.0);
    }
}
