//! What is done for py2p and js2p when they lose a link, which py2p does of itself: it is dialled again within a second, and
//! sent once more what it may have missed.

use core::ops::RangeBounds;

use super::Mesh;
use super::history::One;
use super::link::Link;
use super::outbox::Parcel;
use super::targets::{Origin, TargetId};
use crate::id::{LinkId, NodeId};
use crate::time::Timestamp;

impl Mesh {
    /// A link to a legacy peer ended.
    pub(super) fn legacy_parted(
        &mut self,
        now: Timestamp,
        node: &NodeId,
        target: Option<TargetId>,
    ) {
        if self.table.contains(node) {
            self.remind(now, node);
        } else {
            self.absentees.parted(now, node.clone(), target);
        }
    }

    /// Sends a legacy peer that has come back the broadcasts of the last minute, byte for byte: what it knows, it drops.
    pub(super) fn send_missed(&mut self, now: Timestamp, id: LinkId) {
        let Some(link) = self.links.get(&id) else {
            return;
        };
        let Some(greeted) = link.greeted().filter(|greeted| !greeted.capable) else {
            return;
        };
        let node = greeted.node.clone();
        if let Some(from) = self.absentees.returned(now, &node, link.target) {
            self.repeat(now, id, &node, from..);
        }
    }

    /// Sends what was said within a time over a link once more, without what its peer said itself.
    pub(super) fn repeat(
        &mut self,
        now: Timestamp,
        link: LinkId,
        node: &NodeId,
        when: impl RangeBounds<Timestamp>,
    ) {
        let peer = self.links.get(&link).and_then(Link::greeted);
        let is_wanted =
            |kept: &One<'_>| peer.is_some_and(|peer| peer.wish.matches(kept.topic.as_ref()));
        let kept = self.history.recent(now).filter(|kept| is_wanted(kept));
        let others = kept.filter(|kept| when.contains(&kept.at) && kept.sender != *node);
        let frames: Vec<_> = others.map(One::frame).collect();
        for frame in frames {
            self.post_counted(now, link, Parcel::relayed(frame));
        }
    }

    /// A node that the user wanted to link to is no unwanted one any more.
    pub(super) fn want_again(&mut self, target: TargetId, node: &NodeId) {
        let target = self.targets.target(target);
        if target.is_some_and(|target| target.origin == Origin::User) {
            self.unwanted.retain(|unwanted| unwanted != node);
        }
    }
}
