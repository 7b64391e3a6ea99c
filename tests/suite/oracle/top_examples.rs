//! Top lists, other groups and attributes, on a few records, with figures computed by hand.

use super::table_examples::report;

const YAML: &str = "
sources:
  posts: {path: posts.csv, time: {column: date}, dimensions: [network, post], measures: [views, clicks]}
metrics:
  views: {type: simple, source: posts, agg: sum, expr: views}
  clicks: {type: simple, source: posts, agg: sum, expr: clicks}
  rate: {type: ratio, numerator: clicks, denominator: views}
  two_months: {type: cumulative, input_metric: views, window: 2 periods}
  share: {type: share, input_metric: views, within: [network]}
  of_network: {type: ratio, numerator: clicks, denominator: views, denominator_ignores: [post]}
  best: {type: ratio, numerator: clicks, denominator: views, ratio_agg: mean_of_ratios, ratio_unit: [post]}
segments:
  clicked: {where: clicks > 3}
";

const POSTS: &str = "date,network,post,views,clicks
2025-01-01,x,p1,10,1
2025-01-02,x,p2,30,2
2025-01-03,x,p3,5,3
2025-01-04,y,p4,20,4
2025-01-05,y,p5,20,5
2025-01-06,y,p6,,6
2025-02-01,x,p1,1,1
2025-02-28,,p7,7,0
";

fn posts(rest: &str) -> Vec<String> {
    report(&[("posts.csv", POSTS)], YAML, rest)
}

#[test]
fn the_groups_with_the_largest_values() {
    let by_post = "metrics: [views, clicks], grains: [month], group_by: [post]";
    // Of two equal posts the first comes first.
    let two = ["2025-01 #1 p2 30 2", "2025-01 #2 p4 20 4", "2025-02 #2 p1 1 1", "2025-02 #1 p7 7 0"];
    assert_eq!(posts(&format!("{by_post}, top: {{n: 2, by: views}}")), two);
    let smallest = ["2025-01 #1 p3 5 3", "2025-02 #1 p1 1 1"];
    assert_eq!(posts(&format!("{by_post}, top: {{n: 1, by: views, order: ascending}}")), smallest);
    // Each segment has a list; a post without views is in none. Totals are of all.
    let clicked = ["2025-01 #1 p4 clicked 20 4", "2025-01 #2 p5 clicked 20 5", "2025-01 (all) clicked 40 15"];
    assert_eq!(posts(&format!("{by_post}, segments: [clicked], top: {{n: 9, by: views}}, totals: true")), clicked);
}

#[test]
fn a_list_for_each_network() {
    let report = "metrics: [views], grains: [month], group_by: [post, network], top: {n: 1, by: views, per: [network]}";
    let rows = ["2025-01 #1 p2 x 30", "2025-01 #1 p4 y 20", "2025-02 #1 p1 x 1", "2025-02 #1 p7 (unknown) 7"];
    assert_eq!(posts(report), rows);
}

#[test]
fn a_name_comes_before_none() {
    let records = "date,network,post,views,clicks\n2025-01-01,,p1,1,\n2025-01-01,z,p1,1,\n2025-01-01,z,,1,\n";
    let rows = report(
        &[("posts.csv", records)],
        YAML,
        "metrics: [views], grains: [all], group_by: [network, post], top: {n: 3, by: views}",
    );
    assert_eq!(rows, ["all #3 (unknown) p1 1", "all #2 z (unknown) 1", "all #1 z p1 1"]);
}

#[test]
fn other_groups_have_a_row_together() {
    let report = "metrics: [views, clicks, rate, best], grains: [month], group_by: [post], \
                  top: {n: 2, by: views, others: true}, totals: true";
    let rows = [
        "2025-01 #1 p2 30 2 0.06666666666666667 0.06666666666666667",
        "2025-01 #2 p4 20 4 0.2 0.2",
        "2025-01 (all) 85 21 0.24705882352941178 0.24333333333333332",
        // p1, p3, p5 and p6: a mean of 0.1, 0.6 and 0.25, where p6 has none.
        "2025-01 (others) 35 15 0.42857142857142855 0.31666666666666665",
        "2025-02 #2 p1 1 1 1 1",
        "2025-02 #1 p7 7 0 0 0",
        "2025-02 (all) 8 1 0.125 0.5",
    ];
    assert_eq!(posts(report), rows);
}

#[test]
fn others_are_held_against_the_whole() {
    let report = "metrics: [views, share, of_network], grains: [month], group_by: [network, post], \
                  top: {n: 1, by: views, per: [network], others: true}, end: 2025-01-31";
    let rows = [
        "2025-01 #1 x p2 30 0.6666666666666666 0.044444444444444446",
        "2025-01 #1 y p4 20 0.5 0.1",
        "2025-01 x (others) 15 0.3333333333333333 0.08888888888888889",
        "2025-01 y (others) 20 0.5 0.275",
    ];
    assert_eq!(posts(report), rows);
    // Nobody is left but a post without a value: it has a row of its own kind.
    let report = report.replace("n: 1", "n: 3").replace("views, share, of_network", "views, clicks");
    assert_eq!(posts(&report).last(), Some(&"2025-01 y (others) - 6".to_owned()));
}

#[test]
fn windows_of_others_are_of_the_same_groups() {
    let report = "metrics: [views, two_months], grains: [month], group_by: [post], \
                  top: {n: 1, by: two_months, others: true}, compare: [previous_period]";
    let rows = [
        "2025-01 #1 p2 30 [- - - -] 30 [- - - -]",
        "2025-01 (others) 55 [- - - -] 55 [- - - -]",
        // February's others are p1, p3, p4, p5, p6 and p7, in January too.
        "2025-02 #1 p2 - [30 - - -] 30 [30 0 0 -]",
        "2025-02 (others) 8 [55 -47 -0.8545454545454545 -] 63 [55 8 0.14545454545454545 -]",
    ];
    assert_eq!(posts(report), rows);
    // Where p1 is the smallest, January's 10 go with it.
    let report = "metrics: [views], grains: [month], group_by: [post], start: 2025-02-01, \
                  top: {n: 1, by: views, order: ascending, others: true}, compare: [previous_period]";
    let rows = ["2025-02 #1 p1 1 [10 -9 -0.9 -]", "2025-02 (others) 7 [75 -68 -0.9066666666666666 -]"];
    assert_eq!(posts(report), rows);
}

const TITLES: &str = "date,network,post,title,likes,n
2025-01-01,x,p1,Old,5,1
2025-01-03,x,p1,new,7,1
2025-01-03,x,p1,Zed,6,1
2025-01-05,x,p1,,,1
2025-01-04,y,p2,,3,1
2025-02-10,y,p2,=later,9,1
";

const NOTES: &str = "date,post,title,note\n2025-01-01,p1,Another,a note\n2025-03-01,p3,Third,\n";

fn titles(rest: &str) -> Vec<String> {
    let yaml = "
sources:
  posts: {path: posts.csv, time: {column: date}, dimensions: [network, post, title], measures: [likes, n]}
  notes: {path: notes.csv, time: {column: date}, dimensions: [post, title, note]}
metrics:
  n: {type: simple, source: posts, agg: sum, expr: n}
  all: {type: simple, source: posts, agg: sum, expr: n, ignore_dimensions: [post]}
  notes: {type: simple, source: notes, agg: count}
segments:
  x: {where: network = 'x'}
";
    report(&[("posts.csv", TITLES), ("notes.csv", NOTES)], yaml, rest)
}

#[test]
fn attributes_have_their_latest_known_value() {
    // Capitals come first.
    let both = ["2025-01 p1 (Zed) (6) 4", "2025-01 p2 (=later) (9) 1", "2025-02 p2 (=later) (9) 1"];
    assert_eq!(titles("metrics: [n], grains: [month], group_by: [post], attributes: [title, likes]"), both);
    let rest = "metrics: [n], grains: [month], group_by: [post], attributes: [title, likes], end: 2025-01-31";
    assert_eq!(titles(rest), ["2025-01 p1 (Zed) (6) 4", "2025-01 p2 () (3) 1"]);
    let rest = "metrics: [n], grains: [all], group_by: [post], attributes: [network], start: 2025-02-01, totals: true";
    assert_eq!(titles(rest), ["all p2 (y) 1", "all (all) () 1"]);
    // The value of the group, not of its segment.
    let rest = "metrics: [n], grains: [all], segments: [x], attributes: [title]";
    assert_eq!(titles(rest), ["all (=later) x 4"]);
    let rest = "metrics: [n], grains: [all], group_by: [post], attributes: [title], top: {n: 1, by: n, others: true}";
    assert_eq!(titles(rest), ["all #1 p1 (Zed) 4", "all (others) () 2"]);
}

#[test]
fn attributes_are_of_the_first_source_that_has_them() {
    let rest = "metrics: [notes, n], grains: [all], group_by: [post], attributes: [title, note]";
    let rows = ["all p1 (Zed) (a note) 1 4", "all p2 (=later) () - 2", "all p3 () () 1 -"];
    assert_eq!(titles(rest), rows);
    // Posts are only read for all of them together.
    let rest = "metrics: [notes, all], grains: [all], group_by: [post], attributes: [title]";
    assert_eq!(titles(rest), ["all p1 (Another) 1 6", "all p3 (Third) 1 6"]);
}
