//! Sums in 128 bits that never lose anything: what passes them is counted apart, so that only a final value decides
//! whether a sum is too large, whatever the order of its terms.

use super::hash::grow;
use std::collections::BTreeMap;

/// One sum a cell.
#[derive(Default)]
pub(super) struct Wide {
    sums: Vec<i128>,
    /// How often the sums of cells went over the top, less how often below the bottom.
    carries: BTreeMap<u32, i64>,
}

/// Sums are refused from here on, as everywhere in jalon: 2¹²⁶.
const LIMIT: u128 = 1 << 126;

impl Wide {
    /// Makes room for cells below `len`.
    pub(super) fn fit(&mut self, len: usize) {
        grow(&mut self.sums, len);
    }

    /// Adds the values of the chosen records (of all, without `chosen`) to the cells in `slots`.
    pub(super) fn add(&mut self, values: &[i128], chosen: Option<&[u32]>, slots: &[u32]) {
        match chosen {
            None => values.iter().zip(slots).for_each(|(value, slot)| self.add_one(*slot, *value)),
            Some(chosen) => {
                chosen.iter().zip(slots).for_each(|(i, slot)| self.add_one(*slot, values[*i as usize]));
            }
        }
    }

    pub(super) fn add_one(&mut self, slot: u32, value: i128) {
        let sum = &mut self.sums[slot as usize];
        let (new, passed) = sum.overflowing_add(value);
        *sum = new;
        if passed {
            *self.carries.entry(slot).or_default() += if value < 0 { -1 } else { 1 };
        }
    }

    /// Adds the sums of another thread; `slots` tells for each of its cells the cell here.
    pub(super) fn absorb(&mut self, other: &Self, slots: &[u32]) {
        for (sum, slot) in other.sums.iter().zip(slots) {
            self.add_one(*slot, *sum);
        }
        for (cell, carry) in &other.carries {
            *self.carries.entry(slots[*cell as usize]).or_default() += carry;
        }
    }

    /// The sum of a cell; `None` if it is too large.
    pub(super) fn get(&self, slot: usize) -> Option<i128> {
        let sum = self.sums.get(slot).copied().unwrap_or(0);
        let carry = u32::try_from(slot).ok().and_then(|s| self.carries.get(&s)).copied().unwrap_or(0);
        (carry == 0 && sum.unsigned_abs() < LIMIT).then_some(sum)
    }

    pub(super) fn bytes(&self) -> usize {
        self.sums.capacity() * 16
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_final_value_decides() {
        let big = (1i128 << 125) + 1;
        let terms = [big, big, big, big, -big, -big, -big, 7];
        for turn in 0..terms.len() {
            let mut terms = terms;
            terms.rotate_left(turn);
            let mut wide = Wide::default();
            wide.fit(1);
            for term in terms {
                wide.add_one(0, term);
            }
            assert_eq!(wide.get(0), Some(big + 7));
        }
        let mut wide = Wide::default();
        wide.fit(1);
        for term in [big; 4] {
            wide.add_one(0, term);
        }
        assert_eq!(wide.get(0), None);
        let mut other = Wide::default();
        other.fit(2);
        for term in [-big; 3] {
            other.add_one(1, term);
        }
        wide.absorb(&other, &[0, 0]);
        assert_eq!(wide.get(0), Some(big));
    }
}
