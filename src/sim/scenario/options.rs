//! [`ScenarioOptions`]: how large a scenario is, and what it should show besides.

use super::Scenario;

const DEFAULT_PAYLOAD: usize = 100;

/// How a scenario is run.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ScenarioOptions {
    /// How many nodes: 4 to 20,000. 100.
    pub nodes: usize,
    /// Where all chance comes from. 1.
    pub seed: u64,
    /// How many of 100 nodes are killed at once, in [`Scenario::MassFailure`]: 1 to 99. 50.
    pub kill: u8,
    /// How many bytes a message carries, which cannot be compressed: 16 to 65,536. 100, about a line of chat.
    pub payload: usize,
    /// Whether every node sends every message over every link, as protocol 0.7 does, for a comparison. Off.
    pub flood: bool,
    /// Whether it is run a second time with every node flooding, for [`Summary::beside`](super::Summary::beside). Off.
    pub beside: bool,
    /// Whether the run is recorded for a drawing. Off.
    pub picture: bool,
}

impl ScenarioOptions {
    /// The fewest nodes of a scenario: two on each side of a partition.
    pub const FEWEST: usize = 4;
    /// The most: more do not fit into 8 GiB.
    pub const MOST: usize = 20_000;

    /// The fewest and the most bytes of a message.
    pub const PAYLOAD: (usize, usize) = (16, 1 << 16);

    /// So many nodes, and a seed.
    pub fn new(nodes: usize, seed: u64) -> Self {
        Self {
            nodes,
            seed,
            ..Self::default()
        }
    }

    /// These options, within their bounds.
    pub(super) fn bounded(&self) -> Self {
        Self {
            nodes: self.nodes.clamp(Self::FEWEST, Self::MOST),
            kill: self.kill.clamp(1, 99),
            payload: self.payload.clamp(Self::PAYLOAD.0, Self::PAYLOAD.1),
            ..self.clone()
        }
    }

    /// The command that runs a scenario with these options.
    pub fn replay(&self, scenario: Scenario) -> String {
        let mut line = format!(
            "rs2p sim --scenario {scenario} --nodes {} --seed {}",
            self.nodes, self.seed
        );
        if scenario == Scenario::MassFailure {
            line.push_str(&format!(" --kill {}", self.kill));
        }
        if self.payload != DEFAULT_PAYLOAD {
            line.push_str(&format!(" --payload {}", self.payload));
        }
        if self.flood {
            line.push_str(" --flood");
        }
        if self.beside {
            line.push_str(" --beside-flood");
        }
        line
    }
}

impl Default for ScenarioOptions {
    fn default() -> Self {
        Self {
            nodes: 100,
            seed: 1,
            kill: 50,
            payload: DEFAULT_PAYLOAD,
            flood: false,
            beside: false,
            picture: false,
        }
    }
}
