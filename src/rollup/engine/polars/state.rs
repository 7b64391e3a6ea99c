//! Partial states: frames of keys and states that merge by a group-by.

use crate::diagnostic::Diagnostic;
use crate::expr::Type;
use crate::frame::{array, engine_error, sum_is_safe};
use crate::plan::{AggFunc, RollupPlan};
use crate::rollup::exact;
use ::polars::prelude::{col, DataFrame, DataType, Expr as Lowered, IntoLazy};
use arrow::array::{ArrayRef, DictionaryArray};
use arrow::datatypes::{Field, Int32Type, Schema};
use arrow::record_batch::RecordBatch;
use std::collections::HashMap;
use std::sync::Arc;

/// Rows of unmerged states that a thread may hold beside the merged ones.
const SLACK: usize = 16_384;

/// Frames of unmerged states that a thread may hold.
const FRAMES: usize = 32;

/// How a state column merges.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum StateKind {
    Sum,
    /// What the heads of float sums leave over.
    Tail,
    Count,
    Min,
    Max,
}

/// A state column of a roll-up.
#[derive(Clone, Debug)]
pub(super) struct StateColumn {
    name: String,
    kind: StateKind,
    /// Whether adding its values might pass 126 bits: fixed point and wide integers, never plain 64-bit columns.
    risky: bool,
}

impl StateColumn {
    /// The column's name in a roll-up.
    pub(super) fn name(kind: StateKind, aggregate: usize) -> String {
        match kind {
            StateKind::Sum => format!("s{aggregate}"),
            StateKind::Tail => format!("t{aggregate}"),
            StateKind::Count => format!("n{aggregate}"),
            StateKind::Min | StateKind::Max => format!("v{aggregate}"),
        }
    }

    fn all(rollup: &RollupPlan) -> Vec<Self> {
        let mut columns = vec![Self { name: "rows".into(), kind: StateKind::Count, risky: false }];
        for (i, aggregate) in rollup.aggregates.iter().enumerate() {
            let kinds: &[StateKind] = match aggregate.func {
                AggFunc::Count => &[StateKind::Count],
                AggFunc::Sum if aggregate.has_tail() => &[StateKind::Sum, StateKind::Tail, StateKind::Count],
                AggFunc::Sum => &[StateKind::Sum, StateKind::Count],
                AggFunc::Min => &[StateKind::Min],
                AggFunc::Max => &[StateKind::Max],
            };
            let narrow = aggregate.expr.as_ref().is_some_and(|e| e.ty() == Type::Int && e.int_bound() <= 2f64.powi(64));
            for kind in kinds {
                let risky = *kind == StateKind::Sum && !narrow;
                columns.push(Self { name: Self::name(*kind, i), kind: *kind, risky });
            }
        }
        columns
    }
}

/// The states of one roll-up that a thread, or all of them, have gathered so far.
pub(super) struct Partial {
    keys: Vec<String>,
    states: Vec<StateColumn>,
    what: String,
    frames: Vec<DataFrame>,
    rows: usize,
    merged_rows: usize,
    peak_bytes: u64,
}

impl Partial {
    pub(super) fn new(rollup: &RollupPlan) -> Self {
        let mut keys = vec!["b".to_owned()];
        keys.extend((0..rollup.dims.len()).map(|i| format!("d{i}")));
        Self {
            keys,
            states: StateColumn::all(rollup),
            what: format!("`{}` [{}]", rollup.source, rollup.segment),
            frames: vec![],
            rows: 0,
            merged_rows: 0,
            peak_bytes: 0,
        }
    }

    /// Adds per-record or partial states; merges when they have grown to a multiple of what they merge to.
    pub(super) fn push(&mut self, states: DataFrame) -> Result<(), Diagnostic> {
        let grouped = self.merge(states)?;
        self.rows += grouped.height();
        self.frames.push(grouped);
        // Many small frames cost more than their rows; large roll-ups are merged only when it pays.
        let unmerged = self.rows - self.merged_rows;
        let many = self.frames.len() > FRAMES && 4 * unmerged >= self.merged_rows;
        if many || self.rows > 2 * self.merged_rows + SLACK {
            self.compact()?;
        }
        Ok(())
    }

    /// Bytes and rows of the states held now.
    pub(super) fn size(&self) -> (usize, usize) {
        (self.frames.iter().map(DataFrame::estimated_size).sum(), self.rows)
    }

    /// Takes over another thread's states.
    pub(super) fn absorb(&mut self, mut other: Self) -> Result<(), Diagnostic> {
        other.compact()?;
        self.peak_bytes += other.peak_bytes;
        self.rows += other.rows;
        self.frames.append(&mut other.frames);
        self.compact()
    }

    fn compact(&mut self) -> Result<(), Diagnostic> {
        let bytes: usize = self.frames.iter().map(DataFrame::estimated_size).sum();
        self.peak_bytes = self.peak_bytes.max(bytes as u64);
        let mut frames = std::mem::take(&mut self.frames).into_iter();
        let Some(mut whole) = frames.next() else { return Ok(()) };
        for frame in frames {
            whole.vstack_mut(&frame).map_err(|e| engine_error(&e))?;
        }
        let merged = self.merge(whole)?;
        self.rows = merged.height();
        self.merged_rows = merged.height();
        self.frames.push(merged);
        Ok(())
    }

    /// One row a key.
    fn merge(&self, states: DataFrame) -> Result<DataFrame, Diagnostic> {
        let mut states = states;
        states.rechunk_mut();
        for column in self.states.iter().filter(|c| c.risky) {
            if !sum_is_safe(&states, &self.keys, &column.name).map_err(|e| engine_error(&e))? {
                return Err(exact::overflow(&self.what));
            }
        }
        let keys: Vec<Lowered> = self.keys.iter().map(|k| col(k.as_str())).collect();
        let aggregates: Vec<Lowered> = self
            .states
            .iter()
            .map(|column| {
                let state = col(column.name.as_str());
                match column.kind {
                    StateKind::Sum | StateKind::Tail | StateKind::Count => state.sum(),
                    StateKind::Min => state.min(),
                    StateKind::Max => state.max(),
                }
            })
            .collect();
        states.lazy().group_by(keys).agg(aggregates).collect().map_err(|e| engine_error(&e))
    }
}

/// The finished roll-up in Arrow, its dimensions as texts again, and the most bytes its states took.
pub(super) fn finish(
    rollup: &RollupPlan,
    mut partial: Partial,
    texts: &HashMap<String, Vec<Option<String>>>,
) -> Result<(RecordBatch, u64), Diagnostic> {
    partial.compact()?;
    let Some(frame) = partial.frames.pop() else { return Ok((empty(rollup)?, 0)) };
    let mut fields = vec![];
    let mut arrays: Vec<ArrayRef> = vec![];
    for (i, column) in frame.columns().iter().enumerate() {
        let dim = i.checked_sub(1).and_then(|d| rollup.dims.get(d));
        let array = match (dim, column.dtype()) {
            (Some(dim), DataType::UInt32) => {
                let by_code = texts.get(&dim.name);
                let codes = column.u32().map_err(|e| engine_error(&e))?;
                let text = |code: u32| by_code.and_then(|t| t.get(code as usize)?.as_deref());
                Arc::new(codes.iter().map(|code| code.and_then(text)).collect::<DictionaryArray<Int32Type>>())
                    as ArrayRef
            }
            _ => array(column.as_materialized_series()).map_err(|e| engine_error(&e))?,
        };
        fields.push(Field::new(column.name().as_str(), array.data_type().clone(), true));
        arrays.push(array);
    }
    let cells =
        RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays).map_err(|e| Diagnostic::bug(e.to_string()))?;
    Ok((cells, partial.peak_bytes))
}

/// A roll-up without cells.
fn empty(rollup: &RollupPlan) -> Result<RecordBatch, Diagnostic> {
    use arrow::datatypes::DataType as Arrow;
    let mut fields = vec![Field::new("b", Arrow::Int64, true)];
    for (i, dim) in rollup.dims.iter().enumerate() {
        let ty = match dim.ty {
            Type::Bool => Arrow::Boolean,
            Type::Int => Arrow::Int64,
            Type::Date => Arrow::Int32,
            _ => Arrow::Dictionary(Box::new(Arrow::Int32), Box::new(Arrow::Utf8)),
        };
        fields.push(Field::new(format!("d{i}"), ty, true));
    }
    for column in StateColumn::all(rollup) {
        let aggregate = column.name[1..].parse::<usize>().ok().and_then(|i| rollup.aggregates.get(i));
        let float = aggregate.and_then(|a| a.expr.as_ref()).is_some_and(|e| e.ty() == Type::Float);
        let ty = match column.kind {
            StateKind::Count => Arrow::Int64,
            StateKind::Min | StateKind::Max if float => Arrow::Float64,
            _ => Arrow::Decimal128(38, 0),
        };
        fields.push(Field::new(column.name, ty, true));
    }
    let arrays = fields.iter().map(|f| arrow::array::new_empty_array(f.data_type())).collect();
    RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays).map_err(|e| Diagnostic::bug(e.to_string()))
}
