//! What an aggregate takes from each record of a batch.

use crate::eval::{Data, Vector};
use crate::expr::Type;
use crate::plan::{AggFunc, Aggregate};
use crate::rollup::exact;
use arrow::buffer::{BooleanBuffer, ScalarBuffer};

/// The values of one aggregate in a batch.
pub(super) struct Column {
    pub(super) values: Values,
    /// In which records there is a value; `None`: in all.
    pub(super) known: Option<BooleanBuffer>,
    /// Floats that are too large to be added exactly.
    pub(super) too_large: Vec<(u32, f64)>,
    /// Records whose float is NaN or infinite: they count as unknown.
    pub(super) not_finite: Option<BooleanBuffer>,
}

/// Sums have 0 where nothing is known.
pub(super) enum Values {
    /// Integers, and how many bits they take at most, sign apart: so few that a batch adds up to less than 2⁶².
    Narrow(ScalarBuffer<i64>, u32),
    /// Integers and decimals.
    Wide(ScalarBuffer<i128>),
    /// Floats in fixed point; see [`exact`]. Most have no tails.
    Fixed { heads: Vec<i128>, tails: Option<Vec<i128>> },
    /// For smallest and largest floats.
    Floats(Vec<f64>),
}

impl Column {
    pub(super) fn new(aggregate: &Aggregate, expr: Option<&Vector>, filter: Option<&Vector>, rows: usize) -> Self {
        let filter = filter.map(|f| f.is_true(rows));
        let ty = aggregate.expr.as_ref().map(crate::expr::Expr::ty);
        let not_finite = expr.filter(|_| ty == Some(Type::Float)).and_then(|e| not_finite(e, rows));
        let known = all_of([expr.and_then(|e| known(e, rows)), not_finite.as_ref().map(|n| !n), filter.clone()]);
        let lost = not_finite.filter(|_| aggregate.func != AggFunc::Count);
        let not_finite = match (lost, &filter) {
            (Some(lost), Some(filter)) => Some(&lost & filter),
            (lost, _) => lost,
        };
        let mut too_large = vec![];
        let values = match (aggregate.func, expr) {
            (AggFunc::Count, _) | (_, None) => {
                let flags: Vec<i64> = match &known {
                    None => vec![1; rows],
                    Some(known) => known.iter().map(i64::from).collect(),
                };
                return Self { values: Values::Narrow(flags.into(), 1), known: None, too_large, not_finite };
            }
            (AggFunc::Sum, Some(expr)) if ty == Some(Type::Float) => {
                fixed(&expr.floats(), known.as_ref(), rows, &mut too_large)
            }
            (AggFunc::Sum, Some(expr)) => sum(expr, known.as_ref(), rows),
            (_, Some(expr)) if ty == Some(Type::Float) => {
                // `-0.0` and `0.0` are one value.
                Values::Floats(one_each(&expr.floats(), rows).map(|x| x + 0.0).collect())
            }
            (_, Some(expr)) => Values::Wide(one_each(&expr.wide(), rows).collect()),
        };
        Self { values, known, too_large, not_finite }
    }
}

fn one_each<T: Copy>(values: &[T], rows: usize) -> impl Iterator<Item = T> + '_ {
    (0..rows).map(move |i| crate::eval::at(values, i))
}

/// Where a vector is not null; `None`: everywhere.
fn known(vector: &Vector, rows: usize) -> Option<BooleanBuffer> {
    let nulls = vector.nulls.as_ref()?;
    if nulls.len() == rows {
        return Some(nulls.inner().clone());
    }
    nulls.is_null(0).then(|| BooleanBuffer::new_unset(rows))
}

/// Where a value is NaN or infinite; `None`: nowhere.
fn not_finite(vector: &Vector, rows: usize) -> Option<BooleanBuffer> {
    let floats = vector.floats();
    if floats.iter().all(|x| x.is_finite()) {
        return None;
    }
    let strange = BooleanBuffer::collect_bool(rows, |i| !crate::eval::at(&floats, i).is_finite());
    let strange = known(vector, rows).map_or(strange.clone(), |known| &strange & &known);
    (strange.count_set_bits() > 0).then_some(strange)
}

fn all_of(parts: [Option<BooleanBuffer>; 3]) -> Option<BooleanBuffer> {
    parts.into_iter().flatten().reduce(|l, r| &l & &r)
}

/// Integers, narrow where they can be added up in 64 bits.
fn sum(expr: &Vector, known: Option<&BooleanBuffer>, rows: usize) -> Values {
    if let Data::Int(values) = &expr.data {
        let room = 62 - (usize::BITS - rows.leading_zeros());
        let narrow: ScalarBuffer<i64> = match known {
            None if values.len() == rows => values.clone(),
            None => one_each(values, rows).collect(),
            Some(known) => one_each(values, rows).zip(known).map(|(v, known)| if known { v } else { 0 }).collect(),
        };
        let bits = narrow.iter().fold(0, |bits, v| bits | (v ^ (v >> 63)));
        let bits = 64 - bits.leading_zeros();
        if bits <= room {
            return Values::Narrow(narrow, bits);
        }
    }
    let wide = expr.wide();
    let values = one_each(&wide, rows);
    Values::Wide(match known {
        None => values.collect(),
        Some(known) => values.zip(known).map(|(v, known)| if known { v } else { 0 }).collect(),
    })
}

fn fixed(floats: &[f64], known: Option<&BooleanBuffer>, rows: usize, too_large: &mut Vec<(u32, f64)>) -> Values {
    let mut tails: Option<Vec<i128>> = None;
    let mut head = |i: usize, x: f64| match exact::to_fixed(x) {
        Some((head, 0)) => head,
        Some((head, tail)) => {
            tails.get_or_insert_with(|| vec![0; rows])[i] = tail;
            head
        }
        None => {
            too_large.push((u32::try_from(i).unwrap_or(u32::MAX), x));
            0
        }
    };
    let heads = match known {
        None => one_each(floats, rows).enumerate().map(|(i, x)| head(i, x)).collect(),
        Some(known) => {
            let values = one_each(floats, rows).zip(known).enumerate();
            values.map(|(i, (x, known))| if known { head(i, x) } else { 0 }).collect()
        }
    };
    Values::Fixed { heads, tails }
}
