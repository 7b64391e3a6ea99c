//! Workbooks: `.xlsx`, `.xlsm`, `.xlsb`, `.xls` and `.ods`, by the crate calamine, sheet by sheet.
//!
//! A workbook is read on a thread of its own, which hands over its rows in pieces: only that thread holds the workbook,
//! and where calamine panics over a broken file only that thread ends. What it allocates without looking has been
//! [checked](super::excel_checks) before; what is left are repetitions inside `.ods` files, which it bounds itself (at
//! 100 million cells).

use super::excel_checks::{self, Kind};
use super::rows::{Cell, Content, Row, Rows};
use super::unreadable;
use crate::calendar::{days_from_civil, parse_date};
use crate::diagnostic::{short_list, Diagnostic};
use calamine::{Data, DataRef, ExcelDateTime, Ods, Reader, SheetType, SheetVisible, Sheets, Xls, Xlsb, Xlsx};
use std::borrow::Cow;
use std::io::Cursor;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{sync_channel, Receiver, SyncSender};

/// The name of the threads that read workbooks: their panics are told as broken files.
pub(super) const THREAD: &str = "workbook";

/// Rows that are handed over together, and how many such pieces may wait.
const PIECE: usize = 256;
const WAITING: usize = 4;

/// Columns of a sheet: as far as `XFD`.
const MOST_COLUMNS: u32 = 16_384;

const MICROS: i64 = 1_000_000;

/// Which sheet to read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum SheetChoice {
    /// The first one that shows.
    First,
    /// By its name; one that is hidden too.
    Name(String),
    /// By its position among those that show, from 1.
    Position(usize),
}

/// The names of the sheets that show, in the order of their tabs; those that are hidden when no other is there.
///
/// # Errors
/// The file is no workbook, or cannot be read.
pub(super) fn sheets(path: &Path) -> Result<Vec<String>, Diagnostic> {
    let (sender, names) = sync_channel(1);
    let of = path.to_path_buf();
    start(path, move || {
        let names = Book::open(&of).map(|book| book.shown());
        let _ = sender.send(names);
    })?;
    names.recv().unwrap_or_else(|_| Err(broken(path, "its structure is damaged")))
}

/// The rows of a sheet, from its first on. Cells stand where they stand in the sheet: column A is the first.
pub(super) struct SheetRows {
    path: PathBuf,
    pieces: Receiver<Piece>,
    /// The piece that is being handed out, from its end.
    piece: Vec<Numbered>,
    ended: bool,
    /// The row that was handed out last.
    line: u64,
}

/// A row with its number.
type Numbered = (u64, Vec<Cell<'static>>);

enum Piece {
    Rows(Vec<Numbered>),
    End(Result<(), Diagnostic>),
}

impl SheetRows {
    /// Opens a sheet.
    ///
    /// # Errors
    /// The file is no workbook, cannot be read, or has no such sheet.
    pub(super) fn open(path: &Path, sheet: &SheetChoice) -> Result<Self, Diagnostic> {
        let (sender, pieces) = sync_channel(WAITING);
        let (told, opened) = sync_channel(1);
        let (of, sheet) = (path.to_path_buf(), sheet.clone());
        start(path, move || {
            let book = Book::open(&of).and_then(|book| Ok((book.choose(&sheet)?, book)));
            let (name, book) = match book {
                Ok(found) => found,
                Err(error) => {
                    let _ = told.send(Err(error));
                    return;
                }
            };
            let _ = told.send(Ok(()));
            let mut out = Out { sender, piece: vec![] };
            let end = book.read(&name, &mut out);
            out.end(end);
        })?;
        opened.recv().unwrap_or_else(|_| Err(broken(path, "its structure is damaged")))?;
        Ok(Self { path: path.to_path_buf(), pieces, piece: vec![], ended: false, line: 0 })
    }
}

impl Rows for SheetRows {
    fn next(&mut self, row: &mut Row) -> Result<bool, Diagnostic> {
        while self.piece.is_empty() {
            if self.ended {
                return Ok(false);
            }
            match self.pieces.recv() {
                Ok(Piece::Rows(rows)) => {
                    self.piece = rows;
                    self.piece.reverse();
                }
                Ok(Piece::End(end)) => {
                    self.ended = true;
                    end?;
                }
                Err(_) => {
                    self.ended = true;
                    return Err(broken(&self.path, "its structure is damaged"));
                }
            }
        }
        self.line += 1;
        row.line = self.line;
        row.fault = None;
        // Sheets do not store rows without cells.
        let is_there = self.piece.last().is_some_and(|(line, _)| *line <= self.line);
        let cells = if is_there { self.piece.pop().map(|(_, cells)| cells).unwrap_or_default() } else { vec![] };
        row.content = Content::Cells(cells);
        Ok(true)
    }
}

/// Starts a thread that may panic.
fn start(path: &Path, work: impl FnOnce() + Send + 'static) -> Result<(), Diagnostic> {
    let started = std::thread::Builder::new().name(THREAD.to_owned()).spawn(work);
    started.map(|_| ()).map_err(|e| unreadable(path, &e))
}

fn broken(path: &Path, error: &str) -> Diagnostic {
    Diagnostic::data("unreadable-file", format!("the workbook `{}` cannot be read: {error}", path.display()))
        .help("export it again, or open it in a spreadsheet program and save it as .xlsx")
}

/// Gathers rows into pieces.
struct Out {
    sender: SyncSender<Piece>,
    piece: Vec<Numbered>,
}

impl Out {
    /// Hands a row over; `false` when nobody reads any more.
    fn row(&mut self, line: u64, mut cells: Vec<Cell<'static>>) -> bool {
        while cells.last() == Some(&Cell::Empty) {
            cells.pop();
        }
        if cells.is_empty() {
            return true;
        }
        self.piece.push((line, cells));
        self.piece.len() < PIECE || self.sender.send(Piece::Rows(std::mem::take(&mut self.piece))).is_ok()
    }

    fn end(mut self, end: Result<(), Diagnostic>) {
        let _ = self.sender.send(Piece::Rows(std::mem::take(&mut self.piece)));
        let _ = self.sender.send(Piece::End(end));
    }
}

/// An open workbook.
struct Book {
    path: PathBuf,
    sheets: Sheets<Cursor<Vec<u8>>>,
}

impl Book {
    fn open(path: &Path) -> Result<Self, Diagnostic> {
        let (bytes, kind) = excel_checks::open(path)?;
        let bytes = Cursor::new(bytes);
        let sheets = match kind {
            Kind::Xls => Xls::new(bytes).map(Sheets::Xls).map_err(calamine::Error::Xls),
            Kind::Xlsx => Xlsx::new(bytes).map(Sheets::Xlsx).map_err(calamine::Error::Xlsx),
            Kind::Xlsb => Xlsb::new(bytes).map(Sheets::Xlsb).map_err(calamine::Error::Xlsb),
            Kind::Ods => Ods::new(bytes).map(Sheets::Ods).map_err(calamine::Error::Ods),
        };
        let sheets = sheets.map_err(|error| failure(path, &error))?;
        Ok(Self { path: path.to_path_buf(), sheets })
    }

    /// The names of the sheets that hold cells; all, or those that show.
    fn names(&self, hidden: bool) -> Vec<String> {
        let sheets = self.sheets.sheets_metadata().iter();
        let sheets = sheets.filter(|s| s.typ == SheetType::WorkSheet && (hidden || s.visible == SheetVisible::Visible));
        sheets.map(|sheet| sheet.name.clone()).collect()
    }

    fn shown(&self) -> Vec<String> {
        let shown = self.names(false);
        if shown.is_empty() {
            self.names(true)
        } else {
            shown
        }
    }

    fn choose(&self, choice: &SheetChoice) -> Result<String, Diagnostic> {
        let (shown, all) = (self.shown(), self.names(true));
        let path = self.path.display();
        let known: Vec<&str> = all.iter().map(String::as_str).collect();
        let unknown = |what: String| Diagnostic::data("unknown-sheet", format!("the workbook `{path}` has no {what}"));
        match choice {
            SheetChoice::First => shown.into_iter().next().ok_or_else(|| unknown("sheet with cells".to_owned())),
            SheetChoice::Position(position) => {
                position.checked_sub(1).and_then(|i| shown.get(i).cloned()).ok_or_else(|| {
                    let names: Vec<&str> = shown.iter().map(String::as_str).collect();
                    unknown(format!("sheet {position}")).note(format!("sheets there: {}", short_list(&names)))
                })
            }
            SheetChoice::Name(name) => {
                let wanted = name.trim().to_lowercase();
                let same = |known: &&String| known.trim().to_lowercase() == wanted;
                let found = all.iter().find(|known| *known == name).or_else(|| all.iter().find(same));
                found.cloned().ok_or_else(|| unknown(format!("sheet `{name}`")).suggest(name, "sheets there", known))
            }
        }
    }

    /// Hands over the rows of a sheet.
    fn read(mut self, name: &str, out: &mut Out) -> Result<(), Diagnostic> {
        let path = self.path;
        let mut gather = Gather { path: &path, line: 0, cells: vec![], out };
        match &mut self.sheets {
            Sheets::Xlsx(book) => {
                let fail = |error| failure(&path, &calamine::Error::Xlsx(error));
                let mut reader = book.worksheet_cells_reader(name).map_err(fail)?;
                while let Some(found) = reader.next_cell().map_err(fail)? {
                    if !gather.cell(found.get_position(), cell(found.get_value()))? {
                        return Ok(());
                    }
                }
            }
            Sheets::Xlsb(book) => {
                let fail = |error| failure(&path, &calamine::Error::Xlsb(error));
                let mut reader = book.worksheet_cells_reader(name).map_err(fail)?;
                while let Some(found) = reader.next_cell().map_err(fail)? {
                    if !gather.cell(found.get_position(), cell(found.get_value()))? {
                        return Ok(());
                    }
                }
            }
            sheets @ (Sheets::Xls(_) | Sheets::Ods(_)) => {
                let range = sheets.worksheet_range(name).map_err(|error| failure(&path, &error))?;
                let (top, left) = range.start().unwrap_or_default();
                for (row, column, found) in range.used_cells() {
                    let place = u32::try_from(row).ok().zip(u32::try_from(column).ok());
                    let (row, column) = place.ok_or_else(|| broken(&path, "a cell stands too far out"))?;
                    if !gather.cell((top + row, left + column), data(found))? {
                        return Ok(());
                    }
                }
            }
        }
        gather.row();
        Ok(())
    }
}

fn failure(path: &Path, error: &calamine::Error) -> Diagnostic {
    use calamine::{Error, OdsError, XlsError, XlsbError, XlsxError};
    let locked = matches!(
        error,
        Error::Xls(XlsError::Password)
            | Error::Xlsx(XlsxError::Password)
            | Error::Xlsb(XlsbError::Password)
            | Error::Ods(OdsError::Password)
    );
    if locked {
        return excel_checks::locked(path);
    }
    broken(path, &error.to_string())
}

/// Makes rows of cells that come one after another.
struct Gather<'o> {
    path: &'o Path,
    /// The row that is being made; 0 before the first.
    line: u64,
    cells: Vec<Cell<'static>>,
    out: &'o mut Out,
}

impl Gather<'_> {
    /// Puts a cell in its place; `false` when nobody reads any more.
    fn cell(&mut self, (row, column): (u32, u32), cell: Cell<'static>) -> Result<bool, Diagnostic> {
        if cell == Cell::Empty {
            return Ok(true);
        }
        let line = u64::from(row) + 1;
        if line < self.line {
            return Err(broken(self.path, &format!("its row {line} comes after row {}", self.line)));
        }
        if column >= MOST_COLUMNS {
            return Err(broken(self.path, &format!("row {line} has a cell past the last column of a sheet")));
        }
        if line > self.line {
            if !self.row() {
                return Ok(false);
            }
            self.line = line;
        }
        let column = column as usize;
        if self.cells.len() <= column {
            self.cells.resize(column + 1, Cell::Empty);
        }
        self.cells[column] = cell;
        Ok(true)
    }

    fn row(&mut self) -> bool {
        self.out.row(self.line, std::mem::take(&mut self.cells))
    }
}

fn cell(data: &DataRef<'_>) -> Cell<'static> {
    match data {
        DataRef::SharedString(shared) => text(shared),
        DataRef::String(own) => text(own),
        DataRef::Int(number) => Cell::Int(*number),
        DataRef::Float(number) => float(*number),
        DataRef::Bool(truth) => Cell::Bool(*truth),
        DataRef::DateTime(time) => serial(time),
        DataRef::DateTimeIso(time) => iso(time),
        DataRef::DurationIso(time) => iso_duration(time),
        DataRef::Error(error) => Cell::Broken(Cow::Owned(error.to_string())),
        DataRef::Empty => Cell::Empty,
    }
}

fn data(data: &Data) -> Cell<'static> {
    match data {
        Data::String(own) => text(own),
        Data::Int(number) => Cell::Int(*number),
        Data::Float(number) => float(*number),
        Data::Bool(truth) => Cell::Bool(*truth),
        Data::DateTime(time) => serial(time),
        Data::DateTimeIso(time) => iso(time),
        Data::DurationIso(time) => iso_duration(time),
        Data::Error(error) => Cell::Broken(Cow::Owned(error.to_string())),
        Data::Empty => Cell::Empty,
    }
}

fn text(text: &str) -> Cell<'static> {
    if text.is_empty() {
        Cell::Empty
    } else {
        Cell::Text(Cow::Owned(text.to_owned()))
    }
}

/// Spreadsheets know only one kind of number.
fn float(number: f64) -> Cell<'static> {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    if !number.is_finite() {
        return Cell::Broken(Cow::Owned(number.to_string()));
    }
    if number.fract() == 0.0 && number.abs() < EXACT {
        #[expect(clippy::cast_possible_truncation, reason = "it is whole and less than 2^53")]
        return Cell::Int(number as i64);
    }
    Cell::Float(number)
}

/// A number in the format of a date or a time: days, from 1900 or 1904 on. calamine rounds to milliseconds, which is more
/// than such a number's error, and knows that 1900 had no 29th of February.
fn serial(time: &ExcelDateTime) -> Cell<'static> {
    let days = time.as_f64();
    if time.is_duration() || (0.0..1.0).contains(&days) {
        // Without a day it is a time of day, or a length such as a video's.
        return duration(days * 86_400.0);
    }
    if !(1.0..2_958_466.0).contains(&days) {
        return Cell::Broken(Cow::Owned(days.to_string()));
    }
    let (year, month, day, hour, minute, second, millisecond) = time.to_ymd_hms_milli();
    if (year, month, day) == (1900, 2, 29) {
        return Cell::Broken(Cow::Borrowed("1900-02-29"));
    }
    let day = days_from_civil(i32::from(year), i32::from(month), i32::from(day));
    let seconds = (i64::from(hour) * 60 + i64::from(minute)) * 60 + i64::from(second);
    wall(day, seconds * MICROS + i64::from(millisecond) * 1000)
}

fn wall(day: i32, micros: i64) -> Cell<'static> {
    match micros {
        0 => Cell::Day(day),
        micros => Cell::Wall(i64::from(day) * 86_400 * MICROS + micros),
    }
}

/// `1:02:03`; hours may be more than a day has.
fn duration(seconds: f64) -> Cell<'static> {
    let sign = if seconds < 0.0 { "-" } else { "" };
    let all = seconds.abs().round();
    if !all.is_finite() || all > 1e15 {
        return Cell::Broken(Cow::Owned(seconds.to_string()));
    }
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is positive and not absurd")]
    let all = all as u64;
    Cell::Text(Cow::Owned(format!("{sign}{}:{:02}:{:02}", all / 3600, all / 60 % 60, all % 60)))
}

/// `2025-01-31`, `2025-01-31T12:30:00`.
fn iso(time: &str) -> Cell<'static> {
    let day = time.get(..10).and_then(parse_date);
    let clock = match time.get(10..) {
        Some("") => Some(0),
        _ => time.parse::<jiff::civil::DateTime>().ok().map(|time| {
            let time = time.time();
            let seconds = (i64::from(time.hour()) * 60 + i64::from(time.minute())) * 60 + i64::from(time.second());
            seconds * MICROS + i64::from(time.subsec_nanosecond()) / 1000
        }),
    };
    day.zip(clock).map_or_else(|| text(time), |(day, micros)| wall(day, micros))
}

/// `PT1H2M3S`.
fn iso_duration(time: &str) -> Cell<'static> {
    time.parse::<jiff::SignedDuration>().map_or_else(|_| text(time), |time| duration(time.as_secs_f64()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rust_xlsxwriter::{Format, Formula, Workbook};

    /// Sheets `Notes` (hidden), `Data` and `Éte`.
    fn example(folder: &Path) -> PathBuf {
        let mut book = Workbook::new();
        book.add_worksheet().set_name("Notes").expect("a name").set_hidden(true);
        let (day, moment) =
            (Format::new().set_num_format("yyyy-mm-dd"), Format::new().set_num_format("d/m/yy h:mm:ss"));
        let (clock, length) = (Format::new().set_num_format("h:mm:ss"), Format::new().set_num_format("[h]:mm:ss"));
        let sheet = book.add_worksheet().set_name("Data").expect("a name").set_active(true);
        sheet.write(1, 1, "Title").and_then(|s| s.write(3, 0, 12)).expect("cells");
        sheet.write(3, 1, 0.5).and_then(|s| s.write(3, 2, true)).expect("cells");
        sheet.write_number_with_format(3, 3, 45_658, &day).expect("a day");
        sheet.write_number_with_format(3, 4, 45_943.541_666_666_664, &moment).expect("a moment");
        sheet.write_number_with_format(3, 5, 0.004_618_055_6, &clock).expect("a time");
        sheet.write_number_with_format(3, 6, 1.5, &length).expect("a length");
        sheet.write_formula(3, 7, Formula::new("=NA()").set_result("#N/A")).expect("a formula");
        sheet.write(3, 8, 1e17).and_then(|s| s.write(3, 9, "")).and_then(|s| s.write(4, 0, "x")).expect("cells");
        book.add_worksheet().set_name("Éte").expect("a name").write(0, 0, "a").expect("a cell");
        let path = folder.join("x.xlsx");
        book.save(&path).expect("a workbook");
        path
    }

    fn rows(path: &Path, sheet: &SheetChoice) -> Result<Vec<(u64, Vec<Cell<'static>>)>, Diagnostic> {
        let mut rows = SheetRows::open(path, sheet)?;
        let (mut found, mut row) = (vec![], Row::default());
        while rows.next(&mut row)? {
            let Content::Cells(cells) = &row.content else { panic!("cells") };
            found.push((row.line, cells.clone()));
        }
        Ok(found)
    }

    fn word(text: &str) -> Cell<'static> {
        Cell::Text(Cow::Owned(text.to_owned()))
    }

    #[test]
    fn cells_stand_where_the_sheet_has_them_and_know_their_type() {
        let folder = tempfile::tempdir().expect("a folder");
        let found = rows(&example(folder.path()), &SheetChoice::First).expect("rows");
        let day = parse_date("2025-10-13").expect("a day");
        let cells = vec![
            Cell::Int(12),
            Cell::Float(0.5),
            Cell::Bool(true),
            Cell::Day(parse_date("2025-01-01").expect("a day")),
            Cell::Wall(i64::from(day) * 86_400 * MICROS + 13 * 3600 * MICROS),
            word("0:06:39"),
            word("36:00:00"),
            Cell::Broken(Cow::Borrowed("#N/A")),
            Cell::Float(1e17),
        ];
        let expected =
            vec![(1, vec![]), (2, vec![Cell::Empty, word("Title")]), (3, vec![]), (4, cells), (5, vec![word("x")])];
        assert_eq!(found, expected);
    }

    #[test]
    fn sheets_are_found_by_name_and_position_and_missing_ones_are_told() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = example(folder.path());
        assert_eq!(sheets(&path).expect("names"), ["Data", "Éte"]);
        assert_eq!(rows(&path, &SheetChoice::Position(2)).expect("rows"), [(1, vec![word("a")])]);
        assert_eq!(rows(&path, &SheetChoice::Name("éte".to_owned())).expect("rows").len(), 1);
        assert!(rows(&path, &SheetChoice::Name("Notes".to_owned())).expect("rows").is_empty());
        let error = rows(&path, &SheetChoice::Name("Date".to_owned())).expect_err("no such sheet");
        assert_eq!((error.code, error.help), ("unknown-sheet", vec!["did you mean `Data`?".to_owned()]));
        let error = rows(&path, &SheetChoice::Position(3)).expect_err("no such sheet");
        assert!(error.notes[0].contains("Data, Éte"), "{error:?}");
    }

    #[test]
    fn a_reader_that_stops_early_ends_the_thread() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut book = Workbook::new();
        let sheet = book.add_worksheet();
        for row in 0..5_000 {
            sheet.write(row, 0, row).expect("a cell");
        }
        let path = folder.path().join("x.xlsx");
        book.save(&path).expect("a workbook");
        let mut rows = SheetRows::open(&path, &SheetChoice::First).expect("rows");
        assert!(rows.next(&mut Row::default()).expect("a row"));
        drop(rows);
        assert_eq!(super::tests::rows(&path, &SheetChoice::First).expect("rows").len(), 5_000);
    }

    #[test]
    fn serials_are_days_of_both_systems() {
        use calamine::ExcelDateTimeType::DateTime;
        let cell = |days: f64, is_1904| serial(&ExcelDateTime::new(days, DateTime, is_1904));
        let day = |text: &str| Cell::Day(parse_date(text).expect("a day"));
        assert_eq!(cell(45_658.0, false), day("2025-01-01"));
        assert_eq!(cell(44_196.0, true), day("2025-01-01"));
        assert_eq!(cell(1.0, false), day("1900-01-01"));
        assert_eq!(cell(61.0, false), day("1900-03-01"));
        assert_eq!(cell(60.0, false), Cell::Broken(Cow::Borrowed("1900-02-29")));
        // A second before midnight, less the error of the number.
        let wall = i64::from(parse_date("2025-01-01").expect("a day")) * 86_400 + 86_399;
        assert_eq!(cell(45_658.999_988_425_9, false), Cell::Wall(wall * MICROS));
        assert_eq!(cell(45_658.999_999_999_9, false), day("2025-01-02"));
        assert!(matches!(cell(-1.0, false), Cell::Broken(_)));
    }

    #[test]
    fn open_documents_write_times_as_text() {
        assert_eq!(iso("2025-01-31"), Cell::Day(parse_date("2025-01-31").expect("a day")));
        assert!(matches!(iso("2025-01-31T12:30:00"), Cell::Wall(_)));
        assert_eq!(iso("soon"), word("soon"));
        assert_eq!(iso_duration("PT01H02M03S"), word("1:02:03"));
    }

    #[test]
    fn files_that_only_bear_the_name_are_told() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("x.xls");
        let told = |bytes: &[u8]| {
            std::fs::write(&path, bytes).expect("written");
            let error = sheets(&path).expect_err("no workbook");
            assert_eq!(error.code, "unreadable-file");
            assert!(!error.help.is_empty());
            error.message
        };
        assert!(told(b"").contains("is empty"));
        assert!(told(b"\n<html><table><tr><td>1</td></tr></table></html>").contains("web page"));
        assert!(told(b"day,clicks\r\n2025-01-01,1\r\n").contains("is text"));
        assert!(told(b"\xFF\xFEd\0a\0y\0").contains("is text"));
        assert!(told(&[0, 1, 2, 3]).contains("not a workbook"));
        assert!(told(b"PK\x05\x06\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0").contains("without a workbook"));
        assert!(told(b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1").contains("damaged"));
    }

    #[test]
    fn broken_workbooks_are_told() {
        let folder = tempfile::tempdir().expect("a folder");
        let whole = std::fs::read(example(folder.path())).expect("bytes");
        let path = folder.path().join("y.xlsx");
        for length in (0..whole.len()).step_by(101) {
            std::fs::write(&path, &whole[..length]).expect("written");
            assert!(rows(&path, &SheetChoice::First).is_err(), "{length} bytes");
        }
        for at in (0..whole.len()).step_by(13) {
            let mut bytes = whole.clone();
            bytes[at] ^= 0xFF;
            std::fs::write(&path, &bytes).expect("written");
            // Some bytes do not matter.
            let _ = rows(&path, &SheetChoice::First);
        }
    }
}
