//! `path:` of a source → files: variables, globs, folders and lists.

use super::partitions::is_partition;
use crate::diagnostic::{Diagnostic, Diagnostics, YamlPath};
use crate::spec::{expand_variables, FileFormat, OneOrMany, Pipeline, Source};
use std::path::{Path, PathBuf};

/// Extensions that are recognised, with their formats.
const EXTENSIONS: &[(&str, FileFormat)] = &[
    (".parquet", FileFormat::Parquet),
    (".pq", FileFormat::Parquet),
    (".csv", FileFormat::Csv),
    (".csv.gz", FileFormat::Csv),
    (".csv.zst", FileFormat::Csv),
    (".tsv", FileFormat::Csv),
    (".zip", FileFormat::Csv),
    (".xlsx", FileFormat::Excel),
    (".xls", FileFormat::Excel),
    (".xlsm", FileFormat::Excel),
    (".xlsb", FileFormat::Excel),
    (".ods", FileFormat::Excel),
    (".ndjson", FileFormat::Ndjson),
    (".ndjson.gz", FileFormat::Ndjson),
    (".ndjson.zst", FileFormat::Ndjson),
    (".jsonl", FileFormat::Ndjson),
    (".jsonl.gz", FileFormat::Ndjson),
    (".jsonl.zst", FileFormat::Ndjson),
    (".arrow", FileFormat::Arrow),
    (".arrows", FileFormat::Arrow),
    (".feather", FileFormat::Arrow),
    (".ipc", FileFormat::Arrow),
];

fn known_extensions() -> String {
    EXTENSIONS.iter().map(|(end, _)| *end).collect::<Vec<_>>().join(", ")
}

/// The format that a file's name tells.
pub(super) fn format_of(path: &Path) -> Option<FileFormat> {
    let name = path.file_name()?.to_str()?.to_lowercase();
    EXTENSIONS.iter().find(|(end, _)| name.ends_with(end)).map(|(_, format)| *format)
}

/// All files of a source with their formats, each once, sorted by path within each entry of the list.
pub(super) fn files(source: &Source, at: &YamlPath, errors: &mut Diagnostics) -> Vec<(PathBuf, FileFormat)> {
    let mut found: Vec<(PathBuf, FileFormat)> = vec![];
    let mut seen: Vec<PathBuf> = vec![];
    let Some(entries) = &source.path else { return found };
    let path_at = at.key("path");
    if entries.entries().is_empty() {
        errors.push(Diagnostic::pipeline("no-files", "`path` lists no files").at(&path_at));
    }
    for (index, text) in entries.entries() {
        let at = index.map_or_else(|| path_at.clone(), |i| path_at.index(i));
        match entry(text, source.format, &at) {
            Ok(files) => {
                for (file, format) in files {
                    // `./x` and `x` are one file, and so are a link and what it leads to.
                    let real = std::fs::canonicalize(&file).unwrap_or_else(|_| file.clone());
                    if !seen.contains(&real) {
                        seen.push(real);
                        found.push((file, format));
                    }
                }
            }
            Err(error) => errors.push(error),
        }
    }
    found
}

/// The data files of a folder and of all below it, but for hidden ones, in the order of their names.
pub(super) fn below(folder: &Path, found: &mut Vec<(PathBuf, FileFormat)>) {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    let is_hidden = |path: &Path| path.file_name().is_none_or(|name| name.to_string_lossy().starts_with(['.', '_']));
    let mut paths: Vec<PathBuf> = entries.filter(|path| !is_hidden(path)).collect();
    paths.sort();
    for path in paths {
        if path.is_dir() {
            below(&path, found);
        } else if let Some(format) = format_of(&path) {
            found.push((path, format));
        }
    }
}

/// The files that an entry of a path stands for.
pub(super) fn entry(
    text: &str,
    format: Option<FileFormat>,
    at: &YamlPath,
) -> Result<Vec<(PathBuf, FileFormat)>, Diagnostic> {
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
                    .note(format!("known extensions: {}", known_extensions()))
                    .help("say it: `format: csv`, `parquet`, `excel`, `ndjson` or `arrow`"))
            }
        })
        .collect()
}

/// What reads, or by its glob or folder would read, a file of this path (a source, a lookup, the targets of a metric): reports must
/// not go there.
pub(super) fn reads(pipeline: &Pipeline, file: &Path) -> Option<String> {
    let place = resolved(file);
    let reads = |paths: &OneOrMany, format: Option<FileFormat>| {
        paths.entries().into_iter().any(|(_, text)| {
            let Ok(text) = expand_variables(text, &YamlPath::root()) else { return false };
            let path = Path::new(&text);
            if path.is_dir() {
                let data = format_of(file).is_some() || format.is_some();
                let inside = place.parent().and_then(|folder| folder.strip_prefix(resolved(path)).ok());
                let read = |folder: &Path| folder.iter().all(|n| n.to_str().is_some_and(|n| is_partition(n).is_some()));
                return data && inside.is_some_and(read);
            }
            let same = resolved(path) == place;
            let pattern = std::path::absolute(path).ok().and_then(|p| glob::Pattern::new(&p.to_string_lossy()).ok());
            same || pattern.is_some_and(|p| std::path::absolute(file).is_ok_and(|file| p.matches_path(&file)))
        })
    };
    let sources =
        pipeline.sources.iter().filter_map(|(name, s)| Some((format!("`{name}`"), s.path.as_ref()?, s.format)));
    let lookups = pipeline.lookups.iter().map(|(name, l)| (format!("`{name}`"), &l.path, l.format));
    let targets = pipeline.objectives.iter().flat_map(|objective| &objective.targets).filter_map(|target| {
        let table = target.table.as_ref()?;
        Some((format!("the targets of `{}`", target.metric), &table.path, table.format))
    });
    sources.chain(lookups).chain(targets).find(|(_, paths, format)| reads(paths, *format)).map(|(reader, ..)| reader)
}

/// The path without links and dots, as far as it exists.
fn resolved(path: &Path) -> PathBuf {
    if let Ok(real) = std::fs::canonicalize(path) {
        return real;
    }
    match (path.parent(), path.file_name()) {
        (Some(parent), Some(name)) if !parent.as_os_str().is_empty() => resolved(parent).join(name),
        _ => std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf()),
    }
}

/// The data files directly in a folder, and in partitions of it (`year=2025/`); hidden files and `_SUCCESS`-like marks
/// are not data.
fn folder(path: &Path, format: Option<FileFormat>, at: &YamlPath) -> Result<Vec<PathBuf>, Diagnostic> {
    let mut files = vec![];
    let mut folders = vec![path.to_path_buf()];
    while let Some(folder) = folders.pop() {
        let unreadable = |error: std::io::Error| {
            let message = format!("the folder `{}` cannot be read: {error}", folder.display());
            Diagnostic::pipeline("unreadable-path", message).at(at)
        };
        for entry in std::fs::read_dir(&folder).map_err(unreadable)? {
            let file = entry.map_err(unreadable)?.path();
            let name = file.file_name().and_then(|n| n.to_str()).filter(|n| !n.starts_with(['.', '_']));
            let known = format_of(&file);
            let wanted = if format.is_some() { known.is_none() || known == format } else { known.is_some() };
            if name.is_some_and(|n| is_partition(n).is_some()) && file.is_dir() {
                folders.push(file);
            } else if name.is_some() && wanted && file.is_file() {
                files.push(file);
            }
        }
    }
    if files.is_empty() {
        return Err(Diagnostic::pipeline("no-files", format!("the folder `{}` holds no data files", path.display()))
            .at(at)
            .note(format!(
                "files looked for: {}, directly in the folder, or in folders such as year=2025",
                known_extensions()
            ))
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
    // As in a shell: `*` does not stand for a leading dot. Writers keep unfinished files under such names.
    let options = glob::MatchOptions { require_literal_leading_dot: true, ..glob::MatchOptions::new() };
    for found in glob::glob_with(pattern, options).map_err(invalid)? {
        let file = found.map_err(|error| {
            Diagnostic::pipeline(
                "unreadable-path",
                format!("`{}` cannot be read: {}", error.path().display(), error.error()),
            )
            .at(at)
        })?;
        let mark = file.file_name().and_then(|n| n.to_str()).is_some_and(|n| n.starts_with('_'));
        if file.is_file() && !mark {
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
        assert_eq!(format_of(Path::new("a.jsonl.zst")), Some(FileFormat::Ndjson));
        assert_eq!(format_of(Path::new("a.feather")), Some(FileFormat::Arrow));
        assert_eq!(format_of(Path::new("a.xls")), Some(FileFormat::Excel));
        assert_eq!(format_of(Path::new("a.json")), None);
    }
}
