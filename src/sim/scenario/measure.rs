//! What the messages of a run showed: from who got which copy when, to the figures of a summary.

use core::time::Duration;

use super::super::{Figures as Tracks, Followed, Place, Totals};
use super::crowd::Crowd;
use super::picture::Wave;
use super::summary::{Figures, MessageFigures, Percentiles};

/// Into how many equal parts the way of a message is cut.
const STEPS: usize = 20;

/// A message that was sent.
#[derive(Clone, Copy, Debug)]
pub(super) struct Said {
    pub(super) followed: Followed,
    pub(super) at: Duration,
    pub(super) origin: usize,
    /// Whether it counts in the figures.
    pub(super) counts: bool,
}

/// The deliveries of one message to those that should have it.
struct Deliveries {
    due: usize,
    copies: u64,
    /// After how many microseconds each came, in order.
    times: Vec<u32>,
    /// How many came over so many links.
    hops: Vec<u64>,
}

impl Deliveries {
    fn of(said: &Said, tracks: &Tracks, crowd: &Crowd, count: usize) -> Self {
        let mut all = Self {
            due: 0,
            copies: 0,
            times: Vec::new(),
            hops: Vec::new(),
        };
        let is_due = |&node: &usize| node != said.origin && crowd.stayed(node, said.at);
        for node in (0..count).filter(is_due) {
            let arrival = tracks.arrival(said.followed, place(node));
            all.due += 1;
            all.copies += u64::from(arrival.copies);
            if let Some(after) = arrival.after.filter(|_| arrival.delivered > 0) {
                all.times
                    .push(u32::try_from(after.as_micros()).unwrap_or(u32::MAX));
                let hops = usize::from(arrival.hops);
                all.hops.resize(all.hops.len().max(hops + 1), 0);
                all.hops[hops] += 1;
            }
        }
        all.times.sort_unstable();
        all
    }

    fn figures(&self, said: &Said) -> MessageFigures {
        MessageFigures {
            at_ms: millis(said.at),
            origin: said.origin,
            due: self.due,
            reached: self.times.len(),
            copies: share(self.copies as f64, self.due as f64),
            hops: u8::try_from(self.hops.len().saturating_sub(1)).unwrap_or(u8::MAX),
            spread_ms: (0..=STEPS)
                .map(|step| quantile(&self.times, step as f64 / STEPS as f64))
                .collect(),
        }
    }
}

/// The figures of each message, and of all that count together.
pub(super) fn messages(
    said: &[Said],
    tracks: &Tracks,
    crowd: &Crowd,
    count: usize,
) -> (Vec<MessageFigures>, Figures) {
    let mut each = Vec::with_capacity(said.len());
    let mut sum = Figures::default();
    let (mut times, mut copies, mut last_hops) = (Vec::new(), 0, 0);
    for said in said {
        let deliveries = Deliveries::of(said, tracks, crowd, count);
        let figures = deliveries.figures(said);
        if said.counts {
            sum.messages += 1;
            sum.due += deliveries.due as u64;
            sum.reached += deliveries.times.len() as u64;
            copies += deliveries.copies;
            last_hops += u64::from(figures.hops);
            add(&mut sum.hop_counts, &deliveries.hops);
            times.extend(deliveries.times);
        }
        each.push(figures);
    }
    times.sort_unstable();
    sum.copies = share(copies as f64, sum.due as f64);
    sum.last_hops = share(last_hops as f64, sum.messages as f64);
    sum.latency_ms = percentiles(&times);
    (each, sum)
}

fn add(sum: &mut Vec<u64>, counts: &[u64]) {
    sum.resize(sum.len().max(counts.len()), 0);
    for (sum, count) in sum.iter_mut().zip(counts) {
        *sum += count;
    }
}

fn percentiles(times: &[u32]) -> Percentiles {
    Percentiles {
        p50: quantile(times, 0.5),
        p90: quantile(times, 0.9),
        p99: quantile(times, 0.99),
        max: quantile(times, 1.0),
    }
}

/// The least time, in milliseconds, within which such a share of sorted times in microseconds lies.
fn quantile(times: &[u32], share: f64) -> f64 {
    let rank = (share * times.len() as f64).ceil() as usize;
    let micros = times.get(rank.clamp(1, times.len().max(1)) - 1);
    micros.map_or(0.0, |&micros| f64::from(micros / 10) / 100.0)
}

/// What went over the links between two moments, for each node and second: payload and the rest, in bytes.
pub(super) fn rates(from: Totals, to: Totals, node_seconds: f64) -> (f64, f64) {
    let rate = |from: u64, to: u64| share((to - from) as f64, node_seconds);
    (
        rate(from.payload_bytes, to.payload_bytes),
        rate(from.control_bytes, to.control_bytes),
    )
}

fn share(part: f64, whole: f64) -> f64 {
    match whole > 0.0 {
        true => (part / whole * 1e4).round() / 1e4,
        false => 0.0,
    }
}

/// When such a share of 100 of the nodes that are up had a message, from its sending; `None` if they have not.
pub(super) fn reached(
    said: &Said,
    tracks: &Tracks,
    crowd: &Crowd,
    count: usize,
    share: u8,
) -> Option<Duration> {
    let deliveries = Deliveries::of(said, tracks, crowd, count);
    let wanted = (deliveries.due * usize::from(share)).div_ceil(100);
    let last = match wanted {
        0 => 0,
        wanted => *deliveries.times.get(wanted - 1)?,
    };
    Some(Duration::from_micros(u64::from(last)))
}

/// How many of the nodes that should have a message have it.
pub(super) fn missing(said: &Said, tracks: &Tracks, crowd: &Crowd, count: usize) -> usize {
    let deliveries = Deliveries::of(said, tracks, crowd, count);
    deliveries.due - deliveries.times.len()
}

/// The way of one message.
pub(super) fn wave(title: &'static str, said: &Said, tracks: &Tracks, count: usize) -> Wave {
    let arrivals = (0..count).map(|node| tracks.arrival(said.followed, place(node)));
    let millis_of = |after: Duration| (after.as_micros() / 10) as f64 / 100.0;
    let (arrivals, parents) = arrivals
        .map(|arrival| {
            (
                arrival.after.map(millis_of),
                arrival.from.map(|from| from.number() as u32),
            )
        })
        .unzip();
    Wave {
        title,
        at_ms: millis(said.at),
        origin: said.origin as u32,
        arrivals,
        parents,
    }
}

pub(super) fn place(node: usize) -> Place {
    Place::new(node as u32)
}

pub(super) fn millis(span: Duration) -> u64 {
    span.as_millis() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quantile_is_the_time_within_which_so_many_are_done() {
        let times: Vec<u32> = (1..=100).map(|number| number * 1_000).collect();
        assert_eq!(quantile(&times, 0.5), 50.0);
        assert_eq!(quantile(&times, 0.99), 99.0);
        assert_eq!(quantile(&times, 1.0), 100.0);
        assert_eq!(quantile(&times, 0.0), 1.0);
        assert_eq!(quantile(&[], 0.5), 0.0);
    }
}
