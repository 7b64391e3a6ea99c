//! Columns that take the name of another: what an expression is made of is what was there before it.

use crate::harness::{rows, Place};

/// A source over `d.csv` and the sums of its measures, by both engines.
fn sums(csv: &str, source: &str, measures: &[&str]) -> Vec<String> {
    let place = Place::new();
    place.write("d.csv", csv);
    let metrics: String =
        measures.iter().map(|m| format!("  m_{m}: {{type: simple, source: s, expr: {m}}}\n")).collect();
    let names: Vec<String> = measures.iter().map(|m| format!("m_{m}")).collect();
    let source: String = source.lines().map(|line| format!("    {line}\n")).collect();
    place.write(
        "pipeline.yaml",
        format!(
            "version: 1\nname: x\nlookups: {{fx: {{path: fx.csv, key: [currency], columns: [rate]}}}}\nsources:\n  s:\n    \
             path: d.csv\n    time: {{column: day}}\n{source}metrics:\n{metrics}reports: [{{name: r, metrics: [{}], grains: \
             [all], exports: [{{format: csv, path: r.csv, layout: wide}}]}}]\n",
            names.join(", ")
        ),
    );
    place.write("fx.csv", "currency,rate\nUSD,0.5\n");
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    place.run(&["--quiet"]);
    let found = rows(&place, "r.csv", &names).remove(0);
    place.run(&["--quiet", "--engine", "polars"]);
    assert_eq!(found, rows(&place, "r.csv", &names).remove(0), "the engines differ");
    found
}

#[test]
fn an_expression_may_take_the_name_of_its_column() {
    let source = "dimensions: {country: {expr: UPPER(country)}}\nmeasures: {views: {expr: views * 1.5}}";
    assert_eq!(sums("day,country,views\n2025-01-01,fr,10\n", source, &["views"]), ["15"]);
}

#[test]
fn what_comes_later_does_not_change_what_was_made_before() {
    let source = "measures: {m: {expr: hours * 2}, hours: {expr: minutes * 1}}";
    assert_eq!(sums("day,hours,minutes\n2025-01-01,1,600\n", source, &["m", "hours"]), ["2", "600"]);
    // The types are those of what was there, too.
    let source = "measures: {m: {expr: hours * 2}, hours: {expr: minutes / 60}}";
    assert_eq!(sums("day,hours,minutes\n2025-01-01,1,600\n", source, &["m", "hours"]), ["2", "10"]);
    let source = "measures: {views: {expr: likes * 1}, likes: {expr: views + 1}}";
    assert_eq!(sums("day,likes,views\n2025-01-01,5,100\n", source, &["views", "likes"]), ["5", "6"]);
}

#[test]
fn amounts_made_of_amounts_are_converted_once() {
    let source =
        "dimensions: [currency]\nmeasures: {spend: {unit: money}, revenue: {unit: money}, profit: {expr: revenue - \
                  spend, unit: money}}\ncurrency: {column: currency, to: EUR, rates: fx}";
    let csv = "day,currency,spend,revenue\n2025-01-01,USD,10,30\n2025-01-02,EUR,5,15\n";
    assert_eq!(sums(csv, source, &["spend", "revenue", "profit"]), ["10", "30", "20"]);
}

#[test]
fn an_amount_without_a_rate_does_not_slip_through_the_where() {
    let place = Place::new();
    place
        .write("d.csv", "day,currency,spend\n2025-01-01,GBP,10\n2025-01-02,EUR,5\n")
        .write("fx.csv", "currency,rate\nUSD,0.5\n");
    place.write(
        "pipeline.yaml",
        "version: 1\nname: x\nlookups: {fx: {path: fx.csv, key: [currency], columns: [rate]}}\nsources:\n  s: {path: d.csv, \
         time: {column: day}, dimensions: [currency], measures: {spend: {unit: money}}, where: spend > 0, currency: {column: \
         currency, to: EUR, rates: fx}}\nmetrics:\n  spend: {type: simple, source: s, expr: spend}\nreports: [{name: r, metrics: \
         [spend], grains: [all], exports: [{format: csv, path: r.csv}]}]\n",
    );
    let done = place.jalon(&["run", "pipeline.yaml"]);
    assert_eq!(done.code, 1, "{}", done.stderr);
    assert!(done.stderr.contains("check `amounts without a rate to EUR` failed: 1 of 2 records"), "{}", done.stderr);
}
