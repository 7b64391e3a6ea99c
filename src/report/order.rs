//! The order of a report's rows: period, dimensions (texts by their bytes, nulls last), segment.
//!
//! Cells are few to compare and many to move: their keys are ranked column by column and packed into one number each,
//! which sorts several times faster than the columns do. No two cells have the same key, so the order is complete.

use crate::diagnostic::Diagnostic;
use crate::frame::engine_error;
use polars::prelude::{Column, DataFrame, DataType, IdxCa, PolarsResult, SortMultipleOptions};
use std::collections::HashMap;

/// The rows sorted by the columns in `by`, the first one first.
///
/// # Errors
/// A failure of Polars.
pub(super) fn sort(frame: DataFrame, by: &[String]) -> Result<DataFrame, Diagnostic> {
    sorted(frame, by).map_err(|e| engine_error(&e))
}

fn sorted(frame: DataFrame, by: &[String]) -> PolarsResult<DataFrame> {
    let mut columns = vec![];
    let mut width = 0;
    for name in by {
        let ranks = ranks(frame.column(name)?)?;
        let Some(Ranks { ranks, bits }) = ranks.filter(|ranks| width + ranks.bits <= u128::BITS) else {
            let options = SortMultipleOptions::default().with_nulls_last(true).with_maintain_order(true);
            return frame.sort(by.iter().cloned(), options);
        };
        width += bits;
        columns.push((ranks, bits));
    }
    let rows: Vec<u32> = if width <= 64 {
        in_order(frame.height(), columns, |key: u64, rank, bits| key << bits | rank)
    } else {
        in_order(frame.height(), columns, |key: u128, rank, bits| key << bits | u128::from(rank))
    };
    if rows.iter().zip(0u32..).all(|(row, at)| *row == at) {
        return Ok(frame);
    }
    let rows = IdxCa::from_vec("rows".into(), rows);
    let height = frame.height();
    // Column by column, each dropped when it is done: a large report is not in memory twice.
    let columns: PolarsResult<Vec<Column>> =
        frame.into_columns().into_iter().map(|column| column.take(&rows)).collect();
    DataFrame::new(height, columns?)
}

/// The rows in the order of their keys, which are put together of ranks and the bits they take.
fn in_order<K: Ord + Copy + Default>(
    rows: usize,
    columns: Vec<(Vec<u64>, u32)>,
    and: impl Fn(K, u64, u32) -> K,
) -> Vec<u32> {
    let mut keyed: Vec<(K, u32)> = (0u32..).map(|row| (K::default(), row)).take(rows).collect();
    for (ranks, bits) in columns {
        for ((key, _), rank) in keyed.iter_mut().zip(ranks) {
            *key = and(*key, rank, bits);
        }
    }
    keyed.sort_unstable();
    keyed.into_iter().map(|(_, row)| row).collect()
}

/// Numbers that are ordered as a column's values are, that of null the last.
struct Ranks {
    ranks: Vec<u64>,
    /// Bits that the largest takes.
    bits: u32,
}

/// `None` for columns that cannot be ranked in 64 bits.
fn ranks(column: &Column) -> PolarsResult<Option<Ranks>> {
    Ok(Some(match column.dtype() {
        DataType::String => {
            let mut known: HashMap<&str, usize> = HashMap::new();
            let codes: Vec<Option<usize>> = column
                .str()?
                .iter()
                .map(|text| {
                    let next = known.len();
                    text.map(|text| *known.entry(text).or_insert(next))
                })
                .collect();
            let mut texts: Vec<(&str, usize)> = known.into_iter().collect();
            texts.sort_unstable();
            let mut by_code = vec![0; texts.len()];
            for (rank, (_, code)) in (0u64..).zip(&texts) {
                by_code[*code] = rank;
            }
            let null = texts.len() as u64;
            Ranks::new(codes.into_iter().map(|code| code.map_or(null, |code| by_code[code])).collect(), null)
        }
        DataType::Boolean => {
            let flags = column.bool()?;
            Ranks::new(flags.iter().map(|flag| flag.map_or(2, u64::from)).collect(), 2)
        }
        _ => {
            let numbers = column.cast(&DataType::Int64)?;
            let numbers = numbers.i64()?;
            let least = numbers.iter().flatten().min().unwrap_or(0);
            let most = numbers.iter().flatten().max().unwrap_or(0);
            // 64 bits hold the difference of two integers, and nearly always one more.
            let Some(null) = most.abs_diff(least).checked_add(1) else { return Ok(None) };
            Ranks::new(numbers.iter().map(|n| n.map_or(null, |n| n.abs_diff(least))).collect(), null)
        }
    }))
}

impl Ranks {
    fn new(ranks: Vec<u64>, most: u64) -> Self {
        Self { ranks, bits: u64::BITS - most.leading_zeros() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use polars::prelude::{IntoColumn, NamedFrom, Series};

    #[test]
    fn packed_keys_sort_as_the_columns_do() {
        let texts = ["b", "a", "", "é", "b", "a", "z", "aa"].map(|t| (!t.is_empty()).then_some(t));
        let few = [Some(3i64), None, Some(-2), Some(3), Some(0), Some(7), None, Some(3)];
        let wide = few.map(|n| n.map(|n| if n > 0 { i64::MAX - n } else { i64::MIN - n }));
        let flags = [Some(true), None, Some(false), Some(false), None, Some(true), Some(true), Some(false)];
        let columns = vec![
            Series::new("t".into(), texts).into_column(),
            Series::new("n".into(), few).into_column(),
            Series::new("w".into(), wide).into_column(),
            Series::new("f".into(), flags).into_column(),
        ];
        let frame = DataFrame::new(8, columns).expect("a frame");
        let options = SortMultipleOptions::default().with_nulls_last(true).with_maintain_order(true);
        for by in [vec!["t", "n"], vec!["n", "t"], vec!["f", "t", "n"], vec!["w", "t"], vec!["w", "n", "t", "f"]] {
            let by: Vec<String> = by.into_iter().map(str::to_owned).collect();
            let expected = frame.sort(by.iter().cloned(), options.clone()).expect("a sorted frame");
            assert!(sorted(frame.clone(), &by).expect("a sorted frame").equals_missing(&expected), "{by:?}");
        }
    }
}
