//! Sockets that announce 4 GiB, or as much as is allowed and then do not send it: nothing is kept ready for them, and they
//! are closed.

use std::io;
use std::time::{Duration, Instant};

use futures::{StreamExt, stream};
use rs2p::Scheme;
use rs2p::wire::Capabilities;
use tokio::time::timeout;

use crate::figures::{Figures, Latencies, mebibytes};
use crate::pace::{Size, attack};
use crate::peer::{join, name};
use crate::relay::Relay;
use crate::wire::{Caller, header};

/// What follows the announcement, in bytes.
const SENT: [u8; 1 << 10] = [7; 1 << 10];
/// How many are on their way into the relay at once.
const AT_ONCE: usize = 32;
/// Seconds for which a relay waits for the answer to a Close.
const LINGER: f64 = 2.0;
/// MiB by which the relay may grow.
const MEMORY: f64 = 32.0;
/// Longer than any of them may stay.
const PATIENCE: Duration = Duration::from_secs(45);

/// What is announced, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Giant {
    /// A frame of 4 GiB, before the greeting.
    Frame(Scheme),
    /// A message of the WebSocket's of 4 GiB.
    Message,
    /// As much as is allowed before the greeting.
    Allowed(Scheme),
    /// As much as is allowed after it.
    AllowedPeer(Scheme),
}

impl Giant {
    const QUICK: [Self; 5] = [
        Self::Frame(Scheme::Tcp),
        Self::Frame(Scheme::Ws),
        Self::Message,
        Self::Allowed(Scheme::Tcp),
        Self::Allowed(Scheme::Ws),
    ];

    /// Those that have to be waited for, for half a minute.
    const SLOW: [Self; 2] = [
        Self::AllowedPeer(Scheme::Tcp),
        Self::AllowedPeer(Scheme::Ws),
    ];

    fn scheme(self) -> Scheme {
        match self {
            Self::Frame(scheme) | Self::Allowed(scheme) | Self::AllowedPeer(scheme) => scheme,
            Self::Message => Scheme::Ws,
        }
    }

    /// Whether it may stay for a while.
    fn is_patient(self) -> bool {
        matches!(self, Self::Allowed(_) | Self::AllowedPeer(_))
    }

    /// The length that is announced.
    fn length(self) -> u32 {
        match self {
            Self::Frame(_) | Self::Message => u32::MAX,
            Self::Allowed(_) => 4 << 10,
            Self::AllowedPeer(_) => 1 << 20,
        }
    }

    /// Seconds after which it must be gone: at once, with the greeting's time, or with a frame's; the time for the answer to a
    /// Close, if one is said that these do not answer; and a second for the machine.
    fn deadline(self) -> f64 {
        let patience = match self {
            Self::Frame(_) | Self::Message => 0.0,
            Self::Allowed(_) => 5.0,
            Self::AllowedPeer(_) => 30.0,
        };
        let linger = match self.scheme() {
            Scheme::Ws => LINGER,
            _ => 0.0,
        };
        patience + linger + 1.0
    }

    /// Announces it, and waits for the end; how long after the last byte that came.
    async fn visit(self, relay: &Relay, number: usize) -> io::Result<Option<Duration>> {
        let (caller, door) = (Caller::stranger(number), relay.door(self.scheme()));
        let (reader, mut writer) = match self {
            Self::AllowedPeer(_) => join(caller, door, &name(), Capabilities::HEARTBEAT).await?,
            _ => caller.dial(door).await?,
        };
        let mut bytes = Vec::new();
        match self {
            Self::Message => {
                header(0x2, self.length().into(), &mut bytes);
                bytes.extend_from_slice(&SENT);
            }
            _ => writer.wrap(
                0x2,
                &[&self.length().to_be_bytes()[..], &SENT].concat(),
                &mut bytes,
            ),
        }
        // Who is thrown out while it speaks notices as it reads.
        let _ = writer.send_raw(&bytes).await;
        let sent = Instant::now();
        let ended = timeout(PATIENCE, reader.drain()).await;
        Ok(ended.ok().map(|()| sent.elapsed()))
    }
}

async fn run(size: Size) {
    let mut figures = Figures::of("announced giants", size);
    let relay = Relay::start();
    let giants: Vec<_> = match size {
        Size::Short => Giant::QUICK.to_vec(),
        Size::Long => Giant::QUICK.into_iter().chain(Giant::SLOW).collect(),
    };
    let (descriptors, memory) = (relay.descriptors(), relay.memory());
    relay.forget_peak();
    let share = size.of(40, 334);
    // All of one kind together, so that those who may stay do so at the same time.
    for (at, giant) in giants.iter().enumerate() {
        let relay = &relay;
        let visits = (0..share).map(|number| giant.visit(relay, at * share + number));
        let width = if giant.is_patient() { share } else { AT_ONCE };
        let visits = stream::iter(visits).buffer_unordered(width);
        let ended: Vec<_> = visits.collect().await;
        let turned_away = ended.iter().filter(|visit| visit.is_err()).count();
        let stayed = ended
            .iter()
            .filter(|visit| matches!(visit, Ok(None)))
            .count();
        let spans = ended.into_iter().filter_map(|visit| visit.ok().flatten());
        let spans = Latencies::new(spans.collect());
        figures.note(
            &format!("{giant:?}"),
            format!("{}, {turned_away} turned away", spans.words()),
        );
        figures.is(&format!("{giant:?} that stay"), stayed, 0);
        figures.timed(
            &format!("{giant:?}: the last gone after seconds"),
            spans.permille(1_000) / 1e3,
            giant.deadline(),
        );
    }
    let grown = mebibytes(relay.peak().saturating_sub(memory));
    figures.at_most("memory up, in MiB", grown, MEMORY);
    relay
        .has_descriptors(descriptors, Duration::from_secs(10))
        .await;
    figures.is(
        "descriptors left open",
        relay.descriptors().saturating_sub(descriptors),
        0,
    );
    figures.finish();
}

#[test]
fn who_announces_more_than_it_sends_is_closed() {
    attack(run(Size::Short));
}

#[test]
#[ignore = "long: run by cargo xtask test --long"]
fn a_thousand_sockets_announce_4_gib() {
    attack(run(Size::Long));
}
