//! Top lists, the others, and attributes: figures by hand, and the mistakes that are told.

use crate::harness::{cells, Place};

const DATA: &str = "date,network,post,likes,views,title
2025-01-01,x,a,10,100,Old A
2025-01-02,x,b,10,50,B
2025-01-03,x,c,3,30,
2025-01-04,x,d,,10,D
2025-01-05,y,e,1,4,E
2025-01-31,x,a,0,100,A
2025-02-01,x,c,9,10,C2
2025-02-01,x,c,9,10,C1
2025-02-02,y,e,2,4,
";

fn place(report: &str) -> Place {
    let place = Place::new();
    place.write("data.csv", DATA);
    place.write(
        "pipeline.yaml",
        format!(
            "version: 1
name: t
sources: {{s: {{path: data.csv, time: {{column: date}}, dimensions: [network, post], measures: [likes, views]}}}}
segments: {{big: {{where: views >= 30}}}}
metrics:
  likes: {{type: simple, source: s, expr: likes}}
  views: {{type: simple, source: s, expr: views}}
  rate: {{type: ratio, numerator: likes, denominator: views}}
  part: {{type: share, input_metric: likes}}
  part_of_post: {{type: share, input_metric: likes, within: [post]}}
  last_7d: {{type: cumulative, input_metric: likes, window: 7 days}}
reports:
  - {{name: r, {report}, exports: [{{format: csv, path: r.csv, layout: wide}}]}}
"
        ),
    );
    place
}

#[test]
fn the_largest_come_first_and_equals_by_their_names() {
    let place = place("metrics: [likes, rate, part], group_by: [post], grains: [month], top: {n: 2, by: likes, others: true}, totals: true");
    place.run(&[]);
    let expected = [
        "2025-01 detail 1 a 10 0.05 0.4166666666666667",
        "2025-01 detail 2 b 10 0.2 0.4166666666666667",
        // c, d (whose likes are not known) and e together.
        "2025-01 others  (others) 4 0.09090909090909091 0.16666666666666666",
        "2025-01 total  (all) 24 0.08163265306122448 1",
        "2025-02 detail 1 c 18 0.9 0.9",
        "2025-02 detail 2 e 2 0.5 0.1",
        "2025-02 total  (all) 20 0.8333333333333334 1",
    ];
    let columns = ["period_label", "level", "rank", "post", "likes", "rate", "part"];
    assert_eq!(cells(&place, &columns), expected);
    place.run(&["--engine", "polars"]);
    assert_eq!(cells(&place, &columns), expected);
}

#[test]
fn a_list_for_each_network_and_segment_the_smallest_first() {
    let place = place(
        "metrics: [likes, views], group_by: [network, post], segments: [all, big], grains: [all], top: {n: 1, by: views, per: [network], order: ascending, others: true}",
    );
    place.run(&[]);
    let expected = [
        "big detail 1 x c 3 30",
        "all detail 1 x d  10",
        "all detail 1 y e 3 8",
        "all others  x (others) 41 300",
        "big others  x (others) 20 250",
    ];
    let columns = ["segment", "level", "rank", "network", "post", "likes", "views"];
    assert_eq!(cells(&place, &columns), expected);
}

#[test]
fn the_others_of_a_period_are_the_same_groups_in_its_windows_and_earlier_periods() {
    let place = place(
        "metrics: [likes, last_7d], group_by: [post], grains: [month], compare: [previous_month], top: {n: 1, by: likes, others: true}",
    );
    place.run(&[]);
    let columns = ["period_label", "level", "post", "likes", "last_7d", "likes__previous_month__value"];
    let expected = [
        "2025-01 detail a 10 0 ",
        "2025-01 others (others) 14  ",
        // February is open, its last day is the 2nd: two days are held against two.
        "2025-02 detail c 18 18 ",
        "2025-02 others (others) 2 2 20",
    ];
    assert_eq!(cells(&place, &columns), expected);
}

#[test]
fn attributes_are_the_latest_known_values_whatever_the_period() {
    let place = place("metrics: [likes], group_by: [network, post], attributes: [title], grains: [month], totals: true, segments: [big]");
    place.run(&[]);
    let expected = [
        "2025-01 detail x a A",
        "2025-01 detail x b B",
        // The two titles of one day: the first in byte order.
        "2025-01 detail x c C1",
        "2025-01 total (all) (all) ",
    ];
    let columns = ["period_label", "level", "network", "post", "title"];
    assert_eq!(cells(&place, &columns), expected);
    let done = place.jalon(&["run", "pipeline.yaml", "--as-of", "2025-01-30"]);
    assert_eq!(done.code, 0, "{}", done.stderr);
    let expected =
        ["2025-01 detail x a Old A", "2025-01 detail x b B", "2025-01 detail x c ", "2025-01 total (all) (all) "];
    assert_eq!(cells(&place, &columns), expected);
    place.run(&["--as-of", "2025-01-30", "--engine", "polars"]);
    assert_eq!(cells(&place, &columns), expected);
}

/// Where every group of a list is kept there are no others, even for a metric that has rows in every period.
#[test]
fn there_are_no_others_where_every_group_is_kept() {
    let place = place("metrics: [likes], group_by: [network, post], grains: [month], top: {n: 2, by: likes, per: [network], others: true}");
    let yaml = place.read("pipeline.yaml").replace("expr: likes}", "expr: likes, join_to_timespine: true}");
    place.write("pipeline.yaml", yaml);
    place.run(&[]);
    let expected = [
        "2025-01 detail x a 10",
        "2025-01 detail x b 10",
        "2025-01 detail y e 1",
        "2025-01 others x (others) 3",
        "2025-02 detail x c 18",
        "2025-02 detail y e 2",
        // a, b and d have rows because of `join_to_timespine`, and no value to be ranked by.
        "2025-02 others x (others) ",
    ];
    assert_eq!(cells(&place, &["period_label", "level", "network", "post", "likes"]), expected);
}

/// A source that is only read with the report's dimensions ignored does not tell its groups apart.
#[test]
fn attributes_are_not_of_a_source_that_ignores_the_groups() {
    let place = Place::new();
    place.write("a.csv", "date,post,spend,title\n2025-01-01,a,5,of ads\n2025-01-02,b,6,of ads too\n");
    place.write("b.csv", "date,post,likes,title\n2025-01-01,a,1,of posts\n");
    place.write(
        "pipeline.yaml",
        "version: 1
name: t
sources:
  ads: {path: a.csv, time: {column: date}, dimensions: [post], measures: [spend]}
  posts: {path: b.csv, time: {column: date}, dimensions: [post], measures: [likes]}
metrics:
  spend: {type: simple, source: ads, expr: spend, ignore_dimensions: [post]}
  likes: {type: simple, source: posts, expr: likes}
reports:
  - {name: r, metrics: [likes, spend], group_by: [post], attributes: [title], grains: [all], exports: [{format: csv, path: r.csv, layout: wide}]}
",
    );
    place.run(&[]);
    assert_eq!(cells(&place, &["post", "title", "likes", "spend"]), ["a of posts 1 11"]);
}

#[test]
fn mistakes_in_lists() {
    let place = place(
        "metrics: [likes, part_of_post], group_by: [network, post], grains: [month], attributes: [titel, post, views, date, likes], top: {n: 0, by: views, per: [netwrk, network], others: true}, exports: [{format: csv, path: n.csv}]}
  - {name: q, metrics: [likes], grains: [month], attributes: [title], top: {n: 3, by: likes}, exports: [{format: csv, path: q.csv}]}
  - {name: p, metrics: [likes], group_by: [post], grains: [month], top: {n: 3, by: likes, per: [post]}, exports: [{format: csv, path: p.csv}]}
  - {name: o, metrics: [likes], grains: [month]",
    );
    let done = place.jalon(&["check", "pipeline.yaml"]);
    assert_eq!(done.code, 2);
    insta::assert_snapshot!(done.stderr);
}
