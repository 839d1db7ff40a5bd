//! Named scenarios: what a mesh goes through, and what it must come through with.
//!
//! [`run`] plays one and says what was seen. A test of one's own needs no more than that:
//!
//! ```
//! use rs2p::sim::scenario::{Scenario, ScenarioOptions, run};
//!
//! let options = ScenarioOptions::new(20, 7);
//! let summary = run(Scenario::MassFailure, &options, &mut |_| {});
//! assert!(summary.passed(), "{:?}\n{}", summary.failures().collect::<Vec<_>>(), summary.replay);
//! ```
//!
//! The scripts are data (`script`), the runner does what they say to a [`Simulation`](super::Simulation) and knows no scenario.
//! Nothing here draws or prints: that is for whoever reads the [`Summary`].

mod acts;
mod crowd;
mod kick;
mod layout;
mod measure;
mod name;
mod options;
mod picture;
mod poison;
mod promises;
mod runner;
mod script;
mod summary;

use core::time::Duration;

pub use layout::SPAN;
pub use name::{Scenario, UnknownScenario};
pub use options::ScenarioOptions;
pub use picture::{Change, LinkSpan, NodeKind, NodeState, Picture, Wave};
pub use summary::{
    Figures, Finding, Goal, MessageFigures, Moment, Percentiles, Safety, Sample, Summary,
};

use runner::Runner;

/// How far a run has come.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Progress {
    /// The virtual time.
    pub at: Duration,
    /// When it ends at the latest.
    pub end: Duration,
    /// How many nodes are up.
    pub up: usize,
    /// Inputs that the nodes have handled.
    pub steps: u64,
    /// Whether this is a pass for comparison: every node floods, or no strangers come.
    pub is_beside: bool,
}

/// Plays a scenario and says what was seen. `progress` is told a few times in each virtual second. Values outside of their
/// bounds are taken as the nearest within.
///
/// The same options give the same summary, natively and as wasm.
pub fn run(
    scenario: Scenario,
    options: &ScenarioOptions,
    progress: &mut dyn FnMut(Progress),
) -> Summary {
    let options = options.bounded();
    let Some(script) = script::script(scenario, &options) else {
        return match scenario {
            Scenario::Kick => kick::run(&options, progress),
            _ => poison::run(&options, progress),
        };
    };
    let mut summary = Runner::new(scenario, script.clone(), &options, progress, false).run();
    if let Some(calm) = script.without_strangers() {
        let calm = Runner::new(scenario, calm, &options, progress, true).run();
        summary.compare(&calm);
    }
    if options.beside {
        let flooding = ScenarioOptions {
            flood: true,
            picture: false,
            beside: false,
            ..options
        };
        let beside = Runner::new(scenario, script, &flooding, progress, true).run();
        summary.beside = Some(beside.figures);
    }
    summary
}
