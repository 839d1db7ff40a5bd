//! A hash for numbers that nobody chooses.

use core::hash::Hasher;

/// Hashes the numbers of links, which a node gives out itself, one after the other, and nobody chooses.
///
/// Links that came one after the other stand so in the table too, in blocks: whoever goes over all of them, as a broadcast does,
/// finds the next beside the last. The blocks lie anywhere, so that those who come when the numbers have gone once round the
/// table do not all meet those who stayed.
#[derive(Default)]
pub(crate) struct Numbers(u64);

/// Bits of a number by which it has its place within its block. 6: the table's own mark of each is a byte, so a block's are a cache
/// line.
const BLOCK: u32 = 6;

/// The last bit of a link's number says who dialled: it is the same for nearly all.
const SIDE: u32 = 1;

/// An odd number without a pattern: 2^64 over the golden ratio (Knuth, The Art of Computer Programming, 6.4).
const SPREAD: u64 = 0x9e37_79b9_7f4a_7c15;

impl Hasher for Numbers {
    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.write_u64(u64::from(byte));
        }
    }

    fn write_u64(&mut self, number: u64) {
        self.0 = self.0.rotate_left(8) ^ number;
    }

    /// The standard library's table looks for a place at the last bits, and marks what is there with seven of the first: of 64, or of
    /// the last 32 where that is a pointer's size.
    fn finish(&self) -> u64 {
        let within = (self.0 >> SIDE) & ((1 << BLOCK) - 1);
        let block = (self.0 >> (SIDE + BLOCK)).wrapping_mul(SPREAD);
        // Marks differ within a block too.
        let mark = within | (self.0 & 1) << BLOCK;
        let marks = mark << 57 | mark << 25;
        within | ((block.rotate_left(26) << BLOCK) ^ marks)
    }
}

#[cfg(test)]
mod tests {
    use core::hash::{BuildHasher, BuildHasherDefault};
    use std::collections::HashSet;

    use super::*;
    use crate::id::LinkId;

    fn hash(link: LinkId) -> u64 {
        BuildHasherDefault::<Numbers>::default().hash_one(link)
    }

    #[test]
    fn links_that_came_one_after_the_other_are_beside_each_other() {
        for number in (0..10_000).filter(|number| number % 64 != 63) {
            let [this, next] = [number, number + 1].map(|number| hash(LinkId::accepted(number)));
            assert_eq!((this & 0xffff) + 1, next & 0xffff);
        }
    }

    /// How far from their places these come to lie in a table of 4,096 where the next that is free is taken, together.
    fn displaced(numbers: impl Iterator<Item = u64>) -> usize {
        let mut taken = [false; 4_096];
        let place = |number| hash(LinkId::accepted(number)) as usize % taken.len();
        let places: Vec<usize> = numbers.map(place).collect();
        let mut displaced = 0;
        for mut place in places {
            while core::mem::replace(&mut taken[place], true) {
                place = (place + 1) % taken.len();
                displaced += 1;
            }
        }
        displaced
    }

    #[test]
    fn who_comes_when_the_numbers_have_gone_round_is_elsewhere() {
        // A thousand who stay, and a thousand who come so many tables later.
        for rounds in 1..200 {
            let late = rounds * 4_096;
            let displaced = displaced((0..1_000).chain(late..late + 1_000));
            assert!(displaced < 64_000, "{displaced} after {rounds} rounds");
        }
    }

    #[test]
    fn numbers_a_tables_size_apart_do_not_meet() {
        let displaced = displaced((0..1_000).map(|number| number * 4_096));
        assert!(displaced < 64_000, "{displaced}");
    }

    #[test]
    fn what_shares_a_place_is_told_apart_by_its_mark() {
        for shift in [57, 25] {
            let marks: HashSet<u64> = (0..64)
                .map(|number| hash(LinkId::accepted(number)) >> shift & 0x7f)
                .collect();
            assert!(marks.len() >= 32, "{} marks", marks.len());
        }
    }
}
