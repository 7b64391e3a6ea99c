//! Looking at exports of which nothing is declared: their tables, each with its beginning, for whoever writes a first
//! pipeline over them.

use super::csv_types::merge;
use super::excel::sheets;
use super::exports::{day_of, period_of};
use super::find_table::{names, split, Split};
use super::first::first;
use super::ndjson::columns;
use super::partitions::partitions;
use super::peek_rows::{of_value, Beginning};
pub use super::peek_rows::{CellKind, SampledCell, SampledRow};
use super::rows::is_data;
use super::{paths, reader, text, totals, zip};
use crate::calendar::Calendar;
use crate::catalog::{Encoding, Physical, Reading};
use crate::diagnostic::{Diagnostic, YamlPath};
use crate::dialect::period_in;
use crate::expr::Type;
use crate::plan::{Clock, Covers, Made, Scan, ScanColumn, TimeColumn, TimePlan};
use crate::spec::{FileFormat, NameOrPlace};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What tells the days that an export covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PeriodFrom {
    /// The lines above its table.
    Lines,
    /// Lines of the file that belong to another table.
    OtherTable,
    /// The name of its file.
    Name,
    /// Whoever looks at it.
    Asked,
}

/// A table of an export, as far as it was looked at.
#[derive(Clone, Debug)]
#[allow(clippy::struct_excessive_bools, reason = "each tells one thing about the file")]
pub struct SampledTable {
    /// Where it is.
    pub path: PathBuf,
    /// How it is read.
    pub format: FileFormat,
    /// The file's name does not tell the format.
    pub declares_format: bool,
    /// The file in an archive of several.
    pub member: Option<String>,
    /// The sheet of a workbook that has several.
    pub sheet: Option<String>,
    /// The table, where a file or a sheet holds several.
    pub table: Option<NameOrPlace>,
    /// What stands above it as its title.
    pub title: Option<String>,
    /// Lines above it begin with `#`.
    pub has_comments: bool,
    /// The encoding of text.
    pub encoding: Option<Encoding>,
    /// Nothing in the file tells the encoding.
    pub declares_encoding: bool,
    /// The text begins with a byte order mark.
    pub has_mark: bool,
    /// The separator of CSV.
    pub separator: Option<u8>,
    /// A `sep=` line or the file's name tells the separator.
    pub told_separator: bool,
    /// The names of its columns.
    pub header: Vec<String>,
    /// Names that stand twice, numbered.
    pub repeated: Vec<String>,
    /// The row of the header.
    pub header_line: u64,
    /// What each column seems to hold, rows of totals aside.
    pub kinds: Vec<Physical>,
    /// Its rows.
    pub rows: Vec<SampledRow>,
    /// All of its rows are there.
    pub is_whole: bool,
    /// Its first and last day, and what tells them.
    pub period: Option<((i32, i32), PeriodFrom)>,
    /// The last day in the name of its file.
    pub name_day: Option<i32>,
}

/// The files that a path, a glob or a folder with all below it stands for, with their formats and whether their names tell these.
///
/// # Errors
/// There are none.
pub fn exports(entry: &str) -> Result<Vec<(PathBuf, FileFormat, bool)>, Diagnostic> {
    let at = YamlPath::root();
    let plain = Path::new(entry);
    if plain.is_file() && paths::format_of(plain).is_none() {
        return Ok(vec![(plain.to_path_buf(), FileFormat::Csv, false)]);
    }
    if plain.is_dir() {
        let mut below = vec![];
        paths::below(plain, &mut below);
        // A folder of a table that is cut into folders is read as one, by its own rules.
        if below.iter().any(|(path, _)| path.parent() != Some(plain) && partitions(path).is_empty()) {
            return Ok(below.into_iter().map(|(path, format)| (path, format, true)).collect());
        }
    }
    let found = paths::entry(entry, None, &at)?;
    Ok(found.into_iter().map(|(path, format)| (path, format, true)).collect())
}

/// The tables of a file.
///
/// # Errors
/// The file cannot be read as what it is taken for.
pub fn peek(path: &Path, format: FileFormat, knows_format: bool) -> Result<Vec<SampledTable>, Diagnostic> {
    let blank = SampledTable {
        path: path.to_path_buf(),
        format,
        declares_format: !knows_format,
        member: None,
        sheet: None,
        table: None,
        title: None,
        has_comments: false,
        encoding: None,
        declares_encoding: false,
        has_mark: false,
        separator: None,
        told_separator: false,
        header: vec![],
        repeated: vec![],
        header_line: 0,
        kinds: vec![],
        rows: vec![],
        is_whole: true,
        period: period_of(path).map(|period| (period, PeriodFrom::Name)),
        name_day: day_of(path),
    };
    match format {
        FileFormat::Csv => csv(path, &blank),
        FileFormat::Excel => workbook(path, &blank),
        FileFormat::Ndjson => json(path, blank).map(|table| vec![table]),
        FileFormat::Parquet | FileFormat::Arrow => typed(path, blank).map(|table| vec![table]),
    }
}

fn csv(path: &Path, blank: &SampledTable) -> Result<Vec<SampledTable>, Diagnostic> {
    let members = if text::is_zip(path) { zip::members(path)? } else { vec![] };
    let chosen: Vec<Option<&str>> =
        if members.is_empty() { vec![None] } else { members.iter().map(|m| Some(m.as_str())).collect() };
    let mut found = vec![];
    for member in chosen {
        let (beginning, written) = Beginning::of_csv(path, member)?;
        let like = SampledTable {
            member: member.filter(|_| members.len() > 1).map(str::to_owned),
            encoding: Some(written.layout.encoding),
            declares_encoding: written.declares_encoding,
            has_mark: written.has_mark,
            separator: Some(written.layout.separator),
            told_separator: written.told_separator,
            ..blank.clone()
        };
        found.extend(tables(beginning, &like));
    }
    Ok(found)
}

fn workbook(path: &Path, blank: &SampledTable) -> Result<Vec<SampledTable>, Diagnostic> {
    let sheets = sheets(path)?;
    let mut found = vec![];
    for sheet in &sheets {
        let like = SampledTable { sheet: (sheets.len() > 1).then(|| sheet.clone()), ..blank.clone() };
        found.extend(tables(Beginning::of_sheet(path, sheet)?, &like));
    }
    Ok(found)
}

fn json(path: &Path, blank: SampledTable) -> Result<SampledTable, Diagnostic> {
    let columns = columns(path, None)?;
    let header: Vec<String> = columns.iter().map(|(name, _)| name.clone()).collect();
    let Beginning { mut rows, is_whole } = Beginning::of_json(path, &header)?;
    for row in &mut rows {
        row.period = blank.period.map(|(days, _)| days);
    }
    let kinds = kinds(rows.iter(), header.len());
    // What is a list or an object in some records is no column.
    let unusable = |kind: &Physical| matches!(kind, Physical::Unusable(_));
    let kinds =
        columns.into_iter().zip(kinds).map(|((_, told), seen)| if unusable(&told) { told } else { seen }).collect();
    Ok(SampledTable { header, kinds, rows, is_whole, ..blank })
}

/// Parquet and Arrow files, which know their columns.
fn typed(path: &Path, blank: SampledTable) -> Result<SampledTable, Diagnostic> {
    const ROWS: usize = 20_000;
    let reading = Arc::new(Reading::default());
    let info = reader(blank.format).inspect(path, &reading)?;
    let (header, kinds): (Vec<String>, Vec<Physical>) = info.columns.iter().cloned().unzip();
    let mut columns = vec![];
    for (name, physical) in &info.columns {
        let ty = match physical {
            Physical::Typed(ty) => *ty,
            Physical::Timestamp { .. } => Type::Date,
            Physical::Empty | Physical::Unusable(_) => continue,
        };
        let (name, raw) = (name.clone(), Some(name.clone()));
        columns.push(ScanColumn { name, raw, ty, dimension: false, measure: false, made: Made::AsRead });
    }
    let scan = Scan {
        source: String::new(),
        files: vec![(&info).into()],
        columns,
        time: TimePlan {
            column: TimeColumn { raw: String::new(), clock: Clock::Day },
            end: None,
            covers: Covers::Day,
            assign: None,
            hours: false,
            grains: vec![],
        },
        filter: None,
        feeds: vec![],
        ranges: vec![],
        calendar: Arc::new(Calendar::default()),
        reading,
        total_rows: None,
        snapshot: None,
        checks: vec![],
    };
    let records = first(&scan, ROWS)?;
    let is_whole = records.rows.len() < ROWS;
    let at: Vec<Option<usize>> =
        header.iter().map(|name| scan.columns.iter().position(|column| column.name == *name)).collect();
    let row = |(place, (_, values)): (usize, (Option<i32>, Vec<serde_json::Value>))| {
        let value = |at: &Option<usize>| at.and_then(|at| values.get(at)).unwrap_or(&serde_json::Value::Null);
        let cells = at.iter().zip(&kinds).map(|(at, kind)| of_value(value(at), kind)).collect();
        SampledRow { line: place as u64 + 1, cells, ..SampledRow::default() }
    };
    let rows = records.rows.into_iter().enumerate().map(row).collect();
    Ok(SampledTable { header, kinds, rows, is_whole, ..blank })
}

/// The tables among the rows of a file or a sheet.
fn tables(beginning: Beginning, like: &SampledTable) -> Vec<SampledTable> {
    let Beginning { rows, is_whole } = beginning;
    let plain: Vec<(u64, Vec<String>)> =
        rows.iter().map(|row| (row.line, row.cells.iter().map(|c| c.text.clone()).collect())).collect();
    let is_blank = |row: &SampledRow| row.cells.iter().all(|c| c.kind == CellKind::Empty);
    let splits = split(&plain);
    let end = |split: &Split| {
        let blank = rows.iter().skip(split.header).position(is_blank);
        blank.map_or(rows.len(), |blank| split.header + blank)
    };
    // Rows behind an empty one that go on as those before it are no table of their own.
    let goes_on = |split: &Split| split.titles.is_empty() && split.header > 0 && looks_like_data(&rows[split.header]);
    let own: Vec<usize> = (0..splits.len()).filter(|i| *i == 0 || !goes_on(&splits[*i])).collect();
    let Some(last) = own.last().map(|i| &splits[*i]) else { return vec![] };
    let follows = splits.len() == own.len() && rows.iter().skip(end(last)).any(|row| !is_blank(row));
    let several = own.len() > 1 || follows;
    let text_of = |range: &mut dyn Iterator<Item = usize>| {
        let lines: Vec<String> = range.map(|row| plain[row].1.join(" ")).collect();
        lines.join("\n")
    };
    let everywhere = splits.iter().find_map(|s| period_in(&text_of(&mut s.titles.iter().copied())));
    let mut found = vec![];
    for place in own {
        let split = &splits[place];
        let (mut header, mut until) = (split.header, rows.len());
        if several {
            until = end(split);
        } else {
            header = true_header(&rows, header);
        }
        let is_comment = |row: usize| plain[row].1.first().is_some_and(|cell| cell.trim_start().starts_with('#'));
        let has_comments =
            if several { split.titles.iter().any(|row| is_comment(*row)) } else { (0..header).any(is_comment) };
        let preamble = if several { text_of(&mut split.titles.iter().copied()) } else { text_of(&mut (0..header)) };
        let period = period_in(&preamble)
            .map(|period| (period, PeriodFrom::Lines))
            .or_else(|| everywhere.map(|period| (period, PeriodFrom::OtherTable)))
            .or(like.period);
        let cells: Vec<String> = plain[header].1.clone();
        let (names, repeated) = names(&cells);
        let body: Vec<SampledRow> = rows[header + 1..until]
            .iter()
            .filter(|row| !row.cells.is_empty())
            .map(|row| SampledRow {
                says_total: says_total(row, names.len()),
                period: period.map(|(days, _)| days),
                line: row.line,
                cells: row.cells.clone(),
                kinds: vec![],
            })
            .collect();
        let own = || rows[header + 1..until].iter().filter(|row| !says_total(row, names.len()));
        let kinds = kinds(own(), names.len());
        found.push(SampledTable {
            table: several.then(|| called(&splits, place)),
            title: split.title.clone(),
            has_comments,
            header_line: rows[header].line,
            kinds,
            header: names,
            repeated,
            rows: body,
            is_whole: is_whole || until < rows.len(),
            period,
            ..like.clone()
        });
    }
    found
}

/// How a source names a table: by its title where no other has it.
fn called(splits: &[Split], place: usize) -> NameOrPlace {
    let plain = |split: &Split| split.title.as_ref().map(|title| title.to_lowercase());
    let own = plain(&splits[place]);
    let is_only = splits.iter().filter(|split| plain(split) == own).count() == 1;
    match &splits[place].title {
        Some(title) if is_only && title.parse::<u64>().is_err() => NameOrPlace::Name(title.clone()),
        _ => NameOrPlace::Place(place + 1),
    }
}

/// A header that stands below a line of several cells: the first row that has about as many as most.
fn true_header(rows: &[SampledRow], header: usize) -> usize {
    let known = |row: &SampledRow| row.cells.iter().filter(|c| c.kind != CellKind::Empty).count();
    let mut lengths: Vec<usize> = rows.iter().skip(header).map(|row| row.cells.len()).collect();
    lengths.sort_unstable();
    let usual = lengths.get(lengths.len() / 2).copied().unwrap_or(0);
    if known(&rows[header]) * 2 > usual {
        return header;
    }
    let full = |row: &SampledRow| known(row) * 10 >= usual * 8 && !looks_like_data(row);
    rows.iter().skip(header).take(20).position(full).map_or(header, |at| header + at)
}

/// Whether a row holds numbers or dates, and not names of columns.
fn looks_like_data(row: &SampledRow) -> bool {
    row.cells.iter().any(|cell| match cell.kind {
        CellKind::Number | CellKind::Truth | CellKind::Date => true,
        CellKind::Text => is_data(&cell.text),
        CellKind::Empty | CellKind::Broken => false,
    })
}

fn says_total(row: &SampledRow, header: usize) -> bool {
    let says = |i: usize| row.cells.get(i).is_some_and(|cell| totals::is_word(&cell.text));
    says(0) || (row.cells.len() == header + 1 && says(header))
}

/// What the columns of rows seem to hold.
fn kinds<'r>(rows: impl Iterator<Item = &'r SampledRow>, columns: usize) -> Vec<Physical> {
    let mut kinds = vec![Physical::Empty; columns];
    for row in rows {
        for ((kind, cell), seen) in kinds.iter_mut().zip(&row.cells).zip(&row.kinds) {
            if cell.kind != CellKind::Empty {
                *kind = merge(kind, seen);
            }
        }
    }
    kinds
}
