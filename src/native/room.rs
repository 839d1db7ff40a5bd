//! How much the kernel holds of what was sent and not acknowledged: little, so that a peer that does not read shows soon, and
//! more for one that reads much, which would else be written to bit by bit.

use core::time::Duration;

use tokio::time::Instant;

/// What the kernel holds at first, which it counts twice for its own needs: 128 KiB. It would grow to megabytes by itself, and a
/// peer that reads nothing would show only once they are full. A peer 100 ms away is sent a megabyte a second.
pub(super) const NARROW: usize = 128 << 10;
/// What it holds for a peer that reads fast: 1 MiB, which is an eighth of a second of what it takes.
const WIDE: usize = 1 << 20;
/// Bytes a second that are fast.
const FAST: u64 = 8 << 20;
/// Over so long it is judged, at least.
const SPAN: Duration = Duration::from_millis(250);

/// The room that one socket has.
#[derive(Debug, Default)]
pub(super) struct Room {
    is_wide: bool,
    since: Option<Instant>,
    /// Bytes of this span; four gibibytes are as fast as more.
    written: u32,
}

impl Room {
    /// So many bytes went out; whether the socket `is_full` now. Says what the kernel is to hold from here on, if that is another.
    pub(super) fn note(&mut self, written: usize, is_full: bool) -> Option<usize> {
        let written = u32::try_from(written).unwrap_or(u32::MAX);
        self.written = self.written.saturating_add(written);
        // Who never fills its socket needs no more room, and no look at the clock.
        if !(is_full || self.is_wide) {
            return None;
        }
        let now = Instant::now();
        let Some(since) = self.since else {
            self.since = Some(now);
            self.written = 0;
            return None;
        };
        let span = now - since;
        if span < SPAN {
            return None;
        }
        let is_fast = u128::from(self.written) * 1_000 > u128::from(FAST) * span.as_millis();
        self.since = Some(now);
        self.written = 0;
        let was_wide = core::mem::replace(&mut self.is_wide, is_fast);
        let room = if is_fast { WIDE } else { NARROW };
        (was_wide != is_fast).then_some(room)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn writes(room: &mut Room, bytes: usize, is_full: bool) -> Option<usize> {
        tokio::time::advance(SPAN / 2).await;
        room.note(bytes, is_full)
    }

    #[tokio::test(start_paused = true)]
    async fn who_reads_fast_has_room_until_it_does_not() {
        let mut room = Room::default();
        assert_eq!(writes(&mut room, 50 << 20, true).await, None, "of before");
        assert_eq!(writes(&mut room, 2 << 20, true).await, None);
        assert_eq!(writes(&mut room, 2 << 20, true).await, Some(WIDE));
        for _ in 0..8 {
            assert_eq!(writes(&mut room, 2 << 20, false).await, None);
        }
        assert_eq!(writes(&mut room, 10, false).await, None);
        assert_eq!(writes(&mut room, 10, false).await, Some(NARROW));
    }

    #[tokio::test(start_paused = true)]
    async fn who_reads_slowly_has_none() {
        let mut room = Room::default();
        for _ in 0..100 {
            assert_eq!(writes(&mut room, 200 << 10, true).await, None);
        }
    }
}
