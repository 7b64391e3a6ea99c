//! Lists of sources, as data: `sources.csv` has the names of Google's list of source categories (published with the page
//! of the rules, read in Velir/dbt-ga4 `seeds/ga4_source_categories.csv` of November 2023), `networks.csv` those of
//! social networks.

use std::sync::LazyLock;

/// What kind of site a source is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Category {
    Search,
    Shopping,
    Social,
    Video,
}

/// Names and what they stand for, sorted by name.
pub(super) struct List(Vec<(&'static str, &'static str)>);

pub(super) static SOURCES: LazyLock<List> = LazyLock::new(|| List::new(include_str!("sources.csv")));
pub(super) static NETWORKS: LazyLock<List> = LazyLock::new(|| List::new(include_str!("networks.csv")));

impl List {
    /// Of sorted lines `name,what`, below a header.
    fn new(text: &'static str) -> Self {
        Self(text.lines().skip(1).filter_map(|line| line.rsplit_once(',')).collect())
    }

    fn get(&self, name: &str) -> Option<&'static str> {
        self.0.binary_search_by_key(&name, |(name, _)| name).ok().map(|at| self.0[at].1)
    }

    #[cfg(test)]
    pub(super) fn entries(&self) -> &[(&'static str, &'static str)] {
        &self.0
    }
}

/// The category of a source in lower case. Names match whole, as in GA4: `m.facebook.com` is listed, a host that is not
/// listed has no category.
pub(super) fn category(source: &str) -> Option<Category> {
    Some(match SOURCES.get(source)? {
        "search" => Category::Search,
        "shopping" => Category::Shopping,
        "social" => Category::Social,
        _ => Category::Video,
    })
}

/// The social network of a source, whatever its case and the spaces around it: by its name, its domains and all below
/// them, and what its apps are called.
#[must_use]
pub fn social_network(source: &str) -> Option<&'static str> {
    let source = source.trim().to_lowercase();
    let is_host = source.chars().all(|c| c.is_alphanumeric() || matches!(c, '.' | '-' | '_'));
    let parents = source.match_indices('.').map(|(at, _)| &source[at + 1..]);
    // A name without a dot is no domain: nothing is below it.
    let mut domains = parents.filter(|parent| is_host && parent.contains('.'));
    NETWORKS.get(&source).or_else(|| domains.find_map(|domain| NETWORKS.get(domain)))
}
