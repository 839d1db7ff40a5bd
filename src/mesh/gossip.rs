//! Whom to tell of who is in the mesh, and in how many messages. What is told, others decide.

use super::Mesh;
use crate::id::LinkId;
use crate::time::Timestamp;
use crate::wire::{MAX_ENTRIES, Presence, PresenceEntry, Signal, Trailer};

/// So many news of one link go apart from others, so that it is not told them again.
const MANY: usize = 16;
/// Most bytes of entries in one message, about; one that is longer goes alone.
const BYTES: usize = 32 << 10;

impl Mesh {
    /// Tells every neighbour what it has not told itself. Those that joined are told all the same, so that one message does for
    /// all; only who told much is spared it.
    pub(super) fn tell_news(&mut self, now: Timestamp, news: Vec<(PresenceEntry, Vec<LinkId>)>) {
        let links: Vec<_> = self.presence_links().map(|(id, _)| id).collect();
        let mut mixed = Vec::new();
        let mut rest = news;
        while let Some(teller) = rest.first().map(|(_, tellers)| tellers.first().copied()) {
            let is_same =
                |(_, tellers): &(PresenceEntry, Vec<LinkId>)| tellers.first().copied() == teller;
            let (told, others): (Vec<_>, Vec<_>) = rest.into_iter().partition(is_same);
            rest = others;
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

    /// Tells links some entries, in messages that they share.
    pub(super) fn tell_entries(
        &mut self,
        now: Timestamp,
        to: &[LinkId],
        entries: &[PresenceEntry],
    ) {
        let mut rest = entries;
        while !(rest.is_empty() || to.is_empty()) {
            let (some, others) = rest.split_at(first_message(rest));
            rest = others;
            let signal = Signal::Presence(Presence::Entries(some.to_vec()));
            let message = self.sign(now, &signal, Trailer::default());
            for &id in to {
                self.post_control(now, id, &message);
            }
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
