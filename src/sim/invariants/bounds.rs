//! I5: all that peers can make grow keeps to its bound.

use crate::sim::simulation::Simulation;
use crate::sim::verdict::Rule;

/// Nodes with more links than this are looked at less often, as a look takes longer.
const FEW: usize = 8;

impl Simulation {
    /// A node has acted.
    pub(in crate::sim) fn acted(&mut self, place: u32) {
        if !self.options.checked {
            return;
        }
        let links = self.hosts[place as usize].links.len();
        let watch = self.watch.host(place);
        watch.actions += 1;
        let often = (links / FEW).max(1) as u64;
        if !watch.actions.is_multiple_of(often) {
            return;
        }
        let mesh = self.hosts[place as usize].mesh();
        let broken = mesh.and_then(|mesh| mesh.usage().find(|usage| !usage.is_within()));
        if let Some(usage) = broken {
            let (what, used, limit) = (usage.what, usage.used, usage.limit);
            let what = format!("{what} is at most {limit}, and {used} are there");
            self.breach(Rule::WithinBounds, place, what);
        }
    }
}
