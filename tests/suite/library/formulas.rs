//! Every ready KPI against its formula, computed here record by record: over a table that has every measure, with nulls, and
//! over the sample data.

use super::cells::{data, date, divide, exact, mean, number, records, Cell, Record, Value, DAYS};
use crate::harness::{repository, Place};
use jalon::library::{library, MeasureKind};
use jalon::spec::Additivity;
use std::collections::BTreeSet;
use std::io::Read;

/// The sum of the columns that are known.
fn known_of(names: &'static [&'static str]) -> impl Fn(&Record) -> Option<f64> {
    move |record| exact(names.iter().filter_map(|name| number(record, name)))
}

const ENGAGEMENTS: &[&str] = &["likes", "comments", "shares", "saves"];
const WITH_CLICKS: &[&str] = &["clicks", "likes", "comments", "shares"];

fn paid(record: &Record) -> bool {
    record.get("is_paid").is_some_and(|paid| paid == "true")
}

fn organic(record: &Record) -> bool {
    record.get("is_paid").is_some_and(|paid| paid == "false")
}

fn in_channel(channels: &'static [&'static str]) -> impl Fn(&Record) -> bool {
    move |record| record.get("channel_group").is_some_and(|channel| channels.contains(&channel.as_str()))
}

const SOCIAL: &[&str] = &["Organic Social", "Paid Social"];

/// The value of a KPI by its formula; `None` for an unknown value, a panic for a KPI that has no formula here.
fn expected(id: &str, cell: &Cell<'_>) -> Option<f64> {
    if library().measures.contains_key(id) && id != "followers" {
        // Its column, added up.
        return cell.sum(id);
    }
    social(id, cell).or_else(|| media(id, cell)).unwrap_or_else(|| panic!("{id} has no formula"))
}

/// Networks: what was shown, who reacted, who follows. `None` for a KPI that is no such.
#[expect(clippy::option_option, reason = "no such KPI, or an unknown value")]
fn social(id: &str, cell: &Cell<'_>) -> Option<Option<f64>> {
    let engagements = known_of(ENGAGEMENTS);
    let with_clicks = known_of(WITH_CLICKS);
    let net = |r: &Record| Some(number(r, "new_followers")? - number(r, "unfollows")?);
    let of = |name: &'static str| move |r: &Record| number(r, name);
    let by = |value: Value<'_>, name: &'static str| cell.rate(value, &of(name), &[name]);
    Some(match id {
        "organic_impressions" => cell.sum_if("impressions", &organic),
        "paid_impressions" => cell.sum_if("impressions", &paid),
        "organic_reach" => cell.sum_if("reach", &organic),
        "paid_reach" => cell.sum_if("reach", &paid),
        "paid_share_of_impressions" => divide(cell.sum_if("impressions", &paid).or(Some(0.0)), cell.sum("impressions")),
        "paid_share_of_reach" => divide(cell.sum_if("reach", &paid).or(Some(0.0)), cell.sum("reach")),
        "average_organic_reach_per_post" => divide(cell.sum_if("reach", &organic), Some(cell.count())),
        "frequency" => by(&of("impressions"), "reach"),
        "posts_published" => Some(cell.count()),
        "share_of_voice" => divide(cell.sum("own_mentions").or(Some(0.0)), cell.sum("mentions")),
        "engagements" => cell.total(&engagements),
        "engagements_with_clicks" => cell.total(&with_clicks),
        "engagement_rate_by_impressions" => by(&engagements, "impressions"),
        "engagement_rate_by_reach" => by(&engagements, "reach"),
        "engagement_rate_by_views" => by(&engagements, "views"),
        "engagement_rate_with_clicks_by_impressions" => by(&with_clicks, "impressions"),
        "average_engagement_rate_by_reach_per_post" => {
            let posts: BTreeSet<&str> = cell.within().map(|r| r["post_id"].as_str()).collect();
            let of_post = |post: &&str| {
                let own = |r: &Record| r["post_id"] == **post;
                cell.rate(
                    &|r| engagements(r).filter(|_| own(r)),
                    &|r| number(r, "reach").filter(|_| own(r)),
                    &["reach"],
                )
            };
            mean(&posts.iter().filter_map(of_post).collect::<Vec<_>>())
        }
        "engagement_rate_by_followers" => divide(cell.total(&engagements), cell.closing()),
        "daily_engagement_rate_by_followers" => {
            divide(cell.total(&engagements), cell.closing()).map(|rate| rate / cell.days)
        }
        "engagement_per_new_follower" => divide(cell.total(&engagements), cell.sum("new_followers")),
        "conversation_rate" => divide(cell.sum("comments"), Some(cell.count())),
        "amplification_rate" => divide(cell.sum("shares"), Some(cell.count())),
        "applause_rate" => divide(cell.sum("likes"), Some(cell.count())),
        "conversation_rate_by_followers" => divide(cell.sum("comments"), cell.closing()),
        "amplification_rate_by_followers" => divide(cell.sum("shares"), cell.closing()),
        "applause_rate_by_followers" => divide(cell.sum("likes"), cell.closing()),
        "share_rate_by_impressions" => cell.per("shares", "impressions"),
        "share_rate_by_reach" => cell.per("shares", "reach"),
        // Nothing is grouped by the format here.
        "content_fit" => by(&engagements, "impressions").map(|_| 1.0),
        "followers" => cell.closing(),
        "opening_followers" => cell.opening(),
        "average_followers" => cell.average_level(),
        "net_new_followers" => cell.total(&net),
        "follower_growth_rate" => divide(cell.total(&net), cell.opening()),
        "follower_growth_rate_by_average_followers" => divide(cell.total(&net), cell.average_level()),
        "follower_growth_rate_by_closing_followers" => divide(cell.total(&net), cell.closing()),
        _ => return None,
    })
}

/// Money, the site, videos, and what people say. `None` for a KPI that is no such.
#[expect(clippy::option_option, reason = "no such KPI, or an unknown value")]
fn media(id: &str, cell: &Cell<'_>) -> Option<Option<f64>> {
    let sessions = |channels| cell.sum_if("sessions", &in_channel(channels));
    let share = |channels| divide(sessions(channels).or(Some(0.0)), cell.sum("sessions"));
    let net_promoters = |r: &Record| Some(number(r, "promoters")? - number(r, "detractors")?);
    let answers = |r: &Record| Some(number(r, "promoters")? + number(r, "passives")? + number(r, "detractors")?);
    let promoted = || cell.rate(&net_promoters, &answers, &["promoters", "passives", "detractors"]);
    let watchable = |r: &Record| Some(number(r, "views")? * number(r, "video_length")?);
    Some(match id {
        "click_through_rate_by_impressions" => cell.per("clicks", "impressions"),
        "cpc" => cell.per("spend", "clicks"),
        "cost_per_impression" => cell.per("spend", "impressions"),
        "cpm" => cell.per("spend", "impressions").map(|cost| 1000.0 * cost),
        "cost_per_view" => cell.per("spend", "views"),
        "cost_per_completed_view" => cell.per("spend", "video_completes"),
        "cost_per_acquisition" => cell.per("spend", "conversions"),
        "conversion_rate_by_clicks" => cell.per("conversions", "clicks"),
        "roas" => cell.per("revenue", "spend"),
        "roi" => cell.per("revenue", "spend").map(|x| x - 1.0),
        "gross_profit_per_spend" => cell.per("gross_profit", "spend"),
        "roi_by_gross_profit" => cell.per("gross_profit", "spend").map(|x| x - 1.0),
        "social_sessions" => sessions(SOCIAL),
        "referral_sessions" => sessions(&["Referral"]),
        "direct_sessions" => sessions(&["Direct"]),
        "social_traffic_share" => share(SOCIAL),
        "referral_traffic_share" => share(&["Referral"]),
        "direct_traffic_share" => share(&["Direct"]),
        "engagement_rate_by_sessions" => cell.per("engaged_sessions", "sessions"),
        "bounce_rate" => cell.per("engaged_sessions", "sessions").map(|rate| 1.0 - rate),
        "bounce_rate_by_bounces" => cell.per("bounces", "sessions"),
        "engaged_sessions_per_user" => cell.per("engaged_sessions", "users"),
        "average_engagement_time_per_user" => cell.per("engagement_time", "users"),
        "average_engagement_time_per_session" => cell.per("engagement_time", "sessions"),
        "page_views_per_session" => cell.per("page_views", "sessions"),
        "key_event_rate_by_sessions" => cell.per("key_event_sessions", "sessions"),
        "conversion_rate_by_sessions" => cell.per("conversions", "sessions"),
        "economic_value_per_session" => cell.per("goal_value", "sessions"),
        "video_first_quartile_rate_by_starts" => cell.per("video_first_quartiles", "video_starts"),
        "video_midpoint_rate_by_starts" => cell.per("video_midpoints", "video_starts"),
        "video_third_quartile_rate_by_starts" => cell.per("video_third_quartiles", "video_starts"),
        "video_completion_rate_by_starts" => cell.per("video_completes", "video_starts"),
        "video_completion_rate_by_impressions" => cell.per("video_completes", "impressions"),
        "average_view_duration" => cell.per("watch_time", "views"),
        "watchable_time" => cell.total(&watchable),
        "average_view_percentage" => {
            cell.rate(&|r| number(r, "watch_time"), &watchable, &["watch_time", "views", "video_length"])
        }
        "full_watch_rate_by_views" => cell.per("full_watches", "views"),
        "response_rate" => cell.per("responses", "messages_received"),
        "average_response_time" => cell.per("response_time", "responses"),
        "net_promoters" => cell.total(&net_promoters),
        "survey_answers" => cell.total(&answers),
        "net_promoter_share" => promoted(),
        "nps" => promoted().map(|share| 100.0 * share),
        "csat_by_ratings" => cell.per("satisfied_ratings", "ratings"),
        "csat_by_max_score" => cell.per("score", "max_score"),
        _ => return None,
    })
}

/// A report of a pipeline, as records.
fn report(place: &Place, pipeline: &str) -> Vec<Record> {
    place.write("pipeline.yaml", pipeline);
    place.run(&["--quiet"]);
    records(&place.read("r.csv"))
}

/// Holds the KPIs in each row of a report against their formulas over the records.
fn hold(kpis: &[&str], rows: &[Record], records: &[Record], group: &str) {
    assert!(!rows.is_empty());
    let mut known = BTreeSet::new();
    for row in rows {
        let of_group = |r: &&Record| row["level"] == "total" || r.get(group).map_or("(unknown)", |v| v) == row[group];
        let cell = Cell {
            all: records.iter().filter(of_group).collect(),
            start: row["period_start"].clone(),
            end: row["period_end"].clone(),
            days: number(row, "days").expect("days"),
        };
        for id in kpis {
            let (found, wanted) = (number(row, id), expected(id, &cell));
            assert_eq!(found, wanted, "{id} in {row:?}");
            if found.is_some() {
                known.insert(*id);
            }
        }
    }
    assert_eq!(
        known.len(),
        kpis.len(),
        "a KPI has no value anywhere: {:?}",
        kpis.iter().find(|id| !known.contains(*id))
    );
}

#[test]
fn every_kpi_is_its_formula() {
    let data = data();
    let place = Place::new();
    place.write("all.csv", &data);
    let kpis: Vec<&str> = library().kpis.keys().map(String::as_str).collect();
    let mut metrics = String::new();
    for kpi in library().kpis.values() {
        let unique = kpi.aggregates(&|_| false).iter().any(|(part, _)| part.at_most() == Additivity::NonAdditive);
        // Records are posts here, one by one, which has to be said.
        let posts = kpi.parts().iter().any(|part| part.id == "posts_published");
        let posts = if posts { ", metrics: {posts_published: posts_published}" } else { "" };
        let openly = if unique { ", reaggregate: sum_with_warning" } else { "" };
        metrics += &format!("  {}: {{library: {0}, source: all{posts}{openly}}}\n", kpi.id);
    }
    let measures = library().measures.iter().filter(|(_, m)| m.kind == MeasureKind::Number);
    let measures: Vec<&str> = measures.map(|(name, _)| name.as_str()).collect();
    let rows = report(
        &place,
        &format!("version: 1\nname: t\nsources:\n  all: {{path: all.csv, time: {{column: date}}, dimensions: [network, account_id, post_id, content_format, channel_group, is_paid], measures: [{}]}}\nmetrics:\n{metrics}reports:\n  - {{name: r, metrics: [{}], group_by: [network], totals: true, grains: [month, quarter], exports: [{{format: csv, path: r.csv, layout: wide}}]}}\n", measures.join(", "), kpis.join(", ")),
    );
    assert_eq!(rows.len(), 4 * 3);
    hold(&kpis, &rows, &records(&data), "network");
}

#[test]
fn content_fit_is_a_format_against_its_network() {
    let data = data();
    let place = Place::new();
    place.write("posts.csv", &data);
    let rows = report(
        &place,
        "version: 1\nname: t\nsources:\n  posts: {path: posts.csv, time: {column: date}, dimensions: [network, content_format], measures: [likes]}\nmetrics:\n  fit: {library: content_fit, source: posts}\nreports:\n  - {name: r, metrics: [fit], group_by: [network, content_format], grains: [all], exports: [{format: csv, path: r.csv, layout: wide}]}\n",
    );
    let all = records(&data);
    let rate = |test: &dyn Fn(&Record) -> bool| {
        let cell = Cell { all: all.iter().filter(|r| test(r)).collect(), start: date(0), end: date(DAYS), days: 0.0 };
        expected("engagement_rate_by_impressions", &cell)
    };
    assert_eq!(rows.len(), 4);
    for row in &rows {
        let own = rate(&|r| r["network"] == row["network"] && r["content_format"] == row["content_format"]);
        let network = rate(&|r| r["network"] == row["network"]);
        assert_eq!(number(row, "fit"), divide(own, network), "{row:?}");
    }
}

fn sample(files: &[&str]) -> Vec<Record> {
    let mut all = vec![];
    for file in files {
        let bytes = std::fs::read(repository().join("sample_data").join(file)).expect("sample data");
        let mut text = String::new();
        match file.rsplit('.').next() {
            Some("gz") => flate2::read::GzDecoder::new(bytes.as_slice()).read_to_string(&mut text).expect("gzip"),
            Some("zst") => zstd::Decoder::new(bytes.as_slice()).expect("zstd").read_to_string(&mut text).expect("zstd"),
            _ => bytes.as_slice().read_to_string(&mut text).expect("text"),
        };
        all.extend(records(&text));
    }
    all
}

/// KPIs over one source of the sample data, by a dimension.
fn over_sample(kpis: &[&str], path: &str, dimensions: &[&str], rest: &str) -> Vec<Record> {
    let metrics: String = kpis.iter().map(|id| format!("  {id}: {{library: {id}, source: s{rest}}}\n")).collect();
    let path = repository().join("sample_data").join(path);
    let source =
        format!("{{path: {}, time: {{column: date}}, dimensions: [{}]}}", path.display(), dimensions.join(", "));
    let exports = "exports: [{format: csv, path: r.csv, layout: wide}]";
    let shown = format!("metrics: [{}], group_by: [{}], totals: true", kpis.join(", "), dimensions[0]);
    let report_spec = format!("{{name: r, {shown}, grains: [month, quarter], start: 2025-01-01, {exports}}}");
    report(
        &Place::new(),
        &format!("version: 1\nname: t\nsources:\n  s: {source}\nmetrics:\n{metrics}reports:\n  - {report_spec}\n"),
    )
}

#[test]
fn kpis_over_the_sample_data_are_their_formulas() {
    let kpis = [
        "followers",
        "new_followers",
        "net_new_followers",
        "follower_growth_rate",
        "follower_growth_rate_by_average_followers",
    ];
    let rows = over_sample(&kpis, "accounts/*.csv", &["network", "account_id"], "");
    hold(&kpis, &rows, &sample(&["accounts/2024.csv", "accounts/2025.csv"]), "network");

    let kpis = [
        "sessions",
        "bounce_rate",
        "bounce_rate_by_bounces",
        "social_traffic_share",
        "referral_traffic_share",
        "direct_traffic_share",
        "page_views_per_session",
        "conversion_rate_by_sessions",
        "engaged_sessions_per_user",
    ];
    let rows = over_sample(&kpis, "web/2025-*.csv.gz", &["device"], ", reaggregate: sum_with_warning");
    let files = ["web/2025-Q1.csv.gz", "web/2025-Q2.csv.gz", "web/2025-Q3.csv.gz", "web/2025-Q4.csv.gz"];
    hold(&kpis, &rows, &sample(&files), "device");

    let kpis = ["cpc", "cpm", "click_through_rate_by_impressions", "cost_per_acquisition", "roas", "roi", "revenue"];
    let rows = over_sample(&kpis, "ads/2025.csv.zst", &["currency"], "");
    hold(&kpis, &rows, &sample(&["ads/2025.csv.zst"]), "currency");
}

/// Posts are Parquet files: ready KPIs against the same written by hand; and parts that come from other sources.
#[test]
fn ready_kpis_equal_those_written_by_hand_and_meet_across_sources() {
    let place = Place::new();
    let folder = repository().join("sample_data");
    let folder = folder.display();
    let rows = report(
        &place,
        &format!("version: 1
name: t
sources:
  posts: {{path: {folder}/posts/2025-*.parquet, time: {{column: date}}, dimensions: [network], measures: [reach]}}
  accounts: {{path: {folder}/accounts/*.csv, time: {{column: date}}, dimensions: [network, account_id], measures: [followers]}}
  web: {{path: {folder}/web/*.csv.gz, time: {{column: date}}, dimensions: [network], measures: [sessions]}}
metrics:
  by_reach: {{library: engagement_rate_by_reach, source: posts, reaggregate: sum_with_warning}}
  mine: {{type: simple, source: posts, expr: 'SUM_KNOWN(likes, comments, shares, saves)', filter: reach IS NOT NULL}}
  my_reach: {{type: simple, source: posts, expr: reach, reaggregate: sum_with_warning}}
  my_by_reach: {{type: ratio, numerator: mine, denominator: my_reach}}
  followers: {{library: followers, source: accounts}}
  engagements: {{library: engagements, source: posts}}
  by_followers: {{library: engagement_rate_by_followers, source: posts, metrics: {{followers: followers}}}}
  web_revenue: {{library: revenue, source: web}}
  boosts: {{library: spend, source: posts, filter: is_paid}}
  roas: {{library: roas, metrics: {{revenue: web_revenue, spend: boosts}}}}
  roi: {{library: roi, source: posts, filter: is_paid, metrics: {{revenue: web_revenue}}}}
reports:
  - {{name: r, metrics: [by_reach, my_by_reach, followers, engagements, by_followers, web_revenue, boosts, roas, roi], group_by: [network], grains: [quarter], start: 2025-01-01, totals: true, exports: [{{format: csv, path: r.csv, layout: wide}}]}}
"),
    );
    let mut rates = 0;
    for row in &rows {
        assert_eq!(number(row, "by_reach"), number(row, "my_by_reach"), "{row:?}");
        let rate = divide(number(row, "engagements"), number(row, "followers"));
        assert_eq!(number(row, "by_followers"), rate, "{row:?}");
        let roas = divide(number(row, "web_revenue"), number(row, "boosts"));
        assert_eq!(number(row, "roas"), roas, "{row:?}");
        assert_eq!(number(row, "roi"), roas.map(|x| x - 1.0), "{row:?}");
        rates += usize::from(rate.is_some() && roas.is_some() && row["level"] == "detail");
    }
    assert!(rates > 4, "{rates}");
}
