//! Frames of the WebSocket's own, which carry nothing for the mesh: pings, empty messages, a message in pieces of nothing. No
//! limit on messages counts them; the honest are not to notice them either.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use rs2p::Scheme;
use rs2p::wire::Capabilities;

use crate::crowd::{Crowd, HONEST};
use crate::figures::{Figures, mebibytes};
use crate::hostile::Strangers;
use crate::pace::{Size, attack};
use crate::peer::{join, name};
use crate::relay::{Door, Relay};
use crate::wire::{Caller, header};

/// Frames in one write.
const BATCH: usize = 10_000;
/// Opcodes (RFC 6455, 5.2): a part of a message, a message, a ping, a pong.
const OPCODES: [u8; 4] = [0x0, 0x2, 0x9, 0xa];
/// MiB by which the relay may grow.
const MEMORY: f64 = 16.0;

/// Frames of nothing, one after the other.
fn nothing(opcode: u8) -> Vec<u8> {
    let mut frames = Vec::new();
    if opcode == 0x0 {
        // A message that is begun and not ended: its first part lacks the bit that says that it is the last.
        frames.extend_from_slice(&[0x02, 0x80, 0, 0, 0, 0]);
    }
    for _ in 0..BATCH {
        let start = frames.len();
        header(opcode, 0, &mut frames);
        if opcode == 0x0 {
            frames[start] = 0x00;
        }
    }
    frames
}

/// Greets, and sends such frames as fast as they are taken; counts those.
async fn send_nothing(
    caller: Caller,
    door: Door,
    opcode: u8,
    taken: Arc<AtomicU64>,
) -> io::Result<()> {
    let (reader, mut writer) = join(caller, door, &name(), Capabilities::HEARTBEAT).await?;
    let reading = tokio::spawn(reader.drain());
    let mut frames = nothing(opcode);
    let ended = loop {
        if let Err(ended) = writer.send_raw(&frames).await {
            break Err(ended);
        }
        taken.fetch_add(BATCH as u64, Ordering::Relaxed);
        // The message goes on, and is not begun again.
        frames.drain(..frames.len() - BATCH * 6);
    };
    reading.abort();
    ended
}

async fn run(size: Size) {
    let mut figures = Figures::of("control frames", size);
    let relay = Relay::start();
    let mut crowd = Crowd::join(&relay, HONEST, 0).await;
    // As long as the attack, in which the machine also does what it does now and then by itself.
    let before = crowd.talk(0, 20, 100, size.seconds(4, 30)).await;
    crowd.settle(&before).await;

    let (memory, processor, start) = (relay.memory(), relay.processor(), Instant::now());
    relay.forget_peak();
    let (mut strangers, taken) = (Strangers::none(), Arc::new(AtomicU64::new(0)));
    for (number, opcode) in OPCODES.into_iter().enumerate() {
        let (door, count) = (relay.door(Scheme::Ws), taken.clone());
        strangers.add(move || send_nothing(Caller::stranger(number), door, opcode, count.clone()));
    }
    let during = crowd.talk(0, 20, 100, size.seconds(4, 30)).await;
    let span = start.elapsed().as_secs_f64();
    let processor = relay.processor() - processor;
    let taken = taken.load(Ordering::Relaxed) as f64 / span;
    // Missing is what has not come through while it goes on.
    crowd.settle_soon(&during).await;
    let missing = crowd.missing(&during);
    drop(strangers);
    crowd.settle(&during).await;

    figures.is("honest deliveries kept up by it", missing, 0);
    figures.note(
        "frames of nothing that were taken, a second",
        format!("{taken:.0}"),
    );
    crowd.compare(&mut figures, &before, &during, 2.0);
    figures.is("honest links lost", crowd.ended(), 0);
    figures.timed("cores of the relay's", processor.as_secs_f64() / span, 1.0);
    let grown = mebibytes(relay.peak().saturating_sub(memory));
    figures.at_most("memory up, in MiB", grown, MEMORY);
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
