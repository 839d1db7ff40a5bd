//! What happens in each scenario: who is there, what is done to them and when, and what must come true.
//!
//! Data only. The runner does it.

use core::time::Duration;

use super::Scenario;
use super::options::ScenarioOptions;

/// Who takes part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Crew {
    /// Nodes that can dial each other; each knows two of those before it.
    Nodes,
    /// So many relays in a ring, and tabs which know two of them.
    Tabs {
        /// How many relays.
        relays: usize,
    },
    /// So many relays in a ring, and tabs which know one of them and want one link only.
    Star {
        /// How many relays.
        relays: usize,
    },
}

impl Crew {
    /// How many of the nodes, the first ones, are relays.
    pub(super) fn relays(self) -> usize {
        match self {
            Self::Nodes => 0,
            Self::Tabs { relays } | Self::Star { relays } => relays,
        }
    }
}

/// What is done to the mesh.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Act {
    /// So many of 100 nodes, chosen at random, are killed at once, for good.
    Kill(u8),
    /// The first relay is killed.
    KillRelay,
    /// One node, chosen at random, is killed.
    KillOne,
    /// The node that has been down for longest starts again, as a new process with its old id.
    RestartOne,
    /// Nothing passes between the two halves.
    Split,
    /// Everything passes again.
    Heal,
    /// So many of 100 tabs, chosen at random, are frozen.
    Freeze(u8),
    /// All that are frozen run on.
    Thaw,
    /// The last tab reaches no relay any more.
    LoseRelay,
    /// It does again.
    FindRelay,
    /// So many strangers come for each node, dial some, and tell all of each other.
    Invade(usize),
}

/// What must come true.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Aim {
    /// All nodes that are up are one connected mesh.
    OneMesh,
    /// The next message has come to so many of 100 nodes that are up.
    NextMessage(u8),
    /// Every node has every message that counts.
    AllMessages,
    /// Of 1,000 deliveries of messages that count there were so many.
    Delivered(u16),
    /// Nothing is due but heartbeats, and nothing waits to be sent.
    Idle,
}

/// Something that must come true.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Promise {
    pub(super) aim: Aim,
    /// From when on.
    pub(super) from: Duration,
    /// For how long it may take.
    pub(super) within: Duration,
}

/// A scenario as data.
#[derive(Clone, Debug)]
pub(super) struct Script {
    pub(super) title: &'static str,
    pub(super) about: String,
    pub(super) crew: Crew,
    /// All nodes have started by then.
    pub(super) grown: Duration,
    /// Messages are sent from here on, and count once the first ones have shown the ways.
    pub(super) talk: Duration,
    /// How many messages are sent before they count.
    pub(super) rehearsals: usize,
    /// Between two messages.
    pub(super) every: Duration,
    /// In the order of time.
    pub(super) acts: Vec<(Duration, Act)>,
    /// No message is sent from here on.
    pub(super) silence: Duration,
    pub(super) promises: Vec<Promise>,
}

/// How many nodes take turns in sending.
pub(super) const SPEAKERS: usize = 8;
/// For how long messages are sent after the last thing was done to the mesh.
const AFTERMATH: Duration = Duration::from_secs(40);

const fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// The script of a scenario; `None` for those that have none.
pub(super) fn script(scenario: Scenario, options: &ScenarioOptions) -> Option<Script> {
    let base = Script::calm(options.nodes);
    let script = match scenario {
        Scenario::Start => start(base),
        Scenario::Churn => churn(base, options.nodes),
        Scenario::Partition => partition(base),
        Scenario::MassFailure => mass_failure(base, options.kill),
        Scenario::FrozenTabs => frozen_tabs(base, options.nodes),
        Scenario::RelayStar => relay_star(base, options.nodes),
        Scenario::CatchUp => catch_up(base),
        Scenario::Sybils => sybils(base),
        // They have a course of their own.
        Scenario::Poison | Scenario::Kick => return None,
    };
    Some(script)
}

impl Script {
    /// Nodes start, and talk.
    fn calm(nodes: usize) -> Self {
        // About as many frames a second for a large mesh as for a small one.
        let every = Duration::from_millis(500).max(Duration::from_micros(200) * nodes as u32);
        let grown = seconds(5) + Duration::from_millis(5) * nodes as u32;
        Self {
            title: "",
            about: String::new(),
            crew: Crew::Nodes,
            grown,
            talk: grown + seconds(10),
            rehearsals: 3 * SPEAKERS,
            every,
            acts: Vec::new(),
            silence: Duration::ZERO,
            promises: Vec::new(),
        }
    }

    /// When messages begin to count: from here on things are done to the mesh.
    fn settled(&self) -> Duration {
        self.talk + self.every * self.rehearsals as u32
    }

    /// When messages are sent.
    pub(super) fn messages(&self) -> impl Iterator<Item = Duration> {
        let count = (self.silence.saturating_sub(self.talk)).as_micros() / self.every.as_micros();
        (0..count as u32).map(|number| self.talk + self.every * number)
    }

    /// Whether a node says nothing, as what is done is done to it.
    pub(super) fn is_silent(&self, node: usize, nodes: usize) -> bool {
        let is_last = node + 1 == nodes;
        is_last && self.acts.iter().any(|(_, act)| *act == Act::LoseRelay)
    }

    /// The same without the strangers; `None` if none come.
    pub(super) fn without_strangers(&self) -> Option<Self> {
        let mut script = self.clone();
        script
            .acts
            .retain(|(_, act)| !matches!(act, Act::Invade(_)));
        (script.acts.len() < self.acts.len()).then_some(script)
    }

    fn act(mut self, at: Duration, act: Act) -> Self {
        self.acts.push((at, act));
        self
    }

    fn promise(mut self, aim: Aim, from: Duration, within: Duration) -> Self {
        self.promises.push(Promise { aim, from, within });
        self
    }

    /// What every scenario ends with, once nothing is done to the mesh from `calm` on.
    fn ending(mut self, calm: Duration, share: u8, within: Duration) -> Self {
        self.silence = calm + within.max(AFTERMATH);
        let silence = self.silence;
        self.promise(Aim::OneMesh, calm, within.max(seconds(30)))
            .promise(Aim::NextMessage(share), calm, within)
            .promise(Aim::Idle, silence, seconds(60))
    }

    fn named(mut self, title: &'static str, about: impl Into<String>) -> Self {
        self.title = title;
        self.about = about.into();
        self
    }
}

fn start(base: Script) -> Script {
    let calm = base.settled();
    base.named(
        "Start",
        "Nodes start one after the other, each knowing two others, and become one mesh. Then they talk, and nothing else happens.",
    )
    .ending(calm, 100, seconds(10))
}

fn churn(base: Script, nodes: usize) -> Script {
    let begin = base.settled();
    let spacing = Duration::from_millis(1_000 / (nodes as u64 / 100).clamp(1, 20));
    let away = seconds(8);
    let mut script = base.named(
        "Churn",
        "For a minute nodes are killed at random, one in a hundred each second, and each comes back after eight seconds as a new process.",
    );
    let kills = (seconds(60).as_micros() / spacing.as_micros()) as u32;
    for number in 0..kills {
        let at = begin + spacing * number;
        script = script.act(at, Act::KillOne).act(at + away, Act::RestartOne);
    }
    script.acts.sort_by_key(|(at, _)| *at);
    script.ending(begin + seconds(60) + away, 100, seconds(10))
}

fn partition(base: Script) -> Script {
    let begin = base.settled();
    let heal = begin + seconds(50);
    base.named(
        "Partition",
        "For 50 seconds nothing passes between two halves of the mesh. Then the network heals: the halves find each other again, and fetch what they have missed.",
    )
    .act(begin, Act::Split)
    .act(heal, Act::Heal)
    .ending(heal, 100, seconds(30))
}

fn mass_failure(base: Script, kill: u8) -> Script {
    let begin = base.settled();
    // As far as the overlays of the literature were measured: see docs/RELIABILITY.md.
    let (share, within) = match kill {
        0..=50 => (100, seconds(10)),
        51..=80 => (100, seconds(30)),
        _ => (99, seconds(60)),
    };
    let about = format!(
        "{kill} of 100 nodes die at one moment. Those that remain find each other again, and the next message reaches them.",
    );
    base.named("Mass failure", about)
        .act(begin, Act::Kill(kill))
        .ending(begin, share, within)
}

fn frozen_tabs(mut base: Script, nodes: usize) -> Script {
    let begin = base.settled();
    let thaw = begin + seconds(45);
    base.crew = Crew::Tabs {
        relays: (nodes / 25).clamp(2, 64),
    };
    base.named(
        "Frozen tabs",
        "A browser freezes half of the tabs for 45 seconds, longer than their relays wait. When they run again they link anew, and fetch what they have missed.",
    )
    .act(begin, Act::Freeze(50))
    .act(thaw, Act::Thaw)
    .ending(thaw, 100, seconds(10))
}

fn relay_star(mut base: Script, nodes: usize) -> Script {
    let begin = base.settled();
    let back = begin + seconds(45);
    base.crew = Crew::Star {
        relays: if nodes < 8 { 2 } else { 3 },
    };
    base.named(
        "Relay star",
        "Tabs hang on a few relays, each on the only one that it was told of. That relay dies: its tabs go to the others, of which it had told them. Then it comes back.",
    )
    .act(begin, Act::KillRelay)
    .act(back, Act::RestartOne)
    .promise(Aim::OneMesh, begin, seconds(30))
    .ending(back, 100, seconds(10))
}

fn catch_up(mut base: Script) -> Script {
    let messages = 2_000;
    let gone = seconds(20);
    base.crew = Crew::Star { relays: 2 };
    base.every = gone / messages;
    let begin = base.settled();
    let back = begin + gone;
    let mut script = base
        .named(
            "Catch-up",
            "A tab loses its relay for 20 seconds, while 2,000 messages pass. When it is back it fetches them, each once.",
        )
        .act(begin, Act::LoseRelay)
        .act(back, Act::FindRelay);
    script.silence = back;
    script
        .promise(Aim::OneMesh, back, seconds(30))
        .promise(Aim::AllMessages, back, seconds(30))
        .promise(Aim::Idle, back, seconds(60))
}

/// Strangers come before anybody has spoken. Whoever loses a link then finds more of them than of the others.
fn sybils(base: Script) -> Script {
    let invaded = base.grown;
    let begin = base.settled() + seconds(20);
    let mut script = base.named(
        "Sybils",
        "Strangers come, four for each node. They dial nodes, greet as one, tell of each other, answer when they are asked whether they live, and hand nothing on. Later a fifth of the nodes dies.",
    );
    script.acts.push((invaded, Act::Invade(4)));
    let mut script = script.act(begin, Act::Kill(20));
    script.silence = begin + seconds(60);
    let silence = script.silence;
    script
        .promise(Aim::OneMesh, begin, seconds(60))
        .promise(Aim::NextMessage(100), begin, seconds(60))
        .promise(Aim::Delivered(999), silence, seconds(5))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_script_acts_in_order_and_promises_what_every_mesh_must() {
        for scenario in Scenario::ALL {
            let options = ScenarioOptions::new(1_000, 1);
            let Some(script) = script(scenario, &options) else {
                continue;
            };
            assert!(script.acts.is_sorted_by_key(|(at, _)| *at), "{scenario}");
            let mut done = script.acts.iter();
            let is_strangers = |act: &Act| matches!(act, Act::Invade(_));
            assert!(done.all(|(at, act)| is_strangers(act) || *at >= script.settled()));
            // Strangers are never idle.
            let is_calm = !script.acts.iter().any(|(_, act)| is_strangers(act));
            for aim in [Some(Aim::OneMesh), is_calm.then_some(Aim::Idle)] {
                let is_promised = |aim| script.promises.iter().any(|promise| promise.aim == aim);
                assert!(aim.is_none_or(is_promised));
            }
            assert!(!script.about.is_empty() && !script.title.is_empty());
        }
    }

    #[test]
    fn the_more_are_killed_the_longer_the_next_message_may_take() {
        let limits = [50, 80, 95].map(|kill| {
            let options = ScenarioOptions {
                kill,
                ..ScenarioOptions::new(1_000, 1)
            };
            let script = script(Scenario::MassFailure, &options).expect("it has one");
            let promises = script.promises;
            let next = promises
                .iter()
                .find(|promise| matches!(promise.aim, Aim::NextMessage(_)));
            next.map(|promise| (promise.aim.clone(), promise.within.as_secs()))
        });
        let expected = [(100, 10), (100, 30), (99, 60)];
        assert_eq!(
            limits,
            expected.map(|(share, within)| Some((Aim::NextMessage(share), within)))
        );
    }
}
