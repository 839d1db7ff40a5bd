//! [`Runner`]: does what a script says, and looks at the mesh a few times a second.
//!
//! It knows acts and promises and no scenario.

use core::time::Duration;

use super::super::{Dice, Followed, NodeOptions, Options, Place, Simulation, Totals};
use super::Progress;
use super::crowd::Crowd;
use super::measure::{self, Said, millis, place};
use super::name::Scenario;
use super::options::ScenarioOptions;
use super::picture::{NodeKind, NodeState, Picture, Recorder};
use super::promises::Promises;
use super::script::{Act, Crew, SPEAKERS, Script};
use super::summary::{Moment, Safety, Sample, Summary};
use crate::mesh::Config;
use crate::wire::Value;

/// Between two looks at a mesh of up to [`LARGE`] nodes, and of more.
const LOOKS: (Duration, Duration) = (Duration::from_millis(250), Duration::from_secs(1));
const LARGE: usize = 2_000;
/// For how long it is looked whether promises come true once nobody speaks any more: as long as the longest of them.
const PATIENCE: Duration = Duration::from_secs(60);
/// How many addresses a node is told of at its start.
const SEEDS: usize = 2;
/// What chance is used for here: whatever is chosen, and what messages carry.
const PURPOSE: u64 = 0x5ce7;
const NOISE: u64 = 0x5ce7_0000_0000;

/// Something to be done at a time.
#[derive(Clone, Debug)]
enum Task {
    Join(usize),
    Act(Act),
    Say(usize),
    Look,
}

/// A run of a script.
pub(super) struct Runner<'a> {
    scenario: Scenario,
    pub(super) options: ScenarioOptions,
    pub(super) script: Script,
    pub(super) simulation: Simulation,
    pub(super) dice: Dice,
    pub(super) crowd: Crowd,
    pub(super) recorder: Recorder,
    pub(super) moments: Vec<Moment>,
    pub(super) said: Vec<Said>,
    speakers: Vec<usize>,
    /// How many steps there had been at each look since nobody speaks.
    silent_steps: Vec<(Duration, u64)>,
    samples: Vec<Sample>,
    promises: Promises,
    /// What had gone over the links when messages began to count.
    settled: Option<Totals>,
    /// What had gone over them when nobody spoke any more.
    fallen_silent: Option<Totals>,
    /// The sum of nodes that were up, times the seconds for which they were, between the two.
    node_seconds: f64,
    progress: &'a mut dyn FnMut(Progress),
    is_beside: bool,
}

impl<'a> Runner<'a> {
    pub(super) fn new(
        scenario: Scenario,
        script: Script,
        options: &ScenarioOptions,
        progress: &'a mut dyn FnMut(Progress),
        is_beside: bool,
    ) -> Self {
        let simulated = Options {
            events: false,
            ..Options::seeded(options.seed)
        };
        let simulation = Simulation::new(simulated);
        let mut dice = simulation.dice(PURPOSE);
        let speakers = speakers(&script, options.nodes, &mut dice);
        Self {
            scenario,
            options: options.clone(),
            promises: Promises::new(&script.promises),
            script,
            simulation,
            dice,
            crowd: Crowd::new(options.nodes),
            recorder: Recorder::default(),
            moments: Vec::new(),
            said: Vec::new(),
            speakers,
            silent_steps: Vec::new(),
            samples: Vec::new(),
            settled: None,
            fallen_silent: None,
            node_seconds: 0.0,
            progress,
            is_beside,
        }
    }

    /// Runs to the end: all promises kept, the time over, or a rule broken.
    pub(super) fn run(mut self) -> Summary {
        for (at, task) in self.agenda() {
            self.simulation.run_for(at.saturating_sub(self.now()));
            if self.simulation.verdict().is_err() {
                break;
            }
            match task {
                Task::Join(node) => self.join(node),
                Task::Act(act) => self.act(&act),
                Task::Say(number) => self.say(number),
                Task::Look => {
                    self.look();
                    if self.is_over() {
                        break;
                    }
                }
            }
        }
        self.summary()
    }

    pub(super) fn now(&self) -> Duration {
        Duration::from_micros(self.simulation.now().as_micros())
    }

    /// Everything that will be done, in order; of what is done at one time, acts come before messages.
    fn agenda(&self) -> Vec<(Duration, Task)> {
        let script = &self.script;
        let nodes = self.options.nodes as u32;
        let mut agenda: Vec<(Duration, Task)> = (0..nodes)
            .map(|node| (script.grown * node / nodes, Task::Join(node as usize)))
            .collect();
        agenda.extend(
            script
                .acts
                .iter()
                .map(|(at, act)| (*at, Task::Act(act.clone()))),
        );
        let messages = script.messages().enumerate();
        agenda.extend(messages.map(|(number, at)| (at, Task::Say(number))));
        let step = self.step();
        let looks = (self.end().as_micros() / step.as_micros()) as u32;
        agenda.extend((1..=looks).map(|look| (step * look, Task::Look)));
        agenda.sort_by_key(|(at, _)| *at);
        agenda
    }

    fn step(&self) -> Duration {
        match self.options.nodes > LARGE {
            true => LOOKS.1,
            false => LOOKS.0,
        }
    }

    fn end(&self) -> Duration {
        self.script.silence + PATIENCE
    }

    fn is_over(&self) -> bool {
        self.now() >= self.script.silence && self.promises.are_decided()
    }

    fn join(&mut self, node: usize) {
        let flood = self.options.flood;
        let mut options = self.node(node);
        for seed in self.seeds(node) {
            options = options.seed(seed);
        }
        let is_star = matches!(self.script.crew, Crew::Star { .. });
        let is_tab = self.kind(node) == NodeKind::Tab;
        let options = options.configure(|config| {
            if is_star && is_tab {
                config.outgoing = 1;
            }
            if flood {
                do_flood(config);
            }
        });
        self.simulation.add(options);
        self.crowd.member_mut(node).since = Some(self.now());
        self.note(node, NodeState::Up);
    }

    fn node(&self, node: usize) -> NodeOptions {
        match self.kind(node) {
            NodeKind::Node => NodeOptions::node(),
            NodeKind::Relay => NodeOptions::relay(),
            NodeKind::Tab => NodeOptions::tab(),
        }
    }

    pub(super) fn kind(&self, node: usize) -> NodeKind {
        match self.script.crew {
            Crew::Nodes => NodeKind::Node,
            crew if node < crew.relays() => NodeKind::Relay,
            _ => NodeKind::Tab,
        }
    }

    /// Whom a node knows at its start.
    fn seeds(&mut self, node: usize) -> Vec<Place> {
        let relays = self.script.crew.relays();
        match self.script.crew {
            Crew::Nodes => self.some_of(node, SEEDS),
            _ if node < relays => node.checked_sub(1).map(place).into_iter().collect(),
            Crew::Tabs { .. } => self.some_of(relays, SEEDS),
            Crew::Star { .. } => vec![place(node % relays)],
        }
    }

    /// So many of the first nodes, or all of them.
    fn some_of(&mut self, first: usize, wanted: usize) -> Vec<Place> {
        let mut chosen: Vec<usize> = Vec::new();
        while chosen.len() < wanted.min(first) {
            let node = self.dice.index(first);
            if !chosen.contains(&node) {
                chosen.push(node);
            }
        }
        chosen.into_iter().map(place).collect()
    }

    pub(super) fn note(&mut self, node: usize, state: NodeState) {
        if self.options.picture {
            self.recorder.change(node as u32, millis(self.now()), state);
        }
    }

    /// The next speaker says something; if it has nobody to say it to, the one after it.
    fn say(&mut self, number: usize) {
        let awake = self.speakers.iter().copied();
        let awake = awake.filter(|&node| self.crowd.is_awake(node));
        let speakers: Vec<usize> = awake.take(SPEAKERS).collect();
        for turn in 0..speakers.len() {
            let speaker = speakers[(number + turn) % speakers.len()];
            if let Some(followed) = self.broadcast(speaker, number) {
                return self.follow(number, speaker, followed);
            }
        }
    }

    fn follow(&mut self, number: usize, origin: usize, followed: Followed) {
        let counts = number >= self.script.rehearsals;
        let at = self.now();
        if counts && self.settled.is_none() {
            self.settled = Some(self.simulation.figures().totals());
        }
        self.said.push(Said {
            followed,
            at,
            origin,
            counts,
        });
    }

    /// `None` if a node has nobody to say it to.
    fn broadcast(&mut self, node: usize, number: usize) -> Option<Followed> {
        let packet = noise(
            &mut self.simulation.dice(NOISE + number as u64),
            self.options.payload,
        );
        self.simulation.broadcast(place(node), packet).ok()
    }

    fn look(&mut self) {
        let now = self.now();
        let links = self.links();
        let shape = self.crowd.shape(&links);
        let up = self.crowd.up().len();
        self.samples.push(Sample {
            at_ms: millis(now),
            up,
            largest: shape.largest,
            parts: shape.parts,
            links: links.len(),
        });
        if self.settled.is_some() && self.fallen_silent.is_none() {
            self.node_seconds += up as f64 * self.step().as_secs_f64();
        }
        if self.options.picture {
            self.recorder.links(millis(now), &links);
        }
        if now >= self.script.silence {
            let totals = self.simulation.figures().totals();
            self.fallen_silent.get_or_insert(totals);
            self.silent_steps.push((now, self.simulation.steps()));
        }
        let mut promises = core::mem::take(&mut self.promises);
        promises.look(self, shape);
        self.promises = promises;
        let progress = Progress {
            at: now,
            end: self.end(),
            up,
            steps: self.simulation.steps(),
            is_beside: self.is_beside,
        };
        (self.progress)(progress);
    }

    /// The links that both ends take for such and over which something can pass, each once and in order.
    fn links(&self) -> Vec<(u32, u32)> {
        let mut ends = Vec::new();
        for one in self.crowd.up() {
            for other in self.simulation.peers(place(one)) {
                let other = other.number();
                // Who is none of the crowd is a stranger.
                let is_member = other < self.options.nodes;
                if is_member && self.crowd.is_up(other) && self.crowd.is_passable(one, other) {
                    ends.push((one.min(other) as u32, one.max(other) as u32));
                }
            }
        }
        ends.sort_unstable();
        let is_pair = |pair: &&[(u32, u32)]| pair[0] == pair[1];
        let mut links: Vec<_> = ends
            .windows(2)
            .filter(is_pair)
            .map(|pair| pair[0])
            .collect();
        links.dedup();
        links
    }

    /// How many steps there were in the last `span`, if nobody has spoken for as long.
    pub(super) fn steps_within(&self, span: Duration) -> Option<u64> {
        let &(now, steps) = self.silent_steps.last()?;
        let since = |&&(at, _): &&(Duration, u64)| now - at >= span;
        let &(_, before) = self.silent_steps.iter().rev().find(since)?;
        Some(steps - before)
    }

    /// How many deliveries there were of messages that count, and how many were due.
    pub(super) fn deliveries(&self) -> (u64, u64) {
        let tracks = self.simulation.figures();
        let (_, figures) = measure::messages(&self.said, tracks, &self.crowd, self.options.nodes);
        (figures.reached, figures.due)
    }

    /// How many links there were at the last look.
    pub(super) fn links_seen(&self) -> usize {
        self.samples.last().map_or(0, |sample| sample.links)
    }

    fn summary(mut self) -> Summary {
        let nodes = self.options.nodes;
        let tracks = self.simulation.figures();
        let (messages, mut figures) = measure::messages(&self.said, tracks, &self.crowd, nodes);
        if let Some(settled) = self.settled {
            let until = self.fallen_silent.unwrap_or_else(|| tracks.totals());
            let rates = measure::rates(settled, until, self.node_seconds);
            (figures.payload_bytes, figures.control_bytes) = rates;
        }
        let safety = Safety::of(self.simulation.verdict().err());
        let promises = core::mem::take(&mut self.promises);
        let liveness = match safety.violation {
            Some(_) => Vec::new(),
            None => promises.goals(),
        };
        Summary {
            scenario: self.scenario,
            title: self.script.title,
            about: self.script.about.clone(),
            nodes,
            seed: self.options.seed,
            flood: self.options.flood,
            replay: self.options.replay(self.scenario),
            virtual_ms: millis(self.now()),
            steps: self.simulation.steps(),
            trace: format!("{:016x}", self.simulation.trace()),
            safety,
            liveness,
            findings: Vec::new(),
            figures,
            beside: None,
            messages,
            moments: core::mem::take(&mut self.moments),
            samples: core::mem::take(&mut self.samples),
            picture: self.options.picture.then(|| self.picture()),
        }
    }

    fn picture(&mut self) -> Picture {
        let nodes = self.options.nodes;
        let kinds = (0..nodes).map(|node| self.kind(node)).collect();
        let groups: Vec<u8> = (0..nodes)
            .map(|node| self.crowd.member(node).half)
            .collect();
        let tracks = self.simulation.figures();
        let waves = self.memorable();
        let waves = waves
            .iter()
            .map(|(title, said)| measure::wave(title, said, tracks, nodes))
            .collect();
        core::mem::take(&mut self.recorder).finish(kinds, &groups, waves)
    }

    /// Messages whose way is worth a look.
    fn memorable(&self) -> Vec<(&'static str, Said)> {
        let begin = self.script.acts.first().map(|(at, _)| *at);
        let end = self.script.acts.last().map(|(at, _)| *at);
        let before = |at: Duration| self.said.iter().rfind(|said| said.at < at);
        let after = |at: Duration| self.said.iter().find(|said| said.at >= at);
        let wanted = [
            ("A message before", begin.and_then(before)),
            ("The first while it happens", begin.and_then(after)),
            (
                "The first once it is over",
                end.filter(|_| begin != end).and_then(after),
            ),
            ("The last message", self.said.last()),
        ];
        let found = wanted
            .into_iter()
            .filter_map(|(title, said)| Some((title, *said?)));
        let mut found: Vec<_> = found.collect();
        found.dedup_by_key(|(_, said)| said.at);
        found
    }
}

/// Who may speak, in an order of chance: the first of them who are awake take turns.
fn speakers(script: &Script, nodes: usize, dice: &mut Dice) -> Vec<usize> {
    let mut all: Vec<usize> = (0..nodes)
        .filter(|node| !script.is_silent(*node, nodes))
        .collect();
    dice.shuffle(&mut all);
    all
}

/// So many bytes that cannot be compressed.
fn noise(dice: &mut Dice, length: usize) -> Value {
    let mut bytes = Vec::with_capacity(length + 8);
    while bytes.len() < length {
        bytes.extend(dice.number().to_be_bytes());
    }
    bytes.truncate(length);
    Value::from(&bytes[..])
}

/// Has a node send every message over every link.
fn do_flood(config: &mut Config) {
    config.trees = 0;
}
