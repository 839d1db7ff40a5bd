//! One listener's queue: bounded, the oldest out first, with room of its own for what is no message.

use core::task::Waker;
use std::collections::VecDeque;

/// How much waits for one who listens and does not take it. Beyond a bound the oldest goes, and is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InboxLimits {
    /// Messages; and as many other events, which have room of their own: a flood of messages drops no news of links.
    /// 4,096 by default.
    pub events: usize,
    /// Bytes of the messages. 16 MiB by default.
    pub bytes: usize,
}

impl Default for InboxLimits {
    fn default() -> Self {
        Self {
            events: 4_096,
            bytes: 16 << 20,
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
            wakers: Vec::new(),
        }
    }
}

impl<T> Inbox<T> {
    pub(super) fn is_empty(&self) -> bool {
        self.messages.is_empty() && self.others.is_empty() && self.lagged == 0
    }

    /// What has waited longest; before it, what is missing.
    pub(super) fn take(&mut self) -> Option<Item<T>> {
        if self.lagged > 0 {
            return Some(Item::Lagged(core::mem::take(&mut self.lagged)));
        }
        let number = |queue: &VecDeque<Entry<T>>| queue.front().map_or(u64::MAX, |e| e.number);
        let is_message = number(&self.messages) < number(&self.others);
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
        // A message larger than all bounds is still taken, alone.
        while queue.len() > limits.events || (self.bytes > limits.bytes && queue.len() > 1) {
            let Some(dropped) = queue.pop_front() else {
                break;
            };
            self.bytes -= dropped.bytes;
            self.lagged += 1;
        }
        self.wake(wakes);
    }

    /// Counts what was dropped before it came here.
    pub(super) fn miss(&mut self, count: u64, wakes: &mut Vec<Waker>) {
        self.lagged += count;
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
    };

    fn inbox(items: &[(u32, Room)]) -> Inbox<u32> {
        let mut inbox = Inbox::default();
        for &(item, room) in items {
            inbox.push(item, room, LIMITS, &mut Vec::new());
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
    fn what_is_no_message_is_bounded_too() {
        let inbox = inbox(&[(1, Room::Other), (2, Room::Other), (3, Room::Other)]);
        assert_eq!(drain(inbox), (1, vec![2, 3]));
    }
}
