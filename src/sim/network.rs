//! What is between the nodes: dials, frames on their way, links that end.

use bytes::Bytes;

use super::agenda::{Number, What};
use super::cable::{Cable, End, Item, Moving, Tag};
use super::host::Plug;
use super::options::Chunks;
use super::simulation::Simulation;
use crate::address::Address;
use crate::id::LinkId;
use crate::mesh::{CloseReason, LinkDown, LinkEvent, LinkInfo};
use crate::time::Timestamp;

impl Simulation {
    /// A node dials. Between parts of the network nothing answers; where nobody listens, the dial is refused.
    pub(super) fn dial(&mut self, place: u32, link: LinkId, address: &Address) {
        self.dialled(place, address);
        let to = self.door(address);
        if self.is_swallowed(address) || to.is_some_and(|to| self.is_cut(place, to)) {
            return;
        }
        let latency = self.dice.between(self.options.latency);
        let listener = to.filter(|&to| self.hosts[to as usize].is_alive());
        let there = match listener {
            Some(to) => self.hosts[to as usize].accept(),
            None => LinkId::accepted(0),
        };
        let end = |place, link, is_open| End {
            place,
            link,
            is_open,
        };
        let ends = [
            end(place, link, true),
            end(to.unwrap_or(place), there, listener.is_some()),
        ];
        let slot = self.cables.add(Cable::new(address.scheme(), latency, ends));
        let plug = |side| Plug { cable: slot, side };
        self.hosts[place as usize].links.insert(link, plug(0));
        let Some(to) = listener else {
            let down = LinkDown::Unreachable(format!("nobody listens at {address}"));
            return self.send(slot, 1, Item::Closed(Box::new(down)), true);
        };
        self.hosts[to as usize].links.insert(there, plug(1));
        self.send(slot, 0, Item::Opened, false);
        self.send(slot, 1, Item::Opened, true);
    }

    /// A node hands one frame to links. What they take at once is told at once.
    pub(super) fn transmit(&mut self, place: u32, to: &[LinkId], frame: &Bytes) {
        let tag = self.figures.classify(self.now, place, frame, to.len());
        for &link in to {
            let plug = self.hosts[place as usize].links.get(&link).copied();
            let Some(Plug { cable: slot, side }) = plug else {
                continue;
            };
            self.sending(place, link, slot, side, frame, tag);
            let window = self.options.window;
            let Some(cable) = self.cables.cable_mut(slot) else {
                continue;
            };
            let lane = &mut cable.lanes[usize::from(side)];
            let has_room = lane.unread == 0 || lane.unread + frame.len() <= window;
            if has_room && lane.waiting.is_empty() {
                lane.unread += frame.len();
                self.written.push((link, frame.len()));
                self.send(slot, side, Item::Frame(frame.clone(), tag), false);
            } else {
                lane.waiting.push_back((frame.clone(), tag));
            }
        }
    }

    /// A node asks whether the far end of a link lives. What answers over a WebSocket is not the node but its system: a browser
    /// does it for a page that it froze. A process that was stopped has nobody to answer for it, nor has one that is cut off.
    pub(super) fn ping(&mut self, place: u32, link: LinkId) {
        let plug = self.hosts[place as usize].links.get(&link).copied();
        let Some(Plug { cable: slot, side }) = plug else {
            return;
        };
        let Some(cable) = self.cables.cable(slot) else {
            return;
        };
        let far = &cable.ends[usize::from(1 - side)];
        let is_lost = !far.is_open || cable.lanes[usize::from(side)].is_broken;
        let host = &self.hosts[far.place as usize];
        let answers = cable.scheme.is_websocket() && (!host.is_frozen || host.is_tab());
        if answers && !is_lost && !self.is_cut(place, far.place) {
            self.send(slot, 1 - side, Item::Alive, true);
        }
    }

    /// A node stops reading from a link, or goes on.
    pub(super) fn hold(&mut self, place: u32, link: LinkId, is_held: bool) {
        let plug = self.hosts[place as usize].links.get(&link).copied();
        let Some(Plug { cable: slot, side }) = plug else {
            return;
        };
        if let Some(cable) = self.cables.cable_mut(slot) {
            let lane = &mut cable.lanes[usize::from(1 - side)];
            lane.is_held = is_held;
            lane.due = None;
        }
        self.schedule(slot, 1 - side);
    }

    /// A node closes a link, or gives up its dial. What it sent before goes first.
    pub(super) fn close(&mut self, place: u32, link: LinkId, reason: &CloseReason) {
        let Some(Plug { cable: slot, side }) = self.hosts[place as usize].links.remove(&link)
        else {
            return;
        };
        self.closing(place, slot, side, reason);
        let Some(cable) = self.cables.cable_mut(slot) else {
            return;
        };
        let is_websocket = cable.scheme.is_websocket();
        let down = LinkDown::ClosedByPeer {
            code: is_websocket.then(|| reason.code()),
            reason: reason.to_string(),
        };
        let waiting = core::mem::take(&mut cable.lanes[usize::from(side)].waiting);
        for (frame, tag) in waiting {
            self.send(slot, side, Item::Frame(frame, tag), false);
        }
        self.send(slot, side, Item::Closed(Box::new(down)), false);
        self.unplug(slot, side);
    }

    /// An end is not held any more: what is under way to it is lost.
    pub(super) fn unplug(&mut self, slot: u32, side: u8) {
        let Some(cable) = self.cables.cable_mut(slot) else {
            return;
        };
        cable.ends[usize::from(side)].is_open = false;
        let incoming = &mut cable.lanes[usize::from(1 - side)];
        incoming.items.clear();
        incoming.waiting.clear();
        incoming.due = None;
        if cable.is_over() {
            self.cables.free(slot);
        }
    }

    /// An end hears nothing more, and is not told: what is sent to it is lost.
    pub(super) fn deafen(&mut self, slot: u32, side: u8) {
        if let Some(cable) = self.cables.cable_mut(slot) {
            cable.lanes[usize::from(1 - side)].is_broken = true;
        }
    }

    /// Puts something into a lane. `is_answer`: it comes after something went the other way.
    pub(super) fn send(&mut self, slot: u32, side: u8, item: Item, is_answer: bool) {
        let jitter = self.options.jitter;
        let jitter = self.dice.between((core::time::Duration::ZERO, jitter));
        let Some(cable) = self.cables.cable_mut(slot) else {
            return;
        };
        if !cable.ends[usize::from(1 - side)].is_open || cable.lanes[usize::from(side)].is_broken {
            return;
        }
        let delay: core::time::Duration = cable
            .ends
            .iter()
            .map(|end| self.hosts[end.place as usize].delay)
            .sum();
        let way = cable.latency * if is_answer { 2 } else { 1 };
        let lane = &mut cable.lanes[usize::from(side)];
        let at = (self.now + way + delay + jitter).max(lane.last);
        lane.last = at;
        lane.items.push_back(Moving { at, item });
        if lane.items.len() == 1 {
            self.schedule(slot, side);
        }
    }

    /// Sets when the first thing in a lane arrives, unless nothing can pass.
    pub(super) fn schedule(&mut self, slot: u32, side: u8) {
        let Some(cable) = self.cables.cable(slot) else {
            return;
        };
        let lane = &cable.lanes[usize::from(side)];
        let Some(first) = lane.items.front() else {
            return;
        };
        let (sender, receiver) = (
            cable.ends[usize::from(side)].place,
            cable.ends[usize::from(1 - side)].place,
        );
        let size = match &first.item {
            Item::Frame(bytes, _) => bytes.len(),
            Item::Opened | Item::Written(_) | Item::Alive | Item::Closed(_) => 0,
        };
        // What is not data comes by other ways than through the socket.
        let is_data = matches!(first.item, Item::Frame(..) | Item::Closed(_));
        if lane.is_held && is_data {
            return;
        }
        let at = first.at.max(self.now);
        if self.is_cut(sender, receiver) || self.hosts[receiver as usize].is_frozen {
            return;
        }
        let Some(at) = self.read_at(receiver, at, size) else {
            return;
        };
        let number = self.agenda.push(at, What::Lane { cable: slot, side });
        if let Some(cable) = self.cables.cable_mut(slot) {
            cable.lanes[usize::from(side)].due = Some(number);
        }
    }

    /// When a node reads what comes at `at`: a slow one when it has read what came before, a stalled one never.
    fn read_at(&mut self, place: u32, at: Timestamp, size: usize) -> Option<Timestamp> {
        let host = &mut self.hosts[place as usize];
        let Some(rate) = host.reads.filter(|_| size > 0) else {
            return Some(at);
        };
        let micros = (size as u64 * 1_000_000).checked_div(rate)?;
        host.read_until = host.read_until.max(at) + core::time::Duration::from_micros(micros);
        Some(host.read_until)
    }

    /// The first thing in a lane arrives.
    pub(super) fn lane_due(&mut self, slot: u32, side: u8, number: Number) {
        let Some(cable) = self.cables.cable_mut(slot) else {
            return;
        };
        let [sender, receiver] = [side, 1 - side].map(|end| cable.ends[usize::from(end)].place);
        let link = cable.ends[usize::from(1 - side)].link;
        let lane = &mut cable.lanes[usize::from(side)];
        if lane.due != Some(number) {
            return;
        }
        lane.due = None;
        // Something came between since this was set.
        if self.is_cut(sender, receiver) || self.hosts[receiver as usize].is_frozen {
            return;
        }
        let Some(cable) = self.cables.cable_mut(slot) else {
            return;
        };
        let Some(moving) = cable.lanes[usize::from(side)].items.pop_front() else {
            return;
        };
        self.steps += 1;
        self.schedule(slot, side);
        match moving.item {
            Item::Opened => self.opened(slot, side, receiver, link),
            Item::Frame(bytes, tag) => self.frame_arrived(slot, side, link, bytes, tag),
            Item::Written(bytes) => {
                let event = LinkEvent::Written { link, bytes };
                self.hosts[receiver as usize]
                    .actor
                    .handle_link(self.now, event);
            }
            Item::Alive => {
                let event = LinkEvent::Alive { link };
                self.hosts[receiver as usize]
                    .actor
                    .handle_link(self.now, event);
            }
            Item::Closed(down) => self.closed(slot, side, receiver, link, *down),
        }
        self.drain(receiver);
    }

    fn opened(&mut self, slot: u32, side: u8, place: u32, link: LinkId) {
        let Some(cable) = self.cables.cable(slot) else {
            return;
        };
        let (scheme, other) = (cable.scheme, cable.ends[usize::from(side)].place);
        // Who accepts sees a port that nobody listens at.
        let remote = match side {
            1 => self.hosts[other as usize]
                .address(scheme)
                .map(Address::authority),
            _ => Some(format!("{}:{}", host_of(other), 62_000 + slot % 3_000)),
        };
        let info = LinkInfo {
            scheme,
            remote,
            local_host: Some(host_of(place)),
            proxied: false,
        };
        self.hosts[place as usize]
            .actor
            .handle_link(self.now, LinkEvent::Opened { link, info });
    }

    fn frame_arrived(&mut self, slot: u32, side: u8, link: LinkId, bytes: Bytes, tag: Tag) {
        let Some(cable) = self.cables.cable_mut(slot) else {
            return;
        };
        let [sender, receiver] = [side, 1 - side].map(|end| cable.ends[usize::from(end)].place);
        let serial = cable.lane_serial(side);
        let lane = &mut cable.lanes[usize::from(side)];
        lane.unread = lane.unread.saturating_sub(bytes.len());
        let is_greeting = !lane.has_greeted;
        lane.has_greeted = true;
        if !lane.waiting.is_empty() {
            self.take_waiting(slot, side);
        }
        if is_greeting {
            self.greeted(slot);
        }
        self.receiving(sender, receiver, serial, tag);
        self.hand_over(receiver, link, bytes);
    }

    /// There is room in a lane again: its sender's system takes what waited for that, and tells.
    fn take_waiting(&mut self, slot: u32, side: u8) {
        let window = self.options.window;
        loop {
            let Some(cable) = self.cables.cable_mut(slot) else {
                return;
            };
            let lane = &mut cable.lanes[usize::from(side)];
            let fits = |size: usize| lane.unread == 0 || lane.unread + size <= window;
            let Some(size) = lane.waiting.front().map(|(frame, _)| frame.len()) else {
                return;
            };
            if !fits(size) {
                return;
            }
            let Some((frame, tag)) = lane.waiting.pop_front() else {
                return;
            };
            lane.unread += size;
            self.send(slot, side, Item::Frame(frame, tag), false);
            self.send(slot, 1 - side, Item::Written(size), false);
        }
    }

    fn hand_over(&mut self, place: u32, link: LinkId, bytes: Bytes) {
        let actor = &mut self.hosts[place as usize].actor;
        match self.options.chunks {
            Chunks::Whole => actor.handle_link(self.now, LinkEvent::Received { link, bytes }),
            Chunks::Random => {
                let mut rest = bytes;
                while !rest.is_empty() {
                    let most = rest.len().min(1 << self.pieces.below(11));
                    let bytes = rest.split_to(1 + self.pieces.index(most));
                    actor.handle_link(self.now, LinkEvent::Received { link, bytes });
                }
            }
        }
    }

    fn closed(&mut self, slot: u32, side: u8, place: u32, link: LinkId, down: LinkDown) {
        let host = &mut self.hosts[place as usize];
        host.links.remove(&link);
        host.actor
            .handle_link(self.now, LinkEvent::Closed { link, down });
        self.unplug(slot, 1 - side);
    }
}

/// The machine of a place.
pub(super) fn host_of(place: u32) -> String {
    let [_, high, middle, low] = (place + 1).to_be_bytes();
    format!("44.{high}.{middle}.{low}")
}
