//! Rows that cannot be read, and other records that a batch does not hold although its file does.

use indexmap::IndexMap;

/// More bad rows than this are not kept: the run fails, whatever the share.
pub const MOST_BAD_ROWS: usize = 1_000_000;

/// A row that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadRow {
    /// Where it stands: the physical line of a text file, the row of a sheet, from 1.
    pub line: u64,
    /// The column at fault, as the file names it; `None` where the row as a whole is.
    pub column: Option<String>,
    /// The text of the cell at fault.
    pub value: Option<String>,
    /// Why it cannot be read.
    pub reason: String,
    /// The row, as a line of CSV.
    pub record: String,
}

impl BadRow {
    /// The row in a message: what is wrong, without its place.
    #[must_use]
    pub fn describe(&self) -> String {
        match (&self.column, &self.value) {
            (Some(column), Some(value)) => format!("column `{column}` holds {}: {}", quoted(value), self.reason),
            (Some(column), None) => format!("column `{column}` {}", self.reason),
            (None, _) => format!("{}: {}", self.reason, quoted(&self.record)),
        }
    }
}

/// Records of a file that are in none of its batches, and what was noticed on the way.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Aside {
    /// Rows of totals.
    pub totals: u64,
    /// Older snapshots of a record.
    pub superseded: u64,
    /// Rows that cannot be read.
    pub bad: Vec<BadRow>,
    /// By column, cells that tell a bound instead of a value (`< 10%`) and are null.
    pub censored: IndexMap<String, u64>,
    /// By column, ids that a spreadsheet has rounded (`3.0672E+14`), with one of them.
    pub damaged_ids: IndexMap<String, (u64, String)>,
    /// Rows whose key stands in the same export once more, further down.
    pub repeated_keys: u64,
    /// By check of the scan, how many of the batch's records are at fault, or the sum of its measure; empty without checks.
    pub checks: Vec<f64>,
}

impl Aside {
    /// How many records it stands for.
    #[must_use]
    pub fn records(&self) -> u64 {
        self.totals + self.superseded + self.bad.len() as u64
    }

    /// Whether there is nothing to tell.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.records() + self.repeated_keys == 0
            && self.checks.is_empty()
            && self.censored.is_empty()
            && self.damaged_ids.is_empty()
    }

    /// Adds what was set aside elsewhere.
    pub fn add(&mut self, other: Self) {
        self.totals += other.totals;
        self.superseded += other.superseded;
        self.bad.extend(other.bad);
        self.repeated_keys += other.repeated_keys;
        self.checks.resize(self.checks.len().max(other.checks.len()), 0.0);
        for (known, more) in self.checks.iter_mut().zip(other.checks) {
            *known += more;
        }
        for (column, count) in other.censored {
            *self.censored.entry(column).or_default() += count;
        }
        for (column, (count, example)) in other.damaged_ids {
            let known = self.damaged_ids.entry(column).or_insert((0, example));
            known.0 += count;
        }
    }
}

/// A text in a message: short, on one line.
pub(super) fn quoted(text: &str) -> String {
    let mut short: String = text.chars().take(80).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    format!("`{}`", short.replace("\r\n", "⏎").replace(['\n', '\r'], "⏎"))
}
