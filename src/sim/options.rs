//! [`Options`]: what a run depends on besides the program, as one line that a person can paste to have it again.

use core::fmt;
use core::str::FromStr;
use core::time::Duration;

use crate::time::WallSeconds;

/// In which pieces bytes come to a node.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Chunks {
    /// Frame by frame.
    #[default]
    Whole,
    /// In pieces of random length, all at the time of the whole. To a core that makes no difference.
    Random,
}

/// What a run depends on. The same options and the same calls give the same run, on every target.
///
/// Its text is one line, and the line gives the options back:
///
/// ```
/// use rs2p::sim::Options;
///
/// let options = Options { seed: 7, ..Options::default() };
/// let line = options.to_string();
/// assert_eq!(line, "seed=7 latency=5000..40000 jitter=2000 chunks=whole window=262144 wall=1700000000");
/// assert_eq!(line.parse(), Ok(options));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// Where all chance comes from.
    pub seed: u64,
    /// The shortest and the longest way from one node to another; each link draws its own. 5 to 40 ms.
    pub latency: (Duration, Duration),
    /// What is added to that for each frame, at most. Frames of one link keep their order, those of different links
    /// do not. 2 ms.
    pub jitter: Duration,
    /// In which pieces bytes come to a node.
    pub chunks: Chunks,
    /// How many bytes a link holds that its receiver has not read, before its sender is kept waiting. 256 KiB.
    pub window: usize,
    /// What the wall clocks say at the beginning.
    pub wall: WallSeconds,
    /// Whether the invariants are checked at every step. On; not part of the line, as it changes no run.
    pub checked: bool,
    /// Whether the events of the nodes are kept for [`Simulation::take_events`](super::Simulation::take_events). On;
    /// not part of the line.
    pub events: bool,
}

impl Options {
    /// The defaults, with a seed.
    pub fn seeded(seed: u64) -> Self {
        Self {
            seed,
            ..Self::default()
        }
    }
}

impl Default for Options {
    fn default() -> Self {
        Self {
            seed: 0,
            latency: (Duration::from_millis(5), Duration::from_millis(40)),
            jitter: Duration::from_millis(2),
            chunks: Chunks::Whole,
            window: 256 << 10,
            wall: WallSeconds(1_700_000_000),
            checked: true,
            events: true,
        }
    }
}

impl fmt::Display for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (least, most) = self.latency;
        let chunks = match self.chunks {
            Chunks::Whole => "whole",
            Chunks::Random => "random",
        };
        write!(
            f,
            "seed={} latency={}..{} jitter={} chunks={chunks} window={} wall={}",
            self.seed,
            least.as_micros(),
            most.as_micros(),
            self.jitter.as_micros(),
            self.window,
            self.wall.0,
        )
    }
}

/// A line that gives no options. The fault is with whoever wrote it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("\"{0}\" is no option: write seed=7 latency=5000..40000 (in microseconds) and so on")]
pub struct InvalidOptions(String);

impl FromStr for Options {
    type Err = InvalidOptions;

    /// Reads `key=value` words in any order; what is not said is as by default.
    fn from_str(line: &str) -> Result<Self, InvalidOptions> {
        let mut options = Self::default();
        for word in line.split_whitespace() {
            let invalid = || InvalidOptions(word.chars().take(64).collect());
            let (key, value) = word.split_once('=').ok_or_else(invalid)?;
            options.set(key, value).ok_or_else(invalid)?;
        }
        Ok(options)
    }
}

impl Options {
    fn set(&mut self, key: &str, value: &str) -> Option<()> {
        let micros = |text: &str| text.parse().ok().map(Duration::from_micros);
        match key {
            "seed" => self.seed = value.parse().ok()?,
            "latency" => {
                let (least, most) = value.split_once("..")?;
                self.latency = (micros(least)?, micros(most)?);
            }
            "jitter" => self.jitter = micros(value)?,
            "chunks" if value == "whole" => self.chunks = Chunks::Whole,
            "chunks" if value == "random" => self.chunks = Chunks::Random,
            "window" => self.window = value.parse().ok()?,
            "wall" => self.wall = WallSeconds(value.parse().ok()?),
            _ => return None,
        }
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_gives_its_options_back() {
        let options = Options {
            seed: u64::MAX,
            jitter: Duration::ZERO,
            chunks: Chunks::Random,
            ..Options::default()
        };
        assert_eq!(options.to_string().parse(), Ok(options));
    }

    #[test]
    fn a_word_that_is_no_option_is_named() {
        let refused = |line: &str| line.parse::<Options>().expect_err("no option").to_string();
        assert!(refused("seed=1 colour=red").contains("colour=red"));
        assert!(refused("seed=x").contains("seed=x"));
        assert!(refused("latency=5").contains("latency=5"));
    }
}
