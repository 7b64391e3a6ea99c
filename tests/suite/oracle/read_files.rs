//! Files to rows, one at a time: which files a source has, and their cells as they stand.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use jiff::tz::TimeZone;
use jiff::Timestamp;
use parquet::basic::{LogicalType, TimeUnit, Type as Physical};
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::Field;

use super::spec::Source;
use super::value::{Kind, Value};

/// The cells of one file. CSV cells are texts, an empty one null; Parquet cells have their type, but for timestamps,
/// which are texts: `2025-03-30T00:30:00Z`, without the `Z` where they are wall times.
pub(crate) struct RawFile {
    /// Names, and the kind when the file knows it.
    pub(crate) columns: Vec<(String, Option<Kind>)>,
    pub(crate) rows: Vec<Vec<Value>>,
}

/// Reads every file of a source, in the order of their paths.
pub(crate) fn read_files(source: &Source, base_dir: &Path) -> Vec<RawFile> {
    let mut paths: Vec<PathBuf> = source.paths.iter().flat_map(|path| files(path, base_dir)).collect();
    paths.sort();
    paths.dedup();
    assert!(!paths.is_empty(), "no file at {:?}", source.paths);
    paths.iter().map(|path| read_file(path, source)).collect()
}

/// The files that a path, a glob or a folder stands for.
fn files(path: &str, base_dir: &Path) -> Vec<PathBuf> {
    let whole = base_dir.join(path);
    if whole.is_dir() {
        let entries = whole.read_dir().expect("a readable folder").map(|entry| entry.expect("an entry").path());
        return entries.flat_map(|entry| files(&entry.to_string_lossy(), Path::new(""))).filter(|p| known(p)).collect();
    }
    if whole.is_file() {
        return vec![whole];
    }
    let pattern = format!("{}/{path}", glob::Pattern::escape(&base_dir.to_string_lossy()));
    let found = glob::glob(&pattern).unwrap_or_else(|e| panic!("`{path}`: {e}"));
    found.map(|entry| entry.expect("a readable path")).filter(|entry| entry.is_file()).collect()
}

fn known(path: &Path) -> bool {
    let name = path.to_string_lossy();
    [".parquet", ".csv", ".csv.gz", ".csv.zst"].iter().any(|extension| name.ends_with(extension))
}

/// The cells of a file, and the columns that its folders tell, as texts.
fn read_file(path: &Path, source: &Source) -> RawFile {
    let mut file = read_content(path, source);
    for folder in path.parent().expect("a folder") {
        let Some((name, value)) = folder.to_str().expect("UTF-8").split_once('=') else { continue };
        if file.columns.iter().any(|(known, _)| known == name) {
            continue;
        }
        let text = value.replace("%20", " ").replace("%2F", "/").replace("%25", "%");
        let value = if value == "__HIVE_DEFAULT_PARTITION__" { Value::Null } else { Value::Text(text) };
        file.columns.push((name.to_owned(), None));
        file.rows.iter_mut().for_each(|row| row.push(value.clone()));
    }
    file
}

fn read_content(path: &Path, source: &Source) -> RawFile {
    let name = path.to_string_lossy();
    let is_parquet = source.format.as_ref().map_or(name.ends_with(".parquet"), |format| format == "parquet");
    if is_parquet {
        return read_parquet(path);
    }
    let file = File::open(path).unwrap_or_else(|e| panic!("{name}: {e}"));
    if name.ends_with(".gz") {
        read_csv(flate2::read::MultiGzDecoder::new(file), source.separator)
    } else if name.ends_with(".zst") {
        read_csv(zstd::stream::read::Decoder::new(file).expect("a zstd stream"), source.separator)
    } else {
        read_csv(file, source.separator)
    }
}

fn read_csv(bytes: impl Read, separator: u8) -> RawFile {
    let mut reader = csv::ReaderBuilder::new().delimiter(separator).from_reader(bytes);
    let header = reader.headers().expect("a CSV header").clone();
    let columns = header.iter().map(|name| (name.trim_start_matches('\u{feff}').to_owned(), None)).collect();
    let cell = |text: &str| {
        if text.is_empty() {
            Value::Null
        } else {
            Value::Text(text.to_owned())
        }
    };
    let rows = reader.records().map(|record| record.expect("a CSV record").iter().map(cell).collect());
    RawFile { columns, rows: rows.collect() }
}

fn read_parquet(path: &Path) -> RawFile {
    let file = File::open(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let reader = SerializedFileReader::new(file).expect("a Parquet file");
    let schema = reader.metadata().file_metadata().schema_descr();
    let columns = schema.columns().iter().map(|column| {
        let kind = parquet_kind(column.physical_type(), column.logical_type_ref());
        (column.name().to_owned(), Some(kind))
    });
    let columns = columns.collect();
    let logical: Vec<Option<&LogicalType>> = schema.columns().iter().map(|c| c.logical_type_ref()).collect();
    let rows = reader.get_row_iter(None).expect("a row reader");
    let rows = rows.map(|row| {
        let cells = row.expect("a row").into_columns().into_iter().zip(&logical);
        cells.map(|((_, cell), logical)| field(&cell, *logical)).collect()
    });
    RawFile { columns, rows: rows.collect() }
}

fn parquet_kind(physical: Physical, logical: Option<&LogicalType>) -> Kind {
    match (physical, logical) {
        (_, Some(LogicalType::Date | LogicalType::Timestamp(_))) => Kind::Date,
        (Physical::BOOLEAN, _) => Kind::Bool,
        (Physical::INT32 | Physical::INT64, _) => Kind::Int,
        (Physical::FLOAT | Physical::DOUBLE, _) => Kind::Float,
        (Physical::BYTE_ARRAY, _) => Kind::Text,
        (physical, logical) => panic!("the oracle does not read {physical} {logical:?}"),
    }
}

fn field(field: &Field, logical: Option<&LogicalType>) -> Value {
    match field {
        Field::Null => Value::Null,
        Field::TimestampMillis(count) | Field::TimestampMicros(count) => timestamp(*count, logical),
        Field::Long(count) if matches!(logical, Some(LogicalType::Timestamp(_))) => timestamp(*count, logical),
        Field::Bool(value) => Value::Bool(*value),
        Field::Byte(int) => Value::Int(i128::from(*int)),
        Field::Short(int) => Value::Int(i128::from(*int)),
        Field::Int(int) => Value::Int(i128::from(*int)),
        Field::Long(int) => Value::Int(i128::from(*int)),
        Field::UByte(int) => Value::Int(i128::from(*int)),
        Field::UShort(int) => Value::Int(i128::from(*int)),
        Field::UInt(int) => Value::Int(i128::from(*int)),
        Field::ULong(int) => Value::Int(i128::from(*int)),
        Field::Float(value) => Value::Float(f64::from(*value)),
        Field::Double(value) => Value::Float(*value),
        Field::Str(text) => Value::Text(text.clone()),
        Field::Bytes(bytes) => Value::Text(bytes.as_utf8().expect("a text in UTF-8").to_owned()),
        Field::Date(days) => Value::Date(*days),
        other => panic!("the oracle does not read {other}"),
    }
}

fn timestamp(count: i64, logical: Option<&LogicalType>) -> Value {
    let Some(LogicalType::Timestamp(kind)) = logical else { panic!("a timestamp without a unit") };
    let nanos = match kind.unit {
        TimeUnit::MILLIS => 1_000_000,
        TimeUnit::MICROS => 1000,
        TimeUnit::NANOS => 1,
    };
    let instant = Timestamp::from_nanosecond(i128::from(count) * nanos).expect("a time within reach");
    Value::Text(if kind.is_adjusted_to_u_t_c {
        instant.to_string()
    } else {
        TimeZone::UTC.to_datetime(instant).to_string()
    })
}
