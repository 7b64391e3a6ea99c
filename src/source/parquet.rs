//! Parquet: every codec, page checksums, only the needed columns, dictionaries kept; one unit a row group.

use super::batch::text_type;
use super::{advance, unreadable, Batch, Reader, Sink, Task};
use crate::catalog::{FileInfo, Physical};
use crate::diagnostic::Diagnostic;
use crate::expr::Type;
use crate::spec::{FileFormat, Source};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use indexmap::IndexMap;
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder};
use parquet::arrow::ProjectionMask;
use std::fs::File;
use std::path::Path;
use std::sync::Arc;

pub(super) struct ParquetReader;

impl Reader for ParquetReader {
    fn inspect(&self, path: &Path, _: &Source) -> Result<FileInfo, Diagnostic> {
        let (file, metadata) = open(path)?;
        let bytes = file.metadata().map_err(|e| unreadable(path, &e))?.len();
        let columns = metadata
            .schema()
            .fields()
            .iter()
            .map(|field| (field.name().clone(), physical(field.data_type())))
            .collect();
        let text_because = IndexMap::new();
        Ok(FileInfo { path: path.to_path_buf(), format: FileFormat::Parquet, bytes, columns, text_because })
    }

    fn units(&self, path: &Path) -> Result<usize, Diagnostic> {
        Ok(open(path)?.1.metadata().num_row_groups())
    }

    fn read(&self, task: &Task<'_>, sink: &mut Sink<'_>) -> Result<(), Diagnostic> {
        let (file, plain) = open(task.path)?;
        let corrupt = |error: &dyn std::fmt::Display| corrupt(task.path, error);
        let schema = with_dictionaries(plain.schema());
        let options = ArrowReaderOptions::new().with_skip_arrow_metadata(true).with_schema(schema.clone());
        let metadata = ArrowReaderMetadata::try_new(plain.metadata().clone(), options).map_err(|e| corrupt(&e))?;
        let wanted = task.scan.raw_columns();
        let roots: Vec<usize> = schema
            .fields()
            .iter()
            .enumerate()
            .filter(|(_, field)| wanted.contains(&field.name().as_str()))
            .map(|(i, _)| i)
            .collect();
        let group = metadata.metadata().row_group(task.unit.part);
        let size = u64::try_from(group.compressed_size()).unwrap_or(0);
        let rows = usize::try_from(group.num_rows()).unwrap_or(0);
        let mask = ProjectionMask::roots(metadata.parquet_schema(), roots);
        let reader = ParquetRecordBatchReaderBuilder::new_with_metadata(file, metadata)
            .with_projection(mask)
            .with_row_groups(vec![task.unit.part])
            .with_batch_size(task.batch_rows)
            .build()
            .map_err(|e| corrupt(&e))?;
        let mut read = 0;
        for batch in reader {
            let batch = batch.map_err(|e| corrupt(&e))?;
            read += batch.num_rows();
            let batch = Batch::new(task.scan, &batch).map_err(|error| {
                Diagnostic::data(
                    "bad-value",
                    format!("column `{}` of `{}`: {}", error.column, task.path.display(), error.message),
                )
            })?;
            sink(batch)?;
        }
        if read != rows {
            return Err(corrupt(&format!("row group {} holds {read} records, its footer says {rows}", task.unit.part)));
        }
        advance(task.progress, size);
        Ok(())
    }
}

fn open(path: &Path) -> Result<(File, ArrowReaderMetadata), Diagnostic> {
    let file = File::open(path).map_err(|e| unreadable(path, &e))?;
    // Types come from Parquet's own annotations, so that files of all writers look alike.
    let options = ArrowReaderOptions::new().with_skip_arrow_metadata(true);
    let metadata = ArrowReaderMetadata::load(&file, options).map_err(|e| corrupt(path, &e))?;
    Ok((file, metadata))
}

fn corrupt(path: &Path, error: &dyn std::fmt::Display) -> Diagnostic {
    let detail = error.to_string();
    let size = std::fs::metadata(path).map_or(0, |m| m.len());
    let message = if size == 0 {
        format!("`{}` is empty: a Parquet file has at least a footer", path.display())
    } else {
        format!("`{}` is not a whole Parquet file: {detail}", path.display())
    };
    Diagnostic::data("corrupt-file", message)
        .note(format!("its size is {}", crate::diagnostic::count(size, "byte")))
        .help("export or copy the file again: the end of it is missing, or it is another format")
}

/// Asks for text columns as dictionaries; everything else as it is.
fn with_dictionaries(schema: &SchemaRef) -> SchemaRef {
    let fields: Vec<Arc<Field>> = schema
        .fields()
        .iter()
        .map(|field| match field.data_type() {
            DataType::Utf8 => Arc::new(Field::new(field.name(), text_type(), field.is_nullable())),
            _ => field.clone(),
        })
        .collect();
    Arc::new(Schema::new(fields))
}

fn physical(ty: &DataType) -> Physical {
    match ty {
        DataType::Boolean => Physical::Typed(Type::Bool),
        ty if ty.is_integer() => Physical::Typed(Type::Int),
        ty if ty.is_floating() => Physical::Typed(Type::Float),
        DataType::Decimal32(_, scale) | DataType::Decimal64(_, scale) | DataType::Decimal128(_, scale) => {
            Physical::Typed(Type::Decimal(*scale))
        }
        // BYTE_ARRAY without annotation is how older writers store text; its bytes are checked when read.
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Binary | DataType::LargeBinary => Physical::Typed(Type::Text),
        DataType::Date32 => Physical::Typed(Type::Date),
        DataType::Timestamp(_, zone) => Physical::Timestamp { zoned: zone.is_some() },
        DataType::Null => Physical::Empty,
        other => Physical::Unusable(match other {
            DataType::Struct(_) => "nested column".to_owned(),
            DataType::List(_) | DataType::LargeList(_) => "list column".to_owned(),
            _ => other.to_string(),
        }),
    }
}
