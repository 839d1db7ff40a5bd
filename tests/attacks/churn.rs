//! Peers come and go all the time: nothing of them stays.

use std::io;
use std::time::{Duration, Instant};

use rs2p::wire::Capabilities;
use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::crowd::Crowd;
use crate::figures::{Figures, mebibytes};
use crate::pace::{Pace, Size, attack};
use crate::peer::{join, name};
use crate::relay::{Door, Relay};
use crate::wire::Caller;

/// Connects a second, and as many goings.
const RATE: u32 = 50;
/// How long each stays.
const STAY: Duration = Duration::from_secs(1);
/// MiB by which the relay may grow in an hour, once it is warm.
const SLOPE: f64 = 1.0;
/// MiB by which it may grow while it warms up.
const MEMORY: f64 = 32.0;

async fn come_and_go(number: usize, door: Door) -> io::Result<()> {
    let link = join(
        Caller::stranger(number),
        door,
        &name(),
        Capabilities::HEARTBEAT,
    )
    .await?;
    sleep(STAY).await;
    drop(link);
    Ok(())
}

/// The memory at each second, in seconds and MiB.
type Samples = Vec<(f64, f64)>;

/// Peers come and go; how many could not come, and what the relay held.
async fn churn(relay: &Relay, span: Duration) -> (usize, Samples) {
    let (mut visits, mut failed, mut samples) = (JoinSet::new(), 0, Samples::new());
    let (mut pace, start) = (Pace::new(RATE), Instant::now());
    let mut number = 0;
    while pace.next().await < start + span {
        visits.spawn(come_and_go(number % 60_000, relay.plain_door(number)));
        number += 1;
        if number.is_multiple_of(RATE as usize) {
            samples.push((start.elapsed().as_secs_f64(), mebibytes(relay.memory())));
        }
        while let Some(visit) = visits.try_join_next() {
            failed += usize::from(!matches!(visit, Ok(Ok(()))));
        }
    }
    let rest = visits.join_all().await;
    failed += rest.iter().filter(|visit| visit.is_err()).count();
    (failed, samples)
}

/// How much the memory grows in a second, by least squares.
fn slope(samples: &[(f64, f64)]) -> f64 {
    let count = samples.len() as f64;
    let mean = |of: fn(&(f64, f64)) -> f64| samples.iter().map(of).sum::<f64>() / count;
    let (at, held) = (mean(|sample| sample.0), mean(|sample| sample.1));
    let both: f64 = samples.iter().map(|(x, y)| (x - at) * (y - held)).sum();
    let square: f64 = samples.iter().map(|(x, _)| (x - at).powi(2)).sum();
    both / square
}

async fn run(size: Size) {
    let mut figures = Figures::of("churn", size);
    let relay = Relay::start();
    let crowd = Crowd::join(&relay, 2, 0).await;
    let (descriptors, memory) = (relay.descriptors(), relay.memory());
    let (failed, samples) = churn(&relay, size.seconds(10, 1_800)).await;
    relay
        .has_descriptors(descriptors, Duration::from_secs(10))
        .await;

    figures.is("visits that fail", failed, 0);
    figures.is("descriptors at the end", relay.descriptors(), descriptors);
    figures.is("honest links lost", crowd.ended(), 0);
    let grown = mebibytes(relay.memory().saturating_sub(memory));
    figures.at_most("memory up, in MiB", grown, MEMORY);
    if size == Size::Long {
        // The ids of two minutes are part of the warmth.
        let warm = samples.iter().filter(|(at, _)| *at >= 300.0).copied();
        let warm: Vec<_> = warm.collect();
        figures.at_most(
            "memory slope, in MiB an hour",
            slope(&warm) * 3_600.0,
            SLOPE,
        );
    }
    figures.finish();
}

#[test]
fn nothing_stays_of_who_came_and_went() {
    attack(run(Size::Short));
}

#[test]
#[ignore = "long: run by cargo xtask test --long"]
fn half_an_hour_of_fifty_connects_and_goings_a_second() {
    attack(run(Size::Long));
}

#[test]
fn a_slope_is_that_of_the_line_through_the_samples() {
    let line: Vec<_> = (0..10)
        .map(|x| (f64::from(x), 3.0 * f64::from(x) + 1.0))
        .collect();
    assert!((slope(&line) - 3.0).abs() < 1e-9);
}
