//! What a new or returning neighbour missed: each end of a new link names the broadcasts of the last minute that it holds, and
//! fetches those that it has not had, oldest first.
//!
//! What the link brings besides has to wait until then, so that nobody hears a sender's messages out of their order.

use std::collections::VecDeque;

use bytes::Bytes;

use super::Mesh;
use super::catchup::Held;
use super::event::Event;
use super::history::LARGE;
use super::link::Link;
use super::timers::Timer;
use crate::id::{LinkId, MessageId};
use crate::time::Timestamp;
use crate::wire::{Frame, History, Limits, MAX_IDS, Message, Signal, Topic};

impl Mesh {
    /// Names to a neighbour what could be had here of what it wants, but for what it was named already, and what it said
    /// itself.
    pub(super) fn send_history(&mut self, now: Timestamp, id: LinkId) {
        let peer = self.links.get_mut(&id).and_then(Link::greeted_mut);
        let Some(peer) = peer.filter(|peer| peer.remembers) else {
            return;
        };
        let named = peer.wish.name(now);
        let is_new = |topic: Option<&Topic>| peer.wish.matches(topic) && !named.matches(topic);
        let kept = self.history.recent(now);
        let kept = kept.filter(|kept| is_new(kept.topic.as_ref()));
        let others = kept.filter(|kept| kept.sender != peer.node);
        let mut entries: Vec<_> = others.map(|kept| (now.since(kept.at), kept.id())).collect();
        // The newest, if there are more than a list has.
        entries.drain(..entries.len().saturating_sub(MAX_IDS));
        let reach = self.history.reach(now);
        self.send_signal(now, id, &Signal::History(History { reach, entries }));
    }

    /// A neighbour names what it holds, or more of it.
    pub(super) fn handle_history(&mut self, now: Timestamp, id: LinkId, history: History) {
        self.tell_gap(now, &history);
        let ids = history.entries.into_iter().map(|(_, id)| id);
        let wanted: VecDeque<_> = ids.filter(|id| !self.seen.contains(id)).collect();
        if wanted.is_empty() {
            return;
        }
        if !self.catch_ups.extend(id, &wanted, MAX_IDS) {
            self.catch_ups.begin(now, id, wanted);
            let due = now + self.config.catch_up_timeout;
            self.timers.set(Timer::CatchUp(id), due);
        }
        self.catch_up(now);
    }

    /// A node that was away for longer than its neighbours remember may have missed what nobody can give it.
    fn tell_gap(&mut self, now: Timestamp, history: &History) {
        let Some(away) = self.left.take().map(|left| now.since(left)) else {
            return;
        };
        let unknown = away.saturating_sub(history.reach);
        if !unknown.is_zero() {
            self.tell(Event::Gap { unknown });
        }
    }

    /// Holds a broadcast back whose link has yet to bring older ones. True if it is held.
    pub(super) fn hold_back(
        &mut self,
        now: Timestamp,
        id: LinkId,
        frame: &Frame,
        message: &Message,
    ) -> bool {
        if !self.catch_ups.makes_wait(id, &message.id()) || self.seen.contains(&message.id()) {
            return false;
        }
        let held = compact(frame, message, &self.config.values);
        let is_held = self.catch_ups.hold(id, held, self.config.queue_bytes);
        if !is_held {
            // Out of order is better than lost. What is missing is fetched all the same.
            self.catch_ups.let_pass(id);
            self.take_held(now, id);
        }
        is_held
    }

    /// A broadcast is here, or was refused: if it was asked for, others may be.
    pub(super) fn caught(&mut self, now: Timestamp, id: MessageId) {
        if self.catch_ups.is_empty() {
            return;
        }
        if self.catch_ups.is_asked(&id) {
            // Whatever it was found to be, it is not asked for again.
            self.seen.insert(now, id);
            self.catch_ups.settled(now, &id);
        }
        self.catch_up(now);
    }

    /// The peer has these no more.
    pub(super) fn handle_gone(&mut self, now: Timestamp, link: LinkId, ids: &[MessageId]) {
        self.catch_ups.gone(now, link, ids);
        self.catch_up(now);
    }

    /// Ends those that have brought everything, and asks the rest for what they should bring next.
    fn catch_up(&mut self, now: Timestamp) {
        // What is taken at an end may be what another link waits for: the loop sees to that one too.
        if core::mem::replace(&mut self.catch_ups.is_attended, true) {
            return;
        }
        loop {
            let seen = &self.seen;
            let Some(link) = self.catch_ups.done(|id| seen.contains(id)) else {
                break;
            };
            self.end_catch_up(now, link);
        }
        for link in self.catch_ups.links() {
            self.fetch_next(now, link);
        }
        self.catch_ups.is_attended = false;
    }

    fn fetch_next(&mut self, now: Timestamp, link: LinkId) {
        let seen = &self.seen;
        let ids = self.catch_ups.next(now, link, |id| seen.contains(id));
        if !ids.is_empty() {
            self.stats.fetched += ids.len() as u64;
            self.send_signal(now, link, &Signal::Fetch(ids));
        }
    }

    /// What waited is taken now.
    pub(super) fn end_catch_up(&mut self, now: Timestamp, link: LinkId) {
        if !self.catch_ups.begin_to_end(link) {
            return;
        }
        self.timers.stop(Timer::CatchUp(link));
        self.take_held(now, link);
    }

    fn take_held(&mut self, now: Timestamp, link: LinkId) {
        while let Some((frame, message)) = self.catch_ups.next_held(link) {
            let id = message.id();
            self.take_broadcast(now, link, &frame, &message);
            self.caught(now, id);
        }
        self.let_go(now);
    }

    /// A peer that names what it does not give is not waited for.
    pub(super) fn catch_up_expired(&mut self, now: Timestamp, link: LinkId) {
        let Some(progress) = self.catch_ups.progress(link) else {
            return;
        };
        match progress + self.config.catch_up_timeout {
            due if due > now => self.timers.set(Timer::CatchUp(link), due),
            _ => {
                self.end_catch_up(now, link);
                self.catch_up(now);
            }
        }
    }
}

/// A broadcast in memory of its own, if what it came in could be much more than it.
fn compact(frame: &Frame, message: &Message, limits: &Limits) -> Held {
    let came = frame.as_bytes();
    if came.len() >= LARGE {
        return (frame.clone(), message.clone());
    }
    let own = Bytes::copy_from_slice(came);
    let is_plain = came.as_ptr() == message.frame_bytes().as_ptr();
    let read = is_plain.then(|| Message::from_verified(own.clone(), message.id(), limits));
    // What was read once is read again; and what was folded is in memory of its own already.
    let message = match read {
        Some(Ok(message)) => message,
        Some(Err(_)) | None => message.clone(),
    };
    (Frame::from_whole(own), message)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::NodeId;
    use crate::time::WallSeconds;
    use crate::wire::{Compression, Draft, FrameReader, Kind, sub_flag};

    #[test]
    fn what_is_held_keeps_no_more_memory_than_it_has() {
        let node = NodeId::from_entropy(&[7; 48]);
        let draft = Draft::new(Kind::Broadcast, &node, WallSeconds(7));
        let said = draft.encode(&[sub_flag::BROADCAST.into(), "x".repeat(1_000).into()]);
        let folded = said.compressed_frame(Compression::Zlib).expect("shorter");
        for came in [said.frame(), folded] {
            // One read brings much, of which it is a small part.
            let read = Bytes::from(came.as_bytes().repeat(40));
            let mut reader = FrameReader::new(1 << 20);
            reader.push(read.clone());
            let frame = reader.next_frame().expect("frames").expect("a frame");
            let message = frame.open(&[Compression::Zlib], 1 << 20, &Limits::DEFAULT);
            let message = message.expect("a message");
            let held = compact(&frame, &message, &Limits::DEFAULT);
            assert_eq!((held.0.as_bytes(), &held.1), (frame.as_bytes(), &message));
            drop((reader, frame, message));
            assert!(read.is_unique());
        }
    }
}
