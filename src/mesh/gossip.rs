//! Whom to tell of who is in the mesh, when, and in how many messages. What is told, others decide.
//!
//! A link is told at once what its transport takes at once. For the rest its names are noted, and told as what they are by
//! then, when there is room: so a mesh of any size, or one that a liar invents, takes no link's queue from it. Who sleeps
//! is told when it wakes.

use core::time::Duration;

use super::Mesh;
use super::members::Members;
use super::outbox::Parcel;
use crate::id::{LinkId, NodeId};
use crate::ordered::OrderedMap;
use crate::time::Timestamp;
use crate::wire::{MAX_ENTRIES, Presence, PresenceEntry, Signal, Trailer};

/// So many news of one link go apart from others, so that it is not told them again.
const MANY: usize = 16;
/// Most bytes of entries in one message, about; one that is longer goes alone.
const BYTES: usize = 32 << 10;
/// A peer is answered at most once in this time: a digest is short, and the answer may be all that is known.
const REST: Duration = Duration::from_secs(1);

/// What the peer of a link has not been told.
#[derive(Debug, Default)]
pub(super) struct Untold {
    /// Nodes of which there is news, and whether what they say of themselves is news too.
    nodes: OrderedMap<NodeId, bool>,
    /// The latest that was said of the peer itself and is not so.
    false_word: Option<PresenceEntry>,
    /// When a digest of the peer's was answered last.
    answered: Option<Timestamp>,
}

impl Untold {
    /// How many nodes it has to be told of.
    pub(super) fn len(&self) -> usize {
        self.nodes.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.nodes.is_empty() && self.false_word.is_none()
    }

    /// The peer has to be told of a node. Those that are forgotten meanwhile make room: there are no more than are known.
    fn note(&mut self, entry: &PresenceEntry, members: &Members) {
        if self.nodes.len() > members.capacity() {
            self.nodes.retain(|node, _| members.stamp(node).is_some());
        }
        *self.nodes.or_default(entry.node.clone()) |= entry.word.is_some();
    }

    fn note_false_word(&mut self, entry: PresenceEntry) {
        let known = self.false_word.as_ref().map(|known| known.stamp);
        if known.is_none_or(|known| entry.stamp > known) {
            self.false_word = Some(entry);
        }
    }

    /// Takes what goes into one message.
    fn take(&mut self, members: &Members) -> Vec<PresenceEntry> {
        if let Some(word) = self.false_word.take() {
            return vec![word];
        }
        let entries = self.nodes.iter();
        let entries = entries.filter_map(|(node, is_whole)| members.entry(node, *is_whole));
        let mut entries: Vec<_> = entries.take(MAX_ENTRIES).collect();
        entries.truncate(first_message(&entries));
        for entry in &entries {
            self.nodes.remove(&entry.node);
        }
        if entries.is_empty() {
            // All of them are forgotten.
            self.nodes = OrderedMap::new();
        }
        entries
    }

    fn may_answer(&mut self, now: Timestamp) -> bool {
        let is_rested = self.answered.is_none_or(|at| now.since(at) >= REST);
        if is_rested {
            self.answered = Some(now);
        }
        is_rested
    }
}

impl Mesh {
    /// Tells every neighbour what it has not told itself. Those that joined are told all the same, so that one message does for
    /// all; only who told much is spared it.
    pub(super) fn tell_news(&mut self, now: Timestamp, news: Vec<(PresenceEntry, Vec<LinkId>)>) {
        let links: Vec<_> = self.presence_links().map(|(id, _)| id).collect();
        let mut mixed = Vec::new();
        let mut by_teller = OrderedMap::<LinkId, Vec<_>>::new();
        for told in news {
            match told.1.first() {
                Some(&teller) => by_teller.or_default(teller).push(told),
                None => mixed.push(told),
            }
        }
        for (_, told) in by_teller {
            if told.len() < MANY {
                mixed.extend(told);
            } else {
                self.tell_all(now, &links, told);
            }
        }
        self.tell_all(now, &links, mixed);
    }

    /// Tells those that have not told all of it.
    fn tell_all(
        &mut self,
        now: Timestamp,
        links: &[LinkId],
        news: Vec<(PresenceEntry, Vec<LinkId>)>,
    ) {
        let told_all = |link: &LinkId| news.iter().all(|(_, tellers)| tellers.contains(link));
        let to: Vec<_> = links
            .iter()
            .copied()
            .filter(|link| !told_all(link))
            .collect();
        let entries: Vec<_> = news.into_iter().map(|(entry, _)| entry).collect();
        self.tell_entries(now, &to, &entries);
    }

    /// Tells a peer what its digest shows that it does not know.
    pub(super) fn answer_digest(&mut self, now: Timestamp, id: LinkId, digest: &[u64]) {
        let Some(link) = self.links.get_mut(&id) else {
            return;
        };
        let Some(peer) = link.node().cloned().filter(|_| link.untold.may_answer(now)) else {
            return;
        };
        let beyond = self.standing.members.beyond(digest, &peer);
        self.tell_entries(now, &[id], &beyond);
    }

    /// The peers of some links shall hear what is said of them and is not so.
    pub(super) fn tell_false_word(&mut self, now: Timestamp, to: &[LinkId], entry: &PresenceEntry) {
        for &id in to {
            if let Some(link) = self.links.get_mut(&id) {
                link.untold.note_false_word(entry.clone());
            }
            self.tell_untold(now, id);
        }
    }

    /// Tells links some entries, in messages that they share; those that have no room for them now, when they have.
    fn tell_entries(&mut self, now: Timestamp, to: &[LinkId], entries: &[PresenceEntry]) {
        let mut rest = entries;
        while !(rest.is_empty() || to.is_empty()) {
            let (some, others) = rest.split_at(first_message(rest));
            rest = others;
            let (free, busy): (Vec<_>, Vec<_>) = to.iter().partition(|id| self.is_free(**id));
            self.post_entries(now, &free, some);
            self.note_untold(&busy, some);
        }
    }

    /// Whether a link has been told everything before, and can be told more at once.
    fn is_free(&self, id: LinkId) -> bool {
        let link = self.links.get(&id);
        link.is_some_and(|link| link.untold.is_empty() && self.can_be_told(id))
    }

    fn can_be_told(&self, id: LinkId) -> bool {
        let link = self.links.get(&id);
        link.is_some_and(|link| {
            link.is_fed(id, self.config.queue_bytes) && link.outbox.takes(BYTES)
        })
    }

    fn post_entries(&mut self, now: Timestamp, to: &[LinkId], entries: &[PresenceEntry]) {
        if to.is_empty() {
            return;
        }
        let signal = Signal::Presence(Presence::Entries(entries.to_vec()));
        let message = self.sign(now, &signal, Trailer::default());
        for &id in to {
            self.post_counted(now, id, Parcel::control(&message));
        }
    }

    fn note_untold(&mut self, to: &[LinkId], entries: &[PresenceEntry]) {
        for id in to {
            let Some(link) = self.links.get_mut(id) else {
                continue;
            };
            for entry in entries {
                link.untold.note(entry, &self.standing.members);
            }
        }
    }

    /// Tells a link what it has not been told, as far as its transport takes it.
    pub(super) fn tell_untold(&mut self, now: Timestamp, id: LinkId) {
        while self.can_be_told(id) {
            let Some(link) = self
                .links
                .get_mut(&id)
                .filter(|link| !link.untold.is_empty())
            else {
                return;
            };
            let entries = link.untold.take(&self.standing.members);
            if !entries.is_empty() {
                self.post_entries(now, &[id], &entries);
            }
        }
    }

    /// Who leaves has nothing more to tell but that.
    pub(super) fn leave_untold(&mut self) {
        for link in self.links.values_mut() {
            link.untold = Untold::default();
        }
    }
}

/// How many of these go into one message.
fn first_message(entries: &[PresenceEntry]) -> usize {
    let mut bytes = 0;
    let fits = |entry: &&PresenceEntry| {
        let packets = entry
            .word
            .as_ref()
            .map_or(0, |word| word.packets.as_bytes().len());
        let hosts: usize = entry
            .edges
            .iter()
            .map(|(host, _)| host.as_bytes().len())
            .sum();
        bytes += packets + hosts + entry.node.as_bytes().len();
        bytes <= BYTES
    };
    entries
        .iter()
        .take(MAX_ENTRIES)
        .take_while(fits)
        .count()
        .max(1)
}
