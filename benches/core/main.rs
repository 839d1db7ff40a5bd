//! The codec and the core, in nanoseconds: `cargo bench`, or `cargo bench -- NAME` for some.
//!
//! An iteration is one message, or one delivery of one message to one link, however many a read brings; the throughput beside
//! a message is in deliveries. No socket is in it.

mod codec;
mod seen_set;
mod star;

use std::hint::black_box;
use std::time::{Duration, Instant};

use criterion::{Criterion, Throughput, criterion_group, criterion_main};

use codec::{SIZES, Writer};
// As the sources of the core name them that are compiled in.
use rs2p::{id, time};
use seen_set::Memory;
use star::{Peers, Star};

/// Bytes of payload of what is passed on.
const SIZE: usize = 64;
const LINKS: [u64; 4] = [1, 10, 100, 1_000];
/// Frames in one read.
const FRAMES: [u64; 2] = [1, 256];
/// Ids that are remembered: of a quiet node, and the most by default.
const IDS: [usize; 2] = [1_000, 1 << 18];
/// Messages that are made before the clock runs: the clock is read once for so many.
const AT_ONCE: u64 = 256;

criterion_group! {
    name = core;
    config = Criterion::default()
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(2));
    targets = coding, remembering, broadcasting, delivering, repeating
}
criterion_main!(core);

fn coding(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("codec");
    for (size, name) in SIZES {
        let writer = Writer::new(size);
        let frame = writer.frame();
        group.throughput(Throughput::Bytes(size as u64));
        group.bench_function(format!("encode, {name}"), |bench| {
            bench.iter(|| writer.encode());
        });
        group.bench_function(format!("open, {name}"), |bench| {
            bench.iter(|| codec::open(black_box(&frame)));
        });
    }
}

fn remembering(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("seen");
    for ids in IDS {
        let mut memory = Memory::full(ids);
        for (what, known) in [("known", true), ("not known", false)] {
            assert_eq!(memory.contains(known), known);
            group.bench_function(format!("{what}, {ids} ids"), |bench| {
                bench.iter(|| memory.contains(known));
            });
        }
        group.bench_function(format!("new, {ids} ids"), |bench| {
            bench.iter(|| memory.insert());
        });
    }
}

/// What a message costs that goes to so many links.
fn broadcasting(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("a message");
    for (peers, frames) in streams() {
        for links in LINKS {
            let mut star = Star::new(links, peers);
            group.throughput(Throughput::Elements(links));
            group.bench_function(name(peers, frames, links), |bench| {
                bench.iter_custom(|messages| take(&mut star, frames, messages));
            });
        }
    }
}

/// What a message costs, shared by the links that it goes to.
fn delivering(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("a delivery");
    for (peers, frames) in streams() {
        for links in LINKS.into_iter().filter(|links| *links >= 100) {
            let mut star = Star::new(links, peers);
            group.bench_function(name(peers, frames, links), |bench| {
                bench.iter_custom(|deliveries| {
                    let messages = deliveries.div_ceil(links);
                    let time = take(&mut star, frames, messages);
                    time.mul_f64(deliveries as f64 / (messages * links) as f64)
                });
            });
        }
    }
}

/// What a message costs that the relay has seen.
fn repeating(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("a duplicate");
    for peers in Peers::ALL {
        let mut star = Star::new(2, peers);
        group.bench_function(format!("{} peers", peers.name()), |bench| {
            bench.iter_custom(|messages| {
                let read = star.read(AT_ONCE, SIZE);
                star.take(read.clone());
                let reads = messages.div_ceil(AT_ONCE);
                let begun = Instant::now();
                for _ in 0..reads {
                    star.repeat(read.clone());
                }
                share(begun.elapsed(), messages, reads * AT_ONCE)
            });
        });
    }
}

fn streams() -> impl Iterator<Item = (Peers, u64)> {
    let all = Peers::ALL.into_iter();
    all.flat_map(|peers| FRAMES.map(|frames| (peers, frames)))
}

fn name(peers: Peers, frames: u64, links: u64) -> String {
    format!("{} peers, {frames} a read, links: {links}", peers.name())
}

/// The time in which a relay takes so many messages, as far as can be told from whole reads.
fn take(star: &mut Star, frames: u64, messages: u64) -> Duration {
    let reads = messages.div_ceil(frames);
    let mut time = Duration::ZERO;
    let mut left = reads;
    while left > 0 {
        let some = left.min(AT_ONCE.div_ceil(frames));
        left -= some;
        let reads: Vec<_> = (0..some).map(|_| star.read(frames, SIZE)).collect();
        let begun = Instant::now();
        for read in reads {
            star.take(read);
        }
        time += begun.elapsed();
    }
    share(time, messages, reads * frames)
}

/// The part of a time that some of what was done in it took.
fn share(time: Duration, some: u64, all: u64) -> Duration {
    time.mul_f64(some as f64 / all as f64)
}
