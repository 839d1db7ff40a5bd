//! A set of the numbers of broadcasts, for each lane: a bit each, from the first one on.

/// A growing set of numbers that begin where its first one does.
#[derive(Clone, Debug, Default)]
pub(super) struct Marks {
    base: u32,
    words: Vec<u64>,
}

impl Marks {
    /// Adds a number; false if it was there.
    pub(super) fn insert(&mut self, number: u32) -> bool {
        let word = number / 64;
        if self.words.is_empty() {
            self.base = word;
        }
        if word < self.base {
            let missing = (self.base - word) as usize;
            self.words.splice(0..0, core::iter::repeat_n(0, missing));
            self.base = word;
        }
        let index = (word - self.base) as usize;
        if index >= self.words.len() {
            self.words.resize(index + 1, 0);
        }
        let bit = 1 << (number % 64);
        let is_new = self.words[index] & bit == 0;
        self.words[index] |= bit;
        is_new
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_new_once() {
        let mut marks = Marks::default();
        for number in [500, 3, 64, 63, 1_000, 0] {
            assert!(marks.insert(number), "{number}");
            assert!(!marks.insert(number), "{number}");
        }
    }
}
