//! The first steps with exports: a pipeline to begin with, and a look at records.

use super::{print_json, summary, unless_closed, OutputFormat, Printer};
use crate::diagnostic::{count, Diagnostic, Severity};
use crate::init::{first_pipeline, parse_period, Finding, FirstPipeline, Request};
use crate::run::{self, Overrides, Preview};
use serde_json::{json, Map, Value};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Characters of a cell that a table shows.
const SHOWN: usize = 40;

/// Bad rows that are told one by one.
const TOLD: usize = 20;

/// What `init` takes.
#[derive(Debug, clap::Args)]
pub(super) struct InitArgs {
    /// Exports: files, globs or folders.
    #[arg(required = true, value_name = "EXPORT")]
    exports: Vec<String>,
    /// Write the pipeline to this file instead of standard output.
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Overwrite the file.
    #[arg(long, requires = "output")]
    force: bool,
    /// Name of the pipeline. Default: from the file that is written, or the export.
    #[arg(long, value_parser = name)]
    name: Option<String>,
    /// The days that the exports cover, where they do not tell it themselves.
    #[arg(long, value_name = "FIRST..LAST", value_parser = period)]
    period: Option<(i32, i32)>,
    /// Write out how exports are read, also of layouts that `jalon profiles` knows.
    #[arg(long)]
    no_profiles: bool,
}

/// What `preview` takes.
#[derive(Debug, clap::Args)]
pub(super) struct PreviewArgs {
    /// A pipeline file, or an export.
    file: PathBuf,
    /// The source. Default: the first.
    source: Option<String>,
    /// How many records to show.
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    rows: u32,
    /// For an export: the days that it covers, where it does not tell it itself.
    #[arg(long, value_name = "FIRST..LAST", value_parser = period)]
    period: Option<(i32, i32)>,
}

fn period(text: &str) -> Result<(i32, i32), String> {
    parse_period(text).ok_or_else(|| "write the first and the last day as 2025-01-01..2025-01-31".to_owned())
}

fn name(text: &str) -> Result<String, String> {
    let fits = !text.is_empty() && text.chars().all(|c| c.is_alphanumeric() || c == '_' || c == '-');
    fits.then(|| text.to_owned()).ok_or_else(|| "a name has letters, digits, `_` and `-`".to_owned())
}

/// Writes a first pipeline over exports.
pub(super) fn init(printer: &Printer, args: InitArgs) -> io::Result<u8> {
    let InitArgs { exports, output, force, name, period, no_profiles } = args;
    if let Some(path) = output.as_deref().filter(|path| path.exists() && !force) {
        let error = Diagnostic::pipeline("file-exists", format!("`{}` is there already", path.display()));
        return printer.failure(None, &error.help("name another file, or overwrite it with `--force`"));
    }
    let request = Request { exports, name, period, output: output.clone(), no_profiles };
    let first = match first_pipeline(&request) {
        Ok(first) => first,
        Err(error) => return printer.failure(None, &error),
    };
    if !printer.quiet {
        unless_closed(tell(printer, &first.findings))?;
    }
    let undated: Vec<Diagnostic> = first.undated.iter().map(as_warning).collect();
    printer.diagnostics(None, &undated, Severity::Warning)?;
    match &output {
        None => unless_closed(io::stdout().write_all(first.text.as_bytes()))?,
        Some(path) => {
            if let Err(error) = std::fs::write(path, &first.text) {
                let message = format!("`{}` cannot be written: {error}", path.display());
                return printer.failure(None, &Diagnostic::engine("unwritable-file", message));
            }
            if !printer.quiet && printer.format == OutputFormat::Text {
                let path = path.display();
                unless_closed(writeln!(io::stderr(), "{path} written; next: jalon run {path}"))?;
            }
        }
    }
    // What was written is judged as `run` will judge it.
    let path = output.unwrap_or_else(|| PathBuf::from("pipeline.yaml"));
    let checked = run::check_text(&path, &first.text, &Overrides::default());
    printer.diagnostics(Some(&checked), &checked.diagnostics, Severity::Error)?;
    Ok(checked.exit_code())
}

/// The same, but nothing fails.
fn as_warning(error: &Diagnostic) -> Diagnostic {
    Diagnostic { severity: Severity::Warning, ..error.clone() }
}

/// What was found out, on standard error.
fn tell(printer: &Printer, findings: &[Finding]) -> io::Result<()> {
    let mut stderr = io::stderr().lock();
    let mut table = "";
    for finding in findings {
        if printer.format == OutputFormat::Json {
            writeln!(stderr, "{}", json!({"severity": "finding", "finding": finding}))?;
            continue;
        }
        if finding.table != table {
            table = &finding.table;
            writeln!(stderr, "{table}")?;
        }
        let mark = if finding.unsure { "? " } else { "  " };
        writeln!(stderr, "{mark}{:9} {}", finding.about, finding.text)?;
    }
    if printer.format == OutputFormat::Text {
        let unsure = findings.iter().filter(|finding| finding.unsure).count() as u64;
        if unsure > 0 {
            writeln!(stderr, "\n{} marked `?` to look at", count(unsure, "finding"))?;
        } else {
            writeln!(stderr)?;
        }
    }
    Ok(())
}

/// Shows the first records of a source.
pub(super) fn preview(printer: &Printer, args: &PreviewArgs) -> io::Result<u8> {
    let rows = args.rows as usize;
    let source = args.source.as_deref();
    let seen = if is_pipeline(&args.file) {
        run::preview(&args.file, source, rows)
    } else {
        let request = Request {
            exports: vec![args.file.to_string_lossy().into_owned()],
            period: args.period,
            ..Request::default()
        };
        first_pipeline(&request)
            .and_then(|FirstPipeline { text, .. }| run::preview_text(Path::new("pipeline.yaml"), &text, source, rows))
    };
    let (checked, preview) = match seen {
        Ok(seen) => seen,
        Err(error) => return printer.failure(None, &error),
    };
    printer.diagnostics(Some(&checked), &checked.diagnostics, Severity::Warning)?;
    let Some(preview) = preview else { return Ok(checked.exit_code()) };
    unless_closed(aside(printer, &preview, is_pipeline(&args.file)))?;
    match printer.format {
        OutputFormat::Json => unless_closed(print_json(&as_json(&preview)))?,
        OutputFormat::Text => unless_closed(io::stdout().write_all(table(&preview).as_bytes()))?,
    }
    Ok(0)
}

/// A pipeline is YAML; all else is data.
fn is_pipeline(path: &Path) -> bool {
    path.extension().is_some_and(|e| e.eq_ignore_ascii_case("yaml") || e.eq_ignore_ascii_case("yml"))
}

/// What is not among the records, on standard error.
fn aside(printer: &Printer, preview: &Preview, is_pipeline: bool) -> io::Result<()> {
    if printer.format == OutputFormat::Json {
        return Ok(());
    }
    let mut stderr = io::stderr().lock();
    for (file, bad) in preview.bad.iter().take(TOLD) {
        writeln!(stderr, "bad row: {}:{}: {}", file.display(), bad.line, bad.describe())?;
    }
    if preview.bad.len() > TOLD {
        writeln!(stderr, "bad row: and {} more", preview.bad.len() - TOLD)?;
    }
    if printer.quiet {
        return Ok(());
    }
    if preview.totals > 0 {
        writeln!(stderr, "{} of totals left out", count(preview.totals, "row"))?;
    }
    if !is_pipeline && !preview.others.is_empty() {
        writeln!(stderr, "`{}` of several tables; others: {}", preview.source, preview.others.join(", "))?;
    }
    Ok(())
}

/// The records as an aligned table.
fn table(preview: &Preview) -> String {
    let cell = |value: &Value| match value {
        Value::Null => String::new(),
        Value::String(text) => one_line(text),
        other => other.to_string(),
    };
    let mut rows = vec![preview.columns.iter().map(|name| one_line(name)).collect::<Vec<String>>()];
    rows.extend(preview.rows.iter().map(|row| row.iter().map(cell).collect()));
    let right: Vec<usize> = (0..preview.columns.len())
        .filter(|place| preview.rows.iter().any(|row| row.get(*place).is_some_and(Value::is_number)))
        .collect();
    summary::table(&rows, &right)
}

fn one_line(text: &str) -> String {
    let mut short: String = text.chars().take(SHOWN).map(|c| if c.is_control() { ' ' } else { c }).collect();
    if text.chars().nth(SHOWN).is_some() {
        short.push('…');
    }
    short
}

fn as_json(preview: &Preview) -> Value {
    let record = |row: &Vec<Value>| -> Value {
        Value::Object(preview.columns.iter().cloned().zip(row.iter().cloned()).collect::<Map<String, Value>>())
    };
    let bad = |(file, bad): &(PathBuf, run::BadRow)| json!({"file": file.display().to_string(), "line": bad.line, "column": bad.column, "value": bad.value, "reason": bad.reason});
    json!({
        "source": preview.source,
        "columns": preview.columns,
        "records": preview.rows.iter().map(record).collect::<Vec<Value>>(),
        "bad_rows": preview.bad.iter().map(bad).collect::<Vec<Value>>(),
        "rows_of_totals": preview.totals,
    })
}
