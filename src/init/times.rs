//! What dates the records of a table.

use super::profile::{Profile, Profiles};
use super::words::{bound, dating, names_grain, plain};
use crate::calendar::{civil, day_of_week};
use crate::catalog::Physical;
use crate::dialect::{date_formats, in_period, DateFormat, Decimal, Moment, MomentKind};
use crate::expr::Type;
use crate::source::{SampledRow, SampledTable};
use crate::spec::SourceGrain;

const MICROS_OF_DAY: i64 = 86_400_000_000;

/// A column of dates.
#[derive(Clone, Debug)]
#[allow(clippy::struct_excessive_bools, reason = "each tells one thing about its cells")]
pub(super) struct Dates {
    /// Its place in the header.
    pub(super) column: usize,
    /// How they are written; none where the file itself says what they are.
    pub(super) format: Option<DateFormat>,
    /// Another way to read every one of them as another day.
    pub(super) other: Option<DateFormat>,
    /// Nothing but a rule of thumb decides between the two.
    pub(super) is_guess: bool,
    /// The format has to be declared.
    pub(super) declares_format: bool,
    /// The day of each row.
    pub(super) days: Vec<Option<i32>>,
    /// The days of the year or day numbers only make sense in the export's period.
    pub(super) needs_period: bool,
    /// A time without a zone.
    pub(super) is_wall: bool,
    /// The first cell.
    pub(super) example: String,
}

/// What dates the records.
#[derive(Clone, Debug)]
pub(super) enum Time {
    /// A column, and what span each record covers from there.
    Column(Dates, SourceGrain),
    /// Two columns: the first and the last day of each record.
    Range(Dates, Dates),
    /// The period of the export.
    Export,
}

impl Time {
    /// The column of the first day.
    pub(super) fn dates(&self) -> Option<&Dates> {
        match self {
            Self::Column(dates, _) | Self::Range(dates, _) => Some(dates),
            Self::Export => None,
        }
    }
}

/// All columns of dates of a table.
pub(super) fn columns(table: &SampledTable, profiles: &Profiles<'_>) -> Vec<Dates> {
    (0..profiles.columns.len()).filter_map(|column| dates(table, profiles, column)).collect()
}

/// The column of dates to prefer, with what span a record covers; `None` where there is none.
pub(super) fn choose(table: &SampledTable, profiles: &Profiles<'_>, all: &[Dates]) -> Option<Time> {
    let rows = profiles.rows.len();
    let varies = |dates: &Dates| dates.days.iter().flatten().any(|day| Some(day) != dates.days.iter().flatten().next());
    let score = |dates: &&Dates| {
        let filled = dates.days.iter().flatten().count();
        // A day that is the same in every row is that of the export, where another column tells posts apart.
        let is_stamp = rows > 1 && !varies(dates) && all.iter().any(|other| varies(other) && filled > 0);
        let name = dating(&table.header[dates.column]);
        let place = i32::try_from(dates.column).unwrap_or(i32::MAX).min(50);
        let share = i32::try_from(filled * 200 / rows.max(1)).unwrap_or(0);
        name * 100 + share - place - 500 * i32::from(dates.needs_period) - 450 * i32::from(is_stamp)
    };
    let best = all.iter().max_by_key(score)?;
    if let Some((_, words)) = bound(&table.header[best.column]) {
        let partner = all.iter().find(|other| {
            other.column != best.column && bound(&table.header[other.column]).is_some_and(|(_, own)| own == words)
        });
        if let Some((first, last)) = partner.and_then(|partner| in_order(best, partner)) {
            if first.days == last.days {
                return Some(Time::Column(first.clone(), SourceGrain::Day));
            }
            return Some(Time::Range(first.clone(), last.clone()));
        }
    }
    Some(Time::Column(best.clone(), grain(&table.header[best.column], best)))
}

/// Two columns as first and last days, if one never comes after the other.
fn in_order<'d>(one: &'d Dates, other: &'d Dates) -> Option<(&'d Dates, &'d Dates)> {
    let before = |a: &Dates, b: &Dates| {
        a.days.iter().zip(&b.days).all(|(a, b)| a.zip(*b).is_some_and(|(a, b)| a <= b)) && !a.days.is_empty()
    };
    if before(one, other) {
        Some((one, other))
    } else {
        before(other, one).then_some((other, one))
    }
}

/// What span the date of a record stands for.
fn grain(name: &str, dates: &Dates) -> SourceGrain {
    let days: Vec<i32> = dates.days.iter().flatten().copied().collect();
    let mut different = days.clone();
    different.sort_unstable();
    different.dedup();
    let all = |test: &dyn Fn(i32, i32, i32) -> bool| {
        !days.is_empty()
            && days.iter().all(|day| {
                let (year, month, day) = civil(*day);
                test(year, month, day)
            })
    };
    let firsts = all(&|_, _, day| day == 1);
    let is_named = |words: &[&str]| names_grain(name, words);
    if firsts && is_named(&["year", "annee", "ano", "jahr"]) && all(&|_, month, _| month == 1) {
        return SourceGrain::Year;
    }
    if firsts && is_named(&["quarter", "trimestre", "quartal"]) && all(&|_, month, _| month % 3 == 1) {
        return SourceGrain::Quarter;
    }
    if firsts && (is_named(&["month", "mois", "mes", "monat"]) || different.len() >= 3) {
        return SourceGrain::Month;
    }
    let weekday = days.first().map(|day| day_of_week(*day));
    let same = days.iter().all(|day| Some(day_of_week(*day)) == weekday);
    if same && weekday.is_some() && is_named(&["week", "semaine", "semana", "woche"]) {
        return SourceGrain::Week;
    }
    SourceGrain::Day
}

/// A column as one of dates.
fn dates(table: &SampledTable, profiles: &Profiles<'_>, column: usize) -> Option<Dates> {
    let profile = &profiles.columns[column];
    let known: Vec<&str> = profile.known().collect();
    if known.is_empty() {
        return None;
    }
    let knows = matches!(profile.kind, Physical::Typed(Type::Date) | Physical::Timestamp { .. });
    if !table.format.is_text() {
        return knows.then(|| found(profiles, column, None));
    }
    let mut formats = formats(&known);
    formats.retain(|format| is_likely(format, profile, column));
    // Days of the year that are on no day of the period date nothing.
    formats.retain(|format| {
        let days = days(profiles, column, format);
        let filled = profiles.rows.iter().filter(|row| !Profiles::text(row, column).is_empty()).count();
        (filled - days.iter().flatten().count()) * 50 <= filled
    });
    let (format, other, is_guess) = unswapped(profiles, table, column, formats)?;
    let mut dates = found(profiles, column, Some(&format));
    dates.needs_period = matches!(format.kind(), Some(MomentKind::DayOfYear | MomentKind::Number));
    dates.declares_format = !(knows && format.pattern() == DateFormat::ISO);
    dates.is_wall = profile.known().filter_map(|text| format.parse(text)).any(|m| matches!(m, Moment::Wall(_)));
    Some(Dates { format: Some(format), other, is_guess, ..dates })
}

/// The day of each row.
fn days(profiles: &Profiles<'_>, column: usize, format: &DateFormat) -> Vec<Option<i32>> {
    let day = |row: &SampledRow| day_of(&format.parse(Profiles::text(row, column))?, row.period);
    profiles.rows.iter().map(|row| day(row)).collect()
}

fn found(profiles: &Profiles<'_>, column: usize, format: Option<&DateFormat>) -> Dates {
    let iso = DateFormat::default();
    Dates {
        column,
        format: format.cloned(),
        other: None,
        is_guess: false,
        declares_format: false,
        days: days(profiles, column, format.unwrap_or(&iso)),
        needs_period: false,
        is_wall: false,
        example: profiles.columns[column].known().next().unwrap_or_default().to_owned(),
    }
}

/// The formats that read all cells, or all but a few of many.
fn formats(known: &[&str]) -> Vec<DateFormat> {
    let all = date_formats(known);
    if !all.is_empty() || known.len() < 20 {
        return all;
    }
    let mut candidates: Vec<DateFormat> = vec![];
    for text in known.iter().take(20) {
        for format in date_formats(&[text]) {
            if !candidates.contains(&format) {
                candidates.push(format);
            }
        }
    }
    candidates.retain(|format| known.iter().filter(|text| format.parse(text).is_none()).count() * 50 <= known.len());
    candidates
}

/// Digits alone are dates where the column's name says so, or where it is the first.
fn is_likely(format: &DateFormat, profile: &Profile<'_>, column: usize) -> bool {
    match format.pattern() {
        "YYYYMMDD" | "N" => dating(profile.name) > 0 || column == 0,
        _ => true,
    }
}

/// The day of a moment.
pub(super) fn day_of(moment: &Moment, period: Option<(i32, i32)>) -> Option<i32> {
    match moment {
        Moment::Day(day) => Some(*day),
        Moment::Wall(micros) | Moment::Instant(micros) => i32::try_from(micros.div_euclid(MICROS_OF_DAY)).ok(),
        Moment::DayOfYear { month, day, .. } => period.and_then(|(start, end)| in_period(*month, *day, start, end)),
        Moment::Number(number) => period.and_then(|(start, _)| start.checked_add(*number)),
    }
}

/// The format to prefer; where month and day can be swapped in all cells, the other, and whether nothing but a rule of
/// thumb decides.
fn unswapped(
    profiles: &Profiles<'_>,
    table: &SampledTable,
    column: usize,
    formats: Vec<DateFormat>,
) -> Option<(DateFormat, Option<DateFormat>, bool)> {
    let mut formats = formats.into_iter();
    let first = formats.next()?;
    let of_first = days(profiles, column, &first);
    let Some((second, of_second)) = formats
        .map(|format| (days(profiles, column, &format), format))
        .find(|(days, _)| *days != of_first)
        .map(|(d, f)| (f, d))
    else {
        return Some((first, None, false));
    };
    // Exports run from day to day, and stay within their period.
    let evidence = |days: &[Option<i32>]| {
        let inside = |(day, row): (&Option<i32>, &&SampledRow)| {
            day.zip(row.period).is_some_and(|(day, (start, end))| (start..=end).contains(&day))
        };
        let steps =
            days.windows(2).filter(|pair| pair[0].zip(pair[1]).is_some_and(|(a, b)| (a - b).abs() <= 1)).count();
        (days.iter().zip(&profiles.rows).filter(|pair| inside(*pair)).count(), steps)
    };
    let (one, two) = (evidence(&of_first), evidence(&of_second));
    if one != two {
        return Some(if one > two { (first, Some(second), false) } else { (second, Some(first), false) });
    }
    // Where decimals are commas, days come first; Meta writes months first in every language.
    let is_metas = table.header.iter().any(|name| plain(name) == "publish time");
    let has_commas = |profile: &Profile<'_>| profile.formats.first().is_some_and(|f| f.decimal == Decimal::Comma);
    let days_first = !is_metas && (table.separator == Some(b';') || profiles.columns.iter().any(has_commas));
    let swap = days_first && second.pattern().starts_with('D');
    Some(if swap { (second, Some(first), true) } else { (first, Some(second), true) })
}
