//! How much a node holds of what others can make grow, beside the bound of each: for operators, and for tests of the bounds.

use super::Mesh;
use crate::id::MessageId;

/// One kind of state, and how much of it there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Usage {
    /// What it is, named as the bound in [`Config`](super::Config) is.
    pub what: &'static str,
    /// How much there is; of what each link has, the most on any one.
    pub used: usize,
    /// How much there may be.
    pub limit: usize,
}

impl Usage {
    /// Whether the bound is kept.
    pub const fn is_within(&self) -> bool {
        self.used <= self.limit
    }
}

impl Mesh {
    /// Everything that others can make grow.
    pub fn usage(&self) -> impl Iterator<Item = Usage> {
        let of = |(what, used, limit)| Usage { what, used, limit };
        self.links_usage()
            .into_iter()
            .chain(self.memory_usage())
            .map(of)
    }

    /// Whether the id of a message is remembered, so that no copy of it is taken.
    pub fn remembers(&self, id: &MessageId) -> bool {
        self.seen.contains(id)
    }

    fn links_usage(&self) -> [(&'static str, usize, usize); 9] {
        let config = &self.config;
        let (mut bytes, mut frames, mut handed, mut unread, mut owed) = (0, 0, 0, 0, 0);
        let (mut topics, mut untold) = (0, 0);
        for link in self.links.values() {
            let load = link.outbox.load();
            bytes = bytes.max(load.waiting_bytes);
            frames = frames.max(load.waiting_frames);
            handed = handed.max(load.handed_bytes);
            unread = unread.max(link.reader.buffered());
            owed = owed.max(link.owed.len());
            untold = untold.max(link.untold.len());
            topics = topics.max(link.greeted().map_or(0, |peer| peer.wish.len()));
        }
        // One frame may exceed the budget, and what a transport reads at once comes on top of a frame that has begun.
        let beyond = config.frame + config.link_budget;
        [
            // Each address may be on a link of its own besides.
            ("links", self.links.len(), config.links + config.addresses),
            ("queue_bytes", bytes, config.queue_bytes),
            ("queue_frames", frames, config.queue_frames),
            ("link_budget", handed, beyond),
            ("frame", unread, beyond),
            ("owed", owed, config.owed),
            ("topics", topics, config.topics),
            // And this node.
            ("members", untold, config.members + 1),
            (
                "queue_bytes",
                self.catch_ups.held_bytes(),
                config.queue_bytes,
            ),
        ]
    }

    fn memory_usage(&self) -> [(&'static str, usize, usize); 18] {
        let config = &self.config;
        let (own, foreign) = self.lookups.waiting();
        let (bytes, frames) = self.history.size();
        // What is kept in two generations may be twice the bound of one.
        [
            ("remember_ids", self.seen.len(), 2 * config.remember_ids),
            ("answers", self.answered.len(), 2 * config.answers),
            ("restamped", self.restamped.len(), 2 * config.restamped),
            ("routes", self.routes.len(), 2 * config.routes),
            ("lookups", own, config.lookups),
            ("errands", foreign, config.errands),
            ("loans", self.loans.len(), config.loans),
            ("addresses", self.targets.len(), config.addresses),
            ("tellers", self.targets.tellers_of_one(), config.tellers),
            ("history.0", bytes, config.history.0),
            ("history.1", frames, config.history.1),
            ("trees", self.trees.len(), 2 * config.trees),
            ("promises", self.promises.len(), config.promises),
            ("questions", self.questions.len(), config.questions),
            ("members", self.standing.len(), config.members),
            ("unwanted", self.unwanted.len(), config.unwanted),
            ("ungreeted", self.newcomers.len(), config.ungreeted),
            ("authors", self.authors.len(), 2 * config.authors),
        ]
    }
}
