//! Judging a run's records before anything is published: rows that cannot be read, and the pipeline's own checks.

use crate::calendar::iso_date;
use crate::diagnostic::{count, grouped, short_list, Diagnostic};
use crate::plan::{CheckKind, CheckPlan, Plan, ReportPlan, Scan};
use crate::publish::{self, CheckSummary, OutputSummary, Stage};
use crate::report::ReportTable;
use crate::rollup::{SourceStats, Stats};
use crate::spec::Level;
use arrow::array::{ArrayRef, Int64Array, StringArray};
use arrow::datatypes::{Field, Schema};
use arrow::record_batch::RecordBatch;
use sha2::{Digest, Sha256};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Bad rows that a message shows.
const SHOWN: usize = 3;

/// Where rows that cannot be read are kept.
pub(super) struct Quarantine {
    path: Option<PathBuf>,
}

/// What the judgement came to, where nothing stops the run.
pub(super) struct Judged {
    /// How the checks came out.
    pub(super) checks: Vec<CheckSummary>,
    /// What there is to tell.
    pub(super) warnings: Vec<Diagnostic>,
}

impl Quarantine {
    pub(super) fn of(plan: &Plan) -> Self {
        Self { path: plan.quarantine.first().map(|export| plan.output_root.join(&export.path)) }
    }

    /// Judges the records of a run.
    ///
    /// # Errors
    /// Too many rows are bad (they are written all the same), or a check failed.
    pub(super) fn judge(&self, plan: &Plan, stats: &Stats, id: &str) -> Result<Judged, Diagnostic> {
        let path = self.path.as_deref();
        if let Some(error) = too_many_bad_rows(plan, stats, path) {
            // The rows can be looked at; nothing else is touched.
            let targets: Vec<(PathBuf, bool)> = plan.quarantine.iter().map(|e| (e.path.clone(), false)).collect();
            if !targets.is_empty() {
                let stage = Stage::begin(&plan.output_root, id, &targets)?;
                self.write(plan, stats, &stage)?;
                stage.commit()?;
            }
            return Err(error);
        }
        let now = jiff::Timestamp::now().as_microsecond();
        let today = plan.as_of.or_else(|| plan.calendar.day_of(now)).unwrap_or(0);
        let (checks, failed, failure) = checks(plan, stats, today);
        if let Some(failure) = failure {
            return Err(failure);
        }
        let warnings = warnings(plan, stats, path).into_iter().chain(failed).collect();
        Ok(Judged { checks, warnings })
    }

    /// Writes the rows that cannot be read.
    ///
    /// # Errors
    /// Places that cannot be written.
    pub(super) fn write(&self, plan: &Plan, stats: &Stats, stage: &Stage) -> Result<Vec<OutputSummary>, Diagnostic> {
        if self.path.is_none() {
            return Ok(vec![]);
        }
        let exports = plan.quarantine.clone();
        let report = ReportPlan { name: "quarantine".to_owned(), exports, ..ReportPlan::default() };
        let table = ReportTable { long: Some(table(stats)?), ..ReportTable::default() };
        publish::write(&report, &table, stage)
    }
}

/// A bad row with its source and file.
type Bad<'b> = (&'b str, String, &'b crate::source::BadRow);

/// The records that cannot be read, as a table: source, file, line, column, value, reason, record.
///
/// # Errors
/// None that is not a bug.
fn table(stats: &Stats) -> Result<RecordBatch, Diagnostic> {
    let mut rows: Vec<Bad<'_>> = vec![];
    for (name, source) in &stats.sources {
        rows.extend(source.bad.iter().map(|(file, bad)| (name.as_str(), file_name(source, *file), bad)));
    }
    let text = |of: &dyn Fn(&Bad<'_>) -> Option<String>| -> ArrayRef {
        Arc::new(rows.iter().map(of).collect::<StringArray>())
    };
    let lines: Int64Array = rows.iter().map(|(_, _, bad)| i64::try_from(bad.line).ok()).collect();
    let columns: Vec<(&str, bool, ArrayRef)> = vec![
        ("source", false, text(&|(source, _, _)| Some((*source).to_owned()))),
        ("file", false, text(&|(_, file, _)| Some(file.clone()))),
        ("line", false, Arc::new(lines)),
        ("column", true, text(&|(_, _, bad)| bad.column.clone())),
        ("value", true, text(&|(_, _, bad)| bad.value.clone())),
        ("reason", false, text(&|(_, _, bad)| Some(bad.reason.clone()))),
        ("record", false, text(&|(_, _, bad)| Some(bad.record.clone()))),
    ];
    let fields: Vec<Field> =
        columns.iter().map(|(name, nullable, array)| Field::new(*name, array.data_type().clone(), *nullable)).collect();
    let arrays = columns.into_iter().map(|(_, _, array)| array).collect();
    RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays).map_err(|e| Diagnostic::bug(e.to_string()))
}

fn file_name(source: &SourceStats, file: usize) -> String {
    source.files.get(file).map(|f| f.path.display().to_string()).unwrap_or_default()
}

/// The error for sources with more bad rows than they allow; `kept` is where the rows can be looked at.
fn too_many_bad_rows(plan: &Plan, stats: &Stats, kept: Option<&Path>) -> Option<Diagnostic> {
    let mut found: Option<Diagnostic> = None;
    for scan in &plan.scans {
        let Some(source) = stats.sources.get(&scan.source) else { continue };
        let (bad, all) = (source.bad.len() as u64, source.total().records);
        if !scan.reading.max_bad_rows.is_passed(bad, all) {
            continue;
        }
        let message = format!(
            "source `{}`: {} of {} cannot be read, more than `max_bad_rows: {}`",
            scan.source,
            grouped(bad),
            count(all, "row"),
            scan.reading.max_bad_rows
        );
        let error = found.take().map_or_else(
            || Diagnostic::data("too-many-bad-rows", message.clone()),
            |error| error.note(message.clone()),
        );
        found = Some(shown(error, source));
    }
    let error = found?.note("no report was touched: the files of the last run are as they were");
    let help = match kept {
        Some(path) => format!("look at the rows in `{}`; ", path.display()),
        None => String::new(),
    };
    Some(error.help(format!(
        "{help}say how numbers and dates are written (`numbers:`, `format:`), correct the files, or allow more: `max_bad_rows: 5 %`"
    )))
}

/// The first bad rows of each kind.
fn shown(mut told: Diagnostic, source: &SourceStats) -> Diagnostic {
    let mut kinds: Vec<(Option<&str>, &str)> = vec![];
    for (file, bad) in &source.bad {
        let kind = (bad.column.as_deref(), if bad.column.is_some() { "" } else { bad.reason.as_str() });
        if kinds.len() < SHOWN && !kinds.contains(&kind) {
            kinds.push(kind);
            let text = format!("{}:{}: {}", file_name(source, *file), bad.line, bad.describe());
            told = told.note(text);
        }
    }
    told
}

/// What was noticed of records, for people.
fn warnings(plan: &Plan, stats: &Stats, kept: Option<&Path>) -> Vec<Diagnostic> {
    let mut told = vec![];
    for scan in &plan.scans {
        let Some(source) = stats.sources.get(&scan.source) else { continue };
        let name = &scan.source;
        if !source.bad.is_empty() {
            let message = format!(
                "source `{name}`: {} of {} cannot be read and are left out",
                grouped(source.bad.len() as u64),
                count(source.total().records, "row")
            );
            let warning = shown(Diagnostic::warning("bad-rows", message), source);
            told.push(match kept {
                Some(path) => warning.help(format!("they are kept in `{}`", path.display())),
                None => warning,
            });
        }
        if source.repeated_keys > 0 {
            let rows = count(source.repeated_keys, "row");
            let message = format!("source `{name}`: {rows} with a key that stands in the same export once more");
            told.push(
                Diagnostic::warning("duplicate-keys", message).note("of each key the last row of an export counts"),
            );
        }
        for (column, cells) in &source.censored {
            let message = format!(
                "source `{name}`: {} of `{column}` tell a bound such as `< 10%` instead of a value",
                count(*cells, "cell")
            );
            told.push(Diagnostic::warning("censored", message).note("they are unknown, neither zero nor the bound"));
        }
        for (column, (cells, example)) in &source.damaged_ids {
            let message = format!(
                "source `{name}`: {} in `{column}` were rounded by a spreadsheet, as `{example}`",
                count(*cells, "id")
            );
            let note = "their last digits are lost for good: different records may look the same";
            let help =
                "export the file again without opening it in a spreadsheet, or tell records apart by another column";
            told.push(Diagnostic::warning("damaged-ids", message).note(note).help(help));
        }
        if !source.placeholders.is_empty() {
            let measures: Vec<String> = source.placeholders.iter().map(|measure| format!("`{measure}`")).collect();
            let are = if measures.len() == 1 { "is" } else { "are" };
            let measures = measures.join(", ");
            let message =
                format!("source `{name}`: {measures} {are} 0 in every record, although other figures are not");
            let note = "some exports print 0 where a figure is not available: it may not be a measurement";
            told.push(Diagnostic::warning("placeholder-zeros", message).note(note));
        }
    }
    told
}

/// How a check came out.
struct Outcome {
    passed: bool,
    found: String,
}

/// Carries out the checks that need the whole account; all of them are told.
fn checks(plan: &Plan, stats: &Stats, today: i32) -> (Vec<CheckSummary>, Vec<Diagnostic>, Option<Diagnostic>) {
    let (mut summaries, mut warnings, mut failure) = (vec![], vec![], None::<Diagnostic>);
    for scan in &plan.scans {
        let Some(source) = stats.sources.get(&scan.source) else { continue };
        for (i, check) in scan.checks.iter().enumerate() {
            let found = source.checks.get(i).copied().unwrap_or(0.0);
            let Outcome { passed, found } = outcome(scan, source, check, found, today);
            summaries.push(CheckSummary {
                source: scan.source.clone(),
                check: check.name.clone(),
                level: check.level,
                passed,
                found: found.clone(),
            });
            if passed {
                continue;
            }
            let message = format!("source `{}`: check `{}` failed: {found}", scan.source, check.name);
            match (check.level, &mut failure) {
                (Level::Warn, _) => warnings.push(Diagnostic::warning("check-failed", message)),
                (Level::Fail, Some(error)) => *error = error.clone().note(message),
                (Level::Fail, None) => failure = Some(Diagnostic::check("check-failed", message)),
            }
        }
    }
    let told = |error: Diagnostic| error.note("nothing was published: the files of the last run are as they were");
    (summaries, warnings, failure.map(told))
}

/// Records that are left of a source's files when totals, old snapshots and bad rows are set aside.
fn records(source: &SourceStats) -> u64 {
    let total = source.total();
    total.records - total.totals - total.superseded - total.quarantined
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "counts of records")]
fn outcome(scan: &Scan, source: &SourceStats, check: &CheckPlan, found: f64, today: i32) -> Outcome {
    let all = records(source);
    match &check.kind {
        CheckKind::Records { max, .. } | CheckKind::Duplicate { max, .. } => {
            let at_fault = found as u64;
            let passed = !max.is_passed(at_fault, all);
            Outcome { passed, found: format!("{} of {}", grouped(at_fault), count(all, "record")) }
        }
        CheckKind::RowCount { min, max } => {
            let passed = min.is_none_or(|min| all >= min) && max.is_none_or(|max| all <= max);
            let wanted = match (min, max) {
                (Some(min), Some(max)) if min == max => format!("{} expected", grouped(*min)),
                (Some(min), Some(max)) => format!("{} to {} expected", grouped(*min), grouped(*max)),
                (Some(min), None) => format!("at least {} expected", grouped(*min)),
                (None, Some(max)) => format!("at most {} expected", grouped(*max)),
                (None, None) => "any number expected".to_owned(),
            };
            Outcome { passed, found: format!("{}, {wanted}", count(all, "record")) }
        }
        CheckKind::Freshness { days } => match source.days.last() {
            None => Outcome { passed: false, found: "there is no record with a date".to_owned() },
            Some(last) => {
                let age = today - last;
                let found = format!(
                    "the newest record is of {}, {} before {}",
                    iso_date(*last),
                    count(u64::from(age.unsigned_abs()), "day"),
                    iso_date(today)
                );
                Outcome { passed: age <= *days, found }
            }
        },
        CheckKind::Total { sum, .. } => {
            let passed = (found - sum).abs() <= 1e-9 * sum.abs().max(1.0);
            Outcome { passed, found: format!("{found}, {sum} expected") }
        }
        CheckKind::Checksum { file, sha256 } => checksum(scan, file, sha256),
    }
}

fn checksum(scan: &Scan, file: &str, wanted: &str) -> Outcome {
    let named = scan.files.iter().filter(|f| f.path.file_name().is_some_and(|n| n.to_string_lossy() == *file));
    let mut wrong = vec![];
    for file in named {
        match sha256(&file.path) {
            Ok(found) if found == wanted => {}
            Ok(found) => wrong.push(format!("{} has {found}", file.path.display())),
            Err(error) => wrong.push(format!("{} cannot be read: {error}", file.path.display())),
        }
    }
    let names: Vec<&str> = wrong.iter().map(String::as_str).collect();
    let found = if wrong.is_empty() { "as expected".to_owned() } else { short_list(&names) };
    Outcome { passed: wrong.is_empty(), found }
}

fn sha256(path: &Path) -> std::io::Result<String> {
    let mut file = std::fs::File::open(path)?;
    let mut hasher = Sha256::new();
    let mut buffer = vec![0u8; 1 << 18];
    loop {
        let read = file.read(&mut buffer)?;
        if read == 0 {
            return Ok(publish::hex(&hasher.finalize()));
        }
        hasher.update(&buffer[..read]);
    }
}
