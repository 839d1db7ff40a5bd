//! What goes wrong: partitions, lost links, nodes that die, freeze, or read slowly, clocks that step.
//!
//! Nothing here is random; [`Storm`](super::Storm) is.

use core::time::Duration;

use super::cable::Item;
use super::host::Actor;
use super::node::Place;
use super::simulation::Simulation;
use crate::mesh::{CloseReason, Environment, LinkDown, LinkEvent};

/// Who notices that a link is lost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Notice {
    /// Both ends, as when a connection is reset.
    #[default]
    Both,
    /// Only this one; the other finds out by itself.
    Only(Place),
}

impl Simulation {
    /// Divides the network: nothing passes between nodes of different groups, and nobody is told. What is under way waits,
    /// dials hang. Nodes that no group names are together in one of their own.
    pub fn partition(&mut self, groups: &[&[Place]]) {
        for host in &mut self.hosts {
            host.group = 0;
        }
        for (number, group) in (1..).zip(groups) {
            for place in *group {
                self.hosts[place.number()].group = number;
            }
        }
        self.is_partitioned = true;
        self.all_disturbed();
        self.let_pass();
    }

    /// Ends all partitions and cuts: what waited arrives.
    pub fn heal(&mut self) {
        for host in &mut self.hosts {
            host.group = 0;
        }
        self.is_partitioned = false;
        self.cuts.clear();
        self.all_disturbed();
        self.let_pass();
    }

    /// Nothing passes between two nodes any more, and neither is told.
    pub fn cut(&mut self, one: Place, other: Place) {
        self.cuts.insert(pair(one.0, other.0));
        self.disturbed(one.0);
        self.disturbed(other.0);
    }

    /// Ends a cut.
    pub fn mend(&mut self, one: Place, other: Place) {
        self.cuts.remove(&pair(one.0, other.0));
        self.disturbed(one.0);
        self.disturbed(other.0);
        self.let_pass();
    }

    /// Whether nothing passes between two places.
    pub(super) fn is_cut(&self, one: u32, other: u32) -> bool {
        self.is_partitioned && self.hosts[one as usize].group != self.hosts[other as usize].group
            || !self.cuts.is_empty() && self.cuts.contains(&pair(one, other))
    }

    /// Every lane in which something waits, and could arrive now, is looked at.
    fn let_pass(&mut self) {
        let lanes = self.cables.iter().flat_map(|(slot, cable)| {
            let waits = |side: &u8| {
                let lane = &cable.lanes[usize::from(*side)];
                lane.due.is_none() && !lane.items.is_empty()
            };
            [0, 1]
                .into_iter()
                .filter(waits)
                .map(move |side| (slot, side))
        });
        let lanes: Vec<_> = lanes.collect();
        for (slot, side) in lanes {
            self.schedule(slot, side);
        }
    }

    /// Resets every link between two nodes.
    pub fn lose_link(&mut self, one: Place, other: Place, notice: Notice) {
        let between = |ends: [u32; 2]| ends == [one.0, other.0] || ends == [other.0, one.0];
        let slots = self
            .cables
            .iter()
            .filter(|(_, cable)| between([0, 1].map(|end| cable.ends[end].place)));
        let slots: Vec<_> = slots.map(|(slot, _)| slot).collect();
        self.disturbed(one.0);
        self.disturbed(other.0);
        for slot in slots {
            for side in [0, 1] {
                self.reset(slot, side, notice);
            }
        }
    }

    /// What is under way to an end is lost, and it is told that the link failed.
    fn reset(&mut self, slot: u32, side: u8, notice: Notice) {
        let Some(cable) = self.cables.cable_mut(slot) else {
            return;
        };
        let place = cable.ends[usize::from(side)].place;
        let lane = &mut cable.lanes[usize::from(1 - side)];
        lane.items.clear();
        lane.waiting.clear();
        lane.due = None;
        if notice == Notice::Both || notice == Notice::Only(Place(place)) {
            let down = LinkDown::Failed("the connection was reset".to_owned());
            self.send(slot, 1 - side, Item::Closed(Box::new(down)), false);
        } else {
            self.deafen(slot, side);
        }
    }

    /// Kills a node, as SIGKILL does: its links are reset, and dials to it are refused.
    pub fn kill(&mut self, place: Place) {
        let host = &mut self.hosts[place.number()];
        if !host.is_alive() {
            return;
        }
        host.actor = Actor::Dead;
        host.timer = None;
        host.wake = None;
        host.is_frozen = false;
        let plugs: Vec<_> = core::mem::take(&mut host.links).into_values().collect();
        for plug in plugs {
            self.reset(plug.cable, 1 - plug.side, Notice::Both);
            self.unplug(plug.cable, plug.side);
        }
        self.died(place.0);
    }

    /// Starts a dead node again, as another process under the same id: it knows nothing but its seeds.
    pub fn restart(&mut self, place: Place) {
        if self.is_alive(place) {
            self.kill(place);
        }
        self.figures.forget(place.0);
        self.disturbed(place.0);
        self.start(place.0);
    }

    /// A node neither reads nor does anything, as a page that sleeps or a process that was stopped. Its system goes on: it
    /// takes what fits into its buffers, and accepts.
    pub fn freeze(&mut self, place: Place) {
        self.hosts[place.number()].is_frozen = true;
        self.disturbed(place.0);
    }

    /// Ends a freeze: the node is told that it was resumed, and then does and reads all that is due at once. A tab finds its
    /// WebSockets closed, as Chromium does that to a page which it resumes (with code 1001).
    pub fn thaw(&mut self, place: Place) {
        let host = &mut self.hosts[place.number()];
        if !core::mem::take(&mut host.is_frozen) || !host.is_alive() {
            return;
        }
        host.timer = None;
        self.disturbed(place.0);
        self.environment(place, Environment::Resumed);
        if self.hosts[place.number()].is_tab() {
            self.browser_closes(place);
        }
        if let Some(armed) = self.hosts[place.number()].wake {
            let what = super::agenda::What::Wake { place: place.0 };
            let number = self.agenda.push(armed.at.max(self.now), what);
            self.hosts[place.number()].wake = Some(super::host::Armed { number, ..armed });
        }
        self.arm(place.0);
        self.let_pass();
    }

    /// A browser closes the WebSockets of a page: neither end did, and both are told.
    fn browser_closes(&mut self, place: Place) {
        let host = &mut self.hosts[place.number()];
        let links = core::mem::take(&mut host.links);
        let down = || LinkDown::ClosedByPeer {
            code: Some(CloseReason::Shutdown.code()),
            reason: String::new(),
        };
        for (link, plug) in links {
            self.send(plug.cable, plug.side, Item::Closed(Box::new(down())), false);
            self.unplug(plug.cable, plug.side);
            let event = LinkEvent::Closed { link, down: down() };
            let actor = &mut self.hosts[place.number()].actor;
            actor.handle_link(self.now, event);
        }
        self.drain(place.0);
    }

    /// A node reads so many bytes a second; `None` as fast as they come, 0 nothing at all.
    pub fn stall(&mut self, place: Place, bytes_a_second: Option<u64>) {
        let host = &mut self.hosts[place.number()];
        host.reads = bytes_a_second;
        host.read_until = self.now;
        self.disturbed(place.0);
        self.let_pass();
    }

    /// The wall clock of a node steps: it is so many seconds ahead of the true one from here on.
    pub fn skew(&mut self, place: Place, seconds: i64) {
        let wall = self.wall();
        let host = &mut self.hosts[place.number()];
        host.skew = seconds;
        let clock = host.clock(wall);
        self.environment(place, Environment::WallClock(clock));
    }

    /// Every way to and from a node takes so much longer from here on.
    pub fn delay(&mut self, place: Place, more: Duration) {
        self.hosts[place.number()].delay = more;
        self.disturbed(place.0);
    }

    /// Links of which one end was not told that they are lost: now it is.
    fn reset_broken(&mut self) {
        let is_broken = |cable: &super::cable::Cable| cable.lanes.iter().any(|lane| lane.is_broken);
        let broken = self.cables.iter().filter(|(_, cable)| is_broken(cable));
        let broken: Vec<_> = broken.map(|(slot, _)| slot).collect();
        for slot in broken {
            for side in [0, 1] {
                if let Some(cable) = self.cables.cable_mut(slot) {
                    cable.lanes[usize::from(1 - side)].is_broken = false;
                    self.reset(slot, side, Notice::Both);
                }
            }
        }
    }

    /// Ends every fault but deaths and skewed clocks.
    pub fn calm(&mut self) {
        self.heal();
        self.reset_broken();
        let places: Vec<_> = self.places().collect();
        for place in places {
            self.delay(place, Duration::ZERO);
            self.thaw(place);
            if self.hosts[place.number()].reads.is_some() {
                self.stall(place, None);
            }
        }
    }
}

fn pair(one: u32, other: u32) -> (u32, u32) {
    (one.min(other), one.max(other))
}
