//! The browser's [`Clock`]: `performance.now()`, `Date.now()` and one `setTimeout`.
//!
//! A hidden page's timers are late, by a second and more, and a frozen page's do not run at all; the clock does not
//! hide that. What it reads is right whenever it is read.

use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll};
use core::time::Duration;

use gloo_timers::future::TimeoutFuture;
use web_sys::Performance;

use super::globals;
use crate::time::{Timestamp, WallSeconds};
use crate::transport::Clock;

/// The longest wait that `setTimeout` takes; beyond it, it fires at once (HTML, Timers).
const LONGEST_WAIT: Duration = Duration::from_millis(i32::MAX as u64);

/// Time from a window, a worker or Node. It is zero when it is made.
#[derive(Debug)]
pub struct WebClock {
    performance: Option<Performance>,
    /// What `performance` said then, in milliseconds.
    start: f64,
    timer: Option<(Timestamp, TimeoutFuture)>,
}

impl WebClock {
    /// A clock at zero.
    pub fn new() -> Self {
        let performance = globals::performance();
        Self {
            start: read(performance.as_ref()),
            performance,
            timer: None,
        }
    }
}

/// Milliseconds since some start.
fn read(performance: Option<&Performance>) -> f64 {
    performance.map_or_else(js_sys::Date::now, Performance::now)
}

impl Default for WebClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for WebClock {
    fn now(&self) -> Timestamp {
        let millis = read(self.performance.as_ref()) - self.start;
        // A cast from a float saturates.
        Timestamp::from_micros((millis * 1_000.0) as u64)
    }

    fn wall(&self) -> WallSeconds {
        WallSeconds((js_sys::Date::now() / 1_000.0) as u64)
    }

    fn poll_until(&mut self, at: Timestamp, cx: &mut Context<'_>) -> Poll<()> {
        loop {
            let now = self.now();
            if now >= at {
                self.timer = None;
                return Poll::Ready(());
            }
            let timer = match &mut self.timer {
                Some((set, timer)) if *set == at => timer,
                slot => &mut slot.insert((at, timeout(at.since(now)))).1,
            };
            if Pin::new(timer).poll(cx).is_pending() {
                return Poll::Pending;
            }
            // It fired before its time: browsers round timers, and the longest wait may be short of the deadline.
            self.timer = None;
        }
    }
}

/// A timer that fires after `span`, rounded up to milliseconds, or after [`LONGEST_WAIT`].
fn timeout(span: Duration) -> TimeoutFuture {
    let millis = span.min(LONGEST_WAIT).as_micros().div_ceil(1_000);
    TimeoutFuture::new(u32::try_from(millis).unwrap_or(i32::MAX as u32))
}
