//! Parquet: every codec, page checksums, only the needed columns, dictionaries kept; one unit a row group. Values inside
//! structs are columns by their paths (see [`nested`]).

use super::batch::{text_type, Canonical};
use super::guard::guarded;
use super::nested::{self, physical};
use super::parquet_statistics::{choose, Group};
use super::prune::{self, Pruned};
use super::{advance, unreadable, Failure, OpenFile, Part, Reader, Sink, Task};
use crate::catalog::{FileInfo, FileLayout, Reading};
use crate::diagnostic::Diagnostic;
use crate::spec::FileFormat;
use arrow::datatypes::{DataType, Field, FieldRef, Schema};
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
    fn inspect(&self, path: &Path, reading: &Reading) -> Result<FileInfo, Diagnostic> {
        let (file, metadata) = open(path, PageIndexPolicy::Skip)?;
        let bytes = file.metadata().map_err(|e| unreadable(path, &e))?.len();
        let unnest = reading.unnest.as_deref();
        let columns =
            nested::flatten(metadata.schema(), unnest).into_iter().map(|(name, ty)| (name, physical(&ty))).collect();
        let text_because = IndexMap::new();
        // Of a list that is cut into rows only reading tells how many there are.
        let records = u64::try_from(metadata.metadata().file_metadata().num_rows()).ok().filter(|_| unnest.is_none());
        let (path, format, partitions) = (path.to_path_buf(), FileFormat::Parquet, vec![]);
        let period = reading.period.or_else(|| super::exports::period_of(&path));
        let layout = FileLayout { period, ..FileLayout::default() };
        Ok(FileInfo { path, format, bytes, records, partitions, columns, text_because, layout, ..FileInfo::default() })
    }

    fn open<'s>(&self, task: Task<'s>) -> Result<Box<dyn OpenFile + 's>, Diagnostic> {
        let unnest = task.scan.reading.unnest.as_deref();
        let is_choosy = prune::is_choosy(task.scan) && unnest.is_none();
        let pages = if is_choosy { PageIndexPolicy::Optional } else { PageIndexPolicy::Skip };
        let (_, plain) = open(&task.file.path, pages)?;
        let (groups, pruned) =
            if unnest.is_none() { choose(&task, &plain) } else { (all_groups(&plain), Pruned::default()) };
        for (group, choice) in plain.metadata().row_groups().iter().zip(&groups) {
            if let Group::Skip = choice {
                advance(task.progress, u64::try_from(group.compressed_size()).unwrap_or(0));
            }
        }
        let schema = Arc::new(Schema::new(plain.schema().fields().iter().map(with_dictionaries).collect::<Vec<_>>()));
        let options = ArrowReaderOptions::new().with_skip_arrow_metadata(true).with_schema(schema.clone());
        let metadata = ArrowReaderMetadata::try_new(plain.metadata().clone(), options)
            .map_err(|e| corrupt(&task.file.path, &e))?;
        let wanted = task.scan.raw_columns();
        let (primitives, all) = nested::primitives(&schema, &wanted, unnest);
        if all != metadata.parquet_schema().num_columns() {
            return Err(corrupt(&task.file.path, &"its columns are not those of its schema"));
        }
        let mask = ProjectionMask::leaves(metadata.parquet_schema(), primitives);
        Ok(Box::new(ParquetFile { task, metadata, mask, wanted, groups, pruned, next: AtomicUsize::new(0) }))
    }
}

/// Every record of a file whose lists are cut into rows: how many rows a row group would have given is not known without
/// reading it, and what is left out must be told.
fn all_groups(metadata: &ArrowReaderMetadata) -> Vec<Group> {
    let groups = metadata.metadata().row_groups().iter();
    groups.map(|group| Group::Read(usize::try_from(group.num_rows()).unwrap_or(0), None)).collect()
}

/// An open file: its footer is parsed once, its row groups are decoded by whoever comes.
struct ParquetFile<'s> {
    task: Task<'s>,
    metadata: ArrowReaderMetadata,
    mask: ProjectionMask,
    wanted: Vec<&'s str>,
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
        let mut reader = guarded(|| reader.build()).map_err(|e| corrupt(&e))?.map_err(|e| corrupt(&e))?;
        let mut read = 0;
        let mut canonical = Canonical::new(task);
        while let Some(batch) = guarded(|| reader.next()).map_err(|e| corrupt(&e))? {
            let batch = batch.map_err(|e| corrupt(&e))?;
            read += batch.num_rows();
            let batch =
                nested::leaves(&batch, &self.wanted, task.scan.reading.unnest.as_deref()).map_err(|e| corrupt(&e))?;
            canonical.hand_over(&batch, task, sink)?;
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
    let loaded = guarded(|| ArrowReaderMetadata::load(&file, options)).map_err(|e| corrupt(path, &e))?;
    let metadata = loaded.map_err(|e| corrupt(path, &e))?;
    let size = file.metadata().map_err(|e| unreadable(path, &e))?.len();
    stand_within(size, &metadata).map_err(|e| corrupt(path, &e))?;
    Ok((file, metadata))
}

/// Whether the columns stand where a file of this size can hold them: the decoder takes it on trust, and panics.
fn stand_within(size: u64, metadata: &ArrowReaderMetadata) -> Result<(), String> {
    for (at, group) in metadata.metadata().row_groups().iter().enumerate() {
        for column in group.columns() {
            let data = column.data_page_offset();
            let start = column.dictionary_page_offset().unwrap_or(data);
            let end = start.checked_add(column.compressed_size());
            let fits = end.and_then(|end| u64::try_from(end).ok()).is_some_and(|end| end <= size);
            if start < 0 || data < start || column.compressed_size() < 0 || !fits {
                let name = column.column_path();
                return Err(format!("row group {at} says that column `{name}` stands where the file has nothing"));
            }
        }
    }
    Ok(())
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

/// Asks for texts as dictionaries; everything else as it is.
fn with_dictionaries(field: &FieldRef) -> FieldRef {
    let ty = match field.data_type() {
        DataType::Utf8 => text_type(),
        DataType::Struct(fields) => DataType::Struct(fields.iter().map(with_dictionaries).collect()),
        DataType::List(element) => DataType::List(with_dictionaries(element)),
        _ => return field.clone(),
    };
    Arc::new(Field::new(field.name(), ty, field.is_nullable()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::{Physical, SourceInfo};
    use crate::expr::{Expr, Type};
    use crate::plan::{Made, ScanColumn};
    use crate::source::lookups;
    use arrow::array::{Array, ArrayRef, AsArray, Int64Array, ListArray, RecordBatch, StringArray, StructArray};
    use arrow::buffer::NullBuffer;
    use arrow::datatypes::{Int32Type, Int64Type};
    use parquet::arrow::ArrowWriter;

    fn structure(fields: Vec<(&str, ArrayRef)>, nulls: Option<NullBuffer>) -> ArrayRef {
        let (names, arrays): (Vec<&str>, Vec<ArrayRef>) = fields.into_iter().unzip();
        let fields: Vec<Field> =
            names.iter().zip(&arrays).map(|(name, array)| Field::new(*name, array.data_type().clone(), true)).collect();
        Arc::new(StructArray::new(fields.into(), arrays, nulls))
    }

    /// clicks; geo {country, city {name}}; items [int]; two row groups.
    fn example(path: &Path) {
        let name: ArrayRef = Arc::new(StringArray::from(vec![Some("Paris"), None, Some("Rome"), Some("Oslo")]));
        let country: ArrayRef = Arc::new(StringArray::from(vec![Some("FR"), Some("DE"), None, Some("NO")]));
        let city = structure(vec![("name", name)], None);
        let nulls = NullBuffer::from(vec![true, true, true, false]);
        let geo = structure(vec![("country", country), ("city", city)], Some(nulls));
        let items = ListArray::from_iter_primitive::<Int64Type, _, _>([
            Some(vec![Some(1), Some(2)]),
            Some(vec![]),
            None,
            Some(vec![Some(3)]),
        ]);
        let clicks: ArrayRef = Arc::new(Int64Array::from(vec![1, 2, 3, 4]));
        let all = structure(vec![("clicks", clicks), ("geo", geo), ("items", Arc::new(items))], None);
        let batch = RecordBatch::from(all.as_struct());
        let options =
            parquet::file::properties::WriterProperties::builder().set_max_row_group_row_count(Some(2)).build();
        let file = File::create(path).expect("a file");
        let mut writer = ArrowWriter::try_new(file, batch.schema(), Some(options)).expect("a writer");
        writer.write(&batch).expect("written");
        writer.close().expect("the end");
    }

    #[test]
    fn values_inside_structs_are_columns_and_are_not_taken_for_missing() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("x.parquet");
        example(&path);
        let info = ParquetReader.inspect(&path, &Reading::default()).expect("columns");
        let names: Vec<&str> = info.columns.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["clicks", "geo.country", "geo.city.name", "items"]);
        assert_eq!(info.columns[2].1, Physical::Typed(Type::Text));
        let column = |name: &str, raw: &str, ty| ScanColumn {
            name: name.to_owned(),
            raw: Some(raw.to_owned()),
            ty,
            dimension: true,
            measure: false,
            made: Made::AsRead,
        };
        let columns = [column("city", "geo.city.name", Type::Text), column("clicks", "clicks", Type::Int)];
        let info = SourceInfo { files: vec![info], ..SourceInfo::default() };
        let mut scan = lookups::scan(&info, columns.iter());
        // Statistics of what is inside a struct are not looked at; that it is not null must not be missed.
        let city = Expr::Column { name: "city".to_owned(), ty: Type::Text };
        scan.filter = Some(Expr::Not(Box::new(Expr::IsNull(Box::new(city)))));
        let found = lookups::read(&scan).expect("records");
        let cities = found.arrays[0].as_dictionary::<Int32Type>();
        let cities: Vec<Option<&str>> = cities.downcast_dict::<StringArray>().expect("texts").into_iter().collect();
        assert_eq!(cities, [Some("Paris"), None, Some("Rome"), None]);
        assert_eq!(found.arrays[1].as_primitive::<Int64Type>().values(), &[1, 2, 3, 4]);
    }
}
