//! Tables in the order of their keys: [`OrderedMap`] and [`OrderedSet`], which do for the core what `BTreeMap` and
//! `BTreeSet` of the standard library do.
//!
//! Why not those: they are compiled anew for every pair of types, and the core has some thirty. In the browser build they
//! were 250 KB of 956 KB of code, in 880 functions. Here everything that depends on order is one [`Index`](index), which
//! knows neither keys nor values: it orders the numbers of slots by the [prefixes](Key::prefix) of their keys, and asks a
//! function how the key in a slot compares where those are equal. What is compiled for each type is to put something into a slot
//! and to take it out.
//!
//! Iteration is in the order of the keys, so equal inputs have equal outputs on every target. Looking up costs about
//! log2 n comparisons; inserting and removing cost that and the move of at most one chunk of the index.
//!
//! It has those methods only that the core uses.

mod index;
mod map;
mod numbers;
mod set;
mod slab;

pub(crate) use index::Slot;
pub(crate) use map::OrderedMap;
pub(crate) use numbers::Numbers;
pub(crate) use set::OrderedSet;

/// What a table can be ordered by.
pub(crate) trait Key: Ord {
    /// A number for the first comparison: of two keys the lesser never has the greater one. The more it tells apart, the fewer
    /// keys are compared wholly; 0 for all is right, and slow in a table of thousands.
    fn prefix(&self) -> u64;
}

/// The prefix of keys that are compared as bytes: the first eight.
#[inline]
pub(crate) fn prefix_of_bytes(bytes: &[u8]) -> u64 {
    if let Some(first) = bytes.first_chunk() {
        return u64::from_be_bytes(*first);
    }
    let padded = bytes.iter().copied().chain(core::iter::repeat(0));
    padded
        .take(8)
        .fold(0, |prefix, byte| prefix << 8 | u64::from(byte))
}

impl Key for u64 {
    fn prefix(&self) -> u64 {
        *self
    }
}

/// Ordered by the first, then by the second.
impl<A: Key, B: Ord> Key for (A, B) {
    fn prefix(&self) -> u64 {
        self.0.prefix()
    }
}

impl<K: Key> Key for &K {
    fn prefix(&self) -> u64 {
        (**self).prefix()
    }
}

/// Greatest first. Told apart by no prefix, as no large table has such keys.
impl<T: Ord> Key for core::cmp::Reverse<T> {
    fn prefix(&self) -> u64 {
        0
    }
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    /// A key of which many have one prefix.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
    struct Coarse(u16);

    impl Key for Coarse {
        fn prefix(&self) -> u64 {
            u64::from(self.0 / 16)
        }
    }

    fn keys(numbers: core::ops::Range<u16>) -> impl Strategy<Value = Coarse> {
        numbers.prop_map(Coarse)
    }

    /// What can be done to a map. Keys are few, so that they meet, and enough for several chunks.
    #[derive(Clone, Debug)]
    enum Change {
        Insert(Coarse, u32),
        Remove(Coarse),
        Increase(Coarse),
        OrDefault(Coarse),
        RemoveFirst,
        RemoveFrom(u16, u16),
        IncreaseAll,
        KeepMultiplesOf(u32),
        Rebuild,
    }

    fn changes() -> impl Strategy<Value = Vec<Change>> {
        let key = || keys(0..700);
        let change = prop_oneof![
            400 => (key(), 0..1_000_u32).prop_map(|(key, value)| Change::Insert(key, value)),
            150 => key().prop_map(Change::Remove),
            50 => key().prop_map(Change::Increase),
            50 => key().prop_map(Change::OrDefault),
            50 => Just(Change::RemoveFirst),
            3 => (0..700_u16, 0..400_u16).prop_map(|(from, count)| Change::RemoveFrom(from, count)),
            3 => Just(Change::IncreaseAll),
            1 => (1..4_u32).prop_map(Change::KeepMultiplesOf),
            1 => Just(Change::Rebuild),
        ];
        vec(change, 0..2_500)
    }

    /// Does the same to both; what the change itself tells has to be the same.
    fn apply(
        change: &Change,
        map: &mut OrderedMap<Coarse, u32>,
        model: &mut BTreeMap<Coarse, u32>,
    ) -> Result<(), TestCaseError> {
        match *change {
            Change::Insert(key, value) => {
                prop_assert_eq!(map.insert(key, value), model.insert(key, value));
            }
            Change::Remove(key) => prop_assert_eq!(map.remove(&key), model.remove(&key)),
            Change::Increase(key) => {
                let one = map.get_mut(&key).map(increase);
                prop_assert_eq!(one, model.get_mut(&key).map(increase));
            }
            Change::OrDefault(key) => {
                let one = increase(map.or_default(key));
                prop_assert_eq!(one, increase(model.entry(key).or_default()));
            }
            Change::RemoveFirst => {
                let first = map.keys().next().copied();
                let removed = first.and_then(|key| map.remove(&key));
                prop_assert_eq!(first.zip(removed), model.pop_first());
            }
            Change::RemoveFrom(from, count) => {
                for key in (from..from + count).map(Coarse) {
                    prop_assert_eq!(map.remove(&key), model.remove(&key));
                }
            }
            Change::IncreaseAll => {
                map.values_mut().for_each(|value| *value += 1);
                model.values_mut().for_each(|value| *value += 1);
            }
            Change::KeepMultiplesOf(of) => {
                let (mut asked, mut expected) = (Vec::new(), Vec::new());
                map.retain(|key, value| {
                    asked.push(*key);
                    value.is_multiple_of(of)
                });
                model.retain(|key, value| {
                    expected.push(*key);
                    value.is_multiple_of(of)
                });
                prop_assert_eq!(asked, expected);
            }
            Change::Rebuild => *map = core::mem::take(map).into_iter().collect(),
        }
        Ok(())
    }

    fn increase(value: &mut u32) -> u32 {
        *value += 1;
        *value
    }

    fn check(
        map: &OrderedMap<Coarse, u32>,
        model: &BTreeMap<Coarse, u32>,
    ) -> Result<(), TestCaseError> {
        prop_assert!(map.iter().eq(model));
        prop_assert!(map.keys().eq(model.keys()));
        prop_assert!(map.values().eq(model.values()));
        prop_assert_eq!(map.len(), model.len());
        prop_assert_eq!(map.is_empty(), model.is_empty());
        for key in (0..700).map(Coarse) {
            prop_assert_eq!(map.get(&key), model.get(&key));
            prop_assert_eq!(map.contains_key(&key), model.contains_key(&key));
        }
        Ok(())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]

        #[test]
        fn a_map_does_what_a_b_tree_does(changes in changes()) {
            let (mut map, mut model) = (OrderedMap::new(), BTreeMap::new());
            for (number, change) in changes.iter().enumerate() {
                apply(change, &mut map, &mut model)?;
                if number % 64 == 0 {
                    check(&map, &model)?;
                }
            }
            check(&map, &model)?;
            prop_assert!(map.iter_mut().eq(model.iter_mut()));
            prop_assert!(map.into_iter().eq(model));
        }

        #[test]
        fn a_set_does_what_a_b_tree_does(
            ones in vec(keys(0..400), 0..600),
            others in vec(keys(0..400), 0..40),
            of in 1..4_u16,
        ) {
            let mut set: OrderedSet<_> = ones.iter().copied().collect();
            let mut model: BTreeSet<_> = ones.iter().copied().collect();
            prop_assert!(set.iter().eq(&model));
            for key in &others {
                prop_assert_eq!(set.remove(key), model.remove(key));
                prop_assert_eq!(set.insert(Coarse(key.0 / 2)), model.insert(Coarse(key.0 / 2)));
            }
            let other = others.iter().copied().collect();
            let is_disjoint = model.is_disjoint(&others.iter().copied().collect());
            prop_assert_eq!(set.is_disjoint(&other), is_disjoint);
            set.retain(|key| key.0.is_multiple_of(of));
            model.retain(|key| key.0.is_multiple_of(of));
            prop_assert!(set.iter().eq(&model));
            prop_assert_eq!(set.first(), model.first());
            set.clear();
            prop_assert!(set.is_empty());
        }
    }

    #[test]
    fn a_prefix_of_bytes_never_contradicts_their_order() {
        let texts: [&[u8]; 7] = [b"", b"\0", b"a", b"a\0", b"ab", b"abcdefgh", b"abcdefghi"];
        assert!(texts.is_sorted_by_key(|text| prefix_of_bytes(text)));
        assert!(prefix_of_bytes(b"ab") < prefix_of_bytes(b"b"));
    }

    #[test]
    fn what_was_emptied_in_any_order_is_filled_again_and_has_few_chunks() {
        let orders: [fn(u64) -> u64; 3] = [|n| n, |n| 9_999 - n, |n| n * 7_919 % 10_000];
        let mut set = OrderedSet::new();
        for order in orders {
            assert!((0..10_000).all(|number| set.insert(order(number))));
            set.index.check();
            assert!(set.iter().copied().eq(0..10_000));
            assert!((0..9_990).all(|number| set.remove(&order(number))));
            set.index.check();
            assert_eq!(set.len(), 10);
            assert!((9_990..10_000).all(|number| set.remove(&order(number))));
            set.index.check();
        }
        assert_eq!(set.first(), None);
    }
}
