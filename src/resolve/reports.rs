//! Reports: names, grains and ranges; whether every dimension and segment exists in every source that is read; and
//! the additivity contract, which refuses to add up what does not.

use super::exports;
use super::metrics::Metrics;
use super::segments::{Segments, ALL};
use super::{check_reserved, Overrides};
use crate::calendar::{iso_date, parse_date, Calendar, Grain};
use crate::diagnostic::{Diagnostic, Diagnostics, Part, YamlPath};
use crate::expr::Type;
use crate::plan::additivity::reason;
use crate::plan::{ColumnRole, DayRange, Dim, Formula, LevelPlan, LogicalSource, MetricPlan, ReportPlan};
use crate::spec::{Additivity, Agg, IncompletePeriods, Pipeline, Reaggregate, Report};
use indexmap::IndexMap;

pub(super) fn resolve(
    spec: &Pipeline,
    sources: &IndexMap<String, LogicalSource>,
    metrics: &Metrics,
    segments: &Segments,
    calendar: Option<&Calendar>,
    overrides: &Overrides,
    errors: &mut Diagnostics,
) -> Vec<ReportPlan> {
    let mut plans: Vec<ReportPlan> = vec![];
    let mut taken = exports::Taken::new();
    if spec.reports.is_empty() {
        let error = Diagnostic::pipeline("no-reports", "the pipeline has no reports");
        errors.push(error.at_key(&YamlPath::root().key("reports")));
    }
    for (i, report) in spec.reports.iter().enumerate() {
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
        plans.push(ReportPlan { incomplete, ..resolver.resolve(&mut taken, calendar) });
    }
    plans
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

impl<'r> Resolver<'r> {
    fn resolve(&mut self, taken: &mut exports::Taken, calendar: Option<&Calendar>) -> ReportPlan {
        let shown = self.shown();
        let computed = self.computed(&shown);
        let range = self.range();
        let segments = self.segment_names();
        let grains = self.grains();
        let read = self.read(&computed);
        let dims = self.dims(&read);
        self.check_segments(&segments, &read);
        self.check_grains(&grains, &read);
        self.check_range(range, &read, calendar);
        let levels = self.levels(&dims);
        let single_valued = self.check_additivity(&computed, &grains, &levels);
        let compare = self.compare();
        let fallback = Calendar::default();
        let calendar = calendar.unwrap_or(&fallback);
        self.check_views(&computed, &compare, &grains, calendar);
        let reads = self.reads(range, (&shown, &compare), &grains, calendar);
        let as_of = self.overrides.as_of;
        let reads =
            DayRange { end: as_of.map_or(reads.end, |day| Some(reads.end.map_or(day, |end| end.min(day)))), ..reads };
        let exports = exports::resolve(self.report, &self.at, taken, self.errors);
        ReportPlan {
            name: self.report.name.clone(),
            description: self.report.description.clone(),
            metrics: shown.into_iter().map(|(name, _)| name).collect(),
            hidden_dims: self.hidden_dims(&computed, &dims),
            computed,
            dims,
            levels,
            grains,
            segments,
            range,
            reads,
            inputs: vec![],
            single_valued,
            compare,
            incomplete: IncompletePeriods::default(),
            exports,
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

    /// The sources that are read, each with a metric that reads it.
    fn read(&self, computed: &[String]) -> Vec<Read<'r>> {
        let mut read: Vec<Read<'r>> = vec![];
        for metric in computed.iter().filter_map(|name| self.metrics.resolved.get(name)) {
            if let Formula::Simple { source, .. } = &metric.formula {
                if let Some(source) = self.sources.get(source) {
                    if !read.iter().any(|(known, _)| known.name == source.name) {
                        read.push((source, metric));
                    }
                }
            }
        }
        read
    }

    fn dims(&mut self, read: &[Read<'_>]) -> Vec<Dim> {
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
            for (source, metric) in read {
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
                        "segment `{segment}` cannot be applied to source `{}`: a column that it uses is not there or has another type",
                        source.name
                    );
                    self.errors.push(
                        Diagnostic::pipeline("segment-does-not-fit", message)
                            .at(&self.at.key("segments").index(index))
                            .note(format!(
                                "report `{}` reads `{}` for the metric `{}`",
                                self.report.name, source.name, metric.name
                            ))
                            .help("leave the metric or the segment out of this report, or make two reports"),
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

    /// The additivity contract. Returns the metrics whose cells may hold one value only.
    fn check_additivity(&mut self, computed: &[String], grains: &[Grain], levels: &[LevelPlan]) -> Vec<String> {
        let mut single_valued = vec![];
        for metric in computed.iter().filter_map(|name| self.metrics.resolved.get(name)) {
            let Formula::Simple { source, agg: Agg::Sum | Agg::Average, additivity, snapshot: None, .. } =
                &metric.formula
            else {
                continue;
            };
            let Some(source) = self.sources.get(source) else { continue };
            if *additivity == Additivity::Additive {
                continue;
            }
            if metric.reaggregate == Some(Reaggregate::SumWithWarning) {
                self.warn_summed(metric, *additivity);
                continue;
            }
            match additivity {
                Additivity::SemiAdditive => {
                    let is_own = |g: &&Grain| source.times.iter().all(|time| time.finest() == **g);
                    let wrong: Vec<&str> = grains.iter().filter(|g| !is_own(g)).map(|g| g.as_str()).collect();
                    if !wrong.is_empty() {
                        self.refuse(metric, source, *additivity, &wrong);
                    }
                }
                _ => {
                    let wrong: Vec<&str> =
                        grains.iter().filter(|g| !self.at_primary_key(source, **g)).map(|g| g.as_str()).collect();
                    if !wrong.is_empty() {
                        self.refuse(metric, source, *additivity, &wrong);
                    } else if levels.len() > 1 {
                        self.refuse(metric, source, *additivity, &["totals"]);
                    } else {
                        single_valued.push(metric.name.clone());
                    }
                }
            }
        }
        single_valued
    }

    /// Whether a cell of the report at a grain is one record of the source.
    fn at_primary_key(&self, source: &LogicalSource, grain: Grain) -> bool {
        !source.primary_key.is_empty()
            && source.primary_key.iter().all(|key| {
                let is_time = source.columns.get(key).is_some_and(|c| c.role == ColumnRole::Time);
                if is_time {
                    grain == source.finest()
                } else {
                    self.report.group_by.contains(key)
                }
            })
    }

    fn refuse(&mut self, metric: &MetricPlan, source: &LogicalSource, additivity: Additivity, grains: &[&str]) {
        let at = self.at.key("metrics");
        let index = self.report.metrics.iter().position(|m| *m == metric.name);
        let through = self.report.metrics.iter().position(|m| self.needs(m, &metric.name));
        let at = index.or(through).map_or_else(|| at.clone(), |i| at.index(i));
        let verb =
            if matches!(metric.formula, Formula::Simple { agg: Agg::Average, .. }) { "averages" } else { "adds up" };
        let by = grains.join(", ");
        let message = format!("`{}` {verb} a {} measure by {by}", metric.name, additivity.as_str().replace('_', "-"));
        let mut error = Diagnostic::pipeline("not-additive", message)
            .at(&at)
            .place(&YamlPath::root().key("metrics").key(&metric.name), Part::Key, "defined here")
            .note(format!("{}; {}", metric.definition, reason(additivity)));
        if let (None, Some(through)) = (index, through) {
            error =
                error.note(format!("report `{}` needs it for `{}`", self.report.name, self.report.metrics[through]));
        }
        if metric.definition.contains(" / ") {
            error = error.help("for a rate over all records use `type: ratio`: it divides the sums");
        }
        error = match additivity {
            Additivity::SemiAdditive => error
                .help("`non_additive_dimension: {name: time, window_agg: last, group_by: […]}` takes the last day of a period")
                .help(format!("or report it by {} only", source.finest().as_str())),
            _ if grains == ["totals"] => error.help("leave `totals` or the metric out of this report"),
            _ if source.primary_key.is_empty() => error.help(format!(
                "report it at the records' own level: declare `primary_key:` in `{}` and group by all of it",
                source.name
            )),
            _ => error.help(format!(
                "report it by {} and group by {}: one record of `{}`",
                source.finest().as_str(),
                source.primary_key.join(", "),
                source.name
            )),
        };
        self.errors.push(
            error
                .help("`agg: max` gives the largest value, which never exceeds the true figure")
                .help("`reaggregate: sum_with_warning` on the metric adds it up all the same and marks the column"),
        );
    }

    /// Whether a metric is made of another one.
    pub(super) fn needs(&self, metric: &str, input: &str) -> bool {
        let inputs = self.metrics.resolved.get(metric).map(|m| m.formula.inputs()).unwrap_or_default();
        inputs.iter().any(|i| *i == input || self.needs(i, input))
    }

    fn warn_summed(&mut self, metric: &MetricPlan, additivity: Additivity) {
        self.errors.push(
            Diagnostic::warning(
                "summed-anyway",
                format!(
                    "`{}` adds up a {} measure, as `sum_with_warning` allows",
                    metric.name,
                    additivity.as_str().replace('_', "-")
                ),
            )
            .place(&YamlPath::root().key("metrics").key(&metric.name), Part::Key, "marked in every report")
            .note(reason(additivity)),
        );
    }
}
