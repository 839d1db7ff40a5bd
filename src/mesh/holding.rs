//! Second links to py2p and js2p, ended before the peer has seen them: until it is known which link stays, a handshake is held.
//!
//! Neither copes with two links to one node. py2p takes the loser of a conflict back into its table, and js2p forgets the
//! link that stays when the other one closes. To a node that shows its handshake on one link only, that never happens.

use core::time::Duration;

use super::Mesh;
use super::error::CloseReason;
use super::link::{Link, Phase};
use super::timers::Timer;
use crate::id::{LinkId, NodeId};
use crate::time::Timestamp;
use crate::wire::Message;

/// How long a link waits for another one to show whether both lead to one peer. The relatives greet at once, and wait
/// for longer than this.
pub(super) const HOLD: Duration = Duration::from_millis(500);

impl Mesh {
    /// Holds the handshake of a legacy peer on a link that may be its second.
    pub(super) fn is_to_be_held(&mut self, now: Timestamp, id: LinkId, message: &Message) -> bool {
        let Some(link) = self.links.get(&id) else {
            return false;
        };
        if link.spoke || message.trailer().capabilities.is_some() {
            return false;
        }
        let deadline = match self.table.link(message.sender()) {
            // The peer may have lost its older link without this node having noticed.
            Some(older) => {
                self.challenge(now, older, id);
                None
            }
            None if id.is_dialled() && self.is_caller_expected(link) => Some(now + HOLD),
            None => return false,
        };
        if let Some(link) = self.links.get_mut(&id) {
            link.held = Some(Box::new(message.clone()));
        }
        self.held.insert(id);
        self.timers.stop(Timer::Greeting(id));
        self.timers.stop(Timer::Patience(id));
        if let Some(deadline) = deadline {
            self.timers.set(Timer::Patience(id), deadline);
        }
        true
    }

    /// Whether somebody on the machine of `dialled` has dialled this node and has not greeted yet: it may be the same peer.
    fn is_caller_expected(&self, dialled: &Link) -> bool {
        let Some(host) = dialled.remote_host() else {
            return false;
        };
        self.links.iter().any(|(id, link)| {
            !id.is_dialled()
                && link.phase == Phase::Up
                && link.spoke
                && link.remote_host() == Some(host)
        })
    }

    /// Whether a legacy peer that this node dialled is on the machine from which a link was accepted.
    pub(super) fn is_home_of_legacy_peer(&self, accepted: LinkId) -> bool {
        let Some(host) = self.links.get(&accepted).and_then(Link::remote_host) else {
            return false;
        };
        let is_legacy_at_home = |link: &Link| {
            link.greeted().is_some_and(|greeted| !greeted.capable)
                && link.remote_host() == Some(host)
        };
        let mut links = self.targets.on().filter_map(|(id, _)| self.links.get(&id));
        links.any(is_legacy_at_home)
    }

    /// Something changed that may decide about held links.
    pub(super) fn release_held(&mut self, now: Timestamp) {
        let ids: Vec<_> = self.held.iter().copied().collect();
        for id in ids {
            match self.links.get(&id) {
                None => drop(self.held.remove(&id)),
                Some(link) if self.is_undecided(id, link) => {}
                Some(_) => self.release(now, id),
            }
        }
    }

    fn is_undecided(&self, id: LinkId, link: &Link) -> bool {
        let held = link.held.as_ref();
        let is_linked = held.is_some_and(|message| self.table.contains(message.sender()));
        if id.is_dialled() {
            !is_linked && self.is_caller_expected(link)
        } else {
            is_linked
        }
    }

    /// Takes the handshake that was held as if it came now.
    fn release(&mut self, now: Timestamp, id: LinkId) {
        self.held.remove(&id);
        let held = self.links.get_mut(&id).and_then(|link| link.held.take());
        if let Some(message) = held {
            self.handle_held_greeting(now, id, &message);
        }
    }

    /// A dialler or acceptor that waited for the other side speaks; one that held a handshake takes it.
    pub(super) fn patience_expired(&mut self, now: Timestamp, id: LinkId) {
        if self.held.contains(&id) {
            self.release(now, id);
        } else {
            self.greet(now, id);
        }
    }

    /// Whose second link it is, if its handshake is held.
    pub(super) fn held_rival(&self, rival: LinkId) -> Option<&NodeId> {
        let held = self.links.get(&rival)?.held.as_ref()?;
        Some(held.sender())
    }

    /// The older link of a legacy peer lives: the newer was never seen.
    pub(super) fn close_held_rival(&mut self, now: Timestamp, rival: LinkId) -> bool {
        let Some(node) = self.held_rival(rival).cloned() else {
            return false;
        };
        self.close_link(now, rival, CloseReason::Duplicate);
        self.remind(now, &node);
        true
    }

    /// The older link of a legacy peer did not answer in time.
    pub(super) fn replace_by_held(&mut self, now: Timestamp, rival: LinkId) -> bool {
        let Some(node) = self.held_rival(rival).cloned() else {
            return false;
        };
        if let Some(older) = self.table.link(&node) {
            self.close_link(now, older, CloseReason::Replaced);
        }
        self.release(now, rival);
        true
    }

    /// js2p forgets a node when any link to it closes, and knows it again by another handshake on the link that stays.
    pub(super) fn remind(&mut self, now: Timestamp, node: &NodeId) {
        let Some(link) = self.table.link(node) else {
            return;
        };
        let greeted = self.links.get(&link).and_then(Link::greeted);
        if greeted.is_some_and(|greeted| greeted.is_js2p) {
            self.timers.set(Timer::Regreet(link), now + HOLD);
        }
    }

    /// Shows the handshake once more, to a peer that may have forgotten it.
    pub(super) fn greet_again(&mut self, now: Timestamp, id: LinkId) {
        if self
            .links
            .get(&id)
            .is_some_and(|link| link.greeted().is_some())
        {
            self.show_handshake(now, id);
        }
    }
}
