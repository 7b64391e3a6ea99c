//! A source as the engines see it: planned by the product, its batches as rows.

use super::case::Record;
use crate::harness::Place;
use arrow::array::{Array, ArrayRef, AsArray};
use arrow::datatypes::{DataType, Float64Type, Int32Type, Int64Type};
use jalon::run::{check, Overrides};
use jalon::source::{Aside, BadRow, Batch, Failure, Feed};
use std::collections::BTreeSet;
use std::sync::atomic::AtomicU64;

/// A number as it was read.
#[derive(Clone, Copy, Debug)]
pub(super) enum Number {
    Int(i64),
    Float(f64),
}

/// A record as it was read.
#[derive(Clone, Debug)]
pub(super) struct Row {
    day: Option<i32>,
    label: Option<String>,
    clicks: Option<Number>,
    cost: Option<Number>,
}

impl Row {
    #[allow(clippy::cast_precision_loss, reason = "a column of floats rounds its whole numbers too")]
    pub(super) fn equals(&self, record: &Record) -> bool {
        let clicks = match (self.clicks, record.clicks) {
            (Some(Number::Int(read)), Some(wanted)) => read == wanted,
            (Some(Number::Float(read)), Some(wanted)) => read.to_bits() == (wanted as f64).to_bits(),
            (read, wanted) => read.is_none() && wanted.is_none(),
        };
        let cost = match (self.cost, record.cost) {
            // A column of whole numbers has no other zero.
            (Some(Number::Int(read)), Some(wanted)) => (read as f64).to_bits() == (wanted + 0.0).to_bits(),
            (Some(Number::Float(read)), Some(wanted)) => read.to_bits() == wanted.to_bits(),
            (read, wanted) => read.is_none() && wanted.is_none(),
        };
        self.day == Some(record.day) && self.label == record.label && clicks && cost
    }
}

/// What a file gave.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) rows: Vec<Row>,
    pub(super) bad: Vec<BadRow>,
    pub(super) totals: u64,
    pub(super) batches: usize,
}

/// A pipeline whose report needs every column of a source.
pub(super) fn pipeline(source: &str) -> String {
    let indented: String = source.lines().map(|line| format!("    {line}\n")).collect();
    format!(
        "version: 1\nname: t\nsources:\n  s:\n{indented}metrics:\n  clicks: {{type: simple, source: s, expr: clicks}}\n  \
         cost: {{type: simple, source: s, expr: cost}}\nreports:\n  - name: r\n    metrics: [clicks, cost]\n    \
         group_by: [label]\n    grains: [month]\n    exports: [{{format: csv, path: r.csv}}]\n"
    )
}

/// Reads a source in batches; `is_cut`: in blocks, as several threads do.
pub(super) fn read(place: &Place, source: &str, batch_rows: usize, is_cut: bool) -> Result<Found, String> {
    let path = place.path().join("pipeline.yaml");
    let rooted = source.replacen("path: \"", &format!("path: \"{}/", place.path().display()), 1);
    place.write("pipeline.yaml", pipeline(&rooted));
    let checked = check(&path, &Overrides::default()).map_err(|e| e.message)?;
    let Some(plan) = &checked.plan else {
        let told: Vec<String> =
            checked.diagnostics.iter().map(|d| format!("{}: {} {:?}", d.code, d.message, d.notes)).collect();
        return Err(told.join("\n"));
    };
    let scan = &plan.scans[0];
    let mut whole: BTreeSet<usize> = if is_cut { BTreeSet::new() } else { BTreeSet::from([0]) };
    loop {
        let mut found = Found::default();
        let mut aside = Aside::default();
        let progress = AtomicU64::new(0);
        let mut file = None;
        let done = {
            let feed = Feed::new(scan, batch_rows, &progress, &whole);
            let mut sink = |_: usize, batch: Batch| {
                let column = |name: &str| {
                    let at = scan.columns.iter().position(|c| c.name == name).expect("a column");
                    batch.columns[at].clone()
                };
                found.batches += 1;
                found.take(&batch, &[column("label"), column("clicks"), column("cost")]);
                aside.add(batch.aside);
                Ok(())
            };
            loop {
                match feed.step(&mut file, &|| (usize::MAX, 0), &mut sink) {
                    Ok(true) => {}
                    other => break other,
                }
            }
        };
        match done {
            Ok(_) => {
                found.totals = aside.totals;
                found.bad = aside.bad;
                return Ok(found);
            }
            Err((_, Failure::Told(error))) => {
                return Err(format!("{}: {} {:?}", error.code, error.message, error.notes))
            }
            Err((_, Failure::CutWrongly)) if is_cut && whole.is_empty() => whole = BTreeSet::from([0]),
            Err((_, Failure::CutWrongly)) => return Err("a whole file was cut".to_owned()),
        }
    }
}

impl Found {
    fn take(&mut self, batch: &Batch, [label, clicks, cost]: &[ArrayRef; 3]) {
        let label = label.as_dictionary::<Int32Type>();
        let texts = label.values().as_string::<i32>();
        for row in 0..batch.rows {
            self.rows.push(Row {
                day: batch.start.is_valid(row).then(|| batch.start.value(row)),
                label: label.key(row).map(|key| texts.value(key).to_owned()),
                clicks: number(clicks, row),
                cost: number(cost, row),
            });
        }
    }
}

fn number(array: &ArrayRef, row: usize) -> Option<Number> {
    if !array.is_valid(row) {
        return None;
    }
    Some(match array.data_type() {
        DataType::Int64 => Number::Int(array.as_primitive::<Int64Type>().value(row)),
        DataType::Float64 => Number::Float(array.as_primitive::<Float64Type>().value(row)),
        other => panic!("a measure of type {other}"),
    })
}
