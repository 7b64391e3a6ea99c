//! Files that broke a reader once, or that fuzzing began with: each gives records or a diagnostic, however the source is
//! declared, and never a panic.

#[path = "../../fuzz/src/doors.rs"]
mod doors;

use crate::harness::{repository, Place};
use arrow::array::{ArrayRef, Float64Array, Int64Array, RecordBatch, StringArray, StructArray};
use arrow::buffer::{NullBuffer, OffsetBuffer};
use arrow::datatypes::{DataType, Field};
use std::panic::{catch_unwind, AssertUnwindSafe};
use std::sync::Arc;

/// Targets, and the folder of each that has its files.
const TARGETS: [(&str, &str); 9] = [
    ("arrow", "arrow"),
    ("csv", "csv"),
    ("dialects", "dialects"),
    ("gzip", "gzip"),
    ("ndjson", "ndjson"),
    ("parquet", "parquet"),
    ("sniffer", "csv"),
    ("workbook", "workbook"),
    ("zip", "zip"),
];

#[test]
fn no_file_of_the_corpus_makes_a_reader_panic() {
    for (target, folder) in TARGETS {
        let mut read = 0;
        for entry in std::fs::read_dir(repository().join("tests/corpus").join(folder)).expect("a corpus") {
            let path = entry.expect("an entry").path();
            let bytes = std::fs::read(&path).expect("a file");
            assert!(bytes.len() < 4096, "{} is large", path.display());
            let place = Place::new();
            for way in 0..doors::ways(target) {
                let opened = catch_unwind(AssertUnwindSafe(|| doors::open(target, place.path(), way, &bytes)));
                read += opened.unwrap_or_else(|_| panic!("{target}, way {way}: {}", path.display()));
            }
        }
        assert!(read > 0 || target == "sniffer", "no file of {folder} has a record");
    }
}

/// A panic that a decoder is allowed is not told to people: the file is.
#[test]
fn a_broken_parquet_file_is_told_and_no_panic_is_shown() {
    let folder = repository().join("tests/corpus/parquet");
    for entry in std::fs::read_dir(folder).expect("a corpus") {
        let path = entry.expect("an entry").path();
        if !path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("broken")) {
            continue;
        }
        let place = Place::new();
        place.write("f.parquet", std::fs::read(&path).expect("a file"));
        place.write(
            "pipeline.yaml",
            "version: 1\nname: t\nsources:\n  s:\n    path: f.parquet\n    time: {column: date}\n    \
             dimensions: [network]\n    measures: [clicks, cost]\nmetrics:\n  \
             clicks: {type: simple, source: s, expr: clicks}\nreports:\n  - name: r\n    metrics: [clicks]\n    \
             group_by: [network]\n    grains: [month]\n    exports: [{format: csv, path: r.csv}]\n",
        );
        let done = place.jalon(&["run", "pipeline.yaml"]);
        assert!(!done.stderr.contains("internal"), "{}: {}", path.display(), done.stderr);
        assert!(done.code == 0 || done.stderr.contains("error["), "{}: {}", path.display(), done.stderr);
    }
}

fn nested() -> RecordBatch {
    let texts = |texts: [Option<&str>; 4]| Arc::new(StringArray::from(texts.to_vec())) as ArrayRef;
    let structure = |fields: Vec<(&str, ArrayRef)>, nulls: Option<NullBuffer>| {
        let (names, arrays): (Vec<&str>, Vec<ArrayRef>) = fields.into_iter().unzip();
        let fields: Vec<Field> =
            names.iter().zip(&arrays).map(|(n, a)| Field::new(*n, a.data_type().clone(), true)).collect();
        StructArray::new(fields.into(), arrays, nulls)
    };
    let city = structure(vec![("name", texts([Some("Paris"), None, Some("Rome"), Some("Oslo")]))], None);
    let country = texts([Some("FR"), Some("DE"), None, Some("NO")]);
    let nulls = NullBuffer::from(vec![true, true, true, false]);
    let geo = structure(vec![("country", country), ("city", Arc::new(city))], Some(nulls));
    let x: ArrayRef = Arc::new(Int64Array::from(vec![1, 2, 3]));
    let item = structure(vec![("x", x)], None);
    let field = Arc::new(Field::new("item", arrow::array::Array::data_type(&item).clone(), true));
    let lengths = OffsetBuffer::from_lengths([2, 0, 0, 1]);
    let nulls = NullBuffer::from(vec![true, true, false, true]);
    let items = arrow::array::ListArray::new(field, lengths, Arc::new(item), Some(nulls));
    let date = arrow::compute::cast(
        &texts([Some("2025-01-01"), Some("2025-01-02"), Some("2025-01-03"), Some("2025-02-01")]),
        &DataType::Date32,
    );
    RecordBatch::try_from_iter_with_nullable(vec![
        ("date", date.expect("dates"), true),
        ("network", texts([Some("x"), Some("y"), Some("x"), None]), true),
        ("clicks", Arc::new(Int64Array::from(vec![1, 2, 3, 4])) as ArrayRef, true),
        ("cost", Arc::new(Float64Array::from(vec![Some(1.5), None, Some(2.0), Some(f64::NAN)])) as ArrayRef, true),
        ("geo", Arc::new(geo) as ArrayRef, true),
        ("items", Arc::new(items) as ArrayRef, true),
    ])
    .expect("a batch")
}

/// Writes the sound files of nested columns that the others were made of: `cargo test -- --ignored writes_the_corpus`.
#[test]
#[ignore = "writes files of the corpus"]
fn writes_the_corpus() {
    use parquet::basic::Compression;
    use parquet::file::properties::{EnabledStatistics, WriterProperties};
    let folder = repository().join("tests/corpus");
    let batch = nested();
    for name in ["parquet", "arrow"] {
        std::fs::create_dir_all(folder.join(name)).expect("a folder");
    }
    let plain = || WriterProperties::builder().set_max_row_group_row_count(Some(2));
    for (name, properties) in [
        ("plain", plain().set_statistics_enabled(EnabledStatistics::None).build()),
        (
            "one_group_zstd",
            WriterProperties::builder()
                .set_compression(Compression::ZSTD(parquet::basic::ZstdLevel::default()))
                .set_statistics_enabled(EnabledStatistics::Chunk)
                .build(),
        ),
        (
            "snappy_no_dictionary",
            WriterProperties::builder()
                .set_dictionary_enabled(false)
                .set_compression(Compression::SNAPPY)
                .set_statistics_enabled(EnabledStatistics::None)
                .build(),
        ),
        (
            "pages",
            WriterProperties::builder()
                .set_data_page_row_count_limit(1)
                .set_write_batch_size(1)
                .set_dictionary_enabled(false)
                .set_statistics_enabled(EnabledStatistics::None)
                .build(),
        ),
    ] {
        let file = std::fs::File::create(folder.join(format!("parquet/{name}.parquet"))).expect("a file");
        let options = parquet::arrow::arrow_writer::ArrowWriterOptions::new()
            .with_properties(properties)
            .with_skip_arrow_metadata(true);
        let mut writer =
            parquet::arrow::ArrowWriter::try_new_with_options(file, batch.schema(), options).expect("a writer");
        writer.write(&batch).expect("written");
        writer.close().expect("closed");
    }
    let file = std::fs::File::create(folder.join("arrow/file.arrow")).expect("a file");
    let mut writer = arrow::ipc::writer::FileWriter::try_new(file, &batch.schema()).expect("a writer");
    writer.write(&batch).expect("written");
    writer.finish().expect("closed");
    let file = std::fs::File::create(folder.join("arrow/stream.arrow")).expect("a file");
    let mut writer = arrow::ipc::writer::StreamWriter::try_new(file, &batch.schema()).expect("a writer");
    writer.write(&batch).expect("written");
    writer.finish().expect("closed");
}
