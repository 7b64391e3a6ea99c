//! A source alone, for whoever wants to look at its records: everything else of the pipeline may be wrong or missing.

use super::rollups::add_column;
use super::{calendar, quality, sources};
use crate::catalog::Catalog;
use crate::diagnostic::Diagnostics;
use crate::expr::{Expr, Type};
use crate::plan::{ColumnRole, LogicalSource, Scan, ScanColumn, TimePlan};
use crate::spec::Pipeline;
use indexmap::IndexMap;
use std::sync::Arc;

/// What shows the records of a source: a scan for each physical source that it reads, and the columns to show, the one
/// that dates a record first.
#[derive(Clone, Debug, Default)]
pub struct Shown {
    /// What is read.
    pub scans: Vec<Scan>,
    /// The name of the time column.
    pub time: String,
    /// Names and types of the other columns, as the scans have them.
    pub columns: Vec<(String, Type)>,
}

/// Resolves a source of a pipeline; `None` where it has mistakes, which are told.
pub fn shown(spec: &Pipeline, catalog: &Catalog, source: &str, errors: &mut Diagnostics) -> Option<Shown> {
    let calendar = calendar::resolve(&spec.calendar, errors).map(Arc::new);
    let sources = sources::resolve(spec, catalog, errors);
    let (logical, calendar) = (sources.get(source)?, calendar?);
    let is_shown = |role: &ColumnRole| matches!(role, ColumnRole::Dimension | ColumnRole::Measure { .. });
    let mut columns: Vec<(String, Type)> = vec![];
    // The last day of records that cover several.
    let ends = logical.times.iter().filter_map(|time| time.end.as_ref()).map(|end| end.raw.as_str());
    for end in ends.filter(|end| !crate::spec::is_told_by_export(end)) {
        columns.extend(logical.columns.get(end).map(|column| (end.to_owned(), column.ty)));
    }
    let declared = logical.columns.iter().filter(|(_, column)| is_shown(&column.role));
    columns.extend(declared.map(|(name, column)| (name.clone(), column.ty)));
    columns.dedup();
    let scans = logical.members.iter().enumerate();
    let scans = scans.filter_map(|(member, name)| {
        let own = sources.get(name)?;
        let time = own.times.first()?;
        let mut read: Vec<ScanColumn> = vec![];
        for (name, ty) in &columns {
            add_column(&mut read, own, (logical, member), (name, *ty));
        }
        let filter = Expr::all([own.filter.clone(), logical.filter.clone().filter(|_| logical.is_union())]);
        for column in own.filter.iter().flat_map(Expr::columns) {
            add_column(&mut read, own, (own, 0), column);
        }
        for column in logical.filter.iter().flat_map(Expr::columns) {
            add_column(&mut read, own, (logical, member), column);
        }
        for column in quality::needed(&own.quality, own) {
            add_column(&mut read, own, (own, 0), column);
        }
        let info = catalog.sources.get(name)?;
        let mut scan = Scan {
            source: name.clone(),
            files: info.files.iter().map(Into::into).collect(),
            columns: read,
            time: TimePlan {
                column: time.column.clone(),
                end: time.end.clone(),
                covers: time.covers,
                assign: time.assign,
                hours: false,
                grains: vec![],
            },
            filter,
            feeds: vec![],
            ranges: vec![],
            calendar: calendar.clone(),
            reading: info.reading.clone(),
            total_rows: None,
            snapshot: None,
            checks: vec![],
        };
        quality::plan(&mut scan, &own.quality);
        Some(scan)
    });
    let scans = scans.collect();
    Some(Shown { scans, time: time_name(logical, &sources), columns })
}

/// The name of the column that dates the records.
fn time_name(logical: &LogicalSource, sources: &IndexMap<String, LogicalSource>) -> String {
    let members = logical.members.iter().filter_map(|member| sources.get(member));
    let mut times = std::iter::once(logical).chain(members).flat_map(|source| &source.times);
    times.next().map(|time| time.name.clone()).unwrap_or_default()
}
