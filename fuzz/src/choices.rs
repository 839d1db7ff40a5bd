//! [`Choices`]: what the fuzzer's bytes decide.

/// Reads decisions off the front of some bytes. Where these end all decisions are the first of their kind, so that every
/// input means something and shorter ones mean less.
#[derive(Clone, Debug)]
pub struct Choices<'a> {
    rest: &'a [u8],
}

impl<'a> Choices<'a> {
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    pub fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// All that is left.
    pub fn rest(&mut self) -> &'a [u8] {
        core::mem::take(&mut self.rest)
    }

    pub fn byte(&mut self) -> u8 {
        self.array::<1>()[0]
    }

    pub fn flag(&mut self) -> bool {
        self.byte() & 1 == 1
    }

    /// A number below `limit`, which is at most 256.
    pub fn below(&mut self, limit: usize) -> usize {
        usize::from(self.byte()) % limit
    }

    /// One of a few.
    pub fn pick<T: Copy>(&mut self, all: &[T]) -> T {
        all[self.below(all.len())]
    }

    /// A number of any size: small ones, and those at which something turns, are likelier.
    pub fn number(&mut self) -> u64 {
        match self.byte() {
            0xf8 => u64::from(u16::from_be_bytes(self.array())),
            0xf9 => u64::from(u32::from_be_bytes(self.array())),
            0xfa => u64::from_be_bytes(self.array()),
            0xfb => u64::from(u32::MAX),
            0xfc => u64::from(u32::MAX) + 1,
            0xfd => i64::MAX as u64,
            0xfe => i64::MAX as u64 + 1,
            0xff => u64::MAX,
            small => u64::from(small),
        }
    }

    /// As many bytes as the next one says, or as there are.
    pub fn bytes(&mut self) -> &'a [u8] {
        let length = usize::from(self.byte()).min(self.rest.len());
        let (taken, rest) = self.rest.split_at(length);
        self.rest = rest;
        taken
    }

    /// Exactly `N` bytes, zeros where there are no more.
    pub fn array<const N: usize>(&mut self) -> [u8; N] {
        let mut taken = [0; N];
        let length = N.min(self.rest.len());
        let (front, rest) = self.rest.split_at(length);
        taken[..length].copy_from_slice(front);
        self.rest = rest;
        taken
    }
}
