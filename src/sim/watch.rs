//! Where the run is looked at: hooks that the network calls.

use bytes::Bytes;

use super::cable::Tag;
use super::simulation::Simulation;
use crate::address::Address;
use crate::id::LinkId;
use crate::mesh::{CloseReason, Event, Receipt};

impl Simulation {
    pub(super) fn acted(&mut self, _place: u32) {}
    pub(super) fn accepted(&mut self, _place: u32, _receipt: Receipt) {}
    pub(super) fn encouraged(&mut self, _place: u32) {}
    pub(super) fn dialled(&mut self, _place: u32, _address: &Address) {}
    pub(super) fn disturbed(&mut self, _place: u32) {}
    pub(super) fn all_disturbed(&mut self) {}
    pub(super) fn died(&mut self, _place: u32) {}
    pub(super) fn audit(&mut self) {}
    pub(super) fn greeted(&mut self, _slot: u32) {}
    pub(super) fn closing(&mut self, _place: u32, _slot: u32, _side: u8, _reason: &CloseReason) {}
    pub(super) fn received(&mut self, _place: u32, _tag: Tag) {}

    pub(super) fn told(&mut self, place: u32, event: &Event) {
        if let Event::Message { message, .. } = event {
            self.figures.delivered(place, &message.id());
        }
    }

    pub(super) fn sending(
        &mut self,
        _place: u32,
        _link: LinkId,
        _slot: u32,
        _side: u8,
        _frame: &Bytes,
        _tag: Tag,
    ) {
    }

    pub(super) fn receiving(&mut self, from: u32, to: u32, slot: u32, side: u8, tag: Tag) {
        if tag != Tag::NONE {
            self.figures
                .arrived(self.now, tag, from, to, slot << 1 | u32::from(side));
        }
    }
}
