//! The header of a table: the names of its columns, as a profile calls them, and what else it tells.

use super::find_table::names;
use super::rows::{Row, Rows};
use crate::catalog::{FileLayout, Reading, Renamed};
use crate::diagnostic::Diagnostic;
use std::path::Path;

/// So many repeated names are told.
const REPEATS: usize = 10;

/// What a header told besides its names.
#[derive(Default)]
pub(super) struct Told {
    /// What stands out in it.
    pub(super) remarks: Vec<String>,
    /// Columns that the profile does not know.
    pub(super) unknown: Vec<String>,
    /// Whether a name stands twice.
    pub(super) has_repeats: bool,
}

/// Puts the cells of a header into the layout under the names of the pipeline.
///
/// # Errors
/// Its amounts are in several currencies.
pub(super) fn set(
    layout: &mut FileLayout,
    cells: &[String],
    reading: &Reading,
    path: &Path,
) -> Result<Told, Diagnostic> {
    let Renamed { names: renamed, unknown, currencies, others } = reading.renamed(cells);
    if currencies.len() > 1 {
        let message =
            format!("the amounts of `{}` are in several currencies: {}", path.display(), currencies.join(", "));
        return Err(Diagnostic::data("several-currencies", message)
            .note("its header has columns of each: amounts of two currencies are not added up")
            .help("export it again with amounts in one currency"));
    }
    layout.currency = currencies.into_iter().next();
    let (header, repeated) = names(&renamed);
    layout.header = header;
    if reading.headers.is_some() {
        layout.printed = cells.to_vec();
    }
    let told = repeated.iter().filter(|name| !others.iter().any(|(_, place)| layout.header[*place] == **name));
    let told: Vec<String> = told.cloned().collect();
    layout.others = others;
    Ok(Told { remarks: repeats(&told), unknown, has_repeats: !repeated.is_empty() })
}

/// What is said of columns whose names stand twice in the header: of the first, and how many more there are.
fn repeats(names: &[String]) -> Vec<String> {
    let told = |name: &String| {
        let (first, _) = name.rsplit_once(" (").unwrap_or((name, ""));
        format!("the name `{first}` stands more than once in the header: a later column is `{name}`")
    };
    let mut remarks: Vec<String> = names.iter().take(REPEATS).map(told).collect();
    if names.len() > REPEATS {
        remarks.push(format!("{} more names are repeated", names.len() - REPEATS));
    }
    remarks
}

/// The row of the last record that describes the columns: that of the header where none does.
///
/// # Errors
/// The file cannot be read so far.
pub(super) fn last_line(rows: &mut dyn Rows, header_line: u64, described: u64) -> Result<u64, Diagnostic> {
    let (mut last, mut left) = (header_line, described);
    let mut row = Row::default();
    while left > 0 && rows.next(&mut row)? {
        if row.line > header_line && row.len() > 0 {
            last = row.line;
            left -= 1;
        }
    }
    Ok(last)
}
