use super::{find, list::FILES, profiles, Profile};
use crate::catalog::{folded, CURRENCY_COLUMN};
use crate::diagnostic::Diagnostics;
use crate::expr::words;
use crate::spec::{self, NamesOr};
use std::collections::{BTreeMap, BTreeSet};

#[test]
fn every_file_is_a_profile_of_its_own_name() {
    let ids: BTreeSet<&str> = profiles().iter().map(|profile| profile.about.id.as_str()).collect();
    assert_eq!(ids.len(), FILES.len());
    for text in FILES {
        let id = text.lines().next().and_then(|line| line.strip_prefix("id: ")).expect("an id first");
        assert!(find(id).is_some(), "{id}");
    }
}

/// What the issue asks for, by name.
#[test]
fn the_networks_are_there() {
    let wanted = [
        "meta_business_suite.facebook_posts",
        "meta_business_suite.instagram_posts",
        "meta_business_suite.daily_series",
        "meta_business_suite.audience",
        "facebook_insights.page",
        "facebook_insights.post",
        "meta_ads.report",
        "x.content",
        "x.overview",
        "twitter.tweets",
        "twitter.daily",
        "linkedin.page_content",
        "pinterest.overview",
        "tiktok.overview",
        "tiktok.content",
        "youtube_studio.table",
        "youtube_studio.chart",
        "youtube_studio.totals",
        "ga4.report",
        "ga4.bigquery",
        "search_console.queries",
        "search_console.dates",
        "google_ads.report",
    ];
    for id in wanted {
        assert!(find(id).is_some(), "{id}");
    }
}

/// No spelling stands for two columns, none is both read and passed over.
#[test]
fn spellings_are_of_one_column() {
    for Profile { about, .. } in profiles() {
        let mut known: BTreeMap<String, &str> = BTreeMap::new();
        let all = about.columns.iter().flat_map(|(name, spellings)| spellings.iter().map(move |s| (s, name.as_str())));
        for (spelling, name) in all.chain(about.ignored.iter().map(|s| (s, "(ignored)"))) {
            if let Some(other) = known.insert(folded(spelling), name) {
                assert_eq!(other, name, "{}: `{spelling}`", about.id);
            }
        }
    }
}

/// All that a profile says of its source is of columns that it knows; every measure has a unit and says what adds up.
#[test]
fn profiles_know_what_they_read() {
    let functions = [
        "case",
        "when",
        "then",
        "else",
        "end",
        "and",
        "or",
        "not",
        "in",
        "is",
        "null",
        "like",
        "coalesce",
        "nullif",
        "lower",
        "upper",
        "abs",
        "sum_known",
        "split_part",
        "channel_group",
        "social_network",
        "between",
        "table_title",
        "true",
        "false",
    ];
    for Profile { about, .. } in profiles() {
        // As it is written: what is read of typed files is called by paths.
        let source = &about.source;
        let id = &about.id;
        let paths: BTreeSet<&str> = about.columns.values().flatten().map(String::as_str).collect();
        let dimensions = source.dimensions.entries();
        let measures = source.measures.entries();
        let declared = |name: &str| {
            dimensions.iter().any(|(other, ..)| *other == name) || measures.iter().any(|(other, ..)| *other == name)
        };
        // A currency may stand in the names of columns alone.
        let known = |name: &str| about.columns.contains_key(name) || paths.contains(name) || name == CURRENCY_COLUMN;
        let check = |sql: &str| {
            for word in words(sql) {
                let is_known = functions.contains(&word.to_lowercase().as_str())
                    || word.chars().all(|c| c.is_ascii_digit())
                    || known(word)
                    || declared(word);
                assert!(is_known, "{id}: `{word}` in {sql}");
            }
        };
        for (name, dimension, _) in &dimensions {
            match &dimension.expr {
                Some(sql) => check(sql),
                None => assert!(known(dimension.column.as_deref().unwrap_or(name)), "{id}: dimension {name}"),
            }
        }
        for (name, measure, _) in &measures {
            assert!(measure.additivity.is_some() && measure.unit.is_some(), "{id}: measure {name}");
            match &measure.expr {
                Some(sql) => check(sql),
                None => assert!(known(measure.column.as_deref().unwrap_or(name)), "{id}: measure {name}"),
            }
        }
        assert!(declared("network"), "{id} tells no network");
        let named = about.recognise.columns.iter().chain(&about.recognise.without);
        for name in named {
            assert!(known(name), "{id}: recognised by `{name}`");
        }
    }
}

fn expanded(yaml: &str) -> (spec::Source, Vec<String>) {
    let text = format!("version: 1\nname: x\nmetrics: {{}}\nreports: []\nsources:\n  s:\n    profile: x.content\n    path: x.csv\n{yaml}");
    let mut pipeline = spec::parse(&text).pipeline.expect("a pipeline");
    let mut errors = Diagnostics::default();
    super::expand(&mut pipeline, &mut errors);
    let codes = errors.into_vec().into_iter().map(|error| error.code.to_owned()).collect();
    (pipeline.sources["s"].clone(), codes)
}

#[test]
fn what_a_source_says_itself_wins() {
    let (plain, errors) = expanded("");
    assert!(errors.is_empty(), "{errors:?}");
    assert!(plain.measures.entries().iter().all(|(_, measure, _)| measure.optional));
    let yaml =
        "    time: {timezone: Europe/Paris}\n    measures: {impressions: {column: Seen}, mine: {column: Mine}}\n    \
                where: likes > 1\n";
    let (own, _) = expanded(yaml);
    let time = (own.time.expect("a time"), plain.time.clone().expect("a time"));
    assert_eq!(
        (time.0.column, time.0.format, time.0.timezone.as_deref()),
        (time.1.column, time.1.format, Some("Europe/Paris"))
    );
    let NamesOr::Map(measures) = &own.measures else { panic!("a map") };
    assert_eq!(measures["impressions"].as_ref().and_then(|m| m.column.as_deref()), Some("Seen"));
    assert!(measures.contains_key("mine") && measures.len() == plain.measures.entries().len() + 1);
    assert_eq!(own.filter.as_deref(), Some("likes > 1"));
    // Bare names only name what is there.
    let (listed, _) = expanded("    measures: [impressions, mine]\n");
    let entries = listed.measures.entries();
    let impressions = entries.iter().find(|(name, ..)| *name == "impressions").expect("the profile's");
    assert_eq!(impressions.1.unit.as_deref(), Some("impressions"));
}
