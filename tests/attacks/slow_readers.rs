//! Peers stop reading while the mesh talks: the others lose nothing and do not wait, and those who stopped are cut.

use std::time::Duration;

use crate::crowd::{Crowd, HONEST};
use crate::figures::{Figures, mebibytes};
use crate::pace::{Size, attack};
use crate::relay::Relay;

/// How many stop reading.
const STALLED: usize = 10;
/// Length of a message in bytes.
const LENGTH: usize = 200;
/// MiB by which the relay may grow: a queue of 1 MiB and a quarter for each, and what falls through the cracks.
const MEMORY: f64 = 15.0;
/// Seconds after which those who do not read are cut: 10 without progress, and the time for the end of a link.
const CUT: f64 = 12.0;

fn run(size: Size) {
    attack(async {
        let mut figures = Figures::of("slow readers", size);
        let rate = size.of(200, 1_000);
        let relay = Relay::start();
        let mut crowd = Crowd::join(&relay, HONEST, STALLED).await;
        // A minute in the long form, as the attack, in which the machine also does what it does now and then by itself.
        let before = crowd.talk(STALLED, rate, LENGTH, size.seconds(3, 60)).await;
        crowd.settle(&before).await;

        let (descriptors, memory) = (relay.descriptors(), relay.memory());
        relay.forget_peak();
        crowd.peers[..STALLED]
            .iter()
            .for_each(crate::peer::Peer::stop_reading);
        let (during, cut) = tokio::join!(
            crowd.talk(STALLED, rate, LENGTH, size.seconds(15, 60)),
            relay.has_descriptors(descriptors - STALLED, Duration::from_secs(60))
        );
        crowd.settle(&during).await;

        crowd.compare(&mut figures, &before, &during, 1.2);
        let left = relay.descriptors().saturating_sub(descriptors - STALLED);
        figures.is("of those who do not read, still linked", left, 0);
        let cut = cut.map_or(f64::INFINITY, |cut| cut.as_secs_f64());
        figures.timed("the last of them is cut after seconds", cut, CUT);
        let grown = mebibytes(relay.peak().saturating_sub(memory));
        figures.at_most("memory up, in MiB", grown, MEMORY);
        figures.finish();
    });
}

#[test]
fn nobody_waits_for_who_does_not_read() {
    run(Size::Short);
}

#[test]
#[ignore = "long: run by cargo xtask test --long"]
fn ten_of_fifty_stop_reading_at_1_000_messages_a_second() {
    run(Size::Long);
}
