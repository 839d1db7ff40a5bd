//! Time: one runtime for all who take part, loads paced from a clock, and waits with an end.

use std::future::Future;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::time::{MissedTickBehavior, interval, sleep};

/// How often a condition is looked at that nobody tells of.
const LOOK: Duration = Duration::from_millis(20);

/// Whether a test is the short one, which asserts what no machine can change, or the one that asserts every figure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Size {
    Short,
    Long,
}

impl Size {
    /// What goes for this size.
    pub(crate) fn of<T>(self, short: T, long: T) -> T {
        match self {
            Self::Short => short,
            Self::Long => long,
        }
    }

    /// So many seconds.
    pub(crate) fn seconds(self, short: u64, long: u64) -> Duration {
        Duration::from_secs(self.of(short, long))
    }
}

/// Runs an attack. One at a time: they share a machine, and what one takes of it would be another's figure.
pub(crate) fn attack<T>(task: impl Future<Output = T>) -> T {
    static TURN: Mutex<()> = Mutex::new(());
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime");
    let outcome = runtime.block_on(task);
    // Attackers may sit in the middle of anything, and nobody waits for them.
    runtime.shutdown_background();
    outcome
}

/// Waits until something holds; whether it did in time.
pub(crate) async fn until(patience: Duration, mut holds: impl FnMut() -> bool) -> bool {
    let end = Instant::now() + patience;
    while !holds() {
        if Instant::now() >= end {
            return false;
        }
        sleep(LOOK).await;
    }
    true
}

/// The times at which things are due, so many a second; those that were missed are due at once.
pub(crate) struct Pace {
    start: Instant,
    count: u32,
    gap: Duration,
    tick: tokio::time::Interval,
}

impl Pace {
    /// From now on, `rate` a second.
    pub(crate) fn new(rate: u32) -> Self {
        let gap = Duration::from_secs(1) / rate;
        // Timers have the grain of a millisecond: what is due more often comes in small groups.
        let mut tick = interval(gap.max(Duration::from_millis(1)));
        tick.set_missed_tick_behavior(MissedTickBehavior::Skip);
        Self {
            start: Instant::now(),
            count: 0,
            gap,
            tick,
        }
    }

    /// Waits for the next time, and gives it.
    pub(crate) async fn next(&mut self) -> Instant {
        let due = self.start + self.gap * self.count;
        self.count += 1;
        while Instant::now() < due {
            self.tick.tick().await;
        }
        due
    }
}
