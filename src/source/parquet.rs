//! Parquet: every codec, page checksums, only the needed columns, dictionaries kept; one unit a row group.

use super::batch::{text_type, Canonical};
use super::parquet_statistics::{choose, Group};
use super::prune::{self, Pruned};
use super::{advance, unreadable, Failure, OpenFile, Part, Reader, Sink, Task};
use crate::catalog::{FileInfo, Physical};
use crate::diagnostic::Diagnostic;
use crate::expr::Type;
use crate::spec::{FileFormat, Source};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use indexmap::IndexMap;
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder};
use parquet::arrow::ProjectionMask;
use parquet::file::metadata::PageIndexPolicy;
use std::fs::File;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::Arc;

pub(super) struct ParquetReader;

impl Reader for ParquetReader {
    fn inspect(&self, path: &Path, _: &Source) -> Result<FileInfo, Diagnostic> {
        let (file, metadata) = open(path, PageIndexPolicy::Skip)?;
        let bytes = file.metadata().map_err(|e| unreadable(path, &e))?.len();
        let columns = metadata
            .schema()
            .fields()
            .iter()
            .map(|field| (field.name().clone(), physical(field.data_type())))
            .collect();
        let text_because = IndexMap::new();
        let records = u64::try_from(metadata.metadata().file_metadata().num_rows()).ok();
        let (path, format, partitions) = (path.to_path_buf(), FileFormat::Parquet, vec![]);
        Ok(FileInfo { path, format, bytes, records, partitions, columns, text_because })
    }

    fn open<'s>(&self, task: Task<'s>) -> Result<Box<dyn OpenFile + 's>, Diagnostic> {
        let pages = if prune::is_choosy(task.scan) { PageIndexPolicy::Optional } else { PageIndexPolicy::Skip };
        let (_, plain) = open(&task.file.path, pages)?;
        let (groups, pruned) = choose(&task, &plain);
        for (group, choice) in plain.metadata().row_groups().iter().zip(&groups) {
            if let Group::Skip = choice {
                advance(task.progress, u64::try_from(group.compressed_size()).unwrap_or(0));
            }
        }
        let schema = with_dictionaries(plain.schema());
        let options = ArrowReaderOptions::new().with_skip_arrow_metadata(true).with_schema(schema.clone());
        let metadata = ArrowReaderMetadata::try_new(plain.metadata().clone(), options)
            .map_err(|e| corrupt(&task.file.path, &e))?;
        let wanted = task.scan.raw_columns();
        let roots: Vec<usize> = schema
            .fields()
            .iter()
            .enumerate()
            .filter(|(_, field)| wanted.contains(&field.name().as_str()))
            .map(|(i, _)| i)
            .collect();
        let mask = ProjectionMask::roots(metadata.parquet_schema(), roots);
        Ok(Box::new(ParquetFile { task, metadata, mask, groups, pruned, next: AtomicUsize::new(0) }))
    }
}

/// An open file: its footer is parsed once, its row groups are decoded by whoever comes.
struct ParquetFile<'s> {
    task: Task<'s>,
    metadata: ArrowReaderMetadata,
    mask: ProjectionMask,
    groups: Vec<Group>,
    pruned: Pruned,
    next: AtomicUsize,
}

impl OpenFile for ParquetFile<'_> {
    fn next(&self) -> Result<Option<Part>, Failure> {
        loop {
            let group = self.next.fetch_add(1, Ordering::Relaxed);
            match self.groups.get(group) {
                Some(Group::Read(..)) => return Ok(Some(Part::RowGroup(group))),
                Some(Group::Skip) => {}
                None => return Ok(None),
            }
        }
    }

    fn decode(&self, part: Part, sink: &mut Sink<'_>) -> Result<(), Failure> {
        let Part::RowGroup(part) = part else { return Err(Diagnostic::bug("not a row group").into()) };
        let Some(Group::Read(rows, selection)) = self.groups.get(part) else {
            return Err(Diagnostic::bug("a row group that nobody wants").into());
        };
        let task = &self.task;
        let corrupt = |error: &dyn std::fmt::Display| corrupt(&task.file.path, error);
        let file = File::open(&task.file.path).map_err(|e| unreadable(&task.file.path, &e))?;
        let group = self.metadata.metadata().row_group(part);
        let size = u64::try_from(group.compressed_size()).unwrap_or(0);
        let reader = ParquetRecordBatchReaderBuilder::new_with_metadata(file, self.metadata.clone())
            .with_projection(self.mask.clone())
            .with_row_groups(vec![part])
            .with_batch_size(task.batch_rows);
        let reader = match selection {
            Some(selection) => reader.with_row_selection(selection.clone()),
            None => reader,
        };
        let reader = reader.build().map_err(|e| corrupt(&e))?;
        let mut read = 0;
        let mut canonical = Canonical::new(task);
        for batch in reader {
            let batch = batch.map_err(|e| corrupt(&e))?;
            read += batch.num_rows();
            let batch = canonical.batch(&batch).map_err(|error| {
                Diagnostic::data(
                    "bad-value",
                    format!("column `{}` of `{}`: {}", error.column, task.file.path.display(), error.message),
                )
            })?;
            sink(batch)?;
        }
        if read != *rows {
            return Err(corrupt(&format!("row group {part} holds {read} records, its footer says {rows}")).into());
        }
        advance(task.progress, size);
        Ok(())
    }

    fn pruned(&self) -> Option<&Pruned> {
        Some(&self.pruned)
    }
}

fn open(path: &Path, pages: PageIndexPolicy) -> Result<(File, ArrowReaderMetadata), Diagnostic> {
    let file = File::open(path).map_err(|e| unreadable(path, &e))?;
    // Types come from Parquet's own annotations, so that files of all writers look alike.
    let options = ArrowReaderOptions::new().with_skip_arrow_metadata(true).with_page_index_policy(pages);
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
