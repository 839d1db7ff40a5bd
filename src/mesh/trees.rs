//! For each source of broadcasts the tree along which its payloads travel, as far as this node is part of it.
//!
//! Plumtree (Leitão, Pereira, Rodrigues: Epidemic Broadcast Trees, 2007), with a tree for each source: the first message of
//! a source floods and finds the quickest path to everybody, and every link that brought it once too often is spared its
//! payloads from then on. A source that is not known here floods: forgetting costs copies, never a message.

use core::time::Duration;

use crate::id::{LinkId, NodeId};
use crate::ordered::{OrderedMap, OrderedSet};
use crate::time::Timestamp;

/// Time for a neighbour to heed that it was asked to send less, before it is asked again.
const HEED: Duration = Duration::from_secs(1);

/// One source's tree, here.
#[derive(Clone, Debug, Default)]
pub(super) struct Branch {
    /// The link by which its newest message came first; `None` for this node's own.
    pub(super) parent: Option<LinkId>,
    /// The links that get ids, not payloads.
    lazy: Vec<LinkId>,
    /// When a neighbour was last asked to send ids only.
    pruned: Timestamp,
}

impl Branch {
    pub(super) fn is_lazy(&self, link: LinkId) -> bool {
        self.lazy.contains(&link)
    }

    pub(super) fn lazy(&self) -> &[LinkId] {
        &self.lazy
    }

    /// A message of the source came first by `link`, which therefore stays.
    pub(super) fn came_by(&mut self, link: LinkId) {
        self.parent = Some(link);
        self.graft(link);
    }

    /// The link gets payloads.
    pub(super) fn graft(&mut self, link: LinkId) {
        self.lazy.retain(|lazy| *lazy != link);
    }

    /// The link gets ids only.
    pub(super) fn prune(&mut self, link: LinkId) {
        if !self.is_lazy(link) {
            self.lazy.push(link);
        }
    }

    /// A copy too many came by `link`: whether to ask for ids only there.
    pub(super) fn is_to_be_pruned(&mut self, now: Timestamp, link: LinkId) -> bool {
        if self.is_lazy(link) && now.since(self.pruned) < HEED {
            return false;
        }
        self.prune(link);
        self.pruned = now;
        true
    }

    /// Every link gets payloads.
    pub(super) fn flood(&mut self) {
        self.lazy.clear();
    }
}

/// The trees of recent sources, in two generations, so that the oldest go when there are too many.
#[derive(Debug)]
pub(super) struct Trees {
    young: OrderedMap<NodeId, Branch>,
    old: OrderedMap<NodeId, Branch>,
    capacity: usize,
    /// The links that get ids only, whatever the source: they may not last.
    quiet: OrderedSet<LinkId>,
}

impl Trees {
    /// Keeps the trees of at least `capacity` sources and at most twice as many; with none, everything floods.
    pub(super) fn new(capacity: usize) -> Self {
        Self {
            young: OrderedMap::new(),
            old: OrderedMap::new(),
            capacity,
            quiet: OrderedSet::new(),
        }
    }

    /// The tree of a source, to be [put back](Self::put): of one that is not known, one without lazy links.
    pub(super) fn take(&mut self, source: &NodeId) -> Branch {
        let known = self.young.remove(source);
        known
            .or_else(|| self.old.remove(source))
            .unwrap_or_default()
    }

    pub(super) fn put(&mut self, source: &NodeId, branch: Branch) {
        if self.capacity == 0 {
            return;
        }
        if self.young.len() >= self.capacity {
            self.old = core::mem::take(&mut self.young);
        }
        self.young.insert(source.clone(), branch);
    }

    /// The tree of a source that has spoken.
    pub(super) fn get_mut(&mut self, source: &NodeId) -> Option<&mut Branch> {
        match self.young.get_mut(source) {
            Some(branch) => Some(branch),
            None => self.old.get_mut(source),
        }
    }

    /// A link gets ids only, of every source.
    pub(super) fn hush(&mut self, link: LinkId) {
        if self.capacity > 0 {
            self.quiet.insert(link);
        }
    }

    /// A link gets payloads as any other.
    pub(super) fn unhush(&mut self, link: LinkId) {
        self.quiet.remove(&link);
    }

    pub(super) fn unhush_all(&mut self) {
        self.quiet.clear();
    }

    pub(super) fn quiet(&self) -> &OrderedSet<LinkId> {
        &self.quiet
    }

    /// A link is gone.
    pub(super) fn forget(&mut self, link: LinkId) {
        self.unhush(link);
        for branch in self.young.values_mut().chain(self.old.values_mut()) {
            branch.graft(link);
            if branch.parent == Some(link) {
                branch.parent = None;
            }
        }
    }

    /// How many sources are known.
    pub(super) fn len(&self) -> usize {
        self.young.len() + self.old.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: LinkId = LinkId::dialled(1);
    const TWO: LinkId = LinkId::dialled(2);

    fn node(number: usize) -> NodeId {
        NodeId::new(format!("{number}").as_bytes()).expect("digits are an id")
    }

    fn at(millis: u64) -> Timestamp {
        Timestamp::from_millis(millis)
    }

    #[test]
    fn a_link_is_asked_to_be_lazy_once_and_again_if_it_does_not_heed() {
        let mut branch = Branch::default();
        assert!(branch.is_to_be_pruned(at(1), ONE));
        assert!(!branch.is_to_be_pruned(at(999), ONE));
        assert!(branch.is_to_be_pruned(at(1_001), ONE));
        assert!(branch.is_lazy(ONE) && !branch.is_lazy(TWO));
    }

    #[test]
    fn the_link_that_is_first_is_lazy_no_more() {
        let mut branch = Branch::default();
        branch.prune(ONE);
        branch.prune(TWO);
        branch.came_by(ONE);
        assert_eq!((branch.parent, branch.lazy()), (Some(ONE), &[TWO][..]));
        branch.flood();
        assert!(!branch.is_lazy(TWO));
    }

    #[test]
    fn nothing_of_a_link_that_is_gone_is_left() {
        let mut trees = Trees::new(1);
        let mut branch = Branch::default();
        branch.came_by(ONE);
        branch.prune(TWO);
        trees.put(&node(1), branch.clone());
        trees.put(&node(2), branch);
        trees.forget(ONE);
        trees.forget(TWO);
        for number in [1, 2] {
            let branch = trees.take(&node(number));
            assert_eq!((branch.parent, branch.lazy()), (None, &[][..]));
        }
    }

    #[test]
    fn the_oldest_go_when_there_are_too_many_and_none_are_kept_where_none_may() {
        let mut trees = Trees::new(10);
        for number in 0..1_000 {
            trees.put(&node(number), Branch::default());
            assert!(trees.len() <= 20);
        }
        assert!((990..1_000).all(|number| trees.get_mut(&node(number)).is_some()));
        assert!(trees.get_mut(&node(0)).is_none());
        let mut none = Trees::new(0);
        none.put(&node(1), Branch::default());
        assert_eq!(none.len(), 0);
    }
}
