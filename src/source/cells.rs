//! One cell → one value of its column's type, or the reason why not.

use super::csv_cells::Strict;
use super::find_table::text;
use super::rows::Cell;
use crate::catalog::Numbers;
use crate::dialect::{in_period, DateFormat, Moment, Number};
use arrow::array::{
    ArrayRef, BooleanBuilder, Date32Builder, Float64Builder, Int64Builder, StringDictionaryBuilder,
    TimestampMicrosecondBuilder,
};
use arrow::compute::kernels::cast_utils::Parser;
use arrow::datatypes::{Float64Type, Int32Type};
use std::sync::Arc;

const DAY: i64 = 86_400_000_000;

/// Why a cell has no value.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// It is no value of the column's type.
    Bad(String),
    /// It is a value of another type than the sample told: the type is wrong, not the cell.
    Misjudged,
}

/// What a cell told besides its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Told {
    /// Nothing else.
    Value,
    /// A bound instead of a value: the value is null.
    Censored,
}

/// How the cells of a column are read, and the values so far.
pub(super) enum Column<'s> {
    /// Texts.
    Text(StringDictionaryBuilder<Int32Type>),
    /// Whole numbers that are summed.
    Int(&'s Numbers, Int64Builder),
    /// Whole numbers that are grouped by: written back they must be the same.
    Id(Int64Builder),
    /// Numbers.
    Float(&'s Numbers, Float64Builder),
    /// Truth values.
    Bool(BooleanBuilder),
    /// Days.
    Day(Dates<'s>, Date32Builder),
    /// Times without a zone.
    Wall(Dates<'s>, TimestampMicrosecondBuilder),
    /// Points in time.
    Instant(Dates<'s>, TimestampMicrosecondBuilder),
}

/// How dates are written.
pub(super) struct Dates<'s> {
    /// The declared forms; without any, those that machines write.
    pub(super) formats: &'s [DateFormat],
    /// What machines write.
    pub(super) strict: Strict,
    /// The days that the export covers.
    pub(super) period: Option<(i32, i32)>,
    /// The last text and its value: exports are sorted, or nearly so.
    pub(super) last: Option<(String, i64)>,
}

impl Column<'_> {
    /// Whether a cell stands for no value.
    pub(super) fn says_nothing(&self, cell: &Cell<'_>) -> bool {
        match (self, cell) {
            (_, Cell::Empty) => true,
            (Self::Int(numbers, _) | Self::Float(numbers, _), Cell::Text(text)) => is_null(text, numbers),
            (_, Cell::Text(text)) => text.trim().is_empty(),
            _ => false,
        }
    }

    /// Adds a cell's value.
    pub(super) fn push(&mut self, cell: &Cell<'_>) -> Result<Told, Fault> {
        if let Cell::Broken(_) = cell {
            return Err(Fault::Bad("not a value".to_owned()));
        }
        if *cell == Cell::Empty {
            self.push_null();
            return Ok(Told::Value);
        }
        match self {
            Self::Text(builder) => match cell {
                Cell::Text(text) => _ = builder.append(text).map_err(|e| too_many(&e))?,
                other => _ = builder.append(text(other)).map_err(|e| too_many(&e))?,
            },
            Self::Int(numbers, builder) => match number(cell, numbers)? {
                Some(Number::Int(value)) => builder.append_value(value),
                Some(Number::Float(value)) => builder.append_value(whole(value).ok_or(Fault::Misjudged)?),
                Some(Number::Censored) => return Ok(self.censored()),
                None => builder.append_null(),
            },
            Self::Float(numbers, builder) => match number(cell, numbers)? {
                #[allow(clippy::cast_precision_loss, reason = "a column of floats rounds its whole numbers too")]
                Some(Number::Int(value)) => builder.append_value(value as f64),
                Some(Number::Float(value)) => builder.append_value(value),
                Some(Number::Censored) => return Ok(self.censored()),
                None => builder.append_null(),
            },
            Self::Id(builder) => match cell {
                Cell::Int(value) => builder.append_value(*value),
                Cell::Text(text) => builder.append_value(Strict::Integer.value(text).ok_or(Fault::Misjudged)?),
                _ => return Err(Fault::Misjudged),
            },
            Self::Bool(builder) => match cell {
                Cell::Bool(value) => builder.append_value(*value),
                Cell::Text(text) if text.eq_ignore_ascii_case("true") => builder.append_value(true),
                Cell::Text(text) if text.eq_ignore_ascii_case("false") => builder.append_value(false),
                _ => return Err(Fault::Misjudged),
            },
            Self::Day(dates, builder) => {
                let day = i32::try_from(dates.read(cell)?).map_err(|_| Fault::Bad("out of range".to_owned()))?;
                builder.append_value(day);
            }
            Self::Wall(dates, builder) | Self::Instant(dates, builder) => builder.append_value(dates.read(cell)?),
        }
        Ok(Told::Value)
    }

    fn censored(&mut self) -> Told {
        self.push_null();
        Told::Censored
    }

    /// Adds a value that nobody knows.
    pub(super) fn push_null(&mut self) {
        match self {
            Self::Text(builder) => builder.append_null(),
            Self::Int(_, builder) | Self::Id(builder) => builder.append_null(),
            Self::Float(_, builder) => builder.append_null(),
            Self::Bool(builder) => builder.append_null(),
            Self::Day(_, builder) => builder.append_null(),
            Self::Wall(_, builder) | Self::Instant(_, builder) => builder.append_null(),
        }
    }

    /// The values so far; the column is empty afterwards.
    pub(super) fn finish(&mut self) -> ArrayRef {
        match self {
            Self::Text(builder) => Arc::new(builder.finish()),
            Self::Int(_, builder) | Self::Id(builder) => Arc::new(builder.finish()),
            Self::Float(_, builder) => Arc::new(builder.finish()),
            Self::Bool(builder) => Arc::new(builder.finish()),
            Self::Day(_, builder) => Arc::new(builder.finish()),
            Self::Wall(_, builder) => Arc::new(builder.finish()),
            Self::Instant(_, builder) => Arc::new(builder.finish().with_timezone("+00:00")),
        }
    }

    /// What its cells are to be, for messages.
    pub(super) fn wanted(&self) -> &'static str {
        match self {
            Self::Text(_) => "a text",
            Self::Int(..) => "an integer",
            Self::Id(_) => Strict::Integer.name(),
            Self::Float(..) => "a number",
            Self::Bool(_) => "true or false",
            Self::Day(dates, _) | Self::Wall(dates, _) | Self::Instant(dates, _) => {
                if dates.formats.is_empty() {
                    dates.strict.name()
                } else {
                    "a date as `format` says"
                }
            }
        }
    }
}

fn too_many(error: &arrow::error::ArrowError) -> Fault {
    Fault::Bad(error.to_string())
}

/// A whole number that is written like a decimal one: `89.0`.
#[allow(clippy::cast_possible_truncation, reason = "checked to be whole and in range")]
fn whole(value: f64) -> Option<i64> {
    (value.fract() == 0.0 && value.abs() < 9e15).then_some(value as i64)
}

/// The number of a cell; `None` where it says that there is none.
pub(super) fn number(cell: &Cell<'_>, numbers: &Numbers) -> Result<Option<Number>, Fault> {
    match cell {
        // What is said to stand for no value may look like one: `-1`.
        Cell::Int(value) if !numbers.nulls.is_empty() && is_null(&value.to_string(), numbers) => Ok(None),
        Cell::Float(value) if !numbers.nulls.is_empty() && is_null(&value.to_string(), numbers) => Ok(None),
        Cell::Text(text) if !numbers.nulls.is_empty() && is_null(text, numbers) => Ok(None),
        Cell::Int(value) => Ok(Some(Number::Int(*value))),
        Cell::Float(value) => Ok(Some(Number::Float(*value))),
        Cell::Text(text) => match numbers.format.parse(text) {
            Ok(number) => Ok(Some(number)),
            Err(_) if is_null(text, numbers) => Ok(None),
            // As `arrow::csv` reads it: NaN and infinity, which are counted and left out.
            Err(reason) => match Float64Type::parse(text).filter(|value| !value.is_finite()) {
                Some(value) => Ok(Some(Number::Float(value))),
                None => Err(Fault::Bad(reason.to_string())),
            },
        },
        _ => Err(Fault::Bad("not a number".to_owned())),
    }
}

/// Whether a text stands for no value: `--`, say.
pub(super) fn is_null(text: &str, numbers: &Numbers) -> bool {
    text.trim().is_empty() || numbers.nulls.iter().any(|null| null.trim() == text.trim())
}

impl Dates<'_> {
    /// The day, or the microseconds, of a cell.
    pub(super) fn read(&mut self, cell: &Cell<'_>) -> Result<i64, Fault> {
        let by_day = self.strict == Strict::Date;
        let moment = match cell {
            Cell::Day(day) => Moment::Day(*day),
            Cell::Wall(micros) => Moment::Wall(*micros),
            Cell::Text(text) => {
                if let Some((known, value)) = &self.last {
                    if *known == **text {
                        return Ok(*value);
                    }
                }
                let value = self.text(text)?;
                self.last = Some((text.clone().into_owned(), value));
                return Ok(value);
            }
            other => return self.text(&text(other)),
        };
        value(&moment, self.strict, self.period)
            .ok_or_else(|| Fault::Bad(if by_day { "not a date" } else { "not a time as in the other rows" }.to_owned()))
    }

    fn text(&self, text: &str) -> Result<i64, Fault> {
        let text = text.trim();
        if self.formats.is_empty() {
            let bad = || Fault::Bad(format!("not {}", self.strict.name()));
            return self.strict.value(text).ok_or_else(bad);
        }
        let moment = self.formats.iter().find_map(|format| format.parse(text));
        let moment = moment.ok_or_else(|| {
            let forms: Vec<String> = self.formats.iter().map(|f| format!("`{}`", f.pattern())).collect();
            Fault::Bad(format!("not a date written as {}", forms.join(" or ")))
        })?;
        value(&moment, self.strict, self.period).ok_or_else(|| {
            Fault::Bad(match (&moment, self.period) {
                (Moment::DayOfYear { .. } | Moment::Number(_), None) => {
                    "its year is not known: declare `period: {start: …, end: …}`".to_owned()
                }
                (Moment::DayOfYear { .. }, Some(_)) => "on no day, or on several, of the export's period".to_owned(),
                _ => format!("not {}", self.strict.name()),
            })
        })
    }
}

/// A moment as the day or the microseconds that a column holds.
fn value(moment: &Moment, strict: Strict, period: Option<(i32, i32)>) -> Option<i64> {
    let of_day = |day: i32| match strict {
        Strict::Date => Some(i64::from(day)),
        Strict::Wall => Some(i64::from(day) * DAY),
        Strict::Instant | Strict::Integer => None,
    };
    match moment {
        Moment::Day(day) => of_day(*day),
        Moment::Number(days) => of_day(period?.0.checked_add(*days)?),
        Moment::DayOfYear { month, day, micros } => {
            let (start, end) = period?;
            let day = in_period(*month, *day, start, end)?;
            Some(of_day(day)? + if strict == Strict::Wall { *micros } else { 0 })
        }
        Moment::Wall(micros) => match strict {
            Strict::Date => Some(micros.div_euclid(DAY)),
            Strict::Wall => Some(*micros),
            Strict::Instant | Strict::Integer => None,
        },
        Moment::Instant(micros) => (strict == Strict::Instant).then_some(*micros),
    }
}
