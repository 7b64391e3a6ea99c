//! What a newcomer meets: the commands of the README, the shipped pipelines, the schema, the example of the language.

use crate::harness::{repository, run_in, Place};

#[test]
fn every_shipped_pipeline_checks_without_errors() {
    for entry in std::fs::read_dir(repository().join("pipelines")).expect("pipelines") {
        let path = entry.expect("an entry").path();
        let done = run_in(&repository(), &["check", &path.display().to_string()]);
        assert_eq!(done.code, 0, "{}", done.stderr);
    }
}

/// Every YAML block of the README that is a whole pipeline runs, in the repository or on the data it names.
#[test]
fn the_readme_pipelines_run() {
    let readme = std::fs::read_to_string(repository().join("README.md")).expect("a README");
    let place = Place::new();
    place.write(
        "my_export.csv",
        "Date,Geography,Views\n2025-01-01,FR,10\n2025-01-01,NA,2\n2025-01-02,FR,5\n2025-01-02,,1\n",
    );
    let blocks: Vec<&str> = readme.split("```yaml\n").skip(1).filter_map(|b| b.split("```").next()).collect();
    let whole: Vec<&str> = blocks.into_iter().filter(|b| b.starts_with("version: 1")).collect();
    assert!(!whole.is_empty());
    for block in whole {
        place.write("pipeline.yaml", block);
        place.run(&["--quiet"]);
    }
}

#[test]
fn the_readme_begins_with_the_two_commands() {
    let readme = std::fs::read_to_string(repository().join("README.md")).expect("a README");
    let head: String = readme.lines().take(20).collect::<Vec<_>>().join("\n");
    assert!(head.contains("cargo run --release -- run pipelines/brand_social.yaml"), "{head}");
    assert!(head.contains("cargo test --release"), "{head}");
}

#[test]
fn the_schema_describes_the_language() {
    let done = run_in(&repository(), &["schema"]);
    let schema: serde_json::Value = serde_json::from_str(&done.stdout).expect("JSON");
    assert_eq!(schema["title"], "jalon pipeline");
    for key in ["version", "calendar", "sources", "segments", "metrics", "reports"] {
        assert!(schema["properties"][key].is_object(), "{key}");
    }
    assert_eq!(schema["additionalProperties"], false);
}

#[test]
fn every_metric_type_has_a_name_a_doc_and_an_example_that_runs() {
    let mut names: Vec<&str> = jalon::metric::KINDS.iter().map(|k| k.name()).collect();
    let metrics: String =
        jalon::metric::KINDS.iter().map(|k| format!("  {}_example: {}\n", k.name(), k.example())).collect();
    let shown: Vec<String> = jalon::metric::KINDS.iter().map(|k| format!("{}_example", k.name())).collect();
    assert!(jalon::metric::KINDS.iter().all(|k| k.doc().len() > 20));
    let place = Place::new();
    place.write(
        "d.csv",
        "date,network,is_paid,likes,comments,clicks,impressions,new_followers,unfollows\n2025-01-01,x,true,1,2,3,4,5,6\n",
    );
    let inputs: String = ["clicks", "impressions", "new_followers", "unfollows"]
        .iter()
        .map(|m| format!("  {m}: {{type: simple, source: posts, expr: {m}}}\n"))
        .chain(["  engagements: {type: simple, source: posts, expr: likes + comments}\n".to_owned()])
        .collect();
    place.write(
        "pipeline.yaml",
        format!("version: 1\nname: t\nsources:\n  posts: {{path: d.csv, time: {{column: date}}, dimensions: [network, is_paid], measures: [likes, comments, clicks, impressions, new_followers, unfollows]}}\nmetrics:\n{inputs}{metrics}reports:\n  - {{name: r, metrics: [{}], grains: [day], exports: [{{format: csv, path: r.csv, layout: wide}}]}}\n", shown.join(", ")),
    );
    place.run(&[]);
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), jalon::metric::KINDS.len());
}

/// The design's example of a pipeline, as far as the language goes today.
#[test]
fn the_design_example_runs() {
    let place = Place::new();
    let post = |day: &str, network: &str, gender: &str, n: u32| {
        format!(
            "{day},{network},FR,18-24,{gender},video,organic_social,false,a1,{n},{},{},1,2,3,4,7\n",
            n * 100,
            n * 80
        )
    };
    let header = "date,network,country,age_band,gender,content_format,channel,is_paid,account_id,post_id,impressions,reach,likes,comments,shares,saves,new_followers\n";
    let rows = [
        post("2025-12-31", "x", "female", 1),
        post("2026-01-01", "facebook", "female", 2),
        post("2026-01-02", "x", "male", 3),
    ];
    place.write("sample/posts/a.csv", format!("{header}{}", rows.concat()));
    place.write(
        "sample/accounts/a.csv",
        "date,account_id,country,network,followers\n2026-01-01,a1,FR,x,10\n2026-01-02,a1,FR,x,12\n",
    );
    place.write(
        "sample/web/a.csv",
        "date,network,country,channel_group,sessions,bounces\n2026-01-01,x,FR,Organic Social,10,4\n",
    );
    place.write("pipeline.yaml", DESIGN);
    let done = place.run(&[]);
    assert!(done.stdout.contains("network_weekly"), "{}", done.stdout);
    let wide = place.read("reports/network_weekly.csv");
    assert!(wide.starts_with('\u{feff}') && wide.contains("2026-Q1;") && wide.contains(";fr_women_18_34;"), "{wide}");
    assert!(place.path().join("reports/network_weekly/grain=week/part-0.parquet").exists());
}

const DESIGN: &str = "\
version: 1
name: brand_social
calendar:
  timezone: Europe/Paris
  first_day_of_week: monday
  first_month_of_year: january
sources:
  posts:
    path: sample/posts/*.csv
    time: {column: date, grain: day}
    dimensions: [network, country, age_band, gender, content_format, channel, is_paid, account_id, post_id]
    measures:
      impressions: {additivity: additive, unit: count}
      reach: {additivity: non_additive, unit: accounts}
      likes: {}
      comments:
      shares: {}
      saves: {}
  accounts:
    path: sample/accounts/*.csv
    time: {column: date, grain: day}
    dimensions: {network: {}, country: {}, account_id: {}}
    measures: {followers: {additivity: semi_additive, unit: accounts}}
    primary_key: [date, account_id, country]
  web:
    path: sample/web/*.csv
    time: {column: date, grain: day}
    dimensions: [network, country, channel_group]
    measures: [sessions, bounces]
segments:
  fr_women_18_34:
    where: country = 'FR' AND gender = 'female' AND age_band IN ('18-24', '25-34')
metrics:
  impressions: {type: simple, source: posts, agg: sum, expr: impressions}
  engagements: {type: simple, source: posts, agg: sum, expr: likes + comments + shares + saves}
  engagement_rate_by_impressions: {type: ratio, numerator: engagements, denominator: impressions, format: percent}
  followers: {type: simple, source: accounts, agg: sum, expr: followers}
  sessions: {type: simple, source: web, expr: sessions}
  bounces: {type: simple, source: web, expr: bounces}
  bounce_rate: {type: ratio, numerator: bounces, denominator: sessions, direction: lower_is_better}
reports:
  - name: network_weekly
    metrics: [impressions, engagement_rate_by_impressions]
    group_by: [network]
    segments: [all, fr_women_18_34]
    grains: [day, week, month, quarter]
    exports:
      - {format: parquet, path: reports/network_weekly, layout: long, partition_by: [grain]}
      - {format: csv, path: reports/network_weekly.csv, layout: wide, dialect: excel_fr}
  - name: followers_daily
    metrics: [followers, bounce_rate]
    group_by: [network]
    grains: [day]
    exports: [{format: csv, path: reports/followers_daily.csv}]
";
