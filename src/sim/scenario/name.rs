//! [`Scenario`]: which there are, and what they are called.

use core::fmt;
use core::str::FromStr;

use serde::{Serialize, Serializer};

/// What a mesh goes through.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Scenario {
    /// Nodes start, become one mesh, and talk.
    Start,
    /// Nodes die and come back, one in a hundred each second.
    Churn,
    /// The network falls into two halves, and heals.
    Partition,
    /// A large part of the nodes dies at once.
    MassFailure,
    /// A browser freezes half of its tabs for longer than relays wait.
    FrozenTabs,
    /// Tabs hang on few relays, one of which dies and comes back.
    RelayStar,
    /// A tab loses its relay for 20 s, in which 2,000 messages pass.
    CatchUp,
    /// A fresh node is told 10,000 addresses, nine of ten of them hostile.
    Poison,
    /// Strangers, four for each node, greet, tell of each other, and hand nothing on; then a fifth of the nodes dies.
    Sybils,
    /// A stranger greets 1,000 times in the name of a node's peers.
    Kick,
}

impl Scenario {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::Start,
        Self::Churn,
        Self::Partition,
        Self::MassFailure,
        Self::FrozenTabs,
        Self::RelayStar,
        Self::CatchUp,
        Self::Poison,
        Self::Sybils,
        Self::Kick,
    ];

    /// Its name, as on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::Churn => "churn",
            Self::Partition => "partition",
            Self::MassFailure => "mass-failure",
            Self::FrozenTabs => "frozen-tabs",
            Self::RelayStar => "relay-star",
            Self::CatchUp => "catch-up",
            Self::Poison => "poison",
            Self::Sybils => "sybils",
            Self::Kick => "kick",
        }
    }
}

impl fmt::Display for Scenario {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl Serialize for Scenario {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

/// A name that no scenario has. The fault is with whoever wrote it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("\"{name}\" is no scenario: write {}", names())]
pub struct UnknownScenario {
    /// The name, or its beginning.
    pub name: String,
}

fn names() -> String {
    let [first @ .., last] = Scenario::ALL.map(Scenario::name);
    format!("{} or {last}", first.join(", "))
}

impl FromStr for Scenario {
    type Err = UnknownScenario;

    fn from_str(name: &str) -> Result<Self, UnknownScenario> {
        let known = Self::ALL
            .into_iter()
            .find(|scenario| scenario.name() == name);
        known.ok_or_else(|| UnknownScenario {
            name: name.chars().take(64).collect(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_gives_its_scenario_back() {
        for scenario in Scenario::ALL {
            assert_eq!(scenario.name().parse(), Ok(scenario));
        }
    }

    #[test]
    fn an_unknown_name_is_told_with_those_that_there_are() {
        let error = "flood".parse::<Scenario>().expect_err("no scenario");
        assert_eq!(
            error.to_string(),
            "\"flood\" is no scenario: write start, churn, partition, mass-failure, frozen-tabs, relay-star, catch-up, poison, sybils or kick"
        );
    }
}
