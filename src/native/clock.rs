//! Tokio's time as the core's. Follows a paused or advanced runtime, so tests run in virtual time.

use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll};
use core::time::Duration;
use std::time::SystemTime;

use tokio::time::{Instant, Sleep, sleep_until};

use crate::time::{Timestamp, WallSeconds};
use crate::transport::Clock;

/// Further ahead than this no timer is set; it is set again when it fires. 30 days: tokio's wheel holds about two years.
const FARTHEST: Duration = Duration::from_secs(30 * 24 * 3600);

/// A [`Clock`] that starts at zero when it is made, and runs on tokio's timer.
#[derive(Debug)]
pub struct TokioClock {
    start: Instant,
    /// One timer, made when first needed, since making it takes a runtime.
    sleep: Option<Pin<Box<Sleep>>>,
}

impl TokioClock {
    /// A clock at zero. Needs no runtime before it is waited on.
    pub fn new() -> Self {
        Self {
            start: Instant::now(),
            sleep: None,
        }
    }

    /// The timer, set to fire at `at` or as far ahead as timers go.
    fn timer(&mut self, at: Timestamp) -> Pin<&mut Sleep> {
        let wait = at.since(self.now()).min(FARTHEST);
        let deadline = if wait == FARTHEST {
            Instant::now() + FARTHEST
        } else {
            // From the start, not from now: the same `at` is the same deadline in every call.
            self.start + Duration::from_micros(at.as_micros())
        };
        let sleep = self
            .sleep
            .get_or_insert_with(|| Box::pin(sleep_until(deadline)));
        if sleep.deadline() != deadline {
            sleep.as_mut().reset(deadline);
        }
        sleep.as_mut()
    }
}

impl Default for TokioClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for TokioClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(u64::try_from(self.start.elapsed().as_micros()).unwrap_or(u64::MAX))
    }

    /// The system's time of day, 0 on a machine whose clock stands before 1970.
    fn wall(&self) -> WallSeconds {
        WallSeconds(
            SystemTime::now()
                .duration_since(SystemTime::UNIX_EPOCH)
                .map_or(0, |time| time.as_secs()),
        )
    }

    fn poll_until(&mut self, at: Timestamp, cx: &mut Context<'_>) -> Poll<()> {
        while self.now() < at {
            if self.timer(at).poll(cx).is_pending() {
                return Poll::Pending;
            }
        }
        Poll::Ready(())
    }
}

#[cfg(test)]
mod tests {
    use core::future::poll_fn;

    use futures::FutureExt;

    use super::*;

    #[tokio::test]
    async fn it_is_the_time_waited_for_when_the_wait_ends() {
        let mut clock = TokioClock::new();
        let at = clock.now() + Duration::from_micros(12_345);
        poll_fn(|cx| clock.poll_until(at, cx)).await;
        assert!(clock.now() >= at);
        assert!(
            poll_fn(|cx| clock.poll_until(at, cx))
                .now_or_never()
                .is_some(),
            "a time that has passed is ready"
        );
    }

    #[tokio::test]
    async fn another_time_replaces_the_one_before() {
        let mut clock = TokioClock::new();
        let never = Timestamp::from_micros(u64::MAX);
        assert!(
            poll_fn(|cx| clock.poll_until(never, cx))
                .now_or_never()
                .is_none()
        );
        let soon = clock.now() + Duration::from_millis(5);
        poll_fn(|cx| clock.poll_until(soon, cx)).await;
        assert!(
            poll_fn(|cx| clock.poll_until(never, cx))
                .now_or_never()
                .is_none()
        );
    }

    #[test]
    fn a_clock_can_be_made_and_read_outside_a_runtime() {
        let clock = TokioClock::new();
        let first = clock.now();
        assert!(clock.now() >= first);
        assert!(clock.wall() > WallSeconds(1_700_000_000));
    }
}
