//! What becomes of a message: I1, I2, I3, I6, I7 and I11.

use bytes::Bytes;

use crate::id::LinkId;
use crate::sim::cable::Tag;
use crate::sim::figures::Followed;
use crate::sim::host::Actor;
use crate::sim::node::Place;
use crate::sim::simulation::Simulation;
use crate::sim::verdict::Rule;
use crate::wire::{HEADER, Kind, Message, Time};

impl Simulation {
    /// An application is given a message.
    pub(super) fn given(&mut self, place: u32, message: &Message) {
        let id = message.id();
        let times = match message.kind() {
            Kind::Broadcast => self.figures.delivered(place, &id),
            _ if self.options.checked && !self.watch.host(place).whispers.insert(id) => 2,
            _ => 1,
        };
        if !self.options.checked {
            return;
        }
        if times > 1 {
            self.breach(Rule::DeliveredOnce, place, format!("{id} came again"));
        }
        if let Some(&rule) = self.watch.taboo.get(&id) {
            self.breach(rule, place, format!("its application was given {id}"));
        }
        if message.kind() == Kind::Broadcast {
            self.check_window(place, message);
        }
    }

    /// I6: from 60 s ago to 30 s ahead, by the clock of who takes it.
    fn check_window(&mut self, place: u32, message: &Message) {
        let host = &self.hosts[place as usize];
        let wall = host.clock(self.wall()).0;
        let (past, future) = (host.config.accept_past, host.config.accept_future);
        // A node counts whole seconds from when it was told the time.
        let window = wall.saturating_sub(past.as_secs() + 1)..=wall + future.as_secs() + 1;
        let is_within = matches!(message.time(), Time::Seconds(time) if window.contains(time));
        if !is_within {
            let what = format!(
                "{} has the time {:?}, at {wall}",
                message.id(),
                message.time()
            );
            self.breach(Rule::WithinWindow, place, what);
        }
    }

    /// A node hands a frame to a link.
    pub(in crate::sim) fn sending(
        &mut self,
        place: u32,
        link: LinkId,
        slot: u32,
        side: u8,
        frame: &Bytes,
        tag: Tag,
    ) {
        if !self.options.checked {
            return;
        }
        self.note_speaker(slot, side, frame);
        let is_core = matches!(self.hosts[place as usize].actor, Actor::Core(_));
        if tag != Tag::NONE && is_core {
            self.check_relay(place, link, slot, side, tag);
            self.check_bytes(place, frame, tag);
        }
    }

    /// I2, and what is forbidden altogether.
    fn check_relay(&mut self, place: u32, link: LinkId, slot: u32, side: u8, tag: Tag) {
        if let Some(rule) = self.taboo(Followed(tag.0)) {
            let what = format!("it passed {} on", self.figures.id(Followed(tag.0)));
            return self.breach(rule, place, what);
        }
        let Some(cable) = self.cables.cable_mut(slot) else {
            return;
        };
        let to = cable.ends[usize::from(1 - side)].place;
        let back = cable.lane_serial(1 - side);
        let is_new = cable.lanes[usize::from(side)].sent.insert(tag.0);
        // py2p and js2p may ask for the last message again.
        let is_repeat = !is_new && !self.is_relative(Place(to));
        let is_back = self.figures.tracks[tag.0 as usize].mark(place).by == back;
        if is_repeat || is_back {
            let id = self.figures.id(Followed(tag.0));
            let how = if is_back { "back" } else { "again" };
            let what = format!("it sent {id} {how} over {link} to node {to}");
            self.breach(Rule::RelayedOnceAndForward, place, what);
        }
    }

    /// I11: what is relayed plain has the bytes that its sender gave it.
    fn check_bytes(&mut self, place: u32, frame: &Bytes, tag: Tag) {
        let track = &self.figures.tracks[tag.0 as usize];
        let is_plain = frame
            .get(HEADER..)
            .is_some_and(|body| body.starts_with(&track.id.0));
        if is_plain && track.bytes != *frame {
            let what = format!("{} left it with other bytes", track.id);
            self.breach(Rule::SameBytes, place, what);
        }
    }

    /// A frame arrives.
    pub(in crate::sim) fn receiving(&mut self, from: u32, to: u32, lane: u32, tag: Tag) {
        if tag == Tag::NONE {
            return;
        }
        let is_first = self.figures.arrived(self.now, tag, from, to, lane);
        if !is_first && self.options.checked {
            self.check_memory(to, tag);
        }
    }

    /// I7: another copy of a broadcast comes, of what the application has been given.
    fn check_memory(&mut self, place: u32, tag: Tag) {
        let track = &self.figures.tracks[tag.0 as usize];
        let host = &self.hosts[place as usize];
        let (Some(mesh), true) = (host.mesh(), track.mark(place).delivered > 0) else {
            return;
        };
        let wall = host.clock(self.wall()).0;
        let is_current = track.time.is_some_and(|time| {
            time + host.config.accept_past.as_secs() > wall + 1
                && time + 1 < wall + host.config.accept_future.as_secs()
        });
        if is_current && !mesh.remembers(&track.id) {
            let what = format!("it has forgotten {}, which it would take again", track.id);
            self.breach(Rule::Remembered, place, what);
        }
    }
}
