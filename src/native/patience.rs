//! How often a peer is read from although it brings nothing: pings and empty messages cost time, and are no frames that
//! anybody counts.

use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll, ready};
use core::time::Duration;

use tokio::time::{Instant, Sleep, sleep_until};

/// A read that brought nothing is worth so much time: twenty a second.
const EACH: Duration = Duration::from_millis(50);
/// So many of them are borne at once. 32: a page that pings once a second has saved them up.
const AT_ONCE: u32 = 32;

/// The patience that one link has with its peer.
#[derive(Debug, Default)]
pub(super) struct Patience {
    /// When all reads that brought nothing will be made good.
    until: Option<Instant>,
    pause: Option<Pin<Box<Sleep>>>,
    is_tried: bool,
}

impl Patience {
    /// So many reads, or parts of one, brought nothing: there may be a pause before the next.
    pub(super) fn lose(&mut self, count: usize) {
        let now = Instant::now();
        let lost = EACH.saturating_mul(u32::try_from(count).unwrap_or(u32::MAX));
        let until = self.until.map_or(now, |until| until.max(now)) + lost;
        self.until = Some(until);
        let next = until.checked_sub(EACH * AT_ONCE);
        let next = next.filter(|next| *next > now);
        self.is_tried = next.is_some();
        if let Some(next) = next {
            self.pause = Some(Box::pin(sleep_until(next)));
        }
    }

    /// Whether the last read that brought nothing was one too many: the next had better be small.
    pub(super) fn is_tried(&self) -> bool {
        self.is_tried
    }

    /// Ready when the peer may be read from.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if let Some(pause) = &mut self.pause {
            ready!(pause.as_mut().poll(cx));
            self.pause = None;
        }
        Poll::Ready(())
    }
}

#[cfg(test)]
mod tests {
    use core::future::poll_fn;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn who_brings_nothing_is_read_slowly_after_a_while() {
        let began = Instant::now();
        let mut patience = Patience::default();
        for _ in 0..AT_ONCE {
            poll_fn(|cx| patience.poll(cx)).await;
            patience.lose(1);
        }
        assert_eq!(began.elapsed(), Duration::ZERO);
        assert!(!patience.is_tried());
        for _ in 0..20 {
            poll_fn(|cx| patience.poll(cx)).await;
            patience.lose(1);
        }
        assert!(patience.is_tried());
        let took = began.elapsed();
        assert!((900..=1_100).contains(&took.as_millis()), "{took:?}");
        // It is good again after a rest.
        tokio::time::sleep(EACH * AT_ONCE).await;
        let rested = Instant::now();
        patience.lose(1);
        assert!(!patience.is_tried());
        poll_fn(|cx| patience.poll(cx)).await;
        assert!(rested.elapsed() <= EACH);
    }
}
