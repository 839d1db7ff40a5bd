//! Links whose peer holds broadcasts that this node has not had: what is wanted of each, what is asked for, and what must
//! wait meanwhile so that the messages of a sender stay in their order.
//!
//! It keeps account. Asking, and what becomes of a message, are the node's.

use std::collections::VecDeque;

use crate::id::{LinkId, MessageId};
use crate::ordered::{OrderedMap, OrderedSet};
use crate::time::Timestamp;
use crate::wire::{Frame, Message};

/// Most messages that are asked for at a time.
pub(super) const ASKED: usize = 512;

/// A broadcast that waits, as it came.
pub(super) type Held = (Frame, Message);

#[derive(Debug)]
struct CatchUp {
    wanted: VecDeque<MessageId>,
    /// How many of them were asked for here and did not come.
    outstanding: usize,
    held: VecDeque<Held>,
    held_ids: OrderedSet<MessageId>,
    held_bytes: usize,
    progress: Timestamp,
    /// What it brings besides waits; not any more once that was too much.
    holds: bool,
    /// Nothing that it could give is left to ask for, until another link fails to give it.
    is_parked: bool,
    /// What waits is being taken, for good.
    is_over: bool,
}

#[derive(Debug, Default)]
pub(super) struct CatchUps {
    /// Somebody looks after them already.
    pub(super) is_attended: bool,
    by_link: OrderedMap<LinkId, CatchUp>,
    /// What was asked for, and of whom.
    asked: OrderedMap<MessageId, LinkId>,
}

impl CatchUps {
    /// The peer of a link holds these, oldest first.
    pub(super) fn begin(&mut self, now: Timestamp, link: LinkId, wanted: VecDeque<MessageId>) {
        let catch_up = CatchUp {
            wanted,
            outstanding: 0,
            held: VecDeque::new(),
            held_ids: OrderedSet::new(),
            held_bytes: 0,
            progress: now,
            holds: true,
            is_parked: false,
            is_over: false,
        };
        self.by_link.insert(link, catch_up);
    }

    /// The peer of a link holds these besides, of which so many are kept at most; false if nothing is wanted of it yet.
    pub(super) fn extend(&mut self, link: LinkId, more: &VecDeque<MessageId>, most: usize) -> bool {
        let Some(catch_up) = self.by_link.get_mut(&link).filter(|it| !it.is_over) else {
            return false;
        };
        if catch_up.wanted.len() >= most {
            return true;
        }
        let known: OrderedSet<_> = catch_up.wanted.iter().copied().collect();
        let room = most.saturating_sub(known.len());
        let new = more.iter().filter(|id| !known.contains(*id)).take(room);
        catch_up.wanted.extend(new.copied());
        catch_up.is_parked = false;
        true
    }

    pub(super) fn is_empty(&self) -> bool {
        self.by_link.is_empty()
    }

    pub(super) fn links(&self) -> Vec<LinkId> {
        self.by_link.keys().copied().collect()
    }

    pub(super) fn is_asked(&self, id: &MessageId) -> bool {
        self.asked.contains_key(id)
    }

    /// Whether a message of `link` has to wait: what was not asked for, until the rest has come.
    pub(super) fn makes_wait(&self, link: LinkId, id: &MessageId) -> bool {
        let catch_up = self.by_link.get(&link);
        catch_up.is_some_and(|it| it.holds && !it.is_over) && !self.is_asked(id)
    }

    /// Keeps a message until its link has caught up; false if that would be more than `most` bytes.
    pub(super) fn hold(&mut self, link: LinkId, held: Held, most: usize) -> bool {
        let (frame, plain) = (held.0.as_bytes(), held.1.frame().into_bytes());
        let is_plain = frame.as_ptr() == plain.as_ptr();
        // What came compressed is held plain besides.
        let size = plain.len() + if is_plain { 0 } else { frame.len() };
        let catch_up = self.by_link.get_mut(&link);
        let Some(catch_up) = catch_up.filter(|it| it.held_bytes + size <= most) else {
            return false;
        };
        catch_up.held_bytes += size;
        catch_up.held_ids.insert(held.1.id());
        catch_up.held.push_back(held);
        true
    }

    /// The links that have brought a message which waits.
    pub(super) fn holders(&self, id: &MessageId) -> impl Iterator<Item = LinkId> {
        let holds = |catch_up: &CatchUp| catch_up.held_ids.contains(id);
        let all = self.by_link.iter();
        all.filter(move |(_, catch_up)| holds(catch_up))
            .map(|(&link, _)| link)
    }

    /// A message is here, or will not be had of whom it was asked.
    pub(super) fn settled(&mut self, now: Timestamp, id: &MessageId) {
        let Some(link) = self.asked.remove(id) else {
            return;
        };
        if let Some(catch_up) = self.by_link.get_mut(&link) {
            catch_up.outstanding -= 1;
            catch_up.progress = now;
        }
    }

    /// The peer of `link` has these no more.
    pub(super) fn gone(&mut self, now: Timestamp, link: LinkId, ids: &[MessageId]) {
        let ids: OrderedSet<_> = ids.iter().collect();
        let asked = ids.iter().filter(|id| self.asked.get(**id) == Some(&link));
        let asked: Vec<MessageId> = asked.map(|id| **id).collect();
        for id in &asked {
            self.settled(now, id);
        }
        if let Some(catch_up) = self.by_link.get_mut(&link) {
            catch_up.wanted.retain(|wanted| !ids.contains(&wanted));
        }
        // Only then is there something that others could give.
        if !asked.is_empty() {
            self.unpark();
        }
    }

    fn unpark(&mut self) {
        for catch_up in self.by_link.values_mut() {
            catch_up.is_parked = false;
        }
    }

    /// A link of which everything that was wanted is here.
    pub(super) fn done(&mut self, is_here: impl Fn(&MessageId) -> bool) -> Option<LinkId> {
        let mut under_way = self.by_link.iter_mut().filter(|(_, it)| !it.is_over);
        under_way.find_map(|(link, catch_up)| {
            while catch_up.wanted.front().is_some_and(&is_here) {
                catch_up.wanted.pop_front();
            }
            catch_up.wanted.is_empty().then_some(*link)
        })
    }

    /// What to ask the peer of a link for now, as all that was asked before has come.
    pub(super) fn next(
        &mut self,
        now: Timestamp,
        link: LinkId,
        is_here: impl Fn(&MessageId) -> bool,
    ) -> Vec<MessageId> {
        let Some(catch_up) = self.by_link.get_mut(&link) else {
            return Vec::new();
        };
        if catch_up.outstanding > 0 || catch_up.is_over || catch_up.is_parked {
            return Vec::new();
        }
        let asked = &self.asked;
        let open = |id: &&MessageId| !asked.contains_key(*id) && !is_here(id);
        let next: Vec<_> = catch_up
            .wanted
            .iter()
            .filter(open)
            .take(ASKED)
            .copied()
            .collect();
        catch_up.is_parked = next.is_empty();
        catch_up.outstanding = next.len();
        catch_up.progress = now;
        self.asked.extend(next.iter().map(|id| (*id, link)));
        next
    }

    /// When a link last brought something.
    pub(super) fn progress(&self, link: LinkId) -> Option<Timestamp> {
        self.by_link.get(&link).map(|catch_up| catch_up.progress)
    }

    /// Begins to end it for a link. False if that is under way, or there is nothing to end.
    pub(super) fn begin_to_end(&mut self, link: LinkId) -> bool {
        let Some(catch_up) = self.by_link.get_mut(&link).filter(|it| !it.is_over) else {
            return false;
        };
        catch_up.is_over = true;
        if catch_up.outstanding > 0 {
            catch_up.outstanding = 0;
            self.asked.retain(|_, of| *of != link);
        }
        self.unpark();
        true
    }

    /// What a link brings waits no more.
    pub(super) fn let_pass(&mut self, link: LinkId) {
        if let Some(catch_up) = self.by_link.get_mut(&link) {
            catch_up.holds = false;
        }
    }

    /// The next message that waited. It is known as one that the link has brought until the last is taken.
    pub(super) fn next_held(&mut self, link: LinkId) -> Option<Held> {
        let catch_up = self.by_link.get_mut(&link)?;
        let next = catch_up.held.pop_front();
        if next.is_none() && catch_up.is_over {
            self.by_link.remove(&link);
        } else if next.is_none() {
            catch_up.held_ids.clear();
            catch_up.held_bytes = 0;
        }
        next
    }

    /// Most bytes that wait for any one link.
    pub(super) fn held_bytes(&self) -> usize {
        let all = self.by_link.values();
        all.map(|catch_up| catch_up.held_bytes).max().unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::WallSeconds;
    use crate::wire::{Draft, Kind};

    const ONE: LinkId = LinkId::dialled(1);
    const TWO: LinkId = LinkId::dialled(2);
    const NOW: Timestamp = Timestamp::ZERO;

    fn id(number: u64) -> MessageId {
        MessageId::of(&number.to_be_bytes())
    }

    fn ids(numbers: core::ops::Range<u64>) -> VecDeque<MessageId> {
        numbers.map(id).collect()
    }

    fn nothing(_: &MessageId) -> bool {
        false
    }

    #[test]
    fn one_batch_is_asked_for_after_the_other_in_order() {
        let mut all = CatchUps::default();
        all.begin(NOW, ONE, ids(0..600));
        let first = all.next(NOW, ONE, nothing);
        assert_eq!(first, Vec::from(ids(0..512)));
        assert_eq!(all.next(NOW, ONE, nothing), []);
        first.iter().for_each(|id| all.settled(NOW, id));
        let is_here = |id: &MessageId| first.contains(id);
        assert_eq!(all.done(is_here), None);
        assert_eq!(all.next(NOW, ONE, is_here), Vec::from(ids(512..600)));
        assert_eq!(all.done(|_| true), Some(ONE));
    }

    #[test]
    fn what_one_is_asked_for_another_is_not_until_the_first_fails() {
        let mut all = CatchUps::default();
        all.begin(NOW, ONE, ids(0..2));
        all.begin(NOW, TWO, ids(0..3));
        assert_eq!(all.next(NOW, ONE, nothing), [id(0), id(1)]);
        assert_eq!(all.next(NOW, TWO, nothing), [id(2)]);
        all.settled(NOW, &id(2));
        assert_eq!(all.next(NOW, TWO, |here| *here == id(2)), []);
        assert!(all.begin_to_end(ONE) && !all.begin_to_end(ONE));
        assert_eq!(all.next(NOW, TWO, |here| *here == id(2)), [id(0), id(1)]);
    }

    #[test]
    fn a_link_whose_message_waits_is_known() {
        let mut all = CatchUps::default();
        all.begin(NOW, ONE, ids(0..1));
        let sender = "2a".parse().expect("an id");
        let draft = Draft::new(Kind::Broadcast, &sender, WallSeconds(7));
        let message = draft.encode(&[0_u64.into()]);
        let (id, held) = (message.id(), (message.frame(), message));
        assert!(all.makes_wait(ONE, &id) && !all.makes_wait(TWO, &id));
        assert!(!all.hold(ONE, held.clone(), 10) && all.hold(ONE, held, 1_000));
        assert!(all.holders(&id).eq([ONE]));
        assert!(all.begin_to_end(ONE) && !all.makes_wait(ONE, &id));
        assert!(all.next_held(ONE).is_some() && all.holders(&id).eq([ONE]));
        assert!(all.next_held(ONE).is_none() && all.is_empty());
    }

    #[test]
    fn what_a_peer_has_no_more_is_not_waited_for() {
        let mut all = CatchUps::default();
        all.begin(NOW, ONE, ids(0..2));
        all.next(NOW, ONE, nothing);
        all.gone(NOW, ONE, &[id(0), id(1)]);
        assert_eq!(all.done(nothing), Some(ONE));
        assert!(all.begin_to_end(ONE));
        assert!(all.next_held(ONE).is_none() && all.is_empty());
    }
}
