//! Sources to tables: typed columns, normalised texts, unions, lookups, and the source's own `where`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use unicode_normalization::UnicodeNormalization;

use super::calendar::parse_iso;
use super::lookups::join;
use super::read_files::{read_files, RawFile};
use super::spec::{Source, Spec};
use super::sql::{eval, parse, Kinds, Scope};
use super::value::{Kind, Value};
use super::zones::Zones;

/// The records of a source that pass its `where`.
pub(crate) struct Table {
    pub(crate) kinds: Kinds,
    pub(crate) records: Vec<Record>,
}

#[derive(Clone)]
pub(crate) struct Record {
    pub(crate) date: i32,
    pub(crate) values: BTreeMap<String, Value>,
}

/// One column of a source: where it is in the files and how its cells are typed.
struct Column {
    name: String,
    in_file: String,
    is_measure: bool,
    declared: Option<Kind>,
}

/// Reads a source, or the union of its members.
pub(crate) fn read(spec: &Spec, name: &str, base_dir: &Path) -> Table {
    let source = spec.sources.get(name).unwrap_or_else(|| panic!("no source `{name}`"));
    let mut table = if source.union.is_empty() {
        read_own(spec, source, base_dir)
    } else {
        unite(source.union.iter().map(|member| read(spec, member, base_dir)).collect())
    };
    for (lookup, on) in &source.lookups {
        join(&mut table, &spec.lookups[lookup], on, base_dir);
    }
    if let Some(filter) = source.filter.as_deref().map(parse) {
        let Table { kinds, records } = table;
        let passes = |record: &Record| {
            let scope = Scope { kinds: &kinds, values: &record.values, largest: 0.0.into() };
            eval(&filter, &scope).truth() == Some(true)
        };
        let records = records.into_iter().filter(passes).collect();
        table = Table { kinds, records };
    }
    table
}

fn unite(members: Vec<Table>) -> Table {
    let mut kinds = Kinds::new();
    for (name, kind) in members.iter().flat_map(|member| &member.kinds) {
        let known = kinds.entry(name.clone()).or_insert(Kind::Null);
        *known = known.with(*kind);
    }
    let mut records: Vec<Record> = members.into_iter().flat_map(|member| member.records).collect();
    for record in &mut records {
        for (name, kind) in &kinds {
            let value = record.values.remove(name).unwrap_or(Value::Null);
            record.values.insert(name.clone(), value.into_kind(*kind));
        }
    }
    Table { kinds, records }
}

fn read_own(spec: &Spec, source: &Source, base_dir: &Path) -> Table {
    let zones = Zones::new(&spec.timezone, source.timezone.as_deref());
    let (kinds, rows) = read_rows(source, base_dir, &zones);
    let records = rows.into_iter().map(|values| {
        let Value::Date(date) = values[&source.time_column] else {
            panic!("a record without a date: {values:?}");
        };
        Record { date, values }
    });
    Table { kinds, records: records.collect() }
}

/// The kinds of the columns, and the cells of each row.
pub(super) fn read_rows(source: &Source, base_dir: &Path, zones: &Zones) -> (Kinds, Vec<BTreeMap<String, Value>>) {
    let files = read_files(source, base_dir);
    let columns = columns(source, &files);
    let kind = |column: &Column| (column.name.clone(), column_kind(column, source, &files));
    let kinds: Kinds = columns.iter().map(kind).collect();
    let mut rows = Vec::new();
    for file in &files {
        for row in &file.rows {
            let cells = columns.iter().map(|column| {
                let at = file.columns.iter().position(|(name, _)| *name == column.in_file);
                let value = at.map_or(&Value::Null, |at| &row[at]);
                (column.name.clone(), typed(value, kinds[&column.name], zones))
            });
            rows.push(cells.collect());
        }
    }
    (kinds, rows)
}

/// The declared fields, the time column, and every other column of the files under its own name.
fn columns(source: &Source, files: &[RawFile]) -> Vec<Column> {
    let mut columns: Vec<Column> = Vec::new();
    for field in &source.fields {
        columns.push(Column {
            name: field.name.clone(),
            in_file: field.column.clone(),
            is_measure: field.is_measure,
            declared: field.declared,
        });
    }
    let in_files: BTreeSet<&String> = files.iter().flat_map(|file| &file.columns).map(|(name, _)| name).collect();
    for name in in_files {
        if !columns.iter().any(|c| c.name == *name || c.in_file == *name) {
            columns.push(Column { name: name.clone(), in_file: name.clone(), is_measure: false, declared: None });
        }
    }
    columns
}

fn column_kind(column: &Column, source: &Source, files: &[RawFile]) -> Kind {
    if column.in_file == source.time_column {
        return Kind::Date;
    }
    if let Some(kind) = column.declared {
        return kind;
    }
    let mut kind = Kind::Null;
    let mut texts: Vec<&str> = Vec::new();
    for file in files {
        let Some(at) = file.columns.iter().position(|(name, _)| *name == column.in_file) else {
            continue;
        };
        match file.columns[at].1 {
            Some(known) => kind = kind.with(known),
            None => texts.extend(file.rows.iter().filter_map(|row| match &row[at] {
                Value::Text(text) if !text.trim().is_empty() => Some(text.trim()),
                _ => None,
            })),
        }
    }
    if texts.is_empty() {
        return kind;
    }
    let integers = texts.iter().all(|text| text.parse::<i64>().is_ok());
    // A table without a time column is a lookup: its decimals are no measures, and numbers all the same.
    let is_decimal = source.time_column.is_empty() && texts.iter().all(|text| text.parse::<f64>().is_ok());
    match column.is_measure || is_decimal {
        _ if integers => Kind::Int,
        true => Kind::Float,
        false if texts.iter().all(|text| ["true", "false"].contains(text)) => Kind::Bool,
        false if texts.iter().all(|text| parse_iso(text).is_some()) => Kind::Date,
        false => Kind::Text,
    }
}

/// A cell as a value of its column's kind; texts are trimmed, composed (NFC), and null when nothing is left.
fn typed(cell: &Value, kind: Kind, zones: &Zones) -> Value {
    let Value::Text(text) = cell else {
        return cell.clone().into_kind(kind);
    };
    let text: String = text.trim().nfc().collect();
    if text.is_empty() {
        return Value::Null;
    }
    match kind {
        Kind::Null | Kind::Text => Value::Text(text),
        Kind::Bool => Value::Bool(parsed(&text)),
        Kind::Int => Value::Int(parsed(&text)),
        Kind::Float => Value::Float(parsed(&text)),
        Kind::Date => Value::Date(zones.day(&text).unwrap_or_else(|| panic!("`{text}` is no date"))),
    }
}

fn parsed<T: std::str::FromStr>(text: &str) -> T {
    text.parse().unwrap_or_else(|_| panic!("`{text}` is not of its column's type"))
}

mod tests {
    use super::{unite, Record, Table, Zones};
    use crate::oracle::value::{Kind, Value};

    #[test]
    fn texts_are_trimmed_and_composed() {
        let cell = |text: &str| Value::Text(text.to_owned());
        let typed = |cell: &Value, kind: Kind| super::typed(cell, kind, &Zones::new("UTC", None));
        assert_eq!(typed(&cell(" e\u{301}t "), Kind::Text), cell("\u{e9}t"));
        assert_eq!(typed(&cell(" \t "), Kind::Text), Value::Null);
        assert_eq!(typed(&cell("NA"), Kind::Text), cell("NA"));
        assert_eq!(typed(&cell("12"), Kind::Float), Value::Float(12.0));
        assert_eq!(typed(&Value::Int(12), Kind::Float), Value::Float(12.0));
    }

    #[test]
    fn a_column_missing_in_a_member_is_null_there() {
        let member = |name: &str, kind: Kind, value: Value| Table {
            kinds: [(name.to_owned(), kind)].into(),
            records: vec![Record { date: 0, values: [(name.to_owned(), value)].into() }],
        };
        let table = unite(vec![
            member("likes", Kind::Int, Value::Int(1)),
            member("saves", Kind::Int, Value::Int(2)),
            member("likes", Kind::Float, Value::Float(0.5)),
        ]);
        assert_eq!(table.kinds["likes"], Kind::Float);
        let likes: Vec<&Value> = table.records.iter().map(|record| &record.values["likes"]).collect();
        assert_eq!(likes, [&Value::Float(1.0), &Value::Null, &Value::Float(0.5)]);
    }
}
