//! What the cells of a column are: numbers, texts, dates; how many, how different, how long.

use crate::catalog::Physical;
use crate::dialect::{number_formats, NumberFormat};
use crate::expr::Type;
use crate::source::{CellKind, SampledCell, SampledRow, SampledTable};
use indexmap::IndexMap;

/// Texts that stand for no value in one export or another. `NA` is Namibia in some.
const NULLS: &[&str] = &[
    "-",
    "--",
    "---",
    "–",
    "—",
    "N/A",
    "n/a",
    "NA",
    "#N/A",
    "null",
    "NULL",
    "None",
    "none",
    "undefined",
    "(not set)",
    "n.d.",
    "N.D.",
    "s.o.",
    "s/o",
    "nicht verfügbar",
    "Not available",
    "not available",
];

/// So many rows are enough for a share to mean something.
const MANY: usize = 100;

/// The rows of a table that its columns are told from, and the columns.
pub(super) struct Profiles<'t> {
    /// The rows that are no totals.
    pub(super) rows: Vec<&'t SampledRow>,
    /// The columns, in the order of the header.
    pub(super) columns: Vec<Profile<'t>>,
}

/// A column.
#[allow(clippy::struct_excessive_bools, reason = "each tells one thing about its cells")]
pub(super) struct Profile<'t> {
    /// Its name in the files.
    pub(super) name: &'t str,
    /// What it seems to hold.
    pub(super) kind: Physical,
    /// How many cells have something in them.
    pub(super) filled: usize,
    /// Its different texts, with how often each is there.
    pub(super) values: IndexMap<&'t str, usize>,
    /// The most characters of a cell.
    pub(super) longest: usize,
    /// Some cell has several lines.
    pub(super) has_lines: bool,
    /// Texts that stand for no value.
    pub(super) nulls: IndexMap<&'t str, usize>,
    /// The ways to read its numbers, the likeliest first; empty where it holds none.
    pub(super) formats: Vec<NumberFormat>,
    /// Numbers that know that they are some: no way of writing matters.
    pub(super) knows_numbers: bool,
    /// Every number is a percentage.
    pub(super) is_percent: bool,
    /// Every number is written with digits alone.
    pub(super) is_whole: bool,
    /// The most digits of such a number, and whether one begins with 0.
    pub(super) digits: usize,
    pub(super) has_leading_zero: bool,
}

/// Whether a text stands for no value.
pub(super) fn is_null(text: &str) -> bool {
    NULLS.contains(&text)
}

impl<'t> Profiles<'t> {
    /// The columns of a table whose records are dated by the column at `time`.
    pub(super) fn new(table: &'t SampledTable, time: Option<usize>) -> Self {
        let rows: Vec<&SampledRow> = table.rows.iter().filter(|row| !is_total(row, time)).collect();
        let column = |(place, name): (usize, &'t String)| {
            let cells = rows.iter().filter_map(|row| row.cells.get(place));
            let kind = table.kinds.get(place).cloned().unwrap_or(Physical::Empty);
            // A file that knows its types means them: digits in a column of texts are none.
            let may_be_numbers = table.format.is_text() || kind != Physical::Typed(Type::Text);
            Profile::new(name, kind, may_be_numbers, cells)
        };
        let columns = table.header.iter().enumerate().map(column).collect();
        Self { rows, columns }
    }

    /// The cell of a row.
    pub(super) fn text(row: &SampledRow, column: usize) -> &str {
        row.cells.get(column).map_or("", |cell| cell.text.as_str())
    }
}

/// Whether a row is one of totals, as reading the source will tell.
pub(super) fn is_total(row: &SampledRow, time: Option<usize>) -> bool {
    let undated = |time: usize| {
        time == 0 || !row.cells.get(time).is_some_and(|cell| cell.text.chars().any(char::is_alphanumeric))
    };
    row.says_total && time.is_none_or(undated)
}

impl<'t> Profile<'t> {
    fn new(name: &'t str, kind: Physical, may_be_numbers: bool, cells: impl Iterator<Item = &'t SampledCell>) -> Self {
        let mut profile = Self {
            name,
            kind,
            filled: 0,
            values: IndexMap::new(),
            longest: 0,
            has_lines: false,
            nulls: IndexMap::new(),
            formats: vec![],
            knows_numbers: false,
            is_percent: false,
            is_whole: true,
            digits: 0,
            has_leading_zero: false,
        };
        let (mut texts, mut numbers, mut others) = (vec![], 0, 0);
        for cell in cells.filter(|cell| cell.kind != CellKind::Empty) {
            let text = cell.text.as_str();
            profile.filled += 1;
            *profile.values.entry(text).or_insert(0) += 1;
            profile.longest = profile.longest.max(text.chars().count());
            profile.has_lines |= text.contains('\n');
            match cell.kind {
                CellKind::Text if is_null(text) => *profile.nulls.entry(text).or_insert(0) += 1,
                CellKind::Text => texts.push(text),
                CellKind::Number => numbers += 1,
                _ => others += 1,
            }
            if matches!(cell.kind, CellKind::Text | CellKind::Number) && !is_null(text) {
                profile.look_at_digits(text);
            }
        }
        if may_be_numbers {
            profile.tell_numbers(&texts, numbers, others);
        }
        profile
    }

    fn look_at_digits(&mut self, text: &str) {
        let is_whole = text.bytes().all(|b| b.is_ascii_digit());
        self.is_whole &= is_whole;
        if is_whole {
            self.digits = self.digits.max(text.len());
            self.has_leading_zero |= text.len() > 1 && text.starts_with('0');
        }
    }

    /// Whether the cells are numbers, and how they are written.
    fn tell_numbers(&mut self, texts: &[&str], numbers: usize, others: usize) {
        let all = texts.len() + numbers + others;
        if texts.len() + numbers == 0 || others * MANY > all {
            return;
        }
        self.knows_numbers = texts.is_empty();
        self.formats = number_formats(texts);
        if self.formats.is_empty() && all >= MANY {
            // A few cells may be wrong.
            let reads =
                |format: &NumberFormat| texts.iter().filter(|text| format.parse(text).is_err()).count() * MANY <= all;
            self.formats = number_formats(&[]).into_iter().filter(reads).collect();
        }
        self.is_percent = !texts.is_empty() && texts.iter().all(|text| text.ends_with('%'));
    }

    /// Whether it holds numbers.
    pub(super) fn is_numeric(&self) -> bool {
        !self.formats.is_empty()
    }

    /// Whether it holds nothing but what stands for no value.
    pub(super) fn is_void(&self) -> bool {
        self.filled == self.nulls.values().sum::<usize>()
    }

    /// Its values that are some.
    pub(super) fn known(&self) -> impl Iterator<Item = &'t str> + '_ {
        // Where there are no numbers, `NA` may be a country.
        let is_value = |text: &str| text == "NA" && !self.is_numeric();
        self.values.keys().copied().filter(move |text| !self.nulls.contains_key(text) || is_value(text))
    }
}
