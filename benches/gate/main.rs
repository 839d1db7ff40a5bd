//! What `cargo xtask gate` counts the instructions of: pieces of work that are the same whenever and wherever they run.
//!
//! Without an argument it lists them, each with the messages and the deliveries that it comes to. Given the name of one, it
//! prepares it and then does it within [`counted`], which is where callgrind counts. It checks that the work was done: one
//! that sends less is no gain.

#[path = "../core/codec.rs"]
mod codec;
#[path = "../core/star.rs"]
mod star;

use std::hint::black_box;
use std::process::ExitCode;

use codec::{SIZES, Writer};
use star::{Peers, Star};

/// Bytes of payload of what is passed on.
const SIZE: usize = 64;
/// Frames in one read, of a publisher that speaks now and then and of one in a hurry, with the reads that come before those
/// that are counted, and how many are counted. Tables grow at powers of two of messages: not near the first or the last.
const READS: [(u64, u64, u64); 2] = [(1, 100, 300), (256, 2, 10)];
/// Subscribers.
const LINKS: [u64; 3] = [1, 100, 1_000];

/// One piece of work.
struct Cell {
    name: String,
    messages: u64,
    deliveries: u64,
    prepare: Box<dyn Fn() -> Work>,
}

type Work = Box<dyn FnOnce()>;

fn main() -> ExitCode {
    let Some(name) = std::env::args().nth(1) else {
        list();
        return ExitCode::SUCCESS;
    };
    let Some(cell) = cells().into_iter().find(|cell| cell.name == name) else {
        eprintln!("there is no `{name}`");
        return ExitCode::FAILURE;
    };
    counted((cell.prepare)());
    ExitCode::SUCCESS
}

fn list() {
    for cell in cells() {
        println!("{}\t{}\t{}", cell.name, cell.messages, cell.deliveries);
    }
}

/// Callgrind counts from when this is entered until it is left, and knows it by its name.
#[inline(never)]
fn counted(work: Work) {
    work();
    // So that the call above is no jump out of here.
    black_box(());
}

fn cells() -> Vec<Cell> {
    let mut cells = Vec::new();
    for (size, name) in SIZES {
        cells.push(encoding(size, name));
        cells.push(opening(size, name));
    }
    for peers in Peers::ALL {
        for reads in READS {
            cells.extend(LINKS.map(|links| broadcasting(peers, reads, links)));
        }
        cells.push(repeating(peers));
    }
    cells
}

fn encoding(size: usize, name: &str) -> Cell {
    let messages = rounds(size);
    Cell {
        name: format!("encode, {name}"),
        messages,
        deliveries: 0,
        prepare: Box::new(move || {
            let writer = Writer::new(size);
            Box::new(move || {
                for _ in 0..messages {
                    black_box(writer.encode());
                }
            })
        }),
    }
}

fn opening(size: usize, name: &str) -> Cell {
    let messages = rounds(size);
    Cell {
        name: format!("open, {name}"),
        messages,
        deliveries: 0,
        prepare: Box::new(move || {
            let frame = Writer::new(size).frame();
            Box::new(move || {
                for _ in 0..messages {
                    black_box(codec::open(black_box(&frame)));
                }
            })
        }),
    }
}

/// Large ones take long, and are as like as small ones.
fn rounds(size: usize) -> u64 {
    if size > 1 << 10 { 2 } else { 20 }
}

fn broadcasting(peers: Peers, (frames, before, reads): (u64, u64, u64), links: u64) -> Cell {
    let messages = frames * reads;
    Cell {
        name: format!(
            "broadcast, {} peers, {frames} a read, links: {links}",
            peers.name()
        ),
        messages,
        deliveries: messages * links,
        prepare: Box::new(move || {
            let mut star = Star::new(links, peers);
            for _ in 0..before {
                let read = star.read(frames, SIZE);
                star.take(read);
            }
            let reads: Vec<_> = (0..reads).map(|_| star.read(frames, SIZE)).collect();
            Box::new(move || {
                for read in reads {
                    let due = read.len() as u64 * links;
                    assert_eq!(star.take(read), due, "every link gets every byte");
                }
            })
        }),
    }
}

/// What was taken comes again by another link, as it does where relays are meshed.
fn repeating(peers: Peers) -> Cell {
    const FRAMES: u64 = 256;
    const READS: u64 = 4;
    Cell {
        name: format!("duplicate, {} peers", peers.name()),
        messages: FRAMES * READS,
        deliveries: 0,
        prepare: Box::new(move || {
            let mut star = Star::new(2, peers);
            let mut reads = Vec::new();
            for _ in 0..=READS {
                reads.push(star.read(FRAMES, SIZE));
                star.take(reads[reads.len() - 1].clone());
            }
            // The first makes the relay say that it needs no more of them from there.
            star.repeat(reads.remove(0));
            Box::new(move || {
                for read in reads {
                    star.repeat(read);
                }
            })
        }),
    }
}
