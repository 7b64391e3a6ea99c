//! Sums of 64-bit integers, several side by side: a cell's counts and sums lie in one or a few cache lines and are added
//! to in one step.

use crate::rollup::hash::grow;

/// One row a record (what to add) or a cell (the sums so far), of 2, 4 or 8 lanes.
pub(super) enum Pack {
    Two(Vec<[i64; 2]>),
    Four(Vec<[i64; 4]>),
    Eight(Vec<[i64; 8]>),
}

/// Does the same with the rows of a pack, whatever their width.
macro_rules! each {
    ($pack:expr, $rows:ident => $body:expr) => {
        match $pack {
            Pack::Two($rows) => $body,
            Pack::Four($rows) => $body,
            Pack::Eight($rows) => $body,
        }
    };
}

/// The lanes of a pack that holds `lanes` sums, at most 8.
pub(super) fn width(lanes: usize) -> usize {
    match lanes {
        0..=2 => 2,
        3 | 4 => 4,
        _ => 8,
    }
}

impl Pack {
    pub(super) fn empty(width: usize) -> Self {
        match width {
            2 => Self::Two(vec![]),
            4 => Self::Four(vec![]),
            _ => Self::Eight(vec![]),
        }
    }

    /// Makes this one row a record. The columns are as many every time; lanes beyond them stay 0.
    pub(super) fn fill(&mut self, columns: &[&[i64]], len: usize) {
        each!(self, rows => fill(rows, columns, len));
    }

    /// Makes room for cells below `len`.
    pub(super) fn fit(&mut self, len: usize) {
        each!(self, rows => grow(rows, len));
    }

    /// Adds the rows of the chosen records (of all, without `chosen`) to the cells in `slots`. The caller keeps sums
    /// from passing 64 bits.
    pub(super) fn add(&mut self, records: &Self, chosen: Option<&[u32]>, slots: &[u32]) {
        match (self, records) {
            (Self::Two(cells), Self::Two(rows)) => add(cells, rows, chosen, slots),
            (Self::Four(cells), Self::Four(rows)) => add(cells, rows, chosen, slots),
            (Self::Eight(cells), Self::Eight(rows)) => add(cells, rows, chosen, slots),
            _ => debug_assert!(false, "packs of one layout have one width"),
        }
    }

    /// The sum of a lane in a cell.
    pub(super) fn get(&self, slot: usize, lane: usize) -> i64 {
        each!(self, rows => rows[slot][lane])
    }

    /// Gives the sums of a lane away and leaves zeros.
    pub(super) fn take_lane(&mut self, lane: usize) -> Vec<i64> {
        each!(self, rows => rows.iter_mut().map(|row| std::mem::take(&mut row[lane])).collect())
    }

    pub(super) fn bytes(&self) -> usize {
        each!(self, rows => std::mem::size_of_val(rows.as_slice()) / rows.len().max(1) * rows.capacity())
    }
}

/// Columns side by side: eight records at a time, so that few bounds are checked.
fn fill<const W: usize>(rows: &mut Vec<[i64; W]>, columns: &[&[i64]], len: usize) {
    rows.resize(len, [0; W]);
    let (blocks, rest) = rows.as_chunks_mut::<8>();
    for (lane, column) in columns.iter().enumerate().take(W) {
        let (of_blocks, of_rest) = column[..len].as_chunks::<8>();
        for (block, values) in blocks.iter_mut().zip(of_blocks) {
            for (row, value) in block.iter_mut().zip(values) {
                row[lane] = *value;
            }
        }
        rest.iter_mut().zip(of_rest).for_each(|(row, value)| row[lane] = *value);
    }
}

fn add<const W: usize>(cells: &mut [[i64; W]], rows: &[[i64; W]], chosen: Option<&[u32]>, slots: &[u32]) {
    let mut one = |row: &[i64; W], slot: u32| {
        for (sum, value) in cells[slot as usize].iter_mut().zip(row) {
            *sum = sum.wrapping_add(*value);
        }
    };
    match chosen {
        None => rows.iter().zip(slots).for_each(|(row, slot)| one(row, *slot)),
        Some(chosen) => chosen.iter().zip(slots).for_each(|(i, slot)| one(&rows[*i as usize], *slot)),
    }
}
