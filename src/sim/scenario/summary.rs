//! [`Summary`]: what a scenario showed, for people, programs and the drawing. Holds figures; measures nothing.
//!
//! Spans and moments are milliseconds of virtual time, as the names say. It serialises to what stands here, field by field.

use serde::Serialize;

use super::Scenario;
use super::options::ScenarioOptions;
use super::picture::Picture;
use crate::sim::{Simulation, Violation};

/// What a run of a scenario showed.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct Summary {
    /// Which scenario.
    pub scenario: Scenario,
    /// Its name for people.
    pub title: &'static str,
    /// What happens in it, in a sentence or two.
    pub about: String,
    /// How many nodes there were, the killed ones included.
    pub nodes: usize,
    /// The seed.
    pub seed: u64,
    /// Whether every node flooded.
    pub flood: bool,
    /// The command that gives the same run.
    pub replay: String,
    /// How long it ran.
    pub virtual_ms: u64,
    /// Inputs that the nodes handled.
    pub steps: u64,
    /// The hash of everything that the nodes put out, the same on every machine.
    pub trace: String,
    /// Whether the rules held at every step.
    pub safety: Safety,
    /// What had to come true once nothing was done to the mesh any more.
    pub liveness: Vec<Goal>,
    /// What else was counted, in scenarios that have figures of their own.
    pub findings: Vec<Finding>,
    /// What was done to the mesh.
    pub moments: Vec<Moment>,
    /// All messages that count, together.
    pub figures: Figures,
    /// The same scenario with every node flooding, if that was asked for.
    pub beside: Option<Figures>,
    /// The messages, in the order of their sending.
    pub messages: Vec<MessageFigures>,
    /// The mesh as a whole, moment by moment.
    pub samples: Vec<Sample>,
    /// What it takes to draw the mesh, if that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub picture: Option<Picture>,
}

impl Summary {
    /// Whether every rule held and every goal was met.
    pub fn passed(&self) -> bool {
        self.safety.violation.is_none() && self.liveness.iter().all(|goal| goal.met)
    }

    /// What a run showed that has a course of its own, but for its goals and findings.
    pub(super) fn of(
        title: &'static str,
        about: String,
        scenario: Scenario,
        options: &ScenarioOptions,
        simulation: &Simulation,
    ) -> Self {
        let violation = simulation.verdict().err();
        Self {
            scenario,
            title,
            about,
            nodes: options.nodes,
            seed: options.seed,
            flood: false,
            replay: options.replay(scenario),
            virtual_ms: simulation.now().as_micros() / 1_000,
            steps: simulation.steps(),
            trace: format!("{:016x}", simulation.trace()),
            safety: Safety::of(violation),
            liveness: Vec::new(),
            findings: Vec::new(),
            moments: Vec::new(),
            figures: Figures::default(),
            beside: None,
            messages: Vec::new(),
            samples: Vec::new(),
            picture: None,
        }
    }

    /// Holds the run against one without strangers: a message may take so many times as long.
    pub(super) fn compare(&mut self, calm: &Self) {
        const LONGER: f64 = 3.0;
        let [here, there] = [&self.figures, &calm.figures].map(|figures| figures.latency_ms.p99);
        self.findings
            .push(Finding::new("ms for 99 % of the deliveries", here));
        self.findings
            .push(Finding::new("ms the same without strangers", there));
        let limit = (there * LONGER) as u64;
        let goal = Goal::new(
            "99 % of the deliveries, at most 3 times as late as without strangers",
            limit,
            Some(here as u64),
        );
        self.liveness.push(goal);
    }

    /// What failed, in words, the most important first.
    pub fn failures(&self) -> impl Iterator<Item = String> {
        let unmet = self.liveness.iter().filter(|goal| !goal.met);
        self.safety
            .violation
            .clone()
            .into_iter()
            .chain(unmet.map(Goal::failure))
    }
}

/// Something that was counted.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Finding {
    /// What, in words, and in which unit.
    pub what: &'static str,
    /// How much of it.
    pub value: f64,
}

impl Finding {
    pub(super) fn new(what: &'static str, value: f64) -> Self {
        Self { what, value }
    }
}

/// Whether the rules held.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct Safety {
    /// How many rules are checked at every step.
    pub rules: usize,
    /// The rule that was broken first, by whom and when. The run ends there.
    pub violation: Option<String>,
}

/// The rules of safety that the simulation checks: I1 to I9 and I11 to I14.
const RULES: usize = 13;

impl Safety {
    pub(super) fn of(violation: Option<&Violation>) -> Self {
        let words =
            |Violation {
                 rule, place, what, ..
             }: &Violation| { format!("{rule} broken by {place}: {what}") };
        Self {
            rules: RULES,
            violation: violation.map(words),
        }
    }
}

/// Something that must come true in time.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct Goal {
    /// What.
    pub goal: String,
    /// Within how long, from the end of the faults.
    pub limit_ms: u64,
    /// How long it took, if it came true at all.
    pub took_ms: Option<u64>,
    /// Whether it came true in time.
    pub met: bool,
    /// What was seen instead, if it did not.
    pub instead: Option<String>,
}

impl Goal {
    pub(super) fn new(goal: impl Into<String>, limit_ms: u64, took_ms: Option<u64>) -> Self {
        Self {
            goal: goal.into(),
            limit_ms,
            took_ms,
            met: took_ms.is_some_and(|took| took <= limit_ms),
            instead: None,
        }
    }

    pub(super) fn instead(mut self, seen: impl Into<String>) -> Self {
        self.instead = (!self.met).then(|| seen.into());
        self
    }

    fn failure(&self) -> String {
        let limit = self.limit_ms as f64 / 1000.0;
        let took = match self.took_ms {
            Some(took) => format!("only after {:.1} s", took as f64 / 1000.0),
            None => "never".to_owned(),
        };
        let seen = self.instead.as_deref().map(|seen| format!(" ({seen})"));
        let seen = seen.unwrap_or_default();
        format!("{}: {took}, not within {limit} s{seen}", self.goal)
    }
}

/// Something that was done to the mesh.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Moment {
    /// When.
    pub at_ms: u64,
    /// Until when, if it lasted.
    pub until_ms: Option<u64>,
    /// What, in words.
    pub what: String,
}

/// What many messages showed together.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Figures {
    /// How many messages count: all but those before the mesh had settled.
    pub messages: usize,
    /// Deliveries that were due: for each message the nodes that were up from its sending to the end, but its sender.
    pub due: u64,
    /// How many of those there were.
    pub reached: u64,
    /// Copies of the payload that a node received of a message, on average over nodes and messages.
    pub copies: f64,
    /// Bytes of payload frames for each node and second.
    pub payload_bytes: f64,
    /// Bytes of all other frames for each node and second: heartbeats, promises, peer lists.
    pub control_bytes: f64,
    /// From sending to delivery.
    pub latency_ms: Percentiles,
    /// How many deliveries came over so many links; the index is the number of links.
    pub hop_counts: Vec<u64>,
    /// Over how many links the last delivery of a message came, on average over messages.
    pub last_hops: f64,
}

/// How long it took for a part of all deliveries, in milliseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Percentiles {
    /// Half of them.
    pub p50: f64,
    /// 90 of 100.
    pub p90: f64,
    /// 99 of 100.
    pub p99: f64,
    /// All.
    pub max: f64,
}

/// What one message showed.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct MessageFigures {
    /// When it was sent.
    pub at_ms: u64,
    /// Which node sent it.
    pub origin: usize,
    /// How many other nodes were up from then to the end.
    pub due: usize,
    /// How many of these have it.
    pub reached: usize,
    /// Copies of its payload that each of these received, on average.
    pub copies: f64,
    /// Over how many links it came to the node farthest from its sender.
    pub hops: u8,
    /// When 0, 5, 10, … 100 % of those that have it had it, from its sending.
    pub spread_ms: Vec<f64>,
}

/// The mesh at a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Sample {
    /// When.
    pub at_ms: u64,
    /// How many nodes are up.
    pub up: usize,
    /// How many of them the largest connected part has.
    pub largest: usize,
    /// How many parts there are.
    pub parts: usize,
    /// How many links there are.
    pub links: usize,
}
