//! What is done to the mesh: each act of a script, on the simulation and on the crowd.

use super::measure::{millis, place};
use super::picture::{NodeKind, NodeState};
use super::runner::Runner;
use super::script::Act;
use super::summary::Moment;
use crate::sim::{Manner, NodeOptions};

/// How many nodes a stranger dials.
const DIALS: usize = 4;
/// How many others a stranger tells of.
const TALES: usize = 64;

impl Runner<'_> {
    pub(super) fn act(&mut self, act: &Act) {
        match act {
            Act::Kill(share) => self.kill_many(*share),
            Act::KillRelay => self.kill_relay(),
            Act::KillOne => self.kill_one(),
            Act::RestartOne => self.restart_one(),
            Act::Split => self.split(),
            Act::Heal => self.heal(),
            Act::Freeze(share) => self.freeze(*share),
            Act::Thaw => self.thaw(),
            Act::LoseRelay => self.lose_relay(),
            Act::FindRelay => self.find_relay(),
            Act::Invade(each) => self.invade(*each),
        }
    }

    fn kill_many(&mut self, share: u8) {
        let chosen = self.share_of(self.crowd.up(), share);
        let (killed, nodes) = (chosen.len(), self.options.nodes);
        chosen.into_iter().for_each(|node| self.kill(node));
        self.crowd.dead.clear();
        self.moment(format!("{killed} of {nodes} nodes are killed"), false);
    }

    fn kill_relay(&mut self) {
        self.kill(0);
        self.moment("the first relay is dead".to_owned(), true);
    }

    fn kill_one(&mut self) {
        let up = self.crowd.up();
        if let Some(&node) = self.dice.pick(&up) {
            self.kill(node);
        }
        if self.moments.is_empty() {
            self.moment("nodes die and come back".to_owned(), true);
        }
    }

    fn kill(&mut self, node: usize) {
        self.simulation.kill(place(node));
        self.crowd.member_mut(node).since = None;
        self.crowd.member_mut(node).is_frozen = false;
        self.crowd.dead.push_back(node);
        self.note(node, NodeState::Killed);
    }

    fn restart_one(&mut self) {
        if let Some(node) = self.crowd.dead.pop_front() {
            self.simulation.restart(place(node));
            self.crowd.member_mut(node).since = Some(self.now());
            self.note(node, NodeState::Up);
        }
        if self.crowd.dead.is_empty() {
            self.end_moment();
        }
    }

    fn split(&mut self) {
        let half = self.share_of(self.crowd.up(), 50);
        half.iter()
            .for_each(|&node| self.crowd.member_mut(node).half = 1);
        let half: Vec<_> = half.into_iter().map(place).collect();
        self.simulation.partition(&[&half]);
        self.crowd.is_split = true;
        self.moment("nothing passes between two halves".to_owned(), true);
    }

    fn heal(&mut self) {
        self.simulation.heal();
        self.crowd.is_split = false;
        self.end_moment();
    }

    fn freeze(&mut self, share: u8) {
        let is_tab = |&node: &usize| self.kind(node) == NodeKind::Tab;
        let tabs = self.crowd.up().into_iter().filter(is_tab).collect();
        let chosen = self.share_of(tabs, share);
        let frozen = chosen.len();
        for node in chosen {
            self.simulation.freeze(place(node));
            self.crowd.member_mut(node).is_frozen = true;
            self.note(node, NodeState::Frozen);
        }
        self.moment(format!("{frozen} tabs are frozen"), true);
    }

    fn thaw(&mut self) {
        for node in self.crowd.up() {
            if core::mem::take(&mut self.crowd.member_mut(node).is_frozen) {
                self.simulation.thaw(place(node));
                self.note(node, NodeState::Up);
            }
        }
        self.end_moment();
    }

    /// The last tab can reach no relay: by chance its links are reset, or nothing passes over them any more.
    fn lose_relay(&mut self) {
        let tab = place(self.options.nodes - 1);
        let is_reset = self.dice.happens(0.5);
        for relay in (0..self.script.crew.relays()).map(place) {
            self.simulation.cut(tab, relay);
            if is_reset {
                self.simulation.lose_link(tab, relay, Default::default());
            }
        }
        self.crowd.member_mut(tab.number()).half = 1;
        self.crowd.is_split = true;
        self.moment("the last tab reaches no relay".to_owned(), true);
    }

    fn find_relay(&mut self) {
        let tab = place(self.options.nodes - 1);
        for relay in (0..self.script.crew.relays()).map(place) {
            self.simulation.mend(tab, relay);
        }
        self.crowd.is_split = false;
        self.end_moment();
    }

    /// Strangers are behind the last place of the crowd, in the order in which they come.
    fn invade(&mut self, each: usize) {
        let strangers: Vec<_> = (0..each * self.options.nodes)
            .map(|_| self.simulation.add(NodeOptions::sybil(Manner::Greeting)))
            .collect();
        let at_home = |&place| {
            let address = self.simulation.addresses(place).first()?;
            Some((address.clone(), self.simulation.id(place).clone()))
        };
        let all: Vec<_> = strangers.iter().filter_map(at_home).collect();
        let victims = self.crowd.up();
        for place in strangers {
            let tales: Vec<_> = (0..TALES)
                .filter_map(|_| self.dice.pick(&all))
                .cloned()
                .collect();
            self.simulation.tell_tales(place, &tales);
            for _ in 0..DIALS {
                if let Some(&victim) = self.dice.pick(&victims) {
                    self.simulation
                        .connect(place, super::measure::place(victim));
                }
            }
        }
        let what = format!("{} strangers come", each * self.options.nodes);
        self.moment(what, false);
    }

    /// So many of 100 of these nodes, at random.
    fn share_of(&mut self, mut nodes: Vec<usize>, share: u8) -> Vec<usize> {
        self.dice.shuffle(&mut nodes);
        nodes.truncate((nodes.len() * usize::from(share)).div_ceil(100));
        nodes
    }

    fn moment(&mut self, what: String, lasts: bool) {
        let at_ms = millis(self.now());
        self.moments.push(Moment {
            at_ms,
            // Until the end, if nothing ends it.
            until_ms: lasts.then(|| millis(self.script.silence)),
            what,
        });
    }

    fn end_moment(&mut self) {
        let now = millis(self.now());
        if let Some(moment) = self.moments.last_mut() {
            moment.until_ms = Some(now);
        }
    }
}
