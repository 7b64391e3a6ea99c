//! Reports: names, grains and ranges; whether every dimension and segment exists in every source that is read; and
//! the additivity contract, which refuses to add up what does not.

use super::exports;
use super::metrics::Metrics;
use super::segments::Segments;
use super::{check_reserved, Overrides};
use crate::calendar::{iso_date, parse_date, Calendar, Grain};
use crate::diagnostic::{Diagnostic, Diagnostics, Part, YamlPath};
use crate::expr::Type;
use crate::plan::{DayRange, Dim, Formula, LogicalSource, MetricPlan, ReportPlan, ALL};
use crate::spec::{IncompletePeriods, Pipeline, Report};
use indexmap::IndexMap;

pub(super) fn resolve(
    spec: &Pipeline,
    sources: &IndexMap<String, LogicalSource>,
    metrics: &Metrics,
    segments: &Segments,
    calendar: Option<&Calendar>,
    overrides: &Overrides,
    errors: &mut Diagnostics,
) -> (Vec<ReportPlan>, exports::Taken) {
    let mut plans: Vec<ReportPlan> = vec![];
    let mut taken = exports::Taken::new();
    if spec.reports.is_empty() && spec.objectives.is_empty() && spec.analyses.is_empty() {
        let error = Diagnostic::pipeline("no-reports", "the pipeline has no reports");
        errors.push(error.at_key(&YamlPath::root().key("reports")));
    }
    let wanted = |report: &Report| overrides.report.as_ref().is_none_or(|name| *name == report.name);
    for (i, report) in spec.reports.iter().enumerate().filter(|(_, report)| wanted(report)) {
        let at = YamlPath::root().key("reports").index(i);
        if !super::is_name(&report.name) {
            let error = Diagnostic::pipeline("invalid-name", format!("`{}` is not a name for a report", report.name));
            errors.push(error.at(&at.key("name")).help("letters, digits, `_` and `-`"));
        }
        if plans.iter().any(|p| p.name == report.name) {
            let error = Diagnostic::pipeline("duplicate-name", format!("two reports are called `{}`", report.name));
            errors.push(error.at(&at.key("name")));
        }
        let incomplete = report.incomplete_periods.or(spec.calendar.incomplete_periods).unwrap_or_default();
        let mut resolver = Resolver { report, at, sources, metrics, segments, overrides, errors };
        let plan = resolver.resolve(calendar);
        let exports = exports::resolve(report, &resolver.at, &mut taken, resolver.errors);
        plans.push(ReportPlan { incomplete, exports, ..plan });
    }
    (plans, taken)
}

/// A report that only holds figures for the scorecard or an analysis; `at` is where those stand.
pub(super) fn internal(
    report: &Report,
    at: YamlPath,
    known: &super::objectives::Known<'_>,
    overrides: &Overrides,
    errors: &mut Diagnostics,
) -> ReportPlan {
    let super::objectives::Known { sources, metrics, segments, calendar, .. } = *known;
    let plan = Resolver { report, at, sources, metrics, segments, overrides, errors }.resolve(Some(calendar));
    ReportPlan { is_internal: true, incomplete: IncompletePeriods::Keep, ..plan }
}

pub(super) struct Resolver<'r> {
    pub(super) report: &'r Report,
    pub(super) at: YamlPath,
    pub(super) sources: &'r IndexMap<String, LogicalSource>,
    pub(super) metrics: &'r Metrics,
    segments: &'r Segments,
    overrides: &'r Overrides,
    pub(super) errors: &'r mut Diagnostics,
}

/// A source that a report reads, and a metric that reads it.
pub(super) type Read<'r> = (&'r LogicalSource, &'r MetricPlan);

/// Each source once.
fn once_each<'r>(readers: &[Read<'r>]) -> Vec<Read<'r>> {
    let mut read: Vec<Read<'r>> = vec![];
    for reader in readers {
        if !read.iter().any(|(known, _)| known.name == reader.0.name) {
            read.push(*reader);
        }
    }
    read
}

impl<'r> Resolver<'r> {
    fn resolve(&mut self, calendar: Option<&Calendar>) -> ReportPlan {
        let shown = self.shown();
        let computed = self.computed(&shown);
        let range = self.range();
        let segments = self.segment_names();
        let grains = self.grains();
        let readers = self.readers(&computed);
        let dims = self.dims(&readers);
        let read = once_each(&readers);
        self.check_segments(&segments, &read);
        self.check_grains(&grains, &read);
        self.check_range(range, &read, calendar);
        let mut levels = self.levels(&dims);
        let top = self.top(&shown, &computed, &dims, &mut levels);
        let attributes = self.attributes(&readers, &dims);
        let single_valued = self.check_additivity(&computed, &grains, &levels);
        let compare = self.compare();
        let fallback = Calendar::default();
        let calendar = calendar.unwrap_or(&fallback);
        self.check_views(&computed, &compare, &grains, calendar);
        let reads = self.reads(range, (&shown, &compare), &grains, calendar);
        let looks_back = self.looks_back(range, (&shown, &compare), &grains, calendar);
        let as_of = self.overrides.as_of;
        let reads =
            DayRange { end: as_of.map_or(reads.end, |day| Some(reads.end.map_or(day, |end| end.min(day)))), ..reads };
        ReportPlan {
            name: self.report.name.clone(),
            description: self.report.description.clone(),
            metrics: shown.into_iter().map(|(name, _)| name).collect(),
            hidden_dims: self.hidden_dims(&computed, &dims),
            computed,
            dims,
            levels,
            top,
            attributes,
            grains,
            segments,
            range,
            reads,
            looks_back,
            inputs: vec![],
            single_valued,
            compare,
            incomplete: IncompletePeriods::default(),
            exports: vec![],
            is_internal: false,
        }
    }

    /// The metrics named, with their index in the list; unknown and repeated ones are told.
    fn shown(&mut self) -> Vec<(String, usize)> {
        let at = self.at.key("metrics");
        let mut shown: Vec<(String, usize)> = vec![];
        for (i, name) in self.report.metrics.iter().enumerate() {
            if !self.metrics.names.contains(name) {
                let message = format!("report `{}` shows `{name}`, which is not a metric", self.report.name);
                let known = self.metrics.names.iter().map(String::as_str);
                self.errors.push(
                    Diagnostic::pipeline("unknown-metric", message).at(&at.index(i)).suggest(name, "metrics", known),
                );
            } else if shown.iter().any(|(known, _)| known == name) {
                self.errors
                    .push(Diagnostic::pipeline("duplicate-name", format!("`{name}` is listed twice")).at(&at.index(i)));
            } else if self.metrics.resolved.contains_key(name) {
                shown.push((name.clone(), i));
            }
        }
        if self.report.metrics.is_empty() {
            let error = Diagnostic::pipeline("no-metrics", format!("report `{}` shows no metrics", self.report.name));
            self.errors.push(error.at(&at));
        }
        shown
    }

    /// The metrics shown and all they are made of, each after its inputs: the order of the resolved map.
    fn computed(&self, shown: &[(String, usize)]) -> Vec<String> {
        let mut needed: Vec<&str> = shown.iter().map(|(name, _)| name.as_str()).collect();
        let mut next = 0;
        while next < needed.len() {
            if let Some(metric) = self.metrics.resolved.get(needed[next]) {
                for input in metric.formula.inputs() {
                    if !needed.contains(&input) {
                        needed.push(input);
                    }
                }
            }
            next += 1;
        }
        self.metrics.resolved.keys().filter(|name| needed.contains(&name.as_str())).cloned().collect()
    }

    fn range(&mut self) -> DayRange {
        let mut day = |key: &str, text: &Option<String>| {
            let text = text.as_ref()?;
            let day = parse_date(text);
            if day.is_none() {
                let error = Diagnostic::pipeline("invalid-date", format!("`{text}` is not a date"));
                self.errors.push(error.at(&self.at.key(key)).help("write YYYY-MM-DD"));
            }
            day
        };
        let written = DayRange { start: day("start", &self.report.start), end: day("end", &self.report.end) };
        let Overrides { range, .. } = self.overrides;
        let range = DayRange { start: range.start.or(written.start), end: range.end.or(written.end) };
        if let (Some(start), Some(end)) = (range.start, range.end) {
            if start > end {
                let message = format!(
                    "report `{}` starts on {} and ends on {}",
                    self.report.name,
                    iso_date(start),
                    iso_date(end)
                );
                let error = Diagnostic::pipeline("empty-range", message);
                self.errors.push(error.at(&self.at.key("end")).place(
                    &self.at.key("start"),
                    Part::Value,
                    "starts here",
                ));
            }
        }
        range
    }

    fn segment_names(&mut self) -> Vec<String> {
        let at = self.at.key("segments");
        let Some(names) = &self.report.segments else { return vec![ALL.to_owned()] };
        let known = self.segments.names();
        let mut segments: Vec<String> = vec![];
        for (i, name) in names.iter().enumerate() {
            if !known.contains(&name.as_str()) {
                let error = Diagnostic::pipeline("unknown-segment", format!("there is no segment `{name}`"));
                self.errors.push(error.at(&at.index(i)).suggest(name, "segments", known.iter().copied()));
            } else if segments.contains(name) {
                self.errors
                    .push(Diagnostic::pipeline("duplicate-name", format!("`{name}` is listed twice")).at(&at.index(i)));
            } else {
                segments.push(name.clone());
            }
        }
        segments
    }

    fn grains(&mut self) -> Vec<Grain> {
        let mut grains: Vec<Grain> = self.report.grains.iter().map(|g| Grain::from(*g)).collect();
        let at = self.at.key("grains");
        if grains.is_empty() {
            self.errors.push(
                Diagnostic::pipeline("no-grains", format!("report `{}` has no grains", self.report.name)).at(&at),
            );
        }
        let written = grains.len();
        grains.sort_unstable();
        grains.dedup();
        if grains.len() < written {
            self.errors.push(Diagnostic::pipeline("duplicate-name", "a grain is listed twice").at(&at));
        }
        grains
    }

    /// The metrics that read sources, each with its source.
    fn readers(&self, computed: &[String]) -> Vec<Read<'r>> {
        let metrics = computed.iter().filter_map(|name| self.metrics.resolved.get(name));
        let source = |metric: &'r MetricPlan| match &metric.formula {
            Formula::Simple { source, .. } => Some((self.sources.get(source)?, metric)),
            _ => None,
        };
        metrics.filter_map(source).collect()
    }

    fn dims(&mut self, readers: &[Read<'r>]) -> Vec<Dim> {
        let at = self.at.key("group_by");
        let mut dims: Vec<Dim> = vec![];
        for (i, name) in self.report.group_by.iter().enumerate() {
            let here = at.index(i);
            check_reserved(name, "dimension", &here, self.errors);
            if dims.iter().any(|d| d.name == *name) {
                self.errors.push(Diagnostic::pipeline("duplicate-name", format!("`{name}` is listed twice")).at(&here));
                continue;
            }
            if self.metrics.names.contains(name) {
                let error = Diagnostic::pipeline(
                    "duplicate-name",
                    format!("`{name}` is a dimension and a metric: the report would have two columns of that name"),
                );
                self.errors.push(error.at(&here));
                continue;
            }
            let mut found: Option<(Type, &str)> = None;
            let telling: Vec<Read<'r>> = readers.iter().filter(|(_, m)| !m.ignores().contains(name)).copied().collect();
            if telling.is_empty() && !readers.is_empty() {
                let message =
                    format!("all metrics of report `{}` ignore `{name}`: none tells its values", self.report.name);
                let error = Diagnostic::pipeline("unknown-dimension", message).at(&here);
                self.errors.push(error.help("add a metric that knows it, or leave it out of `group_by`"));
            }
            for (source, metric) in once_each(&telling) {
                match source.dimension(name) {
                    Ok(ty) => match found {
                        Some((other, first)) if other != ty => {
                            let error = Diagnostic::pipeline(
                                "clashing-types",
                                format!("`{name}` is {} in `{first}` and {} in `{}`", other.a(), ty.a(), source.name),
                            );
                            self.errors.push(error.at(&here).help("declare one `type:` in both sources"));
                        }
                        _ => found = Some((ty, &source.name)),
                    },
                    Err(error) => {
                        let error = error.note(format!(
                            "report `{}` reads `{}` for the metric `{}`",
                            self.report.name, source.name, metric.name
                        ));
                        let elsewhere = telling.iter().any(|(source, _)| source.has_dimension(name));
                        let error = if elsewhere {
                            error.help(format!(
                                "`ignore_dimensions: [{name}]` on `{}` shows its value over all of them in every row",
                                metric.name
                            ))
                        } else {
                            error
                        };
                        self.errors.push(error.at(&here));
                    }
                }
            }
            if let Some((ty, _)) = found {
                dims.push(Dim { name: name.clone(), ty });
            }
        }
        dims
    }

    fn check_segments(&mut self, segments: &[String], read: &[Read<'_>]) {
        let written = self.report.segments.clone().unwrap_or_default();
        for segment in segments {
            for (source, metric) in read {
                if !self.segments.fits(segment, &source.name) && self.fits_somewhere(segment) {
                    let index = written.iter().position(|s| s == segment).unwrap_or(0);
                    let message = format!(
                        "segment `{segment}` cannot be applied to source `{}`: {}",
                        source.name,
                        self.segments.why_not(segment)
                    );
                    self.errors.push(
                        Diagnostic::pipeline("segment-does-not-fit", message)
                            .at(&self.at.key("segments").index(index))
                            .note(format!(
                                "report `{}` reads `{}` for the metric `{}`",
                                self.report.name, source.name, metric.name
                            ))
                            .help(format!(
                                "say what it means there: `where: {{{}: …, …}}` has a condition for each source",
                                source.name
                            ))
                            .help("or leave the metric or the segment out of this report, or make two reports"),
                    );
                }
            }
        }
    }

    /// False when the segment is wrong in itself, which is told elsewhere.
    fn fits_somewhere(&self, segment: &str) -> bool {
        self.sources.keys().any(|source| self.segments.fits(segment, source))
    }

    fn check_grains(&mut self, grains: &[Grain], read: &[Read<'_>]) {
        for (source, metric) in read {
            for (time, grain) in source.times.iter().flat_map(|time| grains.iter().map(move |grain| (time, grain))) {
                let finest = time.finest();
                let position = self.report.grains.iter().position(|g| Grain::from(*g) == *grain).unwrap_or(0);
                let at = self.at.key("grains").index(position);
                let read_for =
                    format!("report `{}` reads `{}` for the metric `{}`", self.report.name, source.name, metric.name);
                if *grain < finest {
                    let message = format!(
                        "source `{}` has no {}s: its records cover a {} each",
                        source.name,
                        grain.as_str(),
                        finest.as_str()
                    );
                    self.errors.push(Diagnostic::pipeline("grain-too-fine", message).at(&at).note(read_for));
                } else if !finest.nests_in(*grain) && time.assign.is_none() {
                    let message = format!(
                        "a {} of source `{}` may belong to two {}s",
                        finest.as_str(),
                        source.name,
                        grain.as_str()
                    );
                    self.errors.push(
                        Diagnostic::pipeline("grain-cuts-records", message)
                            .at(&at)
                            .note(read_for)
                            .help("say where such a record goes: `time: {…, assign: majority}` (or `start`, `end`)"),
                    );
                }
            }
        }
    }

    /// A report's range must not cut the records of a coarser source.
    fn check_range(&mut self, range: DayRange, read: &[Read<'_>], calendar: Option<&Calendar>) {
        let Some(calendar) = calendar else { return };
        for (source, _) in read {
            for time in source.times.iter().filter(|t| t.finest() > Grain::Day && t.assign.is_none()) {
                let finest = time.finest();
                let cuts_start = range.start.is_some_and(|day| calendar.period_start(finest, day) != day);
                let ends = |day| calendar.period_end(finest, calendar.period_start(finest, day));
                let cuts_end = range.end.is_some_and(|day| ends(day) != day);
                for (key, _) in [("start", cuts_start), ("end", cuts_end)].iter().filter(|(_, cuts)| *cuts) {
                    let message = format!(
                        "`{key}` cuts the {}s that the records of source `{}` cover",
                        finest.as_str(),
                        source.name
                    );
                    self.errors.push(Diagnostic::pipeline("range-cuts-records", message).at(&self.at.key(key)).help(
                        format!(
                            "begin and end with a whole {}, or say where a record goes: `time: {{…, assign: start}}`",
                            finest.as_str()
                        ),
                    ));
                }
            }
        }
    }

    /// Whether a metric is made of another one.
    pub(super) fn needs(&self, metric: &str, input: &str) -> bool {
        let inputs = self.metrics.resolved.get(metric).map(|m| m.formula.inputs()).unwrap_or_default();
        inputs.iter().any(|i| *i == input || self.needs(i, input))
    }
}
