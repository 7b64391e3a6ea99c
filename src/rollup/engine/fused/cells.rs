//! The cells of one roll-up in one thread: keys found, states added to, threads merged.

use super::column::{Column, Values};
use super::layout::{Layout, PackPlan, RollupLayout};
use super::packs::{Pack, Sums};
use crate::plan::{AggFunc, Aggregate};
use crate::rollup::hash::grow;
use crate::rollup::pairs::Pairs;
use crate::rollup::wide::Wide;

/// Keys and partial states. A cell is named by its slot.
pub(super) struct Cells {
    /// The key of a cell, dimension by dimension: pairs of (bucket, first dimension), then of that and the second …
    keys: Vec<Pairs>,
    /// How many slots there are; without dimensions a slot is the code of a bucket.
    slots: usize,
    packs: Vec<Lanes>,
    wide: Vec<State>,
    /// For each counted value the records of each cell that have none; nothing while all have one.
    missing: Vec<Vec<i64>>,
}

/// A pack of sums.
struct Lanes {
    sums: Sums,
    /// What each lane's sums cannot pass, sign apart.
    bounds: Vec<u128>,
    /// Sums taken out of lanes before they could pass 64 bits, and those of values that are too wide for a lane.
    spilled: Vec<Option<Wide>>,
}

enum State {
    /// Decimals, or the heads of floats, with their tails where there are any.
    Sum(Wide, Option<Wide>),
    /// The smallest or largest of integers, days and decimals.
    Extreme(AggFunc, Vec<Option<i128>>),
    /// The smallest or largest of floats.
    ExtremeFloat(AggFunc, Vec<Option<f64>>),
}

impl State {
    fn new(aggregate: &Aggregate) -> Self {
        let float = aggregate.expr.as_ref().is_some_and(|e| e.ty() == crate::expr::Type::Float);
        match (aggregate.func, float) {
            (func @ (AggFunc::Min | AggFunc::Max), true) => Self::ExtremeFloat(func, vec![]),
            (func @ (AggFunc::Min | AggFunc::Max), false) => Self::Extreme(func, vec![]),
            _ => Self::Sum(Wide::default(), None),
        }
    }

    fn fit(&mut self, slots: usize) {
        match self {
            Self::Sum(heads, tails) => {
                heads.fit(slots);
                if let Some(tails) = tails {
                    tails.fit(slots);
                }
            }
            Self::Extreme(_, values) => grow(values, slots),
            Self::ExtremeFloat(_, values) => grow(values, slots),
        }
    }

    fn bytes(&self) -> usize {
        match self {
            Self::Sum(heads, tails) => heads.bytes() + tails.as_ref().map_or(0, Wide::bytes),
            Self::Extreme(_, values) => values.capacity() * 32,
            Self::ExtremeFloat(_, values) => values.capacity() * 16,
        }
    }
}

/// Keeps the smaller or larger of a known value and another.
fn keep<T: Copy + PartialOrd>(func: AggFunc, known: &mut Option<T>, value: T) {
    if known.is_none_or(|k| if func == AggFunc::Min { value < k } else { value > k }) {
        *known = Some(value);
    }
}

/// [`keep`]s another thread's values; `slots` tells for each of its cells the cell here.
fn keep_all<T: Copy + PartialOrd>(func: AggFunc, here: &mut [Option<T>], there: Vec<Option<T>>, slots: &[u32]) {
    for (value, slot) in there.into_iter().zip(slots) {
        if let Some(value) = value {
            keep(func, &mut here[*slot as usize], value);
        }
    }
}

/// The records of a batch that a roll-up wants, and their keys.
pub(super) struct Selection<'b> {
    /// Their indices; `None` for all.
    pub(super) chosen: Option<&'b [u32]>,
    /// The code of each one's bucket, for all records of the batch.
    pub(super) buckets: &'b [u32],
    /// How many codes of buckets there are.
    pub(super) bucket_len: usize,
    /// For each dimension the code of each record, and how many codes there are.
    pub(super) dims: Vec<(&'b [u32], usize)>,
}

impl Cells {
    pub(super) fn new(layout: &Layout, own: &RollupLayout) -> Self {
        let lanes = |pack: &PackPlan| Lanes {
            sums: Sums::empty(pack.width()),
            bounds: vec![0; pack.lanes.len()],
            spilled: pack.lanes.iter().map(|_| None).collect(),
        };
        Self {
            keys: own.dims.iter().map(|_| Pairs::new()).collect(),
            slots: 0,
            packs: own.packs.iter().map(|p| lanes(&layout.packs[*p])).collect(),
            wide: own.wide.iter().map(|v| State::new(&layout.values[*v])).collect(),
            missing: vec![vec![]; own.counted.len()],
        }
    }

    /// The slots of the chosen records.
    pub(super) fn slots(&mut self, selection: &Selection<'_>, slots: &mut Vec<u32>) {
        slots.clear();
        let buckets = selection.buckets;
        match selection.chosen {
            None => slots.extend_from_slice(buckets),
            Some(chosen) => slots.extend(chosen.iter().map(|i| buckets[*i as usize])),
        }
        let mut len = selection.bucket_len;
        let mut next = Vec::with_capacity(slots.len());
        for (pairs, (codes, codes_len)) in self.keys.iter_mut().zip(&selection.dims) {
            pairs.fit(len, *codes_len);
            next.clear();
            match selection.chosen {
                None => pairs.number(slots.iter().copied().zip(codes.iter().copied()), &mut next),
                Some(chosen) => {
                    let codes = chosen.iter().map(|i| codes[*i as usize]);
                    pairs.number(slots.iter().copied().zip(codes), &mut next);
                }
            }
            std::mem::swap(slots, &mut next);
            len = pairs.len();
        }
        self.fit(len);
    }

    fn fit(&mut self, slots: usize) {
        self.slots = self.slots.max(slots);
        for lanes in &mut self.packs {
            lanes.sums.fit(self.slots);
            lanes.spilled.iter_mut().flatten().for_each(|wide| wide.fit(self.slots));
        }
        self.wide.iter_mut().for_each(|state| state.fit(self.slots));
        for missing in self.missing.iter_mut().filter(|m| !m.is_empty()) {
            grow(missing, self.slots);
        }
    }

    /// Adds the sums of a pack; `columns` are the values of its lanes (`None` for the number of records).
    pub(super) fn add_pack(
        &mut self,
        pack: usize,
        rows: &Pack,
        columns: &[Option<&Column>],
        chosen: Option<&[u32]>,
        slots: &[u32],
    ) {
        let all = self.slots;
        let lanes = &mut self.packs[pack];
        for (lane, column) in columns.iter().enumerate() {
            let bits = match column.map(|column| &column.values) {
                Some(Values::Narrow(_, bits)) => *bits,
                Some(Values::Wide(values)) => {
                    let wide = lanes.spilled[lane].get_or_insert_default();
                    wide.fit(all);
                    wide.add(values, chosen, slots);
                    0
                }
                _ => 1,
            };
            let more = (slots.len() as u128) << bits;
            if lanes.bounds[lane] + more >= 1 << 63 {
                lanes.spill(lane, all);
            }
            lanes.bounds[lane] += more;
        }
        lanes.sums.add(rows, chosen, slots);
    }

    /// Adds a value that is kept in 128 bits.
    pub(super) fn add_wide(&mut self, position: usize, column: &Column, chosen: Option<&[u32]>, slots: &[u32]) {
        let all = self.slots;
        let pick = |j: usize| chosen.map_or(j, |chosen| chosen[j] as usize);
        let is_known = |i: usize| column.known.as_ref().is_none_or(|known| known.value(i));
        let known =
            || slots.iter().enumerate().map(|(j, slot)| (pick(j), *slot as usize)).filter(|(i, _)| is_known(*i));
        match (&mut self.wide[position], &column.values) {
            (State::Sum(sums, _), Values::Wide(values)) => sums.add(values, chosen, slots),
            (State::Sum(sums, sum_tails), Values::Fixed { heads, tails }) => {
                sums.add(heads, chosen, slots);
                if let Some(tails) = tails {
                    let sum_tails = sum_tails.get_or_insert_default();
                    sum_tails.fit(all);
                    sum_tails.add(tails, chosen, slots);
                }
            }
            (State::Extreme(func, extremes), Values::Wide(values)) => {
                known().for_each(|(i, slot)| keep(*func, &mut extremes[slot], values[i]));
            }
            (State::ExtremeFloat(func, extremes), Values::Floats(values)) => {
                known().for_each(|(i, slot)| keep(*func, &mut extremes[slot], values[i]));
            }
            _ => debug_assert!(false, "a column has the form that its state takes"),
        }
    }

    /// Counts the chosen records that have no value.
    pub(super) fn count_missing(&mut self, position: usize, column: &Column, chosen: Option<&[u32]>, slots: &[u32]) {
        let Some(known) = &column.known else { return };
        let missing = &mut self.missing[position];
        grow(missing, self.slots);
        match chosen {
            None => {
                for (i, slot) in slots.iter().enumerate() {
                    missing[*slot as usize] += i64::from(!known.value(i));
                }
            }
            Some(chosen) => {
                for (i, slot) in chosen.iter().zip(slots) {
                    missing[*slot as usize] += i64::from(!known.value(*i as usize));
                }
            }
        }
    }

    /// Takes over another thread's cells; `buckets` and `dims` tell for each of its codes the code here.
    pub(super) fn absorb(&mut self, mut other: Self, buckets: &[u32], dims: &[&[u32]], lens: (usize, &[usize])) {
        let mut slots = buckets.to_vec();
        let mut len = lens.0;
        for (i, (here, there)) in self.keys.iter_mut().zip(&other.keys).enumerate() {
            here.fit(len, lens.1[i]);
            let mut next = Vec::with_capacity(there.len());
            let translated = |number: usize| {
                let (a, b) = there.pair(u32::try_from(number).unwrap_or(u32::MAX));
                (slots[a as usize], dims[i][b as usize])
            };
            here.number((0..there.len()).map(translated), &mut next);
            slots = next;
            len = here.len();
        }
        slots.truncate(other.slots);
        self.fit(len);
        for (here, there) in self.packs.iter_mut().zip(&mut other.packs) {
            here.absorb(there, &slots, self.slots);
        }
        for (here, there) in self.wide.iter_mut().zip(other.wide) {
            here.absorb(there, &slots, self.slots);
        }
        for (here, there) in self.missing.iter_mut().zip(other.missing).filter(|(_, there)| !there.is_empty()) {
            grow(here, self.slots);
            there.iter().zip(&slots).for_each(|(n, slot)| here[*slot as usize] += n);
        }
    }

    /// How many slots there are; some may be without records where there are no dimensions.
    pub(super) fn len(&self) -> usize {
        self.slots
    }

    /// Codes of a slot: of its bucket, and of each dimension.
    pub(super) fn key(&self, slot: usize, dims: &mut [u32]) -> u32 {
        let mut at = u32::try_from(slot).unwrap_or(u32::MAX);
        for (pairs, dim) in self.keys.iter().zip(dims.iter_mut()).rev() {
            (at, *dim) = pairs.pair(at);
        }
        at
    }

    /// The number of records in a cell.
    pub(super) fn rows(&self, slot: usize) -> i64 {
        self.packs[0].sums.get(slot, 0)
    }

    /// An integer sum or count; `None` if it is too large.
    pub(super) fn lane(&self, place: (usize, usize), slot: usize) -> Option<i128> {
        let (lanes, lane) = (&self.packs[place.0], place.1);
        let narrow = i128::from(lanes.sums.get(slot, lane));
        match &lanes.spilled[lane] {
            None => Some(narrow),
            Some(wide) => wide.get(slot).map(|wide| wide + narrow),
        }
    }

    /// Whether all sums of a lane are in 64 bits.
    pub(super) fn is_narrow(&self, place: (usize, usize)) -> bool {
        self.packs[place.0].spilled[place.1].is_none()
    }

    /// A sum or count of a lane that [is narrow](Self::is_narrow).
    pub(super) fn narrow(&self, place: (usize, usize), slot: usize) -> i64 {
        self.packs[place.0].sums.get(slot, place.1)
    }

    /// Whether any record has no value.
    pub(super) fn has_missing(&self, position: usize) -> bool {
        !self.missing[position].is_empty()
    }

    /// The records of a cell that have no value.
    pub(super) fn missing(&self, position: usize, slot: usize) -> i64 {
        self.missing[position].get(slot).copied().unwrap_or(0)
    }

    /// A sum in 128 bits and its tail; `None` if it is too large.
    pub(super) fn wide_sum(&self, position: usize, slot: usize) -> Option<(i128, i128)> {
        let State::Sum(heads, tails) = &self.wide[position] else { return None };
        Some((heads.get(slot)?, tails.as_ref().map_or(Some(0), |tails| tails.get(slot))?))
    }

    /// Whether any value left a tail.
    pub(super) fn has_tails(&self, position: usize) -> bool {
        matches!(&self.wide[position], State::Sum(_, Some(_)))
    }

    /// A smallest or largest integer, day or decimal.
    pub(super) fn extreme(&self, position: usize, slot: usize) -> Option<i128> {
        match &self.wide[position] {
            State::Extreme(_, values) => values.get(slot).copied().flatten(),
            _ => None,
        }
    }

    /// A smallest or largest float.
    pub(super) fn extreme_float(&self, position: usize, slot: usize) -> Option<f64> {
        match &self.wide[position] {
            State::ExtremeFloat(_, values) => values.get(slot).copied().flatten(),
            _ => None,
        }
    }

    /// Bytes of keys and states.
    pub(super) fn bytes(&self) -> usize {
        let lanes = |l: &Lanes| l.sums.bytes() + l.spilled.iter().flatten().map(Wide::bytes).sum::<usize>();
        self.keys.iter().map(Pairs::bytes).sum::<usize>()
            + self.packs.iter().map(lanes).sum::<usize>()
            + self.wide.iter().map(State::bytes).sum::<usize>()
            + self.missing.iter().map(|m| m.capacity() * 8).sum::<usize>()
    }
}

impl Lanes {
    /// Takes a lane's sums out before they could pass 64 bits.
    fn spill(&mut self, lane: usize, slots: usize) {
        let sums = self.sums.take_lane(lane);
        let wide = self.spilled[lane].get_or_insert_default();
        wide.fit(slots);
        for (slot, sum) in (0u32..).zip(sums) {
            wide.add_one(slot, i128::from(sum));
        }
        self.bounds[lane] = 0;
    }

    fn absorb(&mut self, other: &mut Self, slots: &[u32], all: usize) {
        for lane in 0..self.bounds.len() {
            if self.bounds[lane] + other.bounds[lane] >= 1 << 63 {
                self.spill(lane, all);
                other.spill(lane, slots.len());
            }
            self.bounds[lane] += other.bounds[lane];
            if let Some(there) = &other.spilled[lane] {
                let here = self.spilled[lane].get_or_insert_default();
                here.fit(all);
                here.absorb(there, slots);
            }
        }
        self.sums.absorb(&other.sums, slots);
    }
}

impl State {
    fn absorb(&mut self, other: Self, slots: &[u32], all: usize) {
        match (self, other) {
            (Self::Sum(heads, tails), Self::Sum(other_heads, other_tails)) => {
                heads.absorb(&other_heads, slots);
                if let Some(other) = other_tails {
                    let tails = tails.get_or_insert_default();
                    tails.fit(all);
                    tails.absorb(&other, slots);
                }
            }
            (Self::Extreme(func, here), Self::Extreme(_, there)) => keep_all(*func, here, there, slots),
            (Self::ExtremeFloat(func, here), Self::ExtremeFloat(_, there)) => keep_all(*func, here, there, slots),
            _ => debug_assert!(false, "states of one layout are of one kind"),
        }
    }
}
