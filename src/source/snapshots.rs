//! Lifetime snapshots: exports of one post made on different days hold all that happened to it up to each. The latest
//! counts, or what was added from each to the next.
//!
//! Which records count is known when all are read, so they are held in memory; a lifetime export has a row a post, not
//! a row an event.

use super::batch::Batch;
use super::feed::Feed;
use super::refine::keep;
use crate::diagnostic::Diagnostic;
use crate::expr::Type;
use crate::plan::{Scan, SnapshotPlan};
use crate::spec::Keep;
use arrow::array::{Array, ArrayRef, AsArray, Int32Array, PrimitiveArray, UInt32Array};
use arrow::buffer::BooleanBuffer;
use arrow::compute::{concat, take};
use arrow::datatypes::{ArrowPrimitiveType, DataType, Date32Type, Decimal128Type, Float64Type, Int64Type};
use arrow::row::{RowConverter, SortField};
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

/// A record by its batch and its place there.
type At = (usize, usize);

/// The snapshots of one key, by day; of several of one day the last that was read.
type OfKey = HashMap<Box<[u8]>, Vec<(i32, At)>>;

/// Reads all records of a scan and keeps those that count.
///
/// # Errors
/// What reading them tells, or more memory than there is.
pub(super) fn settled(feed: &Feed<'_>, scan: &Scan, plan: &SnapshotPlan) -> Result<Vec<(usize, Batch)>, Diagnostic> {
    let mut batches: Vec<(usize, Batch)> = vec![];
    feed.all(&mut |file, batch| {
        batches.push((file, batch));
        Ok(())
    })?;
    if batches.is_empty() {
        return Ok(batches);
    }
    let keys = keys(&batches, plan)?;
    let repeated = repeated(&batches, &keys);
    if let Some((_, batch)) = batches.first_mut() {
        batch.aside.repeated_keys = repeated;
    }
    let mut settled = match plan.keep {
        Keep::Latest => latest(batches, &keys)?,
        Keep::Differences => differences(&batches, &keys, scan, plan)?,
    };
    if let Some(only) = plan.only {
        settled.retain(|(file, _)| *file == only);
    }
    Ok(settled)
}

/// By key its snapshots, in the order of days.
fn keys(batches: &[(usize, Batch)], plan: &SnapshotPlan) -> Result<OfKey, Diagnostic> {
    let bug = |e: arrow::error::ArrowError| Diagnostic::bug(e.to_string());
    let mut converter: Option<RowConverter> = None;
    let mut found: OfKey = HashMap::new();
    for (index, (_, batch)) in batches.iter().enumerate() {
        let arrays: Vec<ArrayRef> = plan.keys.iter().map(|key| batch.columns[*key].clone()).collect();
        let converter = match &mut converter {
            Some(converter) => converter,
            None => {
                let fields = arrays.iter().map(|array| SortField::new(array.data_type().clone())).collect();
                converter.insert(RowConverter::new(fields).map_err(bug)?)
            }
        };
        let days = batch.columns[plan.day].as_primitive::<Date32Type>();
        let rows = converter.convert_columns(&arrays).map_err(bug)?;
        for (row, key) in rows.iter().enumerate() {
            // Without a day it is older than all that have one.
            let day = if days.is_valid(row) { days.value(row) } else { i32::MIN };
            found.entry(key.as_ref().into()).or_default().push((day, (index, row)));
        }
    }
    // Files are read in the order of their names: of one day the last counts.
    #[allow(clippy::iter_over_hash_type, reason = "each is sorted by itself")]
    for snapshots in found.values_mut() {
        snapshots.sort_unstable();
    }
    Ok(found)
}

/// How many rows have a key that stands in the same export, of the same day, once more.
fn repeated(batches: &[(usize, Batch)], keys: &OfKey) -> u64 {
    let same = |pair: &[(i32, At)]| pair[0].0 == pair[1].0 && batches[pair[0].1 .0].0 == batches[pair[1].1 .0].0;
    keys.values().map(|snapshots| snapshots.windows(2).filter(|pair| same(pair)).count() as u64).sum()
}

/// The latest snapshot of each key.
fn latest(batches: Vec<(usize, Batch)>, keys: &OfKey) -> Result<Vec<(usize, Batch)>, Diagnostic> {
    let mut kept: Vec<Vec<bool>> = batches.iter().map(|(_, batch)| vec![false; batch.rows]).collect();
    for (_, (batch, row)) in keys.values().filter_map(|snapshots| snapshots.last()) {
        kept[*batch][*row] = true;
    }
    let settle = |((file, batch), kept): ((usize, Batch), Vec<bool>)| {
        let mut settled = keep(&batch, &BooleanBuffer::from(kept))?;
        settled.aside.superseded += (batch.rows - settled.rows) as u64;
        Ok((file, settled))
    };
    batches.into_iter().zip(kept).map(settle).collect()
}

/// What was added from each snapshot to the next. The first of a key counts in full where the key was published after
/// the export before; else it is what the next is counted from, and nothing itself.
fn differences(
    batches: &[(usize, Batch)],
    keys: &OfKey,
    scan: &Scan,
    plan: &SnapshotPlan,
) -> Result<Vec<(usize, Batch)>, Diagnostic> {
    let days: BTreeSet<i32> = keys.values().flatten().map(|(day, _)| *day).collect();
    let mut before: HashMap<At, Option<At>> = HashMap::new();
    #[allow(clippy::iter_over_hash_type, reason = "each key is judged by itself")]
    for snapshots in keys.values() {
        let mut last: Option<(i32, At)> = None;
        for (i, (day, at)) in snapshots.iter().enumerate() {
            if snapshots.get(i + 1).is_some_and(|(next, _)| next == day) {
                // Of one day the last counts.
                continue;
            }
            let is_new = || {
                let published = &batches[at.0].1.start;
                let earlier = days.range(..*day).next_back();
                published.is_valid(at.1) && earlier.is_some_and(|earlier| published.value(at.1) > *earlier)
            };
            match last {
                Some((_, last)) => _ = before.insert(*at, Some(last)),
                None if is_new() => _ = before.insert(*at, None),
                None => {}
            }
            last = Some((*day, *at));
        }
    }
    let measures: Vec<usize> = (0..scan.columns.len()).filter(|place| scan.columns[*place].measure).collect();
    let wholes: Vec<ArrayRef> = measures
        .iter()
        .map(|place| {
            let columns: Vec<&dyn Array> = batches.iter().map(|(_, batch)| batch.columns[*place].as_ref()).collect();
            concat(&columns).map_err(|e| Diagnostic::bug(e.to_string()))
        })
        .collect::<Result<_, _>>()?;
    let starts: Vec<usize> =
        batches.iter().scan(0, |next, (_, batch)| Some(std::mem::replace(next, *next + batch.rows))).collect();
    let mut settled = vec![];
    for (index, (file, batch)) in batches.iter().enumerate() {
        let kept: Vec<bool> = (0..batch.rows).map(|row| before.contains_key(&(index, row))).collect();
        let mut later = keep(batch, &BooleanBuffer::from(kept))?;
        later.aside.superseded += (batch.rows - later.rows) as u64;
        let place = |(batch, row): At| u32::try_from(starts[batch] + row).ok();
        let earlier: UInt32Array = (0..batch.rows)
            .filter_map(|row| before.get(&(index, row)))
            .map(|earlier| earlier.and_then(place))
            .collect();
        for (place, whole) in measures.iter().zip(&wholes) {
            later.columns[*place] = subtracted(&later.columns[*place], whole, &earlier)?;
        }
        dated(&mut later, scan, plan);
        settled.push((*file, later));
    }
    Ok(settled)
}

/// A column less what it was in earlier records: `whole` holds all batches, one after another, and `rows` the places of
/// the earlier records there. Null where either is unknown; where there is no earlier record, as it is.
fn subtracted(later: &ArrayRef, whole: &ArrayRef, rows: &UInt32Array) -> Result<ArrayRef, Diagnostic> {
    let values = take(whole, rows, None).map_err(|e| Diagnostic::bug(e.to_string()))?;
    let is_first = |i: usize| rows.is_null(i);
    let difference: Option<ArrayRef> = match later.data_type() {
        DataType::Int64 => minus::<Int64Type>(later, &values, &is_first, i64::checked_sub).map(|a| Arc::new(a) as _),
        DataType::Float64 => {
            minus::<Float64Type>(later, &values, &is_first, |l, e| Some(l - e)).map(|a| Arc::new(a) as _)
        }
        DataType::Decimal128(precision, scale) => minus::<Decimal128Type>(later, &values, &is_first, i128::checked_sub)
            .map(|a| Arc::new(a.with_data_type(DataType::Decimal128(*precision, *scale))) as _),
        other => return Err(Diagnostic::bug(format!("a measure of type {other}"))),
    };
    difference.ok_or_else(|| Diagnostic::data("overflow", "a difference of two snapshots is too large"))
}

/// Later less earlier; `None` on overflow.
fn minus<T: ArrowPrimitiveType>(
    later: &ArrayRef,
    earlier: &ArrayRef,
    is_first: &dyn Fn(usize) -> bool,
    less: impl Fn(T::Native, T::Native) -> Option<T::Native>,
) -> Option<PrimitiveArray<T>> {
    let (later, earlier) = (later.as_primitive::<T>(), earlier.as_primitive::<T>());
    let one = |i: usize| match (later.is_valid(i), earlier.is_valid(i)) {
        (true, _) if is_first(i) => Some(Some(later.value(i))),
        (true, true) => less(later.value(i), earlier.value(i)).map(Some),
        _ => Some(None),
    };
    (0..later.len()).map(one).collect::<Option<Vec<_>>>().map(|values| values.into_iter().collect())
}

/// Dates the records by the day of their snapshot.
fn dated(batch: &mut Batch, scan: &Scan, plan: &SnapshotPlan) {
    let days = batch.columns[plan.day].as_primitive::<Date32Type>();
    let known = |day: Option<i32>| day.filter(|day| *day != i32::MIN);
    let start: Int32Array = days.iter().map(known).collect();
    for (place, column) in scan.columns.iter().enumerate() {
        if column.ty == Type::Date && column.raw.as_deref() == Some(scan.time.column.raw.as_str()) {
            batch.columns[place] = Arc::new(start.reinterpret_cast::<Date32Type>()) as ArrayRef;
        }
    }
    batch.start = start;
    batch.end = None;
}
