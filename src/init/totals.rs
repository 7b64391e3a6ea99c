//! Rows of totals that no word tells: the first or the last row, without texts, with the sums of all others.

use super::names::in_sql;
use super::profile::Profiles;
use super::roles::Roles;
use super::times::Time;
use crate::dialect::Number;
use crate::source::CellKind;
use crate::spec::Additivity;

/// The condition that tells a row of totals, and the row; `None` where there is none.
pub(super) fn unnamed(profiles: &Profiles<'_>, roles: &Roles, time: &Time, is_whole: bool) -> Option<(String, usize)> {
    let rows = &profiles.rows;
    // Of two rows one is always the sum of the other when they are equal.
    if rows.len() < 3 || !is_whole {
        return None;
    }
    [0, rows.len() - 1].into_iter().find_map(|row| {
        let column = lacking(profiles, roles, time, row)?;
        // A column that is a dimension goes by that name.
        let dimension = roles.dimensions.iter().find(|dimension| dimension.place == column);
        let name = dimension.map_or(profiles.columns[column].name, |dimension| dimension.name.as_str());
        is_sum(profiles, roles, row).then(|| (format!("{} IS NULL", in_sql(name)), row))
    })
}

/// A column of texts or dates that has a value in every row but this one.
fn lacking(profiles: &Profiles<'_>, roles: &Roles, time: &Time, row: usize) -> Option<usize> {
    let is_measure = |column: usize| roles.measures.iter().any(|measure| measure.place == column);
    let is_empty = |row: usize, column: usize| Profiles::text(profiles.rows[row], column).is_empty();
    let candidates = (0..profiles.columns.len()).filter(|column| !is_measure(*column));
    let mut lacking = candidates.filter(|column| is_empty(row, *column)).peekable();
    lacking.peek()?;
    // An expression sees dates of the column that dates, and texts of the others.
    let at = time.dates().map(|dates| dates.column);
    let tells = |column: &usize| {
        let others = (0..profiles.rows.len()).filter(|other| *other != row);
        others.into_iter().all(|other| !is_empty(other, *column))
    };
    lacking.filter(tells).min_by_key(|column| Some(*column) == at)
}

/// Whether what adds up is there the sum of all other rows.
fn is_sum(profiles: &Profiles<'_>, roles: &Roles, row: usize) -> bool {
    let mut any = false;
    for measure in roles.measures.iter().filter(|measure| measure.additivity == Additivity::Additive) {
        let format = measure.numbers.unwrap_or(roles.numbers);
        let number = |row: usize| -> f64 {
            let cell = profiles.rows[row].cells.get(measure.place);
            cell.map_or(0.0, |cell| match cell.kind {
                CellKind::Number => cell.text.parse().unwrap_or(0.0),
                CellKind::Text => match format.parse(&cell.text) {
                    #[allow(clippy::cast_precision_loss, reason = "only whether two sums are about the same")]
                    Ok(Number::Int(value)) => value as f64,
                    Ok(Number::Float(value)) => value,
                    Ok(Number::Censored) | Err(_) => 0.0,
                },
                _ => 0.0,
            })
        };
        let others: f64 = (0..profiles.rows.len()).filter(|other| *other != row).map(number).sum();
        let own = number(row);
        if (own - others).abs() > own.abs().max(others.abs()) * 0.005 {
            return false;
        }
        any |= own != 0.0;
    }
    any
}
