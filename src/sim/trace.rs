//! The hash of all that happened: equal for equal runs on every target, and different as soon as one byte is.

use core::fmt;
use core::hash::{Hash, Hasher};

use crate::mesh::{Event, Output};
use crate::time::Timestamp;

/// Takes in outputs; no cryptography, but each bit moves half of the others.
#[derive(Clone, Debug)]
pub(super) struct Trace {
    state: u64,
}

const MULTIPLIER: u64 = 0x9e37_79b9_7f4a_7c15;

impl Trace {
    pub(super) fn new(seed: u64) -> Self {
        Self { state: seed }
    }

    pub(super) fn value(&self) -> u64 {
        self.state
    }

    /// Takes in what a node put out.
    pub(super) fn take(&mut self, now: Timestamp, place: u32, output: &Output) {
        self.write_u64(now.as_micros());
        self.write_u64(u64::from(place));
        match output {
            Output::Transmit { to, frames } => {
                self.write_u64(1);
                to.hash(self);
                self.write(frames);
            }
            Output::Event(Event::Message { message, via }) => {
                self.write_u64(2);
                message.id().hash(self);
                via.hash(self);
            }
            // Rare: in words, which say everything.
            other => fmt::write(&mut Words(self), format_args!("{other:?}")).unwrap_or_default(),
        }
    }
}

impl Hasher for Trace {
    fn write(&mut self, bytes: &[u8]) {
        let mut chunks = bytes.chunks_exact(8);
        for chunk in &mut chunks {
            let word = chunk.iter().fold(0, |n, &byte| n << 8 | u64::from(byte));
            self.write_u64(word);
        }
        let rest = chunks.remainder();
        let word = rest
            .iter()
            .fold(rest.len() as u64, |n, &byte| n << 8 | u64::from(byte));
        self.write_u64(word);
    }

    fn write_u64(&mut self, word: u64) {
        let product = u128::from(self.state ^ word) * u128::from(MULTIPLIER);
        self.state = ((product >> 64) as u64 ^ product as u64).wrapping_add(word.rotate_left(29));
    }

    fn write_usize(&mut self, number: usize) {
        // A target's word length is none of the run's.
        self.write_u64(number as u64);
    }

    fn finish(&self) -> u64 {
        self.state
    }
}

struct Words<'a>(&'a mut Trace);

impl fmt::Write for Words<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0.write(text.as_bytes());
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(bytes: &[u8]) -> u64 {
        let mut trace = Trace::new(0);
        trace.write(bytes);
        trace.value()
    }

    #[test]
    fn every_byte_counts() {
        let bytes = [7; 100];
        for at in 0..100 {
            let mut other = bytes;
            other[at] ^= 1;
            assert_ne!(of(&bytes), of(&other), "byte {at}");
        }
        assert_ne!(of(&bytes), of(&bytes[1..]));
        assert_ne!(of(&[0]), of(&[0, 0]));
    }
}
