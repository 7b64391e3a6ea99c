//! What one thread does with a batch, and what it keeps.

use super::cells::{Cells, Selection};
use super::codes::DimCodes;
use super::column::{Column, Values as Numbers};
use super::days::{is_uniform, Days};
use super::finish::Keys;
use super::layout::{Layout, RollupLayout};
use super::packs::Pack;
use super::program::Program;
use crate::calendar::Grain;
use crate::diagnostic::Diagnostic;
use crate::eval::{Memory as Remembered, Values};
use crate::expr::{Expr, Type};
use crate::plan::{Covers, RollupId, Scan};
use crate::rollup::memory::{Memory, Told};
use crate::rollup::stats::SourceStats;
use crate::rollup::{exact, time};
use crate::source::Batch;
use arrow::array::{Array, ArrayRef};
use arrow::buffer::BooleanBuffer;
use indexmap::IndexMap;
use rayon::prelude::*;
use std::collections::BTreeSet;
use std::sync::Arc;

/// What all threads of a scan share.
pub(super) struct Context<'c> {
    pub(super) scan: &'c Scan,
    pub(super) program: &'c Program,
    pub(super) layout: &'c Layout,
    pub(super) memory: &'c Memory<'c>,
}

/// Codes and states of a thread.
pub(super) struct Thread {
    remembered: Remembered,
    days: Days,
    dims: Vec<DimCodes>,
    /// The roll-ups that are not derived.
    cells: Vec<(RollupId, Cells)>,
    told: Vec<Told>,
    /// The packs of the batch at hand, in buffers that are used again and again.
    packs: Vec<Pack>,
    /// Zeros and ones, for lanes that no column fills.
    constants: (Vec<i64>, Vec<i64>),
}

/// The values of all roll-ups' dimensions and buckets.
pub(super) struct AllKeys {
    days: Days,
    dims: Vec<DimCodes>,
    texts: Vec<ArrayRef>,
}

/// Who wants which records of a batch.
struct Masks {
    /// Which pass the source's `where`; `None`: all.
    kept: Option<BooleanBuffer>,
    /// For each feed of the program the records that it wants: how many, and which (`None`: all).
    feeds: Vec<(usize, Option<BooleanBuffer>)>,
    /// Records that some roll-up wants.
    used: BooleanBuffer,
    /// Kept records in the days of some roll-up.
    in_range: BooleanBuffer,
}

/// The values of a batch, by index of the layout's values and packs.
struct Columns<'t> {
    columns: Vec<Option<Column>>,
    packs: &'t [Pack],
}

impl Thread {
    pub(super) fn new(layout: &Layout, program: &Program) -> Self {
        let cells = program.feeds.iter().map(|f| (f.rollup, Cells::new(layout, &layout.rollups[f.rollup]))).collect();
        Self { cells, told: vec![Told::default(); program.feeds.len()], ..Self::empty(layout) }
    }

    /// Without any roll-up.
    pub(super) fn empty(layout: &Layout) -> Self {
        Self {
            remembered: Remembered::default(),
            days: Days::new(&layout.grains, &layout.ranges),
            dims: layout.dims.iter().map(|d| DimCodes::new(d.ty == Type::Text)).collect(),
            cells: vec![],
            told: vec![],
            packs: layout.packs.iter().map(|p| Pack::empty(p.width())).collect(),
            constants: (vec![], vec![]),
        }
    }

    /// Adds a batch to all roll-ups.
    pub(super) fn take(
        &mut self,
        context: &Context<'_>,
        stats: &mut SourceStats,
        file: usize,
        batch: &Batch,
    ) -> Result<(), Diagnostic> {
        if batch.rows == 0 {
            return Ok(());
        }
        let (program, layout) = (context.program, context.layout);
        let mut values =
            Values::new(&program.nodes, &context.scan.columns, (&batch.columns, batch.rows), &mut self.remembered);
        let kept = program.kept.map(|node| values.get(node).is_true(batch.rows));
        let days = day_numbers(context, &mut self.days, stats, file, batch, kept.as_ref())?;
        let masks = masks(context, &mut values, &self.days, &days, batch.rows, kept);
        account(stats, file, batch.rows, &masks);
        if masks.feeds.iter().all(|(count, _)| *count == 0) {
            return Ok(());
        }
        let mut packs = std::mem::take(&mut self.packs);
        let columns = Columns::new(context, &mut values, &masks, batch.rows, (&mut packs, &mut self.constants));
        columns.count_not_finite(context, &masks, stats);
        drop(values);
        let buckets = self.buckets(layout, &days, batch);
        let dims = self.dim_codes(context, batch, &masks);
        let keys: usize = self.dims.iter().map(DimCodes::bytes).sum();
        let mut slots = vec![];
        let feeds = program.feeds.iter().zip(&masks.feeds).enumerate();
        for (i, (feed, (count, mask))) in feeds.filter(|(_, (_, (count, _)))| *count > 0) {
            let own = &layout.rollups[feed.rollup];
            let chosen: Option<Vec<u32>> = mask.as_ref().map(|mask| indices(mask, *count));
            let chosen = chosen.as_deref();
            let selection = Selection {
                chosen,
                buckets: &buckets[own.grain],
                bucket_len: self.days.buckets(own.grain).len(),
                dims: own.dims.iter().map(|d| (dims[*d].as_slice(), self.dims[*d].len())).collect(),
            };
            let cells = &mut self.cells[i].1;
            cells.slots(&selection, &mut slots);
            columns.add_to(layout, own, cells, chosen, &slots)?;
            // The dimensions' values are shared; the first roll-up answers for them.
            let bytes = cells.bytes() + if i == 0 { keys } else { 0 };
            context.memory.tell(feed.rollup, &mut self.told[i], bytes, cells.len())?;
        }
        self.packs = packs;
        Ok(())
    }

    /// By grain the code of each record's bucket.
    fn buckets(&mut self, layout: &Layout, days: &[u32], batch: &Batch) -> Vec<Vec<u32>> {
        let mut all = vec![];
        for (g, grain) in layout.grains.iter().enumerate() {
            all.push(match (grain, &batch.hour) {
                (Grain::Hour, Some(hours)) => {
                    let codes = self.days.buckets(g);
                    let mut last = None;
                    let code = |hour: &i64| match last {
                        Some((known, code)) if known == *hour => code,
                        _ => {
                            let code = codes.code(*hour);
                            last = Some((*hour, code));
                            code
                        }
                    };
                    hours.values().iter().map(code).collect()
                }
                _ => {
                    let codes = self.days.bucket_codes(g);
                    let code = |day: &u32| codes.get(*day as usize).copied().unwrap_or(0);
                    match days.first().filter(|first| is_uniform(days, **first)) {
                        Some(first) => vec![code(first); days.len()],
                        None => days.iter().map(code).collect(),
                    }
                }
            });
        }
        all
    }

    /// By dimension the code of each record that some roll-up by that dimension wants.
    fn dim_codes(&mut self, context: &Context<'_>, batch: &Batch, masks: &Masks) -> Vec<Vec<u32>> {
        let mut all = vec![];
        for (d, codes) in self.dims.iter_mut().enumerate() {
            let feeds = context.program.feeds.iter().zip(&masks.feeds);
            let wanting = feeds
                .filter(|(f, (count, _))| *count > 0 && context.layout.rollups[f.rollup].dims.contains(&d))
                .map(|(_, (_, mask))| mask);
            let wanted = wanting.cloned().reduce(|l, r| Some(&l? | &r?));
            all.push(match (wanted, context.program.dims[d]) {
                (Some(wanted), Some(column)) => codes.codes(&batch.columns[column], wanted.as_ref()),
                _ => vec![],
            });
        }
        all
    }

    /// Adds the days that occurred.
    pub(super) fn cover(&mut self, days: &mut BTreeSet<i32>) {
        self.days.cover(days);
    }

    /// Takes over another thread's codes and states.
    pub(super) fn absorb(&mut self, other: Self, layout: &Layout) {
        let mut there = other.days;
        let buckets: Vec<Vec<u32>> = (0..layout.grains.len())
            .map(|g| {
                let from = there.buckets(g);
                self.days.buckets(g).absorb(from)
            })
            .collect();
        let dims: Vec<Vec<u32>> =
            self.dims.iter_mut().zip(&other.dims).map(|(here, there)| here.absorb(there)).collect();
        let bucket_lens: Vec<usize> = (0..layout.grains.len()).map(|g| self.days.buckets(g).len()).collect();
        let dim_lens: Vec<usize> = self.dims.iter().map(DimCodes::len).collect();
        for (id, _) in &other.cells {
            if !self.cells.iter().any(|(known, _)| known == id) {
                self.cells.push((*id, Cells::new(layout, &layout.rollups[*id])));
            }
        }
        let mut others: Vec<(RollupId, Cells)> = other.cells;
        let pairs: Vec<(&mut (RollupId, Cells), Cells)> = self
            .cells
            .iter_mut()
            .filter_map(|mine| {
                let position = others.iter().position(|(id, _)| *id == mine.0)?;
                Some((mine, others.swap_remove(position).1))
            })
            .collect();
        pairs.into_par_iter().for_each(|((id, mine), theirs)| {
            let own = &layout.rollups[*id];
            let maps: Vec<&[u32]> = own.dims.iter().map(|d| dims[*d].as_slice()).collect();
            let lens: Vec<usize> = own.dims.iter().map(|d| dim_lens[*d]).collect();
            mine.absorb(theirs, &buckets[own.grain], &maps, (bucket_lens[own.grain], &lens));
        });
    }

    /// The states, and what their keys stand for.
    pub(super) fn into_parts(mut self) -> (Vec<(RollupId, Cells)>, AllKeys) {
        self.cells.sort_by_key(|(id, _)| *id);
        let texts = self.dims.iter().map(|dim| Arc::new(dim.texts()) as ArrayRef).collect();
        (self.cells, AllKeys { days: self.days, dims: self.dims, texts })
    }
}

impl AllKeys {
    /// Those of a roll-up.
    pub(super) fn of(&self, own: &RollupLayout) -> Keys<'_> {
        Keys {
            buckets: self.days.known_buckets(own.grain),
            dims: own.dims.iter().map(|d| &self.dims[*d]).collect(),
            texts: own.dims.iter().map(|d| self.texts[*d].clone()).collect(),
        }
    }
}

fn indices(mask: &BooleanBuffer, count: usize) -> Vec<u32> {
    let mut indices = Vec::with_capacity(count);
    indices.extend(mask.set_indices().map(|i| u32::try_from(i).unwrap_or(u32::MAX)));
    indices
}

/// The number of each record's day.
fn day_numbers(
    context: &Context<'_>,
    known: &mut Days,
    stats: &mut SourceStats,
    file: usize,
    batch: &Batch,
    kept: Option<&BooleanBuffer>,
) -> Result<Vec<u32>, Diagnostic> {
    let scan = context.scan;
    let flags: Option<Vec<bool>> = kept.map(|kept| kept.iter().collect());
    let simple = matches!(scan.time.covers, Covers::Hour | Covers::Day);
    if simple && batch.start.null_count() == 0 {
        return Ok(known.numbers(batch.start.values(), flags.as_deref(), &scan.calendar));
    }
    let flags = flags.unwrap_or_else(|| vec![true; batch.rows]);
    let days = time::days(scan, batch, &flags, &scan.files[file].path)?;
    days.cover(&flags, &mut stats.days);
    Ok(known.numbers(&days.days, Some(&flags), &scan.calendar))
}

fn masks(
    context: &Context<'_>,
    values: &mut Values<'_>,
    known: &Days,
    days: &[u32],
    rows: usize,
    kept: Option<BooleanBuffer>,
) -> Masks {
    let layout = context.layout;
    let mut ranges: Vec<Option<BooleanBuffer>> = vec![None; layout.ranges.len()];
    let mut feeds = vec![];
    let (mut used, mut in_range) = (BooleanBuffer::new_unset(rows), BooleanBuffer::new_unset(rows));
    let and = |left: Option<BooleanBuffer>, right: Option<&BooleanBuffer>| match (left, right) {
        (Some(left), Some(right)) => Some(&left & right),
        (left, right) => left.or_else(|| right.cloned()),
    };
    let whole = || BooleanBuffer::new_set(rows);
    for feed in &context.program.feeds {
        let range = layout.rollups[feed.rollup].range.map(|r| {
            let holds = known.in_range(r);
            let of = |i: usize| holds.get(days[i] as usize).copied().unwrap_or(false);
            &*ranges[r].get_or_insert_with(|| BooleanBuffer::collect_bool(rows, of))
        });
        let inside = and(kept.clone(), range);
        in_range = &in_range | &inside.clone().unwrap_or_else(whole);
        let condition = feed.condition.map(|node| values.get(node).is_true(rows));
        let mask = and(inside, condition.as_ref());
        let count = mask.as_ref().map_or(rows, BooleanBuffer::count_set_bits);
        let mask = mask.filter(|_| count < rows);
        if count > 0 {
            used = &used | &mask.clone().unwrap_or_else(whole);
        }
        feeds.push((count, mask));
    }
    Masks { kept, feeds, used, in_range }
}

fn account(stats: &mut SourceStats, file: usize, rows: usize, masks: &Masks) {
    let kept = masks.kept.as_ref().map_or(rows, BooleanBuffer::count_set_bits);
    let (used, in_range) = (masks.used.count_set_bits(), masks.in_range.count_set_bits());
    let file = &mut stats.files[file];
    file.records += rows as u64;
    file.used += used as u64;
    file.out_of_range += (kept - in_range) as u64;
    file.unused += (rows - used - (kept - in_range)) as u64;
}

impl<'t> Columns<'t> {
    /// The values that some roll-up wants of this batch.
    fn new(
        context: &Context<'_>,
        values: &mut Values<'_>,
        masks: &Masks,
        rows: usize,
        (packs, constants): (&'t mut [Pack], &mut (Vec<i64>, Vec<i64>)),
    ) -> Self {
        let layout = context.layout;
        let mut columns: Vec<Option<Column>> = vec![];
        for (aggregate, nodes) in layout.values.iter().zip(&context.program.values) {
            columns.push(nodes.map(|(expr, filter)| {
                let expr = expr.map(|node| values.get(node));
                let filter = filter.map(|node| values.get(node));
                Column::new(aggregate, expr.as_deref(), filter.as_deref(), rows)
            }));
        }
        let wanted: Vec<usize> = context
            .program
            .feeds
            .iter()
            .zip(&masks.feeds)
            .filter(|(_, (count, _))| *count > 0)
            .flat_map(|(feed, _)| layout.rollups[feed.rollup].packs.iter().copied())
            .collect();
        let (zeros, ones) = constants;
        zeros.resize(rows.max(zeros.len()), 0);
        ones.resize(rows.max(ones.len()), 1);
        let plans = layout.packs.iter().zip(packs.iter_mut()).enumerate();
        for (_, (plan, pack)) in plans.filter(|(i, _)| wanted.contains(i)) {
            let lane = |value: &Option<usize>| match value.map(|v| &columns[v]) {
                None => ones.as_slice(),
                Some(Some(Column { values: Numbers::Narrow(narrow, _), .. })) => narrow,
                Some(_) => zeros.as_slice(),
            };
            let lanes: Vec<&[i64]> = plan.lanes.iter().map(lane).collect();
            pack.fill(&lanes, rows);
        }
        Self { columns, packs }
    }

    /// Counts NaN and infinities in records that some roll-up wants.
    fn count_not_finite(&self, context: &Context<'_>, masks: &Masks, stats: &mut SourceStats) {
        let mut counted: IndexMap<String, u64> = IndexMap::new();
        for (aggregate, column) in context.layout.values.iter().zip(&self.columns) {
            let (Some(column), Some(expr)) = (column, &aggregate.expr) else { continue };
            let Some(strange) = &column.not_finite else { continue };
            let lost = (strange & &masks.used).count_set_bits() as u64;
            if lost > 0 {
                // Several aggregates of one expression see the same records.
                let most = counted.entry(expr.to_string()).or_default();
                *most = lost.max(*most);
            }
        }
        for (expr, count) in counted {
            *stats.not_finite.entry(expr).or_default() += count;
        }
    }

    /// Adds the chosen records to a roll-up's cells.
    fn add_to(
        &self,
        layout: &Layout,
        own: &RollupLayout,
        cells: &mut Cells,
        chosen: Option<&[u32]>,
        slots: &[u32],
    ) -> Result<(), Diagnostic> {
        let column = |value: usize| {
            self.columns[value].as_ref().ok_or_else(|| Diagnostic::bug("a value of a roll-up was not computed"))
        };
        for (position, pack) in own.packs.iter().enumerate() {
            let lanes = layout.packs[*pack].lanes.iter();
            let columns: Result<Vec<Option<&Column>>, Diagnostic> =
                lanes.map(|lane| lane.map(column).transpose()).collect();
            cells.add_pack(position, &self.packs[*pack], &columns?, chosen, slots);
        }
        for (position, value) in own.wide.iter().enumerate() {
            let column = column(*value)?;
            let is_chosen = |i: &u32| chosen.is_none_or(|chosen| chosen.binary_search(i).is_ok());
            if let Some((_, x)) = column.too_large.iter().find(|(i, _)| is_chosen(i)) {
                let expr = layout.values[*value].expr.as_ref().map(Expr::to_string).unwrap_or_default();
                return Err(exact::too_large(&expr, *x));
            }
            cells.add_wide(position, column, chosen, slots);
        }
        for (position, value) in own.counted.iter().enumerate() {
            cells.count_missing(position, column(*value)?, chosen, slots);
        }
        Ok(())
    }
}
