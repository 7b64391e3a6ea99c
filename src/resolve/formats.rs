//! Keys of a source that go with some formats of files only, and measures that a list would repeat.

use crate::catalog::SourceInfo;
use crate::diagnostic::{Diagnostic, Diagnostics, YamlPath};
use crate::spec::{FileFormat, Source};

/// Tells keys that none of the source's files has a use for.
pub(super) fn check(source: &Source, info: &SourceInfo, at: &YamlPath, errors: &mut Diagnostics) {
    let any = |formats: &[FileFormat]| info.files.iter().any(|file| formats.contains(&file.format));
    let zipped = info.files.iter().any(|file| file.path.extension().is_some_and(|e| e.eq_ignore_ascii_case("zip")));
    let nested = any(&[FileFormat::Ndjson, FileFormat::Parquet, FileFormat::Arrow]);
    let is_table = any(&[FileFormat::Csv, FileFormat::Excel]);
    let keys = [
        ("csv", source.csv.is_some(), any(&[FileFormat::Csv]), "CSV files"),
        ("sheet", source.sheet.is_some(), any(&[FileFormat::Excel]), "workbooks"),
        ("member", source.member.is_some(), zipped, "`.zip` files"),
        ("table", source.table.is_some(), is_table, "CSV files and workbooks"),
        ("description_rows", source.description_rows.is_some(), is_table, "CSV files and workbooks"),
        ("unnest", source.unnest.is_some(), nested, "JSON, Parquet and Arrow files"),
    ];
    for (key, is_written, fits, files) in keys {
        // A profile has keys for all formats that its export comes in.
        if is_written && !fits && source.profile.is_none() {
            let message = format!("`{key}` goes with {files}, and the source has none");
            errors.push(Diagnostic::pipeline("clashing-keys", message).at_key(&at.key(key)));
        }
    }
    let Some(list) = &source.unnest else { return };
    for (measure, details, index) in source.measures.entries() {
        let raw = details.column.as_deref().unwrap_or(measure);
        let is_inside = raw == list || raw.strip_prefix(list.as_str()).is_some_and(|rest| rest.starts_with('.'));
        if !is_inside {
            let measures = at.key("measures");
            let at = index.map_or_else(|| measures.key(measure), |i| measures.index(i));
            errors.push(
                Diagnostic::pipeline("repeated-measure", format!("`{raw}` is not inside the list `{list}`"))
                    .at(&at)
                    .note("each element of the list is a record: a figure outside of it would count once an element")
                    .help("read it as a source of its own, without `unnest`"),
            );
        }
    }
}
