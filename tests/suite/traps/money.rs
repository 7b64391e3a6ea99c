//! Amounts of money: in one currency, or brought into one, never added up across.

use super::{any_export, export, Export};
use crate::harness::{rows, Place};

const SOURCE: &str =
    "time: {column: date}\ndimensions: [network, currency]\nmeasures: {spend: {unit: money}, clicks: {}}";
const EUROS: &str = "date,network,currency,spend,clicks\n2025-01-02,x,EUR,1.5,3\n2025-01-03,x,EUR,2.5,3\n";
const MIXED: &str =
    "date,network,currency,spend,clicks\n2025-01-02,x,EUR,1.5,3\n2025-01-03,x,EUR,2.5,3\n2025-01-03,x,USD,2.5,3\n";

fn amounts(text: &str, currency: &str) -> Export {
    any_export(SOURCE).says(&format!("currency: {currency}")).file("a.csv", text).figures("spend clicks")
}

#[test]
fn files_in_two_currencies_are_not_one_source() {
    let dollars = EUROS.replace("EUR", "USD");
    let read = amounts(EUROS, "{column: currency}").file("b.csv", dollars);
    read.refused(2, &["mixed-currencies", "in EUR and in USD, and are not added up", "a.csv: EUR", "b.csv: USD"]);
}

#[test]
fn a_record_in_another_currency_further_down_fails_the_run() {
    amounts(EUROS, "{column: currency}").holds(&["all 4 6"]);
    let read = amounts(MIXED, "{column: currency}");
    read.refused(1, &["check `amounts in EUR alone` failed: 1 of 3 records", "nothing was published"]);
    // One that tells none is in none.
    let read = amounts(&MIXED.replace("USD", ""), "{column: currency}");
    read.refused(1, &["check `amounts in EUR alone` failed"]);
    // A record without an amount is in no currency.
    amounts(&MIXED.replace("USD,2.5", "USD,"), "{column: currency}").holds(&["all 4 9"]);
}

#[test]
fn one_currency_may_be_kept_knowingly() {
    let read = amounts(MIXED, "{column: currency, to: EUR}").says("where: currency = 'EUR'");
    read.holds(&["all 4 6"]).counts(&[("used", 2), ("unused", 1)]);
}

#[test]
fn currencies_of_advertising_stand_in_a_column_or_in_a_name() {
    let report = |currency: &str| {
        format!("Reporting starts,Reporting ends,Campaign name,Impressions,Amount spent ({currency})\n2023-04-01,2023-04-30,c,200,2.5\n")
    };
    let read = export("meta_ads.report").file("a.csv", report("UAH")).figures("spend");
    read.holds(&["all 2.5"]);
    read.file("b.csv", report("EUR")).refused(2, &["in UAH and in EUR"]);
    let text = "Campaign report\n1 January 2026 - 31 January 2026\nCampaign,Currency code,Impr.,Cost\na,GBP,1,2\nb,USD,1,3\nTotal: Account,GBP,2,5\n";
    let read = export("google_ads.report").file("a.csv", text).figures("spend");
    read.refused(1, &["check `amounts in GBP alone` failed: 1 of 2 records"]);
}

#[test]
fn a_header_that_says_another_currency_than_the_source_is_believed() {
    let report = "Reporting starts,Reporting ends,Campaign name,Impressions,Amount spent (USD)\n2023-04-01,2023-04-30,c,200,2.5\n";
    let read = export("meta_ads.report").file("a.csv", report).figures("spend");
    read.says("currency: USD").holds(&["all 2.5"]);
    let read = export("meta_ads.report").file("a.csv", report).figures("spend").says("currency: EUR");
    read.refused(2, &["mixed-currencies", "are in USD, and not in EUR", "a.csv says so in its header"]);
}

#[test]
fn amounts_are_brought_into_one_currency_by_a_rate() {
    let read = amounts(MIXED, "{column: currency, to: EUR, rates: fx}").rates("currency", "currency,rate\nUSD,0.5\n");
    read.holds(&["all 5.25 9"]);
    // Small letters are the same code.
    let small = MIXED.replace("2025-01-02,x,EUR", "2025-01-02,x,eur");
    let read = amounts(&small, "{column: currency, to: EUR, rates: fx}").rates("currency", "currency,rate\nUSD,0.5\n");
    read.holds(&["all 5.25 9"]);
}

#[test]
fn rates_may_be_those_of_the_day() {
    let text = format!("{MIXED}2025-01-04,x,USD,4,0\n");
    let read = amounts(&text, "{column: currency, to: EUR, rates: fx}");
    let read = read.rates("currency, date", "currency,date,rate\nUSD,2025-01-03,0.5\nUSD,2025-01-04,0.25\n");
    read.grain("day").holds(&["2025-01-02 1.5 3", "2025-01-03 3.75 6", "2025-01-04 1 0"]);
}

#[test]
fn an_amount_without_a_rate_fails_the_run() {
    let text = format!("{MIXED}2025-01-04,x,JPY,4,0\n");
    let read = amounts(&text, "{column: currency, to: EUR, rates: fx}").rates("currency", "currency,rate\nUSD,0.5\n");
    read.refused(1, &["check `amounts without a rate to EUR` failed: 1 of 4 records"]);
}

/// Two sources of the same amounts in two currencies, and what is made of them.
fn two(second: &str, more: &str) -> Place {
    let place = Place::new();
    place.write("a.csv", "date,spend\n2025-01-02,1\n");
    let source = |name: &str, currency: &str| {
        format!("  {name}: {{path: a.csv, time: {{column: date}}, measures: {{spend: {{unit: money}}}}, currency: {currency}}}\n")
    };
    let report = "reports:\n  - {name: r, metrics: [spend], grains: [month], exports: [{format: csv, path: r.csv}]}\n";
    let sources = source("e", "EUR") + &source("u", second);
    place.write("pipeline.yaml", format!("version: 1\nname: t\nsources:\n{sources}{more}{report}"));
    place
}

const UNION: &str = "  all: {union: [e, u]}\nmetrics:\n  spend: {type: simple, source: all, expr: spend}\n";

#[test]
fn a_union_of_two_currencies_is_refused() {
    let done = two("USD", UNION).jalon(&["check", "pipeline.yaml"]);
    assert_eq!(done.code, 2, "{}", done.stderr);
    assert!(done.stderr.contains("`spend` of union `all` is in EUR and in USD"), "{}", done.stderr);
}

#[test]
fn a_metric_that_mixes_currencies_is_refused() {
    let sum = "metrics:\n  a: {type: simple, source: e, expr: spend}\n  b: {type: simple, source: u, expr: spend}\n  spend: {type: derived, expr: a + b}\n";
    let done = two("USD", sum).jalon(&["check", "pipeline.yaml"]);
    assert_eq!(done.code, 2, "{}", done.stderr);
    assert!(done.stderr.contains("`spend` mixes amounts in EUR and in USD"), "{}", done.stderr);
    two("EUR", sum).run(&[]);
}

#[test]
fn the_currency_of_a_source_is_the_unit_of_the_report() {
    let place = two("EUR", UNION);
    place.run(&[]);
    assert_eq!(rows(&place, "r.csv", &["metric", "value", "unit"]), [["spend", "2", "EUR"]]);
    let done = two("eur", UNION).jalon(&["check", "pipeline.yaml"]);
    assert!(done.stderr.contains("`eur` is no code of a currency"), "{}", done.stderr);
}
