//! A whole pipeline that computes one ready KPI.

use super::{library, Formula, Kpi, MeasureKind};
use crate::spec::Additivity;
use indexmap::IndexMap;

/// A source of the example under way.
#[derive(Default)]
struct Source {
    dimensions: Vec<String>,
    measures: Vec<String>,
}

impl Source {
    fn add(&mut self, measures: &[&str]) {
        for name in measures {
            let of_numbers = library().measures.get(*name).is_some_and(|m| m.kind == MeasureKind::Number);
            let list = if of_numbers { &mut self.measures } else { &mut self.dimensions };
            add(list, name);
        }
    }
}

fn add(list: &mut Vec<String>, name: &str) {
    if !list.iter().any(|known| known == name) {
        list.push(name.to_owned());
    }
}

/// A pipeline of one report that shows a KPI, by month.
#[must_use]
pub fn example(kpi: &Kpi) -> String {
    let apart = apart(kpi);
    let elsewhere = |id: &str| apart.contains_key(id);
    let mut sources: IndexMap<&str, Source> = IndexMap::new();
    let own = sources.entry(&kpi.source).or_default();
    own.add(&kpi.measures(&elsewhere));
    for name in dimensions(kpi, &elsewhere) {
        add(&mut own.dimensions, &name);
    }
    let mut metrics = vec![metric(kpi, &kpi.source, &apart, &elsewhere)];
    for (id, source) in &apart {
        let part = library().part(id);
        let own = sources.entry(source).or_default();
        own.add(&part.measures(&|_| false));
        for name in dimensions(part, &|_| false) {
            add(&mut own.dimensions, &name);
        }
        metrics.push(metric(part, source, &IndexMap::new(), &|_| false));
    }
    let mut out = String::from("version: 1\nname: example\nsources:\n");
    for (name, source) in &sources {
        out += &format!("  {name}:\n    path: {name}.csv\n    time: {{column: date}}\n");
        for (key, list) in [("dimensions", &source.dimensions), ("measures", &source.measures)] {
            if !list.is_empty() {
                out += &format!("    {key}: [{}]\n", list.join(", "));
            }
        }
    }
    out += &format!("metrics:\n{}", metrics.concat());
    let export = format!("{{format: csv, path: reports/{}.csv}}", kpi.id);
    out + &format!(
        "reports:\n  - name: monthly\n    metrics: [{}]\n    grains: [month]\n    exports: [{export}]\n",
        kpi.id
    )
}

/// The parts that usually come from other sources, with what these are called.
fn apart(kpi: &Kpi) -> IndexMap<String, String> {
    let parts = kpi.parts().into_iter().flat_map(apart);
    kpi.apart.clone().into_iter().chain(parts).collect()
}

/// The dimensions that its parts need.
fn dimensions(kpi: &Kpi, elsewhere: &dyn Fn(&str) -> bool) -> Vec<String> {
    let levels = kpi.aggregates(elsewhere).iter().any(|(_, simple)| simple.day.is_some());
    let account = levels.then(|| "account_id".to_owned());
    let own = match &kpi.formula {
        Formula::Ratio(ratio) => ratio.mean_of.clone(),
        Formula::Derived(derived) => derived.baseline.as_ref().map(|b| b.ignores.clone()).unwrap_or_default(),
        Formula::Simple(_) => vec![],
    };
    account.into_iter().chain(own).collect()
}

fn metric(kpi: &Kpi, source: &str, apart: &IndexMap<String, String>, elsewhere: &dyn Fn(&str) -> bool) -> String {
    let mut keys = format!("library: {}, source: {source}", kpi.id);
    if !apart.is_empty() {
        let named: Vec<String> = apart.keys().map(|id| format!("{id}: {id}")).collect();
        keys += &format!(", metrics: {{{}}}", named.join(", "));
    }
    let unique = |(part, _): &(&Kpi, _)| part.at_most() == Additivity::NonAdditive;
    if kpi.aggregates(elsewhere).iter().any(unique) {
        keys += ", reaggregate: sum_with_warning";
    }
    format!("  {}: {{{keys}}}\n", kpi.id)
}
