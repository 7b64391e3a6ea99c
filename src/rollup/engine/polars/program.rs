//! What is computed for every batch of a scan: the source's condition, each distinct segment once, each distinct
//! value once, and the keys.

use super::intern::{Interner, NULL};
use super::state::{StateColumn, StateKind};
use crate::calendar::Grain;
use crate::diagnostic::Diagnostic;
use crate::expr::{Expr, Type};
use crate::frame::{engine_error, lower, series};
use crate::plan::{AggFunc, Aggregate, Plan, RollupId, RollupPlan, Scan};
use crate::rollup::{exact, time};
use crate::source::Batch;
use ::polars::prelude::{
    col, lit, when, BooleanChunked, ChunkCast, Column, DataFrame, DataType, Expr as Lowered, Float64Chunked,
    Int128Chunked, Int64Chunked, IntoColumn, IntoLazy, NamedFrom, NewChunkedArray, Null, Series, UInt32Chunked,
};
use arrow::array::{Array, AsArray, StringArray};
use arrow::datatypes::Int32Type;
use indexmap::IndexMap;

/// The expressions of a scan, each distinct one once.
pub(super) struct Program {
    /// `where` of the source.
    kept: Option<Lowered>,
    /// Distinct segment conditions.
    conditions: Vec<Expr>,
    /// The condition of each roll-up: an index into `conditions`.
    segments: Vec<(RollupId, Option<usize>)>,
    /// Distinct values.
    values: Vec<Aggregate>,
    /// For each roll-up its aggregates as indices into `values`.
    slots: Vec<(RollupId, Vec<usize>)>,
    /// The dimensions of all roll-ups.
    dims: Vec<crate::plan::Dim>,
    /// The buckets of all roll-ups.
    buckets: Vec<Grain>,
}

/// The computed columns of a batch.
pub(super) struct Computed {
    frame: DataFrame,
    /// Expressions with NaN or infinities, and in which records.
    strange: Vec<(String, Vec<bool>)>,
    segments: Vec<(RollupId, Option<usize>)>,
}

/// Keys and per-record states of a batch: what the roll-ups group.
pub(super) struct States {
    buckets: IndexMap<Grain, Column>,
    dims: IndexMap<String, Column>,
    /// For each distinct value its state columns.
    values: Vec<Vec<(StateKind, Column)>>,
    slots: IndexMap<RollupId, Vec<usize>>,
    rows: Column,
}

impl Program {
    pub(super) fn new(plan: &Plan, scan: &Scan) -> Self {
        let mut program = Self {
            kept: scan.filter.as_ref().map(|f| lower(f).fill_null(lit(false)).alias("w")),
            conditions: vec![],
            segments: vec![],
            values: vec![],
            slots: vec![],
            dims: vec![],
            buckets: vec![],
        };
        for id in &scan.feeds {
            let rollup = &plan.rollups[*id];
            let condition = rollup.filter.as_ref().map(|f| position_or_push(&mut program.conditions, f));
            program.segments.push((*id, condition));
            let slots = rollup.aggregates.iter().map(|a| position_or_push(&mut program.values, a)).collect();
            program.slots.push((*id, slots));
            for dim in &rollup.dims {
                position_or_push(&mut program.dims, dim);
            }
            position_or_push(&mut program.buckets, &rollup.bucket);
        }
        program
    }

    /// Evaluates conditions and values on a batch.
    pub(super) fn compute(&self, frame: DataFrame) -> Result<Computed, Diagnostic> {
        let height = frame.height();
        let mut columns: Vec<Lowered> = vec![col("__day")];
        columns.extend(self.kept.clone());
        for (i, condition) in self.conditions.iter().enumerate() {
            columns.push(lower(condition).cast(DataType::Boolean).fill_null(lit(false)).alias(format!("c{i}")));
        }
        for (i, value) in self.values.iter().enumerate() {
            columns.push(lower_value(value).alias(format!("x{i}")));
        }
        let mut frame = frame.lazy().select(columns).collect().map_err(|e| engine_error(&e))?;
        debug_assert_eq!(frame.height(), height);
        let mut strange = vec![];
        for (i, value) in self.values.iter().enumerate() {
            Self::finite(i, value, &mut frame, &mut strange)?;
        }
        Ok(Computed { frame, strange, segments: self.segments.clone() })
    }

    /// Leaves NaN and infinities out of a float value, counting them; `-0.0` becomes `0.0`.
    fn finite(
        index: usize,
        value: &Aggregate,
        frame: &mut DataFrame,
        strange: &mut Vec<(String, Vec<bool>)>,
    ) -> Result<(), Diagnostic> {
        let Some(expr) = value.expr.as_ref().filter(|e| e.ty() == Type::Float && value.func != AggFunc::Count) else {
            return Ok(());
        };
        let name = format!("x{index}");
        let column = frame.column(&name).and_then(Column::f64).map_err(|e| engine_error(&e))?;
        let lost: Vec<bool> = column.iter().map(|x| x.is_some_and(|x| !x.is_finite())).collect();
        if lost.contains(&true) {
            strange.push((expr.to_string(), lost));
        }
        let clean: Float64Chunked = column.iter().map(|x| x.filter(|x| x.is_finite()).map(|x| x + 0.0)).collect();
        frame.with_column(clean.with_name(name.into()).into_column()).map_err(|e| engine_error(&e))?;
        Ok(())
    }

    /// Keys and states of a batch.
    pub(super) fn states(
        &self,
        scan: &Scan,
        batch: &Batch,
        computed: &Computed,
        days: &[i32],
        used: &[bool],
        interner: &Interner,
    ) -> Result<States, Diagnostic> {
        let mut buckets = IndexMap::new();
        for grain in &self.buckets {
            let bucket = match (grain, &batch.hour) {
                (Grain::Hour, Some(hours)) => Int64Chunked::from_slice("b".into(), hours.values()).into_column(),
                _ => Int64Chunked::from_iter_values(
                    "b".into(),
                    time::buckets(&scan.calendar, *grain, days).into_iter().map(i64::from),
                )
                .into_column(),
            };
            buckets.insert(*grain, bucket);
        }
        let mut dims = IndexMap::new();
        for dim in &self.dims {
            let position = scan.columns.iter().position(|c| c.name == dim.name && c.ty == dim.ty);
            let array =
                position.map(|i| &batch.columns[i]).ok_or_else(|| Diagnostic::bug("a dimension is not scanned"))?;
            let column = if dim.ty == Type::Text {
                codes(&dim.name, array, used, interner)
            } else {
                series("d", array).map_err(|e| engine_error(&e))?.into_column()
            };
            dims.insert(dim.name.clone(), column);
        }
        let values = self
            .values
            .iter()
            .enumerate()
            .map(|(i, value)| {
                state_columns(value, computed.frame.column(&format!("x{i}")).map_err(|e| engine_error(&e))?, used)
            })
            .collect::<Result<_, _>>()?;
        let rows = Series::new("rows".into(), vec![1i64; batch.rows]).into_column();
        Ok(States { buckets, dims, values, slots: self.slots.iter().cloned().collect(), rows })
    }
}

fn position_or_push<T: PartialEq + Clone>(list: &mut Vec<T>, item: &T) -> usize {
    list.iter().position(|known| known == item).unwrap_or_else(|| {
        list.push(item.clone());
        list.len() - 1
    })
}

/// The value of a record for an aggregate: null where its filter does not hold. Counts are flags.
fn lower_value(aggregate: &Aggregate) -> Lowered {
    let filter = aggregate.filter.as_ref().map(|f| lower(f).cast(DataType::Boolean).fill_null(lit(false)));
    if aggregate.func == AggFunc::Count {
        let known = aggregate.expr.as_ref().map(|e| match e.ty() {
            Type::Float => lower(e).is_finite().fill_null(lit(false)),
            _ => lower(e).is_not_null(),
        });
        let flag = match (known, filter) {
            (Some(known), Some(filter)) => known.and(filter),
            (Some(flag), None) | (None, Some(flag)) => flag,
            (None, None) => lit(true),
        };
        // The sum with a column of the batch gives constants the batch's height.
        return flag.cast(DataType::Int64) + col("__day").fill_null(lit(0i32)).cast(DataType::Int64) * lit(0i64);
    }
    let Some(expr) = &aggregate.expr else { return lit(Null {}) };
    let ty = if expr.ty() == Type::Float { DataType::Float64 } else { DataType::Int128 };
    let value = lower(expr).cast(ty.clone());
    match filter {
        Some(filter) => when(filter).then(value).otherwise(lit(Null {}).cast(ty)),
        None => value,
    }
}

fn state_columns(aggregate: &Aggregate, value: &Column, used: &[bool]) -> Result<Vec<(StateKind, Column)>, Diagnostic> {
    match aggregate.func {
        AggFunc::Count => Ok(vec![(StateKind::Count, value.clone())]),
        AggFunc::Min => Ok(vec![(StateKind::Min, value.clone())]),
        AggFunc::Max => Ok(vec![(StateKind::Max, value.clone())]),
        AggFunc::Sum => {
            let known = value.is_not_null().cast(&DataType::Int64).map_err(|e| engine_error(&e))?;
            let count = (StateKind::Count, known.into_column());
            if value.dtype() != &DataType::Float64 {
                return Ok(vec![(StateKind::Sum, value.clone()), count]);
            }
            let (head, tail) = fixed(aggregate, value, used)?;
            Ok(vec![(StateKind::Sum, head), (StateKind::Tail, tail), count])
        }
    }
}

/// A float column in fixed point: heads and tails.
fn fixed(aggregate: &Aggregate, value: &Column, used: &[bool]) -> Result<(Column, Column), Diagnostic> {
    let floats = value.f64().map_err(|e| engine_error(&e))?;
    let mut heads: Vec<Option<i128>> = Vec::with_capacity(floats.len());
    let mut tails: Vec<Option<i128>> = Vec::with_capacity(floats.len());
    for (x, used) in floats.iter().zip(used) {
        let fixed = x.and_then(exact::to_fixed);
        if let (Some(x), None, true) = (x, fixed, used) {
            let expr = aggregate.expr.as_ref().map(Expr::to_string).unwrap_or_default();
            return Err(exact::too_large(&expr, x));
        }
        heads.push(fixed.map(|(head, _)| head));
        tails.push(fixed.map(|(_, tail)| tail));
    }
    let column =
        |values: Vec<Option<i128>>| Int128Chunked::from_iter_options("s".into(), values.into_iter()).into_column();
    Ok((column(heads), column(tails)))
}

/// The codes of a text dimension; only texts of records that a roll-up wants are numbered.
fn codes(dim: &str, array: &arrow::array::ArrayRef, used: &[bool], interner: &Interner) -> Column {
    let dictionary = array.as_dictionary::<Int32Type>();
    let keys = dictionary.keys();
    let texts: &StringArray = dictionary.values().as_string();
    let mut occurs = vec![false; texts.len()];
    let index = |key: i32| usize::try_from(key).unwrap_or(0);
    for key in keys.iter().zip(used).filter(|(_, used)| **used).filter_map(|(key, _)| key) {
        occurs[index(key)] = true;
    }
    let by_key = interner.codes(dim, texts.iter().zip(&occurs).map(|(text, occurs)| text.filter(|_| *occurs)));
    let codes = keys.iter().map(|key| key.map_or(NULL, |key| by_key[index(key)]));
    UInt32Chunked::from_iter_values("d".into(), codes).into_column()
}

impl Computed {
    fn flags(&self, name: &str) -> Result<Vec<bool>, Diagnostic> {
        let column = self.frame.column(name).map_err(|e| engine_error(&e))?;
        let flags: &BooleanChunked = column.bool().map_err(|e| engine_error(&e))?;
        Ok(flags.iter().map(|flag| flag.unwrap_or(false)).collect())
    }

    /// Counts NaN and infinities in records that some roll-up wants.
    pub(super) fn count_not_finite(&self, used: &[bool], not_finite: &mut IndexMap<String, u64>) {
        let mut counted: IndexMap<&str, u64> = IndexMap::new();
        for (expr, lost) in &self.strange {
            let count = lost.iter().zip(used).filter(|(lost, used)| **lost && **used).count() as u64;
            // Several aggregates of one expression see the same records.
            let most = counted.entry(expr).or_default();
            *most = count.max(*most);
        }
        for (expr, count) in counted.into_iter().filter(|(_, count)| *count > 0) {
            *not_finite.entry(expr.to_owned()).or_default() += count;
        }
    }

    /// Which records pass the source's `where`.
    pub(super) fn kept(&self, rows: usize) -> Result<Vec<bool>, Diagnostic> {
        if self.frame.get_column_index("w").is_some() {
            self.flags("w")
        } else {
            Ok(vec![true; rows])
        }
    }

    /// Which records are in the segment of a roll-up; `None` for all.
    pub(super) fn segment(&self, rollup: RollupId) -> Result<Option<Vec<bool>>, Diagnostic> {
        let condition = self.segments.iter().find(|(id, _)| *id == rollup).and_then(|(_, c)| *c);
        condition.map(|c| self.flags(&format!("c{c}"))).transpose()
    }
}

impl States {
    /// The keys and states of a roll-up, for the records that it wants.
    pub(super) fn select(&self, rollup: &RollupPlan, mask: &BooleanChunked) -> Result<DataFrame, Diagnostic> {
        let mut columns = vec![self.buckets[&rollup.bucket].clone()];
        for (i, dim) in rollup.dims.iter().enumerate() {
            columns.push(self.dims[&dim.name].clone().with_name(format!("d{i}").into()));
        }
        columns.push(self.rows.clone());
        for (i, slot) in self.slots[&rollup.id].iter().enumerate() {
            for (kind, column) in &self.values[*slot] {
                columns.push(column.clone().with_name(StateColumn::name(*kind, i).into()));
            }
        }
        let frame = DataFrame::new(self.rows.len(), columns).map_err(|e| engine_error(&e))?;
        frame.filter(mask).map_err(|e| engine_error(&e))
    }
}
