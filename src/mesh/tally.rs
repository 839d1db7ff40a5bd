//! A counter for each of a few names, as one value that is copied whole.

use core::marker::PhantomData;

/// A few names, known when this is built.
pub trait Named: Copy + 'static {
    /// Every one with its name for programs, in snake_case, at its [`Named::index`]. Names do not change once released.
    const NAMES: &'static [(Self, &'static str)];

    /// Its place among all.
    fn index(self) -> usize;

    /// Its name for programs.
    fn as_str(self) -> &'static str {
        Self::NAMES
            .get(self.index())
            .map_or("unnamed", |(_, name)| name)
    }
}

/// How often each of `N` names was counted. The counters only grow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tally<T, const N: usize> {
    counts: [u64; N],
    of: PhantomData<T>,
}

impl<T: Named, const N: usize> Tally<T, N> {
    /// How often this one was counted.
    pub fn of(&self, name: T) -> u64 {
        self.counts.get(name.index()).copied().unwrap_or_default()
    }

    /// How often any was counted.
    pub fn total(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// Every one with its count, those included that were never counted.
    pub fn iter(&self) -> impl Iterator<Item = (T, u64)> {
        T::NAMES.iter().map(|&(name, _)| (name, self.of(name)))
    }

    pub(super) fn count(&mut self, name: T) {
        self.count_many(name, 1);
    }

    pub(super) fn count_many(&mut self, name: T, times: u64) {
        if let Some(count) = self.counts.get_mut(name.index()) {
            *count += times;
        }
    }
}

impl<T, const N: usize> Default for Tally<T, N> {
    fn default() -> Self {
        Self {
            counts: [0; N],
            of: PhantomData,
        }
    }
}
