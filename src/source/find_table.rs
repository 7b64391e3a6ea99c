//! Where the table of a file begins: past a preamble, under a title, as the second of several.
//!
//! The rows of a file's beginning are parted into blocks by empty rows. The first rows of a block that have one cell, or
//! begin with `#`, are its titles; what follows is a table with its header. A block of titles alone belongs to the next.

use super::rows::{Cell, Row, Rows};
use crate::catalog::{folded, Reading};
use crate::diagnostic::{short_list, Diagnostic};
use crate::spec::{is_told_by_export, NameOrPlace};
use indexmap::{IndexMap, IndexSet};
use std::borrow::Cow;
use std::collections::HashSet;
use std::path::Path;
use unicode_normalization::{is_nfc, UnicodeNormalization};

/// So many rows are searched for a table.
const SEARCHED: usize = 5_000;

/// Where a table is.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Found {
    /// The cells of its header.
    pub(super) header: Vec<String>,
    /// The row of the header.
    pub(super) line: u64,
    /// What stands above it, line by line.
    pub(super) preamble: String,
    /// The title that says which table it is; without one its header.
    pub(super) title: String,
}

/// A row of the beginning.
struct Early {
    line: u64,
    cells: Vec<String>,
}

impl Early {
    fn known(&self) -> impl Iterator<Item = &String> {
        self.cells.iter().filter(|c| !c.trim().is_empty())
    }
    fn is_blank(&self) -> bool {
        self.known().next().is_none()
    }
    fn is_title(&self) -> bool {
        self.known().nth(1).is_none() || self.cells[0].trim_start().starts_with('#')
    }
    fn title(&self) -> String {
        let first = self.known().next().map(String::as_str).unwrap_or_default();
        first.trim_start_matches('#').trim().to_owned()
    }
    fn names(&self, reading: &Reading) -> usize {
        let names: HashSet<Cow<'_, str>> = self.cells.iter().map(|cell| reading.name(cell)).collect();
        reading.named.iter().filter(|name| names.contains(name.as_str())).count()
    }
}

/// A table of the beginning: where its titles begin, and its header, in the list of early rows.
struct Block {
    titles: Vec<usize>,
    header: usize,
}

/// Finds the table that the source means.
///
/// # Errors
/// The file has no row at all, not the table that is asked for, or several and the source does not say which.
pub(super) fn find(rows: &mut dyn Rows, reading: &Reading, path: &Path) -> Result<Found, Diagnostic> {
    let mut early: Vec<Early> = vec![];
    let mut row = Row::default();
    while early.len() < SEARCHED && rows.next(&mut row)? {
        let cells = (0..row.len()).map(|i| composed(text(&row.cell(i)))).collect();
        early.push(Early { line: row.line, cells });
        let last = &early[early.len() - 1];
        // The common case: a header with all that is declared, and nothing above it.
        let is_common = early.len() == 1 && reading.table.is_none() && !reading.named.is_empty() && !last.is_title();
        if is_common && last.names(reading) == reading.named.len() {
            return Ok(Found { header: last.cells.clone(), line: last.line, ..Found::default() });
        }
    }
    let blocks = blocks(&early);
    let tables: Vec<String> = blocks.iter().map(|b| described(&early, b)).collect();
    let at = |header: usize| {
        let above: Vec<String> = early[..header].iter().map(|row| row.cells.join(" ")).collect();
        Found {
            header: early[header].cells.clone(),
            line: early[header].line,
            preamble: above.join("\n"),
            ..Found::default()
        }
    };
    match &reading.table {
        Some(table) => {
            let chosen = match table {
                NameOrPlace::Place(place) => blocks.get(place - 1),
                NameOrPlace::Name(name) => blocks.iter().find(|block| is_called(&early, block, name)),
            };
            let block = chosen.ok_or_else(|| no_table(path, table, &tables))?;
            // Only what belongs to the table: another one's period is not its own.
            let own: Vec<String> = block.titles.iter().map(|row| early[*row].cells.join(" ")).collect();
            Ok(Found { preamble: own.join("\n"), ..at(block.header) })
        }
        None => undeclared(&early, &blocks, &tables, reading, path).map(at),
    }
}

/// All tables that have the columns which date a record, and another declared one; the others are told by name.
///
/// # Errors
/// The file cannot be read, or has no such table.
pub(super) fn all(
    rows: &mut dyn Rows,
    reading: &Reading,
    path: &Path,
) -> Result<(Vec<Found>, Vec<String>), Diagnostic> {
    let (mut found, mut others) = (vec![], vec![]);
    let (mut titles, mut in_table, mut width): (Vec<Early>, bool, usize) = (vec![], false, 0);
    let mut row = Row::default();
    while rows.next(&mut row)? {
        if in_table && !row.is_blank() {
            continue;
        }
        let cells = (0..row.len()).map(|i| composed(text(&row.cell(i)))).collect();
        let early = Early { line: row.line, cells };
        // Rows behind an empty one that go on as those before it are no table: reading the one before tells them.
        if !early.is_blank() && titles.is_empty() && row.len() == width && row.holds_data() {
            continue;
        }
        if early.is_blank() {
            in_table = false;
        } else if early.is_title() {
            titles.push(early);
        } else {
            in_table = true;
            width = row.len();
            let above = std::mem::take(&mut titles);
            let places: Vec<usize> = (0..above.len()).collect();
            let preamble: Vec<String> = above.iter().map(|row| row.cells.join(" ")).collect();
            let title = own_title(&above, &places).unwrap_or_else(|| first_column(&early, reading));
            let is_called = reading.titles.is_empty() || reading.titles.contains(&folded(&title));
            if is_called && is_wanted(&early, reading) {
                found.push(Found { line: early.line, preamble: preamble.join("\n"), title, header: early.cells });
            } else {
                others.push(title);
            }
        }
    }
    if found.is_empty() {
        let names: Vec<String> = others.iter().map(|title| format!("`{title}`")).collect();
        let message = format!("`{}` has no table with the declared columns", path.display());
        let error = Diagnostic::data("no-table", message);
        return Err(if names.is_empty() { error } else { error.note(format!("tables there: {}", names.join(", "))) });
    }
    Ok((found, others))
}

/// The title of a table; lines of comments are not of one table.
fn own_title(above: &[Early], places: &[usize]) -> Option<String> {
    let is_comment = |row: &Early| row.cells.first().is_some_and(|cell| cell.trim_start().starts_with('#'));
    title(above, places).filter(|_| !above.last().is_some_and(is_comment))
}

/// What a table without title is called: its first column that dates no record.
fn first_column(header: &Early, reading: &Reading) -> String {
    let dates = |cell: &&String| !reading.times.contains(reading.name(cell).as_ref());
    let mut known = header.known().filter(dates);
    known.next().or(header.known().next()).cloned().unwrap_or_default()
}

/// Makes sure that a table ends where its first empty row is: rows that go on behind it would be lost.
///
/// # Errors
/// They do.
pub(super) fn ends(rows: &mut dyn Rows, width: usize, path: &Path) -> Result<(), Diagnostic> {
    let mut row = Row::default();
    while rows.next(&mut row)? {
        if row.fault.is_none() && row.is_blank() {
            continue;
        }
        if row.len() == width && width > 1 && row.holds_data() {
            let message = format!("{}:{}: an empty row stands inside a table", path.display(), row.line);
            return Err(Diagnostic::data("parted-table", message)
                .note("a table of a file with several ends at an empty row: what comes after it would be lost")
                .help("remove the empty row from the file"));
        }
        return Ok(());
    }
    Ok(())
}

/// What is said of the tables of a file that are not read.
pub(super) fn unread(others: &[String]) -> Option<String> {
    let names: Vec<&str> = others.iter().map(String::as_str).collect();
    let told = || format!("tables without the declared columns are not read: {}", short_list(&names));
    (!others.is_empty()).then(told)
}

/// How many of the declared names a row has at most.
pub(super) fn most_names(rows: &mut dyn Rows, reading: &Reading) -> usize {
    let mut row = Row::default();
    let mut most = 0;
    for _ in 0..SEARCHED {
        if !rows.next(&mut row).unwrap_or(false) {
            break;
        }
        let cells = (0..row.len()).map(|i| composed(text(&row.cell(i)))).collect();
        most = most.max(Early { line: row.line, cells }.names(reading));
    }
    most
}

/// Whether a header has the columns that date a record, and another declared one.
fn is_wanted(header: &Early, reading: &Reading) -> bool {
    let has = |name: &str| header.cells.iter().any(|cell| reading.name(cell) == name);
    let times: Vec<&String> = reading.times.iter().filter(|time| !is_told_by_export(time)).collect();
    let is_other = |name: &str| !times.iter().any(|time| *time == name);
    let knows = |cell: &String| {
        let known = reading.headers.as_ref().and_then(|headers| headers.name(cell));
        known.is_some_and(|(name, _)| is_other(name))
    };
    let is_named = reading.named.iter().any(|name| is_other(name) && has(name));
    times.iter().all(|time| has(time)) && (is_named || header.cells.iter().any(knows))
}

/// The header where no table is asked for: the first row that has most of the declared names.
fn undeclared(
    early: &[Early],
    blocks: &[Block],
    tables: &[String],
    reading: &Reading,
    path: &Path,
) -> Result<usize, Diagnostic> {
    let scores: Vec<usize> = early.iter().map(|row| row.names(reading)).collect();
    let best = scores.iter().copied().max().unwrap_or(0);
    let named = (best > 0).then(|| scores.iter().position(|score| *score == best)).flatten();
    let first = blocks.first().map(|b| b.header).or_else(|| early.iter().position(|row| !row.is_blank()));
    let Some(header) = named.or(first) else {
        return Err(Diagnostic::data("empty-file", format!("`{}` is empty: it has no header line", path.display()))
            .help("remove the file, or export it again"));
    };
    let again = blocks.iter().any(|b| b.header > header && best > 0 && scores[b.header] == best);
    if again {
        return Err(several(path, tables));
    }
    Ok(header)
}

/// The error for a file with several tables of which none is asked for.
pub(super) fn several(path: &Path, tables: &[String]) -> Diagnostic {
    let names: Vec<&str> = tables.iter().map(String::as_str).collect();
    let mut error = Diagnostic::data("several-tables", format!("`{}` holds several tables", path.display()));
    if !names.is_empty() {
        error = error.note(format!("tables there: {}", names.join(", ")));
    }
    error.help("say which one is meant, by title or place: `table: 2`; read the others as sources of their own")
}

fn no_table(path: &Path, table: &NameOrPlace, tables: &[String]) -> Diagnostic {
    let asked = match table {
        NameOrPlace::Name(name) => format!("`{name}`"),
        NameOrPlace::Place(place) => format!("number {place}"),
    };
    let error = Diagnostic::data("no-table", format!("`{}` has no table {asked}", path.display()));
    if tables.is_empty() {
        return error.note("it has no table at all");
    }
    error.note(format!("tables there: {}", tables.join(", ")))
}

/// A table among rows that were read already: places in their list.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Split {
    /// The rows above its header that belong to it.
    pub(super) titles: Vec<usize>,
    /// The row of its header.
    pub(super) header: usize,
    /// The title that says which table it is, where one does.
    pub(super) title: Option<String>,
}

/// The tables of a file's beginning, in the order in which a source names them by place.
pub(super) fn split(rows: &[(u64, Vec<String>)]) -> Vec<Split> {
    let early: Vec<Early> =
        rows.iter().take(SEARCHED).map(|(line, cells)| Early { line: *line, cells: cells.clone() }).collect();
    blocks(&early)
        .into_iter()
        .map(|Block { titles, header }| {
            let title = title(&early, &titles);
            Split { titles, header, title }
        })
        .collect()
}

/// The tables of the beginning.
fn blocks(early: &[Early]) -> Vec<Block> {
    let mut blocks = vec![];
    let mut titles = vec![];
    let mut in_table = false;
    for (i, row) in early.iter().enumerate() {
        match (row.is_blank(), in_table, row.is_title()) {
            (true, ..) => in_table = false,
            (false, true, _) => {}
            (false, false, true) => titles.push(i),
            (false, false, false) => {
                in_table = true;
                blocks.push(Block { titles: std::mem::take(&mut titles), header: i });
            }
        }
    }
    if blocks.is_empty() && !titles.is_empty() {
        // A table of one column.
        blocks.push(Block { titles: vec![], header: titles[0] });
    }
    blocks
}

fn is_called(early: &[Early], block: &Block, name: &str) -> bool {
    let plain = |text: &str| text.trim_start_matches('#').trim().to_lowercase();
    block.titles.iter().any(|row| plain(&early[*row].title()) == plain(name))
}

/// Of the lines above a table the nearest that says something.
fn title(early: &[Early], titles: &[usize]) -> Option<String> {
    let says = |title: &String| title.chars().any(char::is_alphabetic) && !title.contains(": ");
    titles.iter().rev().map(|row| early[*row].title()).find(says)
}

/// A table in words: the title nearest to it that says something, else its header.
fn described(early: &[Early], block: &Block) -> String {
    title(early, &block.titles).map_or_else(
        || format!("(without title: {})", early[block.header].cells.join(", ")),
        |title| format!("`{title}`"),
    )
}

/// A text with one way to write each accent: names are compared.
fn composed(text: String) -> String {
    if is_nfc(&text) {
        text
    } else {
        text.nfc().collect()
    }
}

/// A cell as text, for names.
pub(super) fn text(cell: &Cell<'_>) -> String {
    match cell {
        Cell::Empty => String::new(),
        Cell::Text(text) | Cell::Broken(text) => text.clone().into_owned(),
        Cell::Int(number) => number.to_string(),
        Cell::Float(number) => number.to_string(),
        Cell::Bool(flag) => flag.to_string(),
        Cell::Day(day) => crate::calendar::iso_date(*day),
        Cell::Wall(micros) => crate::calendar::iso_time(*micros),
    }
}

/// The names of a header, trimmed; the second `Views` is `Views (2)`, a column without a name is `column 3`. With
/// the names that were repeated.
pub(super) fn names(header: &[String]) -> (Vec<String>, Vec<String>) {
    let mut seen: IndexSet<String> = IndexSet::new();
    // By name, the last number it was given: a name that stands ten thousand times is not tried from 2 on each time.
    let mut numbers: IndexMap<String, usize> = IndexMap::new();
    let mut repeated = vec![];
    for (i, name) in header.iter().enumerate() {
        let name = match name.trim() {
            "" => format!("column {}", i + 1),
            name => name.to_owned(),
        };
        let number = numbers.entry(name.clone()).or_insert(0);
        loop {
            *number += 1;
            let unique = if *number > 1 { format!("{name} ({number})") } else { name.clone() };
            if seen.insert(unique.clone()) {
                if *number > 1 {
                    repeated.push(unique);
                }
                break;
            }
        }
    }
    (seen.into_iter().collect(), repeated)
}

#[cfg(test)]
mod tests {
    use super::super::csv_rows::CsvRows;
    use super::*;

    fn reading(named: &[&str], table: Option<NameOrPlace>) -> Reading {
        Reading { named: named.iter().map(|n| (*n).to_owned()).collect(), table, ..Reading::default() }
    }

    fn found(text: &str, reading: &Reading) -> Result<Found, Diagnostic> {
        let path = Path::new("x.csv");
        find(&mut CsvRows::new(text.as_bytes(), b',', 1, path), reading, path)
    }

    const REACH: &str = "Facebook reach\nDate,Primary\n2024-01-01,1\n\nInstagram reach\nDate,Primary\n2024-01-01,2\n";

    #[test]
    fn a_header_is_told_by_the_declared_names() {
        let ads = "Campaign report\n27 January 2026 - 23 February 2026\nCampaign,Clicks\na,1\n";
        let found = found(ads, &reading(&["Campaign", "Clicks"], None)).expect("a table");
        assert_eq!((found.line, found.header.len()), (3, 2));
        assert_eq!(found.preamble, "Campaign report\n27 January 2026 - 23 February 2026");
    }

    #[test]
    fn stacked_tables_are_chosen_by_title_or_place() {
        let of = |table| found(REACH, &reading(&["Date", "Primary"], Some(table))).map(|f| f.line);
        assert_eq!(of(NameOrPlace::Name("facebook REACH".to_owned())).ok(), Some(2));
        assert_eq!(of(NameOrPlace::Name("Instagram reach".to_owned())).ok(), Some(6));
        assert_eq!(of(NameOrPlace::Place(2)).ok(), Some(6));
        let missing = of(NameOrPlace::Place(3)).expect_err("there are two");
        assert!(missing.notes[0].contains("`Facebook reach`, `Instagram reach`"), "{missing:?}");
        let open = found(REACH, &reading(&["Date", "Primary"], None)).expect_err("which one?");
        assert_eq!(open.code, "several-tables");
    }

    #[test]
    fn titles_may_be_comments_and_stand_apart() {
        let ga4 = "# ----\n# Report\n# Start date: 20230101\n# End date: 20230131\n\nCity,Users\nParis,3\n";
        let found = found(ga4, &reading(&["City", "Users"], None)).expect("a table");
        assert_eq!(found.line, 6);
        assert!(found.preamble.contains("20230131"));
    }

    #[test]
    fn repeated_names_are_numbered() {
        let header: Vec<String> = ["Views", " Reach", "Views", "", "Views"].map(str::to_owned).to_vec();
        let (names, repeated) = names(&header);
        assert_eq!(names, ["Views", "Reach", "Views (2)", "column 4", "Views (3)"]);
        assert_eq!(repeated, ["Views (2)", "Views (3)"]);
        let taken = ["a (2)", "a", "a"].map(str::to_owned);
        assert_eq!(super::names(&taken).0, ["a (2)", "a", "a (3)"]);
        // A line of 50,000 equal names takes milliseconds.
        assert_eq!(super::names(&vec!["a".to_owned(); 50_000]).1.last().map(String::as_str), Some("a (50000)"));
    }
}
