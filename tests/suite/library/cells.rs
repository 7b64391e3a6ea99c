//! Records, and what can be added up over the records of a group and a period: plain Rust, exact.

use jalon::library::{library, MeasureKind};
use std::collections::{BTreeMap, BTreeSet};

/// A record: its cells by column; empty cells are not there.
pub(super) type Record = BTreeMap<String, String>;

pub(super) const DAYS: i32 = 90;

pub(super) fn date(day: i32) -> String {
    jiff::civil::date(2025, 1, 1).saturating_add(jiff::Span::new().days(i64::from(day))).to_string()
}

/// Ninety days of two accounts with two posts each, and every measure of the library; about one cell in nine is empty.
pub(super) fn data() -> String {
    let measures: Vec<&str> = library()
        .measures
        .iter()
        .filter(|(_, measure)| measure.kind == MeasureKind::Number)
        .map(|(name, _)| name.as_str())
        .collect();
    let mut state = 42_u64;
    let mut random = |below: u64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % below
    };
    let mut text =
        format!("date,network,account_id,post_id,content_format,channel_group,is_paid,{}\n", measures.join(","));
    let channels = ["Organic Social", "Paid Social", "Referral", "Direct", "Email", ""];
    for day in 0..DAYS {
        for post in 0..4 {
            let account = post % 2;
            // The second account says nothing on the last two days of February.
            if account == 1 && (57..59).contains(&day) {
                continue;
            }
            let (network, format) = (["x", "facebook"][account], ["video", "image"][post / 2]);
            let channel = channels[usize::try_from(random(6)).expect("small")];
            let paid = ["true", "false", "false", ""][usize::try_from(random(4)).expect("small")];
            text += &format!("{},{network},a{account},p{post},{format},{channel},{paid}", date(day));
            for measure in &measures {
                let value = random(1000) + 1;
                let money = ["spend", "revenue", "gross_profit", "goal_value"].contains(measure);
                text += &match (random(9), money) {
                    (0, _) => ",".to_owned(),
                    (_, true) => format!(",{}.{:02}", value, 25 * random(4)),
                    (_, false) => format!(",{value}"),
                };
            }
            text.push('\n');
        }
    }
    text
}

pub(super) fn records(text: &str) -> Vec<Record> {
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let names: Vec<String> = reader.headers().expect("a header").iter().map(str::to_owned).collect();
    let record = |row: csv::StringRecord| {
        names.iter().cloned().zip(row.iter().map(str::to_owned)).filter(|(_, cell)| !cell.is_empty()).collect()
    };
    reader.records().map(|row| record(row.expect("a record"))).collect()
}

pub(super) fn number(record: &Record, name: &str) -> Option<f64> {
    record.get(name).map(|cell| cell.parse().expect("a number"))
}

/// The exact sum, rounded once: no float of the tables has more than 60 bits behind the point.
#[expect(clippy::cast_possible_truncation, clippy::cast_precision_loss, reason = "scaled by a power of two")]
pub(super) fn exact(values: impl Iterator<Item = f64>) -> Option<f64> {
    let scale = 2_f64.powi(60);
    let scaled: Vec<i128> = values.map(|value| (value * scale) as i128).collect();
    (!scaled.is_empty()).then(|| scaled.iter().sum::<i128>() as f64 / scale)
}

pub(super) fn divide(above: Option<f64>, below: Option<f64>) -> Option<f64> {
    Some(above? / below.filter(|below| *below != 0.0)?)
}

/// What is looked at: the records of a group, those of all days, and the days of the period.
pub(super) struct Cell<'r> {
    pub(super) all: Vec<&'r Record>,
    pub(super) start: String,
    pub(super) end: String,
    pub(super) days: f64,
}

pub(super) type Value<'v> = &'v dyn Fn(&Record) -> Option<f64>;

impl Cell<'_> {
    pub(super) fn within(&self) -> impl Iterator<Item = &&Record> {
        self.all.iter().filter(|r| self.start <= r["date"] && r["date"] <= self.end)
    }

    pub(super) fn total(&self, value: Value<'_>) -> Option<f64> {
        exact(self.within().filter_map(|record| value(record)))
    }

    pub(super) fn sum(&self, name: &str) -> Option<f64> {
        self.total(&|record| number(record, name))
    }

    /// The sum of a column over records that pass.
    pub(super) fn sum_if(&self, name: &str, test: &dyn Fn(&Record) -> bool) -> Option<f64> {
        self.total(&|record| number(record, name).filter(|_| test(record)))
    }

    /// Σ / Σ over the records in which all of `known` are there.
    pub(super) fn rate(&self, above: Value<'_>, below: Value<'_>, known: &[&str]) -> Option<f64> {
        let there = |record: &Record| known.iter().all(|name| record.contains_key(*name));
        divide(
            self.total(&|record| above(record).filter(|_| there(record))),
            self.total(&|record| below(record).filter(|_| there(record))),
        )
    }

    /// The rate of two columns, over the records that have both.
    pub(super) fn per(&self, above: &str, below: &str) -> Option<f64> {
        self.rate(&|r| number(r, above), &|r| number(r, below), &[above, below])
    }

    /// Of each account the followers on its last day that passes.
    fn level(&self, test: &dyn Fn(&str) -> bool) -> Option<f64> {
        let accounts: BTreeSet<&str> = self.all.iter().map(|r| r["account_id"].as_str()).collect();
        let mut found = vec![];
        for account in accounts {
            let own = || self.all.iter().filter(|r| r["account_id"] == account);
            let Some(last) = own().map(|r| r["date"].as_str()).filter(|day| test(day)).max() else { continue };
            found.extend(own().filter(|r| r["date"] == last).filter_map(|r| number(r, "followers")));
        }
        exact(found.into_iter())
    }

    pub(super) fn closing(&self) -> Option<f64> {
        self.level(&|day| self.start.as_str() <= day && day <= self.end.as_str())
    }

    pub(super) fn opening(&self) -> Option<f64> {
        self.level(&|day| day < self.start.as_str())
    }

    pub(super) fn average_level(&self) -> Option<f64> {
        let days: BTreeSet<&str> = self.within().map(|r| r["date"].as_str()).collect();
        let of_day =
            |day: &&str| exact(self.within().filter(|r| r["date"] == **day).filter_map(|r| number(r, "followers")));
        let levels: Vec<f64> = days.iter().filter_map(of_day).collect();
        mean(&levels)
    }

    #[expect(clippy::cast_precision_loss, reason = "few records")]
    pub(super) fn count(&self) -> f64 {
        self.within().count() as f64
    }
}

#[expect(clippy::cast_precision_loss, reason = "few values")]
pub(super) fn mean(values: &[f64]) -> Option<f64> {
    Some(exact(values.iter().copied())? / values.len() as f64)
}
