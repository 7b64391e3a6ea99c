//! Types of columns, from a sample of a file's rows.

use super::bad_rows::quoted;
use super::cells::{is_null, number};
use super::csv_types::{merge, of_cell};
use super::rows::{Cell, Content, Row};
use super::totals;
use crate::catalog::{Numbers, Physical, Reading};
use crate::dialect::{date_formats, looks_damaged_id, number_formats, DateFormat, Decimal, Moment, Number, Thousands};
use crate::expr::Type;
use crate::spec::Ragged;
use indexmap::IndexMap;

/// Cells of a column that are remembered, to tell how they seem to be written.
const REMEMBERED: usize = 50;

/// What a sample tells of the columns of a file.
#[derive(Default)]
pub(super) struct Told {
    /// What they hold.
    pub(super) columns: Vec<(String, Physical)>,
    /// For those that hold texts, the first cell that is one.
    pub(super) text_because: IndexMap<String, String>,
    /// For those that should hold numbers or dates, how they seem to be written.
    pub(super) seems: IndexMap<String, String>,
    /// The first currency, where a column tells it.
    pub(super) currency: Option<String>,
}

/// What a sample of rows says that the columns hold.
pub(super) struct Sample<'h> {
    header: &'h [String],
    reading: &'h Reading,
    roles: Vec<Role<'h>>,
    seen: Vec<Seen>,
    keys: Vec<usize>,
    time: Option<usize>,
    /// The column that tells a currency, and the first one.
    currency: (Option<usize>, Option<String>),
    /// Rows of totals.
    pub(super) totals: u64,
    /// Whether some cells need a closer look than `arrow::csv` takes.
    pub(super) needs_look: bool,
}

/// What a column is for, as far as its type depends on it.
#[derive(Clone, Copy, PartialEq)]
enum Role<'h> {
    /// Numbers: a cell that is none is wrong. How they are written, and whether that is as machines write them.
    Numbers(&'h Numbers, bool),
    /// Dates: likewise. How they are written, where not as machines write them.
    Dates(Option<&'h [DateFormat]>),
    /// Anything: the cells tell.
    Any,
}

/// The cells of a column so far.
#[derive(Clone)]
struct Seen {
    kind: Physical,
    /// For numbers and dates: how many cells are some.
    fit: u64,
    misfit: u64,
    /// Some of the cells that are none.
    misfits: Vec<String>,
    /// The first cell that made it text.
    because: Option<String>,
}

impl<'h> Sample<'h> {
    /// An empty sample of a file with these columns.
    pub(super) fn new(header: &'h [String], reading: &'h Reading) -> Self {
        let role = |name: &String| {
            if reading.measures.contains(name) {
                Role::Numbers(reading.numbers_of(name), reading.is_plain(name))
            } else if reading.times.contains(name) || reading.dates.contains_key(name) {
                Role::Dates(reading.dates.get(name).map(Vec::as_slice))
            } else {
                Role::Any
            }
        };
        let place = |name: &String| header.iter().position(|h| h == name);
        Self {
            header,
            reading,
            roles: header.iter().map(role).collect(),
            seen: vec![Seen { kind: Physical::Empty, fit: 0, misfit: 0, misfits: vec![], because: None }; header.len()],
            keys: reading.keys.iter().filter_map(place).collect(),
            time: reading.times.first().and_then(place),
            currency: (reading.currency.as_ref().and_then(place), None),
            totals: 0,
            needs_look: false,
        }
    }

    /// A sample that goes on from this one, to be kept or thrown away.
    pub(super) fn fork(&self) -> Self {
        Self {
            roles: self.roles.clone(),
            seen: self.seen.clone(),
            keys: self.keys.clone(),
            currency: self.currency.clone(),
            ..*self
        }
    }

    /// How many columns there are.
    pub(super) fn width(&self) -> usize {
        self.header.len()
    }

    /// Looks at a row; `line` is none where the reader does not know its line.
    pub(super) fn look(&mut self, row: &Row, line: Option<u64>) {
        if row.fault.is_some() {
            return;
        }
        if row.is_blank() {
            // A line of separators is no record, which only a closer look tells.
            self.needs_look = true;
            return;
        }
        if self.reading.finds_totals && totals::looks_like_one(row, self.header.len(), self.time, &self.keys) {
            self.totals += 1;
            self.needs_look = true;
            return;
        }
        // The cells of a row that has too few or too many are not those of its columns.
        let is_ragged = matches!(row.content, Content::Texts(_)) && row.len() != self.header.len();
        if is_ragged && self.reading.ragged == Ragged::Quarantine {
            return;
        }
        if let (Some(place), None) = &self.currency {
            let told = super::find_table::text(&row.cell(*place)).trim().to_uppercase();
            self.currency.1 = Some(told).filter(|told| !told.is_empty());
        }
        for (i, seen) in self.seen.iter_mut().enumerate() {
            let role = self.roles[i];
            let is_text = matches!(role, Role::Any) && seen.kind == Physical::Typed(Type::Text);
            // In a column of texts only ids that a spreadsheet has rounded are of interest.
            if is_text && !row.first_byte(i).is_some_and(|byte| byte.is_ascii_digit()) {
                continue;
            }
            let cell = row.cell(i);
            // They are counted, which needs a look at every cell.
            self.needs_look |= matches!(role, Role::Any) && is_damaged(&cell);
            if is_text || cell == Cell::Empty {
                continue;
            }
            let (kind, plain) = match role {
                Role::Any => (Some(kind(&cell)), true),
                Role::Numbers(numbers, is_plain) => numeric(&cell, numbers, is_plain),
                Role::Dates(formats) => (dated(&cell, formats), true),
            };
            self.needs_look |= !plain;
            match kind {
                Some(kind) => {
                    seen.fit += u64::from(kind != Physical::Empty);
                    seen.kind = merge(&seen.kind, &kind);
                }
                None => {
                    seen.misfit += 1;
                    if seen.misfits.len() < REMEMBERED {
                        seen.misfits.push(super::find_table::text(&cell).trim().to_owned());
                    }
                }
            }
            let is_text = kind_is_text(&seen.kind) || seen.misfit == 1;
            if is_text && seen.because.is_none() {
                let place = line.map_or("far into the file".to_owned(), |line| format!("line {line}"));
                seen.because = Some(format!("{place}: {}", quoted(&super::find_table::text(&cell))));
            }
        }
    }

    /// What the columns hold.
    pub(super) fn finish(self) -> Told {
        let mut told = Told { currency: self.currency.1, ..Told::default() };
        for ((name, seen), role) in self.header.iter().zip(self.seen).zip(self.roles) {
            // A few cells that do not fit are bad cells; when most do not, the column is none of numbers or dates.
            let is_other = !matches!(role, Role::Any) && seen.misfit > seen.fit;
            let kind = if is_other { Physical::Typed(Type::Text) } else { seen.kind };
            if let Some(form) = is_other.then(|| seems(role, &seen.misfits)).flatten() {
                told.seems.insert(name.clone(), form);
            }
            if let Some(why) = seen.because.filter(|_| kind_is_text(&kind)) {
                told.text_because.insert(name.clone(), why);
            }
            told.columns.push((name.clone(), kind));
        }
        told
    }
}

/// How cells seem to be written that are no numbers or dates as they are declared.
fn seems(role: Role<'_>, cells: &[String]) -> Option<String> {
    let cells: Vec<&str> = cells.iter().map(String::as_str).collect();
    if matches!(role, Role::Dates(_)) {
        let forms: Vec<String> =
            date_formats(&cells).iter().map(|form| format!("`format: {}`", form.pattern())).take(2).collect();
        return (!forms.is_empty()).then(|| forms.join(" or "));
    }
    let format = number_formats(&cells).into_iter().next()?;
    let decimal = (format.decimal == Decimal::Comma).then_some("decimal: comma");
    let thousands = match format.thousands {
        Thousands::None => None,
        Thousands::Comma => Some("thousands: comma"),
        Thousands::Point => Some("thousands: point"),
        Thousands::Space => Some("thousands: space"),
        Thousands::Apostrophe => Some("thousands: apostrophe"),
    };
    let parts: Vec<&str> = decimal.into_iter().chain(thousands).collect();
    (!parts.is_empty()).then(|| format!("`numbers: {{{}}}`", parts.join(", ")))
}

fn kind_is_text(kind: &Physical) -> bool {
    *kind == Physical::Typed(Type::Text)
}

fn is_damaged(cell: &Cell<'_>) -> bool {
    matches!(cell, Cell::Text(text) if text.starts_with(|c: char| c.is_ascii_digit()) && looks_damaged_id(text))
}

/// What a cell holds.
pub(super) fn kind(cell: &Cell<'_>) -> Physical {
    match cell {
        Cell::Empty => Physical::Empty,
        // An id that a spreadsheet has rounded is no number with decimals.
        Cell::Text(_) if is_damaged(cell) => Physical::Typed(Type::Text),
        Cell::Text(text) => of_cell(text),
        Cell::Broken(_) => Physical::Typed(Type::Text),
        Cell::Int(_) => Physical::Typed(Type::Int),
        Cell::Float(_) => Physical::Typed(Type::Float),
        Cell::Bool(_) => Physical::Typed(Type::Bool),
        Cell::Day(_) => Physical::Typed(Type::Date),
        Cell::Wall(_) => Physical::Timestamp { zoned: false },
    }
}

/// The kind of a cell of a column of numbers, none when it is no number; and whether a machine wrote it.
fn numeric(cell: &Cell<'_>, numbers: &Numbers, is_plain: bool) -> (Option<Physical>, bool) {
    if let Cell::Text(text) = cell {
        if is_plain {
            if let kind @ Physical::Typed(Type::Int | Type::Float) = of_cell(text) {
                return (Some(kind), true);
            }
        }
        if is_null(text, numbers) {
            return (Some(Physical::Empty), false);
        }
    }
    let kind = match number(cell, numbers) {
        Ok(Some(Number::Int(_))) => Some(Physical::Typed(Type::Int)),
        // `89.0` is a count that somebody wrote like a decimal number.
        Ok(Some(Number::Float(_))) => Some(Physical::Typed(Type::Float)),
        Ok(Some(Number::Censored) | None) => Some(Physical::Empty),
        Err(_) => None,
    };
    (kind, false)
}

/// The kind of a cell of a column of dates; none when it is no date.
fn dated(cell: &Cell<'_>, formats: Option<&[DateFormat]>) -> Option<Physical> {
    let Some(formats) = formats else {
        return Some(match cell {
            Cell::Text(text) => of_cell(text.trim()),
            other => kind(other),
        })
        .filter(|kind| matches!(kind, Physical::Typed(Type::Date) | Physical::Timestamp { .. }));
    };
    if matches!(cell, Cell::Day(_) | Cell::Wall(_)) {
        return Some(kind(cell));
    }
    let text = super::find_table::text(cell);
    Some(match formats.iter().find_map(|format| format.parse(&text))? {
        Moment::Day(_) | Moment::Number(_) => Physical::Typed(Type::Date),
        Moment::DayOfYear { micros: 0, .. } => Physical::Typed(Type::Date),
        Moment::DayOfYear { .. } | Moment::Wall(_) => Physical::Timestamp { zoned: false },
        Moment::Instant(_) => Physical::Timestamp { zoned: true },
    })
}
