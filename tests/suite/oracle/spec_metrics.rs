//! The metrics of a pipeline's YAML.

use std::collections::BTreeMap;

use serde_yaml::Value as Yaml;

use super::calendar::parse_iso;
use super::spec::{required, text, texts};
use super::sql::{columns, parse};
use super::value::Value;

pub(crate) enum Metric {
    Simple(Simple),
    Ratio(Ratio),
    Derived { expr: String },
    Cumulative(Cumulative),
    Comparison(Comparison),
    Share(Share),
}

pub(crate) struct Simple {
    pub(crate) source: String,
    pub(crate) agg: String,
    pub(crate) expr: Option<String>,
    pub(crate) filter: Option<String>,
    pub(crate) reaggregate: Option<String>,
    pub(crate) snapshot: Option<Snapshot>,
    /// The number in place of no value.
    pub(crate) fill: Option<Value>,
    pub(crate) joins_timespine: bool,
    /// The dimensions over all of whose values it is taken.
    pub(crate) ignores: Vec<String>,
    pub(crate) versions: Vec<Version>,
}

/// What defines a metric from a day on; what it does not say is the metric's own.
#[derive(Clone)]
pub(crate) struct Version {
    pub(crate) valid_from: i32,
    pub(crate) expr: Option<String>,
    pub(crate) filter: Option<String>,
    /// Whether figures before and after may be compared.
    pub(crate) is_comparable: bool,
}

/// `non_additive_dimension` and what goes with it.
#[derive(Clone)]
pub(crate) struct Snapshot {
    /// `last`, `first`, `opening` or `average`.
    pub(crate) window_agg: String,
    pub(crate) keys: Vec<String>,
    /// Days before the period that `last` may take a date from.
    pub(crate) carry_forward: i32,
}

#[derive(Clone)]
pub(crate) struct Ratio {
    pub(crate) numerator: String,
    pub(crate) denominator: String,
    /// Dimensions, and `segment`.
    pub(crate) ignores: Vec<String>,
    /// What a mean of ratios has one ratio for; nothing for a plain ratio.
    pub(crate) unit: Option<Vec<String>>,
}

#[derive(Clone)]
pub(crate) struct Cumulative {
    pub(crate) input: String,
    pub(crate) window: Window,
    /// `last`, `first` or `average`.
    pub(crate) period_agg: String,
}

#[derive(Clone)]
pub(crate) enum Window {
    Everything,
    /// A length in days … years, or in periods of the report's grain.
    Last(Length),
    ToDate(String),
}

#[derive(Clone)]
pub(crate) struct Comparison {
    pub(crate) base: String,
    pub(crate) offset: Length,
    /// `weekday` or `iso_week`.
    pub(crate) align: Option<String>,
    /// `difference`, `percent_change` or `ratio`.
    pub(crate) calculation: String,
}

#[derive(Clone)]
pub(crate) struct Share {
    pub(crate) input: String,
    pub(crate) within: Vec<String>,
}

/// `28 days`: how many, and of what (`day` … `year`, `period`).
#[derive(Clone, Debug)]
pub(crate) struct Length {
    pub(crate) count: i32,
    pub(crate) unit: String,
}

impl Length {
    pub(crate) fn parse(text: &str) -> Self {
        let (count, unit) = text.split_once(' ').unwrap_or_else(|| panic!("`{text}` is no number of units"));
        let count = count.parse().unwrap_or_else(|_| panic!("`{text}` has no number"));
        Self { count, unit: unit.trim_end_matches('s').to_owned() }
    }
}

impl Metric {
    /// The metrics that it is made of.
    pub(crate) fn inputs(&self, metrics: &BTreeMap<String, Metric>) -> Vec<String> {
        match self {
            Metric::Simple(_) => Vec::new(),
            Metric::Ratio(ratio) => vec![ratio.numerator.clone(), ratio.denominator.clone()],
            Metric::Derived { expr } => {
                columns(&parse(expr)).into_iter().filter(|word| metrics.contains_key(word)).collect()
            }
            Metric::Cumulative(cumulative) => vec![cumulative.input.clone()],
            Metric::Comparison(comparison) => vec![comparison.base.clone()],
            Metric::Share(share) => vec![share.input.clone()],
        }
    }
}

pub(super) fn metric(map: &Yaml) -> Metric {
    let or = |key: &str, default: &str| text(map, key).unwrap_or_else(|| default.to_owned());
    match required(map, "type").as_str() {
        "simple" => Metric::Simple(simple(map)),
        "ratio" => Metric::Ratio(Ratio {
            numerator: required(map, "numerator"),
            denominator: required(map, "denominator"),
            ignores: texts(map, "denominator_ignores"),
            unit: (or("ratio_agg", "") == "mean_of_ratios").then(|| texts(map, "ratio_unit")),
        }),
        "derived" => Metric::Derived { expr: required(map, "expr") },
        "cumulative" => Metric::Cumulative(Cumulative {
            input: required(map, "input_metric"),
            window: match (text(map, "window"), text(map, "grain_to_date")) {
                (None, None) => Window::Everything,
                (Some(length), None) => Window::Last(Length::parse(&length)),
                (None, Some(grain)) => Window::ToDate(grain),
                (Some(_), Some(_)) => panic!("a window and a grain to date in {map:?}"),
            },
            period_agg: or("period_agg", "last"),
        }),
        "time_comparison" => Metric::Comparison(Comparison {
            base: required(map, "base_metric"),
            offset: Length::parse(&required(map, "offset_window")),
            align: text(map, "align"),
            calculation: or("calculation", "percent_change"),
        }),
        "share" => Metric::Share(Share { input: required(map, "input_metric"), within: texts(map, "within") }),
        other => panic!("the oracle has no metric type `{other}`"),
    }
}

fn simple(map: &Yaml) -> Simple {
    let carry = text(map, "carry_forward").map_or(0, |length| {
        let length = Length::parse(&length);
        assert_eq!(length.unit, "day", "dates are carried over days");
        length.count
    });
    let snapshot = map.get("non_additive_dimension").map(|dimension| Snapshot {
        window_agg: text(dimension, "window_agg").unwrap_or_else(|| "last".to_owned()),
        keys: texts(dimension, "group_by"),
        carry_forward: carry,
    });
    Simple {
        source: required(map, "source"),
        agg: text(map, "agg").unwrap_or_else(|| "sum".to_owned()),
        expr: text(map, "expr"),
        filter: text(map, "filter"),
        reaggregate: text(map, "reaggregate"),
        snapshot,
        fill: text(map, "fill_nulls_with").map(|number| number_of(&number)),
        joins_timespine: text(map, "join_to_timespine").is_some_and(|word| word == "true"),
        ignores: texts(map, "ignore_dimensions"),
        versions: match map.get("versions") {
            Some(Yaml::Sequence(versions)) => versions.iter().map(version).collect(),
            _ => Vec::new(),
        },
    }
}

fn version(map: &Yaml) -> Version {
    let valid_from = required(map, "valid_from");
    Version {
        valid_from: parse_iso(&valid_from).unwrap_or_else(|| panic!("{valid_from} is no date")),
        expr: text(map, "expr"),
        filter: text(map, "filter"),
        is_comparable: text(map, "comparable").is_some_and(|word| word == "true"),
    }
}

fn number_of(text: &str) -> Value {
    match text.parse() {
        Ok(int) => Value::Int(int),
        Err(_) => Value::Float(text.parse().unwrap_or_else(|_| panic!("`{text}` is no number"))),
    }
}
