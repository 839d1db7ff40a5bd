//! The driver's links: bytes in and out of them, and what the core wants of them.
//!
//! A link that brings much is read in portions, so that what it causes is written before more of it comes.

use core::task::{Context, Poll};
use core::time::Duration;

use bytes::Bytes;

use super::slot::{Progress, Read, Slot, State};
use super::{CALLS, Driver, Observer};
use crate::id::LinkId;
use crate::mesh::{CloseReason, LinkDown, LinkEvent, Output};
use crate::time::Timestamp;
use crate::transport::{Clock, Link, Transport};

/// Time that a peer at fault has to take note of its close, so that it holds no descriptor for long.
const CURT: Duration = Duration::from_millis(500);
/// So many links are given frames, and then written to: what is known of a link is fetched from memory once for both, and that of some
/// links at a time, before the kernel's own has taken its place in the processor's cache.
const ABREAST: usize = 16;
/// Reads from one link before the others get a turn.
const READS: usize = 16;
/// And time, for a read may be dear however short it is.
const LONG: Duration = Duration::from_millis(1);
/// So many bytes that were read are answered, and handed on, in one go. 64 KiB: with more, links would hold more than they may
/// ([`Config::link_budget`](crate::Config::link_budget)) before any of it was written.
const TOGETHER: usize = 64 << 10;
/// Where few links are written to, who reads them need not wait until all of one read is through: so many frames are taken at a
/// time. Of 30, 60 and 120 frames of 64 B, the last two let most through to one reader.
const PORTION: usize = 90;
/// And for each link that is written to so many more: a write costs what some eight frames of 64 B do.
const FOR_EACH_LINK: usize = 8;

impl<T, C, O> Driver<T, C, O>
where
    T: Transport,
    C: Clock,
    O: Observer,
{
    pub(super) fn accept(&mut self, now: Timestamp, cx: &mut Context<'_>) -> bool {
        // A node that closes opens no door: else those who come in would keep it from its end.
        if self.closed {
            return false;
        }
        let Poll::Ready(link) = self.transport.poll_accept(cx) else {
            return false;
        };
        let id = LinkId::accepted(self.accepted);
        self.accepted += 1;
        let info = link.info();
        self.slots
            .insert(id, Slot::new(id, State::Up(link), &self.ready));
        self.mesh
            .handle_link(now, LinkEvent::Opened { link: id, info });
        true
    }

    pub(super) fn poll_a_link(&mut self, now: Timestamp) -> bool {
        let Some(id) = self.ready.pop() else {
            return false;
        };
        let Some(slot) = self.slots.get_mut(&id) else {
            return true;
        };
        // A link that was woken may have bytes, room, or both.
        match slot.poll() {
            Progress::None => {}
            Progress::Opened(info) => self
                .mesh
                .handle_link(now, LinkEvent::Opened { link: id, info }),
            Progress::Up { written } => {
                self.tell_written(now, id, written);
                self.read(now, id);
            }
            Progress::Down(down) => self.lose(now, id, down),
            Progress::Ended => drop(self.slots.remove(&id)),
        }
        true
    }

    fn tell_written(&mut self, now: Timestamp, link: LinkId, bytes: usize) {
        if bytes > 0 {
            self.mesh
                .handle_link(now, LinkEvent::Written { link, bytes });
        }
    }

    /// Takes what a link has brought, as much as fits into its turn. The core may have it paused, or closed, at any of it; what
    /// it wants sent goes out together, but for what a long read causes (see [`Self::receive`]).
    fn read(&mut self, now: Timestamp, id: LinkId) {
        let (mut unsent, began) = (0, self.clock.now());
        for _ in 0..READS {
            let Some(slot) = self.slots.get_mut(&id) else {
                return;
            };
            let read = slot.read();
            self.calls += 1;
            let is_alive = slot.take_pong();
            match read {
                Read::Nothing => return self.tell_alive(now, id, is_alive),
                Read::Down(down) => return self.lose(now, id, down),
                Read::Bytes(bytes) => unsent += self.receive(now, id, bytes),
            }
            self.tell_alive(now, id, is_alive);
            self.obey(now);
            if unsent >= TOGETHER {
                unsent = 0;
                self.carry_out(now);
            }
            if self.calls >= CALLS || self.clock.now().since(began) >= LONG {
                break;
            }
        }
        if let Some(slot) = self.slots.get(&id) {
            slot.read_on_later();
        }
    }

    /// Takes what one read brought, in portions of so many frames as are worth a write to as many links as of late: what each causes
    /// is written before the next, but for the last, and if it is little. Says how many bytes had what was not written.
    fn receive(&mut self, now: Timestamp, link: LinkId, mut bytes: Bytes) -> usize {
        let mut unsent = 0;
        loop {
            let frames = PORTION + FOR_EACH_LINK * self.written;
            let portion = self.mesh.portion(link, &bytes, frames);
            let rest = bytes.split_off(portion);
            self.mesh
                .handle_link(now, LinkEvent::Received { link, bytes });
            unsent += portion;
            if rest.is_empty() {
                return unsent;
            }
            self.obey(now);
            // A write is dear, and copies cause nothing: what little there is among them waits for more.
            if self.unwritten >= portion / 2 {
                unsent = 0;
                self.carry_out(now);
            }
            bytes = rest;
        }
    }

    fn tell_alive(&mut self, now: Timestamp, link: LinkId, is_alive: bool) {
        if is_alive {
            self.mesh.handle_link(now, LinkEvent::Alive { link });
        }
    }

    fn lose(&mut self, now: Timestamp, link: LinkId, down: LinkDown) {
        self.slots.remove(&link);
        self.mesh.handle_link(now, LinkEvent::Closed { link, down });
    }

    /// Does what the core wants, until it wants nothing more.
    pub(super) fn carry_out(&mut self, now: Timestamp) {
        loop {
            self.obey(now);
            if !self.flush(now) {
                return;
            }
        }
    }

    /// Does what the core wants; what it wants sent is given to the links, and not yet written.
    fn obey(&mut self, now: Timestamp) {
        while let Some(output) = self.mesh.poll_output() {
            match output {
                Output::Dial { link, address } => self.dial(link, &address),
                Output::Transmit { to, frames } => self.transmit(to, frames),
                Output::Ping { link } => {
                    self.give_held();
                    if self.slots.get_mut(&link).is_some_and(Slot::ping) {
                        self.unflushed.push(link);
                    }
                }
                Output::Pause { link } => self.pause(link, true),
                Output::Resume { link } => self.pause(link, false),
                Output::Close { link, reason } => self.end(now, link, reason),
                Output::Event(event) => self.tell(event),
            }
        }
    }

    /// Has frames sent. Those that nothing else is sent with are held until links are written to, as most are.
    fn transmit(&mut self, to: Vec<LinkId>, frames: Bytes) {
        self.unwritten += frames.len();
        if self.unflushed.is_empty() && self.held.is_none() {
            self.held = Some((to, frames));
        } else {
            self.give_held();
            self.give(&to, &frames);
        }
    }

    /// What is held is given to its links, for something is to come behind it.
    fn give_held(&mut self) {
        if let Some((to, frames)) = self.held.take() {
            self.give(&to, &frames);
        }
    }

    fn give(&mut self, to: &[LinkId], frames: &Bytes) {
        for &id in to {
            let slot = self.slots.get_mut(&id);
            if slot.is_some_and(|slot| slot.send(frames.clone())) {
                self.unflushed.push(id);
            }
        }
    }

    fn pause(&mut self, link: LinkId, is_paused: bool) {
        if let Some(slot) = self.slots.get_mut(&link) {
            slot.pause(is_paused);
        }
    }

    fn dial(&mut self, id: LinkId, address: &crate::address::Address) {
        let dial = self.transport.dial(address);
        self.slots
            .insert(id, Slot::new(id, State::Dialling(dial), &self.ready));
    }

    /// Writes to every link that was given frames; false if there was none.
    fn flush(&mut self, now: Timestamp) -> bool {
        let held = self.held.take();
        if self.unflushed.is_empty() && held.is_none() {
            return false;
        }
        let given = core::mem::take(&mut self.unflushed);
        let (mut to, frames) = match held {
            Some((to, frames)) => (to, Some(frames)),
            None => (given, None),
        };
        self.unwritten = 0;
        self.calls += to.len();
        self.written = to.len().max(self.written - self.written.div_ceil(8));
        let mut told = core::mem::take(&mut self.told);
        for some in to.chunks(ABREAST) {
            for id in some {
                if let (Some(frames), Some(slot)) = (&frames, self.slots.get_mut(id)) {
                    slot.send(frames.clone());
                }
            }
            for &id in some {
                let bytes = self.slots.get_mut(&id).map_or(0, Slot::flush);
                if bytes > 0 {
                    told.push((id, bytes));
                }
            }
        }
        // Once all is written: each write has filled the processor's cache with what is the kernel's, and to look for what the core
        // knows of one link after the other is to wait for memory each time.
        for (link, bytes) in told.drain(..) {
            self.mesh
                .handle_link(now, LinkEvent::Written { link, bytes });
        }
        to.clear();
        (self.unflushed, self.told) = (to, told);
        true
    }

    fn end(&mut self, now: Timestamp, id: LinkId, reason: CloseReason) {
        self.give_held();
        let Some(slot) = self.slots.get_mut(&id) else {
            return;
        };
        // Who did what no peer should has no claim to an orderly end.
        let patience = if reason.is_fault() {
            CURT
        } else {
            Duration::MAX
        };
        if slot.end(reason) {
            let linger = self.mesh.config().linger.min(patience);
            self.ending.push_back((now + linger, id));
        } else {
            self.slots.remove(&id);
        }
    }

    /// Drops the links that did not end in time.
    pub(super) fn drop_overdue(&mut self, now: Timestamp) {
        while let Some(&(at, id)) = self.ending.front() {
            if at > now && self.slots.contains_key(&id) {
                return;
            }
            self.ending.pop_front();
            self.slots.remove(&id);
        }
    }
}
