//! Honest peers that talk, each heard by all others: what got lost on the way, and how long the rest took.

use std::ops::Range;
use std::time::{Duration, Instant};

use tokio::time::sleep;

use crate::figures::{Figures, Latencies};
use crate::pace::Pace;
use crate::peer::Peer;
use crate::relay::Relay;
use crate::wire::Caller;

/// How many are there in most attacks.
pub(crate) const HONEST: usize = 50;
/// How many join at once, as less than a relay lets wait at its door.
const AT_ONCE: usize = 8;
/// Time without anything heard after which nothing more is waited for.
const QUIET: Duration = Duration::from_secs(3);
/// Milliseconds that messages take at most on a machine that is fit to be measured on.
const CALM: f64 = 50.0;
/// Longer than a message takes through a relay that gives everybody a turn, on a machine that is busy.
const SOON: Duration = Duration::from_secs(10);
/// A talk that is later than this says when it should have been heard, not when it was said: what kept it is the relay.
const LATE: Duration = Duration::from_millis(20);

/// Honest peers, half over WebSockets and half over TCP.
pub(crate) struct Crowd {
    pub(crate) peers: Vec<Peer>,
    said: u64,
}

/// Messages of one talk, by their numbers.
#[derive(Clone, Debug)]
pub(crate) struct Talk {
    numbers: Range<u64>,
    /// The first of those who spoke, and of those whose ears count.
    first: usize,
}

impl Crowd {
    /// So many peers, each with an address of its own; the first `narrow` of them have little room for what comes.
    pub(crate) async fn join(relay: &Relay, count: usize, narrow: usize) -> Self {
        let mut peers = Vec::new();
        for first in (0..count).step_by(AT_ONCE) {
            let joining = (first..count.min(first + AT_ONCE)).map(|number| {
                let caller = Caller::honest(number);
                let caller = if number < narrow {
                    caller.narrow()
                } else {
                    caller
                };
                Peer::join(caller, relay.plain_door(number))
            });
            let joined = futures::future::try_join_all(joining).await;
            peers.extend(joined.expect("an honest peer is let in"));
        }
        Self { peers, said: 0 }
    }

    /// All but the first `silent` peers broadcast in turn, `rate` messages of `size` bytes a second in all.
    pub(crate) async fn talk(
        &mut self,
        silent: usize,
        rate: u32,
        size: usize,
        span: Duration,
    ) -> Talk {
        let first = self.said;
        let speakers = &self.peers[silent..];
        let mut pace = Pace::new(rate);
        let end = Instant::now() + span;
        let mut turns = speakers.iter().cycle();
        loop {
            let due = pace.next().await;
            if due >= end {
                break;
            }
            let now = Instant::now();
            let at = if now.duration_since(due) > LATE {
                due
            } else {
                now
            };
            turns
                .next()
                .expect("somebody speaks")
                .say(self.said, at, size)
                .await;
            self.said += 1;
        }
        Talk {
            numbers: first..self.said,
            first: silent,
        }
    }

    /// Waits until all that was said is heard, or nothing more comes.
    pub(crate) async fn settle(&self, talk: &Talk) {
        let mut missing = self.missing(talk);
        let mut since = Instant::now();
        while missing > 0 && since.elapsed() < QUIET {
            sleep(Duration::from_millis(100)).await;
            let left = self.missing(talk);
            if left < missing {
                (missing, since) = (left, Instant::now());
            }
        }
    }

    /// Waits until all that was said is heard, which must not take long, whatever goes on beside it.
    pub(crate) async fn settle_soon(&self, talk: &Talk) {
        // What is still missing then is counted as lost.
        let _ = tokio::time::timeout(SOON, self.settle(talk)).await;
    }

    /// How many deliveries of a talk to those who spoke in it are missing.
    pub(crate) fn missing(&self, talk: &Talk) -> u64 {
        let heard: u64 = self.heard(talk, |_| ()).len() as u64;
        self.due(talk) - heard
    }

    /// How many deliveries of a talk there are to those who spoke in it.
    pub(crate) fn due(&self, talk: &Talk) -> u64 {
        let messages = talk.numbers.end - talk.numbers.start;
        messages * (self.peers.len() - talk.first - 1) as u64
    }

    /// How long deliveries took.
    pub(crate) fn latencies(&self, talk: &Talk) -> Latencies {
        Latencies::new(self.heard(talk, |after| after))
    }

    /// Reports what an attack did to them: nothing may be lost, and latencies may grow by so much.
    pub(crate) fn compare(&self, figures: &mut Figures, before: &Talk, during: &Talk, most: f64) {
        let (calm, attacked) = (self.latencies(before), self.latencies(during));
        figures.note("honest before", calm.words());
        figures.note("honest in the attack", attacked.words());
        figures.is("honest deliveries lost before", self.missing(before), 0);
        let due = self.due(during);
        figures.is(
            &format!("honest deliveries lost of {due}"),
            self.missing(during),
            0,
        );
        figures.is("honest deliveries that came twice", self.twice(), 0);
        // Where the machine has no time to spare, nothing can be compared.
        figures.timed("honest p99 before, in ms", calm.p99(), CALM);
        figures.timed(
            "honest p99, in p99 before",
            attacked.p99() / calm.p99(),
            most,
        );
    }

    fn heard<T>(&self, talk: &Talk, what: impl Fn(Duration) -> T) -> Vec<T> {
        let mut all = Vec::new();
        for peer in &self.peers[talk.first..] {
            let ear = peer.ear();
            let numbers = talk.numbers.clone();
            all.extend(numbers.filter_map(|number| ear.after(number)).map(&what));
        }
        all
    }

    /// How many messages came to somebody twice.
    pub(crate) fn twice(&self) -> u64 {
        self.peers.iter().map(|peer| peer.ear().twice).sum()
    }

    /// How many messages of others were heard in all.
    pub(crate) fn others(&self) -> u64 {
        self.peers.iter().map(|peer| peer.ear().others).sum()
    }

    /// How many lost their link.
    pub(crate) fn ended(&self) -> usize {
        self.peers
            .iter()
            .filter(|peer| peer.ear().has_ended)
            .count()
    }
}
