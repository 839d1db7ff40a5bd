//! Poison: a fresh node knows nobody, and is told 10,000 addresses by whoever dials it, nine of ten of them hostile.
//!
//! Some lead nowhere, some to silence, some to strangers who accept and say nothing, and some to where nobody may be sent by
//! hearsay. It has to find two honest nodes to dial within a minute, and to dial none of the last kind.

use core::time::Duration;

use super::Progress;
use super::measure::millis;
use super::name::Scenario;
use super::options::ScenarioOptions;
use super::summary::{Finding, Goal, Summary};
use crate::address::{Address, Scheme};
use crate::id::NodeId;
use crate::sim::{Dice, Manner, NodeOptions, Options, Place, Simulation};

/// How many addresses are told.
const TOLD: usize = 10_000;
/// How many of 100 of them are honest.
const HONEST: u64 = 10;
/// By how many strangers, each in so many messages.
const TELLERS: usize = 25;
const MESSAGES: usize = 16;
/// Between two messages of one teller.
const EVERY: Duration = Duration::from_secs(2);
/// How many strangers there are behind the addresses that lead to one.
const TRAPS: usize = 4;
const WITHIN: Duration = Duration::from_secs(60);
/// What chance is used for here.
const PURPOSE: u64 = 0x9015;
/// How many honest links it has to have.
const WANTED: usize = 2;

type Tale = (Address, NodeId);

/// A run.
struct Poison {
    simulation: Simulation,
    dice: Dice,
    fresh: Place,
    honest: Vec<Place>,
    traps: Vec<Place>,
    tellers: Vec<Place>,
}

/// Plays it.
pub(super) fn run(options: &ScenarioOptions, progress: &mut dyn FnMut(Progress)) -> Summary {
    let mut poison = Poison::new(options);
    let found = poison.play(options, progress);
    poison.summary(options, found)
}

impl Poison {
    fn new(options: &ScenarioOptions) -> Self {
        let simulated = Options {
            events: false,
            ..Options::seeded(options.seed)
        };
        let mut simulation = Simulation::new(simulated);
        let fresh = simulation.add(NodeOptions::node());
        let mut add = |count: usize, node: fn() -> NodeOptions| -> Vec<Place> {
            (0..count).map(|_| simulation.add(node())).collect()
        };
        // What those dial that it finds is not the matter.
        let honest = add(options.nodes, || {
            NodeOptions::node().configure(|config| config.outgoing = 0)
        });
        let traps = add(TRAPS, || NodeOptions::sybil(Manner::Silent));
        let tellers = add(TELLERS, || NodeOptions::sybil(Manner::Greeting));
        let dice = simulation.dice(PURPOSE);
        Self {
            simulation,
            dice,
            fresh,
            honest,
            traps,
            tellers,
        }
    }

    /// After how long it had links enough.
    fn play(
        &mut self,
        options: &ScenarioOptions,
        progress: &mut dyn FnMut(Progress),
    ) -> Option<Duration> {
        for &teller in &self.tellers {
            self.simulation.connect(teller, self.fresh);
        }
        let step = EVERY / TELLERS as u32;
        let (mut found, mut turn) = (None, 0);
        while self.now() < WITHIN && self.simulation.verdict().is_ok() {
            if turn < TELLERS * MESSAGES {
                self.tell(self.tellers[turn % TELLERS]);
            }
            turn += 1;
            self.simulation.run_for(step);
            found = found.filter(|_| self.links() >= WANTED);
            if self.links() >= WANTED {
                found.get_or_insert(self.now());
            }
            progress(Progress {
                at: self.now(),
                end: WITHIN,
                up: options.nodes,
                steps: self.simulation.steps(),
                is_beside: false,
            });
        }
        found
    }

    fn tell(&mut self, teller: Place) {
        let tales: Vec<_> = (0..TOLD / TELLERS / MESSAGES)
            .map(|_| self.tale())
            .collect();
        self.simulation.tell_tales(teller, &tales);
    }

    fn tale(&mut self) -> Tale {
        if self.dice.below(100) < HONEST
            && let Some(&place) = self.dice.pick(&self.honest)
            && let [address, ..] = self.simulation.addresses(place)
        {
            return (address.clone(), self.simulation.id(place).clone());
        }
        let node = NodeId::from_entropy(&self.dice.bytes());
        (self.hostile(), node)
    }

    fn hostile(&mut self) -> Address {
        let kind = self.dice.below(4);
        if kind == 0 {
            return self.forbidden();
        }
        let address = self.somewhere();
        match (kind, self.dice.pick(&self.traps)) {
            (1, Some(&trap)) => self.simulation.open_door(trap, &address),
            (2, _) => self.simulation.swallow_dials(&address),
            // Nobody listens there.
            _ => {}
        }
        address
    }

    /// A public address at which nobody is.
    fn somewhere(&mut self) -> Address {
        let [a, b, c] = self.dice.bytes();
        self.at(&format!("45.{a}.{b}.{c}"), 1_024)
    }

    fn forbidden(&mut self) -> Address {
        let [a, b, c] = self.dice.bytes();
        let host = match self.dice.below(6) {
            0 => format!("127.{a}.{b}.{c}"),
            1 => format!("10.{a}.{b}.{c}"),
            2 => format!("169.254.{b}.{c}"),
            3 => format!("fd00::{b:x}:{c:x}"),
            4 => format!("relay{c}.example"),
            _ => {
                let port = 1 + self.dice.below(79) as u16;
                return tcp(&format!("45.{a}.{b}.{c}"), port);
            }
        };
        self.at(&host, 1_024)
    }

    fn at(&mut self, host: &str, least: u16) -> Address {
        let above = self.dice.below(u64::from(u16::MAX - least));
        tcp(host, least + above as u16)
    }

    fn now(&self) -> Duration {
        Duration::from_micros(self.simulation.now().as_micros())
    }

    /// How many honest nodes it has dialled and is linked to.
    fn links(&self) -> usize {
        let Some(mesh) = self.simulation.mesh(self.fresh) else {
            return 0;
        };
        let is_honest = |node| {
            let place = self.simulation.place_of(node);
            place.is_some_and(|place| self.honest.contains(&place))
        };
        let dialled = mesh.peers().filter(|peer| peer.dialled);
        dialled.filter(|peer| is_honest(&peer.node)).count()
    }

    fn summary(self, options: &ScenarioOptions, found: Option<Duration>) -> Summary {
        let scenario = Scenario::Poison;
        let about = format!(
            "A fresh node that knows nobody is told {TOLD} addresses by {TELLERS} strangers, nine of ten of them hostile. It has to find honest nodes, of which there are {}.",
            options.nodes
        );
        let mut summary = Summary::of("Poison", about, scenario, options, &self.simulation);
        let goal = Goal::new(
            "two links to honest nodes, dialled",
            millis(WITHIN),
            found.map(millis),
        );
        let seen = format!("{} links", self.links());
        summary.liveness = vec![goal.instead(seen)];
        let dials = self.simulation.dials(self.fresh);
        summary.findings = vec![
            Finding::new("honest links at the end", self.links() as f64),
            Finding::new("dials", dials as f64),
        ];
        summary
    }
}

fn tcp(host: &str, port: u16) -> Address {
    // Written here, of parts that every host has.
    Address::new(Scheme::Tcp, host, port).unwrap_or_else(|_| Address::memory(port))
}
