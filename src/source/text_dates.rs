//! Days that typed files hold as texts: `event_date` of Google Analytics in `BigQuery` is `20250131`.

use super::cells::{Dates, Fault};
use super::csv_cells::Strict;
use super::rows::Cell;
use crate::dialect::DateFormat;
use arrow::array::{Array, ArrayRef, AsArray, Date32Array};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Int32Type};
use std::borrow::Cow;
use std::sync::Arc;

/// Whether an array holds texts.
pub(super) fn is_text(array: &ArrayRef) -> bool {
    let is_text = |ty: &DataType| matches!(ty, DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View);
    match array.data_type() {
        DataType::Dictionary(_, values) => is_text(values),
        ty => is_text(ty),
    }
}

/// The days of an array of texts; each different text is read once.
///
/// # Errors
/// A text that is no day in any of the forms.
pub(super) fn days(array: &ArrayRef, formats: &[DateFormat], period: Option<(i32, i32)>) -> Result<ArrayRef, String> {
    let coded = cast(array, &super::batch::text_type()).map_err(|e| e.to_string())?;
    let coded = coded.as_dictionary::<Int32Type>();
    let texts = coded.values().as_string::<i32>();
    let read = |text: Option<&str>| -> Result<Option<i32>, String> {
        let Some(text) = text.filter(|text| !text.trim().is_empty()) else { return Ok(None) };
        let mut dates = Dates { formats, strict: Strict::Date, period, last: None };
        match dates.read(&Cell::Text(Cow::Borrowed(text))) {
            Ok(day) => i32::try_from(day).map(Some).map_err(|e| e.to_string()),
            Err(Fault::Bad(why)) => Err(format!("`{text}` is {why}")),
            Err(Fault::Misjudged) => Err(format!("`{text}` is not a date")),
        }
    };
    let values: Vec<Option<i32>> = texts.iter().map(read).collect::<Result<_, _>>()?;
    let day = |key: Option<i32>| key.and_then(|key| *values.get(usize::try_from(key).ok()?)?);
    Ok(Arc::new(coded.keys().iter().map(day).collect::<Date32Array>()))
}
