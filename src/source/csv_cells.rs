//! Cells of CSV whose meaning a lenient parser would change: dates (an offset would shift the day), times (with a zone
//! or without, never both in one column) and ids (a leading zero would be lost). They are decoded as text, in
//! dictionaries, and each distinct text is converted once, strictly.

use super::csv_types::of_cell;
use crate::calendar::parse_date;
use crate::catalog::Physical;
use crate::expr::Type;
use arrow::array::{ArrayRef, AsArray, Date32Array, Int64Array, TimestampMicrosecondArray};
use arrow::compute::kernels::cast_utils::Parser;
use arrow::compute::take;
use arrow::datatypes::{Int32Type, TimestampMicrosecondType};
use arrow::error::ArrowError;
use std::sync::Arc;

/// A strict reading of text cells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Strict {
    /// `YYYY-MM-DD`.
    Date,
    /// A date, or a date and a time without zone.
    Wall,
    /// A date and a time with `Z` or an offset.
    Instant,
    /// An integer that says the same when written back.
    Integer,
}

impl Strict {
    /// What it reads, for messages.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Date => "a date (YYYY-MM-DD)",
            Self::Wall => "a date or a timestamp without zone (YYYY-MM-DD HH:MM:SS)",
            Self::Instant => "a timestamp with a zone (YYYY-MM-DDTHH:MM:SSZ or +01:00)",
            Self::Integer => "an integer without leading zeros",
        }
    }

    /// The day, the microseconds or the integer of a cell.
    pub(super) fn value(self, cell: &str) -> Option<i64> {
        match self {
            Self::Date => parse_date(cell).map(i64::from),
            Self::Wall => match of_cell(cell) {
                Physical::Typed(Type::Date) => parse_date(cell).map(|day| i64::from(day) * 86_400_000_000),
                Physical::Timestamp { zoned: false } => TimestampMicrosecondType::parse(cell),
                _ => None,
            },
            Self::Instant => match of_cell(cell) {
                Physical::Timestamp { zoned: true } => TimestampMicrosecondType::parse(cell),
                _ => None,
            },
            Self::Integer => match of_cell(cell) {
                Physical::Typed(Type::Int) => cell.parse().ok(),
                _ => None,
            },
        }
    }

    /// Converts a dictionary of texts; an error names the text that cannot be read.
    pub(super) fn convert(self, array: &ArrayRef) -> Result<ArrayRef, ArrowError> {
        let dictionary = array.as_dictionary::<Int32Type>();
        let texts = dictionary.values().as_string::<i32>();
        let values: Vec<Option<i64>> = texts
            .iter()
            .map(|text| {
                let Some(text) = text else { return Ok(None) };
                let bad = || ArrowError::ParseError(format!("`{text}` is not {}", self.name()));
                self.value(text).map(Some).ok_or_else(bad)
            })
            .collect::<Result<_, _>>()?;
        let values: ArrayRef = match self {
            Self::Integer => Arc::new(Int64Array::from(values)),
            Self::Date => {
                Arc::new(values.into_iter().map(|v| v.and_then(|v| i32::try_from(v).ok())).collect::<Date32Array>())
            }
            Self::Wall => Arc::new(TimestampMicrosecondArray::from(values)),
            Self::Instant => Arc::new(TimestampMicrosecondArray::from(values).with_timezone("+00:00")),
        };
        take(&values, dictionary.keys(), None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    impl Strict {
        fn accepts(self, cell: &str) -> bool {
            self.value(cell).is_some()
        }
    }

    #[test]
    fn a_cell_that_would_change_its_meaning_is_refused() {
        assert!(Strict::Date.accepts("2025-01-31") && !Strict::Date.accepts("2025-01-31T23:30:00-05:00"));
        assert!(Strict::Wall.accepts("2025-01-31") && Strict::Wall.accepts("2025-01-31 10:00:00"));
        assert!(!Strict::Wall.accepts("2025-01-31T10:00:00+02:00") && !Strict::Instant.accepts("2025-01-31 10:00:00"));
        assert!(
            Strict::Instant.accepts("2025-01-31T10:00:00+02:00") && Strict::Instant.accepts("2025-01-31T10:00:00Z")
        );
        assert!(Strict::Integer.accepts("-12") && !Strict::Integer.accepts("007"));
    }
}
