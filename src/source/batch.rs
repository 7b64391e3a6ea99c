//! Decoded records in canonical form: what an engine sees, whatever the file was.

use super::bad_rows::Aside;
use super::computed::Computed;
use super::partitions::{self, Partition};
use super::text_dates;
use super::{Sink, Task};
use crate::calendar::Calendar;
use crate::diagnostic::Diagnostic;
use crate::expr::Type;
use crate::plan::{Clock, Made, Scan, TextForm, TimeColumn};
use crate::spec::Normalise;
use arrow::array::{
    new_null_array, Array, ArrayRef, AsArray, DictionaryArray, Int32Array, Int64Array, PrimitiveArray, RecordBatch,
    StringArray,
};
use arrow::compute::{cast_with_options, CastOptions};
use arrow::datatypes::{DataType, Date32Type, Int32Type, TimeUnit, TimestampMicrosecondType};
use arrow::error::ArrowError;
use std::collections::HashMap;
use std::sync::Arc;
use unicode_normalization::{is_nfc, UnicodeNormalization};

/// Records of one file.
#[derive(Clone, Debug)]
pub struct Batch {
    /// Number of records.
    pub rows: usize,
    /// One array for each of the scan's columns: Boolean, Int64, Float64, Decimal128(38, s), Dictionary(Int32, Utf8)
    /// or Date32. A column that the file lacks is all null.
    pub columns: Vec<ArrayRef>,
    /// First day that each record covers, in the reporting zone; null where the record has no date.
    pub start: Int32Array,
    /// Last day, for records that cover ranges by two columns.
    pub end: Option<Int32Array>,
    /// The hour, for sources of hours.
    pub hour: Option<Int64Array>,
    /// How many records each lookup has no row for.
    pub unmatched: Vec<(String, u64)>,
    /// Records of the file that are set aside, and what was noticed of cells.
    pub aside: Aside,
}

/// A value that does not have the type that the plan expects.
#[derive(Debug)]
pub(super) struct BatchError {
    /// The raw column.
    pub(super) column: String,
    /// What was wrong.
    pub(super) message: String,
}

/// Brings decoded record batches, whose columns carry their raw names, into canonical form. One for each thread and
/// file part: it remembers the dictionaries that it has cleaned.
pub(super) struct Canonical<'s> {
    scan: &'s Scan,
    partitions: &'s [Partition],
    /// The days that the export covers.
    period: Option<(i32, i32)>,
    cleaners: Vec<Cleaner<'s>>,
    computed: Computed,
}

impl<'s> Canonical<'s> {
    pub(super) fn new(task: &Task<'s>) -> Self {
        let form = |made: &'s Made| match made {
            Made::Texts(form) => Some(form),
            Made::AsRead | Made::Computed(_) | Made::Looked(_) => None,
        };
        let cleaners = task.scan.columns.iter().map(|c| Cleaner { form: form(&c.made), last: None }).collect();
        let computed = Computed::new(&task.scan.columns);
        let period = task.file.layout.period;
        Self { scan: task.scan, partitions: &task.file.partitions, period, cleaners, computed }
    }

    /// The batch in canonical form; an error for a value that does not fit the planned type.
    pub(super) fn batch(&mut self, raw: &RecordBatch) -> Result<Batch, BatchError> {
        let scan = self.scan;
        let rows = raw.num_rows();
        let told: Vec<(&str, ArrayRef)> =
            self.partitions.iter().map(|p| (p.column.as_str(), partitions::array(p, rows))).collect();
        let read = dated(scan, self.period, raw)?;
        let by_name = |name: &str| {
            let of = |list: &'_ [(&str, ArrayRef)]| list.iter().position(|(column, _)| *column == name);
            if let Some(place) = of(&read) {
                return Some(&read[place].1);
            }
            raw.column_by_name(name).or_else(|| of(&told).map(|place| &told[place].1))
        };
        let days = |time: &TimeColumn| -> Result<Int32Array, BatchError> {
            let Some(array) = by_name(&time.raw) else { return Ok(Int32Array::new_null(rows)) };
            days(array, &time.clock, &scan.calendar).map_err(|e| BatchError::new(&time.raw, &e))
        };
        let start = days(&scan.time.column)?;
        let mut columns: Vec<ArrayRef> = scan
            .columns
            .iter()
            .zip(&mut self.cleaners)
            .map(|(column, cleaner)| {
                match column.raw.as_deref().and_then(|name| by_name(name).map(|a| (name, a))) {
                    // The time column is in expressions what it is in reports: a day of the reporting zone.
                    Some((name, _)) if name == scan.time.column.raw && column.ty == Type::Date => {
                        Ok(Arc::new(start.reinterpret_cast::<Date32Type>()) as ArrayRef)
                    }
                    Some((name, array)) => {
                        canonical(array, column.ty, &scan.calendar, cleaner).map_err(|e| BatchError::new(name, &e))
                    }
                    None => Ok(new_null_array(&arrow_type(column.ty), rows)),
                }
            })
            .collect::<Result<_, _>>()?;
        let unmatched = self.computed.fill(&scan.columns, &mut columns, rows)?;
        let end = scan.time.end.as_ref().map(days).transpose()?;
        let hour = match (scan.time.hours, by_name(&scan.time.column.raw)) {
            (true, Some(array)) => Some(
                hours(array, &scan.time.column.clock, &scan.calendar)
                    .map_err(|e| BatchError::new(&scan.time.column.raw, &e))?,
            ),
            (true, None) => Some(Int64Array::new_null(rows)),
            (false, _) => None,
        };
        Ok(Batch { rows, columns, start, end, hour, unmatched, aside: Aside::default() })
    }
}

impl Canonical<'_> {
    /// Hands a batch over in canonical form, in pieces no longer than the task's batches: a list that was cut into rows
    /// may have made it long.
    pub(super) fn hand_over(
        &mut self,
        raw: &RecordBatch,
        task: &Task<'_>,
        sink: &mut Sink<'_>,
    ) -> Result<(), Diagnostic> {
        let mut start = 0;
        while start < raw.num_rows() {
            let rows = task.batch_rows.min(raw.num_rows() - start).max(1);
            let batch = self.batch(&raw.slice(start, rows)).map_err(|error| {
                let place = format!("column `{}` of `{}`", error.column, task.file.path.display());
                Diagnostic::data("bad-value", format!("{place}: {}", error.message))
            })?;
            sink(batch)?;
            start += rows;
        }
        Ok(())
    }
}

/// The columns of days that the file holds as texts.
fn dated<'s>(
    scan: &'s Scan,
    period: Option<(i32, i32)>,
    raw: &RecordBatch,
) -> Result<Vec<(&'s str, ArrayRef)>, BatchError> {
    let declared = scan.reading.dates.iter();
    let held = declared.filter_map(|(name, formats)| Some((name, formats, raw.column_by_name(name)?)));
    held.filter(|(_, _, array)| text_dates::is_text(array))
        .map(|(name, formats, array)| {
            let days = text_dates::days(array, formats, period);
            let days = days.map_err(|message| BatchError { column: name.clone(), message })?;
            Ok((name.as_str(), days))
        })
        .collect()
}

impl BatchError {
    fn new(column: &str, error: &ArrowError) -> Self {
        Self { column: column.to_owned(), message: error.to_string() }
    }
}

/// The Arrow type that stands for a type in a [`Batch`].
pub(super) fn arrow_type(ty: Type) -> DataType {
    match ty {
        Type::Bool | Type::Null => DataType::Boolean,
        Type::Int => DataType::Int64,
        Type::Float => DataType::Float64,
        Type::Decimal(scale) => DataType::Decimal128(38, scale),
        Type::Text => text_type(),
        Type::Date => DataType::Date32,
    }
}

/// The dictionary type of text columns.
pub(super) fn text_type() -> DataType {
    DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8))
}

/// Casts that fail loudly instead of making nulls.
fn cast(array: &ArrayRef, to: &DataType) -> Result<ArrayRef, ArrowError> {
    if array.data_type() == to {
        return Ok(array.clone());
    }
    cast_with_options(array, to, &CastOptions { safe: false, ..CastOptions::default() })
}

fn canonical(
    array: &ArrayRef,
    ty: Type,
    calendar: &Calendar,
    cleaner: &mut Cleaner<'_>,
) -> Result<ArrayRef, ArrowError> {
    match ty {
        Type::Text => {
            let plain = match array.data_type() {
                DataType::Dictionary(key, value) if **key == DataType::Int32 && **value == DataType::Utf8 => {
                    array.clone()
                }
                _ => cast(&cast(array, &DataType::Utf8)?, &text_type())?,
            };
            Ok(cleaner.clean(plain))
        }
        Type::Date if matches!(array.data_type(), DataType::Timestamp(..)) => {
            let zoned = matches!(array.data_type(), DataType::Timestamp(_, Some(_)));
            let clock = if zoned { Clock::Instant } else { Clock::Wall(None) };
            let days = days(array, &clock, calendar)?;
            Ok(Arc::new(days.reinterpret_cast::<Date32Type>()))
        }
        _ => cast(array, &arrow_type(ty)),
    }
}

/// Brings the values of dictionaries into one form: trimmed and in NFC, or as the dimension says; empty becomes null. The
/// batches of a row group mostly share one dictionary, which is looked at once.
#[derive(Default)]
struct Cleaner<'s> {
    form: Option<&'s TextForm>,
    /// The last dictionary's values, and what they became; `None` when they were clean.
    last: Option<(ArrayRef, Option<Cleaned>)>,
}

struct Cleaned {
    values: ArrayRef,
    /// By old key the new one.
    keys: Vec<Option<i32>>,
}

impl Cleaner<'_> {
    fn clean(&mut self, array: ArrayRef) -> ArrayRef {
        let dictionary = array.as_dictionary::<Int32Type>();
        let known = matches!(&self.last, Some((values, _)) if Arc::ptr_eq(values, dictionary.values()));
        if !known {
            let cleaned = Cleaned::new(dictionary.values().as_string(), self.form);
            self.last = Some((dictionary.values().clone(), cleaned));
        }
        let Some((_, Some(cleaned))) = &self.last else { return array };
        let key = |key: i32| usize::try_from(key).ok().and_then(|k| cleaned.keys.get(k).copied().flatten());
        let keys: Int32Array = dictionary.keys().iter().map(|k| k.and_then(key)).collect();
        match DictionaryArray::try_new(keys, cleaned.values.clone()) {
            Ok(clean) => Arc::new(clean),
            Err(_) => array,
        }
    }
}

impl Cleaned {
    /// The cleaned values; `None` when all are clean.
    fn new(values: &StringArray, form: Option<&TextForm>) -> Option<Self> {
        let is_clean = |text: &str| !text.is_empty() && text.trim().len() == text.len() && is_nfc(text);
        if form.is_none() && values.iter().flatten().all(is_clean) {
            return None;
        }
        let mut texts: Vec<String> = vec![];
        // Texts that become the same are one.
        let mut known: HashMap<String, i32> = HashMap::new();
        let keys = values
            .iter()
            .map(|value| {
                let text = match form {
                    None => value?.trim().nfc().collect(),
                    Some(form) => formed(value?, form)?,
                };
                if text.is_empty() {
                    return None;
                }
                let next = i32::try_from(texts.len()).ok()?;
                Some(*known.entry(text).or_insert_with_key(|text| {
                    texts.push(text.clone());
                    next
                }))
            })
            .collect();
        Some(Self { values: Arc::new(StringArray::from(texts)), keys })
    }
}

/// A text in the form that its dimension asks for; `None` where the text means nothing.
fn formed(text: &str, form: &TextForm) -> Option<String> {
    let text = form.steps.iter().fold(text.to_owned(), |text, step| match step {
        Normalise::Trim => text.trim().to_owned(),
        Normalise::Nfc => text.nfc().collect(),
        Normalise::Lower => text.to_lowercase(),
        Normalise::Upper => text.to_uppercase(),
    });
    form.map.get(&text).cloned().unwrap_or(Some(text))
}

fn micros(array: &ArrayRef) -> Result<PrimitiveArray<TimestampMicrosecondType>, ArrowError> {
    let zone = match array.data_type() {
        DataType::Timestamp(_, zone) => zone.clone(),
        _ => None,
    };
    let cast = cast(array, &DataType::Timestamp(TimeUnit::Microsecond, zone))?;
    Ok(cast.as_primitive::<TimestampMicrosecondType>().clone())
}

/// The instants (microseconds) of a column of times.
fn instants(array: &ArrayRef, clock: &Clock, calendar: &Calendar) -> Result<Int64Array, ArrowError> {
    let zone = match clock {
        Clock::Instant => return Ok(micros(array)?.reinterpret_cast()),
        Clock::Wall(Some(zone)) => zone,
        Clock::Wall(None) | Clock::Day => &calendar.timezone,
    };
    map(&micros(array)?, |wall| Calendar::instant_of_wall(zone, wall), array)
}

/// Maps the values of a column of times, remembering the last one: exports are sorted or nearly so.
fn map<T>(
    array: &PrimitiveArray<TimestampMicrosecondType>,
    convert: impl Fn(i64) -> Option<T::Native>,
    source: &ArrayRef,
) -> Result<PrimitiveArray<T>, ArrowError>
where
    T: arrow::datatypes::ArrowPrimitiveType,
{
    let mut last: Option<(i64, T::Native)> = None;
    array
        .iter()
        .map(|value| {
            let Some(value) = value else { return Ok(None) };
            if let Some((known, result)) = last {
                if known == value {
                    return Ok(Some(result));
                }
            }
            let out_of_range =
                || ArrowError::ComputeError(format!("a time of type {} is out of range", source.data_type()));
            let result = convert(value).ok_or_else(out_of_range)?;
            last = Some((value, result));
            Ok(Some(result))
        })
        .collect()
}

fn days(array: &ArrayRef, clock: &Clock, calendar: &Calendar) -> Result<Int32Array, ArrowError> {
    const DAY: i64 = 86_400_000_000;
    match clock {
        // A file may hold days where others of the source hold times: a day is one in every zone.
        _ if array.data_type() == &DataType::Date32 => Ok(array.as_primitive::<Date32Type>().reinterpret_cast()),
        Clock::Day => {
            let days = cast(array, &DataType::Date32)?;
            Ok(days.as_primitive::<Date32Type>().reinterpret_cast())
        }
        Clock::Wall(None) => map(&micros(array)?, |wall| i32::try_from(wall.div_euclid(DAY)).ok(), array),
        Clock::Instant | Clock::Wall(Some(_)) => {
            let instants: PrimitiveArray<TimestampMicrosecondType> =
                instants(array, clock, calendar)?.reinterpret_cast();
            map(&instants, |instant| calendar.day_of(instant), array)
        }
    }
}

/// The first value of an array, if it is a 64-bit integer or a day.
pub(super) fn integer(array: &ArrayRef) -> Option<i64> {
    let array = match array.data_type() {
        DataType::Date32 => cast(array, &DataType::Int32).ok()?,
        _ => array.clone(),
    };
    let array = cast(&array, &DataType::Int64).ok()?;
    array.is_valid(0).then(|| array.as_primitive::<arrow::datatypes::Int64Type>().value(0))
}

/// The day of an array's first value.
pub(super) fn day(array: &ArrayRef, clock: &Clock, calendar: &Calendar) -> Option<i32> {
    let days = if text_dates::is_text(array) { None } else { days(array, clock, calendar).ok() };
    days.filter(|days| days.is_valid(0)).map(|days| days.value(0))
}

/// The instant (microseconds) of an array's first value.
pub(super) fn instant(array: &ArrayRef, clock: &Clock, calendar: &Calendar) -> Option<i64> {
    instants(array, clock, calendar).ok().filter(|instants| instants.is_valid(0)).map(|instants| instants.value(0))
}

fn hours(array: &ArrayRef, clock: &Clock, calendar: &Calendar) -> Result<Int64Array, ArrowError> {
    let instants: PrimitiveArray<TimestampMicrosecondType> = instants(array, clock, calendar)?.reinterpret_cast();
    map(&instants, |instant| calendar.hour_of(instant), array)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_trimmed_composed_and_empty_is_null() {
        let raw: DictionaryArray<Int32Type> =
            vec![Some(" FR "), Some("cafe\u{301}"), Some("  "), None, Some("FR")].into_iter().collect();
        let clean = Cleaner::default().clean(Arc::new(raw));
        let texts: Vec<Option<String>> = clean
            .as_dictionary::<Int32Type>()
            .downcast_dict::<StringArray>()
            .expect("strings")
            .into_iter()
            .map(|t| t.map(str::to_owned))
            .collect();
        let some = |t: &str| Some(t.to_owned());
        assert_eq!(texts, [some("FR"), some("café"), None, None, some("FR")]);
    }
}
