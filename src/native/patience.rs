//! How often a peer is read from although it brings nothing: pings, empty messages and records cost time, and are no frames that
//! anybody counts. Nor are those that bring a byte each.

use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll, ready};
use core::time::Duration;

use tokio::time::{Instant, Sleep, sleep_until};

/// A read that brought nothing is worth so much time: twenty a second.
const EACH: Duration = Duration::from_millis(50);
/// So many of them are borne at once. 32: a page that pings once a second has saved them up.
const AT_ONCE: u32 = 32;

/// A piece costs what it does, a WebSocket's frame or a TLS record, however little is in it. 64 bytes: no frame of the mesh is as
/// short, so who sends one in a piece, or several, sends no scraps.
const LEAST: usize = 64;
/// So many scraps are worth a read that brought nothing.
const SCRAPS: u16 = 64;

/// The patience that one link has with its peer.
#[derive(Debug, Default)]
pub(super) struct Patience {
    /// When all reads that brought nothing will be made good.
    until: Option<Instant>,
    pause: Option<Pin<Box<Sleep>>>,
    is_tried: bool,
    /// Scraps that no time was lost for yet.
    scraps: u16,
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

    /// A read had so many pieces, and so many bytes in all of them: there may be a pause before the next, if it was scraps.
    pub(super) fn note(&mut self, pieces: usize, bytes: usize) {
        let scraps = pieces.saturating_sub(bytes / LEAST) + usize::from(self.scraps);
        let lost = scraps / usize::from(SCRAPS);
        self.scraps = (scraps % usize::from(SCRAPS)) as u16;
        if lost > 0 {
            self.lose(lost);
        }
    }

    /// Whether a read that brought nothing was one too many, of late: the next had better be small.
    pub(super) fn is_tried(&self) -> bool {
        self.is_tried && self.until.is_some_and(|until| until > Instant::now())
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
        tokio::time::sleep(EACH * (AT_ONCE + 1)).await;
        assert!(!patience.is_tried());
        let rested = Instant::now();
        patience.lose(1);
        assert!(!patience.is_tried());
        poll_fn(|cx| patience.poll(cx)).await;
        assert!(rested.elapsed() <= EACH);
    }

    /// How long somebody is waited for that brings so many reads of so many pieces and bytes.
    async fn took(reads: usize, pieces: usize, bytes: usize) -> Duration {
        let began = Instant::now();
        let mut patience = Patience::default();
        for _ in 0..reads {
            poll_fn(|cx| patience.poll(cx)).await;
            patience.note(pieces, bytes);
        }
        began.elapsed()
    }

    #[tokio::test(start_paused = true)]
    async fn who_brings_scraps_is_read_slowly_too() {
        // A byte in ten thousand pings, and each byte in a piece of its own.
        assert!(took(20, 10_000, 1).await > Duration::from_secs(60));
        assert!(took(1_000, 64, 64).await > Duration::from_secs(40));
        // The shortest frames of the mesh, each in a piece, and long ones in many.
        for (pieces, bytes) in [(1, 64), (1_000, 64_000), (64, 65_536), (0, 0)] {
            assert_eq!(took(10_000, pieces, bytes).await, Duration::ZERO);
        }
    }
}
