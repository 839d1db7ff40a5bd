//! Taking part in presence: what this node says of itself, whom it tells what it was told, and what it does not believe.
//!
//! Each node says which nodes it dialled and is linked to; who accepted such a link says so when it is lost or its dialler
//! sleeps. News go to every neighbour that has not told them, at once, and then gathered for a while: a relay that a thousand
//! tabs join has little more to send than for one. A new neighbour is told what its digest shows that it does not know.
//!
//! Nothing that is told is signed. What a node says of itself over its own link counts for more than what others say of
//! it, and of links that this node accepted nobody else can say that they are down. Who hears something false of itself says
//! something newer.

use core::time::Duration;

use super::Mesh;
use super::error::CommandError;
use super::event::{Event, Receipt};
use super::link::{Greeted, Link};
use super::member::{Change, Member, MemberState};
use super::members::{Members, Merged};
use super::own_word::Bids;
use super::timers::Timer;
use crate::id::{LinkId, NodeId};
use crate::ordered::OrderedSet;
use crate::time::Timestamp;
use crate::wire::{
    Departure, MAX_HOSTS, MAX_PRESENCE, Mark, Presence, PresenceEntry, PresenceState, RawPackets,
    Signal, Stamp, Word,
};

/// For so long news are gathered after some were sent.
const GATHER: Duration = Duration::from_millis(50);
/// What this node knows of who is in the mesh, and says of itself.
#[derive(Debug)]
pub(super) struct Standing {
    pub(super) members: Members,
    pub(super) word: Word,
    /// When it said last what it is; `None` before it had anybody to say it to.
    pub(super) stamp: Option<Stamp>,
    /// There is something new to be said of it.
    pub(super) is_stale: bool,
    pub(super) bids: Bids,
    /// When news were sent last.
    sent: Option<Timestamp>,
    /// Links of this node's that others say are down: one that lives will show it.
    pub(super) disputed: OrderedSet<LinkId>,
    /// Nodes that sleep, of those that dialled this one.
    asleep: OrderedSet<NodeId>,
}

impl Standing {
    pub(super) fn new(own: NodeId, capacity: usize) -> Self {
        Self {
            members: Members::new(own, capacity),
            word: Word::default(),
            stamp: None,
            is_stale: false,
            bids: Bids::default(),
            sent: None,
            disputed: OrderedSet::new(),
            asleep: OrderedSet::new(),
        }
    }

    /// How many others are known, those that left a while ago included.
    pub(super) fn len(&self) -> usize {
        self.members.len()
    }
}

/// What the user asks and is told.
impl Mesh {
    /// Who is in the mesh besides this node, in the order of their ids: every node that can be reached over nodes that take part
    /// in presence ([`Config::presence`](super::Config::presence)).
    pub fn members(&self) -> impl Iterator<Item = &Member> {
        self.standing.members.members()
    }

    /// What the node shows of itself: the state, and the user's packets.
    pub fn own_presence(&self) -> Member {
        let word = &self.standing.word;
        Member::new(&self.identity.node, word, false)
    }

    pub(super) fn present(
        &mut self,
        now: Timestamp,
        packets: RawPackets,
    ) -> Result<Receipt, CommandError> {
        let (size, limit) = (packets.as_bytes().len(), MAX_PRESENCE);
        if size > limit {
            return Err(CommandError::TooLarge { size, limit });
        }
        if packets != self.standing.word.packets {
            self.standing.word.packets = packets;
            self.say_anew(now);
        }
        Ok(Receipt::Done)
    }

    /// The page is seen, or not, or about to be stopped.
    pub(super) fn show_state(&mut self, now: Timestamp, state: MemberState) {
        let state = match state {
            MemberState::Awake => PresenceState::Awake,
            MemberState::Hidden => PresenceState::Hidden,
            MemberState::Asleep => PresenceState::Asleep,
        };
        let is_over = self.closing.is_some() && self.standing.word.state == PresenceState::Gone;
        if self.standing.word.state == state || is_over {
            return;
        }
        self.standing.word.state = state;
        self.say_anew(now);
        if state == PresenceState::Asleep {
            // There may be no later.
            self.spread_presence(now);
        }
    }

    /// This node leaves: everybody is told, at once.
    pub(super) fn say_goodbye(&mut self, now: Timestamp) {
        if self.standing.stamp.is_some() && self.standing.word.state != PresenceState::Gone {
            self.standing.word.state = PresenceState::Gone;
            self.standing.is_stale = true;
            self.leave_untold();
            self.spread_presence(now);
        }
        self.timers.stop(Timer::Members);
        self.timers.stop(Timer::Bid);
    }

    /// The links of a node to this one sleep, or do not any more. Only who accepted a link says so.
    pub(super) fn set_asleep(&mut self, now: Timestamp, node: &NodeId, is_asleep: bool) {
        let is_new = if is_asleep {
            self.accepts(node) && self.standing.asleep.insert(node.clone())
        } else {
            self.standing.asleep.remove(node)
        };
        if is_new && self.mark_sleep(node) {
            self.presence_changed(now);
        }
    }

    /// Makes the mark of a link say whether its dialler sleeps; true if it did not.
    fn mark_sleep(&mut self, node: &NodeId) -> bool {
        let is_asleep = self.standing.asleep.contains(node);
        let turn = |mark: Mark| {
            if mark.is_asleep() == is_asleep {
                mark
            } else {
                mark.turned()
            }
        };
        self.standing.members.mark_own(node, turn)
    }
}

/// Links coming and going.
impl Mesh {
    fn takes_part<'a>(&self, link: &'a Link) -> Option<&'a Greeted> {
        let greeted = link.greeted().filter(|_| link.lent.is_none())?;
        (self.config.presence && greeted.presence).then_some(greeted)
    }

    pub(super) fn presence_links(&self) -> impl Iterator<Item = (LinkId, &Greeted)> {
        let links = self.links.iter();
        links.filter_map(|(&id, link)| Some((id, self.takes_part(link)?)))
    }

    fn presence_peer(&self, id: LinkId) -> Option<&NodeId> {
        let greeted = self.takes_part(self.links.get(&id)?)?;
        Some(&greeted.node)
    }

    /// Whether a node has a link to this one that it dialled.
    fn accepts(&self, node: &NodeId) -> bool {
        self.links_to(node).iter().any(|id| !id.is_dialled())
    }

    /// The nodes that this one dialled and is linked to. A link on trial may not last, and is none yet.
    pub(super) fn hosts(&self) -> Vec<NodeId> {
        let mut hosts: Vec<NodeId> = Vec::new();
        for (id, peer) in self.presence_links() {
            let counts = id.is_dialled() && !self.search.is_on_trial(id);
            if counts && hosts.len() < MAX_HOSTS && !hosts.contains(&peer.node) {
                hosts.push(peer.node.clone());
            }
        }
        hosts
    }

    /// A link is up: each end shows the other what it knows.
    pub(super) fn presence_greeted(&mut self, now: Timestamp, id: LinkId) {
        let Some(node) = self.presence_peer(id).cloned() else {
            return;
        };
        let is_host = id.is_dialled() && !self.search.is_on_trial(id);
        self.standing.is_stale |= is_host || self.standing.stamp.is_none();
        self.standing.members.trust(&node);
        self.renew(now);
        let digest = Presence::Digest(self.standing.members.digest());
        self.send_signal(now, id, &Signal::Presence(digest));
        self.presence_changed(now);
    }

    /// A link on trial is kept.
    pub(super) fn presence_kept(&mut self, now: Timestamp, id: LinkId) {
        if self.presence_peer(id).is_some() {
            self.say_anew(now);
        }
    }

    /// A link is gone.
    pub(super) fn presence_parted(
        &mut self,
        now: Timestamp,
        id: LinkId,
        peer: &Greeted,
        reason: Departure,
    ) {
        if !(self.config.presence && peer.presence) {
            return;
        }
        self.standing.disputed.remove(&id);
        self.standing.members.forget_link(id);
        if id.is_dialled() {
            // One that was on trial nobody was told of.
            self.standing.is_stale |= self.standing.members.names_own(&peer.node);
        } else if !self.accepts(&peer.node) {
            let slept = self.standing.asleep.remove(&peer.node);
            let reason = if slept { Departure::Asleep } else { reason };
            self.standing
                .members
                .mark_own(&peer.node, |_| Mark::down(reason));
        }
        self.presence_changed(now);
    }

    /// The peer of a link has just shown that it lives.
    pub(super) fn presence_answered(&mut self, now: Timestamp, id: LinkId) {
        if self.standing.disputed.remove(&id) {
            self.say_anew(now);
        }
    }
}

/// What is told.
impl Mesh {
    /// Takes what a neighbour tells.
    pub(super) fn handle_presence(&mut self, now: Timestamp, id: LinkId, told: Presence) {
        let Some(peer) = self.presence_peer(id).cloned() else {
            return;
        };
        let entries = match told {
            Presence::Entries(entries) => entries,
            Presence::Digest(digest) => {
                return self.answer_digest(now, id, &digest);
            }
        };
        let mut is_news = false;
        for entry in entries {
            is_news |= if entry.node == self.identity.node {
                self.hear_of_itself(now, id, &peer, entry)
            } else {
                self.is_credible(now, entry.stamp) && self.hear_of(now, id, &peer, entry)
            };
        }
        if is_news {
            self.presence_changed(now);
        }
    }

    /// Takes what is said of another node; true if it was news.
    fn hear_of(&mut self, now: Timestamp, id: LinkId, peer: &NodeId, entry: PresenceEntry) -> bool {
        let node = entry.node.clone();
        if node == *peer {
            self.show_later_word(now, id, &entry);
        } else if self.contradicts(&entry) {
            // It shall know, and say something newer.
            let to: Vec<_> = self.links_to(&node);
            self.tell_false_word(now, &to, &entry);
            return false;
        }
        let is_news = self.standing.members.merge(now, id, peer, entry) == Merged::News;
        if self.accepts(&node) {
            self.standing.members.trust(&node);
            self.mark_sleep(&node);
        }
        is_news
    }

    /// A neighbour says less of itself than others did of it: it shall know.
    fn show_later_word(&mut self, now: Timestamp, id: LinkId, entry: &PresenceEntry) {
        let known = self.standing.members.entry(&entry.node, true);
        if let Some(known) = known.filter(|known| known.stamp > entry.stamp) {
            self.tell_false_word(now, &[id], &known);
        }
    }

    /// Whether a neighbour, or a link of one to this node, is said to be gone, while it is not; or the link to have changed so
    /// often that this node could not say any more how it is.
    fn contradicts(&self, entry: &PresenceEntry) -> bool {
        let is_gone = |word: &Word| word.state == PresenceState::Gone;
        let is_newer = self
            .standing
            .members
            .stamp(&entry.node)
            .is_some_and(|known| entry.stamp >= known);
        let own = |(host, mark): &(NodeId, Mark)| {
            *host == self.identity.node && (mark.is_down() || mark.is_worn())
        };
        let says_gone = entry.word.as_ref().is_some_and(is_gone);
        let says_other = entry.edges.iter().any(own);
        is_newer
            && (says_gone && !self.links_to(&entry.node).is_empty()
                || says_other && self.accepts(&entry.node))
    }

    /// A node's links, of which there are two for a while if there were two dials.
    pub(super) fn links_to(&self, node: &NodeId) -> Vec<LinkId> {
        let links = match self.table.contest(node) {
            Some((older, newer)) => [Some(older), Some(newer)],
            None => [self.table.link(node), None],
        };
        let takes_part = |id: &LinkId| self.presence_peer(*id) == Some(node);
        links.into_iter().flatten().filter(takes_part).collect()
    }

    /// Nodes that say they are linked to this one, and are not.
    fn deny_links(&mut self, now: Timestamp) {
        for node in self.standing.members.doubted(now) {
            self.standing.members.trust(&node);
            if !self.accepts(&node) {
                self.standing
                    .members
                    .mark_own(&node, |_| Mark::down(Departure::Lost));
            }
        }
    }

    /// There is something new to be said of this node.
    pub(super) fn say_anew(&mut self, now: Timestamp) {
        self.standing.is_stale = true;
        self.presence_changed(now);
    }

    /// Something changed: it is told now, or once enough has gathered.
    fn presence_changed(&mut self, now: Timestamp) {
        let is_said = self.standing.stamp.is_some() || self.standing.is_stale;
        if !self.config.presence || !is_said || self.closing.is_some() {
            return;
        }
        match self.standing.sent.map(|sent| sent + GATHER) {
            Some(due) if due > now => self.timers.set_if_unset(Timer::Presence, due),
            _ => self.spread_presence(now),
        }
    }

    /// A node that left may be judged now, or somebody be told something.
    pub(super) fn presence_due(&mut self, now: Timestamp) {
        self.deny_links(now);
        self.spread_presence(now);
    }

    /// Judges who came and left, and tells the neighbours what they do not know.
    fn spread_presence(&mut self, now: Timestamp) {
        self.timers.stop(Timer::Presence);
        self.renew(now);
        self.settle_members(now);
        // To judge everybody costs more than to tell a few: that too is done for all that gathers.
        self.standing.sent = Some(now);
        let news = self.standing.members.take_news();
        if !news.is_empty() {
            self.tell_news(now, news);
        }
        let grace = self.config.member_grace;
        match self.standing.members.next_deadline(grace) {
            Some(due) => self.timers.set(Timer::Members, due),
            None => self.timers.stop(Timer::Members),
        }
    }

    fn settle_members(&mut self, now: Timestamp) {
        let neighbours: Vec<_> = self
            .presence_links()
            .map(|(_, peer)| peer.node.clone())
            .collect();
        let grace = self.config.member_grace;
        for change in self.standing.members.settle(now, &neighbours, grace) {
            self.tell(match change {
                Change::Joined(member) => Event::MemberJoined(member),
                Change::Changed(member) => Event::MemberChanged(member),
                Change::Left(node, reason) => Event::MemberLeft { node, reason },
            });
        }
    }
}
