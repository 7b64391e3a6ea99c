//! `path:` of a source → files: variables, globs, folders and lists.

use crate::diagnostic::{Diagnostic, Diagnostics, YamlPath};
use crate::spec::{expand_variables, FileFormat, Source};
use std::path::{Path, PathBuf};

/// Extensions that are recognised, with their formats.
const EXTENSIONS: &[(&str, FileFormat)] = &[
    (".parquet", FileFormat::Parquet),
    (".pq", FileFormat::Parquet),
    (".csv", FileFormat::Csv),
    (".csv.gz", FileFormat::Csv),
    (".csv.zst", FileFormat::Csv),
    (".tsv", FileFormat::Csv),
];

/// The format that a file's name tells.
pub(super) fn format_of(path: &Path) -> Option<FileFormat> {
    let name = path.file_name()?.to_str()?.to_lowercase();
    EXTENSIONS.iter().find(|(end, _)| name.ends_with(end)).map(|(_, format)| *format)
}

/// All files of a source with their formats, each once, sorted by path within each entry of the list.
pub(super) fn files(source: &Source, at: &YamlPath, errors: &mut Diagnostics) -> Vec<(PathBuf, FileFormat)> {
    let mut found: Vec<(PathBuf, FileFormat)> = vec![];
    let Some(entries) = &source.path else { return found };
    let path_at = at.key("path");
    for (index, text) in entries.entries() {
        let at = index.map_or_else(|| path_at.clone(), |i| path_at.index(i));
        match entry(text, source.format, &at) {
            Ok(files) => {
                for file in files {
                    if !found.contains(&file) {
                        found.push(file);
                    }
                }
            }
            Err(error) => errors.push(error),
        }
    }
    found
}

fn entry(text: &str, format: Option<FileFormat>, at: &YamlPath) -> Result<Vec<(PathBuf, FileFormat)>, Diagnostic> {
    let expanded = expand_variables(text, at)?;
    let path = Path::new(&expanded);
    let paths = match std::fs::metadata(path) {
        Ok(meta) if meta.is_dir() => folder(path, format, at)?,
        Ok(_) => vec![path.to_path_buf()],
        Err(error) if error.kind() == std::io::ErrorKind::PermissionDenied => {
            return Err(
                Diagnostic::pipeline("unreadable-path", format!("`{expanded}` cannot be opened: {error}")).at(at)
            );
        }
        Err(_) if expanded.contains(['*', '?', '[']) => matches(&expanded, at)?,
        Err(_) => return Err(missing(&expanded, at)),
    };
    paths
        .into_iter()
        .map(|path| match format.or_else(|| format_of(&path)) {
            Some(format) => Ok((path, format)),
            None => {
                Err(Diagnostic::pipeline("unknown-format", format!("the format of `{}` is not known", path.display()))
                    .at(at)
                    .note("known extensions: .parquet, .csv, .csv.gz, .csv.zst, .tsv")
                    .help("say it: `format: csv` or `format: parquet`"))
            }
        })
        .collect()
}

/// The data files directly in a folder; hidden files and `_SUCCESS`-like marks are not data.
fn folder(path: &Path, format: Option<FileFormat>, at: &YamlPath) -> Result<Vec<PathBuf>, Diagnostic> {
    let unreadable = |error: std::io::Error| {
        Diagnostic::pipeline("unreadable-path", format!("the folder `{}` cannot be read: {error}", path.display()))
            .at(at)
    };
    let mut files = vec![];
    for entry in std::fs::read_dir(path).map_err(unreadable)? {
        let file = entry.map_err(unreadable)?.path();
        let hidden = file.file_name().and_then(|n| n.to_str()).is_none_or(|n| n.starts_with(['.', '_']));
        let known = format_of(&file);
        let wanted = known.is_some() && (format.is_none() || known == format);
        if file.is_file() && !hidden && wanted {
            files.push(file);
        }
    }
    if files.is_empty() {
        return Err(Diagnostic::pipeline("no-files", format!("the folder `{}` holds no data files", path.display()))
            .at(at)
            .note("files looked for: *.parquet, *.csv, *.csv.gz, *.csv.zst, *.tsv directly in the folder")
            .help("for files in sub-folders write a glob: `folder/**/*.csv`"));
    }
    files.sort();
    Ok(files)
}

fn matches(pattern: &str, at: &YamlPath) -> Result<Vec<PathBuf>, Diagnostic> {
    let invalid = |error: glob::PatternError| {
        Diagnostic::pipeline("invalid-glob", format!("`{pattern}` is not a glob: {}", error.msg)).at(at)
    };
    let mut files = vec![];
    for found in glob::glob(pattern).map_err(invalid)? {
        let file = found.map_err(|error| {
            Diagnostic::pipeline(
                "unreadable-path",
                format!("`{}` cannot be read: {}", error.path().display(), error.error()),
            )
            .at(at)
        })?;
        if file.is_file() {
            files.push(file);
        }
    }
    if files.is_empty() {
        let folder = pattern.split(['*', '?', '[']).next().unwrap_or_default();
        let folder = folder.rsplit_once('/').map_or(".", |(head, _)| head);
        let mut error = Diagnostic::pipeline("no-files", format!("no file matches `{pattern}`")).at(at);
        error = if Path::new(folder).is_dir() {
            error.note(format!("the folder `{folder}` is there"))
        } else {
            error.note(format!("there is no folder `{folder}`"))
        };
        return Err(error.note(working_folder()));
    }
    files.sort();
    Ok(files)
}

fn missing(path: &str, at: &YamlPath) -> Diagnostic {
    let mut error = Diagnostic::pipeline("no-files", format!("there is no file `{path}`")).at(at);
    let parent = Path::new(path).parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let names: Vec<String> = std::fs::read_dir(parent)
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| entry.file_name().into_string().ok())
        .collect();
    let wanted = Path::new(path).file_name().and_then(|n| n.to_str()).unwrap_or_default();
    let known: Vec<&str> = names.iter().map(String::as_str).collect();
    if let Some(near) = crate::diagnostic::nearest(wanted, &known) {
        error = error.help(format!("did you mean `{}`?", parent.join(near).display()));
    }
    error.note(working_folder())
}

fn working_folder() -> String {
    let here = std::env::current_dir().map_or_else(|_| "?".to_owned(), |d| d.display().to_string());
    format!("paths are relative to the working directory, {here}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_format_is_told_by_the_extension() {
        assert_eq!(format_of(Path::new("a/B.CSV.GZ")), Some(FileFormat::Csv));
        assert_eq!(format_of(Path::new("a.parquet")), Some(FileFormat::Parquet));
        assert_eq!(format_of(Path::new("a.xlsx")), None);
    }
}
