//! Channels and networks of web traffic, through a whole pipeline and on both engines.

use crate::harness::Place;

const DATA: &str = "date,source_medium,campaign,sessions
2025-01-01,google / organic,,40
2025-01-01,(direct) / (none),,20
2025-01-02,m.facebook.com / referral,,6
2025-01-02,fr-fr.facebook.com / referral,,4
2025-01-02,Facebook / CPM,spring,8
2025-01-02,criteo / cpm,spring,7
2025-01-03,partner.example / referral,,5
2025-01-03,newsletter / email,eshop,3
2025-01-03,,workshop,2
2025-01-03,,,5
";

const PIPELINE: &str = r#"version: 1
name: channels
sources:
  web:
    path: data.csv
    time: {column: date}
    dimensions:
      origin: "SPLIT_PART(source_medium, ' / ', 1)"
      medium: "SPLIT_PART(source_medium, ' / ', 2)"
      campaign: {type: text}
      channel: CHANNEL_GROUP(origin, medium, campaign)
      network: SOCIAL_NETWORK(origin)
    measures: [sessions]
metrics:
  sessions: {type: simple, source: web, expr: sessions}
  social: {type: simple, source: web, expr: sessions, filter: SOCIAL_NETWORK(origin) IS NOT NULL}
  paid: {type: simple, source: web, expr: sessions, filter: "CHANNEL_GROUP(origin, medium, campaign) LIKE 'Paid%'"}
  tagged: {type: simple, source: web, expr: sessions, filter: "CHANNEL_GROUP('x', NULL, campaign) = 'Organic Shopping'"}
  share: {type: share, input_metric: sessions}
reports:
  - name: r
    metrics: [sessions, social, paid, tagged, share]
    group_by: [channel, network]
    grains: [all]
    exports: [{format: csv, path: r.csv, layout: wide}]
"#;

#[test]
fn traffic_is_told_by_channel_and_network() {
    let place = Place::new();
    place.write("data.csv", DATA).write("pipeline.yaml", PIPELINE);
    let expected = "\
Direct,(unknown),all,20,,,,0.2
Display,(unknown),all,7,,,,0.07
Organic Search,(unknown),all,40,,,,0.4
Organic Shopping,(unknown),all,3,,,3,0.03
Organic Social,facebook,all,6,6,,,0.06
Paid Social,facebook,all,8,8,8,,0.08
Referral,facebook,all,4,4,,,0.04
Referral,(unknown),all,5,,,,0.05
Unassigned,(unknown),all,2,,,,0.02
(unknown),(unknown),all,5,,,,0.05
";
    for engine in ["fused", "polars"] {
        place.run(&["-q", "--engine", engine]);
        let report = place.read("r.csv");
        let rows = report.lines().skip(1).map(|line| line.split(",detail,").nth(1).expect("a row").to_owned() + "\n");
        assert_eq!(rows.collect::<String>(), expected, "{engine}");
    }
}

#[test]
fn a_version_that_is_not_there_is_told_with_those_that_are() {
    let place = Place::new();
    let pipeline = PIPELINE
        .replace("CHANNEL_GROUP(origin, medium, campaign)\n", "\"CHANNEL_GROUP(origin, medium, campaign, '2020')\"\n");
    place.write("data.csv", DATA).write("pipeline.yaml", pipeline);
    let told = place.jalon(&["check", "pipeline.yaml"]).stderr;
    assert!(
        told.contains("there is no version `2020` of CHANNEL_GROUP") && told.contains("versions: '2023-11'"),
        "{told}"
    );
}
