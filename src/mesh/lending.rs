//! Lent links: how py2p and js2p answer a node that they cannot dial, and that cannot dial them.
//!
//! Both reply only over a link to the sender itself: py2p raises for any other sender, and js2p loses a link. So a node
//! between dials its peer once more, greets there as the sender, and hands on what is said either way. The peer sees a
//! neighbour like any other. Lent links carry whispers only: no flood goes into them.

use core::time::Duration;

use bytes::Bytes;

use super::Mesh;
use super::dialling::address_of;
use super::error::CloseReason;
use super::event::{LinkInfo, Output};
use super::link::{Greeted, Link, Phase};
use super::loans::Lent;
use super::outbox::Parcel;
use super::timers::Timer;
use crate::address::Address;
use crate::id::{LinkId, NodeId};
use crate::time::Timestamp;
use crate::wire::{Handshake, Message, Signal, Trailer};
use rand_chacha::rand_core::RngCore;

/// How long no link to a peer is lent after one did not come up. Its address is its own word: it may lead to somebody
/// who never asked to be dialled.
const REST: Duration = Duration::from_secs(15);

impl Mesh {
    /// Gives a whisper to a peer that knows no forwards, over a link that its sender has to it. Where none can be had, over
    /// this node's own: then it arrives, and cannot be replied to.
    pub(super) fn lend(&mut self, now: Timestamp, direct: LinkId, message: &Message, to: &NodeId) {
        let lent = Lent {
            borrower: message.sender().clone(),
            peer: to.clone(),
        };
        let frame = message.frame().into_bytes();
        let has_link = self.loans.contains(&lent);
        if !has_link && (self.is_linked_to(&lent) || !self.dial_loan(now, &lent)) {
            self.post_counted(now, direct, Parcel::relayed(frame));
            return;
        }
        self.speak_for(now, &lent, frame);
    }

    /// Whether `borrower` has a link to `peer` through this node.
    pub(super) fn is_lent(&self, borrower: &NodeId, peer: &NodeId) -> bool {
        self.loans.contains(&Lent {
            borrower: borrower.clone(),
            peer: peer.clone(),
        })
    }

    /// Sends a frame over a lent link, or keeps it until that is up.
    pub(super) fn speak_for(&mut self, now: Timestamp, lent: &Lent, frame: Bytes) {
        let Some(loan) = self.loans.loan(lent) else {
            return self.stats.undeliverable += 1;
        };
        loan.used = now;
        let link = loan.link;
        let is_up = self
            .links
            .get(&link)
            .is_some_and(|link| link.greeted().is_some());
        if is_up {
            self.post_counted(now, link, Parcel::relayed(frame));
        } else if !loan.wait(frame) {
            self.stats.undeliverable += 1;
        }
    }

    /// Whether the peer has a link to the borrower already, as it told itself. A second one would cost it the first: anybody can
    /// say that a whisper is another's.
    fn is_linked_to(&self, lent: &Lent) -> bool {
        let told = self.table.told(&lent.peer);
        told.iter().any(|entry| entry.node == lent.borrower)
    }

    fn dial_loan(&mut self, now: Timestamp, lent: &Lent) -> bool {
        let Some(address) = self.lending_address(now, &lent.peer) else {
            return false;
        };
        let info = LinkInfo {
            scheme: address.scheme(),
            remote: Some(address.to_string()),
            local_host: None,
            proxied: false,
        };
        let mut state = self.new_link(now, info, Phase::Dialled);
        state.lent = Some(lent.clone());
        let link = self.dial_link(now, state, address);
        self.loans.add(now, lent.clone(), link);
        true
    }

    /// Where a peer can be dialled once more.
    fn lending_address(&self, now: Timestamp, peer: &NodeId) -> Option<Address> {
        let id = self.table.link(peer)?;
        let direct = self.links.get(&id)?;
        let peer = self.table.peer(peer)?;
        let address = address_of(peer.scheme, peer.endpoint.as_ref()?)?;
        let may = self.loans.has_room()
            && direct.unlent_until <= now
            && self.links.len() < self.config.links
            && self.closing.is_none()
            && !self.is_own(&address)
            && self.may_dial_again(id, direct, &address)
            && !self.is_address_out_of_reach(&address);
        may.then_some(address)
    }

    /// The far end of a lent link has greeted.
    pub(super) fn handle_lent_greeting(
        &mut self,
        now: Timestamp,
        id: LinkId,
        handshake: &Handshake,
    ) {
        match self.judge_lent(id, handshake) {
            Ok(lent) => self.welcome_lent(now, id, &lent, handshake),
            Err(reason) => self.close_link(now, id, reason),
        }
    }

    fn judge_lent(&self, id: LinkId, handshake: &Handshake) -> Result<Lent, CloseReason> {
        let link = self.links.get(&id).ok_or(CloseReason::Disconnected)?;
        self.scheme_of(link.info.scheme, &handshake.protocol)?;
        let lent = link.lent.clone().ok_or(CloseReason::Disconnected)?;
        if handshake.node != lent.peer {
            let (expected, found) = (lent.peer, handshake.node.clone());
            return Err(CloseReason::OtherNode { expected, found });
        }
        Ok(lent)
    }

    fn welcome_lent(&mut self, now: Timestamp, id: LinkId, lent: &Lent, handshake: &Handshake) {
        let scheme = self.links.get(&id).map(|link| link.info.scheme);
        let greeted = scheme.map(|scheme| Greeted::new(now, scheme, handshake, None));
        if !greeted.is_some_and(|greeted| self.take_greeting(now, id, greeted)) {
            return;
        }
        self.timers
            .set(Timer::Loan(id), now + self.config.loan_idle);
        // What a node says to whoever has greeted; the borrower's own peers are not known here.
        self.send_signal(now, id, &Signal::Peers(Vec::new()));
        let waiting = self
            .loans
            .loan(lent)
            .map(|loan| core::mem::take(&mut loan.waiting));
        for frame in waiting.into_iter().flatten() {
            self.post_counted(now, id, Parcel::relayed(frame));
        }
    }

    /// A peer says something to the borrower of the link.
    pub(super) fn handle_lent_whisper(
        &mut self,
        now: Timestamp,
        id: LinkId,
        lent: &Lent,
        message: &Message,
    ) {
        match Signal::parse(message) {
            Ok(Signal::Application) => {
                if let Some(loan) = self.loans.loan(lent) {
                    loan.used = now;
                }
                // Those on the way tell a copy from an equal message by the nonce, which the peer gave none.
                let nonce = Some(self.rng.next_u64());
                let message = message.with_trailer(Trailer {
                    nonce,
                    capabilities: None,
                    ..message.trailer().clone()
                });
                self.seen.insert(now, message.id());
                self.pass_on(now, id, &lent.borrower, message);
            }
            Ok(Signal::RequestPeers) => self.send_signal(now, id, &Signal::Peers(Vec::new())),
            Ok(_) | Err(_) => {}
        }
    }

    /// A lent link is closed when nothing was said over it for long.
    pub(super) fn loan_expired(&mut self, now: Timestamp, id: LinkId) {
        let Some(lent) = self.links.get(&id).and_then(|link| link.lent.as_ref()) else {
            return;
        };
        let Some(due) = self
            .loans
            .loan(lent)
            .map(|loan| loan.used + self.config.loan_idle)
        else {
            return;
        };
        if due > now {
            self.timers.set(Timer::Loan(id), due);
        } else {
            self.close_link(now, id, CloseReason::Disconnected);
        }
    }

    /// A lent link ended. What waited for it to come up goes over this node's own link.
    pub(super) fn lent_link_down(&mut self, now: Timestamp, link: &Link) {
        let Some(loan) = link.lent.as_ref().and_then(|lent| self.loans.remove(lent)) else {
            return;
        };
        let direct = link
            .lent
            .as_ref()
            .and_then(|lent| self.table.link(&lent.peer));
        if link.greeted().is_none()
            && let Some(direct) = direct.and_then(|id| self.links.get_mut(&id))
        {
            direct.unlent_until = now + REST;
        }
        for frame in loan.waiting {
            match direct {
                Some(direct) => drop(self.post_counted(now, direct, Parcel::relayed(frame))),
                None => self.stats.undeliverable += 1,
            }
        }
    }

    /// Begins to dial `address` as the link `state`.
    pub(super) fn dial_link(&mut self, now: Timestamp, state: Link, address: Address) -> LinkId {
        let link = LinkId::dialled(self.next_dial);
        self.next_dial += 1;
        self.stats.dials += 1;
        self.timers
            .set(Timer::Greeting(link), now + self.config.dial_timeout);
        self.links.insert(link, state);
        self.outputs.push_back(Output::Dial { link, address });
        link
    }
}
