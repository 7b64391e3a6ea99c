//! Formulas of ready KPIs: their text for people, and what they are made of.

use super::{library, Formula, Kpi, Library, Ratio, Simple, BASELINE};
use crate::expr::{substitute, words};
use crate::spec::{Additivity, Agg, WindowAgg};

impl Simple {
    /// The measures that it needs.
    #[must_use]
    pub fn measures(&self) -> Vec<&'static str> {
        let sql = [&self.expr, &self.filter].into_iter().flatten();
        measures_in(sql.flat_map(|sql| words(sql)))
    }
}

/// Which of the words are measures; each once, in order.
fn measures_in<'w>(words: impl Iterator<Item = &'w str>) -> Vec<&'static str> {
    let mut found: Vec<&'static str> = vec![];
    for word in words {
        if let Some((name, _)) = library().measures.get_key_value(word) {
            if !found.contains(&name.as_str()) {
                found.push(name);
            }
        }
    }
    found
}

impl Kpi {
    /// The formula for people: `engagements / impressions`.
    #[must_use]
    pub fn formula_text(&self) -> String {
        match &self.formula {
            Formula::Simple(simple) => simple.text(),
            Formula::Ratio(Ratio { numerator, denominator, mean_of, .. }) if mean_of.is_empty() => {
                format!("{numerator} / {denominator}")
            }
            Formula::Ratio(Ratio { numerator, denominator, mean_of, .. }) => {
                format!("mean of {numerator} / {denominator} of each {}", mean_of.join(", "))
            }
            Formula::Derived(derived) => match &derived.baseline {
                None => derived.expr.clone(),
                Some(baseline) => substitute(&derived.expr, &|word| {
                    let all = format!("{} over all {}", baseline.of, baseline.ignores.join(", "));
                    (word == BASELINE).then(|| format!("({all})"))
                }),
            },
        }
    }

    /// The KPIs that it is directly made of.
    #[must_use]
    pub fn parts(&self) -> Vec<&'static Kpi> {
        let library: &'static Library = library();
        match &self.formula {
            Formula::Simple(_) => vec![],
            Formula::Ratio(ratio) => vec![library.part(&ratio.numerator), library.part(&ratio.denominator)],
            Formula::Derived(derived) => {
                let baseline = derived.baseline.as_ref().map(|baseline| baseline.of.as_str());
                let mut ids = words(&derived.expr);
                ids.extend(baseline.filter(|of| !words(&derived.expr).contains(of)));
                ids.into_iter().filter_map(|id| library.kpis.get(id)).collect()
            }
        }
    }

    /// All KPIs that it is made of, and those that they are made of, each once.
    #[must_use]
    pub fn all_parts(&self) -> Vec<&'static Kpi> {
        let mut found: Vec<&'static Kpi> = vec![];
        for part in self.parts() {
            for one in [vec![part], part.all_parts()].concat() {
                if !found.iter().any(|known| known.id == one.id) {
                    found.push(one);
                }
            }
        }
        found
    }

    /// All measures that it needs, without those of parts that come from elsewhere.
    #[must_use]
    pub fn measures(&self, elsewhere: &dyn Fn(&str) -> bool) -> Vec<&'static str> {
        if let Formula::Simple(simple) = &self.formula {
            return simple.measures();
        }
        let parts = self.parts().into_iter().filter(|part| !elsewhere(&part.id));
        measures_in(parts.flat_map(|part| part.measures(elsewhere)))
    }

    /// Its aggregates of records, without those of parts that come from elsewhere.
    #[must_use]
    pub fn aggregates<'k>(&'k self, elsewhere: &dyn Fn(&str) -> bool) -> Vec<(&'k Kpi, &'k Simple)> {
        if let Formula::Simple(simple) = &self.formula {
            return vec![(self, simple)];
        }
        let parts = self.parts().into_iter().filter(|part| !elsewhere(&part.id));
        parts.flat_map(|part| part.aggregates(elsewhere)).collect()
    }

    /// What its measures add up over at most, whatever their columns are called.
    #[must_use]
    pub fn at_most(&self) -> Additivity {
        match &self.formula {
            Formula::Simple(Simple { day: Some(_), .. }) => Additivity::SemiAdditive,
            Formula::Simple(_) => self.additivity,
            Formula::Ratio(_) | Formula::Derived(_) => Additivity::Additive,
        }
    }
}

impl Simple {
    fn text(&self) -> String {
        let name = match self.agg.unwrap_or(Agg::Sum) {
            Agg::Sum => "SUM",
            Agg::Count => "COUNT",
            Agg::Min => "MIN",
            Agg::Max => "MAX",
            Agg::Average => "AVG",
        };
        let filter = self.filter.as_ref().map_or(String::new(), |sql| format!(" where {sql}"));
        let day = match self.day {
            None => "",
            Some(WindowAgg::Last) => " on the last day",
            Some(WindowAgg::First) => " on the first day",
            Some(WindowAgg::Average) => " averaged over days",
            Some(WindowAgg::Opening) => " on the last day before",
        };
        format!("{name}({}){filter}{day}", self.expr.as_deref().unwrap_or("*"))
    }
}
