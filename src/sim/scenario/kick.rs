//! Kick: a stranger greets a relay 1,000 times in the name of one of its peers, whatever that peer does just then.
//!
//! Pages are peers, and nodes; while some claims are made their peer is frozen, or reads slowly. None may lose its link.

use core::time::Duration;

use super::Progress;
use super::name::Scenario;
use super::options::ScenarioOptions;
use super::summary::{Finding, Goal, Summary};
use crate::address::Scheme;
use crate::mesh::{CloseReason, Event};
use crate::sim::network::host_of;
use crate::sim::storm;
use crate::sim::{Dice, NodeOptions, Options, Place, Simulation};

/// How many claims are made.
const CLAIMS: usize = 1_000;
/// Between two of them: longer than one is weighed.
const EVERY: Duration = Duration::from_secs(4);
/// For how long a peer is disturbed: less than a relay bears.
const DISTURBED: Duration = Duration::from_secs(8);
/// How many bytes a second are read by who reads slowly.
const SLOWLY: u64 = 2_000;
/// The most peers: more show nothing else.
const PEERS: usize = 8;
/// What chance is used for here.
const PURPOSE: u64 = 0x1c1c;

struct Kick {
    simulation: Simulation,
    dice: Dice,
    relay: Place,
    peers: Vec<Place>,
    stranger: Place,
    displaced: usize,
}

/// Plays it.
pub(super) fn run(options: &ScenarioOptions, progress: &mut dyn FnMut(Progress)) -> Summary {
    let mut kick = Kick::new(options);
    for number in 0..CLAIMS {
        if kick.simulation.verdict().is_err() {
            break;
        }
        kick.claim();
        let at = EVERY * number as u32;
        progress(Progress {
            at,
            end: EVERY * CLAIMS as u32,
            up: kick.peers.len() + 1,
            steps: kick.simulation.steps(),
            is_beside: false,
        });
    }
    kick.summary(options)
}

impl Kick {
    fn new(options: &ScenarioOptions) -> Self {
        let mut simulation = Simulation::new(Options::seeded(options.seed));
        let relay = simulation.add(NodeOptions::relay());
        let mut peer = |number: usize| {
            let node = match number % 2 {
                0 => NodeOptions::tab(),
                _ => NodeOptions::node(),
            };
            simulation.add(node.seed(relay).configure(|config| config.outgoing = 1))
        };
        let peers = (1..(options.nodes).min(PEERS + 1)).map(&mut peer).collect();
        let stranger = simulation.add(NodeOptions::puppet());
        simulation.run_for(EVERY);
        let dice = simulation.dice(PURPOSE);
        Self {
            simulation,
            dice,
            relay,
            peers,
            stranger,
            displaced: 0,
        }
    }

    /// One claim, to the name of a peer that is awake, frozen or slow.
    fn claim(&mut self) {
        let Some(&peer) = self.dice.pick(&self.peers) else {
            return;
        };
        let is_disturbed = self.dice.happens(0.5);
        if is_disturbed {
            self.disturb(peer);
        }
        // Over TCP, which a stranger to a relay dials.
        let word = storm::claim(&self.simulation, &mut self.dice, peer, Scheme::Tcp);
        self.simulation
            .attack(self.stranger, self.relay, vec![word]);
        self.simulation.run_for(EVERY);
        if is_disturbed {
            self.simulation.run_for(DISTURBED.saturating_sub(EVERY));
            self.simulation.stall(peer, None);
            if self.simulation.is_frozen(peer) {
                self.simulation.thaw(peer);
            }
            self.simulation.run_for(EVERY);
        }
        self.count();
    }

    fn disturb(&mut self, peer: Place) {
        let is_tab = self.simulation.addresses(peer).is_empty();
        if is_tab && self.dice.happens(0.5) {
            return self.simulation.freeze(peer);
        }
        self.simulation.stall(peer, Some(SLOWLY));
        // Something to be read, before what it is asked.
        let _ = self.simulation.broadcast(self.relay, "x".repeat(10_000));
    }

    /// How many links of peers were given up for a claim; those of the stranger's own are nobody's loss.
    fn count(&mut self) {
        let strangers = format!("{}:", host_of(self.stranger.number() as u32));
        let is_peers = |remote: &str| !remote.starts_with(&strangers);
        let is_kick = |event: &Event| match event {
            Event::LinkClosed { remote, reason, .. } => {
                *reason == CloseReason::Replaced && remote.as_deref().is_some_and(is_peers)
            }
            _ => false,
        };
        let events = self.simulation.take_events(self.relay);
        self.displaced += events.iter().filter(|event| is_kick(event)).count();
        for peer in self.peers.clone() {
            self.simulation.take_events(peer);
        }
    }

    fn summary(self, options: &ScenarioOptions) -> Summary {
        let about = format!(
            "A stranger greets a relay {CLAIMS} times in the name of one of its {} peers, of which some are frozen or read slowly at times.",
            self.peers.len()
        );
        let mut summary = Summary::of("Kick", about, Scenario::Kick, options, &self.simulation);
        let linked = self.peers.iter();
        let linked = linked.filter(|peer| self.simulation.is_linked(self.relay, **peer));
        let (linked, peers) = (linked.count(), self.peers.len());
        let is_kept = self.displaced == 0 && linked == peers;
        let goal = Goal::new(
            "no link is displaced, and each peer has one",
            0,
            is_kept.then_some(0),
        );
        let seen = format!("{} displaced, {linked} of {peers} linked", self.displaced);
        summary.liveness = vec![goal.instead(seen)];
        summary.findings = vec![
            Finding::new("claims", CLAIMS as f64),
            Finding::new("links displaced", self.displaced as f64),
        ];
        summary
    }
}
