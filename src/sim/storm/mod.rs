//! [`Storm`]: random networks, random faults and attacks out of a seed; and, when it is over, whether all comes right.

mod attacks;
mod weather;

pub(super) use attacks::claim;

use core::time::Duration;

use super::dice::Dice;
use super::node::{NodeOptions, Place, Relative};
use super::options::{Chunks, Options};
use super::simulation::Simulation;
use super::verdict::Violation;

/// What a storm is made of. The same storm with the same options is the same run.
///
/// ```
/// use core::time::Duration;
/// use rs2p::sim::{Options, Storm};
///
/// let storm = Storm { fury: Duration::from_secs(20), ..Storm::default() };
/// let simulation = storm.run(Options::seeded(7))?;
/// assert!(simulation.now().as_micros() > 20_000_000);
/// # Ok::<(), rs2p::sim::Violation>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Storm {
    /// The least and the most nodes of a network. 2 to 30.
    pub nodes: (usize, usize),
    /// The share of py2p and js2p among them, from 0 to 1. 0.3 in half of the networks, none in the others.
    pub relatives: f64,
    /// How many things happen in a second, on average: messages, faults and attacks. 4.
    pub pace: f64,
    /// How many of them are faults. 0.3.
    pub faults: f64,
    /// How many of them are attacks. 0.1.
    pub attacks: f64,
    /// How long faults go on. 70 s.
    pub fury: Duration,
    /// How long the nodes may take to find together after that. 45 s.
    pub patience: Duration,
}

impl Default for Storm {
    fn default() -> Self {
        Self {
            nodes: (2, 30),
            relatives: 0.3,
            pace: 4.0,
            faults: 0.3,
            attacks: 0.1,
            fury: Duration::from_secs(70),
            patience: Duration::from_secs(45),
        }
    }
}

/// How long it may take until all know who is in the mesh, after all found together: a silent link that is found out, and a
/// member's grace.
const MEMBERS: Duration = Duration::from_secs(40);
/// How long a broadcast may take to reach all.
const REACH: Duration = Duration::from_secs(10);

impl Storm {
    /// Options for a storm, of which some depend on the seed too: latencies, and in which pieces bytes come.
    pub fn options(seed: u64) -> Options {
        let mut dice = Dice::stream(seed, 3);
        let least = Duration::from_millis(1 + dice.below(20));
        let most = least + Duration::from_millis(dice.below(200));
        Options {
            latency: (least, most),
            jitter: Duration::from_millis(dice.below(20)),
            chunks: if dice.happens(0.3) {
                Chunks::Random
            } else {
                Chunks::Whole
            },
            window: 1 << (14 + dice.below(5)),
            events: false,
            ..Options::seeded(seed)
        }
    }

    /// All of it: a network, faults, and then none: all find together, and are all reached.
    ///
    /// # Errors
    /// The first breach of a rule.
    pub fn run(&self, options: Options) -> Result<Simulation, Violation> {
        let mut simulation = self.build(options);
        self.rage(&mut simulation)?;
        self.clear_up(&mut simulation)?;
        Ok(simulation)
    }

    /// A random network: relays, nodes and tabs, each with one or two seeds among those before it, and relatives.
    pub fn build(&self, options: Options) -> Simulation {
        let mut simulation = Simulation::new(options);
        let mut dice = simulation.dice(1);
        let (least, most) = self.nodes;
        let count = least + dice.index(most.saturating_sub(least) + 1);
        let relatives = if dice.happens(0.5) {
            self.relatives
        } else {
            0.0
        };
        let mut seeds: Vec<Place> = Vec::new();
        for number in 0..count {
            let options = node(&mut dice, number, &seeds, relatives);
            let is_seed = options.is_seed();
            let place = simulation.add(options);
            if is_seed {
                seeds.push(place);
            }
            if dice.happens(0.3) {
                simulation.run_for(Duration::from_millis(dice.below(500)));
            }
        }
        if self.attacks > 0.0 {
            simulation.add(NodeOptions::puppet());
        }
        simulation
    }

    /// Whatever can go wrong, for as long as the storm lasts.
    ///
    /// # Errors
    /// The first breach of a rule.
    pub fn rage(&self, simulation: &mut Simulation) -> Result<(), Violation> {
        let mut dice = simulation.dice(2);
        let end = simulation.now() + self.fury;
        let longest = Duration::from_secs_f64(2.0 / self.pace.max(0.01));
        while simulation.now() < end {
            let wait = dice.between((Duration::ZERO, longest));
            simulation.run_for(wait);
            if let Err(violation) = simulation.verdict() {
                return Err(violation.clone());
            }
            let drawn = dice.number() as f64 / u64::MAX as f64;
            if drawn < self.faults {
                weather::strike(simulation, &mut dice);
            } else if drawn < self.faults + self.attacks {
                attacks::strike(simulation, &mut dice);
            } else {
                weather::talk(simulation, &mut dice);
            }
        }
        Ok(())
    }

    /// Nothing goes wrong any more: L1, L2, L5 and, where no relative is, L4.
    ///
    /// # Errors
    /// The first breach of a rule.
    pub fn clear_up(&self, simulation: &mut Simulation) -> Result<(), Violation> {
        let mut dice = simulation.dice(3);
        weather::clear(simulation);
        simulation.expect_one_component(self.patience)?;
        // A link that has just come up may be one of two, until that is settled.
        simulation.run_for(Duration::from_secs(5));
        let cores: Vec<_> = simulation
            .living()
            .filter(|&place| simulation.is_core(place))
            .collect();
        if let Some(&from) = dice.pick(&cores).filter(|_| cores.len() > 1) {
            simulation.expect_reach(from, REACH)?;
        }
        simulation.expect_members(MEMBERS)?;
        let has_relatives = simulation
            .places()
            .any(|place| simulation.is_relative(place));
        if !has_relatives && dice.happens(0.2) {
            simulation.expect_quiet(Duration::from_secs(60))?;
        }
        simulation.verdict().map_err(Clone::clone)
    }
}

/// A random node. The first is a relay, so that there is somebody to dial.
fn node(dice: &mut Dice, number: usize, seeds: &[Place], relatives: f64) -> NodeOptions {
    let mut options = match dice.below(10) {
        _ if number == 0 => NodeOptions::relay(),
        _ if dice.happens(relatives) => match dice.below(2) {
            0 => NodeOptions::relative(Relative::Py2p),
            _ => NodeOptions::relative(Relative::Js2p),
        },
        0..3 => NodeOptions::relay(),
        3..6 => NodeOptions::node(),
        _ => NodeOptions::tab(),
    };
    for _ in 0..=dice.below(2) {
        if let Some(&seed) = dice.pick(seeds) {
            options = options.seed(seed);
        }
    }
    if dice.happens(0.3) {
        options.skew(skew(dice))
    } else {
        options
    }
}

/// A clock's error, such that any two nodes take each other's messages.
fn skew(dice: &mut Dice) -> i64 {
    dice.below(29) as i64 - 14
}
