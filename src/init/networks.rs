//! What a first pipeline makes of the networks' exports: sources of one table united, and a report by network over all.

use super::known::Known;
use super::names::{in_sql, yaml, Names};
use crate::plan::additivity::well_known;
use crate::profiles::Table;
use crate::spec::{Additivity, Measure};

/// Tables in the order in which a report shows their figures, the name of their union, and what their metrics are called where
/// another's name is taken.
const TABLES: &[(Table, &str, &str)] = &[
    (Table::Posts, "all_posts", "post"),
    (Table::AccountDaily, "all_accounts", "account"),
    (Table::AdsDaily, "all_ads", "ad"),
    (Table::WebDaily, "all_visits", "web"),
];

/// Measures that a first report shows, in its order; others are a line each to add.
const SHOWN: &[&str] = &[
    "impressions",
    "views",
    "likes",
    "comments",
    "shares",
    "saves",
    "clicks",
    "link_clicks",
    "engagements",
    "watch_time",
    "new_followers",
    "unfollows",
    "net_followers",
    "followers",
    "profile_visits",
    "spend",
    "conversions",
    "purchases",
    "revenue",
    "sessions",
    "engaged_sessions",
    "new_users",
    "page_views",
    "key_events",
];

/// A metric of the pipeline.
struct Metric {
    name: String,
    text: String,
}

/// Sources of one table, as one.
struct Lead<'k> {
    name: String,
    members: Vec<&'k Known>,
    metrics: Vec<Metric>,
}

/// A source that is no part of the report by network.
struct Alone<'k> {
    source: &'k Known,
    metrics: Vec<Metric>,
}

/// What is made of the networks' exports.
pub(super) struct Networks<'k> {
    known: &'k [Known],
    leads: Vec<Lead<'k>>,
    alone: Vec<Alone<'k>>,
    taken: Vec<String>,
}

impl<'k> Networks<'k> {
    pub(super) fn new(known: &'k [Known]) -> Self {
        let mut names = Names::default();
        let mut leads = vec![];
        let mut used: Vec<&str> = vec![];
        for (table, union, prefix) in TABLES {
            let members = united(known, *table);
            let Some(first) = members.first() else { continue };
            let name = if members.len() == 1 { first.name.clone() } else { (*union).to_owned() };
            let metrics = metrics_of(&name, *table, &members, prefix, &mut names);
            // Nothing of them adds up: each is looked at on its own.
            if metrics.is_empty() {
                continue;
            }
            used.extend(members.iter().map(|source| source.name.as_str()));
            leads.push(Lead { name, members, metrics });
        }
        let alone = known
            .iter()
            .filter(|source| !used.contains(&source.name.as_str()))
            .map(|source| Alone { source, metrics: metrics_alone(source, &mut names) })
            .collect();
        let taken = names.taken();
        Self { known, leads, alone, taken }
    }

    /// The names of its metrics are taken.
    pub(super) fn names(&self) -> Names {
        Names::without(self.taken.iter().cloned())
    }

    /// The text of the sources.
    pub(super) fn sources(&self) -> String {
        let aside = |source: &Known| {
            let table = source.profile.about.table;
            let lead = self.leads.iter().find(|lead| lead.members.iter().any(|m| m.profile.about.table == table));
            let is_in = |lead: &&Lead<'_>| lead.members.iter().any(|member| member.name == source.name);
            lead.filter(|lead| !is_in(lead) && source.has_networks()).map(|lead| {
                format!(
                    "    # Not in the report by network: `{}` has these figures of the network already.\n",
                    lead.name
                )
            })
        };
        let text = |source: &Known| source.text() + &aside(source).unwrap_or_default();
        let mut out: String = self.known.iter().map(text).collect();
        for lead in self.leads.iter().filter(|lead| lead.members.len() > 1) {
            let members: Vec<String> = lead.members.iter().map(|source| yaml(&source.name)).collect();
            out += &format!("  {}:\n    union: [{}]\n", lead.name, members.join(", "));
        }
        out
    }

    /// The text of the metrics.
    pub(super) fn metrics(&self) -> String {
        let all = self.leads.iter().flat_map(|lead| &lead.metrics).chain(self.alone.iter().flat_map(|a| &a.metrics));
        all.map(|metric| format!("  {}: {}\n", yaml(&metric.name), metric.text)).collect()
    }

    /// The text of the reports: all by network, by month where records lie in months; each other source by what it is cut by.
    pub(super) fn reports(&self, pipeline: &str) -> String {
        let mut out = String::new();
        let names = |leads: &[&Lead<'_>]| -> Vec<String> {
            leads.iter().flat_map(|lead| lead.metrics.iter().map(|metric| metric.name.clone())).collect()
        };
        let all: Vec<&Lead<'_>> = self.leads.iter().collect();
        let is_monthly = |lead: &&Lead<'_>| lead.members.iter().all(|source| source.is_in_months);
        let monthly: Vec<&Lead<'_>> = self.leads.iter().filter(is_monthly).collect();
        if !all.is_empty() {
            out += &report(pipeline, "by_network", &names(&all), &["network"], "all");
        }
        if !monthly.is_empty() {
            out += &report(pipeline, "by_network_and_month", &names(&monthly), &["network"], "month");
        }
        let has_formats = |source: &&Known| {
            let dimensions = source.profile.source.dimensions.entries();
            source.profile.about.table == Table::Posts && dimensions.iter().any(|(name, ..)| *name == "content_format")
        };
        if let Some(posts) = self.leads.iter().find(|lead| lead.members.iter().any(has_formats)) {
            out += &report(pipeline, "by_network_and_format", &names(&[posts]), &["network", "content_format"], "all");
        }
        for Alone { source, metrics } in self.alone.iter().filter(|alone| !alone.metrics.is_empty()) {
            let grain = if source.is_in_months { "month" } else { "all" };
            let by: Vec<&str> = source.cut().into_iter().collect();
            let names: Vec<String> = metrics.iter().map(|metric| metric.name.clone()).collect();
            out += &report(pipeline, &source.name, &names, &by, grain);
        }
        out
    }
}

/// The sources of a table that are read as one: of a network no two that have a figure in common, which would count twice.
fn united(known: &[Known], table: Table) -> Vec<&Known> {
    let mut members: Vec<&Known> = vec![];
    let mut fit: Vec<&Known> =
        known.iter().filter(|source| source.profile.about.table == table && source.has_networks()).collect();
    // Figures of a whole account before those that are cut by videos or countries.
    fit.sort_by_key(|source| if table == Table::AccountDaily { source.cuts() } else { 0 });
    for source in fit {
        let own: Vec<&str> = source.measures().iter().map(|(name, _)| *name).collect();
        let clashes = |other: &&Known| {
            other.profile.about.network == source.profile.about.network
                && other.measures().iter().any(|(name, _)| own.contains(name))
        };
        // Amounts of two currencies are not added up.
        let is_other =
            |other: &&Known| other.currency.as_ref().zip(source.currency.as_ref()).is_some_and(|(one, two)| one != two);
        if members.iter().any(is_other) {
            continue;
        }
        if !members.iter().any(clashes) && !own.is_empty() {
            members.push(source);
        }
    }
    members
}

fn additivity(name: &str, measure: &Measure) -> Additivity {
    measure.additivity.unwrap_or_else(|| well_known(name))
}

/// The metrics of a table: what its members have of the measures that are shown.
fn metrics_of(source: &str, table: Table, members: &[&Known], prefix: &str, names: &mut Names) -> Vec<Metric> {
    let mut metrics = vec![];
    if table == Table::Posts {
        let name = names.give("posts", "posts", None);
        metrics.push(Metric {
            name,
            text: format!("{{type: simple, source: {}, agg: count, label: Posts}}", yaml(source)),
        });
    }
    for wanted in SHOWN {
        let measure = members.iter().flat_map(|member| member.measures()).find(|(name, _)| name == wanted);
        let Some((name, measure)) = measure else { continue };
        let Some(how) = how(additivity(name, &measure), members) else { continue };
        let is_free = !names.is_taken(name);
        let called = if is_free { name.to_owned() } else { format!("{prefix} {name}") };
        let called = names.give(&called, "metric", None);
        let text = format!("{{type: simple, source: {}, expr: {}{how}}}", yaml(source), in_sql(name));
        metrics.push(Metric { name: called, text });
    }
    metrics
}

/// How a measure is aggregated in a first report; `None` where that needs a thought.
fn how(additivity: Additivity, members: &[&Known]) -> Option<&'static str> {
    match additivity {
        Additivity::Additive => Some(""),
        Additivity::SemiAdditive if members.iter().all(|source| source.is_in_months) => {
            Some(", non_additive_dimension: {name: time, window_agg: last, group_by: [network]}")
        }
        Additivity::SemiAdditive | Additivity::NonAdditive => None,
    }
}

/// The metrics of a source on its own: its sums, else what is nearest to one.
fn metrics_alone(source: &Known, names: &mut Names) -> Vec<Metric> {
    let measures = source.measures();
    let sums: Vec<&str> =
        measures.iter().filter(|(n, m)| additivity(n, m) == Additivity::Additive).map(|(name, _)| *name).collect();
    let (chosen, how, word) = if sums.is_empty() {
        (measures.iter().map(|(name, _)| *name).collect(), ", agg: max", "highest ")
    } else {
        (sums, "", "")
    };
    let metric = |name: &str| {
        let called = names.give(&format!("{word}{} {name}", source.name), "metric", None);
        let text = format!("{{type: simple, source: {}, expr: {}{how}}}", yaml(&source.name), in_sql(name));
        Metric { name: called, text }
    };
    chosen.into_iter().map(metric).collect()
}

fn report(pipeline: &str, name: &str, metrics: &[String], by: &[&str], grain: &str) -> String {
    let mut out = format!("  - name: {}\n    metrics:\n", yaml(name));
    out += &metrics.iter().map(|metric| format!("      - {}\n", yaml(metric))).collect::<String>();
    if !by.is_empty() {
        out += &format!("    group_by: [{}]\n", by.join(", "));
    }
    out += &format!("    grains: [{grain}]\n");
    if !by.is_empty() {
        out += "    totals: true\n";
    }
    let path = format!("reports/{pipeline}/{name}");
    out += "    exports:\n";
    for format in ["csv", "parquet"] {
        out += &format!("      - {{format: {format}, path: {}, layout: wide}}\n", yaml(&format!("{path}.{format}")));
    }
    out
}
