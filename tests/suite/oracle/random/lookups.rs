//! Random lookups: small tables with one row a key, joined to the sources that have its columns.

use std::path::Path;

use unicode_normalization::UnicodeNormalization;

use super::cells::{cell, published, Column, Content, Role};
use super::prng::Random;
use super::sources::Source;
use super::time::Time;
use super::write::{write_csv, write_parquet, FileColumn};
use crate::oracle::value::{Kind, Value};

const THEMES: &[&str] = &["launch", " sale", "sale", "=1+1", "e\u{301}te", "\u{e9}t\u{e9}"];

/// What a lookup is joined on: a dimension or the time column of sources, and what it may be.
struct Key {
    /// The column's name in sources.
    on: String,
    /// Its name in the lookup, and in the lookup's files.
    name: String,
    in_file: String,
    kind: Kind,
    values: Vec<Value>,
}

/// Writes one or two tables below `lookups/`, joins them to sources, which get columns and lines of YAML, and gives
/// back their own YAML.
pub(super) fn random_lookups(random: &mut Random, dir: &Path, time: &Time, sources: &mut [Source]) -> String {
    let pool = [
        Column::new("theme", Content::Text(THEMES), Role::Dimension),
        Column::new("tier", Content::Int(0, 9), Role::Dimension),
        Column::new("vip", Content::Bool, Role::Dimension),
        Column::new("since", Content::Date, Role::Dimension),
        Column::new("budget", Content::Money, Role::Looked),
    ];
    let mut pool = random.sample(&pool, pool.len());
    let mut yaml = "lookups:\n".to_owned();
    let mut joined: Vec<Vec<(String, Vec<String>, bool)>> = vec![Vec::new(); sources.len()];
    for at in 0..=random.below(2) {
        let name = format!("lookup_{at}");
        let count = 1 + random.below(3);
        let mut columns = pool.split_off(pool.len() - count.min(pool.len() - 1));
        for column in columns.iter_mut().filter(|_| random.chance(25)) {
            column.in_file = format!("the_{}", column.name);
        }
        let base = random.below(sources.len());
        let keys = keys(random, time, &sources[base]);
        yaml += &table(random, dir, &name, &keys, &columns);
        let names: Vec<String> = keys.iter().map(|key| key.on.clone()).collect();
        for (at, source) in sources.iter_mut().enumerate() {
            let has = |name: &String| {
                source.columns.iter().any(|column| column.name == *name && column.role != Role::Looked)
                    || source.times.iter().any(|time| time.name == *name)
            };
            if at == base || (names.iter().all(has) && random.chance(75)) {
                source.columns.extend(columns.clone());
                joined[at].push((name.clone(), names.clone(), keys.iter().all(|key| key.name == key.on)));
            }
        }
    }
    for (source, joined) in sources.iter_mut().zip(joined).filter(|(_, joined)| !joined.is_empty()) {
        let is_plain = joined.iter().all(|(.., same)| *same) && random.chance(70);
        let entries =
            joined.iter().map(
                |(name, on, _)| {
                    if is_plain {
                        name.clone()
                    } else {
                        format!("{name}: {{on: [{}]}}", on.join(", "))
                    }
                },
            );
        let entries = entries.collect::<Vec<String>>().join(", ");
        source.yaml +=
            &if is_plain { format!("    lookups: [{entries}]\n") } else { format!("    lookups: {{{entries}}}\n") };
    }
    yaml
}

/// One or two of the columns of a source that came with its own files.
fn keys(random: &mut Random, time: &Time, source: &Source) -> Vec<Key> {
    let own = |column: &&Column| column.role == Role::Dimension && !source.yaml.contains("union:");
    let own: Vec<(String, Kind, Vec<Value>)> = source
        .columns
        .iter()
        .filter(own)
        .filter(|column| !["theme", "tier", "vip", "since"].contains(&column.name.as_str()))
        .map(|column| (column.name.clone(), column.content.kind(), values(column.content)))
        .collect();
    let count = 1 + usize::from(random.chance(35));
    let mut picked = random.sample(&own, count);
    if random.chance(12) {
        let mut dates = time.dates.clone();
        dates.dedup();
        let days = dates.into_iter().map(Value::Date).collect();
        picked = vec![(source.times[0].name.clone(), Kind::Date, days)];
    }
    let key = |(at, (on, kind, values)): (usize, (String, Kind, Vec<Value>))| {
        let name = if random.chance(30) { format!("key_{at}") } else { on.clone() };
        let in_file = if random.chance(20) { format!("the_{name}") } else { name.clone() };
        Key { on, name, in_file, kind, values }
    };
    picked.into_iter().enumerate().map(key).collect()
}

/// The values that a key of this content may have, each once.
fn values(content: Content) -> Vec<Value> {
    match content {
        Content::Text(texts) => {
            let mut texts: Vec<String> = texts.iter().map(|text| text.trim().nfc().collect()).collect();
            texts.sort();
            texts.dedup();
            texts.into_iter().filter(|text: &String| !text.is_empty()).map(Value::Text).collect()
        }
        Content::Bool => vec![Value::Bool(true), Value::Bool(false)],
        Content::Date => (0..6).map(|at| Value::Date(published(at))).collect(),
        Content::Int(low, high) => (low..=high).map(|int| Value::Int(int.into())).collect(),
        other => panic!("{other:?} is no key"),
    }
}

/// Writes a table, and gives back its entry in the pipeline.
fn table(random: &mut Random, dir: &Path, name: &str, keys: &[Key], columns: &[Column]) -> String {
    let mut rows: Vec<Vec<Value>> = vec![Vec::new()];
    for key in keys {
        let with = |row: &Vec<Value>, value: &Value| [row.clone(), vec![value.clone()]].concat();
        rows = rows.iter().flat_map(|row| key.values.iter().map(move |value| with(row, value))).collect();
    }
    // Some keys are not in the table.
    let kept = 1 + rows.len() * (40 + random.below(61)) / 100;
    rows = random.sample(&rows, kept);
    if random.chance(10) {
        rows.push(vec![Value::Null; keys.len()]);
    }
    for value in rows.iter_mut().flatten() {
        if let Value::Text(text) = value {
            *text = match random.below(4) {
                0 => format!(" {text}"),
                1 => text.nfd().collect(),
                _ => text.clone(),
            };
        }
    }
    let mut in_file: Vec<FileColumn> = Vec::new();
    for (at, key) in keys.iter().enumerate() {
        let cells = rows.iter().map(|row| row[at].clone()).collect();
        in_file.push(FileColumn { name: key.in_file.clone(), kind: key.kind, logical: None, cells });
    }
    for column in columns {
        let cells = (0..rows.len()).map(|row| cell(random, column, row == 0, false)).collect();
        in_file.push(FileColumn { name: column.in_file.clone(), kind: column.content.kind(), logical: None, cells });
    }
    if random.chance(20) {
        let cells = (0..rows.len()).map(|row| Value::Text(format!("remark {row}"))).collect();
        in_file.push(FileColumn { name: "remark".to_owned(), kind: Kind::Text, logical: None, cells });
    }
    let count = in_file.len();
    let in_file = random.sample(&in_file, count);
    let path = files(random, dir, name, in_file, rows.len());
    let (key, columns) = (key_entries(random, keys), column_entries(random, columns));
    format!("  {name}: {{path: {path}, key: {key}, columns: {columns}}}\n")
}

/// One file or two, and what the pipeline calls them.
fn files(random: &mut Random, dir: &Path, name: &str, columns: Vec<FileColumn>, rows: usize) -> String {
    let extension = *random.pick(&["csv", "csv", "csv.gz", "csv.zst", "parquet", "parquet"]);
    let write = |random: &mut Random, file: &str, columns: &[FileColumn]| {
        if extension == "parquet" {
            write_parquet(random, &dir.join(file), columns);
        } else {
            write_csv(random, &dir.join(file), b',', columns);
        }
    };
    if rows < 2 || random.chance(85) {
        let file = format!("lookups/{name}.{extension}");
        write(random, &file, &columns);
        return file;
    }
    let (mut first, mut second) = (columns.clone(), columns);
    for (first, second) in first.iter_mut().zip(&mut second) {
        second.cells = first.cells.split_off(rows / 2);
    }
    write(random, &format!("lookups/{name}/0.{extension}"), &first);
    write(random, &format!("lookups/{name}/1.{extension}"), &second);
    if random.chance(50) {
        format!("lookups/{name}")
    } else {
        format!("[lookups/{name}/0.{extension}, lookups/{name}/1.{extension}]")
    }
}

fn key_entries(random: &mut Random, keys: &[Key]) -> String {
    if keys.iter().all(|key| key.name == key.in_file) && random.chance(70) {
        let names: Vec<&str> = keys.iter().map(|key| key.name.as_str()).collect();
        return format!("[{}]", names.join(", "));
    }
    let entry = |key: &Key| {
        let declared = match key.kind {
            Kind::Int => "integer",
            Kind::Bool => "boolean",
            Kind::Date => "date",
            _ => "text",
        };
        format!("{}: {{column: {}, type: {declared}}}", key.name, key.in_file)
    };
    format!("{{{}}}", keys.iter().map(entry).collect::<Vec<String>>().join(", "))
}

fn column_entries(random: &mut Random, columns: &[Column]) -> String {
    if columns.iter().all(|column| column.name == column.in_file) && random.chance(70) {
        let names: Vec<&str> = columns.iter().map(|column| column.name.as_str()).collect();
        return format!("[{}]", names.join(", "));
    }
    let entry = |column: &Column| {
        let mut entries = vec![format!("column: {}", column.in_file)];
        if column.role == Role::Dimension {
            entries.push(format!("type: {}", column.content.declared(column.role)));
        }
        format!("{}: {{{}}}", column.name, entries.join(", "))
    };
    format!("{{{}}}", columns.iter().map(entry).collect::<Vec<String>>().join(", "))
}
