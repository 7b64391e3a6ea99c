//! Sums of 64-bit integers, several side by side: a cell's counts and sums lie in one or a few cache lines and are added
//! to in one step.

/// What to add: one row a record, of 2, 4 or 8 lanes.
pub(super) enum Pack {
    Two(Vec<Two>),
    Four(Vec<Four>),
    Eight(Vec<Eight>),
}

/// The sums so far: one row a cell.
pub(super) enum Sums {
    Two(Rows<Two>),
    Four(Rows<Four>),
    Eight(Rows<Eight>),
}

/// Rows in blocks: where cells become many, none are moved, and no room is held ahead of need.
#[derive(Default)]
pub(super) struct Rows<R> {
    /// All full but the last.
    blocks: Vec<Vec<R>>,
    len: usize,
}

/// Rows of a block, as a power of two.
const BLOCK_BITS: usize = 12;

/// Lanes in as few cache lines as they need: cells are mostly far from each other.
pub(super) trait Row: Copy + Default {
    type Lanes: AsMut<[i64]>;
    fn lanes(&mut self) -> &mut Self::Lanes;
}

macro_rules! row {
    ($name:ident, $lanes:literal, $align:literal) => {
        #[derive(Clone, Copy, Default)]
        #[repr(align($align))]
        pub(super) struct $name([i64; $lanes]);

        impl Row for $name {
            type Lanes = [i64; $lanes];
            #[inline]
            fn lanes(&mut self) -> &mut Self::Lanes {
                &mut self.0
            }
        }
    };
}

row!(Two, 2, 16);
row!(Four, 4, 32);
row!(Eight, 8, 64);

/// Does the same with the rows of a pack, whatever their width.
macro_rules! each {
    ($of:ident, $pack:expr, $rows:ident => $body:expr) => {
        match $pack {
            $of::Two($rows) => $body,
            $of::Four($rows) => $body,
            $of::Eight($rows) => $body,
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
        each!(Self, self, rows => fill(rows, columns, len));
    }
}

impl Sums {
    pub(super) fn empty(width: usize) -> Self {
        match width {
            2 => Self::Two(Rows::default()),
            4 => Self::Four(Rows::default()),
            _ => Self::Eight(Rows::default()),
        }
    }

    /// Makes room for cells below `len`.
    pub(super) fn fit(&mut self, len: usize) {
        each!(Self, self, rows => rows.fit(len));
    }

    /// Adds the rows of the chosen records (of all, without `chosen`) to the cells in `slots`. The caller keeps sums
    /// from passing 64 bits.
    pub(super) fn add(&mut self, records: &Pack, chosen: Option<&[u32]>, slots: &[u32]) {
        match (self, records) {
            (Self::Two(cells), Pack::Two(rows)) => cells.add(rows, chosen, slots),
            (Self::Four(cells), Pack::Four(rows)) => cells.add(rows, chosen, slots),
            (Self::Eight(cells), Pack::Eight(rows)) => cells.add(rows, chosen, slots),
            _ => debug_assert!(false, "packs of one layout have one width"),
        }
    }

    /// Adds the sums of another thread to the cells in `slots`.
    pub(super) fn absorb(&mut self, other: &Self, slots: &[u32]) {
        match (self, other) {
            (Self::Two(here), Self::Two(there)) => here.absorb(there, slots),
            (Self::Four(here), Self::Four(there)) => here.absorb(there, slots),
            (Self::Eight(here), Self::Eight(there)) => here.absorb(there, slots),
            _ => debug_assert!(false, "sums of one layout have one width"),
        }
    }

    /// The sum of a lane in a cell.
    pub(super) fn get(&self, slot: usize, lane: usize) -> i64 {
        each!(Self, self, rows => rows.row(slot).0[lane])
    }

    /// Gives the sums of a lane away and leaves zeros.
    pub(super) fn take_lane(&mut self, lane: usize) -> Vec<i64> {
        each!(Self, self, rows => rows.blocks.iter_mut().flatten().map(|row| std::mem::take(&mut row.0[lane])).collect())
    }

    pub(super) fn bytes(&self) -> usize {
        each!(Self, self, rows => rows.bytes())
    }
}

impl<R: Row> Rows<R> {
    fn fit(&mut self, len: usize) {
        while self.len < len {
            if self.len.is_multiple_of(1 << BLOCK_BITS) {
                self.blocks.push(vec![]);
            }
            let Some(block) = self.blocks.last_mut() else { return };
            let more = (len - self.len).min((1 << BLOCK_BITS) - block.len());
            block.resize(block.len() + more, R::default());
            self.len += more;
        }
    }

    fn row(&self, slot: usize) -> &R {
        &self.blocks[slot >> BLOCK_BITS][slot & ((1 << BLOCK_BITS) - 1)]
    }

    #[inline]
    fn add_one(&mut self, mut row: R, slot: u32) {
        let slot = slot as usize;
        let cell = &mut self.blocks[slot >> BLOCK_BITS][slot & ((1 << BLOCK_BITS) - 1)];
        for (sum, value) in cell.lanes().as_mut().iter_mut().zip(row.lanes().as_mut()) {
            *sum = sum.wrapping_add(*value);
        }
    }

    fn add(&mut self, rows: &[R], chosen: Option<&[u32]>, slots: &[u32]) {
        match chosen {
            None => rows.iter().zip(slots).for_each(|(row, slot)| self.add_one(*row, *slot)),
            Some(chosen) => chosen.iter().zip(slots).for_each(|(i, slot)| self.add_one(rows[*i as usize], *slot)),
        }
    }

    fn absorb(&mut self, other: &Self, slots: &[u32]) {
        other.blocks.iter().flatten().zip(slots).for_each(|(row, slot)| self.add_one(*row, *slot));
    }

    fn bytes(&self) -> usize {
        self.blocks.iter().map(|block| block.capacity() * std::mem::size_of::<R>()).sum()
    }
}

/// Columns side by side: eight records at a time, so that few bounds are checked.
fn fill<R: Row>(rows: &mut Vec<R>, columns: &[&[i64]], len: usize) {
    rows.resize(len, R::default());
    let (blocks, rest) = rows.as_chunks_mut::<8>();
    let width = R::default().lanes().as_mut().len();
    for (lane, column) in columns.iter().enumerate().take(width) {
        let (of_blocks, of_rest) = column[..len].as_chunks::<8>();
        for (block, values) in blocks.iter_mut().zip(of_blocks) {
            for (row, value) in block.iter_mut().zip(values) {
                row.lanes().as_mut()[lane] = *value;
            }
        }
        rest.iter_mut().zip(of_rest).for_each(|(row, value)| row.lanes().as_mut()[lane] = *value);
    }
}
