//! Links coming and going, and the bytes between.

use bytes::Bytes;

use super::copies::Ahead;
use super::dialling::address_of;
use super::ended::Ended;
use super::error::{CloseReason, LinkDown};
use super::event::{Event, LinkInfo, Output, Ticket};
use super::link::{Link, Phase};
use super::link_end::LinkEnd;
use super::outbox::Bounds;
use super::peers::Parted;
use super::tellers::Teller;
use super::timers::Timer;
use super::{Failure, Mesh};
use crate::address::Scheme;
use crate::id::{LinkId, NodeId};
use crate::time::Timestamp;
use crate::wire::PeerEntry;

/// A peer that dialled this node, with the address that it gave.
pub(super) struct Caller {
    pub(super) scheme: Scheme,
    pub(super) entry: PeerEntry,
    pub(super) teller: Teller,
    is_legacy: bool,
    /// The address is on the machine from which it called.
    pub(super) is_home: bool,
}

impl Mesh {
    pub(super) fn link_opened(&mut self, now: Timestamp, id: LinkId, info: LinkInfo) {
        if id.is_dialled() {
            let Some(link) = self
                .links
                .get_mut(&id)
                .filter(|link| link.phase == Phase::Dialled)
            else {
                return;
            };
            link.phase = Phase::Up;
            link.info = info;
            link.heard = now;
            link.since = now;
            self.stats.links_opened += 1;
        } else if !self.accept(now, id, info) {
            return;
        }
        self.timers
            .set(Timer::Greeting(id), now + self.config.greeting_timeout);
        self.speak_first(now, id);
    }

    fn accept(&mut self, now: Timestamp, id: LinkId, info: LinkInfo) -> bool {
        self.stats.links_opened += 1;
        let refusal = match self.closing {
            Some(_) => Some(CloseReason::Shutdown),
            None if self.surroundings.has_left => Some(CloseReason::Shutdown),
            None if self.links.len() >= self.config.links => Some(CloseReason::Full),
            None => None,
        };
        if let Some(reason) = refusal {
            self.stats.count_end(LinkEnd::of_reason(&reason), true);
            self.outputs.push_back(Output::Close {
                link: id,
                reason: reason.clone(),
            });
            if self.closing.is_none() {
                self.tell(Event::LinkClosed {
                    link: id,
                    remote: info.remote,
                    node: None,
                    reason,
                });
            }
            return false;
        }
        let link = self.new_link(now, info, Phase::Up);
        self.newcomers.add(link.network(), id);
        self.links.insert(id, link);
        self.keep_newcomers_few(now);
        self.links.contains_key(&id)
    }

    /// Closes those who have waited longest, where most wait: whoever comes and greets has to have a place.
    fn keep_newcomers_few(&mut self, now: Timestamp) {
        while self.newcomers.len() > self.config.ungreeted {
            let Some(surplus) = self.newcomers.surplus() else {
                return;
            };
            self.close_link(now, surplus, CloseReason::CrowdedOut);
        }
    }

    pub(super) fn new_link(&self, now: Timestamp, info: LinkInfo, phase: Phase) -> Link {
        let config = &self.config;
        let bounds = Bounds {
            bytes: config.queue_bytes,
            frames: config.queue_frames,
            budget: config.link_budget,
        };
        Link::new(now, info, phase, config.greeting_frame, bounds)
    }

    pub(super) fn link_received(&mut self, now: Timestamp, id: LinkId, bytes: Bytes) {
        let Some(link) = self
            .links
            .get_mut(&id)
            .filter(|link| link.phase != Phase::Dialled)
        else {
            return;
        };
        link.hears(now, self.config.silence);
        link.received_bytes += bytes.len() as u64;
        self.stats.received_bytes += bytes.len() as u64;
        link.reader.push(bytes);
        let has_slept = link.asleep.is_some();
        let is_starved = core::mem::take(&mut link.is_starved);
        self.put_off_doubt(now);
        self.put_off_heartbeat(id);
        if has_slept {
            self.link_sleeps(now, id, false);
        } else if is_starved {
            self.name_anew(now, id);
        }
        self.tell_untold(now, id);
        // Once, and only what is read now: a link that is paused or held would have the same looked for again and again.
        if let Some(link) = self.links.get(&id)
            && !link.meter.is_paused
            && link.held.is_none()
        {
            self.seen.foresee(link.reader.claims_ahead());
        }
        self.read_frames(now, id);
    }

    /// How many of the bytes that a link has brought next hold so many whole frames, at least one; all of them if they hold fewer,
    /// or if that is not to be told. Nothing is taken: [`handle_link`](Self::handle_link) does that. A driver that writes what comes
    /// of these before it hands on the rest lets who reads it go on the sooner.
    pub fn portion(&self, link: LinkId, bytes: &[u8], frames: usize) -> usize {
        let reader = self.links.get(&link).map(|link| &link.reader);
        reader.map_or(bytes.len(), |reader| reader.portion(bytes, frames.max(1)))
    }

    /// Takes the frames that a link has brought. What goes on from here leaves at the end, together.
    pub(super) fn read_frames(&mut self, now: Timestamp, id: LinkId) {
        self.take_frames(now, id);
        self.let_go(now);
    }

    fn take_frames(&mut self, now: Timestamp, id: LinkId) {
        // Each frame may change the link, or end it.
        while let Some(link) = self.links.get_mut(&id) {
            // What is not read now waits here, and stays within one read.
            if link.meter.is_paused {
                return;
            }
            // While its handshake is held, nothing else counts. What comes meanwhile waits here, and is bounded too.
            if link.held.is_some() {
                if link.reader.buffered() > self.config.link_budget {
                    self.close_link(now, id, CloseReason::NotGreeted);
                }
                return;
            }
            let ahead = self.copies.drop_ahead(link, &self.seen);
            if ahead == Ahead::Copies {
                self.copies_dropped(now, id);
                continue;
            }
            match link.reader.next_frame() {
                Ok(Some(frame)) => {
                    link.frame_since = None;
                    self.handle_frame(now, id, &frame, ahead == Ahead::New);
                }
                Ok(None) => return self.time_frame(now, id),
                Err(error) => {
                    self.let_go(now);
                    return self.close_link(now, id, CloseReason::Undecodable(error));
                }
            }
        }
    }

    /// Keeps the time at which the frame that has begun was begun.
    fn time_frame(&mut self, now: Timestamp, id: LinkId) {
        let Some(link) = self.links.get_mut(&id) else {
            return;
        };
        if !link.reader.is_mid_frame() {
            link.frame_since = None;
        } else if link.frame_since.is_none() {
            link.frame_since = Some(now);
            self.timers
                .set_if_unset(Timer::Frame(id), now + self.config.frame_timeout);
        }
    }

    pub(super) fn frame_expired(&mut self, now: Timestamp, id: LinkId) {
        let Some(since) = self.links.get(&id).and_then(|link| link.frame_since) else {
            return;
        };
        match since + self.config.frame_timeout {
            due if due > now => self.timers.set(Timer::Frame(id), due),
            _ => self.close_link(now, id, CloseReason::FrameTimeout),
        }
    }

    pub(super) fn link_written(&mut self, now: Timestamp, id: LinkId, bytes: usize) {
        let Some(link) = self.links.get_mut(&id) else {
            return;
        };
        let tickets = link.outbox.written(now, bytes);
        let is_all = tickets.is_empty() && link.rests() && !id.is_dialled();
        if is_all && self.closing.is_none() && !self.lookups.is_searching() {
            return;
        }
        for ticket in tickets {
            if self.tickets.remove(&ticket).is_some() {
                self.settle(ticket, Ok(()));
            }
        }
        self.rest_stall_timer(id);
        self.flush(now, id);
        self.tell_untold(now, id);
        self.pay(now, id);
        self.send_waiting_over(now, id);
        self.close_if_drained(now, id);
    }

    /// The transport has written all it was given. A page's link, which this node dialled, needs no timer then; an accepted
    /// one looks when the timer comes, which costs less.
    fn rest_stall_timer(&mut self, id: LinkId) {
        let Some(link) = self.links.get_mut(&id).filter(|_| id.is_dialled()) else {
            return;
        };
        if link.stall_timed && link.outbox.is_empty() {
            link.stall_timed = false;
            self.timers.stop(Timer::Stall(id));
        }
    }

    pub(super) fn stall_expired(&mut self, now: Timestamp, id: LinkId) {
        let Some(link) = self.links.get_mut(&id) else {
            return;
        };
        link.stall_timed = false;
        let Some(since) = link.outbox.stalled_since() else {
            return;
        };
        link.stall_timed = true;
        // Whoever sleeps reads nothing, and is cut by another rule.
        let since = if link.asleep.is_some() { now } else { since };
        match since + self.config.stall_timeout {
            due if due > now => self.timers.set(Timer::Stall(id), due),
            _ => self.close_link(now, id, CloseReason::SlowReader),
        }
    }

    /// The link ended without this node's doing.
    pub(super) fn link_closed(&mut self, now: Timestamp, id: LinkId, down: &LinkDown) {
        let is_unheard = self
            .links
            .get(&id)
            .is_some_and(|link| link.spoke && !link.has_heard);
        let mut ended = Ended::from_down(down, &self.config.subnet, is_unheard);
        // Only who dialled a link can have one too many of its own.
        ended.is_surplus &= !id.is_dialled();
        let lost = matches!(down, LinkDown::Failed(_));
        let caller = self.caller(id, lost);
        if let Some(node) = self.who_left(id, down, &ended) {
            self.forget_who_left(&node);
        }
        self.forget_link(now, id, &ended);
        self.call_back(now, caller);
    }

    /// The capable peer that closes in order the one link that it had dialled.
    fn who_left(&self, id: LinkId, down: &LinkDown, ended: &Ended) -> Option<NodeId> {
        let is_in_order = matches!(down, LinkDown::ClosedByPeer { .. })
            && !(ended.is_surplus || ended.is_duplicate || id.is_dialled());
        let link = self.links.get(&id).filter(|link| link.lent.is_none())?;
        let greeted = link.greeted().filter(|greeted| greeted.capable)?;
        let is_last = !self.table.is_contested(&greeted.node);
        (is_in_order && is_last).then(|| greeted.node.clone())
    }

    /// The peer of a link that it dialled itself, if it may not dial again: py2p and js2p never do, and a node whose
    /// link was `lost` without a word may have forgotten this one.
    fn caller(&self, id: LinkId, lost: bool) -> Option<Caller> {
        let link = self.links.get(&id).filter(|_| !id.is_dialled())?;
        let greeted = link.greeted().filter(|greeted| lost || !greeted.capable)?;
        let peer = self.table.peer(&greeted.node)?;
        let entry = PeerEntry {
            endpoint: peer.endpoint.clone(),
            node: peer.node.clone(),
            form: greeted.form,
        };
        let scheme = link.info.scheme;
        let address = peer.endpoint.as_ref().and_then(|at| address_of(scheme, at));
        Some(Caller {
            scheme,
            is_home: address.is_some_and(|address| self.is_home(id, link, &address)),
            teller: Teller::of(&entry.node, link.network()),
            entry,
            is_legacy: !greeted.capable,
        })
    }

    /// Dials who dialled this node and is gone.
    fn call_back(&mut self, now: Timestamp, caller: Option<Caller>) {
        let is_gone = |caller: &Caller| !self.table.contains(&caller.entry.node);
        let Some(caller) = caller.filter(is_gone) else {
            return;
        };
        if caller.is_legacy {
            self.dial_back(now, caller);
        } else {
            self.learn(now, &caller.teller, caller.scheme, &[caller.entry], false);
        }
    }

    /// Closes a link and forgets it.
    pub(super) fn close_link(&mut self, now: Timestamp, id: LinkId, reason: CloseReason) {
        // What it brought is taken while it is up: that may close it, too.
        self.end_catch_up(now, id);
        let Some(link) = self.links.get(&id) else {
            return;
        };
        // A relative's link also ends by what it cannot help: it sends what no link takes, or half of it.
        let is_relatives = link.greeted().is_some_and(|greeted| !greeted.capable);
        let is_undecodable = matches!(reason, CloseReason::Undecodable(_));
        let is_lost = reason.is_loss() || is_relatives && is_undecodable;
        if reason.is_fault() {
            self.stats.faulty_links += 1;
        }
        let (remote, node) = (link.info.remote.clone(), link.node().cloned());
        self.outputs.push_back(Output::Close {
            link: id,
            reason: reason.clone(),
        });
        self.tell(Event::LinkClosed {
            link: id,
            remote,
            node,
            reason: reason.clone(),
        });
        let ended = Ended::from_reason(&reason, &self.config.subnet);
        let caller = is_lost.then(|| self.caller(id, true)).flatten();
        self.forget_link(now, id, &ended);
        self.call_back(now, caller);
    }

    fn forget_link(&mut self, now: Timestamp, id: LinkId, ended: &Ended) {
        // While the link is known still: what it brought is not lost with it.
        self.end_catch_up(now, id);
        let Some(link) = self.links.remove(&id) else {
            return;
        };
        self.stats
            .count_end(ended.end, link.phase != Phase::Dialled);
        self.timers.stop_link(id);
        self.newcomers.remove(link.network(), id);
        self.condition.is_stale = true;
        self.condition.has_lost = true;
        self.forget_branches(now, id, &link);
        self.search.end_trial(id);
        self.lose_tickets(&link);
        if link.lent.is_some() {
            self.lent_link_down(now, &link);
        } else if let Some(greeted) = link.greeted() {
            let node = greeted.node.clone();
            self.part(&node, id, &ended.reason);
            if self.table.is_empty() {
                let until = link.whole_until(now, self.config.silence);
                self.left.get_or_insert(until);
                self.timers.stop(Timer::Search);
            } else if !ended.is_surplus && !self.table.contains(&node) {
                self.look_soon(now);
            }
            self.presence_parted(now, id, greeted, ended.departure);
            if greeted.capable {
                self.repeat_over_other(now, greeted);
            } else {
                self.legacy_parted(now, &node, link.target);
            }
        }
        self.target_down(now, &link, ended);
        self.send_waiting_over(now, id);
        self.call_standbys(now);
        self.want_links(now);
        self.release_held(now);
        self.finish_closing(now);
    }

    /// Takes a link off the routing table.
    fn part(&mut self, node: &NodeId, id: LinkId, reason: &str) {
        match self.table.part(node, id) {
            Parted::OneLeft => self.describe_peer(node),
            Parted::Gone => {
                self.tell(Event::PeerDown {
                    node: node.clone(),
                    reason: reason.to_owned(),
                });
                if self.table.is_empty() {
                    self.tell(Event::Left);
                }
            }
        }
    }

    fn lose_tickets(&mut self, link: &Link) {
        let tickets: Vec<Ticket> = link.outbox.tickets().collect();
        for ticket in tickets {
            let Some(left) = self.tickets.get_mut(&ticket) else {
                continue;
            };
            *left -= 1;
            if *left == 0 {
                self.tickets.remove(&ticket);
                self.settle(ticket, Err(Failure::Lost));
            }
        }
    }
}
