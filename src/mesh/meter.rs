//! What a link has brought, held against what it may bring: its peer's own messages, and those of others that it carries,
//! each of them held against its author.
//!
//! Counts, and says when more may come. That a link is read from more slowly is the node's doing.

use core::mem;

use super::config::Config;
use super::rate::{Rate, Used};
use crate::id::{LinkId, NodeId};
use crate::ordered::{Key, OrderedMap};
use crate::time::Timestamp;

/// What a link brought that goes on one account.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bill<'a> {
    pub(super) of: Whose<'a>,
    pub(super) frames: usize,
    pub(super) bytes: usize,
    /// What it costs this node, as if it were so many bytes. Held against all that the link carries, whoever wrote it.
    pub(super) weight: usize,
    /// It asks the whole mesh for a node.
    pub(super) is_request: bool,
}

/// On whose account it goes.
#[derive(Clone, Copy, Debug)]
pub(super) enum Whose<'a> {
    /// The peer's.
    Peer,
    /// Nobody's: a copy, what was asked for, or what keeps the mesh together.
    Nobody,
    /// A node's that is not the peer.
    Author(&'a NodeId),
}

/// What one author has used up.
#[derive(Clone, Copy, Debug, Default)]
struct Account {
    messages: Used,
    bytes: Used,
    requests: Used,
}

impl Account {
    /// Charges frames; from when on there may be another.
    fn charge(&mut self, now: Timestamp, limits: Limits, bill: Bill<'_>) -> Timestamp {
        let mut next = self
            .messages
            .charge(now, Some(limits.messages), bill.frames as u64);
        next = next.max(self.bytes.charge(now, limits.bytes, bill.bytes as u64));
        if bill.is_request {
            next = next.max(self.requests.charge(now, limits.requests, 1));
        }
        next
    }
}

impl Used {
    fn charge(&mut self, now: Timestamp, rate: Option<Rate>, cost: u64) -> Timestamp {
        rate.map_or(Timestamp::ZERO, |rate| {
            self.spend(now, rate, cost);
            self.next(rate)
        })
    }
}

/// The rates of one kind of account.
#[derive(Clone, Copy, Debug)]
struct Limits {
    messages: Rate,
    bytes: Option<Rate>,
    requests: Option<Rate>,
}

/// What one link has used up.
#[derive(Debug, Default)]
pub(super) struct Meter {
    own: Account,
    carried: Account,
    authors: Used,
    /// Of the peer lists that it asked for.
    pub(super) peers: Used,
    /// Of its renegotiations.
    pub(super) renegotiations: Used,
    /// It may bring whatever it will.
    pub(super) is_exempt: bool,
    /// It is not read from, until a timer says so.
    pub(super) is_paused: bool,
    /// The shell was told so.
    pub(super) is_told: bool,
}

impl Meter {
    /// Charges frames to whom they go; from when on there may be another.
    pub(super) fn charge(
        &mut self,
        now: Timestamp,
        config: &Config,
        link: LinkId,
        authors: &mut Authors,
        bill: Bill<'_>,
    ) -> Timestamp {
        let Some(messages) = config.message_rate.filter(|_| !self.is_exempt) else {
            return Timestamp::ZERO;
        };
        let of_one = Limits {
            messages,
            bytes: config.byte_rate,
            requests: Some(config.request_rate),
        };
        if let Whose::Peer = bill.of {
            return self.own.charge(now, of_one, bill);
        }
        let of_all = config.carried_rate.map(|messages| Limits {
            messages,
            bytes: config.carried_bytes,
            requests: None,
        });
        let mut next = of_all.map_or(Timestamp::ZERO, |of_all| {
            let bytes = bill.weight;
            self.carried.charge(now, of_all, Bill { bytes, ..bill })
        });
        if let Whose::Author(node) = bill.of {
            let (account, is_new) = authors.account(link, node);
            next = next.max(account.charge(now, of_one, bill));
            if is_new {
                let rate = Some(config.author_rate);
                next = next.max(self.authors.charge(now, rate, 1));
            }
        }
        next
    }
}

/// The accounts of those whose messages links carry, each for each link by which they come. Those that were not used for
/// longest go; who comes again is new.
#[derive(Debug)]
pub(super) struct Authors {
    young: OrderedMap<Author, Account>,
    old: OrderedMap<Author, Account>,
    capacity: usize,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Author {
    node: NodeId,
    link: LinkId,
}

impl Key for Author {
    fn prefix(&self) -> u64 {
        self.node.prefix()
    }
}

impl Authors {
    /// Keeps at least the `capacity` that were used last, and twice as many at most.
    pub(super) fn new(capacity: usize) -> Self {
        Self {
            young: OrderedMap::new(),
            old: OrderedMap::new(),
            capacity: capacity.max(1),
        }
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.young.len() + self.old.len()
    }

    /// The account of a node on a link, and whether it is new.
    fn account(&mut self, link: LinkId, node: &NodeId) -> (&mut Account, bool) {
        let author = Author {
            node: node.clone(),
            link,
        };
        let mut is_new = false;
        if !self.young.contains_key(&author) {
            let before = self.old.remove(&author);
            is_new = before.is_none();
            if self.young.len() >= self.capacity {
                self.old = mem::take(&mut self.young);
            }
            self.young
                .insert(author.clone(), before.unwrap_or_default());
        }
        (self.young.or_default(author), is_new)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINK: LinkId = LinkId::accepted(1);

    fn node(number: u8) -> NodeId {
        NodeId::from_entropy(&[number; 48])
    }

    fn config() -> Config {
        Config {
            message_rate: Some(Rate::per_second(10, 5)),
            byte_rate: Some(Rate::per_second(1_000, 1_000)),
            carried_rate: Some(Rate::per_second(100, 50)),
            author_rate: Rate::per_second(1, 3),
            ..Config::default()
        }
    }

    fn bill(of: Whose<'_>) -> Bill<'_> {
        Bill {
            of,
            frames: 1,
            bytes: 10,
            weight: 10,
            is_request: false,
        }
    }

    /// How many of these frames may come at once.
    fn at_once<'a>(
        config: &Config,
        meter: &mut Meter,
        bill_of: impl Fn(usize) -> Bill<'a>,
    ) -> usize {
        let mut authors = Authors::new(100);
        let now = Timestamp::from_millis(1_000);
        let mut taken = 0;
        while taken < 10_000 && meter.charge(now, config, LINK, &mut authors, bill_of(taken)) <= now
        {
            taken += 1;
        }
        taken
    }

    #[test]
    fn a_peer_has_its_own_rate() {
        let taken = at_once(&config(), &mut Meter::default(), |_| bill(Whose::Peer));
        assert_eq!(taken, 5);
    }

    #[test]
    fn bytes_and_requests_count_too() {
        let large = Bill {
            bytes: 300,
            ..bill(Whose::Peer)
        };
        let taken = at_once(&config(), &mut Meter::default(), |_| large);
        assert_eq!(taken, 3);
        let mut config = config();
        config.request_rate = Rate::per_second(1, 2);
        let request = Bill {
            is_request: true,
            ..bill(Whose::Peer)
        };
        assert_eq!(at_once(&config, &mut Meter::default(), |_| request), 2);
    }

    #[test]
    fn what_is_carried_is_held_against_its_authors_and_against_all_of_it() {
        let nodes: Vec<_> = (0..=255).map(node).collect();
        let few = |at: usize| bill(Whose::Author(&nodes[at % 2]));
        assert_eq!(at_once(&config(), &mut Meter::default(), few), 10);
        let mut generous = config();
        generous.author_rate = Rate::per_second(1_000, 1_000);
        let many = |at: usize| bill(Whose::Author(&nodes[at % 200]));
        assert_eq!(at_once(&generous, &mut Meter::default(), many), 50);
        let copies = |_: usize| bill(Whose::Nobody);
        assert_eq!(at_once(&generous, &mut Meter::default(), copies), 50);
    }

    #[test]
    fn authors_that_are_made_up_run_out() {
        let nodes: Vec<_> = (0..=255).map(node).collect();
        let each_new = |at: usize| bill(Whose::Author(&nodes[at]));
        assert_eq!(at_once(&config(), &mut Meter::default(), each_new), 3);
    }

    #[test]
    fn who_is_trusted_and_who_has_no_rate_pays_nothing() {
        let mut exempt = Meter {
            is_exempt: true,
            ..Meter::default()
        };
        let own = |_: usize| bill(Whose::Peer);
        assert_eq!(at_once(&config(), &mut exempt, own), 10_000);
        let mut free = config();
        free.message_rate = None;
        assert_eq!(at_once(&free, &mut Meter::default(), own), 10_000);
    }

    #[test]
    fn accounts_are_bounded_and_those_in_use_are_kept() {
        let mut authors = Authors::new(10);
        assert!(authors.account(LINK, &node(0)).1);
        for number in 1..=255 {
            assert!(!authors.account(LINK, &node(0)).1, "it was used just now");
            authors.account(LINK, &node(number));
            assert!(authors.len() <= 20);
        }
        assert!(
            authors.account(LinkId::accepted(2), &node(0)).1,
            "each link has its own"
        );
    }
}
