//! Time since the program began, in nanoseconds: one clock for publisher and subscribers.

use std::sync::LazyLock;
use std::time::{Duration, Instant};

static BEGAN: LazyLock<Instant> = LazyLock::new(Instant::now);

/// A moment.
pub(crate) fn now() -> u64 {
    BEGAN.elapsed().as_nanos() as u64
}

pub(crate) fn nanoseconds(seconds: f64) -> u64 {
    Duration::from_secs_f64(seconds).as_nanos() as u64
}

pub(crate) fn seconds(nanoseconds: u64) -> f64 {
    nanoseconds as f64 / 1e9
}
