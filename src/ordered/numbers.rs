//! A hash for numbers that nobody chooses.

use core::hash::Hasher;

/// Hashes the numbers of links, which a node gives out itself, one after the other, and nobody chooses. Links that came one after the
/// other stand so in the table too: whoever goes over all of them, as a broadcast does, finds the next beside the last.
///
/// Numbers that are a table's size apart share a place; to come by many of those, somebody has to open that many times more links.
#[derive(Default)]
pub(crate) struct Numbers(u64);

/// Bits by which a table finds the place. The seven behind them, or the first seven, it keeps to tell apart what shares one.
const PLACE: u64 = (1 << 25) - 1;

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

    fn finish(&self) -> u64 {
        // The last bit says who dialled: it is the same for nearly all.
        let place = (self.0 >> 1) & PLACE;
        place | (self.0.wrapping_mul(SPREAD) & !PLACE)
    }
}
