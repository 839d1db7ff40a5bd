//! One listener's queue: bounded, the oldest out first, with room of its own for what is no message.

use core::task::Waker;
use std::collections::VecDeque;

/// How much waits for one who listens and does not take it, and what goes beyond that; it is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InboxLimits {
    /// Messages; and as many other events, which have room of their own: a flood of messages drops no news of links.
    /// 4,096 by default.
    pub events: usize,
    /// Bytes of the messages. 16 MiB by default.
    pub bytes: usize,
    /// What becomes of a message for which there is no room. Of other events the oldest goes, always.
    pub overflow: Overflow,
}

/// What becomes of a message for which a queue has no room. Whoever takes from the queue is told how many are missing
/// ([`Event::Lagged`](super::Event::Lagged), [`MeshSocket::missed`](super::MeshSocket::missed)), where they are missing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Overflow {
    /// The oldest messages go: for those who want to know how things are.
    #[default]
    DropOldest,
    /// The new message goes: for those who want the beginning whole.
    DropNewest,
    /// The new message goes and the queue is closed: it gives what it holds, and then ends. For those to whom a part is
    /// worth nothing. Handlers and listeners are called on all the same, without the oldest.
    Close,
}

impl InboxLimits {
    /// The same for a queue that has to go on.
    pub(super) fn of_stage(self) -> Self {
        match self.overflow {
            Overflow::Close => Self {
                overflow: Overflow::DropOldest,
                ..self
            },
            _ => self,
        }
    }
}

impl Default for InboxLimits {
    fn default() -> Self {
        Self {
            events: 4_096,
            bytes: 16 << 20,
            overflow: Overflow::default(),
        }
    }
}

/// What a listener takes out of its queue.
#[derive(Debug)]
pub(super) enum Item<T> {
    One(T),
    /// So many were dropped because the listener was slow.
    Lagged(u64),
}

/// What room something takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Room {
    /// That of a message with so many bytes.
    Message(usize),
    /// That of anything else.
    Other,
}

#[derive(Debug)]
pub(super) struct Inbox<T> {
    messages: VecDeque<Entry<T>>,
    others: VecDeque<Entry<T>>,
    /// The number of the next entry: the two queues together are in the order of these.
    next: u64,
    bytes: usize,
    lagged: u64,
    /// Before which number those are missing.
    lagged_at: u64,
    /// Nothing is added any more.
    is_closed: bool,
    wakers: Vec<Waker>,
}

#[derive(Debug)]
struct Entry<T> {
    number: u64,
    bytes: usize,
    item: T,
}

impl<T> Default for Inbox<T> {
    fn default() -> Self {
        Self {
            messages: VecDeque::new(),
            others: VecDeque::new(),
            next: 0,
            bytes: 0,
            lagged: 0,
            lagged_at: 0,
            is_closed: false,
            wakers: Vec::new(),
        }
    }
}

impl<T> Inbox<T> {
    pub(super) fn is_empty(&self) -> bool {
        self.messages.is_empty() && self.others.is_empty() && self.lagged == 0
    }

    /// Whether nothing comes any more because there was no room once.
    pub(super) fn is_over(&self) -> bool {
        self.is_closed && self.is_empty()
    }

    /// What has waited longest; before it, what is missing there.
    pub(super) fn take(&mut self) -> Option<Item<T>> {
        let number = |queue: &VecDeque<Entry<T>>| queue.front().map_or(u64::MAX, |e| e.number);
        let (message, other) = (number(&self.messages), number(&self.others));
        if self.lagged > 0 && message.min(other) >= self.lagged_at {
            return Some(Item::Lagged(core::mem::take(&mut self.lagged)));
        }
        let is_message = message < other;
        let queue = if is_message {
            &mut self.messages
        } else {
            &mut self.others
        };
        let entry = queue.pop_front()?;
        self.bytes -= entry.bytes;
        Some(Item::One(entry.item))
    }

    /// Adds an item; whoever waited for one is to be woken.
    pub(super) fn push(
        &mut self,
        item: T,
        room: Room,
        limits: InboxLimits,
        wakes: &mut Vec<Waker>,
    ) {
        match room {
            _ if self.is_closed => return,
            Room::Message(bytes) if self.is_refused(bytes, limits) => {
                self.is_closed = limits.overflow == Overflow::Close;
                self.lose(1, self.next);
            }
            _ => self.add(item, room, limits),
        }
        self.wake(wakes);
    }

    /// Whether a new message has to go. One that is larger than all bounds is still taken, alone.
    fn is_refused(&self, bytes: usize, limits: InboxLimits) -> bool {
        let is_full = self.messages.len() >= limits.events || self.bytes + bytes > limits.bytes;
        limits.overflow != Overflow::DropOldest && is_full && !self.messages.is_empty()
    }

    fn add(&mut self, item: T, room: Room, limits: InboxLimits) {
        let (queue, bytes) = match room {
            Room::Message(bytes) => (&mut self.messages, bytes),
            Room::Other => (&mut self.others, 0),
        };
        self.bytes += bytes;
        queue.push_back(Entry {
            number: self.next,
            bytes,
            item,
        });
        self.next += 1;
        let most = match room {
            Room::Message(_) => limits.bytes,
            Room::Other => usize::MAX,
        };
        let mut lost = 0;
        while queue.len() > limits.events || (self.bytes > most && queue.len() > 1) {
            let Some(dropped) = queue.pop_front() else {
                break;
            };
            self.bytes -= dropped.bytes;
            lost += 1;
        }
        self.lose(lost, 0);
    }

    /// Counts what is missing, before the entry with this number.
    fn lose(&mut self, count: u64, before: u64) {
        if count == 0 {
            return;
        }
        self.lagged_at = match self.lagged {
            0 => before,
            _ => self.lagged_at.min(before),
        };
        self.lagged += count;
    }

    /// Counts what was dropped before it came here.
    pub(super) fn miss(&mut self, count: u64, wakes: &mut Vec<Waker>) {
        self.lose(count, 0);
        self.wake(wakes);
    }

    pub(super) fn wait(&mut self, waker: &Waker) {
        remember(&mut self.wakers, waker);
    }

    pub(super) fn wake(&mut self, wakes: &mut Vec<Waker>) {
        wakes.append(&mut self.wakers);
    }
}

pub(super) fn remember(wakers: &mut Vec<Waker>, waker: &Waker) {
    if !wakers.iter().any(|known| known.will_wake(waker)) {
        wakers.push(waker.clone());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: InboxLimits = InboxLimits {
        events: 2,
        bytes: 10,
        overflow: Overflow::DropOldest,
    };

    fn inbox(items: &[(u32, Room)]) -> Inbox<u32> {
        within(LIMITS, items)
    }

    fn within(limits: InboxLimits, items: &[(u32, Room)]) -> Inbox<u32> {
        let mut inbox = Inbox::default();
        for &(item, room) in items {
            inbox.push(item, room, limits, &mut Vec::new());
        }
        inbox
    }

    fn drain(mut inbox: Inbox<u32>) -> (u64, Vec<u32>) {
        let (mut lagged, mut items) = (0, Vec::new());
        while let Some(item) = inbox.take() {
            match item {
                Item::One(item) => items.push(item),
                Item::Lagged(count) => lagged += count,
            }
        }
        (lagged, items)
    }

    #[test]
    fn a_flood_of_messages_drops_no_other_event() {
        let inbox = inbox(&[
            (1, Room::Other),
            (2, Room::Message(1)),
            (3, Room::Message(1)),
            (4, Room::Other),
            (5, Room::Message(1)),
            (6, Room::Message(1)),
        ]);
        assert_eq!(drain(inbox), (2, vec![1, 4, 5, 6]));
    }

    #[test]
    fn what_waits_is_in_the_order_in_which_it_came() {
        let inbox = inbox(&[
            (1, Room::Message(1)),
            (2, Room::Other),
            (3, Room::Message(1)),
        ]);
        assert_eq!(drain(inbox), (0, vec![1, 2, 3]));
    }

    #[test]
    fn bytes_are_bounded_and_one_message_always_fits() {
        let inbox = inbox(&[(1, Room::Message(6)), (2, Room::Message(6))]);
        assert_eq!(inbox.bytes, 6);
        assert_eq!(drain(inbox), (1, vec![2]));
        let large = self::inbox(&[(1, Room::Message(1)), (2, Room::Message(11))]);
        assert_eq!(drain(large), (1, vec![2]));
    }

    #[test]
    fn a_message_larger_than_all_bounds_drops_no_other_event() {
        let inbox = inbox(&[(1, Room::Message(11)), (2, Room::Other), (3, Room::Other)]);
        assert_eq!(drain(inbox), (0, vec![1, 2, 3]));
    }

    #[test]
    fn what_is_no_message_is_bounded_too() {
        let inbox = inbox(&[(1, Room::Other), (2, Room::Other), (3, Room::Other)]);
        assert_eq!(drain(inbox), (1, vec![2, 3]));
    }

    const MESSAGES: [(u32, Room); 3] = [
        (1, Room::Message(1)),
        (2, Room::Message(1)),
        (3, Room::Message(1)),
    ];

    #[test]
    fn the_newest_go_if_so_wanted_and_are_missing_behind_those_that_stay() {
        let limits = InboxLimits {
            overflow: Overflow::DropNewest,
            ..LIMITS
        };
        let mut inbox = within(limits, &MESSAGES);
        assert!(matches!(inbox.take(), Some(Item::One(1))));
        inbox.push(4, Room::Message(1), limits, &mut Vec::new());
        assert!(matches!(inbox.take(), Some(Item::One(2))));
        assert!(matches!(inbox.take(), Some(Item::Lagged(1))));
        assert!(matches!(inbox.take(), Some(Item::One(4))));
        assert!(inbox.take().is_none() && !inbox.is_over());
    }

    #[test]
    fn a_queue_that_is_to_be_closed_gives_what_it_holds_and_ends() {
        let limits = InboxLimits {
            overflow: Overflow::Close,
            ..LIMITS
        };
        let mut inbox = within(limits, &MESSAGES);
        assert!(!inbox.is_over());
        inbox.push(4, Room::Other, limits, &mut Vec::new());
        assert_eq!(inbox.bytes, 2);
        assert!(matches!(inbox.take(), Some(Item::One(1))));
        assert!(matches!(inbox.take(), Some(Item::One(2))));
        assert!(matches!(inbox.take(), Some(Item::Lagged(1))));
        assert!(inbox.take().is_none() && inbox.is_over());
    }

    #[test]
    fn a_message_larger_than_all_bounds_is_taken_alone_whatever_the_policy() {
        let limits = InboxLimits {
            overflow: Overflow::DropNewest,
            ..LIMITS
        };
        let inbox = within(limits, &[(1, Room::Message(11)), (2, Room::Message(1))]);
        assert_eq!(drain(inbox), (1, vec![1]));
    }
}
