//! A hash for numbers that nobody chooses.

use core::hash::Hasher;

/// Hashes the numbers of links, which a node gives out itself and nobody chooses: spread over the bits that the table looks
/// at, and no more.
#[derive(Default)]
pub(crate) struct Numbers(u64);

/// An odd number without a pattern: 2^64 over the golden ratio (Knuth, The Art of Computer Programming, 6.4).
const SPREAD: u64 = 0x9e37_79b9_7f4a_7c15;

impl Hasher for Numbers {
    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.write_u64(u64::from(byte));
        }
    }

    fn write_u64(&mut self, number: u64) {
        self.0 = (self.0 ^ number).wrapping_mul(SPREAD);
    }

    fn finish(&self) -> u64 {
        self.0.rotate_left(26)
    }
}
