//! The library of ready KPIs: the data, what the command line shows of it, and the mistakes that can be made with it.

mod cells;
mod formulas;

use crate::harness::{repository, run_in, Place};
use jalon::expr::words;
use jalon::library::{example, library, Formula, BASELINE};
use jalon::spec::{Additivity, Goal};
use std::collections::BTreeSet;

/// The dictionary of the field: each KPI with the ids that stand for it, the missing ones included.
const DICTIONARY: &[(&str, &[&str])] = &[
    ("impressions", &["impressions"]),
    ("views", &["views"]),
    ("reach", &["reach"]),
    ("likes, comments, shares, saves, clicks", &["likes", "comments", "shares", "saves", "clicks"]),
    ("engagements, and as LinkedIn counts them", &["engagements", "engagements_with_clicks"]),
    ("followers", &["followers", "opening_followers", "average_followers"]),
    ("new followers, lost, net", &["new_followers", "unfollows", "net_new_followers"]),
    ("posts published", &["posts_published"]),
    ("watch time", &["watch_time"]),
    ("sessions, key events, page views", &["sessions", "engaged_sessions", "key_events", "page_views"]),
    ("users", &["users"]),
    ("spend, revenue", &["spend", "revenue"]),
    ("responses, messages received", &["responses", "messages_received"]),
    ("survey counts", &["promoters", "passives", "detractors", "satisfied_ratings", "ratings"]),
    ("engagement rate by reach", &["engagement_rate_by_reach", "average_engagement_rate_by_reach_per_post"]),
    ("engagement rate by post", &["engagement_rate_by_followers_on_publication_day"]),
    ("engagement rate by followers", &["engagement_rate_by_followers"]),
    ("engagement rate by impressions", &["engagement_rate_by_impressions"]),
    ("daily ER", &["daily_engagement_rate_by_followers", "mean_daily_engagement_rate_by_followers"]),
    ("engagement rate by views", &["engagement_rate_by_views"]),
    ("LinkedIn engagement", &["engagement_rate_with_clicks_by_impressions"]),
    ("conversation rate", &["conversation_rate", "conversation_rate_by_followers"]),
    ("amplification rate", &["amplification_rate", "amplification_rate_by_followers"]),
    ("applause rate", &["applause_rate", "applause_rate_by_followers"]),
    ("economic value", &["economic_value_per_session"]),
    (
        "follower growth rate, opening, average, closing",
        &[
            "follower_growth_rate",
            "follower_growth_rate_by_average_followers",
            "follower_growth_rate_by_closing_followers",
        ],
    ),
    ("share of voice", &["share_of_voice"]),
    ("frequency", &["frequency"]),
    ("paid share", &["paid_share_of_reach", "paid_share_of_impressions"]),
    ("CTR", &["click_through_rate_by_impressions"]),
    ("CPC, CPM", &["cpc", "cpm"]),
    ("CPA", &["cost_per_acquisition"]),
    ("CPV, CPCV", &["cost_per_view", "cost_per_completed_view"]),
    ("conversion rate", &["conversion_rate_by_clicks", "conversion_rate_by_sessions", "key_event_rate_by_sessions"]),
    ("ROAS", &["roas"]),
    ("ROI, and on profit", &["roi", "roi_by_gross_profit"]),
    ("web engagement rate", &["engagement_rate_by_sessions"]),
    ("bounce rate", &["bounce_rate", "bounce_rate_by_bounces"]),
    ("engaged sessions per user", &["engaged_sessions_per_user"]),
    ("engagement time", &["average_engagement_time_per_user", "average_engagement_time_per_session"]),
    ("views per session", &["page_views_per_session"]),
    ("VCR", &["video_completion_rate_by_starts", "video_completion_rate_by_impressions"]),
    (
        "quartiles",
        &[
            "video_first_quartile_rate_by_starts",
            "video_midpoint_rate_by_starts",
            "video_third_quartile_rate_by_starts",
        ],
    ),
    ("average view duration", &["average_view_duration"]),
    ("average view percentage", &["average_view_percentage"]),
    ("full-watch rate", &["full_watch_rate_by_views"]),
    ("response rate", &["response_rate", "response_rate_to_first_messages"]),
    ("response time", &["response_time_of_the_fastest_90_percent"]),
    ("average response time", &["average_response_time"]),
    ("NPS", &["nps"]),
    ("CSAT", &["csat_by_ratings", "csat_by_max_score"]),
    ("reviews", &["reviews"]),
    ("organic and paid reach", &["organic_reach", "paid_reach"]),
    ("engagement per new follower", &["engagement_per_new_follower"]),
    ("average organic reach per post", &["average_organic_reach_per_post"]),
    ("share rate", &["share_rate_by_impressions", "share_rate_by_reach"]),
    ("traffic shares", &["social_traffic_share", "referral_traffic_share", "direct_traffic_share"]),
    ("content fit", &["content_fit"]),
];

#[test]
fn every_kpi_of_the_dictionary_is_there_or_said_to_be_missing() {
    let missing: BTreeSet<&str> = library().missing.iter().map(|m| m.id.as_str()).collect();
    let mut told = BTreeSet::new();
    for (name, ids) in DICTIONARY {
        for id in *ids {
            assert!(library().kpis.contains_key(*id) != missing.contains(id), "{name}: {id}");
            told.insert(*id);
        }
    }
    assert!(missing.is_subset(&told), "{missing:?}");
    assert!(library().missing.iter().all(|m| m.why.en.len() > 40 && m.why.fr.len() > 40 && !m.name.fr.is_empty()));
}

#[test]
fn ids_are_unique_and_say_what_a_rate_is_divided_by() {
    let files = ["seen", "engagement", "audience", "paid", "web", "video", "care"];
    let text: String = files
        .iter()
        .map(|file| std::fs::read_to_string(repository().join(format!("src/library/{file}.yaml"))).expect("a group"))
        .collect();
    let ids: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("- id: ")).collect();
    assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), ids.len(), "an id is there twice");
    assert_eq!(ids.len(), library().kpis.len());
    for id in &ids {
        assert!(id.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_'), "{id}");
        assert!(!library().missing.iter().any(|m| m.id == **id) && *id != BASELINE, "{id}");
    }
    for bare in ["engagement_rate", "conversion_rate", "completion_rate", "share_rate", "ctr", "csat", "growth_rate"] {
        assert!(!ids.contains(&bare), "{bare} does not say what it is divided by");
        // Whoever asks for one is told of the variants.
        let told = library().unknown(bare);
        assert!(!told.help.is_empty(), "{bare}");
    }
}

#[test]
fn entries_are_whole_in_both_languages_and_made_of_what_is_there() {
    let library = library();
    let named = |text: &jalon::library::Texts| !text.en.trim().is_empty() && !text.fr.trim().is_empty();
    let mut names = (BTreeSet::new(), BTreeSet::new());
    let mut used = BTreeSet::new();
    for kpi in library.kpis.values() {
        let id = &kpi.id;
        assert!(
            named(&kpi.name) && named(&kpi.description) && !kpi.goals.is_empty() && !kpi.authority.is_empty(),
            "{id}"
        );
        assert!(names.0.insert(&kpi.name.en) && names.1.insert(&kpi.name.fr), "{id}: a name is there twice");
        match &kpi.formula {
            Formula::Simple(simple) => {
                let sql = [&simple.expr, &simple.filter].into_iter().flatten();
                let lower = |word: &&str| word.chars().all(|c| c.is_ascii_lowercase() || c == '_');
                for word in sql.flat_map(|sql| words(sql)).filter(lower) {
                    assert!(library.measures.contains_key(word), "{id}: {word}");
                    used.insert(word.to_owned());
                }
            }
            Formula::Ratio(ratio) => {
                for part in [&ratio.numerator, &ratio.denominator] {
                    assert!(library.kpis.contains_key(part), "{id}: {part}");
                }
                let measures = kpi.measures(&|_| false);
                assert!(ratio.known.iter().all(|name| measures.contains(&name.as_str())), "{id}");
            }
            Formula::Derived(derived) => {
                for word in words(&derived.expr) {
                    let known = library.kpis.contains_key(word)
                        || word == "days_in_period"
                        || (word == BASELINE && derived.baseline.is_some())
                        || word.parse::<u32>().is_ok();
                    assert!(known, "{id}: {word}");
                }
            }
        }
        let parts: Vec<&str> = kpi.all_parts().into_iter().map(|part| part.id.as_str()).collect();
        assert!(kpi.apart.keys().all(|part| parts.contains(&part.as_str())), "{id}");
    }
    for name in library.measures.keys() {
        assert!(used.contains(name), "no KPI needs {name}");
    }
    for goal in Goal::ALL {
        assert!(library.kpis.values().any(|kpi| kpi.goals.contains(goal)), "{}", goal.as_str());
    }
}

/// The pipeline shown for each KPI runs as it is, with the additivity that the library says.
#[test]
fn every_example_runs() {
    let place = Place::new();
    let data = cells::data();
    for source in ["posts", "calendar", "listening", "accounts", "ads", "web", "videos", "care", "survey"] {
        place.write(&format!("{source}.csv"), &data);
    }
    for kpi in library().kpis.values() {
        place.write("pipeline.yaml", example(kpi));
        place.run(&["--quiet"]);
        let text = place.read(&format!("reports/{}.csv", kpi.id));
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        let names = reader.headers().expect("a header").clone();
        let row = reader.records().nth(1).expect("a second month").expect("a record");
        let cell = |name: &str| row[names.iter().position(|n| n == name).expect("a column")].to_owned();
        assert!(!cell("value").is_empty(), "{}: no value\n{text}", kpi.id);
        let additivity = kpi.additivity.as_str();
        assert_eq!(cell("additivity").split(':').next(), Some(additivity), "{}", kpi.id);
        assert!(kpi.has_unit_of_columns() || cell("unit") == kpi.unit, "{}: {}", kpi.id, cell("unit"));
        assert!(kpi.additivity != Additivity::Additive || cell("numerator").is_empty(), "{}", kpi.id);
    }
}

#[test]
fn the_command_line_shows_them() {
    let show = |args: &[&str]| {
        let done = run_in(&repository(), &[&["kpis"], args].concat());
        assert_eq!(done.code, 0, "{}", done.stderr);
        done.stdout
    };
    insta::assert_snapshot!("kpis", show(&[]));
    insta::assert_snapshot!("kpis_care_fr", show(&["--goal", "care", "--lang", "fr"]));
    insta::assert_snapshot!("kpis_bounce_rate_fr", show(&["bounce_rate", "--lang", "fr"]));
    insta::assert_snapshot!("kpis_by_followers", show(&["engagement_rate_by_followers"]));
    let all: serde_json::Value = serde_json::from_str(&show(&["--format", "json"])).expect("JSON");
    assert_eq!(all["kpis"].as_array().map(Vec::len), Some(library().kpis.len()));
    assert_eq!(all["not_expressible"].as_array().map(Vec::len), Some(library().missing.len()));
    let one: serde_json::Value =
        serde_json::from_str(&show(&["roas", "--format", "json", "--lang", "fr"])).expect("JSON");
    assert_eq!((&one["type"], &one["formula"]), (&"ratio".into(), &"revenue / spend".into()));
    assert_eq!(one["name"], "Retour sur dépenses publicitaires (ROAS)");
}

#[test]
fn wrong_ids_are_met_with_those_that_are_meant() {
    let mut told = String::new();
    for id in ["engagement_rate", "bounce_rat", "ctr", "taux_de_rebond", "taux_d_engagement", "fish"] {
        let done = run_in(&repository(), &["kpis", id]);
        assert_eq!((done.code, done.stdout.as_str()), (2, ""));
        told += &done.stderr;
    }
    let missing = run_in(&repository(), &["kpis", "response_time_of_the_fastest_90_percent"]);
    insta::assert_snapshot!(told + &missing.stderr);
}

const MUSEUM: &str = "\
version: 1
name: museum
sources:
  posts:
    path: posts.csv
    time: {column: date}
    dimensions: [network, title, is_paid]
    measures: [Impressions, likes, comments, reach]
metrics:
METRICS
reports:
  - name: r
    metrics: [SHOWN]
    grains: [month]
    exports: [{format: csv, path: r.csv}]
";

/// What is told of metrics, the first of which is shown.
fn check(metrics: &str) -> String {
    let place = Place::new();
    place.write(
        "posts.csv",
        "date,network,title,is_paid,Impressions,likes,comments,reach\n2025-01-01,x,hello,true,100,1,2,50\n",
    );
    let first = metrics.trim().split(':').next().expect("a name");
    place.write("pipeline.yaml", MUSEUM.replace("METRICS", metrics).replace("SHOWN", first));
    let done = place.jalon(&["check", "pipeline.yaml"]);
    format!("exit code {}\n{}{}", done.code, done.stdout, done.stderr)
}

#[test]
fn mistakes_with_ready_kpis_are_told_where_they_are_written() {
    insta::assert_snapshot!(check(
        "  er: {library: engagement_rate_by_impressions, source: posts}
  bare: {library: engagement_rate, source: posts}
  nowhere: {library: likes}
  elsewhere: {library: likes, source: post}
  roas: {library: roas}
  spread: {library: amplification_rate, source: posts, columns: {shares: comments}}
  by_fans: {library: applause_rate_by_followers, source: posts}
  both: {library: likes, type: simple, source: posts}
  neither: {source: posts}
  typed: {type: simple, source: posts, expr: likes, columns: {likes: likes}}"
    ));
    insta::assert_snapshot!(check(
        "  er: {library: engagement_rate_by_reach, source: posts, columns: {likes: title, coments: comments, shares: \"cmments + 1\", saves: \"NULL\"}}
  keys: {library: likes, source: posts, agg: max, account: [network], window: 28 days}
  filtered: {library: likes, source: posts, filter: likes}
  parts: {library: roas, source: posts, metrics: {revenu: likes, spend: keis}}
  useless: {library: roas, source: posts, filter: is_paid, metrics: {revenue: filtered, spend: likes}}
  likes: {library: likes, source: posts}
  text: {library: paid_impressions, source: posts, columns: {impressions: Impressions, is_paid: title}}
  peek: {type: derived, expr: \"\\\"ok.impressions\\\" * 2\"}
  ok: {library: frequency, source: posts, columns: {impressions: Impressions}}
  ok.reach: {library: likes, source: posts}
  round: {library: roas, metrics: {revenue: round, spend: likes}}"
    ));
}

#[test]
fn reach_passes_through_the_additivity_contract_whatever_its_column_is_called() {
    insta::assert_snapshot!(check(
        "  frequency: {library: frequency, source: posts, columns: {impressions: Impressions, reach: likes}}"
    ));
    let allowed = check("  frequency: {library: frequency, source: posts, columns: {impressions: Impressions, reach: likes}, reaggregate: max}");
    assert!(allowed.starts_with("exit code 0\npipeline.yaml: ok, 1 source, 1 metric, 1 report"), "{allowed}");
}

#[test]
fn money_and_time_are_in_the_unit_of_their_columns_and_windows_are_of_ready_kpis_too() {
    let place = Place::new();
    place.write("ads.csv", "date,spend,cost,clicks,watch_time,views\n2025-01-01,1.5,2,3,8,2\n2025-02-01,1,2,10,6,4\n");
    place.write(
        "pipeline.yaml",
        "version: 1
name: t
sources:
  ads: {path: ads.csv, time: {column: date}, measures: {spend: {unit: EUR}, cost: {type: integer}, clicks: {unit: taps}, watch_time: {unit: minutes}}}
metrics:
  spend: {library: spend, source: ads}
  cpc: {library: cpc, source: ads}
  undeclared: {library: cpc, source: ads, columns: {spend: cost}}
  viewed: {library: average_view_duration, source: ads}
  rolling: {type: cumulative, input_metric: cpc, window: 2 periods}
reports:
  - {name: r, metrics: [spend, cpc, undeclared, viewed, rolling], grains: [month], exports: [{format: csv, path: r.csv}]}
",
    );
    place.run(&["--quiet"]);
    let text = place.read("r.csv");
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let names = reader.headers().expect("a header").clone();
    let at = |name: &str| names.iter().position(|n| n == name).expect("a column");
    let rows: Vec<csv::StringRecord> = reader.records().map(|row| row.expect("a record")).collect();
    let last: Vec<[&str; 3]> =
        rows[5..].iter().map(|row| [&row[at("metric")], &row[at("value")], &row[at("unit")]]).collect();
    let rolling = (2.5 / 13.0_f64).to_string();
    assert_eq!(
        last,
        [
            ["spend", "1", "EUR"],
            ["cpc", "0.1", "EUR"],
            ["undeclared", "0.2", ""],
            ["viewed", "1.5", "minutes"],
            ["rolling", &rolling, "EUR"]
        ]
    );
    let done = place.jalon(&["explain", "pipeline.yaml", "--number", "cpc", "--period", "2025-01"]);
    assert!(done.stdout.contains("cpc = 0.5") && done.stdout.contains("cpc.spend = 1.5"), "{}", done.stdout);
}

#[test]
fn a_plan_with_ready_kpis_tells_their_parts() {
    let place = Place::new();
    place.write(
        "posts.csv",
        "date,network,J'aime,loves,comments,shares,impressions,reach\n2025-01-01,x,1,2,3,4,50,30\n",
    );
    place.write(
        "pipeline.yaml",
        "version: 1
name: t
lang: fr
sources:
  posts: {path: posts.csv, time: {column: date}, dimensions: [network], measures: [comments, shares, impressions, reach]}
metrics:
  er: {library: engagement_rate_by_reach, source: posts, filter: network <> 'y', reaggregate: sum_with_warning, columns: {likes: '\"J''aime\" + loves', saves: \"NULL\"}}
  cpm: {library: cpm, source: posts, label: CPM, unit: EUR, direction: neutral, columns: {spend: 0.5 * loves}}
reports:
  - {name: r, metrics: [er, cpm], grains: [month], exports: [{format: parquet, path: r.parquet, layout: wide}]}
",
    );
    insta::assert_snapshot!(place.jalon(&["explain", "pipeline.yaml"]).stdout);
    place.run(&["--quiet"]);
    let file = std::fs::File::open(place.path().join("r.parquet")).expect("a report");
    let reader = parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder::try_new(file).expect("Parquet");
    let mut told = String::new();
    for name in ["er", "cpm"] {
        let metadata = reader.schema().field_with_name(name).expect("a field").metadata();
        let mut entries: Vec<_> = metadata.iter().filter(|(key, _)| key.starts_with("jalon.")).collect();
        entries.sort();
        told += &entries.iter().map(|(key, value)| format!("{name} {key}: {value}\n")).collect::<String>();
    }
    insta::assert_snapshot!(told);
}
