//! Metrics as they are resolved: as they are written, or made of ready KPIs.

use super::ready;
use crate::diagnostic::{Diagnostic, Diagnostics, Part, YamlPath};
use crate::library::Kpi;
use crate::metric::KINDS;
use crate::plan::LogicalSource;
use crate::spec::{Metric, MetricKind, Pipeline};
use indexmap::IndexMap;

/// The keys that only a KPI of the library takes.
pub(super) const LIBRARY_KEYS: &[&str] = &["columns", "metrics", "account"];

/// A metric as it is resolved.
#[derive(Clone, Debug)]
pub(super) struct Declared {
    /// Its type.
    pub(super) kind: MetricKind,
    /// Its keys, as a user might have written them.
    pub(super) metric: Metric,
    /// For a hidden part of a ready KPI: the metric that was written.
    pub(super) part_of: Option<String>,
    /// The ready KPI that it is made of.
    pub(super) ready: Option<&'static Kpi>,
}

/// All metrics by name, hidden parts of ready KPIs included; `None` for those with mistakes, which are told.
pub(super) fn declare(
    spec: &Pipeline,
    sources: &IndexMap<String, LogicalSource>,
    broken_sources: &[String],
    errors: &mut Diagnostics,
) -> IndexMap<String, Option<Declared>> {
    let mut declared = IndexMap::new();
    let names: Vec<&str> = spec.metrics.keys().map(String::as_str).collect();
    for (name, metric) in &spec.metrics {
        let at = YamlPath::root().key("metrics").key(name);
        let own = match (metric.kind, &metric.library) {
            (Some(kind), None) => Some(Declared { kind, metric: metric.clone(), part_of: None, ready: None }),
            (None, Some(id)) => {
                let lang = spec.lang.unwrap_or_default();
                let made =
                    ready::Ready { name, written: metric, at: &at, lang, names: &names, sources, broken_sources }
                        .expand(id, errors);
                let own = made.is_some();
                for (part, one) in made.into_iter().flatten() {
                    if part != *name && spec.metrics.contains_key(&part) {
                        let message = format!("`{part}` is the name of a part of `{name}`");
                        let error = Diagnostic::pipeline("reserved-name", message);
                        let place = YamlPath::root().key("metrics").key(&part);
                        errors
                            .push(error.at_key(&place).place(&at, Part::Key, "made of it").help("choose another name"));
                    }
                    declared.insert(part, Some(one));
                }
                if own {
                    continue;
                }
                None
            }
            (Some(_), Some(_)) => {
                let message = format!("`{name}` has a `type` and a `library`; a ready KPI has its own type");
                let error = Diagnostic::pipeline("clashing-keys", message).at_key(&at.key("type"));
                errors.push(error.place(&at.key("library"), Part::Key, "").help("leave one of them out"));
                None
            }
            (None, None) => {
                let types: Vec<&str> = KINDS.iter().map(|kind| kind.name()).collect();
                let error =
                    Diagnostic::pipeline("missing-key", format!("metric `{name}` has neither `type` nor `library`"));
                errors.push(
                    error
                        .at_key(&at)
                        .help(format!("`type` is one of {}", types.join(", ")))
                        .help("`library` is the id of a ready KPI; `jalon kpis` lists them"),
                );
                None
            }
        };
        declared.insert(name.clone(), own);
    }
    declared
}

/// The keys that a metric has beside those of every metric.
pub(super) fn written_keys(metric: &Metric) -> Vec<&'static str> {
    let keys = [
        ("source", metric.source.is_some()),
        ("agg", metric.agg.is_some()),
        ("expr", metric.expr.is_some()),
        ("filter", metric.filter.is_some()),
        ("reaggregate", metric.reaggregate.is_some()),
        ("numerator", metric.numerator.is_some()),
        ("denominator", metric.denominator.is_some()),
        ("denominator_ignores", metric.denominator_ignores.is_some()),
        ("ratio_agg", metric.ratio_agg.is_some()),
        ("ratio_unit", metric.ratio_unit.is_some()),
        ("non_additive_dimension", metric.non_additive_dimension.is_some()),
        ("carry_forward", metric.carry_forward.is_some()),
        ("fill_nulls_with", metric.fill_nulls_with.is_some()),
        ("join_to_timespine", metric.join_to_timespine.is_some()),
        ("ignore_dimensions", metric.ignore_dimensions.is_some()),
        ("versions", metric.versions.is_some()),
        ("input_metric", metric.input_metric.is_some()),
        ("window", metric.window.is_some()),
        ("grain_to_date", metric.grain_to_date.is_some()),
        ("period_agg", metric.period_agg.is_some()),
        ("base_metric", metric.base_metric.is_some()),
        ("offset_window", metric.offset_window.is_some()),
        ("calculation", metric.calculation.is_some()),
        ("align", metric.align.is_some()),
        ("within", metric.within.is_some()),
        ("columns", metric.columns.is_some()),
        ("metrics", metric.metrics.is_some()),
        ("account", metric.account.is_some()),
    ];
    keys.into_iter().filter(|(_, there)| *there).map(|(key, _)| key).collect()
}
