//! Frames of the WebSocket's own, which carry nothing for the mesh: pings, empty messages, a message in pieces of nothing. No
//! limit on messages counts them; the honest are not to notice them either.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use rs2p::Scheme;
use rs2p::wire::Capabilities;

use crate::beside::Undisturbed;
use crate::figures::Figures;
use crate::hostile::Strangers;
use crate::pace::{Size, attack};
use crate::peer::{join, name};
use crate::relay::{Door, Relay};
use crate::wire::{Caller, Writer, header};

/// Frames in one write.
const BATCH: usize = 10_000;
/// Opcodes (RFC 6455, 5.2): a part of a message, a message, a ping, a pong.
const OPCODES: [u8; 4] = [0x0, 0x2, 0x9, 0xa];
/// Between so many pings stands a byte of something, for one who brings next to nothing in each read.
const SCRAP: usize = 1_000;
/// Of a frame that is short enough, its length. Zeros follow.
const BEGINNING: [u8; 4] = (1_u32 << 19).to_be_bytes();
/// MiB by which the relay may grow.
const MEMORY: f64 = 16.0;
/// Cores that the relay may use: it reads slowly of those, not as fast as it can.
const CORES: f64 = 0.3;

/// What is said once, and what is said again and again.
struct Words {
    first: Vec<u8>,
    then: Vec<u8>,
}

/// Frames of nothing, one after the other.
fn nothing(opcode: u8) -> Words {
    let mut words = Words {
        first: Vec::new(),
        then: Vec::new(),
    };
    if opcode == 0x0 {
        // A message that is begun and not ended: its first part lacks the bit that says that it is the last.
        words.first.extend_from_slice(&[0x02, 0x80, 0, 0, 0, 0]);
    }
    for _ in 0..BATCH {
        let start = words.then.len();
        header(opcode, 0, &mut words.then);
        if opcode == 0x0 {
            words.then[start] = 0x00;
        }
    }
    words
}

/// Pings, and now and then a byte of a frame.
fn scraps() -> Words {
    let mut first = Vec::new();
    header(0x2, BEGINNING.len() as u64, &mut first);
    first.extend_from_slice(&BEGINNING);
    let mut then = Vec::new();
    for number in 0..BATCH {
        header(0x9, 0, &mut then);
        if number % SCRAP == 0 {
            header(0x2, 1, &mut then);
            then.push(0);
        }
    }
    Words { first, then }
}

/// Greets, and says such words as fast as they are taken; counts their frames.
async fn send_nothing(
    caller: Caller,
    door: Door,
    words: Arc<Words>,
    taken: Arc<AtomicU64>,
) -> io::Result<()> {
    let (reader, mut writer) = join(caller, door, &name(), Capabilities::HEARTBEAT).await?;
    // It reads, so that nobody can call it slow.
    let reading = tokio::spawn(reader.drain());
    let ended = say(&mut writer, &words, &taken).await;
    reading.abort();
    ended
}

async fn say(writer: &mut Writer, words: &Words, taken: &AtomicU64) -> io::Result<()> {
    writer.send_raw(&words.first).await?;
    loop {
        writer.send_raw(&words.then).await?;
        taken.fetch_add(BATCH as u64, Ordering::Relaxed);
    }
}

async fn run(size: Size) {
    let mut figures = Figures::of("control frames", size);
    let relay = Relay::start();
    let honest = Undisturbed::talk(&relay, size.seconds(4, 30)).await;

    let (mut strangers, taken) = (Strangers::none(), Arc::new(AtomicU64::new(0)));
    let each = OPCODES.into_iter().map(nothing).chain([scraps()]);
    for (number, words) in each.map(Arc::new).enumerate() {
        let (door, count) = (relay.door(Scheme::Ws), taken.clone());
        strangers.add(move || {
            send_nothing(Caller::stranger(number), door, words.clone(), count.clone())
        });
    }
    let honest = honest.disturbed(size.seconds(4, 30)).await;
    let taken = taken.load(Ordering::Relaxed) as f64 / honest.span;
    drop(strangers);

    figures.note(
        "frames of nothing that were taken, a second",
        format!("{taken:.0}"),
    );
    honest.report(&mut figures, CORES, MEMORY).await;
    figures.finish();
}

#[test]
fn the_honest_lose_nothing_beside_frames_of_nothing() {
    attack(run(Size::Short));
}

#[test]
#[ignore = "long: run by cargo xtask test --long"]
fn half_a_minute_of_frames_of_nothing() {
    attack(run(Size::Long));
}
