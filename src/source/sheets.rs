//! Tables that are read row by row whatever their size: sheets of workbooks, and JSON line by line.

use super::excel::{sheets, SheetChoice, SheetRows};
use super::find_table::{self, find, Found};
use super::ndjson::{self, JsonRows};
use super::rows::{Row, Rows};
use super::sample::{Sample, Told};
use super::typed::Typed;
use super::{advance, unreadable, Failure, OpenFile, Part, Reader, Sink, Task};
use super::{exports, header};
use crate::catalog::{FileInfo, FileLayout, Reading};
use crate::diagnostic::Diagnostic;
use crate::dialect::period_in;
use crate::spec::{FileFormat, NameOrPlace, Ragged};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

/// Rows of a sheet that are sampled.
const SAMPLED: u64 = 2_000;

pub(super) struct SheetReader;
pub(super) struct JsonReader;

impl Reader for SheetReader {
    fn inspect(&self, path: &Path, reading: &Reading) -> Result<FileInfo, Diagnostic> {
        let mut rows = SheetRows::open(path, &choice(reading.sheet.as_ref()))?;
        let found = find(&mut rows, reading, path)?;
        sheet_table(path, reading, &found)
    }

    fn inspect_all(&self, path: &Path, reading: &Reading) -> Result<Vec<FileInfo>, Diagnostic> {
        if !reading.all_tables {
            return Ok(vec![self.inspect(path, reading)?]);
        }
        let mut rows = SheetRows::open(path, &choice(reading.sheet.as_ref()))?;
        let (tables, others) = find_table::all(&mut rows, reading, path)?;
        let mut infos: Vec<FileInfo> = vec![];
        for found in tables {
            let mut info = sheet_table(path, reading, &found)?;
            info.layout.title = Some(found.title);
            if infos.is_empty() {
                info.remarks.extend(find_table::unread(&others));
            } else {
                info.bytes = 0;
            }
            infos.push(info);
        }
        Ok(infos)
    }

    fn open<'s>(&self, task: Task<'s>) -> Result<Box<dyn OpenFile + 's>, Diagnostic> {
        Ok(Box::new(RowFile { task, header: task.file.layout.header.clone(), taken: AtomicBool::new(false) }))
    }
}

/// A table of a sheet: its header, and a sample of its rows.
fn sheet_table(path: &Path, reading: &Reading, found: &Found) -> Result<FileInfo, Diagnostic> {
    let bytes = std::fs::metadata(path).map_err(|e| unreadable(path, &e))?.len();
    let mut layout = FileLayout {
        period: reading.period.or_else(|| period_in(&found.preamble)).or_else(|| exports::period_of(path)),
        ends_at_blank: reading.table.is_some() || reading.all_tables,
        ..FileLayout::default()
    };
    let told = header::set(&mut layout, &found.header, reading, path)?;
    let open = || SheetRows::open(path, &choice(reading.sheet.as_ref()));
    layout.header_line = header::last_line(&mut open()?, found.line, reading.description_rows)?;
    let mut remarks = told.remarks;
    if reading.sheet.is_none() {
        let all = sheets(path)?;
        if all.len() > 1 {
            remarks.push(format!("it has {} sheets, and the first is read: {}", all.len(), all.join(", ")));
        }
    }
    let mut sample = Sample::new(&layout.header, reading);
    let mut rows = open()?;
    let mut row = Row::default();
    let mut count = 0;
    while count < SAMPLED && rows.next(&mut row)? {
        if row.line <= layout.header_line {
            continue;
        }
        if row.is_blank() {
            if layout.ends_at_blank {
                break;
            }
            continue;
        }
        count += 1;
        sample.look(&row, Some(row.line));
    }
    let Told { columns, text_because, seems, currency } = sample.finish();
    layout.first_currency = currency;
    let (path, format, partitions) = (path.to_path_buf(), FileFormat::Excel, vec![]);
    let (records, unknown) = ((count < SAMPLED).then_some(count), told.unknown);
    Ok(FileInfo { path, format, bytes, records, partitions, columns, text_because, layout, seems, remarks, unknown })
}

impl Reader for JsonReader {
    fn inspect(&self, path: &Path, reading: &Reading) -> Result<FileInfo, Diagnostic> {
        let bytes = std::fs::metadata(path).map_err(|e| unreadable(path, &e))?.len();
        let columns = ndjson::columns(path, reading.unnest.as_deref())?;
        let header: Vec<String> = columns.iter().map(|(name, _)| name.clone()).collect();
        // The types of the cells themselves, but where numbers or dates are written as texts.
        let mut sample = Sample::new(&header, reading);
        let names: Vec<&str> = header.iter().map(String::as_str).collect();
        let mut rows = JsonRows::open(path, &names, reading.unnest.as_deref())?;
        let mut row = Row::default();
        let mut count = 0;
        while count < SAMPLED && rows.next(&mut row)? {
            sample.look(&row, Some(row.line));
            count += 1;
        }
        let Told { columns: sampled, text_because, seems, currency } = sample.finish();
        let columns = columns
            .into_iter()
            .zip(sampled)
            .map(|((name, kind), (_, seen))| {
                let has_role = reading.measures.contains(&name) || reading.times.contains(&name);
                (name, if has_role { seen } else { kind })
            })
            .collect();
        let period = reading.period.or_else(|| exports::period_of(path));
        Ok(FileInfo {
            path: path.to_path_buf(),
            format: FileFormat::Ndjson,
            bytes,
            records: (count < SAMPLED).then_some(count),
            partitions: vec![],
            columns,
            text_because,
            layout: FileLayout { header, period, first_currency: currency, ..FileLayout::default() },
            seems,
            remarks: vec![],
            unknown: vec![],
        })
    }

    fn open<'s>(&self, task: Task<'s>) -> Result<Box<dyn OpenFile + 's>, Diagnostic> {
        // Only what is wanted is taken out of each object.
        let wanted = task.scan.raw_columns();
        let header = wanted.into_iter().filter(|raw| task.file.layout.header.iter().any(|h| h == raw));
        Ok(Box::new(RowFile { task, header: header.map(str::to_owned).collect(), taken: AtomicBool::new(false) }))
    }
}

pub(super) fn choice(sheet: Option<&NameOrPlace>) -> SheetChoice {
    match sheet {
        None => SheetChoice::First,
        Some(NameOrPlace::Name(name)) => SheetChoice::Name(name.clone()),
        Some(NameOrPlace::Place(place)) => SheetChoice::Position(*place),
    }
}

/// An open file, in one piece.
struct RowFile<'s> {
    task: Task<'s>,
    header: Vec<String>,
    taken: AtomicBool,
}

impl OpenFile for RowFile<'_> {
    fn next(&self) -> Result<Option<Part>, Failure> {
        Ok((!self.taken.swap(true, Ordering::Relaxed)).then_some(Part::Whole))
    }

    fn decode(&self, _: Part, sink: &mut Sink<'_>) -> Result<(), Failure> {
        let (scan, layout, path) = (self.task.scan, &self.task.file.layout, &self.task.file.path);
        let names: Vec<&str> = self.header.iter().map(String::as_str).collect();
        let mut rows: Box<dyn Rows> = match self.task.file.format {
            FileFormat::Excel => Box::new(SheetRows::open(path, &choice(scan.reading.sheet.as_ref()))?),
            _ => Box::new(JsonRows::open(path, &names, scan.reading.unnest.as_deref())?),
        };
        // A sheet has no empty cells at the end of its rows.
        let mut typed = Typed::new(&self.task, &self.header, Ragged::Fill);
        let mut row = Row::default();
        while rows.next(&mut row)? {
            if row.line <= layout.header_line {
                continue;
            }
            if layout.ends_at_blank && row.fault.is_none() && row.is_blank() {
                find_table::ends(rows.as_mut(), layout.header.len(), path)?;
                break;
            }
            if row.is_blank() && row.fault.is_none() {
                typed.part();
                continue;
            }
            typed.push(&row, &self.header)?;
            if typed.len() >= self.task.batch_rows {
                typed.flush(sink)?;
            }
        }
        typed.flush(sink)?;
        advance(self.task.progress, self.task.file.bytes);
        Ok(())
    }
}
