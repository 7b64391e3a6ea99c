//! Random sources: which columns they have, their files, and their part of the pipeline's YAML.

use std::collections::BTreeSet;
use std::path::Path;

use super::cells::{cell, Column, Content, Role};
use super::expressions::Named;
use super::prng::Random;
use super::time::{Clock, Time, ZONES};
use super::write::{write_csv, write_parquet, FileColumn};
use crate::oracle::value::{Kind, Value};

/// A source as the rest of the pipeline sees it.
#[derive(Clone)]
pub(super) struct Source {
    pub(super) name: String,
    pub(super) columns: Vec<Column>,
    /// Its time column; of a union those of its members.
    pub(super) times: Vec<Named>,
    /// The lines below the source's name, without its `where`.
    pub(super) yaml: String,
}

impl Source {
    /// The columns of this source that pass, and its time column, for expressions.
    pub(super) fn scope(&self, wanted: impl Fn(&Column) -> bool) -> Vec<Named> {
        let columns = self.columns.iter().filter(|column| wanted(column)).map(Column::named);
        columns.chain(self.times.clone()).collect()
    }

    pub(super) fn dimensions(&self) -> Vec<String> {
        let dimensions = self.columns.iter().filter(|column| column.role == Role::Dimension);
        dimensions.map(|column| column.name.clone()).collect()
    }
}

/// The dimensions that all the sources of these names have.
pub(super) fn common_dimensions(sources: &[Source], names: &BTreeSet<String>) -> Vec<String> {
    let read: Vec<&Source> = sources.iter().filter(|source| names.contains(&source.name)).collect();
    let mut dimensions = read[0].dimensions();
    dimensions.retain(|dim| read.iter().all(|source| source.dimensions().contains(dim)));
    dimensions
}

/// Makes up a source, and writes its files under `data/<name>/`.
pub(super) fn random_source(
    random: &mut Random,
    dir: &Path,
    name: &str,
    mut columns: Vec<Column>,
    (time, time_column): (&Time, &str),
) -> Source {
    let is_parquet = random.chance(45);
    if !is_parquet {
        // A text `NaN` is no float of CSV.
        columns.retain(|column| column.content != Content::Noise);
    }
    let separator = if is_parquet { b',' } else { *random.pick(b",,,;|") };
    let extensions: &[&str] = if is_parquet { &["parquet"] } else { &["csv", "csv.gz", "csv.zst"] };
    let count = 1 + random.below(3);
    let dates = time.of_source(random);
    let clock = Clock::random(random);
    let stamps = Stamps { column: time_column.to_owned(), clock, unit: is_parquet.then(|| *random.pick(&UNITS)) };
    let mut files = Vec::new();
    for at in 0..count {
        let rows = rows(random, time, at + 1 == count);
        let dates: Vec<i32> = (0..rows).map(|_| *random.pick(&dates)).collect();
        let mut in_file = file_columns(random, &columns, &stamps, dates, at + 1 == count);
        let folder = if random.chance(15) { partition(random, &columns, &stamps, &mut in_file) } else { String::new() };
        let file = format!("data/{name}/{folder}{at}.{}", random.pick(extensions));
        if is_parquet {
            write_parquet(random, &dir.join(&file), &in_file);
        } else {
            write_csv(random, &dir.join(&file), separator, &in_file);
        }
        files.push(file);
    }
    let path = paths(random, name, &files, is_parquet);
    let mut yaml = format!("    path: {path}\n");
    if random.chance(40) {
        yaml += if is_parquet { "    format: parquet\n" } else { "    format: csv\n" };
    }
    if separator != b',' {
        yaml.extend([format!("    csv: {{separator: \"{}\"}}\n", char::from(separator))]);
    }
    let of_zone = match clock {
        Clock::Walls if random.chance(65) => format!(", timezone: {}", random.pick(&ZONES)),
        _ => String::new(),
    };
    yaml.extend([format!("    time: {{column: {time_column}, grain: day{of_zone}}}\n")]);
    yaml += &fields(random, "dimensions", &columns, |column| column.role == Role::Dimension);
    yaml += &fields(random, "measures", &columns, |column| column.role != Role::Dimension);
    Source { name: name.to_owned(), columns, times: vec![time.named(time_column)], yaml }
}

/// The time column of a source in its files.
struct Stamps {
    column: String,
    clock: Clock,
    /// The name of the unit of timestamps, and how many make a second; none in CSV.
    unit: Option<Unit>,
}

/// In UTC, as wall times, and how many make a second.
type Unit = (&'static str, &'static str, i32);

const UNITS: [Unit; 3] = [
    ("(TIMESTAMP(MILLIS,true))", "(TIMESTAMP(MILLIS,false))", 1000),
    ("(TIMESTAMP(MICROS,true))", "(TIMESTAMP(MICROS,false))", 1_000_000),
    ("(TIMESTAMP(NANOS,true))", "(TIMESTAMP(NANOS,false))", 1_000_000_000),
];

impl Stamps {
    fn column(&self, random: &mut Random, dates: Vec<i32>) -> FileColumn {
        let in_a_second = self.unit.map(|(_, _, units)| units);
        let (kind, logical) = match (self.clock, self.unit) {
            (Clock::Dates, _) => (Kind::Date, None),
            (Clock::Instants, Some((utc, ..))) => (Kind::Int, Some(utc)),
            (Clock::Walls, Some((_, wall, _))) => (Kind::Int, Some(wall)),
            (_, None) => (Kind::Text, None),
        };
        let cells = dates.into_iter().map(|date| self.clock.cell(random, date, in_a_second)).collect();
        FileColumn { name: self.column.clone(), kind, logical, cells }
    }
}

/// Moves a column that can be a folder out of the file, with one value for all records: `network=facebook/`.
fn partition(random: &mut Random, columns: &[Column], stamps: &Stamps, in_file: &mut Vec<FileColumn>) -> String {
    let fits = |column: &FileColumn| {
        let declared = columns.iter().find(|c| c.in_file == column.name);
        let dimension = declared.is_some_and(|c| c.role == Role::Dimension && c.content.kind() != Kind::Bool);
        dimension || (column.name == stamps.column && stamps.clock == Clock::Dates)
    };
    let candidates: Vec<usize> = (0..in_file.len()).filter(|at| fits(&in_file[*at])).collect();
    if candidates.is_empty() || in_file.len() < 2 || in_file[0].cells.is_empty() {
        return String::new();
    }
    let FileColumn { name, cells, .. } = in_file.remove(*random.pick(&candidates));
    let value = match cells[0].shown() {
        None => "__HIVE_DEFAULT_PARTITION__".to_owned(),
        Some(text) => text.replace('%', "%25").replace('/', "%2F").replace(' ', "%20"),
    };
    format!("{name}={value}/")
}

fn paths(random: &mut Random, name: &str, files: &[String], is_parquet: bool) -> String {
    let extension = if is_parquet { "parquet" } else { "csv*" };
    if files.iter().any(|file| file.contains('=')) {
        return if random.chance(50) { format!("data/{name}") } else { format!("data/{name}/**/*.{extension}") };
    }
    match random.below(4) {
        0 => format!("data/{name}"),
        1 => format!("data/{name}/*.{extension}"),
        2 if files.len() == 1 => files[0].clone(),
        2 => format!("data/{name}/?.{extension}"),
        _ => format!("[{}]", files.join(", ")),
    }
}

/// How many records a file has.
fn rows(random: &mut Random, time: &Time, newest: bool) -> usize {
    match (time.is_dense, newest) {
        (false, true) => 5 + random.below(40),
        (false, false) => random.below(50),
        (true, true) => 20 + random.below(110),
        (true, false) => random.below(120),
    }
}

/// The columns of one file; an older one lacks some, and may hold integers where later ones hold floats.
fn file_columns(
    random: &mut Random,
    columns: &[Column],
    stamps: &Stamps,
    mut dates: Vec<i32>,
    newest: bool,
) -> Vec<FileColumn> {
    let rows = dates.len();
    if random.chance(60) {
        dates.sort_unstable();
    }
    let mut in_file = vec![stamps.column(random, dates)];
    for column in columns {
        if !newest && random.chance(20) {
            continue;
        }
        let as_integer = !newest && column.content.kind() == Kind::Float && random.chance(30);
        let cells = (0..rows).map(|row| cell(random, column, newest && row == 0, as_integer));
        let kind = if as_integer { Kind::Int } else { column.content.kind() };
        in_file.push(FileColumn { name: column.in_file.clone(), kind, logical: None, cells: cells.collect() });
    }
    if random.chance(30) {
        let cells = (0..rows).map(|row| Value::Text(format!("note {row}"))).collect();
        in_file.push(FileColumn { name: "note".to_owned(), kind: Kind::Text, logical: None, cells });
    }
    let count = in_file.len();
    random.sample(&in_file, count)
}

/// `dimensions:` or `measures:`, as a list of names where that says enough, or as a map.
fn fields(random: &mut Random, key: &str, columns: &[Column], wanted: impl Fn(&Column) -> bool) -> String {
    let columns: Vec<&Column> = columns.iter().filter(|column| wanted(column)).collect();
    let plain = columns.iter().all(|c| c.name == c.in_file && matches!(c.role, Role::Dimension | Role::Additive));
    if plain && random.chance(40) {
        let names: Vec<&str> = columns.iter().map(|column| column.name.as_str()).collect();
        return format!("    {key}: [{}]\n", names.join(", "));
    }
    let mut yaml = format!("    {key}:\n");
    for column in columns {
        let mut entries = Vec::new();
        if column.name != column.in_file {
            entries.push(format!("column: {}", column.in_file));
        }
        if random.chance(40) {
            entries.push(format!("type: {}", column.content.declared(column.role)));
        }
        match &column.role {
            Role::Dimension | Role::Looked => {}
            Role::Additive if random.chance(50) => {}
            Role::Additive => entries.push("additivity: additive, unit: count".to_owned()),
            Role::SemiAdditive => {
                entries.push("additivity: semi_additive, unit: accounts".to_owned());
            }
            Role::NonAdditive { reaggregate } => {
                entries.push("additivity: non_additive".to_owned());
                entries.extend(reaggregate.map(|how| format!("reaggregate: {how}")));
            }
        }
        yaml.extend([format!("      {}: {{{}}}\n", column.name, entries.join(", "))]);
    }
    yaml
}
