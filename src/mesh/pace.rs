//! How many learnt addresses are dialled in a time: a book at once, then a few a second.
//!
//! What peers tell makes a node dial, so their tales must not make it knock at strangers' doors without end.

use core::time::Duration;

use crate::time::Timestamp;

/// The time in which one more dial is granted: eight a second.
const EACH: Duration = Duration::from_millis(125);

/// Grants that are earned by waiting, up to a bound.
#[derive(Debug)]
pub(super) struct Pace {
    left: u32,
    most: u32,
    since: Timestamp,
}

impl Pace {
    pub(super) fn new(most: usize) -> Self {
        let most = u32::try_from(most).unwrap_or(u32::MAX);
        Self {
            left: most,
            most,
            since: Timestamp::ZERO,
        }
    }

    /// Takes a grant; otherwise says when there will be one.
    pub(super) fn take(&mut self, now: Timestamp) -> Result<(), Timestamp> {
        let earned = now.since(self.since).as_micros() / EACH.as_micros();
        let earned = u32::try_from(earned).unwrap_or(u32::MAX);
        self.since = self.since + EACH.saturating_mul(earned);
        self.left = self.left.saturating_add(earned).min(self.most);
        match self.left.checked_sub(1) {
            Some(left) => {
                self.left = left;
                Ok(())
            }
            None => Err(self.since + EACH),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grants_are_spent_and_earned_again() {
        let mut pace = Pace::new(2);
        let at = Timestamp::from_millis;
        assert_eq!((pace.take(at(0)), pace.take(at(0))), (Ok(()), Ok(())));
        assert_eq!(pace.take(at(1)), Err(at(125)));
        assert_eq!(pace.take(at(125)), Ok(()));
        assert_eq!(pace.take(at(126)), Err(at(250)));
        assert_eq!(
            (pace.take(at(9_000)), pace.take(at(9_000))),
            (Ok(()), Ok(()))
        );
        assert_eq!(pace.take(at(9_000)), Err(at(9_125)));
    }
}
