//! Several sources and tables beside them, each on a few records, with figures computed by hand: lookups, segments by
//! source, ignored dimensions, and timestamps.

use std::fs::write;

use super::eval::evaluate;
use super::time_examples::rows;

/// The lines of one report, over files of these names and texts.
pub(super) fn report(files: &[(&str, &str)], yaml: &str, report: &str) -> Vec<String> {
    let dir = tempfile::tempdir().expect("a temporary folder");
    for (name, text) in files {
        write(dir.path().join(name), text).expect("a written file");
    }
    let yaml = format!("version: 1\nname: tables\n{yaml}\nreports:\n  - {{name: r, {report}}}\n");
    rows(&evaluate(&yaml, dir.path(), None))
}

const CAMPAIGNS: &str = "
lookups:
  campaigns:
    path: campaigns.csv
    key: {post: {column: Post}}
    columns: {campaign: {}, tier: {column: Level, type: integer}, live: {}, since: {}, weight: {}}
sources:
  posts:
    path: posts.csv
    time: {column: date, grain: day}
    dimensions: [network, post]
    measures: [views]
    lookups: [campaigns]
segments:
  live: {where: live}
  not_live: {where: NOT live}
metrics:
  views: {type: simple, source: posts, agg: sum, expr: views}
  weighted: {type: simple, source: posts, agg: sum, expr: views * weight}
  old: {type: simple, source: posts, agg: count, filter: since < '2025-01-01'}
  known: {type: simple, source: posts, agg: count, expr: campaign}
";

/// The key is trimmed and composed; one is null, and one in no table.
const POSTS: &str = "date,network,post,views
2025-01-01,x,p1,1
2025-01-02,x, p2 ,2
2025-01-02,x,e\u{301},4
2025-01-03,x,,8
2025-01-03,x,p9,16
2025-01-03,y,p1,32
";

const TABLE: &str = "Post,campaign,Level,live,since,weight
p1,spring,1,true,2024-12-01,0.5
p2,,2,false,,2
 \u{e9}, spring,,,2025-02-01,
,nothing,9,true,2024-01-01,9
";

#[test]
fn columns_of_a_lookup_are_columns_of_the_source() {
    let by = |rest: &str| report(&[("posts.csv", POSTS), ("campaigns.csv", TABLE)], CAMPAIGNS, rest);
    let all = "metrics: [views, weighted, old, known], grains: [all]";
    assert_eq!(by(all), ["all 63 20.5 2 3"]);
    let expected = ["all (unknown) 26 4 0 0", "all spring 37 16.5 2 3"];
    assert_eq!(by(&format!("{all}, group_by: [campaign]")), expected);
    let expected = ["all (unknown) 28", "all 1 33", "all 2 2"];
    assert_eq!(by("metrics: [views], grains: [all], group_by: [tier]"), expected);
    let expected = ["all (unknown) 26", "all 2024-12-01 33", "all 2025-02-01 4"];
    assert_eq!(by("metrics: [views], grains: [all], group_by: [since]"), expected);
    let expected = ["all false not_live 2", "all true live 33"];
    assert_eq!(by("metrics: [views], grains: [all], group_by: [live], segments: [live, not_live]"), expected);
}

#[test]
fn a_source_may_be_left_to_what_a_lookup_says() {
    let yaml = CAMPAIGNS.replace("    lookups: [campaigns]\n", "    lookups: [campaigns]\n    where: tier > 1\n");
    let rows = report(&[("posts.csv", POSTS), ("campaigns.csv", TABLE)], &yaml, "metrics: [views], grains: [all]");
    assert_eq!(rows, ["all 2"]);
}

#[test]
fn a_key_may_have_several_columns_with_other_names() {
    let yaml = "
lookups:
  names: {path: names.csv, key: [country, lang], columns: [label]}
sources:
  web:
    path: web.csv
    time: {column: day, grain: day}
    dimensions: {pays: {}, langue: {column: Langue}, age: {}}
    measures: [visits]
    lookups: {names: {on: [pays, langue]}}
metrics:
  visits: {type: simple, source: web, agg: sum, expr: visits}
";
    let web = "day,pays,Langue,age,visits\n2025-01-01,BE,fr,1,1\n2025-01-01,BE,nl,1,2\n2025-01-01,FR,nl,1,4\n\
               2025-01-01,BE,,1,8\n";
    let names = "lang,label,country\nfr,Belgique,BE\nnl,België,BE\nfr,France,FR\n";
    let rows =
        report(&[("web.csv", web), ("names.csv", names)], yaml, "metrics: [visits], grains: [all], group_by: [label]");
    assert_eq!(rows, ["all (unknown) 12", "all Belgique 1", "all België 2"]);
}

#[test]
#[should_panic(expected = "is twice in a lookup")]
fn a_key_is_there_once() {
    let table = format!("{TABLE}p1 ,autumn,1,true,2024-12-01,0.5\n");
    let files = [("posts.csv", POSTS), ("campaigns.csv", table.as_str())];
    report(&files, CAMPAIGNS, "metrics: [views], grains: [all]");
}

const ADS_AND_WEB: &str = "
sources:
  ads: {path: ads.csv, time: {column: date}, dimensions: [network, country], measures: [clicks]}
  web: {path: web.csv, time: {column: day}, dimensions: [network], measures: [visits]}
  both: {union: [ads, web]}
segments:
  french: {where: {ads: country = 'FR', web: 'TRUE', both: network IS NOT NULL}}
metrics:
  clicks: {type: simple, source: ads, agg: sum, expr: clicks}
  visits: {type: simple, source: web, agg: sum, expr: visits, ignore_dimensions: [country]}
  all_visits: {type: simple, source: web, agg: sum, expr: visits, ignore_dimensions: [country, network]}
  records: {type: simple, source: both, agg: count}
  rate: {type: ratio, numerator: clicks, denominator: visits}
  growth: {type: time_comparison, base_metric: rate, offset_window: 1 month, calculation: difference}
";

const ADS: &str = "date,network,country,clicks
2025-01-01,x,FR,1
2025-01-02,x,DE,2
2025-01-31,y,FR,4
2025-02-28,x,FR,8
";

const WEB: &str = "day,network,visits
2025-01-01,x,10
2025-01-31,y,20
2025-02-01,x,100
2025-02-28,,200
2025-03-31,x,400
";

fn ads_and_web(rest: &str) -> Vec<String> {
    report(&[("ads.csv", ADS), ("web.csv", WEB)], ADS_AND_WEB, rest)
}

#[test]
fn a_segment_says_something_of_each_source() {
    let rows = ads_and_web("metrics: [clicks, visits, records], grains: [month], segments: [all, french]");
    let expected = [
        "2025-01 7 30 5",
        "2025-01 french 5 30 5",
        "2025-02 8 300 3",
        "2025-02 french 8 300 2",
        // Both still go on.
        "2025-03 - 400 1",
        "2025-03 french - 400 1",
    ];
    assert_eq!(rows, expected);
}

#[test]
fn a_metric_repeats_itself_over_the_dimensions_that_it_ignores() {
    let report = "metrics: [clicks, visits, all_visits, rate], grains: [month], group_by: [network, country]";
    let expected = [
        "2025-01 x DE 2 10 30 0.2",
        "2025-01 x FR 1 10 30 0.1",
        "2025-01 y FR 4 20 30 0.2",
        // March has no clicks: nothing tells countries there. Nor is there a network without a name.
        "2025-02 x FR 8 100 300 0.08",
    ];
    assert_eq!(ads_and_web(report), expected);
    // A total holds it once, over its own records.
    let totals = [
        "2025-01 (all) (all) 7 30 30 0.23333333333333334",
        "2025-01 x (all) 3 10 30 0.3",
        "2025-01 y (all) 4 20 30 0.2",
        "2025-02 (all) (all) 8 300 300 0.02666666666666667",
        "2025-02 (unknown) (all) - 200 300 -",
        "2025-02 x (all) 8 100 300 0.08",
        "2025-03 (all) (all) - 400 400 -",
        "2025-03 x (all) - 400 400 -",
    ];
    let mut rows = ads_and_web(&format!("{report}, totals: [[], [network]]"));
    rows.retain(|row| row.contains("(all)"));
    rows.sort();
    assert_eq!(rows, totals);
    // Over the earlier month too it is over all countries: 8 / 100 - 1 / 10; and Germany has nothing in February.
    let rows = ads_and_web("metrics: [rate, growth], grains: [month], group_by: [network, country]");
    assert_eq!(rows[0], "2025-01 x DE 0.2 -");
    assert_eq!(
        rows.iter().find(|row| row.starts_with("2025-02 x FR")),
        Some(&"2025-02 x FR 0.08 -0.020000000000000004".to_owned())
    );
}

#[test]
fn timestamps_are_days_of_the_calendars_zone() {
    let yaml = "
calendar: {timezone: Europe/Paris}
sources:
  instants: {path: instants.csv, time: {column: at}, measures: [n]}
  walls: {path: walls.csv, time: {column: at, timezone: America/New_York}, measures: [n]}
  all: {union: [instants, walls]}
metrics:
  n: {type: simple, source: all, agg: sum, expr: n}
  late: {type: simple, source: all, agg: sum, expr: n, filter: at >= '2025-03-31'}
";
    let instants =
        "at,n\n2025-03-29T22:59:59Z,1\n2025-03-29T23:00:00Z,2\n2025-03-30T21:59:59Z,4\n2025-03-30T22:00:00Z,8\n";
    let walls =
        "at,n\n2025-03-29 18:59:59,16\n2025-03-29 19:00:00,32\n2025-03-30 17:59:59,64\n2025-03-30T18:00:00,128\n";
    let files = [("instants.csv", instants), ("walls.csv", walls)];
    // 19:00 in New York is midnight in Paris before its clocks change, and 18:00 afterwards.
    let days = ["2025-03-29 17 -", "2025-03-30 102 -", "2025-03-31 136 136"];
    assert_eq!(report(&files, yaml, "metrics: [n, late], grains: [day]"), days);
    assert_eq!(
        report(&files, yaml, "metrics: [n, late], grains: [day], start: 2025-03-30, end: 2025-03-30"),
        days[1..2]
    );
}
