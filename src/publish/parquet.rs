//! Parquet: zstd, Arrow's logical types, units and definitions in the metadata of each metric's field.

use super::Format;
use crate::plan::{ExportPlan, ReportPlan};
use crate::spec::ExportFormat;
use arrow::datatypes::DataType;
use arrow::record_batch::RecordBatch;
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;
use parquet::schema::types::ColumnPath;
use std::fs::File;
use std::path::Path;

pub(super) struct ParquetFormat;

impl Format for ParquetFormat {
    fn format(&self) -> ExportFormat {
        ExportFormat::Parquet
    }

    fn write(&self, table: &RecordBatch, _: &ReportPlan, _: &ExportPlan, path: &Path) -> Result<(), String> {
        let text = |e: &dyn std::fmt::Display| e.to_string();
        let mut properties = WriterProperties::builder()
            .set_compression(Compression::ZSTD(ZstdLevel::try_new(3).map_err(|e| text(&e))?))
            .set_created_by(concat!("jalon ", env!("CARGO_PKG_VERSION")).to_owned());
        // Hardly two values of a float metric are the same: a dictionary costs time and saves nothing.
        for field in table.schema_ref().fields().iter().filter(|f| *f.data_type() == DataType::Float64) {
            properties = properties.set_column_dictionary_enabled(ColumnPath::from(field.name().as_str()), false);
        }
        let properties = properties.build();
        let file = File::create(path).map_err(|e| text(&e))?;
        let mut writer = ArrowWriter::try_new(file, table.schema(), Some(properties)).map_err(|e| text(&e))?;
        writer.write(table).map_err(|e| text(&e))?;
        writer.close().map_err(|e| text(&e))?;
        Ok(())
    }
}
