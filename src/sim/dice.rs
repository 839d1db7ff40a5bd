//! [`Dice`]: the one source of chance, a stream of numbers that a seed determines on every target.
//!
//! SplitMix64: fast, well mixed and eight bytes of state. It is no generator for secrets.

use core::time::Duration;

/// A stream of numbers out of a seed.
///
/// ```
/// use rs2p::sim::Dice;
///
/// let (mut one, mut other) = (Dice::new(7), Dice::new(7));
/// assert_eq!(one.below(100), other.below(100));
/// ```
#[derive(Clone, Debug)]
pub struct Dice {
    state: u64,
}

impl Dice {
    /// The stream of `seed`.
    pub fn new(seed: u64) -> Self {
        Self { state: seed }
    }

    /// A stream of its own: what is drawn from it changes nothing here, whatever it is used for.
    pub fn stream(seed: u64, purpose: u64) -> Self {
        let mut dice = Self::new(seed);
        dice.state ^= Self::new(purpose.wrapping_add(1)).number();
        dice
    }

    /// Any number.
    pub fn number(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.state ^ (self.state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `end`; 0 if that is 0.
    pub fn below(&mut self, end: u64) -> u64 {
        ((u128::from(self.number()) * u128::from(end)) >> 64) as u64
    }

    /// An index into something of `length` items; 0 if it is empty.
    pub fn index(&mut self, length: usize) -> usize {
        self.below(length as u64) as usize
    }

    /// One of `items`; `None` if there is none.
    pub fn pick<'a, T>(&mut self, items: &'a [T]) -> Option<&'a T> {
        items.get(self.index(items.len()))
    }

    /// Whether something of this probability, from 0 to 1, happens.
    pub fn happens(&mut self, probability: f64) -> bool {
        // 53 bits are what a double holds exactly.
        let drawn = (self.number() >> 11) as f64 / (1_u64 << 53) as f64;
        drawn < probability
    }

    /// A time from the first to the second, evenly.
    pub fn between(&mut self, (least, most): (Duration, Duration)) -> Duration {
        let span = most.saturating_sub(least).as_micros();
        let span = u64::try_from(span).unwrap_or(u64::MAX - 1);
        least + Duration::from_micros(self.below(span + 1))
    }

    /// So many random bytes.
    pub fn bytes<const N: usize>(&mut self) -> [u8; N] {
        let mut bytes = [0; N];
        for chunk in bytes.chunks_mut(8) {
            let number = self.number().to_be_bytes();
            chunk.copy_from_slice(&number[..chunk.len()]);
        }
        bytes
    }

    /// Brings `items` into any order.
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            items.swap(last, self.index(last + 1));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_stay_below_their_end_and_reach_all_of_it() {
        let mut dice = Dice::new(1);
        let mut seen = [0; 6];
        (0..6_000).for_each(|_| seen[dice.index(6)] += 1);
        assert!(
            seen.iter().all(|count| (800..1_200).contains(count)),
            "{seen:?}"
        );
        assert_eq!(dice.below(0), 0);
        assert_eq!(dice.pick::<u8>(&[]), None);
    }

    #[test]
    fn what_cannot_happen_does_not_and_what_must_does() {
        let mut dice = Dice::new(2);
        assert!((0..1_000).all(|_| !dice.happens(0.0)));
        assert!((0..1_000).all(|_| dice.happens(1.0)));
    }

    #[test]
    fn streams_of_one_seed_differ() {
        let numbers = |purpose| Dice::stream(7, purpose).number();
        assert_ne!(numbers(0), numbers(1));
        assert_eq!(numbers(1), numbers(1));
    }
}
