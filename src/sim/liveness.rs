//! What must come about once nothing goes wrong any more: L1 to L5.

use core::time::Duration;
use std::collections::BTreeSet;

use super::figures::Followed;
use super::host::Actor;
use super::node::Place;
use super::simulation::Simulation;
use super::verdict::{Rule, Violation};
use crate::mesh::Mesh;

/// How often it is looked whether it has come about.
const LOOK: Duration = Duration::from_millis(500);

/// For how long deadlines are counted.
const QUIET: Duration = Duration::from_secs(30);

impl Simulation {
    /// The nodes of ours that live.
    fn living_cores(&self) -> Vec<Place> {
        self.living().filter(|&place| self.is_core(place)).collect()
    }

    /// L1: all living nodes of ours are in one part within `limit`. Says how long it took.
    ///
    /// # Errors
    /// [`Rule::OneComponent`], or what was broken meanwhile; so the others.
    pub fn expect_one_component(&mut self, limit: Duration) -> Result<Duration, Violation> {
        self.expect(Rule::OneComponent, limit, |simulation| {
            let parts = simulation.components();
            let of_cores = |part: &&Vec<Place>| part.iter().any(|&place| simulation.is_core(place));
            let alone = parts.iter().filter(of_cores).nth(1)?;
            let lost = alone
                .iter()
                .copied()
                .find(|&place| simulation.is_core(place));
            Some((lost?, format!("{} are apart from the rest", alone.len())))
        })
    }

    /// L2: a broadcast of `from` is given to every other living node of ours within `limit`.
    ///
    /// # Errors
    /// [`Rule::ReachesAll`].
    pub fn expect_reach(&mut self, from: Place, limit: Duration) -> Result<Duration, Violation> {
        let sent = self.broadcast(from, "does this reach you?");
        let broadcast = match sent {
            Ok(broadcast) => broadcast,
            Err(error) => {
                self.breach(Rule::ReachesAll, from.0, format!("it cannot send: {error}"));
                return Err(self.verdict().expect_err("just noted").clone());
            }
        };
        let places = self.living_cores();
        self.expect(Rule::ReachesAll, limit, |simulation| {
            simulation.first_without(broadcast, from, &places)
        })
    }

    fn first_without(
        &self,
        broadcast: Followed,
        from: Place,
        places: &[Place],
    ) -> Option<(Place, String)> {
        let has = |place: Place| self.figures.arrival(broadcast, place).delivered > 0;
        let mut without = places.iter().filter(|&&place| place != from && !has(place));
        let &first = without.next()?;
        let what = format!("it and {} more did not get it", without.count());
        Some((first, what))
    }

    /// L3: every living node of ours has `least` peers, or all others, within `limit`.
    ///
    /// # Errors
    /// [`Rule::LinksEnough`].
    pub fn expect_links(&mut self, least: usize, limit: Duration) -> Result<Duration, Violation> {
        let places = self.living_cores();
        let least = least.min(places.len().saturating_sub(1));
        self.expect(Rule::LinksEnough, limit, |simulation| {
            let few = |&&place: &&Place| simulation.peers(place).len() < least;
            let &first = places.iter().find(few)?;
            let what = format!("it has {} of {least} peers", simulation.peers(first).len());
            Some((first, what))
        })
    }

    /// L4: within `limit` nothing waits to be sent, and nodes act no more often than their heartbeats have them act.
    ///
    /// # Errors
    /// [`Rule::Quiet`].
    pub fn expect_quiet(&mut self, limit: Duration) -> Result<Duration, Violation> {
        let begun = self.now;
        loop {
            let before: Vec<_> = self.hosts.iter().map(|host| host.deadlines).collect();
            self.run_for(QUIET);
            if let Err(violation) = self.verdict() {
                return Err(violation.clone());
            }
            let Some((place, what)) = self.first_busy(&before) else {
                return Ok(self.now.since(begun));
            };
            if self.now.since(begun) > limit + QUIET {
                self.breach(Rule::Quiet, place.0, what);
            }
        }
    }

    /// Who has something to send, or had more deadlines than heartbeats in the time that was watched.
    fn first_busy(&self, before: &[u64]) -> Option<(Place, String)> {
        self.living_cores().into_iter().find_map(|place| {
            let host = &self.hosts[place.number()];
            let Actor::Core(mesh) = &host.actor else {
                return None;
            };
            let waits = |usage: &crate::mesh::Usage| usage.what == "queue_frames" && usage.used > 0;
            if mesh.usage().any(|usage| waits(&usage)) {
                return Some((place, "frames wait".to_owned()));
            }
            let had = host.deadlines - before.get(place.number()).copied().unwrap_or_default();
            // On each link a heartbeat, the wait for its answer and a stall that was none, and a few of the node's own.
            let beats = QUIET.as_secs() / mesh.config().heartbeat.as_secs().max(1) + 1;
            let may = (host.links.len() as u64 * 3 + 2) * beats;
            (had > may).then(|| {
                (
                    place,
                    format!("{had} deadlines in {QUIET:?}, at most {may}"),
                )
            })
        })
    }

    /// L5: within `limit` the members that a node of ours knows are those of ours that it is connected with over others of ours,
    /// all of them and nobody else. Relatives hand on nothing of it.
    ///
    /// # Errors
    /// [`Rule::KnowsMembers`].
    pub fn expect_members(&mut self, limit: Duration) -> Result<Duration, Violation> {
        self.expect(Rule::KnowsMembers, limit, |simulation| {
            let cores = simulation.living_cores();
            cores.into_iter().find_map(|place| {
                let (known, there) = (simulation.members(place), simulation.reachable(place));
                let (ghosts, missing) = (known.difference(&there), there.difference(&known));
                let what = || {
                    let (ghosts, missing): (Vec<_>, Vec<_>) = (ghosts.collect(), missing.collect());
                    format!("it does not know {missing:?}, and knows {ghosts:?} who are not there")
                };
                (known != there).then(|| (place, what()))
            })
        })
    }

    /// The nodes that a node takes for members of the mesh.
    pub fn members(&self, place: Place) -> BTreeSet<Place> {
        let members = self.mesh(place).into_iter().flat_map(Mesh::members);
        members
            .filter_map(|member| self.place_of(&member.node))
            .collect()
    }

    /// The nodes of ours that a node is connected with over others of ours.
    fn reachable(&self, place: Place) -> BTreeSet<Place> {
        let (mut found, mut open) = (BTreeSet::from([place]), vec![place]);
        while let Some(place) = open.pop() {
            for peer in self.peers(place) {
                let is_linked = self.is_core(peer) && self.is_linked(peer, place);
                if is_linked && found.insert(peer) {
                    open.push(peer);
                }
            }
        }
        found.remove(&place);
        found
    }

    /// Runs until `is_missing` says that nothing is, and makes it a breach if that is not so within `limit`.
    fn expect(
        &mut self,
        rule: Rule,
        limit: Duration,
        is_missing: impl Fn(&Self) -> Option<(Place, String)>,
    ) -> Result<Duration, Violation> {
        let begun = self.now;
        loop {
            if let Err(violation) = self.verdict() {
                return Err(violation.clone());
            }
            let Some((place, what)) = is_missing(self) else {
                return Ok(self.now.since(begun));
            };
            if self.now.since(begun) >= limit {
                let what = format!("not within {limit:?}: {what}");
                self.breach(rule, place.0, what);
            } else {
                self.run_for(LOOK);
            }
        }
    }
}
