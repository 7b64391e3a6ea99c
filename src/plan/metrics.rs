//! Metrics, resolved: how each value comes about.

use super::types::Aggregate;
use crate::calendar::{Grain, Length, Offset};
use crate::diagnostic::YamlPath;
use crate::expr::Expr;
use crate::spec::{Additivity, Agg, Calculation, Direction, Format, Number, PeriodAgg, Reaggregate, WindowAgg};
use indexmap::IndexMap;

/// The name in expressions of derived metrics that stands for the number of days of what is looked at.
pub const DAYS_IN_PERIOD: &str = "days_in_period";

/// A metric, resolved.
#[derive(Clone, Debug, PartialEq)]
pub struct MetricPlan {
    /// Its name.
    pub name: String,
    /// For a hidden part of a KPI of the library: the metric that was written.
    pub part_of: Option<String>,
    /// How its value comes about.
    pub formula: Formula,
    /// Whether its values are whole numbers (exact int64) or floats.
    pub integer: bool,
    /// Unit of the value, where known.
    pub unit: Option<String>,
    /// Which way is better.
    pub direction: Direction,
    /// How people like to read it.
    pub format: Option<Format>,
    /// What its values may be added up over.
    pub additivity: Additivity,
    /// How something that does not add up was aggregated all the same.
    pub reaggregate: Option<Reaggregate>,
    /// Whether it is made of lifetime figures, which are dated by publication, not by the day on which something happened.
    pub is_lifetime: bool,
    /// Its definition as SQL.
    pub definition: String,
    /// Name shown to people.
    pub label: Option<String>,
    /// What it says.
    pub description: Option<String>,
}

/// How a metric's value comes about.
#[derive(Clone, Debug, PartialEq)]
pub enum Formula {
    /// An aggregate of a source's records.
    Simple {
        /// The source or union.
        source: String,
        /// How the state becomes a value.
        agg: Agg,
        /// The state.
        aggregate: Aggregate,
        /// What the measures in the expression may be added up over.
        additivity: Additivity,
        /// Which day of a period counts, where not all do.
        snapshot: Option<Snapshot>,
        /// In place of null.
        fill: Option<Number>,
        /// Whether it makes rows for every period.
        on_spine: bool,
        /// Dimensions over all of whose values it is taken.
        ignores: Vec<String>,
        /// The days on which another definition begins.
        versions: Vec<VersionPlan>,
    },
    /// One metric over another.
    Ratio {
        /// Above the line.
        numerator: String,
        /// Below the line.
        denominator: String,
        /// Dimensions over all of whose values the denominator is taken.
        ignores: Vec<String>,
        /// Whether the denominator is of all records, whatever the segment.
        ignores_segment: bool,
        /// What one ratio is of, when ratios are averaged.
        unit: Vec<String>,
    },
    /// An expression whose columns are metrics.
    Derived {
        /// Over metric names, and [`DAYS_IN_PERIOD`].
        expr: Expr,
    },
    /// A metric over a window.
    Cumulative {
        /// The metric.
        input: String,
        /// The window.
        window: Window,
        /// Which day of a period it is anchored on.
        anchor: PeriodAgg,
    },
    /// A metric against an earlier period.
    Comparison {
        /// The metric.
        base: String,
        /// How far back.
        offset: Offset,
        /// What is computed.
        calculation: Calculation,
    },
    /// A metric's part of the whole.
    Share {
        /// The metric.
        input: String,
        /// The dimensions within which it is shared out.
        within: Vec<String>,
    },
}

/// The beginning of another definition of a metric.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VersionPlan {
    /// The first day of which records count so.
    pub from: i32,
    /// Whether figures before and after it may be compared.
    pub comparable: bool,
}

/// Which day of a period counts for a measure that does not add up over time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snapshot {
    /// Which day.
    pub pick: WindowAgg,
    /// Dimensions of what has its own last day.
    pub keys: Vec<String>,
    /// Days before the period that may stand in.
    pub carry: i32,
}

/// The days of a cumulative metric, up to and with an anchor day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Window {
    /// As many days, weeks, months.
    Trailing(Length),
    /// From the first day of as many periods of the report's grain, the anchor's own included.
    Periods(i32),
    /// From the first day of the anchor's period of this grain.
    ToDate(Grain),
    /// All days.
    Everything,
}

impl MetricPlan {
    /// Where it is written in the pipeline.
    #[must_use]
    pub fn place(&self) -> YamlPath {
        YamlPath::root().key("metrics").key(self.part_of.as_ref().unwrap_or(&self.name))
    }

    /// The dimensions over all of whose values it is taken, in every row.
    #[must_use]
    pub fn ignores(&self) -> &[String] {
        match &self.formula {
            Formula::Simple { ignores, .. } => ignores,
            Formula::Ratio { .. }
            | Formula::Derived { .. }
            | Formula::Cumulative { .. }
            | Formula::Comparison { .. }
            | Formula::Share { .. } => &[],
        }
    }
}

impl Formula {
    /// The metrics it is made of.
    #[must_use]
    pub fn inputs(&self) -> Vec<&str> {
        match self {
            Self::Simple { .. } => vec![],
            Self::Ratio { numerator, denominator, .. } => vec![numerator, denominator],
            Self::Derived { expr } => {
                expr.columns().into_iter().map(|(name, _)| name).filter(|name| *name != DAYS_IN_PERIOD).collect()
            }
            Self::Cumulative { input, .. } | Self::Share { input, .. } => vec![input],
            Self::Comparison { base, .. } => vec![base],
        }
    }
}

/// Whether a metric, or one that it is made of, passes a test.
#[must_use]
pub fn any_part(metrics: &IndexMap<String, MetricPlan>, name: &str, test: &dyn Fn(&MetricPlan) -> bool) -> bool {
    metrics.get(name).is_some_and(|metric| {
        test(metric) || metric.formula.inputs().into_iter().any(|input| any_part(metrics, input, test))
    })
}

/// A metric's definition in which hidden parts, whose names stand nowhere else, are spelled out.
#[must_use]
pub fn whole_definition(metrics: &IndexMap<String, MetricPlan>, metric: &MetricPlan) -> String {
    let mut hidden: Vec<&MetricPlan> =
        metric.formula.inputs().into_iter().filter_map(|name| metrics.get(name)).collect();
    hidden.retain(|part| part.part_of.is_some());
    // One name may be the beginning of another.
    hidden.sort_by_key(|part| std::cmp::Reverse(part.name.len()));
    hidden.into_iter().fold(metric.definition.clone(), |text, part| {
        let whole = format!("({})", whole_definition(metrics, part));
        text.replace(&format!("\"{}\"", part.name), &whole).replace(&part.name, &whole)
    })
}

/// The beginnings of definitions of a metric and of those it is made of, each day once, in order. Where several begin on one
/// day, figures before and after may be compared if all of them say so.
#[must_use]
pub fn versions_of(metrics: &IndexMap<String, MetricPlan>, name: &str) -> Vec<VersionPlan> {
    let mut found: Vec<VersionPlan> = vec![];
    let mut add = |version: VersionPlan| match found.iter_mut().find(|v| v.from == version.from) {
        Some(known) => known.comparable &= version.comparable,
        None => found.push(version),
    };
    let Some(metric) = metrics.get(name) else { return found };
    match &metric.formula {
        Formula::Simple { versions, .. } => versions.iter().copied().for_each(&mut add),
        formula => {
            formula.inputs().into_iter().flat_map(|input| versions_of(metrics, input)).for_each(&mut add);
        }
    }
    found.sort_by_key(|v| v.from);
    found
}

/// The sources that metrics are made of, each once, sorted.
#[must_use]
pub fn sources_of<'p>(metrics: &'p IndexMap<String, MetricPlan>, names: &[String]) -> Vec<&'p str> {
    let mut found: Vec<&str> = vec![];
    let mut open: Vec<&str> = names.iter().filter_map(|m| metrics.get_key_value(m)).map(|(k, _)| k.as_str()).collect();
    while let Some(name) = open.pop() {
        let Some(metric) = metrics.get(name) else { continue };
        match &metric.formula {
            Formula::Simple { source, .. } if !found.contains(&source.as_str()) => found.push(source),
            Formula::Simple { .. } => {}
            formula => open.extend(formula.inputs()),
        }
    }
    found.sort_unstable();
    found
}
