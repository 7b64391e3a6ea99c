//! The order of the doors: text → spec → catalog → plan → roll-ups → reports → files.

mod figure;
mod load;
mod preview;
mod quality;

pub use crate::source::BadRow;
pub use figure::{explain_number, Answer, Part, Question, Records};
pub use load::load;
pub use preview::{preview, preview_text, Preview};

use self::quality::Quarantine;
use crate::calendar::iso_date;
use crate::diagnostic::{Diagnostic, Diagnostics, Severity, YamlPath};
use crate::expr::Expr;
use crate::plan::{ExportPlan, Plan, ReportPlan, Scan, ScorecardPlan};
use crate::publish::{self, InputSummary, Manifest, OutputSummary, RollupSummary, RunSummary, Stage, Standing};
use crate::report::{self, ReportTable, SnapshotCount, SCHEMA_VERSION};
use crate::rollup::{self, Options, Progress, Rollup, Stats};
use crate::scorecard::{self, Scorecard};
use crate::spec::Document;
use crate::{analysis, profiles, resolve, source, spec};
use arrow::record_batch::RecordBatch;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

pub use crate::resolve::Overrides;

/// A pipeline that was read and judged.
pub struct Checked {
    /// Where it is.
    pub path: PathBuf,
    /// Its text, for showing diagnostics.
    pub document: Document,
    /// What there is to tell: errors, warnings, hints.
    pub diagnostics: Vec<Diagnostic>,
    /// The plan, when there is no error.
    pub plan: Option<Plan>,
}

impl Checked {
    /// The exit code that the diagnostics stand for; 0 without errors.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        exit_code(&self.diagnostics)
    }
}

/// The exit code of a list of diagnostics: that of the first error.
#[must_use]
pub fn exit_code(diagnostics: &[Diagnostic]) -> u8 {
    diagnostics.iter().find(|d| d.severity == Severity::Error).map_or(0, |d| d.blame.exit_code())
}

/// Reads a pipeline and the schemas of its files, and plans it. Reads no records but samples of CSV files.
///
/// # Errors
/// Only when the pipeline file itself cannot be read; mistakes in it are in [`Checked::diagnostics`].
pub fn check(path: &Path, overrides: &Overrides) -> Result<Checked, Diagnostic> {
    Ok(check_text(path, &text(path)?, overrides))
}

/// The text of a pipeline file.
fn text(path: &Path) -> Result<String, Diagnostic> {
    std::fs::read_to_string(path).map_err(|error| {
        let diagnostic =
            Diagnostic::pipeline("unreadable-pipeline", format!("`{}` cannot be read: {error}", path.display()));
        match error.kind() {
            std::io::ErrorKind::InvalidData => diagnostic.help("save the file as UTF-8"),
            std::io::ErrorKind::IsADirectory => {
                diagnostic.help("name a pipeline file: `jalon run pipelines/name.yaml`")
            }
            _ => diagnostic,
        }
    })
}

/// Judges the text of a pipeline that stands, or will stand, at `path`.
pub fn check_text(path: &Path, text: &str, overrides: &Overrides) -> Checked {
    let path = path.to_path_buf();
    let spec::Parsed { pipeline, errors, document } = spec::parse(text);
    let Some(mut pipeline) = pipeline else {
        return Checked { path, document, diagnostics: errors, plan: None };
    };
    let mut diagnostics = Diagnostics::default();
    diagnostics.extend(errors);
    profiles::expand(&mut pipeline, &mut diagnostics);
    let catalog = source::inspect(&pipeline, &mut diagnostics);
    let plan = resolve::resolve(&pipeline, &catalog, overrides, &mut diagnostics);
    if let Some(plan) = &plan {
        diagnostics.extend(outputs_over_inputs(&path, &pipeline, plan));
    }
    let plan = plan.filter(|_| !diagnostics.has_errors());
    Checked { path, document, diagnostics: diagnostics.into_vec(), plan }
}

/// Exports that would replace what the pipeline reads, or be read by its next run.
fn outputs_over_inputs(path: &Path, pipeline: &spec::Pipeline, plan: &Plan) -> Vec<Diagnostic> {
    let real = |p: &Path| std::fs::canonicalize(p).ok();
    let mut errors = vec![];
    let files: Vec<(&str, PathBuf)> = plan
        .scans
        .iter()
        .flat_map(|scan| scan.files.iter().filter_map(|f| Some((scan.source.as_str(), real(&f.path)?))))
        .collect();
    let root = YamlPath::root();
    let of_reports = plan.reports.iter().enumerate().map(|(i, report)| (root.key("reports").index(i), &report.exports));
    let of_scorecard = plan.scorecard.iter().map(|scorecard| (root.key("scorecard"), &scorecard.exports));
    let drivers = plan.analyses.drivers.iter().map(|d| (&d.name, &d.exports));
    let all = drivers.chain(plan.analyses.content_fits.iter().map(|f| (&f.name, &f.exports)));
    let of_analyses = all.map(|(name, exports)| {
        let place = pipeline.analyses.iter().position(|analysis| analysis.name == *name).unwrap_or(0);
        (root.key("analyses").index(place), exports)
    });
    for (at, exports) in of_reports.chain(of_scorecard).chain(of_analyses) {
        for (j, export) in exports.iter().enumerate() {
            let target = plan.output_root.join(&export.path);
            let at = at.key("exports").index(j).key("path");
            let probe = if export.partition_by.is_empty() { target.clone() } else { target.join("part-0.parquet") };
            let there = real(&target);
            let holds = files.iter().find(|(_, file)| there.as_ref().is_some_and(|there| file.starts_with(there)));
            let reader = holds.map(|(source, _)| format!("`{source}`")).or_else(|| source::reads(pipeline, &probe));
            if let Some(reader) = reader {
                errors.push(
                    Diagnostic::pipeline("clashing-paths", format!("`{}` is read by {reader}", export.path.display()))
                        .at(&at)
                        .note("the report would replace its own input, or be read as input by the next run")
                        .help("write reports to a folder of their own"),
                );
            } else if real(path).is_some() && real(path) == real(&target) {
                errors
                    .push(Diagnostic::pipeline("clashing-paths", "the report would replace the pipeline file").at(&at));
            }
        }
    }
    errors
}

/// A finished run.
pub struct Finished {
    /// What happened.
    pub manifest: Manifest,
    /// Where the manifest is.
    pub manifest_path: PathBuf,
    /// The output root.
    pub output_root: PathBuf,
    /// How the targets stand.
    pub scorecard: Option<Scorecard>,
}

/// Carries out a plan and publishes its reports.
///
/// # Errors
/// Bad data, a failing engine, or places that cannot be written; then no report has been touched.
pub fn run(checked: &Checked, plan: &Plan, options: &Options, progress: &Progress) -> Result<Finished, Diagnostic> {
    let started = Instant::now();
    let started_at = jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
    let id = run_id();
    let mut targets = publish::targets(plan);
    let manifest_path = publish::manifest_path(plan);
    targets.push((manifest_path.clone(), false));
    // Begun and dropped: a folder that cannot be written is told before an hour of scanning, not after.
    drop(Stage::begin(&plan.output_root, &id, &targets)?);
    let (rollups, stats) = rollup::roll_up(plan, options, progress)?;
    account(&stats)?;
    let quarantine = Quarantine::of(plan);
    let judged = quarantine.judge(plan, &stats, &id)?;
    let stage = Stage::begin(&plan.output_root, &id, &targets)?;
    let mut manifest = manifest(checked, plan, options, &rollups, &stats, id);
    manifest.checks = judged.checks;
    manifest.warnings.extend(judged.warnings);
    let prepared = report::Prepared::new(plan, rollups, &stats);
    let written = build_and_write(plan, &prepared, &stage, options.threads)?;
    let mut tables = vec![];
    for (report, Built { outputs, snapshots, table }) in written.into_iter().enumerate() {
        manifest.outputs.extend(outputs);
        for snapshot in snapshots {
            // What a report tells already is not told again of a figure behind it.
            let same = |s: &SnapshotCount| s.metric == snapshot.metric && s.grain == snapshot.grain;
            if !(plan.reports[report].is_internal && manifest.snapshots.iter().any(same)) {
                manifest.snapshots.push(snapshot);
            }
        }
        tables.extend(table.map(|table| (report, table)));
    }
    for (name, exports, table) in analysed(plan, &tables)? {
        let report = ReportPlan { name, exports, ..ReportPlan::default() };
        let table = ReportTable { long: Some(table), ..ReportTable::default() };
        manifest.outputs.extend(publish::write(&report, &table, &stage)?);
    }
    let scorecard = match &plan.scorecard {
        None => None,
        Some(targets) => {
            let scorecard = scorecard::build(plan, targets, &tables, &|metric| prepared.known(metric))?;
            let table =
                ReportTable { long: Some(scorecard::table(plan, targets, &scorecard)?), ..ReportTable::default() };
            let name = "scorecard".to_owned();
            let report = ReportPlan { name, exports: targets.exports.clone(), ..ReportPlan::default() };
            manifest.outputs.extend(publish::write(&report, &table, &stage)?);
            manifest.scorecard = standings(plan, targets, &scorecard);
            manifest.warnings.extend(unjudged(targets, &scorecard));
            Some(scorecard)
        }
    };
    manifest.warnings.extend(empty_reports(&manifest.outputs));
    manifest.outputs.extend(quarantine.write(plan, &stats, &stage)?);
    manifest.warnings.extend(partial_snapshots(&manifest.snapshots));
    manifest.run.started = started_at;
    manifest.run.seconds = started.elapsed().as_secs_f64();
    let json = serde_json::to_string_pretty(&manifest).map_err(|e| Diagnostic::bug(e.to_string()))? + "\n";
    publish::write_durably(&stage.staged(&manifest_path), &json)
        .map_err(|e| Diagnostic::engine("cannot-write", format!("the manifest cannot be written: {e}")))?;
    stage.commit()?;
    Ok(Finished { manifest, manifest_path, output_root: plan.output_root.clone(), scorecard })
}

/// The analyses: name, files and table of each.
fn analysed(
    plan: &Plan,
    tables: &[(usize, ReportTable)],
) -> Result<Vec<(String, Vec<ExportPlan>, RecordBatch)>, Diagnostic> {
    let by_report: BTreeMap<usize, &ReportTable> = tables.iter().map(|(report, table)| (*report, table)).collect();
    let mut done = vec![];
    for drivers in &plan.analyses.drivers {
        let table = analysis::drivers(plan, drivers, &by_report)?;
        done.push((drivers.name.clone(), drivers.exports.clone(), table));
    }
    for fit in &plan.analyses.content_fits {
        let table = analysis::content_fit(plan, fit, by_report.get(&fit.report).copied())?;
        done.push((fit.name.clone(), fit.exports.clone(), table));
    }
    Ok(done)
}

/// What became of a report.
struct Built {
    outputs: Vec<OutputSummary>,
    snapshots: Vec<SnapshotCount>,
    /// For the scorecard: the table itself.
    table: Option<ReportTable>,
}

/// Builds and writes all reports. A table is written and dropped before its thread makes the next: one a thread is in
/// memory. These are threads of their own, not rayon's: one of those, while it waits for Polars, would begin another report.
fn build_and_write(
    plan: &Plan,
    prepared: &report::Prepared<'_>,
    stage: &Stage,
    threads: usize,
) -> Result<Vec<Built>, Diagnostic> {
    let next = AtomicUsize::new(0);
    let done: Mutex<Vec<Option<Result<Built, Diagnostic>>>> = Mutex::new(plan.reports.iter().map(|_| None).collect());
    let work = || loop {
        let index = next.fetch_add(1, Ordering::Relaxed);
        let Some(report) = plan.reports.get(index) else { return };
        let written = prepared.table(index).and_then(|mut table| {
            let outputs = publish::write(report, &table, stage)?;
            let snapshots = std::mem::take(&mut table.snapshots);
            Ok(Built { outputs, snapshots, table: report.is_internal.then_some(table) })
        });
        if written.is_err() {
            next.store(plan.reports.len(), Ordering::Relaxed);
        }
        done.lock().unwrap_or_else(PoisonError::into_inner)[index] = Some(written);
    };
    std::thread::scope(|scope| {
        for _ in 1..threads.min(plan.reports.len()) {
            scope.spawn(work);
        }
        work();
    });
    let done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
    // After a failure reports are missing, but the failure is there.
    let failed = done.iter().any(|report| matches!(report, Some(Err(_))));
    done.into_iter()
        .filter(|report| !failed || matches!(report, Some(Err(_))))
        .map(|report| report.unwrap_or_else(|| Err(Diagnostic::bug("a report was not built"))))
        .collect()
}

/// Targets that say nothing: without figures to reach, or without a figure of their metric.
fn unjudged(targets: &ScorecardPlan, card: &Scorecard) -> Vec<Diagnostic> {
    let told = |(index, has_figures): (usize, bool)| {
        let target = &targets.targets[index];
        let objective = &targets.objectives[target.objective].name;
        let group: Vec<String> = target
            .group
            .iter()
            .map(|(dim, value)| format!(", {} = {}", dim.name, Expr::Literal(value.clone())))
            .collect();
        let of = format!("`{}` ({}{})", target.metric, target.segment, group.concat());
        let what =
            if has_figures { "no figure of its metric is known" } else { "it has nothing to reach in any period" };
        let grain = target.grain.as_str();
        let message = format!("objective `{objective}`: the target on {of} by {grain} is not judged: {what}");
        let help = if has_figures {
            "check its segment and dimensions: values are compared as they are written"
        } else {
            "check its baseline (is the earlier period in the data, before no change of definition?) and the objective's dates"
        };
        Diagnostic::warning("target-not-judged", message).help(help)
    };
    card.unjudged(targets).into_iter().map(told).collect()
}

/// How every target stands now, for the manifest.
fn standings(plan: &Plan, targets: &ScorecardPlan, card: &Scorecard) -> Vec<Standing> {
    let standing = |row: &scorecard::Row| {
        let (objective, target, metric) = scorecard::subject(plan, targets, row);
        Standing {
            objective: objective.name.clone(),
            metric: metric.name.clone(),
            segment: target.segment.clone(),
            dimensions: row.group.clone(),
            grain: row.grain,
            period: row.label.clone(),
            target: row.aim,
            value: row.value,
            attainment: row.attainment,
            status: row.status,
            expected: row.expected,
            projection: row.projection,
        }
    };
    card.current(targets).into_iter().map(standing).collect()
}

/// Every record must be in exactly one bucket.
fn account(stats: &Stats) -> Result<(), Diagnostic> {
    for (name, source) in &stats.sources {
        if let Some(file) = source.files.iter().find(|f| !f.adds_up()) {
            return Err(Diagnostic::bug(format!(
                "the records of `{}` (source `{name}`) do not add up: {file:?}",
                file.path.display()
            )));
        }
    }
    Ok(())
}

fn manifest(
    checked: &Checked,
    plan: &Plan,
    options: &Options,
    rollups: &[Rollup],
    stats: &Stats,
    id: String,
) -> Manifest {
    let inputs = stats
        .sources
        .iter()
        .map(|(name, source)| InputSummary {
            source: name.clone(),
            first_day: source.days.first().map(|d| iso_date(*d)),
            last_day: source.days.last().map(|d| iso_date(*d)),
            total: source.total(),
            files: source.by_file(),
            unmatched: source.unmatched.clone(),
        })
        .collect();
    let mut warnings: Vec<Diagnostic> =
        checked.diagnostics.iter().filter(|d| d.severity == Severity::Warning).cloned().collect();
    warnings.extend(data_warnings(plan, rollups, stats));
    Manifest {
        manifest_version: 1,
        schema_version: SCHEMA_VERSION,
        jalon_version: env!("CARGO_PKG_VERSION"),
        pipeline: plan.name.clone(),
        pipeline_sha256: publish::hex(&Sha256::digest(checked.document.text())),
        engine: options.engine().name(),
        inputs,
        rollups: rollups
            .iter()
            .map(|r| RollupSummary { id: format!("r{}", r.id), cells: r.cells.num_rows() as u64 })
            .collect(),
        outputs: vec![],
        snapshots: vec![],
        scorecard: vec![],
        checks: vec![],
        warnings,
        run: RunSummary {
            id,
            started: String::new(),
            seconds: 0.0,
            threads: options.threads,
            state_bytes: stats.state_bytes.iter().sum(),
        },
    }
}

/// What only the data could tell.
fn data_warnings(plan: &Plan, rollups: &[Rollup], stats: &Stats) -> Vec<Diagnostic> {
    let mut warnings = vec![];
    for (name, source) in &stats.sources {
        for (what, count) in &source.not_finite {
            let count = crate::diagnostic::count(*count, "record");
            warnings.push(
                Diagnostic::warning("not-finite", format!("source `{name}`: {count} with NaN or infinity in `{what}`"))
                    .note("they are left out, as if the cell were empty"),
            );
        }
        for (lookup, count) in source.unmatched.iter().filter(|(_, count)| **count > 0) {
            let of = crate::diagnostic::grouped(source.total().records);
            let message = format!(
                "source `{name}`: {} of {of} without a row in lookup `{lookup}`",
                crate::diagnostic::count(*count, "record")
            );
            warnings.push(Diagnostic::warning("unmatched", message).note("what it would tell is null for them"));
        }
        if source.total().records == 0 && !source.total().unread {
            warnings.push(Diagnostic::warning("no-records", format!("source `{name}`: its files hold no records")));
        }
    }
    warnings.extend(rollup::look_alikes(plan, rollups));
    warnings.extend(plan.reports.iter().flat_map(|report| too_short(plan, report, stats)));
    warnings
}

/// Sources that begin after the days that a report with a `start` looks back to.
fn too_short(plan: &Plan, report: &ReportPlan, stats: &Stats) -> Vec<Diagnostic> {
    let mut warnings = vec![];
    for (source, wanted) in &report.looks_back {
        let first = first_day(plan, source, stats);
        let Some(first) = first.filter(|first| first > wanted) else { continue };
        let message = format!(
            "report `{}` looks back to {}, but source `{source}` begins on {}",
            report.name,
            iso_date(*wanted),
            iso_date(first)
        );
        let note = "windows hold the days that are there, comparisons with days before the first are withheld";
        warnings.push(Diagnostic::warning("data-too-short", message).note(note));
    }
    warnings
}

/// The first day of a source or union.
fn first_day(plan: &Plan, source: &str, stats: &Stats) -> Option<i32> {
    let feeds = |scan: &&Scan| scan.feeds.iter().any(|id| plan.rollups[*id].source == source);
    let days = plan.scans.iter().filter(feeds).filter_map(|scan| stats.sources.get(&scan.source)?.days.first());
    days.min().copied()
}

fn empty_reports(outputs: &[OutputSummary]) -> impl Iterator<Item = Diagnostic> + '_ {
    outputs.iter().filter(|o| o.rows == 0).map(|output| {
        Diagnostic::warning(
            "empty-report",
            format!("report `{}` has no rows in `{}`", output.report, output.path.display()),
        )
    })
}

/// Sums of accounts some of which have no record in the period: too low, and nobody would see it.
fn partial_snapshots(snapshots: &[SnapshotCount]) -> impl Iterator<Item = Diagnostic> + '_ {
    snapshots.iter().filter(|s| s.partial_periods > 0).map(|s| {
        let periods = crate::diagnostic::count(s.partial_periods, s.grain);
        let message = format!("report `{}`: `{}` is incomplete in {periods}", s.report, s.metric);
        Diagnostic::warning("keys-missing", message)
            .note("some keys have records before, but none in the period: they are missing from its value")
            .help("`carry_forward: 7 days` on the metric takes a value of the days before")
    })
}

/// A name that sorts by time and tells runs of one second apart.
fn run_id() -> String {
    let now = jiff::Timestamp::now();
    format!("{}-{}", now.strftime("%Y%m%dT%H%M%S%6fZ"), std::process::id())
}
