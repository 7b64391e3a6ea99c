//! A source of the first pipeline: what was found out about a table, and what is made of it.

use super::profile::{is_total, Profiles};
use super::roles::{roles, Dimension, Measure, Roles};
use super::times::{self, Dates, Time};
use super::totals;
use super::words;
use crate::calendar::civil;
use crate::catalog::Physical;
use crate::dialect::looks_damaged_id;
use crate::expr::Type;
use crate::source::{CellKind, SampledRow, SampledTable};
use crate::spec::{Additivity, FileFormat, SourceGrain};

/// What tells when an export of lifetime figures was made.
#[derive(Clone, Debug)]
pub(super) enum SnapshotDay {
    /// The names of its files.
    Name,
    /// A column.
    Column(Dates),
}

/// What the records tell.
#[derive(Clone, Debug)]
pub(super) enum Kind {
    /// What happened on a day.
    Activity,
    /// All that happened to a post: the column of the posts' key, and what tells the day of the export.
    Lifetime { key: usize, day: SnapshotDay },
    /// The same, but nothing tells the day of the export.
    LifetimeOfNoDay,
}

/// Files with the same columns, and what is made of them.
#[derive(Clone, Debug)]
pub(super) struct Draft {
    pub(super) name: String,
    /// What `path:` says.
    pub(super) paths: Vec<String>,
    /// How many files that stands for.
    pub(super) files: usize,
    /// The tables as one: of the first file, with the rows of all.
    pub(super) table: SampledTable,
    pub(super) time: Time,
    /// The period to declare, because the files do not tell it where it is looked for.
    pub(super) period: Option<(i32, i32)>,
    pub(super) kind: Kind,
    pub(super) roles: Roles,
    /// Rows of totals that are left out by themselves, and a condition for those that are not.
    pub(super) totals: usize,
    pub(super) total_rows: Option<String>,
    /// Rows without a date.
    pub(super) undated: usize,
    /// Rows that cannot be read, and why the first of them cannot.
    pub(super) bad: usize,
    pub(super) bad_because: String,
    /// Most rows are shorter or longer than the header by empty fields.
    pub(super) fills: bool,
    /// The grains of its report.
    pub(super) grain: &'static str,
    /// The dimension of its report.
    pub(super) by: Option<usize>,
}

/// Why nothing is made of a table.
#[derive(Clone, Debug)]
pub(super) enum Useless {
    /// No column holds numbers that something could be made of.
    NoNumbers,
    /// Nothing dates its records; the period of the export would.
    NoPeriod,
    /// It has no rows.
    Empty,
}

/// Makes a source of a table; `period` is what the command line says.
pub(super) fn draft(
    table: SampledTable,
    paths: Vec<String>,
    files: &[SampledTable],
    period: Option<(i32, i32)>,
) -> Result<Draft, Box<(SampledTable, Useless)>> {
    let rough = Profiles::new(&table, None);
    if rough.rows.is_empty() {
        return Err(Box::new((table, Useless::Empty)));
    }
    let found = times::columns(&table, &rough);
    let time = times::choose(&table, &rough, &found).unwrap_or(Time::Export);
    let at = time.dates().map(|dates| dates.column);
    // What a row of totals is depends on the column that dates.
    let profiles = Profiles::new(&table, at);
    let dates = times::columns(&table, &profiles);
    let time = times::choose(&table, &profiles, &dates).unwrap_or(Time::Export);
    if matches!(time, Time::Export) && table.period.is_none() && period.is_none() {
        let none = profiles.columns.iter().all(|profile| !profile.is_numeric());
        return Err(Box::new((table, if none { Useless::NoNumbers } else { Useless::NoPeriod })));
    }
    let kind = kind(&profiles, &time, &dates, files);
    let key = if let Kind::Lifetime { key, .. } = &kind { Some(*key) } else { None };
    let mut roles = roles(&table, &profiles, &time, &dates, key);
    leave_constants(&mut roles, &profiles);
    if let Kind::Lifetime { day: SnapshotDay::Column(day), .. } = &kind {
        roles.left.retain(|(column, _)| *column != table.header[day.column]);
    }
    if roles.measures.is_empty() {
        return Err(Box::new((table, Useless::NoNumbers)));
    }
    let total = totals::unnamed(&profiles, &roles, &time, table.is_whole);
    let needs_period = matches!(time, Time::Export) || time.dates().is_some_and(|dates| dates.needs_period);
    let told_elsewhere = table.period.is_some_and(|(_, from)| from == crate::source::PeriodFrom::OtherTable);
    let declared = match period {
        Some(period) if needs_period => Some(period),
        _ => table.period.filter(|_| needs_period && told_elsewhere).map(|(days, _)| days),
    };
    let mut draft = Draft {
        name: String::new(),
        paths,
        files: files.len(),
        totals: table.rows.iter().filter(|row| is_total(row, at)).count(),
        total_rows: total.as_ref().map(|(condition, _)| condition.clone()),
        grain: grain(&profiles, &time),
        by: by(&roles),
        period: declared,
        undated: 0,
        bad: 0,
        bad_because: String::new(),
        fills: false,
        kind,
        roles,
        time,
        table: SampledTable { rows: vec![], ..table.clone() },
    };
    if draft.total_rows.is_some() {
        // Only those that the condition tells are left out then.
        draft.totals = 0;
    }
    judge(&mut draft, &profiles, total.map(|(_, row)| row), key);
    drop(profiles);
    draft.table = table;
    Ok(draft)
}

/// Columns that say the same in every row and mean nothing: `Lifetime`.
fn leave_constants(roles: &mut Roles, profiles: &Profiles<'_>) {
    let is_word = |dimension: &Dimension| profiles.columns[dimension.place].known().all(is_lifetime);
    let (left, kept): (Vec<Dimension>, Vec<Dimension>) = roles.dimensions.drain(..).partition(is_word);
    roles.dimensions = kept;
    roles.left.extend(left.into_iter().map(|d| (d.column, format!("`{}` in every row", d.examples.join(", ")))));
}

fn is_lifetime(text: &str) -> bool {
    matches!(words::plain(text).as_str(), "lifetime" | "global" | "a vie" | "de por vida")
}

/// What the records tell.
fn kind(profiles: &Profiles<'_>, time: &Time, dates: &[Dates], files: &[SampledTable]) -> Kind {
    let Time::Column(own, _) = time else { return Kind::Activity };
    let rows = profiles.rows.len();
    let says =
        profiles.columns.iter().any(|p| p.filled > 0 && p.known().next().is_some() && p.known().all(is_lifetime));
    let tells_apart = |place: &usize| {
        let profile = &profiles.columns[*place];
        // A spreadsheet makes one id of several.
        let sound = !profile.known().any(looks_damaged_id) && profile.kind != Physical::Typed(Type::Float);
        sound && profile.filled * 10 >= rows * 9 && (profile.values.len() == profile.filled || says)
    };
    let places = 0..profiles.columns.len();
    let of_post = |place: &usize| {
        let words = words::words(profiles.columns[*place].name);
        !words
            .iter()
            .any(|w| matches!(w.as_str(), "page" | "account" | "compte" | "user" | "campaign" | "ad" | "adset"))
    };
    let id = places.clone().filter(|p| words::is_id(profiles.columns[*p].name)).filter(of_post).find(tells_apart);
    let link = places.clone().filter(|p| words::is_link(profiles.columns[*p].name)).find(tells_apart);
    let has_link = profiles.columns.iter().any(|p| words::is_link(p.name) && p.filled > 0);
    let name = words::words(profiles.columns[own.column].name);
    let is_published =
        name.iter().any(|w| w.starts_with("publi") || matches!(w.as_str(), "post" | "posted" | "created"));
    let is_post = match (id, link) {
        (Some(_), _) => has_link || is_published,
        (None, Some(_)) => is_published,
        (None, None) => false,
    };
    let Some(key) = id.or(link).filter(|_| says || (is_post && rows > 1)) else { return Kind::Activity };
    let stamp = dates.iter().find(|other| {
        let days: Vec<i32> = other.days.iter().flatten().copied().collect();
        let same = days.windows(2).all(|pair| pair[0] == pair[1]);
        let later = days.first() >= own.days.iter().flatten().max();
        other.column != own.column
            && same
            && later
            && days.len() == rows
            && words::dating(profiles.columns[other.column].name) > 0
    });
    match stamp {
        Some(dates) => Kind::Lifetime { key, day: SnapshotDay::Column(dates.clone()) },
        None if files.iter().all(|file| file.name_day.is_some()) => Kind::Lifetime { key, day: SnapshotDay::Name },
        None => Kind::LifetimeOfNoDay,
    }
}

/// Counts rows that reading the source will not take: without a date, or bad.
fn judge(draft: &mut Draft, profiles: &Profiles<'_>, total: Option<usize>, key: Option<usize>) {
    let header = draft.table.header.len();
    let format = draft.table.format;
    let is_filled = |row: &SampledRow| (header..row.cells.len()).all(|i| row.cells[i].kind == CellKind::Empty);
    let ragged = |row: &SampledRow| match format {
        FileFormat::Csv => row.cells.len() != header,
        _ => row.cells.len() > header && !is_filled(row),
    };
    let uneven = profiles.rows.iter().filter(|row| ragged(row)).count();
    let fillable = profiles.rows.iter().filter(|row| ragged(row) && is_filled(row)).count();
    draft.fills = format == FileFormat::Csv && fillable * 2 > profiles.rows.len() && uneven > 0;
    for (place, row) in profiles.rows.iter().enumerate().filter(|(place, _)| Some(*place) != total) {
        let text = |column: usize| Profiles::text(row, column);
        let times: Vec<&Dates> = match &draft.time {
            Time::Column(dates, _) => vec![dates],
            Time::Range(first, last) => vec![first, last],
            Time::Export => vec![],
        };
        let wrong = times.iter().find(|d| !text(d.column).is_empty() && d.days.get(place).is_some_and(Option::is_none));
        let numbers = |measure: &&Measure| {
            let cell = row.cells.get(measure.place);
            let format = measure.numbers.unwrap_or(draft.roles.numbers);
            cell.is_some_and(|cell| match cell.kind {
                CellKind::Text => {
                    format.parse(&cell.text).is_err() && !draft.roles.nulls.iter().any(|(null, _)| *null == cell.text)
                }
                CellKind::Empty | CellKind::Number => false,
                CellKind::Truth | CellKind::Date | CellKind::Broken => true,
            })
        };
        let why = if ragged(row) && !(draft.fills && is_filled(row)) {
            Some(format!("{} fields, the header has {header}", row.cells.len()))
        } else if let Some(dates) = wrong {
            Some(format!("`{}` is no date of `{}`", text(dates.column), profiles.columns[dates.column].name))
        } else if let Some(key) = key.filter(|key| text(*key).is_empty()) {
            Some(format!("no `{}`", profiles.columns[key].name))
        } else {
            let measure = draft.roles.measures.iter().find(numbers);
            measure.map(|measure| format!("`{}` is no number of `{}`", text(measure.place), measure.column))
        };
        match why {
            Some(why) => {
                draft.bad += 1;
                if draft.bad_because.is_empty() {
                    draft.bad_because = format!("row {}: {why}", row.line);
                }
            }
            None => {
                let undated = times.iter().any(|dates| text(dates.column).is_empty());
                draft.undated += usize::from(undated);
            }
        }
    }
}

/// The grain of the report: a month, or what a record covers where that is more, or cuts months.
fn grain(profiles: &Profiles<'_>, time: &Time) -> &'static str {
    let in_a_month = |(start, end): (i32, i32)| civil(start).0 == civil(end).0 && civil(start).1 == civil(end).1;
    match time {
        Time::Column(_, SourceGrain::Week) => "week",
        Time::Column(_, SourceGrain::Quarter) => "quarter",
        Time::Column(_, SourceGrain::Year) => "year",
        Time::Column(..) => "month",
        Time::Range(first, last) => {
            let days = first.days.iter().zip(&last.days).filter_map(|(start, end)| Some(((*start)?, (*end)?)));
            if days.into_iter().all(in_a_month) {
                "month"
            } else {
                "all"
            }
        }
        Time::Export => {
            if profiles.rows.iter().all(|row| row.period.is_some_and(in_a_month)) {
                "month"
            } else {
                "all"
            }
        }
    }
}

/// The dimension to report by: one that says much by its name, else the first that has several values.
fn by(roles: &Roles) -> Option<usize> {
    let fits = |dimension: &&(usize, &Dimension)| !dimension.1.is_id && dimension.1.different > 1;
    let all: Vec<(usize, &Dimension)> = roles.dimensions.iter().enumerate().collect();
    let telling = all.iter().filter(fits).find(|(_, dimension)| words::is_telling(&dimension.column));
    telling.or_else(|| all.iter().find(fits)).map(|(place, _)| *place)
}

impl Draft {
    /// The measures that add up.
    pub(super) fn additive(&self) -> impl Iterator<Item = &Measure> {
        self.roles.measures.iter().filter(|measure| measure.additivity == Additivity::Additive)
    }

    /// Whether the last day of a period can stand for it: of daily figures.
    pub(super) fn has_days(&self) -> bool {
        matches!(self.time, Time::Column(_, SourceGrain::Day)) && !matches!(self.kind, Kind::Lifetime { .. })
    }
}
