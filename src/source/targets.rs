//! Reading the figures of targets that stand in files.

use super::lookups::{inspected, place, read, scan, Read};
use crate::catalog::TargetRow;
use crate::diagnostic::{Diagnostic, Diagnostics, YamlPath};
use crate::expr::Type;
use crate::plan::{Made, ScanColumn};
use crate::spec::{Dimension, DimensionType, Measure, MeasureType, NamesOr, Pipeline, Source, Target, TargetTable};
use arrow::array::{Array, ArrayRef, AsArray, StringArray};
use arrow::datatypes::{Date32Type, Float64Type, Int32Type};
use std::collections::BTreeSet;

/// Reads the rows of a table that are a target's; `None` when that fails, which is told.
pub(super) fn load(
    pipeline: &Pipeline,
    target: &Target,
    table: &TargetTable,
    at: &YamlPath,
    errors: &mut Diagnostics,
) -> Option<Vec<TargetRow>> {
    let noun = format!("the targets of `{}`", target.metric);
    let own: Vec<(&str, &str)> = [("metric", target.metric.as_str())]
        .into_iter()
        .chain([("segment", target.segment.as_deref().unwrap_or(crate::plan::ALL))])
        .chain(target.dimensions.iter().map(|(name, value)| (name.as_str(), value.as_str())))
        .collect();
    // A row that names another dimension's value is a target of that group, not of all.
    let others: Vec<&str> = pipeline
        .sources
        .values()
        .flat_map(|source| source.dimensions.entries().into_iter().map(|(name, ..)| name).collect::<Vec<_>>())
        .filter(|name| !target.dimensions.contains_key(*name))
        .collect::<BTreeSet<_>>()
        .into_iter()
        .collect();
    let source = as_source(table, own.iter().map(|(name, _)| *name).chain(others.iter().copied()));
    let info = inspected(&noun, &source, at, errors)?;
    let mut columns: Vec<ScanColumn> = vec![];
    for (name, ty, needed) in
        [("period", Type::Text, true), ("value", Type::Float, true), ("set_on", Type::Date, false)]
    {
        if info.columns.contains_key(name) {
            columns.push(column(name, ty));
        } else if needed {
            let known = info.columns.keys().map(String::as_str);
            let error =
                Diagnostic::pipeline("missing-column", format!("{noun} have no column `{name}` in their files"));
            errors.push(error.at(&at.key("path")).suggest(name, "columns there", known));
            return None;
        }
    }
    let texts = own.iter().map(|(name, _)| *name).chain(others.iter().copied());
    columns.extend(texts.filter(|name| info.columns.contains_key(*name)).map(|name| column(name, Type::Text)));
    let scan = scan(&info, columns.iter());
    let Read { arrays, firsts, rows } = match read(&scan) {
        Ok(read) => read,
        Err(error) => {
            errors.push(error.at(&at.key("path")));
            return None;
        }
    };
    let array = |name: &str| columns.iter().position(|c| c.name == name).map(|i| &arrays[i]);
    let mut found = vec![];
    for row in 0..rows {
        // An empty cell among the segments is all records.
        let empty = |name: &str| (name == "segment").then_some(crate::plan::ALL);
        let is_own =
            |(name, value): &(&str, &str)| array(name).is_none_or(|a| text(a, row).or(empty(name)) == Some(*value));
        if !own.iter().all(is_own) || others.iter().any(|name| array(name).is_some_and(|a| text(a, row).is_some())) {
            continue;
        }
        let value = array("value").filter(|a| a.is_valid(row)).map(|a| a.as_primitive::<Float64Type>().value(row));
        let value = value.filter(|value| value.is_finite());
        let (Some(period), Some(value)) = (array("period").and_then(|a| text(a, row)), value) else {
            let message = format!("{noun}: a row without a period or a finite value");
            let error = Diagnostic::data("missing-value", message).at(&at.key("path"));
            errors.push(error.note(place(row, &info.files, &firsts)));
            return None;
        };
        let set_on = array("set_on").filter(|a| a.is_valid(row)).map(|a| a.as_primitive::<Date32Type>().value(row));
        found.push(TargetRow { period: period.to_owned(), value, set_on, place: place(row, &info.files, &firsts) });
    }
    Some(found)
}

fn column(name: &str, ty: Type) -> ScanColumn {
    ScanColumn {
        name: name.to_owned(),
        raw: Some(name.to_owned()),
        ty,
        dimension: true,
        measure: false,
        made: Made::AsRead,
    }
}

/// The table as a source whose columns have their types: a year is a text.
fn as_source<'n>(table: &TargetTable, names: impl Iterator<Item = &'n str>) -> Source {
    let dimension = |name: &str, data_type| {
        let dimension = Dimension { data_type: Some(data_type), ..Dimension::default() };
        (name.to_owned(), Some(dimension))
    };
    let mut dimensions = vec![dimension("period", DimensionType::Text), dimension("set_on", DimensionType::Date)];
    dimensions.extend(names.map(|name| dimension(name, DimensionType::Text)));
    let value = Measure { data_type: Some(MeasureType::Number), ..Measure::default() };
    Source {
        path: Some(table.path.clone()),
        format: table.format,
        csv: table.csv.clone(),
        dimensions: NamesOr::Map(dimensions.into_iter().collect()),
        measures: NamesOr::Map([("value".to_owned(), Some(value))].into_iter().collect()),
        ..Source::default()
    }
}

fn text(array: &ArrayRef, row: usize) -> Option<&str> {
    let dictionary = array.as_dictionary_opt::<Int32Type>()?;
    let key = dictionary.key(row)?;
    Some(dictionary.values().as_any().downcast_ref::<StringArray>()?.value(key))
}
