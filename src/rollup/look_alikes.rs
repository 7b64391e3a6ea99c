//! Dimension values that differ only by case, accents or spaces: mostly one thing spelt in two ways, which splits a
//! KPI. They are told, not merged.

use super::Rollup;
use crate::diagnostic::Diagnostic;
use crate::plan::Plan;
use arrow::array::AsArray;
use arrow::datatypes::Int32Type;
use std::collections::{BTreeMap, BTreeSet};
use unicode_normalization::char::is_combining_mark;
use unicode_normalization::UnicodeNormalization;

/// Dimensions with more values than this are names or texts, where near-equal values are ordinary.
const MOST_VALUES: usize = 10_000;

/// A warning for each group of look-alikes.
#[must_use]
pub fn look_alikes(plan: &Plan, rollups: &[Rollup]) -> Vec<Diagnostic> {
    let mut values: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for rollup in rollups {
        for (i, dim) in plan.rollups[rollup.id].dims.iter().enumerate() {
            let column = rollup.cells.column_by_name(&format!("d{i}"));
            let Some(texts) = column.and_then(|a| a.as_dictionary_opt::<Int32Type>()) else { continue };
            let known = values.entry(&dim.name).or_default();
            let all = texts.values().as_string::<i32>();
            for key in texts.occupancy().set_indices() {
                if known.len() <= MOST_VALUES {
                    known.insert(all.value(key));
                }
            }
        }
    }
    let mut warnings = vec![];
    for (dim, texts) in values.into_iter().filter(|(_, texts)| texts.len() <= MOST_VALUES) {
        let mut folded: BTreeMap<String, Vec<&str>> = BTreeMap::new();
        for text in texts {
            folded.entry(fold(text)).or_default().push(text);
        }
        for group in folded.into_values().filter(|g| g.len() > 1) {
            let names = group.iter().map(|t| format!("`{t}`")).collect::<Vec<_>>().join(", ");
            warnings.push(
                Diagnostic::warning("look-alikes", format!("dimension `{dim}` has values that look alike: {names}"))
                    .note("they differ only by case, accents or spaces, and are reported apart"),
            );
        }
    }
    warnings
}

fn fold(text: &str) -> String {
    text.nfd().filter(|c| !is_combining_mark(*c) && !c.is_whitespace()).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_accents_and_spaces_fold_away() {
        assert_eq!(fold("Réseau X"), fold("reseaux"));
        assert_ne!(fold("image"), fold("images"));
    }
}
