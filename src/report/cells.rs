//! From the buckets of roll-ups to the spans and groups that a report looks at, states still unfinished.

use super::groups::{Groups, LevelId};
use super::merge::ByDay;
use super::snapshot;
use super::views::Slot;
use crate::calendar::{Calendar, Grain};
use crate::diagnostic::Diagnostic;
use crate::plan::{AggFunc, Aggregate, DayRange, Plan, ReportInput, ReportPlan, RollupId, RollupPlan, Snapshot};
use crate::rollup::{coarsen, exact, Merge};
use arrow::array::{ArrayRef, AsArray, RecordBatchOptions, UInt32Array};
use arrow::compute::{take, take_record_batch};
use arrow::datatypes::{Field, Int64Type, Schema};
use arrow::record_batch::RecordBatch;
use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::rc::Rc;
use std::sync::Arc;

/// The column of records of an input.
pub(super) const ROWS: &str = "rows";

/// The state columns of an aggregate: its prefix in the roll-up, its name here. Sums of floats have a tail.
pub(super) fn states(aggregate: &Aggregate, slot: usize) -> Vec<(&'static str, String)> {
    match aggregate.func {
        AggFunc::Count => vec![("n", format!("n{slot}"))],
        AggFunc::Sum if aggregate.has_tail() => {
            vec![("s", format!("s{slot}")), ("n", format!("n{slot}")), ("t", format!("t{slot}"))]
        }
        AggFunc::Sum => vec![("s", format!("s{slot}")), ("n", format!("n{slot}"))],
        AggFunc::Min => vec![("v", format!("v{slot}min"))],
        AggFunc::Max => vec![("v", format!("v{slot}max"))],
    }
}

/// Cells with states, each of one slot and group.
pub(super) struct Cells {
    /// Index of the slot of each.
    pub(super) slots: Vec<u32>,
    /// Group of each.
    pub(super) groups: Vec<u32>,
    /// The states: [`ROWS`], and those of [`states`].
    pub(super) states: RecordBatch,
}

/// The roll-ups that a report reads, with the numbers of their groups.
pub(super) struct Book<'p> {
    pub(super) plan: &'p Plan,
    pub(super) report: &'p ReportPlan,
    pub(super) groups: RefCell<Groups>,
    rollups: BTreeMap<RollupId, RecordBatch>,
    codes: RefCell<Numbers<usize>>,
    numbers: RefCell<Numbers<LevelId>>,
}

/// Numbers for the cells of a roll-up, by dimension or level.
type Numbers<K> = HashMap<(RollupId, K), Rc<Vec<u32>>>;

/// Groups of a level whose records do not count.
pub(super) type LeftOut<'l> = Option<(LevelId, &'l HashSet<u32>)>;

/// States to carry along: name in the roll-up, name here, and how they merge.
type Carried = Vec<(String, String, Merge)>;

impl<'p> Book<'p> {
    pub(super) fn new(plan: &'p Plan, report: &'p ReportPlan, rollups: BTreeMap<RollupId, RecordBatch>) -> Self {
        let groups = RefCell::new(Groups::new(report.all_dims()));
        Self { plan, report, groups, rollups, codes: RefCell::default(), numbers: RefCell::default() }
    }

    /// The roll-up that is read where one is wanted.
    pub(super) fn read(&self, wanted: RollupId) -> Result<(&'p RollupPlan, &RecordBatch), Diagnostic> {
        let read = &self.plan.rollups[self.plan.rollups[wanted].derived_from.unwrap_or(wanted)];
        let cells = self.rollups.get(&read.id);
        Ok((read, cells.ok_or_else(|| Diagnostic::bug(format!("roll-up r{} is missing", read.id)))?))
    }

    /// The group of each cell of a roll-up at a level.
    pub(super) fn numbers(
        &self,
        read: &RollupPlan,
        cells: &RecordBatch,
        level: LevelId,
    ) -> Result<Rc<Vec<u32>>, Diagnostic> {
        if let Some(known) = self.numbers.borrow().get(&(read.id, level)) {
            return Ok(known.clone());
        }
        let dims = self.groups.borrow().dims(level).to_vec();
        let codes: Vec<Rc<Vec<u32>>> =
            dims.iter().map(|dim| self.codes(read, cells, *dim)).collect::<Result<_, Diagnostic>>()?;
        let slices: Vec<&[u32]> = codes.iter().map(|codes| codes.as_slice()).collect();
        let numbers = Rc::new(self.groups.borrow_mut().number(level, cells.num_rows(), &slices));
        self.numbers.borrow_mut().insert((read.id, level), numbers.clone());
        Ok(numbers)
    }

    fn codes(&self, read: &RollupPlan, cells: &RecordBatch, dim: usize) -> Result<Rc<Vec<u32>>, Diagnostic> {
        if let Some(known) = self.codes.borrow().get(&(read.id, dim)) {
            return Ok(known.clone());
        }
        let wanted = self.report.all_dims().nth(dim);
        let position = read.dims.iter().position(|d| Some(d) == wanted);
        let column = position.and_then(|i| cells.column_by_name(&format!("d{i}")));
        let column = column.ok_or_else(|| Diagnostic::bug("a dimension is not rolled up"))?;
        let codes = Rc::new(self.groups.borrow_mut().codes(dim, column)?);
        self.codes.borrow_mut().insert((read.id, dim), codes.clone());
        Ok(codes)
    }

    /// The states that metrics need of an input's roll-up.
    fn carried(&self, input: &ReportInput, read: &RollupPlan, metrics: &[&str]) -> Result<Carried, Diagnostic> {
        let mut carried: Carried = vec![(ROWS.to_owned(), ROWS.to_owned(), Merge::Add)];
        for metric in metrics {
            let slot = *input.slots.get(*metric).ok_or_else(|| Diagnostic::bug(format!("`{metric}` has no slot")))?;
            let aggregate = &self.plan.rollups[input.rollup].aggregates[slot];
            let position = read.aggregates.iter().position(|a| a == aggregate);
            let position = position.ok_or_else(|| Diagnostic::bug("a state is not rolled up"))?;
            let merge = match aggregate.func {
                AggFunc::Count | AggFunc::Sum => Merge::Add,
                AggFunc::Min => Merge::Min,
                AggFunc::Max => Merge::Max,
            };
            for (state, name) in states(aggregate, slot) {
                if !carried.iter().any(|(_, known, _)| *known == name) {
                    carried.push((format!("{state}{position}"), name, merge));
                }
            }
        }
        Ok(carried)
    }

    /// The cells of an input at a level, over the spans of `slots`, with the states of `metrics`.
    pub(super) fn cells(
        &self,
        input: &ReportInput,
        level: LevelId,
        (grain, slots): (Grain, &[Slot]),
        metrics: &[&str],
    ) -> Result<Cells, Diagnostic> {
        let (read, batch) = self.read(input.rollup)?;
        let groups = self.numbers(read, batch, level)?;
        let carried = self.carried(input, read, metrics)?;
        let buckets = buckets(batch)?;
        let whole_keys = self.groups.borrow().dims(level).len() == read.dims.len();
        if !disjoint(slots) {
            let cells = self.by_bucket(batch, (&buckets, &groups), &carried, whole_keys)?;
            return self.overlapping(read.bucket, cells, slots, &carried);
        }
        let calendar = &self.plan.calendar;
        let of_cells = slots_of(calendar, self.report.counted(), (read.bucket, grain), &buckets, slots);
        // A window may hold several days even where the report is by day.
        let single = grain != Grain::Day || slots.iter().all(|slot| slot.first == slot.last);
        if single && whole_keys && read.bucket == grain && of_cells.iter().all(Option::is_some) {
            // Cells are what they were.
            let slots = of_cells.iter().map(|slot| u32::try_from(slot.unwrap_or(0)).unwrap_or(0)).collect();
            return Ok(Cells { slots, groups: groups.to_vec(), states: renamed(batch, &carried)? });
        }
        self.merged(batch, &of_cells, &groups, &carried)
    }

    /// Cells of the same slot and group as one.
    fn merged(
        &self,
        batch: &RecordBatch,
        slots: &[Option<i64>],
        groups: &[u32],
        carried: &Carried,
    ) -> Result<Cells, Diagnostic> {
        let mut columns = vec![("g".to_owned(), Arc::new(UInt32Array::from(groups.to_vec())) as ArrayRef)];
        for (from, to, _) in carried {
            columns.push((to.clone(), column(batch, from)?.clone()));
        }
        let renamed = batch_of(groups.len(), columns)?;
        let how: Vec<(String, Merge)> = carried.iter().map(|(_, to, how)| (to.clone(), *how)).collect();
        let merged = coarsen(&renamed, slots, &["g".to_owned()], &how, &|| self.overflow())?;
        let slots = column(&merged, "b")?.as_primitive::<Int64Type>().values();
        let slots = slots.iter().map(|slot| u32::try_from(*slot).unwrap_or(0)).collect();
        let groups = column(&merged, "g")?.as_primitive::<arrow::datatypes::UInt32Type>().values().to_vec();
        let columns = carried.iter().map(|(_, to, _)| Ok((to.clone(), column(&merged, to)?.clone())));
        let states = batch_of(merged.num_rows(), columns.collect::<Result<_, Diagnostic>>()?)?;
        Ok(Cells { slots, groups, states })
    }

    /// Cells of the same slot and group as one, in other slots and groups; those without a slot are left out.
    pub(super) fn together(&self, cells: &Cells, slots: &[Option<i64>], groups: &[u32]) -> Result<Cells, Diagnostic> {
        let how = |name: &str| match name {
            name if name.ends_with("min") => Merge::Min,
            name if name.ends_with("max") => Merge::Max,
            _ => Merge::Add,
        };
        let schema = cells.states.schema();
        let carried = schema.fields().iter().map(|f| (f.name().clone(), f.name().clone(), how(f.name()))).collect();
        self.merged(&cells.states, slots, groups, &carried)
    }

    /// One cell for each bucket and group; `slots` are places in the sorted list of buckets.
    fn by_bucket(
        &self,
        batch: &RecordBatch,
        (buckets, groups): (&[i64], &[u32]),
        carried: &Carried,
        whole_keys: bool,
    ) -> Result<(Vec<i64>, Cells), Diagnostic> {
        let mut distinct = buckets.to_vec();
        distinct.sort_unstable();
        distinct.dedup();
        let place = |bucket: &i64| distinct.binary_search(bucket).ok().and_then(|i| i64::try_from(i).ok());
        let places: Vec<Option<i64>> = buckets.iter().map(place).collect();
        if whole_keys {
            let slots = places.iter().map(|p| u32::try_from(p.unwrap_or(0)).unwrap_or(0)).collect();
            return Ok((distinct, Cells { slots, groups: groups.to_vec(), states: renamed(batch, carried)? }));
        }
        let cells = self.merged(batch, &places, groups, carried)?;
        Ok((distinct, cells))
    }

    fn overlapping(
        &self,
        bucket: Grain,
        (buckets, cells): (Vec<i64>, Cells),
        slots: &[Slot],
        carried: &Carried,
    ) -> Result<Cells, Diagnostic> {
        let days: Vec<i32> = buckets.iter().map(|b| day_of_bucket(&self.plan.calendar, bucket, *b)).collect();
        let days: Vec<i32> = cells.slots.iter().map(|place| days[*place as usize]).collect();
        let by_day = ByDay::new(&days, &cells.groups);
        let spans = by_day.spans(slots);
        let mut columns: Vec<(String, ArrayRef)> = vec![];
        // Counts that are the same for several states are one array, and stay one.
        let mut known: Vec<(&ArrayRef, ArrayRef)> = vec![];
        for (_, to, how) in carried {
            let array = column(&cells.states, to)?;
            let over = match known.iter().find(|(from, _)| *how == Merge::Add && Arc::ptr_eq(from, array)) {
                Some((_, over)) => over.clone(),
                None => by_day.state(&spans, array, *how, &|| self.overflow())?,
            };
            known.push((array, over.clone()));
            columns.push((to.clone(), over));
        }
        let states = batch_of(spans.slots.len(), columns)?;
        Ok(Cells { slots: spans.slots, groups: spans.groups, states })
    }

    /// The days on which the keys of a measure that does not add up over time have records, and the level of the keys.
    pub(super) fn dates(&self, input: &ReportInput, how: &Snapshot) -> Result<(LevelId, snapshot::Dates), Diagnostic> {
        let mut keys: Vec<usize> = how.keys.iter().filter_map(|key| self.report.dim(key)).collect();
        keys.sort_unstable();
        let level = self.groups.borrow_mut().level(&keys);
        let presence = input.presence.ok_or_else(|| Diagnostic::bug("nothing tells the days of a snapshot"))?;
        let (presence, there) = self.read(presence)?;
        let keys = self.numbers(presence, there, level)?;
        let days = buckets(there)?;
        let days: Vec<i32> = days.iter().map(|b| day_of_bucket(&self.plan.calendar, presence.bucket, *b)).collect();
        Ok((level, snapshot::Dates::new(&days, &keys)))
    }

    /// The cells of a measure that does not add up over time: those of the days that count.
    pub(super) fn snapshot(
        &self,
        input: &ReportInput,
        level: LevelId,
        slots: &[Slot],
        (metric, how): (&str, &Snapshot),
        left_out: LeftOut<'_>,
    ) -> Result<Cells, Diagnostic> {
        let (read, batch) = self.read(input.rollup)?;
        let groups = self.numbers(read, batch, level)?;
        let carried = self.carried(input, read, &[metric])?;
        let days = |bucket: Grain, batch: &RecordBatch| -> Result<Vec<i32>, Diagnostic> {
            Ok(buckets(batch)?.iter().map(|b| day_of_bucket(&self.plan.calendar, bucket, *b)).collect())
        };
        let own_days = days(read.bucket, batch)?;
        if how.pick == crate::spec::WindowAgg::Average {
            let mut days = buckets(batch)?;
            let (mut kept, mut groups) = (batch.clone(), groups.to_vec());
            if let Some((level, out)) = left_out {
                let theirs = self.numbers(read, batch, level)?;
                let rows: Vec<u32> =
                    (0u32..).zip(theirs.iter()).filter(|(_, g)| !out.contains(*g)).map(|(r, _)| r).collect();
                kept = take_record_batch(batch, &UInt32Array::from(rows.clone()))
                    .map_err(|e| Diagnostic::bug(e.to_string()))?;
                days = rows.iter().map(|row| days[*row as usize]).collect();
                groups = rows.iter().map(|row| groups[*row as usize]).collect();
            }
            let (buckets, cells) = self.by_bucket(&kept, (&days, &groups), &carried, false)?;
            let counts = states(&self.plan.rollups[input.rollup].aggregates[input.slots[metric]], input.slots[metric]);
            let cells = snapshot::known_days(&cells, &counts[1].1)?;
            let mut carried: Carried = carried.iter().map(|(_, to, how)| (to.clone(), to.clone(), *how)).collect();
            carried.push((snapshot::DAYS.to_owned(), snapshot::DAYS.to_owned(), Merge::Add));
            return self.overlapping(read.bucket, (buckets, cells), slots, &carried);
        }
        let (key_level, calendar) = self.dates(input, how)?;
        let own_keys = self.numbers(read, batch, key_level)?;
        let chosen = calendar.choose(how, slots, &own_days, &own_keys);
        let rows = UInt32Array::from(chosen.iter().map(|(_, row)| *row).collect::<Vec<u32>>());
        let columns = carried.iter().map(|(from, _, _)| {
            let taken = take(column(batch, from)?, &rows, None).map_err(|e| Diagnostic::bug(e.to_string()))?;
            Ok((from.clone(), taken))
        });
        let taken = batch_of(chosen.len(), columns.collect::<Result<_, Diagnostic>>()?)?;
        let slots: Vec<Option<i64>> = chosen.iter().map(|(slot, _)| Some(i64::from(*slot))).collect();
        let groups: Vec<u32> = chosen.iter().map(|(_, row)| groups[*row as usize]).collect();
        self.merged(&taken, &slots, &groups, &carried)
    }

    /// The numbers of groups; the roll-ups are dropped.
    pub(super) fn into_groups(self) -> Groups {
        self.groups.into_inner()
    }

    fn overflow(&self) -> Diagnostic {
        exact::overflow(&format!("report `{}`", self.report.name))
    }

    /// The buckets of an input's roll-up, with their grain.
    pub(super) fn buckets(&self, input: &ReportInput) -> Result<(Grain, Vec<i64>), Diagnostic> {
        let (read, batch) = self.read(input.rollup)?;
        Ok((read.bucket, buckets(batch)?))
    }
}

fn buckets(batch: &RecordBatch) -> Result<Vec<i64>, Diagnostic> {
    Ok(column(batch, "b")?.as_primitive::<Int64Type>().values().to_vec())
}

fn column<'b>(batch: &'b RecordBatch, name: &str) -> Result<&'b ArrayRef, Diagnostic> {
    batch.column_by_name(name).ok_or_else(|| Diagnostic::bug(format!("cells without the column {name}")))
}

/// The states that are carried along, under their names here.
fn renamed(batch: &RecordBatch, carried: &Carried) -> Result<RecordBatch, Diagnostic> {
    let columns = carried.iter().map(|(from, to, _)| Ok((to.clone(), column(batch, from)?.clone())));
    batch_of(batch.num_rows(), columns.collect::<Result<_, Diagnostic>>()?)
}

pub(super) fn batch_of(rows: usize, columns: Vec<(String, ArrayRef)>) -> Result<RecordBatch, Diagnostic> {
    let fields: Vec<Field> = columns.iter().map(|(name, a)| Field::new(name, a.data_type().clone(), true)).collect();
    let arrays = columns.into_iter().map(|(_, array)| array).collect();
    let options = RecordBatchOptions::new().with_row_count(Some(rows));
    RecordBatch::try_new_with_options(Arc::new(Schema::new(fields)), arrays, &options)
        .map_err(|e| Diagnostic::bug(e.to_string()))
}

/// Whether no day is in two spans.
fn disjoint(slots: &[Slot]) -> bool {
    slots.windows(2).all(|pair| match (pair[0].hour, pair[1].hour) {
        (Some(a), Some(b)) => a < b,
        _ => pair[0].last < pair[1].first,
    })
}

/// The slot of each bucket; none for those outside all.
fn slots_of(
    calendar: &Calendar,
    range: DayRange,
    (bucket, grain): (Grain, Grain),
    buckets: &[i64],
    slots: &[Slot],
) -> Vec<Option<i64>> {
    let number = |index: usize| i64::try_from(index).ok();
    let find = |b: i64| match bucket {
        Grain::All => slots.first().and(Some(0)),
        Grain::Hour if grain == Grain::Hour => {
            slots.binary_search_by_key(&Some(b), |slot| slot.hour).ok().and_then(number)
        }
        // Of the whole range, whose first day may be within a bucket; a range that cuts buckets makes them days.
        _ if grain == Grain::All && bucket > Grain::Day => {
            range.contains(day_of_bucket(calendar, bucket, b)).then_some(0)
        }
        _ => {
            let day = day_of_bucket(calendar, bucket, b);
            let after = slots.partition_point(|slot| slot.first <= day);
            let index = after.checked_sub(1)?;
            number(index).filter(|_| day <= slots[index].last)
        }
    };
    let mut last = None;
    let slot = |b: &i64| match last {
        // Neighbouring cells are often of one bucket.
        Some((known, slot)) if known == *b => slot,
        _ => {
            let slot = find(*b);
            last = Some((*b, slot));
            slot
        }
    };
    buckets.iter().map(slot).collect()
}

pub(super) fn day_of_bucket(calendar: &Calendar, bucket: Grain, value: i64) -> i32 {
    if bucket == Grain::Hour {
        return calendar.day_of(value.saturating_mul(1_000_000)).unwrap_or(i32::MAX);
    }
    i32::try_from(value).unwrap_or(i32::MAX)
}
