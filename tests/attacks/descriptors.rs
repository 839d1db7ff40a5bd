//! A relay that may have 64 descriptors, and three times as many who want in: it goes on serving, and says so once.

use std::time::Duration;

use rs2p::wire::Capabilities;

use crate::crowd::Crowd;
use crate::figures::Figures;
use crate::pace::{Size, attack, until};
use crate::peer::{Peer, join, name};
use crate::relay::Relay;
use crate::wire::Caller;

/// What the relay may have.
const LIMIT: u32 = 64;
/// Who wants in: peers that stay.
const CROWD: usize = 3 * LIMIT as usize;
/// What a line of the log may say of it.
const WORDS: [&str; 3] = ["could not be accepted", "descriptor", "too many open files"];

async fn run(size: Size) {
    let mut figures = Figures::of("descriptors", size);
    let relay = Relay::with_descriptors(LIMIT, &["ws://127.0.0.1:0", "tcp://127.0.0.1:0"]);
    let mut crowd = Crowd::join(&relay, 4, 0).await;
    let mut strangers = tokio::task::JoinSet::new();
    for number in 0..CROWD {
        let door = relay.plain_door(number);
        strangers.spawn(async move {
            let node = name();
            let link = join(
                Caller::stranger(number),
                door,
                &node,
                Capabilities::HEARTBEAT,
            )
            .await;
            core::future::pending::<()>().await;
            drop(link);
        });
    }
    let is_full = until(Duration::from_secs(10), || relay.said(&WORDS) > 0).await;
    let talk = crowd.talk(0, 20, 100, size.seconds(4, 20)).await;
    crowd.settle(&talk).await;
    figures.is("says that it has no more", is_full, true);
    figures.is("honest deliveries lost", crowd.missing(&talk), 0);
    figures.is("honest links lost", crowd.ended(), 0);

    drop(strangers);
    let joining = async {
        while Peer::join(Caller::honest(100), relay.plain_door(0))
            .await
            .is_err()
        {}
    };
    let came_in = tokio::time::timeout(Duration::from_secs(30), joining)
        .await
        .is_ok();
    figures.is("who comes when they have gone is let in", came_in, true);
    figures.is("lines about it", relay.said(&WORDS), 1);
    figures.finish();
}

#[test]
fn without_descriptors_it_goes_on_and_says_so_once() {
    attack(run(Size::Short));
}

#[test]
#[ignore = "long: run by cargo xtask test --long"]
fn without_descriptors_for_long_it_goes_on_and_says_so_once() {
    attack(run(Size::Long));
}
