//! What a relay allocates for what it passes on: nothing for a link, little for a message, nothing for a copy.
//!
//! One test alone in its program: what is counted is what all threads allocate, the test runner's too.
#![cfg(not(target_arch = "wasm32"))]

#[path = "../benches/core/star.rs"]
mod star;

use bytes::Bytes;
use star::{Peers, Star};

#[global_allocator]
static COUNTER: dhat::Alloc = dhat::Alloc;

/// Bytes of payload.
const SIZE: usize = 64;
/// Reads over which is counted, so that what tables grow by is in it.
const READS: u64 = 16;

const LINKS: [u64; 4] = [1, 10, 100, 1_000];
/// Frames in a read, and how often memory is allocated for it at most.
const MOST: [(u64, u64); 2] = [(1, 8), (64, 12)];

#[test]
fn nothing_is_allocated_for_a_link_or_a_copy_and_little_for_a_message() {
    for peers in Peers::ALL {
        for (frames, most) in MOST {
            let what = format!("{} peers, {READS} reads of {frames}", peers.name());
            let counts = LINKS.map(|links| for_reads(peers, frames, links));
            let one = counts[0];
            assert_eq!(counts, [one; 4], "{what}, links: {LINKS:?}");
            let most = READS * (most + nonces(peers, frames));
            assert!(one <= most, "{what}: {one}, and at most {most}");
            assert_eq!(for_copies(peers, frames), 0, "{what}: copies");
        }
    }
}

/// The nonce of a capable peer's message lies apart from it.
fn nonces(peers: Peers, frames: u64) -> u64 {
    match peers {
        Peers::Legacy => 0,
        Peers::Capable => frames,
    }
}

/// How often memory is allocated for some reads of so many frames, once queues have the room that they need.
fn for_reads(peers: Peers, frames: u64, links: u64) -> u64 {
    let mut star = Star::new(links, peers);
    for read in reads(&mut star, frames, 4) {
        star.take(read);
    }
    let reads = reads(&mut star, frames, READS);
    allocations(|| {
        for read in reads {
            let due = read.len() as u64 * links;
            assert_eq!(star.take(read), due, "every link gets every byte");
        }
    })
}

/// How often for reads that bring what was brought before, by another link.
fn for_copies(peers: Peers, frames: u64) -> u64 {
    let mut star = Star::new(10, peers);
    let mut reads = reads(&mut star, frames, READS);
    for read in &reads {
        star.take(read.clone());
    }
    // The first makes the relay say that it needs no more of them from there.
    star.repeat(reads.remove(0));
    allocations(|| {
        for read in reads {
            star.repeat(read);
        }
    })
}

fn reads(star: &mut Star, frames: u64, count: u64) -> Vec<Bytes> {
    (0..count).map(|_| star.read(frames, SIZE)).collect()
}

fn allocations(work: impl FnOnce()) -> u64 {
    let _counting = dhat::Profiler::builder().testing().build();
    work();
    dhat::HeapStats::get().total_blocks
}
