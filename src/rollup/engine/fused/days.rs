//! What is known of each day that occurs: its buckets, and which ranges of reports hold it. Looked up once a record.

use super::codes::Numbers;
use crate::calendar::{Calendar, Grain};
use crate::plan::DayRange;
use std::collections::{BTreeSet, HashMap};

/// Days on either side of the first one that are found by index; others (broken dates, mostly) by hash.
const NEAR: i32 = 1 << 16;

const UNSEEN: u32 = u32::MAX;

/// Whether all values are the one. Without a way out of the loop, which makes it several times faster.
pub(super) fn is_uniform<T: Copy + PartialEq>(values: &[T], one: T) -> bool {
    values.iter().map(|value| u32::from(*value != one)).sum::<u32>() == 0
}

/// The days of a thread, numbered in the order of their arrival.
pub(super) struct Days {
    first: Option<i32>,
    near: Vec<u32>,
    far: HashMap<i32, u32>,
    numbered: Vec<i32>,
    /// For each grain, of which there is one of each: the code of each day's bucket.
    grains: Vec<(Grain, Vec<u32>)>,
    /// The buckets of each grain by code.
    buckets: Vec<Numbers>,
    /// For each range: whether it holds each day.
    ranges: Vec<(DayRange, Vec<bool>)>,
}

impl Days {
    pub(super) fn new(grains: &[Grain], ranges: &[DayRange]) -> Self {
        Self {
            first: None,
            near: vec![],
            far: HashMap::new(),
            numbered: vec![],
            grains: grains.iter().map(|g| (*g, vec![])).collect(),
            buckets: grains.iter().map(|_| Numbers::default()).collect(),
            ranges: ranges.iter().map(|r| (*r, vec![])).collect(),
        }
    }

    /// The number of each record's day. Days of records that `kept` leaves out may be anything, and are not looked up.
    pub(super) fn numbers(&mut self, days: &[i32], kept: Option<&[bool]>, calendar: &Calendar) -> Vec<u32> {
        // Exports are mostly in the order of days.
        if let Some(first) = days.first().filter(|first| kept.is_none() && is_uniform(days, **first)) {
            return vec![self.number(*first, calendar); days.len()];
        }
        let mut last: Option<(i32, u32)> = None;
        let mut number = |day: i32| match last {
            // Neighbouring records are mostly of one day.
            Some((known, number)) if known == day => number,
            _ => {
                let number = self.number(day, calendar);
                last = Some((day, number));
                number
            }
        };
        match kept {
            None => days.iter().map(|day| number(*day)).collect(),
            Some(kept) => days.iter().zip(kept).map(|(day, kept)| if *kept { number(*day) } else { 0 }).collect(),
        }
    }

    fn number(&mut self, day: i32, calendar: &Calendar) -> u32 {
        let first = *self.first.get_or_insert(day);
        if self.near.is_empty() {
            self.near = vec![UNSEEN; 2 * NEAR as usize];
        }
        let offset = i64::from(day) - i64::from(first) + i64::from(NEAR);
        let near = usize::try_from(offset).ok().filter(|o| *o < self.near.len());
        let known = match near {
            Some(offset) => self.near[offset],
            None => self.far.get(&day).copied().unwrap_or(UNSEEN),
        };
        if known != UNSEEN {
            return known;
        }
        let number = u32::try_from(self.numbered.len()).unwrap_or(UNSEEN);
        match near {
            Some(offset) => self.near[offset] = number,
            None => {
                self.far.insert(day, number);
            }
        }
        self.numbered.push(day);
        for ((grain, codes), buckets) in self.grains.iter_mut().zip(&mut self.buckets) {
            let bucket = match grain {
                Grain::All | Grain::Hour => 0,
                grain => calendar.period_start(*grain, day),
            };
            codes.push(buckets.code(i64::from(bucket)));
        }
        for (range, holds) in &mut self.ranges {
            holds.push(range.contains(day));
        }
        number
    }

    /// By day number the bucket codes of a grain.
    pub(super) fn bucket_codes(&self, grain: usize) -> &[u32] {
        &self.grains[grain].1
    }

    /// The buckets of a grain; for hours, which are not made of days, filled by whoever knows the hours.
    pub(super) fn buckets(&mut self, grain: usize) -> &mut Numbers {
        &mut self.buckets[grain]
    }

    /// The buckets of a grain, to be read.
    pub(super) fn known_buckets(&self, grain: usize) -> &Numbers {
        &self.buckets[grain]
    }

    /// By day number whether a range holds the day.
    pub(super) fn in_range(&self, range: usize) -> &[bool] {
        &self.ranges[range].1
    }

    /// Adds the days that occurred.
    pub(super) fn cover(&self, days: &mut BTreeSet<i32>) {
        days.extend(&self.numbered);
    }
}
