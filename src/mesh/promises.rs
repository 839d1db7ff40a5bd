//! Broadcasts of which a neighbour sent the id only, and which must come of themselves soon or be asked for.

use core::time::Duration;
use std::collections::VecDeque;

use crate::id::{LinkId, MessageId};
use crate::ordered::{OrderedMap, OrderedSet};
use crate::time::Timestamp;

/// Most neighbours that are remembered for one message.
const ANNOUNCERS: usize = 8;
/// The part of all that one neighbour may have promised first once half of the room is taken: a quarter, so that one that lies leaves room
/// for the others.
const SHARE: usize = 4;
/// How often each of them is asked.
const ROUNDS: usize = 2;

/// What one neighbour is asked for, in the order of the announcements.
type Asked = OrderedMap<u64, MessageId>;

#[derive(Debug)]
struct Promise {
    /// In the order of their announcements.
    number: u64,
    /// Who has it; the next to be asked is first.
    by: VecDeque<LinkId>,
    /// Who promised it first.
    first: LinkId,
    asked: usize,
    due: Timestamp,
}

impl Promise {
    fn ask(&mut self, link: LinkId, due: Timestamp) {
        self.by.retain(|by| *by != link);
        self.by.push_back(link);
        self.asked += 1;
        self.due = due;
    }
}

#[derive(Debug)]
pub(super) struct Promises {
    all: OrderedMap<MessageId, Promise>,
    queue: OrderedSet<(Timestamp, MessageId)>,
    made: u64,
    /// How many each neighbour has promised first.
    firsts: OrderedMap<LinkId, usize>,
    capacity: usize,
}

impl Promises {
    /// Keeps at most `capacity` of them.
    pub(super) fn new(capacity: usize) -> Self {
        Self {
            all: OrderedMap::new(),
            queue: OrderedSet::new(),
            made: 0,
            firsts: OrderedMap::new(),
            capacity,
        }
    }

    /// A neighbour has a message, which is asked for at `due` if it has not come.
    pub(super) fn made(&mut self, id: MessageId, by: LinkId, due: Timestamp) {
        if let Some(promise) = self.all.get_mut(&id) {
            if promise.by.len() < ANNOUNCERS && !promise.by.contains(&by) {
                promise.by.push_back(by);
            }
            return;
        }
        if !self.has_room_for(by) {
            return;
        }
        *self.firsts.or_default(by) += 1;
        let promise = Promise {
            number: self.made,
            by: VecDeque::from([by]),
            first: by,
            asked: 0,
            due,
        };
        self.made += 1;
        self.all.insert(id, promise);
        self.queue.insert((due, id));
    }

    fn has_room_for(&self, link: LinkId) -> bool {
        let firsts = self.firsts.get(&link).copied().unwrap_or_default();
        let is_within_its_share = firsts < self.capacity.div_ceil(SHARE);
        self.all.len() < self.capacity / 2 || self.all.len() < self.capacity && is_within_its_share
    }

    /// The message came: who has it besides.
    pub(super) fn kept(&mut self, id: &MessageId) -> Vec<LinkId> {
        let Some(promise) = self.take(id) else {
            return Vec::new();
        };
        self.queue.remove(&(promise.due, *id));
        promise.by.into()
    }

    /// Takes one out of all.
    fn take(&mut self, id: &MessageId) -> Option<Promise> {
        let promise = self.all.remove(id)?;
        release(&mut self.firsts, promise.first);
        Some(promise)
    }

    /// When the next one is due.
    pub(super) fn next(&self) -> Option<Timestamp> {
        self.queue.first().map(|&(due, _)| due)
    }

    /// All are due now: a link is gone, by which they may have been meant to come.
    pub(super) fn hurry(&mut self, now: Timestamp) {
        self.queue.clear();
        for (id, promise) in &mut self.all {
            promise.due = promise.due.min(now);
            self.queue.insert((promise.due, *id));
        }
    }

    /// Whom to ask for what, as it is late; those asked have `patience` before another is. Who promised in vain is
    /// forgotten in the end, as another announcement may come.
    pub(super) fn overdue(
        &mut self,
        now: Timestamp,
        patience: Duration,
    ) -> Vec<(LinkId, Vec<MessageId>)> {
        let due = now + patience;
        let mut asks = OrderedMap::<_, Asked>::new();
        while let Some(&(at, id)) = self.queue.first().filter(|(at, _)| *at <= now) {
            self.queue.remove(&(at, id));
            let Some(promise) = self.all.get_mut(&id) else {
                continue;
            };
            let link = promise.by.front().copied();
            let link = link.filter(|_| promise.asked < promise.by.len() * ROUNDS);
            let Some(link) = link else {
                self.take(&id);
                continue;
            };
            promise.ask(link, due);
            self.queue.insert((due, id));
            asks.or_default(link).insert(promise.number, id);
        }
        for (link, asked) in &mut asks {
            self.ask_for_the_rest(*link, due, asked);
        }
        let in_order = |asked: Asked| asked.values().copied().collect();
        let asks = asks.into_iter();
        asks.map(|(link, asked)| (link, in_order(asked))).collect()
    }

    /// Who is asked for something late is asked for everything that it has announced: what comes after it would overtake
    /// the rest.
    fn ask_for_the_rest(&mut self, link: LinkId, due: Timestamp, asked: &mut Asked) {
        let fresh = |promise: &&mut Promise| promise.asked == 0 && promise.by.contains(&link);
        for (id, promise) in &mut self.all {
            let Some(promise) = Some(promise).filter(fresh) else {
                continue;
            };
            self.queue.remove(&(promise.due, *id));
            promise.ask(link, due);
            self.queue.insert((due, *id));
            asked.insert(promise.number, *id);
        }
    }

    /// A link is gone, and what it promised.
    pub(super) fn forget(&mut self, link: LinkId) {
        let (queue, firsts) = (&mut self.queue, &mut self.firsts);
        self.all.retain(|id, promise| {
            promise.by.retain(|by| *by != link);
            let is_left = !promise.by.is_empty();
            if !is_left {
                queue.remove(&(promise.due, *id));
                release(firsts, promise.first);
            }
            is_left
        });
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.all.len()
    }
}

/// One that `link` promised first is no more.
fn release(firsts: &mut OrderedMap<LinkId, usize>, link: LinkId) {
    match firsts.get_mut(&link) {
        Some(count) if *count > 1 => *count -= 1,
        _ => drop(firsts.remove(&link)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: LinkId = LinkId::dialled(1);
    const TWO: LinkId = LinkId::dialled(2);
    const PATIENCE: Duration = Duration::from_millis(10);

    fn id(number: u64) -> MessageId {
        MessageId::of(&number.to_be_bytes())
    }

    fn at(millis: u64) -> Timestamp {
        Timestamp::from_millis(millis)
    }

    fn asks_of(promises: &mut Promises, millis: u64) -> Vec<(LinkId, usize)> {
        let asks = promises.overdue(at(millis), PATIENCE);
        asks.into_iter()
            .map(|(link, ids)| (link, ids.len()))
            .collect()
    }

    #[test]
    fn what_comes_in_time_is_not_asked_for() {
        let mut promises = Promises::new(10);
        promises.made(id(1), ONE, at(5));
        promises.made(id(1), TWO, at(6));
        assert_eq!(promises.kept(&id(1)), [ONE, TWO]);
        assert_eq!((promises.next(), promises.len()), (None, 0));
        assert_eq!(asks_of(&mut promises, 100), []);
    }

    #[test]
    fn each_that_promised_is_asked_in_turn_twice() {
        let mut promises = Promises::new(10);
        promises.made(id(1), ONE, at(5));
        promises.made(id(1), TWO, at(6));
        promises.made(id(2), ONE, at(5));
        assert_eq!(asks_of(&mut promises, 4), []);
        assert_eq!(asks_of(&mut promises, 5), [(ONE, 2)]);
        assert_eq!(asks_of(&mut promises, 14), []);
        assert_eq!(asks_of(&mut promises, 15), [(ONE, 1), (TWO, 1)]);
        assert_eq!(asks_of(&mut promises, 25), [(ONE, 1)]);
        assert_eq!(asks_of(&mut promises, 35), [(TWO, 1)]);
        assert_eq!(asks_of(&mut promises, 45), []);
        assert_eq!((promises.next(), promises.len()), (None, 0));
    }

    #[test]
    fn who_is_asked_is_asked_for_all_that_it_has_in_order() {
        let mut promises = Promises::new(100);
        for number in 0..20 {
            promises.made(id(number), ONE, at(5 + number));
        }
        promises.made(id(20), TWO, at(30));
        let asks = promises.overdue(at(6), PATIENCE);
        let expected: Vec<_> = (0..20).map(id).collect();
        assert_eq!(asks, [(ONE, expected)]);
        assert_eq!(asks_of(&mut promises, 15), []);
    }

    #[test]
    fn a_link_that_is_gone_is_not_asked_and_the_rest_at_once() {
        let mut promises = Promises::new(10);
        promises.made(id(1), ONE, at(5));
        promises.made(id(1), TWO, at(5));
        promises.made(id(2), ONE, at(5));
        promises.forget(ONE);
        promises.hurry(at(1));
        assert_eq!((promises.next(), promises.len()), (Some(at(1)), 1));
        assert_eq!(asks_of(&mut promises, 1), [(TWO, 1)]);
    }

    #[test]
    fn there_are_only_so_many() {
        let mut promises = Promises::new(10);
        for number in 0..100 {
            promises.made(id(number), LinkId::dialled(number), at(5));
        }
        assert_eq!((promises.len(), promises.queue.len()), (10, 10));
        for link in 0..100 {
            promises.made(id(0), LinkId::dialled(link), at(5));
        }
        assert_eq!(promises.kept(&id(0)).len(), ANNOUNCERS);
    }

    #[test]
    fn who_promises_without_end_leaves_room_for_others() {
        let mut promises = Promises::new(100);
        for round in 0..3 {
            for number in 0..200 {
                promises.made(id(1_000 * round + number), ONE, at(5));
            }
            assert_eq!(promises.len(), 50);
            for number in 500..600 {
                promises.made(id(number), TWO, at(5));
            }
            assert_eq!(promises.len(), 75);
            // What came makes room again.
            for number in 0..30 {
                promises.kept(&id(1_000 * round + number));
            }
            promises.made(id(1_000 * round + 300), ONE, at(5));
            assert_eq!(promises.len(), 46);
            // So does what was asked for in vain, and what went with its link.
            if round > 0 {
                while !promises.overdue(at(10_000), PATIENCE).is_empty() {
                    promises.hurry(at(10_000));
                }
            }
            promises.forget(ONE);
            promises.forget(TWO);
            assert_eq!((promises.len(), promises.firsts.len()), (0, 0));
        }
    }

    #[test]
    fn nothing_is_left_of_a_link_whose_promise_another_keeps() {
        let mut promises = Promises::new(100);
        promises.made(id(1), ONE, at(5));
        promises.made(id(1), TWO, at(5));
        promises.forget(ONE);
        assert_eq!(promises.kept(&id(1)), [TWO]);
        assert_eq!(promises.firsts.len(), 0);
    }
}
