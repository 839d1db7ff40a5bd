//! How far a run is, on stderr: a bar for somebody at a terminal, else a line now and then.

use std::io::{self, IsTerminal, Write};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use rs2p::sim::scenario::{Progress, Scenario, ScenarioOptions};

use super::text;

/// Between two lines, where there is no terminal. A run of less than that says nothing.
const LINES: Duration = Duration::from_secs(10);
/// Into how many parts the bar divides its whole.
const PARTS: u64 = 1_000;

/// A bar, or lines.
pub(super) struct Bar {
    bar: Option<ProgressBar>,
    said: Instant,
    /// How often the scenario is run.
    passes: f64,
}

impl Bar {
    /// For one run, which may have several passes.
    pub(super) fn of_run(scenario: Scenario, options: &ScenarioOptions) -> Self {
        let compared = [options.beside, scenario == Scenario::Sybils];
        let beside = compared.into_iter().filter(|is_compared| *is_compared);
        Self::new(1.0 + beside.count() as f64)
    }

    /// For many runs.
    pub(super) fn of_seeds() -> Self {
        Self::new(1.0)
    }

    fn new(passes: f64) -> Self {
        let style = ProgressStyle::with_template("{bar:32.magenta/238} {percent:>3} %  {msg}");
        let bar = io::stderr().is_terminal().then(|| {
            let bar = ProgressBar::with_draw_target(Some(PARTS), ProgressDrawTarget::stderr());
            // A template that indicatif does not take leaves its own.
            match style {
                Ok(style) => bar.with_style(style.progress_chars("━━─")),
                Err(_) => bar,
            }
        });
        Self {
            bar,
            said: Instant::now(),
            passes,
        }
    }

    pub(super) fn show(&mut self, progress: &Progress) {
        let pass = f64::from(u8::from(progress.is_beside));
        let part = progress.at.as_secs_f64() / progress.end.as_secs_f64();
        let beside = if progress.is_beside {
            ", for comparison"
        } else {
            ""
        };
        let words = || {
            format!(
                "{:.0} virtual seconds, {} up, {} steps{beside}",
                progress.at.as_secs_f64(),
                text::grouped(progress.up as u64),
                text::grouped(progress.steps),
            )
        };
        self.set((pass + part) / self.passes, words);
    }

    /// So much of the whole is done.
    pub(super) fn set(&mut self, share: f64, words: impl FnOnce() -> String) {
        match &self.bar {
            Some(bar) => {
                bar.set_position((share * PARTS as f64) as u64);
                bar.set_message(words());
            }
            None if self.said.elapsed() >= LINES => {
                self.said = Instant::now();
                // With stderr gone nobody wants to know.
                let _ = writeln!(io::stderr(), "{:>3.0} %  {}", share * 100.0, words());
            }
            None => {}
        }
    }

    /// Leaves the terminal as if there had been no bar.
    pub(super) fn finish(self) {
        if let Some(bar) = self.bar {
            bar.finish_and_clear();
        }
    }
}
