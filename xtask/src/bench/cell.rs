//! What a cell is: a question, the rows in which it is asked, and the goals.

use super::contestant::Contestant;
use super::format::Unit;
use super::task::Task;

/// One question, and one table in the document.
#[derive(Clone, Debug)]
pub(crate) struct Cell {
    pub(crate) name: &'static str,
    pub(crate) title: &'static str,
    /// Whether it is measured only if it is named.
    pub(crate) is_optional: bool,
    /// The contestant that is compared with the others.
    pub(crate) ours: Contestant,
    /// What is told of each contestant; the first of them is compared.
    pub(crate) figures: &'static [Figure],
    pub(crate) rows: Vec<Row>,
}

/// One way to ask it.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    /// Such as "100 subscribers".
    pub(crate) label: String,
    pub(crate) setting: Setting,
    /// In the order of their turns.
    pub(crate) contestants: Vec<Contestant>,
    pub(crate) goals: Vec<Goal>,
}

/// What the load generator does.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Setting {
    pub(crate) mode: Mode,
    pub(crate) subscribers: u32,
    /// Of a payload, in bytes.
    pub(crate) size: u32,
    /// How long is measured, and how long before that, in seconds.
    pub(crate) seconds: f64,
    pub(crate) warm: f64,
    pub(crate) place: Place,
}

/// Where servers and the load generator run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// Wherever the system puts them.
    Anywhere,
    /// Each has a processor to itself.
    Apart,
    /// Both on one processor. Where only one of them ever has work, the other's would sleep meanwhile, and what it takes to wake is
    /// the machine's affair.
    Together,
}

impl Place {
    /// The processor of servers, and that of the load, where they have one.
    pub(crate) fn processors(self) -> [Option<&'static str>; 2] {
        match self {
            Self::Anywhere => [None, None],
            Self::Apart => [Some("0"), Some("1")],
            Self::Together => [Some("0"), Some("0")],
        }
    }

    /// As the document says it.
    pub(crate) fn told(self) -> &'static str {
        match self {
            Self::Anywhere => "server and load wherever the system puts them",
            Self::Apart => "server on processor 0, load on processor 1",
            Self::Together => "server and load both on processor 0",
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Mode {
    /// With at most so many messages on their way.
    Saturate { window: u32 },
    /// So many messages a second.
    Pace { rate: u32 },
    /// Connections that do nothing.
    Idle,
}

/// Something that is measured.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Figure {
    /// Its name in a sample.
    pub(crate) key: &'static str,
    pub(crate) heading: &'static str,
    pub(crate) unit: Unit,
}

/// What is to be reached.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Goal {
    pub(crate) figure: Figure,
    pub(crate) measure: Measure,
    pub(crate) bound: Bound,
}

/// What of a figure is held against a bound.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Measure {
    /// Ours, as it is.
    Itself,
    /// Ours as a part of another's, in each run.
    Of(Contestant),
    /// Ours as a part of that of each of these: the one that leaves least counts.
    OfEach(&'static [Contestant]),
    /// What ours is more than this one's, a part of so many.
    Beyond(Contestant, f64),
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Bound {
    AtLeast(f64),
    AtMost(f64),
}

impl Cell {
    pub(crate) fn contestants(&self) -> Vec<Contestant> {
        let mut all: Vec<_> = self
            .rows
            .iter()
            .flat_map(|row| row.contestants.clone())
            .collect();
        all.sort();
        all.dedup();
        all
    }

    /// About how long it takes, in seconds.
    pub(crate) fn seconds(&self, task: &Task) -> f64 {
        let rows = self.rows.iter();
        let run: f64 = rows
            .map(|row| row.setting.nominal(task) * row.contestants.len() as f64)
            .sum();
        run * f64::from(task.runs)
    }
}

impl Setting {
    /// About how long a run takes with its beginning and its end, in seconds.
    pub(crate) fn nominal(&self, task: &Task) -> f64 {
        const AROUND: f64 = 1.0;
        task.lasting(self.seconds) + task.lasting(self.warm) + AROUND
    }
}

impl Bound {
    pub(crate) fn is_met_by(self, value: f64) -> bool {
        match self {
            Self::AtLeast(least) => value >= least,
            Self::AtMost(most) => value <= most,
        }
    }

    /// How `value` does: 1 just meets the bound, and more is better.
    pub(crate) fn share(self, value: f64) -> f64 {
        match self {
            Self::AtLeast(least) => value / least,
            Self::AtMost(most) => most / value,
        }
    }
}
