//! Data files: CSV plain and compressed, and Parquet column by column.

use std::fs::{create_dir_all, write, File};
use std::io::Write;
use std::path::Path;
use std::sync::Arc;

use parquet::basic::Compression;
use parquet::data_type::{BoolType, ByteArray, ByteArrayType, DataType, DoubleType, Int32Type, Int64Type};
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedColumnWriter, SerializedFileWriter};
use parquet::schema::parser::parse_message_type;

use super::prng::Random;
use crate::oracle::value::{Kind, Value};

/// One column of one file.
#[derive(Clone)]
pub(super) struct FileColumn {
    pub(super) name: String,
    pub(super) kind: Kind,
    /// Of timestamps in Parquet, which are wide integers: `(TIMESTAMP(MILLIS,true))`.
    pub(super) logical: Option<&'static str>,
    pub(super) cells: Vec<Value>,
}

/// Writes a CSV file in the compression that the path's extension names.
pub(super) fn write_csv(random: &mut Random, path: &Path, separator: u8, columns: &[FileColumn]) {
    let terminator = if random.chance(50) { csv::Terminator::CRLF } else { csv::Terminator::Any(b'\n') };
    let mut writer = csv::WriterBuilder::new().delimiter(separator).terminator(terminator).from_writer(Vec::new());
    writer.write_record(columns.iter().map(|column| &column.name)).expect("a header");
    for row in 0..columns[0].cells.len() {
        let cells: Vec<String> = columns.iter().map(|column| csv_cell(random, &column.cells[row])).collect();
        writer.write_record(cells).expect("a record");
    }
    let bytes = writer.into_inner().expect("the bytes of a CSV file");
    // Exports glued together are common: several gzip members, several zstd frames.
    let at = if random.chance(50) { bytes.len() } else { random.below(bytes.len()) };
    let parts: Vec<&[u8]> = [&bytes[..at], &bytes[at..]].into_iter().filter(|part| !part.is_empty()).collect();
    let name = path.to_string_lossy();
    let packed: Vec<u8> = if name.ends_with(".gz") {
        parts.into_iter().flat_map(gzip).collect()
    } else if name.ends_with(".zst") {
        parts.into_iter().flat_map(|part| zstd::stream::encode_all(part, 3).expect("zstd packs")).collect()
    } else {
        bytes
    };
    create_dir_all(path.parent().expect("a folder")).expect("a new folder");
    write(path, packed).expect("a written file");
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).expect("gzip packs");
    encoder.finish().expect("gzip packs")
}

fn csv_cell(random: &mut Random, value: &Value) -> String {
    match value {
        Value::Float(value) if random.chance(20) => format!("{value:e}"),
        value => value.shown().unwrap_or_default(),
    }
}

/// Writes a Parquet file with a random codec, dictionary or not, small pages and one or more row groups.
pub(super) fn write_parquet(random: &mut Random, path: &Path, columns: &[FileColumn]) {
    // Int32 where the values are small.
    let wide: Vec<bool> = columns.iter().map(|column| random.chance(60) || column.logical.is_some()).collect();
    let fields: Vec<String> = columns
        .iter()
        .zip(&wide)
        .map(|(column, wide)| {
            let logical = column.logical.unwrap_or_else(|| logical(column.kind));
            format!("  OPTIONAL {} {} {logical};", physical(column.kind, *wide), column.name)
        })
        .collect();
    let message = format!("message export {{\n{}\n}}", fields.join("\n"));
    let schema = Arc::new(parse_message_type(&message).expect("a Parquet schema"));
    let codecs =
        [Compression::UNCOMPRESSED, Compression::SNAPPY, Compression::ZSTD(parquet::basic::ZstdLevel::default())];
    let properties = WriterProperties::builder()
        .set_compression(*random.pick(&codecs))
        .set_dictionary_enabled(random.chance(60))
        .set_dictionary_page_size_limit(if random.chance(30) { 16 } else { 1 << 20 })
        .set_write_batch_size(4)
        .set_data_page_row_count_limit(if random.chance(50) { 7 } else { 1000 })
        .build();
    create_dir_all(path.parent().expect("a folder")).expect("a new folder");
    let file = File::create(path).expect("a new file");
    let mut writer = SerializedFileWriter::new(file, schema, Arc::new(properties)).expect("a Parquet writer");
    let rows = columns[0].cells.len();
    let group = 1 + random.below(rows.max(1));
    for start in (0..rows).step_by(group) {
        let end = rows.min(start + group);
        let mut row_group = writer.next_row_group().expect("a row group");
        for (column, wide) in columns.iter().zip(&wide) {
            let mut column_writer = row_group.next_column().expect("a column writer").expect("one per column");
            write_column(&mut column_writer, column.kind, *wide, &column.cells[start..end]);
            column_writer.close().expect("a closed column");
        }
        row_group.close().expect("a closed row group");
    }
    writer.close().expect("a closed file");
}

fn physical(kind: Kind, wide: bool) -> &'static str {
    match kind {
        Kind::Bool => "BOOLEAN",
        Kind::Int if wide => "INT64",
        Kind::Int | Kind::Date => "INT32",
        Kind::Float => "DOUBLE",
        Kind::Text | Kind::Null => "BYTE_ARRAY",
    }
}

fn logical(kind: Kind) -> &'static str {
    match kind {
        Kind::Text | Kind::Null => "(STRING)",
        Kind::Date => "(DATE)",
        Kind::Bool | Kind::Int | Kind::Float => "",
    }
}

fn write_column(writer: &mut SerializedColumnWriter, kind: Kind, wide: bool, cells: &[Value]) {
    let int64 = |cell: &Value| match cell {
        Value::Int(int) => i64::try_from(*int).expect("an integer within reach"),
        Value::Date(date) => i64::from(*date),
        other => panic!("{other:?} in a column of integers"),
    };
    let int32 = |cell: &Value| i32::try_from(int64(cell)).expect("a small integer");
    match kind {
        Kind::Bool => write_cells::<BoolType>(writer, cells, |cell| *cell == Value::Bool(true)),
        Kind::Int if wide => write_cells::<Int64Type>(writer, cells, int64),
        Kind::Int | Kind::Date => write_cells::<Int32Type>(writer, cells, int32),
        Kind::Float => {
            write_cells::<DoubleType>(writer, cells, |cell| cell.number().expect("a number"));
        }
        Kind::Text | Kind::Null => write_cells::<ByteArrayType>(writer, cells, |cell| match cell {
            Value::Text(text) => ByteArray::from(text.as_str()),
            other => panic!("{other:?} in a text column"),
        }),
    }
}

fn write_cells<T: DataType>(writer: &mut SerializedColumnWriter, cells: &[Value], plain: impl Fn(&Value) -> T::T) {
    let present = |cell: &&Value| **cell != Value::Null;
    let values: Vec<T::T> = cells.iter().filter(present).map(plain).collect();
    let levels: Vec<i16> = cells.iter().map(|cell| i16::from(*cell != Value::Null)).collect();
    writer.typed::<T>().write_batch(&values, Some(&levels), None).expect("written cells");
}
