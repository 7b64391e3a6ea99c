//! Reading lookups: small tables, held in memory as a whole. Their files are read as those of sources are.

use super::batch::arrow_type;
use super::{catalog::reconcile, feed, partitions, paths, reader, reading};
use crate::calendar::Calendar;
use crate::catalog::{FileInfo, LookupColumn, LookupTable, Physical, Reading, SourceInfo};
use crate::diagnostic::{Diagnostic, Diagnostics, YamlPath};
use crate::expr::Type;
use crate::plan::{Clock, Covers, DayRange, Made, Scan, ScanColumn, TimeColumn, TimePlan};
use crate::spec::{
    Dimension, DimensionType, FileFormat, Lookup, LookupType, Measure, MeasureType, NamesOr, OnBadRow, Source,
};
use arrow::array::{new_empty_array, Array, ArrayRef};
use arrow::compute::{cast, concat};
use arrow::datatypes::DataType;
use arrow::util::display::array_value_to_string;
use std::sync::Arc;

/// Records of a batch; the whole table is in memory anyway.
const BATCH_ROWS: usize = 1 << 16;

/// Reads a lookup; `None` when that fails, which is told.
pub(super) fn load(name: &str, lookup: &Lookup, errors: &mut Diagnostics) -> Option<LookupTable> {
    let at = YamlPath::root().key("lookups").key(name);
    let source = as_source(lookup);
    let info = inspected(&format!("lookup `{name}`"), &source, &at, errors)?;
    let key = columns_of(name, &lookup.key, true, &info, &at.key("key"), errors);
    let added = columns_of(name, &lookup.columns, false, &info, &at.key("columns"), errors);
    let (key, added) = (key?, added?);
    let scan = scan(&info, key.iter().chain(&added));
    match read(&scan) {
        Ok(Read { arrays, firsts, rows }) => {
            let column = |(column, values): (&ScanColumn, ArrayRef)| LookupColumn {
                name: column.name.clone(),
                ty: column.ty,
                values,
            };
            let mut columns: Vec<LookupColumn> = scan.columns.iter().zip(arrays).map(column).collect();
            let added = columns.split_off(key.len());
            let keys = columns.clone();
            let paths = info.files.iter().map(|f| f.path.clone()).collect();
            match LookupTable::new(name.to_owned(), paths, rows, columns, added) {
                Ok(table) => Some(table),
                Err(twice) => {
                    errors.push(duplicate(name, &keys, twice, &info.files, &firsts).at(&at.key("key")));
                    None
                }
            }
        }
        Err(error) => {
            errors.push(error.at(&at.key("path")));
            None
        }
    }
}

/// What the files of a small table hold; `None` when one cannot be read, which is told.
pub(super) fn inspected(noun: &str, source: &Source, at: &YamlPath, errors: &mut Diagnostics) -> Option<SourceInfo> {
    let files = paths::files(source, at, errors);
    let mut infos: Vec<FileInfo> = vec![];
    // Nothing of a small table may be missing, and none of its rows is a sum of others.
    let declared = reading::reading(source, at, errors);
    let reading = Reading { on_bad_row: OnBadRow::Fail, finds_totals: false, ..declared };
    for (path, format) in &files {
        match reader(*format).inspect(path, &reading) {
            Ok(info) => infos.push(info),
            Err(error) => errors.push(error.at(&at.key("path"))),
        }
    }
    if files.is_empty() || infos.len() < files.len() {
        return None;
    }
    partitions::add_columns(&mut infos);
    let columns = reconcile(noun, at, source, &infos, errors);
    Some(SourceInfo { files: infos, columns, reading: Arc::new(reading) })
}

/// The file and the record of a row.
pub(super) fn place(row: usize, files: &[FileInfo], firsts: &[(usize, usize)]) -> String {
    // A file's batches come one after another.
    let at = firsts.partition_point(|(first, _)| *first <= row).saturating_sub(1);
    let file = firsts.get(at).map_or(0, |(_, file)| *file);
    let start = firsts.iter().find(|(_, of)| *of == file).map_or(0, |(first, _)| *first);
    let path = files.get(file).map(|f| f.path.display().to_string()).unwrap_or_default();
    format!("{path}, record {}", row - start + 1)
}

/// The lookup as a source, whose columns have the types that it declares.
fn as_source(lookup: &Lookup) -> Source {
    let mut source =
        Source { path: Some(lookup.path.clone()), format: lookup.format, csv: lookup.csv.clone(), ..Source::default() };
    let (mut dimensions, mut measures) = (vec![], vec![]);
    for (name, details, _) in lookup.key.entries().into_iter().chain(lookup.columns.entries()) {
        let Some(ty) = details.data_type else { continue };
        let column = details.column.clone();
        let data_type = match ty {
            LookupType::Text => DimensionType::Text,
            LookupType::Integer => DimensionType::Integer,
            LookupType::Boolean => DimensionType::Boolean,
            LookupType::Date => DimensionType::Date,
            LookupType::Number => {
                let data_type = Some(MeasureType::Number);
                measures.push((name.to_owned(), Some(Measure { column, data_type, ..Measure::default() })));
                continue;
            }
        };
        let data_type = Some(data_type);
        dimensions.push((name.to_owned(), Some(Dimension { column, data_type, ..Dimension::default() })));
    }
    source.dimensions = NamesOr::Map(dimensions.into_iter().collect());
    source.measures = NamesOr::Map(measures.into_iter().collect());
    source
}

/// The columns of `key` or `columns` as they are read; `None` when one is wrong, which is told.
fn columns_of(
    lookup: &str,
    written: &NamesOr<crate::spec::LookupColumn>,
    is_key: bool,
    info: &SourceInfo,
    at: &YamlPath,
    errors: &mut Diagnostics,
) -> Option<Vec<ScanColumn>> {
    let entries = written.entries();
    if entries.is_empty() {
        let error = Diagnostic::pipeline("missing-key", format!("lookup `{lookup}` names no columns here"));
        errors.push(error.at(at).help(if is_key { "`key: [post_id]`" } else { "`columns: [campaign, theme]`" }));
        return None;
    }
    let mut columns: Vec<ScanColumn> = vec![];
    let mut complete = true;
    for (name, details, index) in entries {
        let here = index.map_or_else(|| at.key(name), |i| at.index(i));
        let raw = details.column.as_deref().unwrap_or(name);
        if columns.iter().any(|c| c.name == name) {
            errors.push(Diagnostic::pipeline("duplicate-name", format!("`{name}` is listed twice")).at(&here));
            complete = false;
            continue;
        }
        let Some(found) = info.columns.get(raw) else {
            let message = format!("lookup `{lookup}` has no column `{raw}` in its files");
            let known = info.columns.keys().map(String::as_str);
            errors.push(
                Diagnostic::pipeline("missing-column", message).at(&here).suggest(raw, "columns there", known).note(
                    format!(
                        "first file: {}",
                        info.files.first().map(|f| f.path.display().to_string()).unwrap_or_default()
                    ),
                ),
            );
            complete = false;
            continue;
        };
        let of_csv = info.files.iter().any(|f| f.format == FileFormat::Csv);
        let ty = match &found.physical {
            Physical::Typed(Type::Float | Type::Decimal(_)) if is_key => None,
            Physical::Typed(ty) => Some(*ty),
            Physical::Empty => Some(Type::Text),
            Physical::Timestamp { .. } if !of_csv => Some(Type::Date),
            Physical::Timestamp { .. } | Physical::Unusable(_) => None,
        };
        let Some(ty) = ty else {
            let what = if is_key { "be part of a key" } else { "be looked up" };
            let message =
                format!("`{name}` of lookup `{lookup}` holds a {}: it cannot {what}", found.physical.describe());
            errors.push(Diagnostic::pipeline("type-mismatch", message).at(&here).help("declare `type: text` (CSV)"));
            complete = false;
            continue;
        };
        let (name, raw) = (name.to_owned(), Some(raw.to_owned()));
        columns.push(ScanColumn { name, raw, ty, dimension: true, measure: false, made: Made::AsRead });
    }
    complete.then_some(columns)
}

/// The scan that reads a lookup: of all records, none of which is dated.
pub(super) fn scan<'c>(info: &SourceInfo, columns: impl Iterator<Item = &'c ScanColumn>) -> Scan {
    let undated = TimeColumn { raw: String::new(), clock: Clock::Day };
    Scan {
        source: String::new(),
        files: info.files.iter().map(Into::into).collect(),
        columns: columns.cloned().collect(),
        time: TimePlan { column: undated, end: None, covers: Covers::Day, assign: None, grains: vec![], hours: false },
        filter: None,
        feeds: vec![],
        ranges: vec![DayRange::default()],
        calendar: Arc::new(Calendar::default()),
        reading: info.reading.clone(),
        total_rows: None,
        snapshot: None,
        checks: vec![],
    }
}

/// What was read of a lookup.
pub(super) struct Read {
    /// The values of each column of the scan.
    pub(super) arrays: Vec<ArrayRef>,
    /// The first row of each batch, with the file that it is of.
    pub(super) firsts: Vec<(usize, usize)>,
    pub(super) rows: usize,
}

pub(super) fn read(scan: &Scan) -> Result<Read, Diagnostic> {
    let mut parts: Vec<Vec<ArrayRef>> = vec![vec![]; scan.columns.len()];
    let (mut firsts, mut rows) = (vec![], 0);
    feed::records(scan, BATCH_ROWS, &mut |file, batch| {
        firsts.push((rows, file));
        rows += batch.rows;
        for (parts, array) in parts.iter_mut().zip(batch.columns) {
            parts.push(array);
        }
        Ok(())
    })?;
    let whole = |(column, parts): (&ScanColumn, Vec<ArrayRef>)| {
        let wanted = arrow_type(column.ty);
        // One dictionary, in which each text is once.
        let plain = if column.ty == Type::Text { DataType::Utf8 } else { wanted.clone() };
        let parts = parts.iter().map(|part| cast(part, &plain)).collect::<Result<Vec<ArrayRef>, _>>();
        let whole = parts.and_then(|parts| match parts.as_slice() {
            [] => Ok(new_empty_array(&plain)),
            parts => concat(&parts.iter().map(AsRef::as_ref).collect::<Vec<&dyn Array>>()),
        });
        whole.and_then(|whole| cast(&whole, &wanted)).map_err(|e| Diagnostic::bug(e.to_string()))
    };
    let arrays = scan.columns.iter().zip(parts).map(whole).collect::<Result<_, _>>()?;
    Ok(Read { arrays, firsts, rows })
}

/// Two rows of a lookup have one key.
fn duplicate(
    name: &str,
    key: &[LookupColumn],
    (first, second): (usize, usize),
    files: &[FileInfo],
    firsts: &[(usize, usize)],
) -> Diagnostic {
    let value = |column: &LookupColumn| {
        let text = array_value_to_string(&column.values, first).unwrap_or_default();
        format!("{} = {text}", column.name)
    };
    let values: Vec<String> = key.iter().map(value).collect();
    Diagnostic::data("duplicate-key", format!("lookup `{name}` has two rows with {}", values.join(", ")))
        .note(format!("{} and {}", place(first, files, firsts), place(second, files, firsts)))
        .note("every record would have to be counted twice, or one of the rows be left out")
        .help("remove one of the rows, or add the column that tells them apart to `key`")
}
