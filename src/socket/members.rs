//! [`MemberEvents`]: who is in the mesh, then who comes and leaves; and what a node shows of itself.

use core::pin::Pin;
use core::task::{Context, Poll, ready};
use std::collections::{BTreeMap, VecDeque};

use futures::Stream;
use serde::Serialize;

use super::hub::InboxId;
use super::inbox::Item;
use super::{MeshError, MeshSocket};
use crate::id::NodeId;
use crate::mesh::{CommandError, Departure, Event, Member};
use crate::wire::{MAX_PRESENCE, RawPackets};

/// What happens among the members of a mesh.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum MemberEvent {
    /// A node is in the mesh, now or since before the listening began.
    Joined(Member),
    /// A member shows something else, fell asleep or woke up.
    Changed(Member),
    /// A node is in the mesh no more.
    Left {
        /// The node, as it was seen last.
        member: Member,
        /// Why.
        reason: Departure,
    },
}

/// The members of a mesh, from [`MeshSocket::member_events`]: those that are there first, then changes. Ends when the node has
/// closed. Cancel-safe.
///
/// Who takes the events in their order and keeps the list is always right: who is slow is told the sum of what was dropped
/// meanwhile ([`InboxLimits`](super::InboxLimits)), not each step. It holds a handle: the node lives while this does.
#[derive(Debug)]
pub struct MemberEvents {
    inbox: InboxId,
    socket: MeshSocket,
    /// Those that the listener was told of.
    known: BTreeMap<NodeId, Member>,
    ready: VecDeque<MemberEvent>,
}

impl MemberEvents {
    pub(super) fn of(socket: &MeshSocket) -> Self {
        let (inbox, members) = socket.shared.hub.subscribe_to_members();
        let mut events = Self {
            inbox,
            socket: socket.clone(),
            known: BTreeMap::new(),
            ready: VecDeque::new(),
        };
        members.into_iter().for_each(|member| events.found(member));
        events
    }

    fn take(&mut self, item: Item<Event>) {
        match item {
            Item::One(Event::MemberJoined(member) | Event::MemberChanged(member)) => {
                self.found(member);
            }
            Item::One(Event::MemberLeft { node, reason }) => self.lost(&node, reason),
            Item::One(_) => {}
            Item::Lagged(_) => self.compare(),
        }
    }

    fn found(&mut self, member: Member) {
        match self.known.insert(member.node.clone(), member.clone()) {
            None => self.ready.push_back(MemberEvent::Joined(member)),
            Some(before) if before != member => self.ready.push_back(MemberEvent::Changed(member)),
            Some(_) => {}
        }
    }

    fn lost(&mut self, node: &NodeId, reason: Departure) {
        if let Some(member) = self.known.remove(node) {
            let left = MemberEvent::Left { member, reason };
            self.ready.push_back(left);
        }
    }

    /// Some steps were dropped: what counts is where they led.
    fn compare(&mut self) {
        let members = self.socket.look(|snapshot| snapshot.members.clone());
        let gone = self.known.keys().filter(|node| !members.contains_key(node));
        for node in gone.cloned().collect::<Vec<_>>() {
            self.lost(&node, Departure::Lost);
        }
        members.into_values().for_each(|member| self.found(member));
    }
}

impl Stream for MemberEvents {
    type Item = MemberEvent;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<MemberEvent>> {
        loop {
            if let Some(event) = self.ready.pop_front() {
                return Poll::Ready(Some(event));
            }
            let next = self.socket.shared.hub.poll_next(self.inbox, cx);
            match ready!(next) {
                Some(item) => self.take(item),
                None => return Poll::Ready(None),
            }
        }
    }
}

impl Drop for MemberEvents {
    fn drop(&mut self) {
        self.socket.shared.hub.unsubscribe(self.inbox);
    }
}

/// The packets that a value is, to be shown.
pub(super) fn shown<T: Serialize + ?Sized>(
    value: &T,
) -> Result<RawPackets, crate::wire::EncodeError> {
    let packets = RawPackets::serialize(value)?;
    // A unit is one packet of nothing: nothing to show.
    let is_nothing = packets.as_bytes()[..] == [0xc0];
    Ok(if is_nothing {
        RawPackets::default()
    } else {
        packets
    })
}

/// Whether packets are short enough to be shown.
pub(super) fn check(packets: &RawPackets) -> Result<(), MeshError> {
    let (size, limit) = (packets.as_bytes().len(), MAX_PRESENCE);
    if size > limit {
        return Err(CommandError::TooLarge { size, limit }.into());
    }
    Ok(())
}
