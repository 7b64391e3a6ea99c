//! Pairs of codes as codes: the cells of a roll-up are found key by key, each step one look into a table while few pairs
//! are possible, and into a hash map when there are many.

use super::hash::{fast_map, FastMap};

/// The largest table: 4 MiB.
const TABLE: usize = 1 << 20;

const UNSEEN: u32 = u32::MAX;

/// Numbers pairs in the order of their arrival.
pub(super) struct Pairs {
    index: Index,
    /// The pair of each number.
    pairs: Vec<(u32, u32)>,
}

enum Index {
    /// The number of pair (a, b) is at `a << bits | b`.
    Table { bits: u32, numbers: Vec<u32> },
    /// Where many pairs are possible, mostly a few occur for each b, and one at a time: the last pair of each b, (a,
    /// number), is looked at before the map.
    Hash { map: FastMap<u64>, last: Vec<(u32, u32)> },
}

fn packed(a: u32, b: u32) -> u64 {
    u64::from(a) << 32 | u64::from(b)
}

fn grow_with(last: &mut Vec<(u32, u32)>, len: usize) {
    if len > last.len() {
        last.resize(len, (UNSEEN, UNSEEN));
    }
}

impl Pairs {
    pub(super) fn new() -> Self {
        Self { index: Index::Table { bits: 0, numbers: vec![] }, pairs: vec![] }
    }

    pub(super) fn len(&self) -> usize {
        self.pairs.len()
    }

    pub(super) fn pair(&self, number: u32) -> (u32, u32) {
        self.pairs[number as usize]
    }

    /// Makes room for codes below `a_len` and `b_len`.
    pub(super) fn fit(&mut self, a_len: usize, b_len: usize) {
        let (bits, numbers) = match &mut self.index {
            Index::Table { bits, numbers } => (bits, numbers),
            Index::Hash { last, .. } => {
                grow_with(last, b_len);
                return;
            }
        };
        let needed = usize::BITS - b_len.saturating_sub(1).leading_zeros();
        let wanted = needed.max(*bits);
        let size = a_len.checked_shl(wanted).filter(|size| size >> wanted == a_len && *size <= TABLE);
        match size {
            None => {
                let mut map = fast_map();
                map.reserve(self.pairs.len());
                for (number, (a, b)) in self.pairs.iter().enumerate() {
                    map.insert(packed(*a, *b), u32::try_from(number).unwrap_or(UNSEEN));
                }
                let mut last = vec![];
                grow_with(&mut last, b_len);
                self.index = Index::Hash { map, last };
            }
            Some(size) if wanted == *bits => {
                if numbers.len() < size {
                    // Ahead of need: codes come one by one.
                    numbers.resize((size + size / 4).min(TABLE).max(size), UNSEEN);
                }
            }
            Some(size) => {
                *bits = wanted;
                *numbers = vec![UNSEEN; size];
                for (number, (a, b)) in self.pairs.iter().enumerate() {
                    numbers[(*a as usize) << wanted | *b as usize] = u32::try_from(number).unwrap_or(UNSEEN);
                }
            }
        }
    }

    /// The number of each pair; codes are below what [`Self::fit`] was told.
    pub(super) fn number(&mut self, pairs: impl Iterator<Item = (u32, u32)>, out: &mut Vec<u32>) {
        let known = &mut self.pairs;
        match &mut self.index {
            Index::Table { bits, numbers } => out.extend(pairs.map(|(a, b)| {
                let number = &mut numbers[(a as usize) << *bits | b as usize];
                if *number == UNSEEN {
                    *number = u32::try_from(known.len()).unwrap_or(UNSEEN);
                    known.push((a, b));
                }
                *number
            })),
            Index::Hash { map, last } => out.extend(pairs.map(|(a, b)| {
                let (last_a, last_number) = last[b as usize];
                if last_a == a {
                    return last_number;
                }
                let next = u32::try_from(known.len()).unwrap_or(UNSEEN);
                let number = *map.entry(packed(a, b)).or_insert(next);
                if number == next {
                    known.push((a, b));
                }
                last[b as usize] = (a, number);
                number
            })),
        }
    }

    pub(super) fn bytes(&self) -> usize {
        let index = match &self.index {
            Index::Table { numbers, .. } => numbers.capacity() * 4,
            Index::Hash { map, last } => map.allocation_size() + last.capacity() * 8,
        };
        index + self.pairs.capacity() * 8
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_keep_their_numbers_while_the_table_grows_and_becomes_a_hash_map() {
        let mut pairs = Pairs::new();
        let mut seen: Vec<(u32, u32)> = vec![];
        for round in 1..40u32 {
            let (a_len, b_len) = (round * round * 40, round * round + 1);
            pairs.fit(a_len as usize, b_len as usize);
            let new = [(a_len - 1, b_len - 1), (a_len / 2, 0), (0, b_len - 1)];
            let mut numbers = vec![];
            pairs.number(new.into_iter(), &mut numbers);
            for (pair, number) in new.into_iter().zip(numbers) {
                match seen.iter().position(|s| *s == pair) {
                    Some(known) => assert_eq!(known, number as usize),
                    None => {
                        assert_eq!(number as usize, seen.len());
                        seen.push(pair);
                    }
                }
            }
            let mut again = vec![];
            pairs.number(seen.iter().copied(), &mut again);
            assert!(again.iter().enumerate().all(|(i, n)| i == *n as usize) && pairs.len() == seen.len());
        }
        assert!(matches!(pairs.index, Index::Hash { .. }));
    }
}
