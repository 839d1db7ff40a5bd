//! Everything at once, beside honest peers that talk: they lose nothing, and hardly notice.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::{Duration, Instant};

use rs2p::wire::Capabilities;

use crate::bombs;
use crate::crowd::{Crowd, HONEST};
use crate::figures::{Figures, mebibytes};
use crate::hostile::{Names, Strangers, flood, say_and_wait};
use crate::pace::{Size, attack};
use crate::poison::Trap;
use crate::relay::Relay;
use crate::silent_and_dripping;
use crate::wire::Caller;

/// Honest messages a second in all, and their length in bytes.
const TALK: (u32, usize) = (20, 100);
/// How many there are of those that act: that flood, that bomb, that lie.
const EACH: usize = 5;
/// MiB by which the relay may grow: as by the flood, and what strangers hold.
const MEMORY: f64 = 96.0;
/// Where the addresses of those that act begin.
const ACTING: usize = 10_000;
/// How long one who bombs stays if it is let.
const STAY: Duration = Duration::from_secs(5);

fn add_acting(strangers: &mut Strangers, relay: &Relay, trap: &Trap, size: Size) {
    let frames: Vec<_> = bombs::all(16 << 20)
        .into_iter()
        .map(|bomb| bomb.frame)
        .collect();
    let (frames, lies) = (Arc::new(frames), trap.lies());
    let capabilities = Capabilities::HEARTBEAT.union(Capabilities::ZLIB);
    for number in 0..EACH {
        let door = relay.plain_door(number);
        let caller = |kind: usize| Caller::stranger(ACTING + kind * EACH + number);
        let (names, rate) = (
            [Names::Own, Names::Forged][number % 2],
            size.of(1_000, 10_000),
        );
        let taken = Arc::new(AtomicU64::new(0));
        let flooding = caller(0);
        strangers.add(move || flood(flooding, door, rate, names, taken.clone()));
        let (bombing, frames, mut turn) = (caller(1), frames.clone(), number);
        strangers.add(move || {
            turn += 1;
            let frame = frames[turn % frames.len()].clone();
            async move {
                say_and_wait(bombing, door, capabilities, &[frame], STAY)
                    .await
                    .map(drop)
            }
        });
        let lying = caller(2);
        strangers.add(move || lies.tell(lying, door));
    }
}

async fn run(size: Size) {
    let mut figures = Figures::of("mix", size);
    let relay = Relay::with(
        &["ws://127.0.0.1:0", "tcp://127.0.0.1:0", "tls://127.0.0.1:0"],
        &["--tls-self-signed"],
    );
    let trap = Trap::set().await;
    let mut crowd = Crowd::join(&relay, HONEST, 0).await;
    let (rate, length) = TALK;
    // Minutes, as the attack: what the machine does now and then by itself is in the slowest hundredth of either.
    let before = crowd.talk(0, rate, length, size.seconds(3, 120)).await;
    crowd.settle(&before).await;

    let (memory, processor, start) = (relay.memory(), relay.processor(), Instant::now());
    relay.forget_peak();
    let mut strangers = Strangers::none();
    silent_and_dripping::add(&mut strangers, &relay, 500, 50, Caller::stranger);
    add_acting(&mut strangers, &relay, &trap, size);
    let during = crowd.talk(0, rate, length, size.seconds(15, 600)).await;
    let cores = (relay.processor() - processor).as_secs_f64() / start.elapsed().as_secs_f64();
    drop(strangers);
    crowd.settle(&during).await;

    figures.note("cores of the relay's", format!("{cores:.2}"));
    figures.note("heard by the honest, of the flood", crowd.others());
    crowd.compare(&mut figures, &before, &during, 2.0);
    figures.is("honest links lost", crowd.ended(), 0);
    figures.is("knocks at ports of this machine", trap.knocks(), 0);
    let grown = mebibytes(relay.peak().saturating_sub(memory));
    figures.at_most("memory up, in MiB", grown, MEMORY);
    figures.finish();
}

#[test]
fn the_honest_lose_nothing_beside_all_at_once() {
    attack(run(Size::Short));
}

#[test]
#[ignore = "long: run by cargo xtask test --long"]
fn ten_minutes_beside_all_at_once() {
    attack(run(Size::Long));
}
