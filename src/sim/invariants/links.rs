//! Who is linked with whom: I4 and I9.

use core::time::Duration;

use bytes::Bytes;

use crate::mesh::CloseReason;
use crate::sim::host::Actor;
use crate::sim::node::Place;
use crate::sim::simulation::Simulation;
use crate::sim::verdict::Rule;
use crate::wire::{FrameReader, Limits};

/// How long two nodes may have two links.
const SETTLED: Duration = Duration::from_secs(5);

/// How long a node must have been left alone to be said to live.
const CALM: Duration = Duration::from_secs(10);
/// The same for one that may have been a slow reader.
const CALM_READER: Duration = Duration::from_secs(60);

impl Simulation {
    /// Notes who speaks in a lane: its first frame says.
    pub(super) fn note_speaker(&mut self, slot: u32, side: u8, frame: &Bytes) {
        let lane = |cable: &crate::sim::cable::Cable| cable.lanes[usize::from(side)].speaker;
        if self.cables.cable(slot).is_none_or(|c| lane(c).is_some()) {
            return;
        }
        let speaker = self.speaker(frame).unwrap_or(u32::MAX);
        if let Some(cable) = self.cables.cable_mut(slot) {
            cable.lanes[usize::from(side)].speaker = Some(speaker);
        }
    }

    fn speaker(&self, frame: &Bytes) -> Option<u32> {
        let mut reader = FrameReader::new(frame.len());
        reader.push(frame.clone());
        let frame = reader.next_frame().ok().flatten()?;
        let message = frame.open(&[], 1 << 20, &Limits::DEFAULT).ok()?;
        self.place_of(message.sender()).map(|place| place.0)
    }

    /// Both ends of a link may have greeted by now.
    pub(in crate::sim) fn greeted(&mut self, slot: u32) {
        let Some(key) = self.pair_on(slot).filter(|_| self.options.checked) else {
            return;
        };
        let serial = self.cables.cable(slot).map_or(0, |cable| cable.serial);
        let links = self.watch.pairs.entry(key).or_default();
        links.push((slot, serial));
        if self.live_links(key) > 1 {
            let now = self.now;
            self.watch.rivals.entry(key).or_insert(now);
        }
    }

    /// Between whom a greeted link is, if both speak for themselves. A link that is lent is between others.
    fn pair_on(&self, slot: u32) -> Option<(u32, u32)> {
        let cable = self.cables.cable(slot)?;
        let [one, other] = [0, 1].map(|end| cable.ends[end].place);
        let is_true = |end: usize| cable.lanes[end].speaker == Some(cable.ends[end].place);
        let ours = |place: u32| self.is_core(Place(place));
        let theirs = |place: u32| self.is_relative(Place(place));
        let counts = ours(one) && (ours(other) || theirs(other)) || theirs(one) && ours(other);
        (cable.is_greeted() && is_true(0) && is_true(1) && counts)
            .then(|| (one.min(other), one.max(other)))
    }

    /// How many links two nodes have; forgets those that have ended.
    fn live_links(&mut self, key: (u32, u32)) -> usize {
        let links = self.watch.pairs.remove(&key).unwrap_or_default();
        let is_live = |&(slot, serial): &(u32, u32)| {
            let cable = self.cables.cable(slot);
            cable.is_some_and(|cable| cable.serial == serial && cable.is_greeted())
        };
        let links: Vec<_> = links.into_iter().filter(is_live).collect();
        let count = links.len();
        if count > 0 {
            self.watch.pairs.insert(key, links);
        }
        count
    }

    /// I4: one link a pair, after five seconds.
    pub(super) fn audit_pairs(&mut self) {
        let due: Vec<_> = self.watch.rivals.iter().map(|(&k, &at)| (k, at)).collect();
        for (key, since) in due {
            let count = self.live_links(key);
            if count < 2 {
                self.watch.rivals.remove(&key);
                continue;
            }
            let is_calm = [key.0, key.1].iter().all(|&p| self.is_calm(p, SETTLED))
                && !self.is_cut(key.0, key.1);
            if !is_calm {
                let now = self.now;
                self.watch.rivals.insert(key, now);
            } else if self.now.since(since) > SETTLED {
                let what = format!("it has {count} links to node {}", key.1);
                self.breach(Rule::OneLinkAPair, key.0, what);
            }
        }
    }

    /// I9 and I15: a node closes a link for a newer one, or for a fault of its peer.
    pub(in crate::sim) fn closing(
        &mut self,
        place: u32,
        slot: u32,
        side: u8,
        reason: &CloseReason,
    ) {
        let is_core = matches!(self.hosts[place as usize].actor, Actor::Core(_));
        let is_displaced = *reason == CloseReason::Replaced;
        if !self.options.checked || !is_core || !is_displaced && !reason.is_fault() {
            return;
        }
        let Some(cable) = self.cables.cable(slot) else {
            return;
        };
        let far = &cable.ends[usize::from(1 - side)];
        let is_true = cable.lanes[usize::from(1 - side)].speaker == Some(far.place);
        let to = far.place;
        // What a slow reader has in its window it reads slowly still when it is slow no more.
        let calm = match reason {
            CloseReason::SlowReader => CALM_READER,
            _ => CALM,
        };
        let is_live = far.is_open
            && cable.lanes.iter().all(|lane| !lane.is_broken)
            && is_true
            && self.is_calm(to, calm)
            && self.is_calm(place, calm)
            && !self.is_cut(place, to)
            && matches!(self.hosts[to as usize].actor, Actor::Core(_));
        if is_live && is_displaced {
            let what = format!("it replaced its link to node {to}, which lives");
            self.breach(Rule::NotDisplaced, place, what);
        } else if is_live {
            let what = format!("it cut node {to}, which does as it should: {reason}");
            self.breach(Rule::HonestKept, place, what);
        }
    }
}
