//! What each column of a table is to the pipeline: a measure, a dimension, or neither.

use super::names::Names;
use super::profile::{Profile, Profiles};
use super::times::{Dates, Time};
use super::words;
use crate::catalog::Physical;
use crate::dialect::{is_ambiguous, number_formats, NumberFormat};
use crate::expr::Type;
use crate::source::SampledTable;
use crate::spec::Additivity;

/// A dimension has no more different texts than this, and they are no longer.
const FEW: usize = 50;
const MANY: usize = 300;
const SHORT: usize = 80;

/// A measure of the pipeline.
#[derive(Clone, Debug)]
pub(super) struct Measure {
    /// Its name.
    pub(super) name: String,
    /// Its column in the files, and that one's place.
    pub(super) column: String,
    pub(super) place: usize,
    pub(super) additivity: Additivity,
    pub(super) unit: Option<String>,
    /// How its numbers are written, where not as in the rest of the source.
    pub(super) numbers: Option<NumberFormat>,
}

/// A dimension of the pipeline.
#[derive(Clone, Debug)]
pub(super) struct Dimension {
    pub(super) name: String,
    pub(super) column: String,
    pub(super) place: usize,
    /// Its type, where it has to be declared.
    pub(super) data_type: Option<&'static str>,
    /// How many different values were seen, and some of them.
    pub(super) different: usize,
    pub(super) examples: Vec<String>,
    pub(super) is_id: bool,
}

/// What the columns of a table are.
#[derive(Clone, Debug, Default)]
pub(super) struct Roles {
    pub(super) measures: Vec<Measure>,
    pub(super) dimensions: Vec<Dimension>,
    /// Columns that are neither, with why.
    pub(super) left: Vec<(String, String)>,
    /// How the numbers of most measures are written.
    pub(super) numbers: NumberFormat,
    /// Texts in measures that stand for no value, with how often.
    pub(super) nulls: Vec<(String, usize)>,
    /// A cell that another way of writing numbers reads as another number, and that way.
    pub(super) ambiguous: Option<(String, NumberFormat)>,
}

/// What a column is.
enum Role {
    Measure,
    Dimension { data_type: Option<&'static str>, is_id: bool },
    Left(String),
}

/// Tells the columns of a table apart. `key` is a column that identifies records and has to be a dimension.
pub(super) fn roles(
    table: &SampledTable,
    profiles: &Profiles<'_>,
    time: &Time,
    dates: &[Dates],
    key: Option<usize>,
) -> Roles {
    let mut roles = Roles::default();
    let title = table.title.as_deref().or(table.sheet.as_deref());
    let timing: Vec<usize> = match time {
        Time::Column(one, _) => vec![one.column],
        Time::Range(one, other) => vec![one.column, other.column],
        Time::Export => vec![],
    };
    let mut names = Names::without(table.header.iter().cloned());
    let mut texts =
        profiles.columns.iter().enumerate().filter(|(_, p)| !p.is_numeric() && p.filled > 0 && !p.is_void());
    let first_text = texts.find(|(_, p)| p.values.len() > 1).map(|(place, _)| place);
    for (place, profile) in profiles.columns.iter().enumerate() {
        if timing.contains(&place) {
            continue;
        }
        let column = profile.name.to_owned();
        let is_dated = dates.iter().find(|dates| dates.column == place);
        let mut role = if key == Some(place) {
            Role::Dimension { data_type: table.format.is_text().then_some("text"), is_id: true }
        } else {
            role(table, profile, profiles.rows.len(), is_dated)
        };
        // A table that no column dates is about its first column of different texts, however many these are.
        if let (Role::Left(_), Time::Export) = (&role, time) {
            if first_text == Some(place) && is_dated.is_none() && profile.longest <= 300 && !profile.has_lines {
                role = Role::Dimension { data_type: None, is_id: false };
            }
        }
        match role {
            Role::Measure => {
                let name = names.give(profile.name, "measure", Some(profile.name));
                let mut additivity = words::additivity(profile.name, title);
                if profile.is_percent {
                    additivity = Additivity::NonAdditive;
                }
                let unit = words::unit(profile.name);
                roles.measures.push(Measure { name, column, place, additivity, unit, numbers: None });
            }
            Role::Dimension { data_type, is_id } => {
                let name = names.give(profile.name, "dimension", Some(profile.name));
                let different = profile.known().count();
                let examples = profile.known().take(3).map(|text| short(text, 24)).collect();
                roles.dimensions.push(Dimension { name, column, place, data_type, different, examples, is_id });
            }
            Role::Left(why) => roles.left.push((column, why)),
        }
    }
    fallback_dimension(&mut roles, profiles, &mut names, time);
    numbers(&mut roles, profiles);
    roles
}

/// What a column is by itself.
fn role(table: &SampledTable, profile: &Profile<'_>, rows: usize, dates: Option<&Dates>) -> Role {
    if let Physical::Unusable(what) = &profile.kind {
        return Role::Left(format!("a {what}"));
    }
    if profile.filled == 0 {
        return Role::Left("empty".to_owned());
    }
    if profile.is_void() {
        let nulls: Vec<String> = profile.nulls.keys().map(|null| format!("`{null}`")).collect();
        return Role::Left(format!("nothing but {}", nulls.join(", ")));
    }
    if let Some(dates) = dates {
        let form = dates.format.as_ref().map(|format| format!(" as {}", format.pattern())).unwrap_or_default();
        return Role::Left(format!("dates{form}"));
    }
    let different = profile.known().count();
    let is_text = table.format.is_text();
    let few = is_few(different, rows);
    let is_number = profile.is_numeric();
    let all_different = different == profile.filled && rows > 1;
    let ends_as_id = words::plain(profile.name).ends_with("id") && profile.is_whole && all_different;
    let looks_like_ids = is_number && (profile.has_leading_zero || (profile.is_whole && profile.digits > 15));
    if words::is_id(profile.name) || ends_as_id || looks_like_ids {
        // Numbers with decimals are no groups, whatever they are called.
        let is_exact = is_text || !matches!(profile.kind, Physical::Typed(Type::Float | Type::Decimal(_)));
        if !few || !is_exact {
            return Role::Left(format!("ids, {different} different"));
        }
        return Role::Dimension { data_type: is_text.then_some("text"), is_id: true };
    }
    if is_number {
        let is_flag =
            profile.known().all(|text| matches!(text, "0" | "1")) && words::plain(profile.name).starts_with("is ");
        if profile.is_whole && different <= FEW && (is_flag || words::is_part(profile.name)) {
            return Role::Dimension { data_type: is_text.then_some("integer"), is_id: false };
        }
        return Role::Measure;
    }
    if profile.has_lines {
        return Role::Left("texts of several lines".to_owned());
    }
    if profile.longest > SHORT {
        return Role::Left(format!("long texts, up to {} characters", profile.longest));
    }
    if !few {
        return Role::Left(format!("texts, {different} different"));
    }
    let knows_text = profile.kind == Physical::Typed(Type::Text) || !is_text;
    Role::Dimension { data_type: (!knows_text).then_some("text"), is_id: false }
}

/// Whether so many different values of so many are few enough to group by.
fn is_few(different: usize, rows: usize) -> bool {
    // Of a handful of rows half is too much to ask: one value that comes again is enough.
    different <= FEW && (different * 2 < rows || (rows < 20 && different < rows) || different == 1)
}

/// Countries are more than 50: without any other dimension, texts that come again and again are one.
fn fallback_dimension(roles: &mut Roles, profiles: &Profiles<'_>, names: &mut Names, time: &Time) {
    let has_one = roles.dimensions.iter().any(|dimension| !dimension.is_id && dimension.different > 1);
    if has_one || matches!(time, Time::Export) {
        return;
    }
    let left = roles.left.iter().position(|(column, why)| {
        let profile = profiles.columns.iter().find(|profile| profile.name == column);
        why.starts_with("texts")
            && profile.is_some_and(|p| p.values.len() <= MANY && p.values.len() * 5 < profiles.rows.len())
    });
    let Some(left) = left else { return };
    let (column, _) = roles.left.remove(left);
    let Some(place) = profiles.columns.iter().position(|profile| profile.name == column) else { return };
    let profile = &profiles.columns[place];
    roles.dimensions.push(Dimension {
        name: names.give(&column, "dimension", Some(&column)),
        place,
        data_type: None,
        different: profile.known().count(),
        examples: profile.known().take(3).map(|text| short(text, 24)).collect(),
        is_id: false,
        column,
    });
}

/// How the numbers of the measures are written.
fn numbers(roles: &mut Roles, profiles: &Profiles<'_>) {
    let texts: Vec<&Profile<'_>> =
        roles.measures.iter().map(|m| &profiles.columns[m.place]).filter(|p| !p.knows_numbers).collect();
    let votes = |format: &NumberFormat| texts.iter().filter(|p| p.formats.contains(format)).count();
    let mut best: Option<(usize, NumberFormat)> = None;
    for format in number_formats(&[]) {
        let votes = votes(&format);
        if best.is_none_or(|(most, _)| votes > most) {
            best = Some((votes, format));
        }
    }
    roles.numbers = best.map(|(_, format)| format).unwrap_or_default();
    for measure in &mut roles.measures {
        let profile = &profiles.columns[measure.place];
        if !profile.knows_numbers && !profile.formats.contains(&roles.numbers) {
            measure.numbers = profile.formats.first().copied();
        }
    }
    // Another way that reads every column, and some cell of it as another number.
    let others =
        number_formats(&[]).into_iter().filter(|format| votes(format) == texts.len() && *format != roles.numbers);
    roles.ambiguous =
        others.flat_map(|format| texts.iter().map(move |p| (*p, format))).find_map(|(profile, format)| {
            let known: Vec<&str> = profile.known().collect();
            let cell = known.iter().find(|cell| is_ambiguous(&[cell], roles.numbers, format))?;
            Some(((*cell).to_owned(), format))
        });
    // Where `NA` is a country, it is one in numbers too.
    let is_value = profiles.columns.iter().any(|p| !p.is_numeric() && !p.is_void() && p.values.contains_key("NA"));
    for measure in &roles.measures {
        for (null, count) in &profiles.columns[measure.place].nulls {
            if *null == "NA" && is_value {
                continue;
            }
            match roles.nulls.iter_mut().find(|(known, _)| known == null) {
                Some((_, known)) => *known += count,
                None => roles.nulls.push(((*null).to_owned(), *count)),
            }
        }
    }
}

/// The beginning of a text, on one line.
pub(super) fn short(text: &str, most: usize) -> String {
    let line: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    if line.chars().count() <= most {
        return line;
    }
    let mut cut: String = line.chars().take(most).collect();
    cut.push('…');
    cut
}
