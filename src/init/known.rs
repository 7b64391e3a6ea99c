//! Exports whose layout is a profile's: what is written of them is the profile's name and where they are.

use super::findings::{described, Finding};
use super::names::{yaml, Names};
use super::times::day_of;
use crate::calendar::{civil, iso_date, parse_date};
use crate::catalog::CURRENCY_COLUMN;
use crate::diagnostic::{count, short_list};
use crate::dialect::DateFormat;
use crate::expr::words;
use crate::profiles::{is_by_title, recognise, Profile, Seen, Table, Tier};
use crate::source::{PeriodFrom, SampledTable};
use crate::spec::{Additivity, Measure, NameOrPlace, PeriodType, SourceGrain};
use std::collections::BTreeSet;
use std::path::Path;

/// Exports of one profile, which are read as one source.
pub(super) struct Known {
    pub(super) name: String,
    pub(super) profile: &'static Profile,
    paths: Vec<String>,
    files: usize,
    rows: usize,
    member: Option<String>,
    /// The period to declare.
    period: Option<(i32, i32)>,
    declares_encoding: bool,
    /// Its columns, by their names in the pipeline.
    columns: BTreeSet<&'static str>,
    /// The titles of its tables.
    titles: Vec<String>,
    /// Columns that the profile does not know.
    unknown: Vec<String>,
    /// What its amounts are in, where the files tell it.
    pub(super) currency: Option<String>,
    /// The first table, for people.
    table: SampledTable,
    /// Whether each record lies in a month.
    pub(super) is_in_months: bool,
}

fn seen(table: &SampledTable) -> Seen<'_> {
    let file = match &table.member {
        Some(member) => member.rsplit('/').next().unwrap_or(member),
        None => table.path.file_name().and_then(|name| name.to_str()).unwrap_or_default(),
    };
    Seen {
        header: &table.header,
        file,
        sheet: table.sheet.as_deref(),
        title: table.title.as_deref(),
        has_comments: table.has_comments,
    }
}

/// The profile that a table is read by: a complete one, where it is the only one that fits best.
pub(super) fn profile_of(table: &SampledTable) -> Option<&'static Profile> {
    match recognise(&seen(table)).as_slice() {
        [only] if only.about.tier == Tier::Complete => Some(only),
        _ => None,
    }
}

/// Tables that nothing dates, in a file of several, are of the days that another one has: the days of a search engine's clicks stand
/// beside its queries.
pub(super) fn tell_periods(tables: &mut [SampledTable]) {
    let days = tables.iter().find_map(|table| {
        let profile = profile_of(table)?;
        let time = profile.source.time.as_ref()?;
        let place = table.header.iter().position(|cell| profile.headers.spelled(cell) == Some(time.column.as_str()))?;
        let days: Vec<i32> = table.rows.iter().filter_map(|row| parse_date(&row.cells.get(place)?.text)).collect();
        Some((*days.iter().min()?, *days.iter().max()?))
    });
    let Some(days) = days else { return };
    let needs = |table: &SampledTable| {
        profile_of(table).is_some_and(|profile| {
            let time = profile.source.time.as_ref().map_or("", |time| time.column.as_str());
            table.period.is_none() && !columns(profile, table).contains(time)
        })
    };
    for table in tables.iter_mut().filter(|table| needs(table)) {
        table.period = Some((days, PeriodFrom::OtherTable));
    }
}

/// An experimental profile that a table might be read by.
pub(super) fn may_be(table: &SampledTable) -> Option<&'static Profile> {
    recognise(&seen(table)).into_iter().find(|profile| profile.about.tier == Tier::Experimental)
}

/// Whether two tables of a profile are read as one source: figures that are cut by other columns are other figures.
pub(super) fn are_alike(profile: &'static Profile, one: &SampledTable, other: &SampledTable) -> bool {
    let member = |table: &SampledTable| table.member.as_ref().map(|member| member.to_lowercase());
    let is_cut = matches!(profile.about.table, Table::AdsDaily | Table::WebDaily)
        || profile.source.time.as_ref().and_then(|time| time.grain) == Some(SourceGrain::Range);
    member(one) == member(other)
        && currency(profile, one) == currency(profile, other)
        && one.declares_encoding == other.declares_encoding
        && (!is_cut || cuts(profile, one) == cuts(profile, other))
}

/// Whether two files hold the same days of one figure, which would count twice: exports that overlap, or one export in two languages
/// or formats. Of lifetime figures the latest counts.
pub(super) fn overlap(profile: &'static Profile, one: &SampledTable, other: &SampledTable) -> bool {
    let is_lifetime = profile.source.period_type == Some(PeriodType::LifetimeSnapshot);
    // Where the title says which figure a table holds, two titles are two figures.
    let by_title = profile.source.measures.entries().iter().any(|(_, measure, _)| is_by_title(measure));
    let same_title =
        || !by_title || one.title.as_ref().map(|t| t.to_lowercase()) == other.title.as_ref().map(|t| t.to_lowercase());
    if is_lifetime || one.path == other.path || !same_title() {
        return false;
    }
    let (one, other) = (days(profile, one), days(profile, other));
    one.iter().any(|day| other.contains(day))
}

/// What commas part in the arguments of a function; `None` where its brackets are closed before its end.
fn parts(arguments: &str) -> Option<Vec<&str>> {
    let (mut found, mut start, mut depth) = (vec![], 0, 0_i32);
    for (at, c) in arguments.char_indices() {
        match c {
            '(' => depth += 1,
            ')' => depth -= 1,
            ',' if depth == 0 => {
                found.push(&arguments[start..at]);
                start = at + 1;
            }
            _ => {}
        }
        if depth < 0 {
            return None;
        }
    }
    found.push(&arguments[start..]);
    Some(found)
}

/// The days that a table has records of: of its period where it has no dates.
fn days(profile: &'static Profile, table: &SampledTable) -> BTreeSet<i32> {
    let period = table.period.map(|(days, _)| days);
    let Some(time) = &profile.source.time else { return BTreeSet::new() };
    let is_time = |cell: &String| profile.headers.name(cell).is_some_and(|(name, _)| name == time.column);
    let Some(place) = table.header.iter().position(is_time) else {
        return period.into_iter().flat_map(|(start, end)| [start, end]).collect();
    };
    let written = time.format.as_ref().map(|forms| forms.entries()).unwrap_or_default();
    let forms: Vec<DateFormat> = written.into_iter().filter_map(|(_, form)| DateFormat::compile(form).ok()).collect();
    let day = |text: &str| match forms.iter().find_map(|form| form.parse(text)) {
        Some(moment) => day_of(&moment, period),
        None => parse_date(text.get(..10).unwrap_or(text)),
    };
    table.rows.iter().filter_map(|row| row.cells.get(place)).filter_map(|cell| day(&cell.text)).collect()
}

/// The columns that cut the figures of a table.
fn cuts(profile: &'static Profile, table: &SampledTable) -> BTreeSet<&'static str> {
    let measures = profile.source.measures.entries();
    let is_figure = |name: &str| {
        measures.iter().any(|(measure, details, _)| {
            *measure == name || details.expr.as_ref().is_some_and(|sql| words(sql).contains(&name))
        })
    };
    columns(profile, table).into_iter().filter(|name| !is_figure(name)).collect()
}

/// The columns of a table that a profile knows.
fn columns(profile: &'static Profile, table: &SampledTable) -> BTreeSet<&'static str> {
    table.header.iter().filter_map(|cell| profile.headers.name(cell).map(|(name, _)| name)).collect()
}

impl Known {
    /// What is made of the tables; `None` where nothing tells their period and it is needed.
    pub(super) fn new(
        profile: &'static Profile,
        paths: Vec<String>,
        tables: &[SampledTable],
        asked: Option<(i32, i32)>,
    ) -> Option<Self> {
        let first = tables.first()?;
        let time = profile.source.time.as_ref();
        let formats: Vec<&str> = time
            .and_then(|time| time.format.as_ref())
            .map(|f| f.entries().into_iter().map(|(_, f)| f).collect())
            .unwrap_or_default();
        let has_dates = time.is_some_and(|time| columns(profile, first).contains(time.column.as_str()));
        let needs_period = !has_dates || formats.iter().any(|format| !format.contains('Y'));
        let is_range = time.and_then(|time| time.grain) == Some(SourceGrain::Range);
        let periods: Vec<Option<(i32, i32)>> = tables.iter().map(|table| table.period.map(|(days, _)| days)).collect();
        if needs_period && asked.is_none() && periods.iter().any(Option::is_none) && !tables_have_years(profile, tables)
        {
            return None;
        }
        let elsewhere = first.period.filter(|(_, from)| *from == PeriodFrom::OtherTable).map(|(days, _)| days);
        let in_a_month = |(start, end): (i32, i32)| civil(start).0 == civil(end).0 && civil(start).1 == civil(end).1;
        let paths_count = tables.iter().map(|table| &table.path).collect::<BTreeSet<_>>().len();
        let unknown: BTreeSet<String> =
            tables.iter().flat_map(|table| profile.headers.rename(&table.header).unknown).collect();
        Some(Self {
            name: String::new(),
            profile,
            paths: globbed(paths, tables),
            files: paths_count,
            rows: tables.iter().map(|table| table.rows.len()).sum(),
            member: first.member.clone(),
            period: if needs_period { asked.or(elsewhere) } else { None },
            declares_encoding: first.declares_encoding,
            columns: tables.iter().flat_map(|table| columns(profile, table)).collect(),
            titles: tables.iter().filter_map(|table| table.title.as_ref().map(|title| title.to_lowercase())).collect(),
            unknown: unknown.into_iter().filter(|name| !is_numbered(name)).collect(),
            currency: tables.iter().find_map(|table| currency(profile, table)),
            table: first.clone(),
            is_in_months: !is_range || (!has_dates && periods.into_iter().flatten().all(in_a_month)),
        })
    }

    /// Whether the files hold something of a measure.
    pub(super) fn has(&self, measure: &str, details: &Measure) -> bool {
        let Some(sql) = &details.expr else {
            return self.columns.contains(details.column.as_deref().unwrap_or(measure));
        };
        if is_by_title(details) {
            // The table says which figure it holds: by words of its title.
            let mut patterns = sql.split('\'').skip(1).step_by(2).map(|p| p.trim_matches('%').to_owned());
            return patterns
                .any(|pattern| self.titles.iter().any(|title| pattern.split('%').all(|part| title.contains(part))));
        }
        self.makes(sql)
    }

    /// Whether the files hold what an expression needs: of `COALESCE` and `SUM_KNOWN` one part, else all of it.
    fn makes(&self, sql: &str) -> bool {
        let sql = sql.trim();
        for function in ["COALESCE", "SUM_KNOWN"] {
            let inside = sql.strip_prefix(function).and_then(|rest| rest.trim().strip_prefix('(')?.strip_suffix(')'));
            if let Some(parts) = inside.and_then(parts) {
                return parts.iter().any(|part| self.makes(part));
            }
        }
        let measures = self.profile.source.measures.entries();
        let is_there = |word: &str| {
            if self.profile.about.columns.contains_key(word) {
                return self.columns.contains(word);
            }
            let measure = measures.iter().find(|(name, ..)| *name == word);
            measure.is_none_or(|(name, details, _)| details.expr.as_deref() != Some(sql) && self.has(name, details))
        };
        words(sql).into_iter().all(is_there)
    }

    /// Its measures that the files hold something of.
    pub(super) fn measures(&self) -> Vec<(&'static str, Measure)> {
        let entries = self.profile.source.measures.entries();
        entries.into_iter().filter(|(name, details, _)| self.has(name, details)).map(|(name, m, _)| (name, m)).collect()
    }

    /// The dimension that its figures are cut by, if one stands out.
    pub(super) fn cut(&self) -> Option<&'static str> {
        let entries = self.profile.source.dimensions.entries();
        let is_used = |name: &str, expr: Option<&String>, column: Option<&String>| match expr {
            Some(sql) => words(sql).iter().any(|word| self.columns.contains(word)),
            None => self.columns.contains(column.map_or(name, String::as_str)),
        };
        let mut used = entries
            .iter()
            .filter(|(name, d, _)| *name != "currency" && is_used(name, d.expr.as_ref(), d.column.as_ref()));
        used.next().map(|(name, ..)| *name)
    }

    /// How many columns cut its figures.
    pub(super) fn cuts(&self) -> usize {
        cuts(self.profile, &self.table).len()
    }

    /// Whether it tells of where visits come from.
    pub(super) fn has_networks(&self) -> bool {
        let entries = self.profile.source.dimensions.entries();
        let Some((_, network, _)) = entries.iter().find(|(name, ..)| *name == "network") else { return false };
        let Some(sql) = &network.expr else { return self.columns.contains("network") };
        let sources: Vec<&str> =
            words(sql).into_iter().filter(|word| entries.iter().any(|(name, ..)| name == word)).collect();
        let of = |name: &str| entries.iter().find(|(other, ..)| *other == name).and_then(|(_, d, _)| d.expr.clone());
        if !sql.contains("SOCIAL_NETWORK") {
            // Results of a search engine are no visits by where they come from.
            return self.profile.about.table != Table::WebDaily;
        }
        sources
            .iter()
            .any(|source| of(source).is_some_and(|sql| words(&sql).iter().any(|word| self.columns.contains(word))))
    }

    /// The text of the source.
    pub(super) fn text(&self) -> String {
        let about = &self.profile.about;
        let mut out = format!("  # {}\n  {}:\n    profile: {}\n", about.title.en, yaml(&self.name), about.id);
        match self.paths.as_slice() {
            [path] => out += &format!("    path: {}\n", yaml(path)),
            paths => {
                out += "    path:\n";
                out += &paths.iter().map(|path| format!("      - {}\n", yaml(path))).collect::<String>();
            }
        }
        if self.declares_encoding {
            out += "    csv: {encoding: windows-1252}\n";
        }
        if let Some(member) = &self.member {
            out += &format!("    member: {}\n", yaml(member));
        }
        if let Some(sheet) = self.table.sheet.as_ref().filter(|_| self.profile.source.sheet.is_none()) {
            out += &format!("    sheet: {}\n", yaml(sheet));
        }
        let reads_one = self.profile.source.table.is_none();
        match self.table.table.as_ref().filter(|_| reads_one) {
            Some(NameOrPlace::Name(name)) => out += &format!("    table: {}\n", yaml(name)),
            Some(NameOrPlace::Place(place)) => out += &format!("    table: {place}\n"),
            None => {}
        }
        if let Some((start, end)) = self.period {
            out += &format!("    period: {{start: \"{}\", end: \"{}\"}}\n", iso_date(start), iso_date(end));
        }
        let has_money = self.measures().iter().any(|(_, measure)| measure.unit.as_deref() == Some("money"));
        if has_money && self.profile.source.currency.is_none() {
            out += "    # Nothing in the file tells the currency of its amounts: `currency: EUR` says it.\n";
        }
        out
    }

    /// Whether its figures are those of the whole life of a post.
    pub(super) fn is_lifetime(&self) -> bool {
        self.profile.source.period_type == Some(PeriodType::LifetimeSnapshot)
    }
}

/// Whether a name is one that was given to a column without any, or that stands twice.
fn is_numbered(name: &str) -> bool {
    name.starts_with("column ")
        || name.ends_with(')')
            && name.rsplit_once(" (").is_some_and(|(_, n)| n.trim_end_matches(')').parse::<u32>().is_ok())
}

/// What the amounts of a table are in: by its header, else by its first row.
fn currency(profile: &Profile, table: &SampledTable) -> Option<String> {
    if let Some(code) = profile.headers.rename(&table.header).currencies.into_iter().next() {
        return Some(code);
    }
    let is_currency = |cell: &String| profile.headers.name(cell).is_some_and(|(name, _)| name == CURRENCY_COLUMN);
    let place = table.header.iter().position(is_currency)?;
    let mut cells = table.rows.iter().filter_map(|row| row.cells.get(place)).map(|cell| cell.text.to_uppercase());
    cells.find(|text| !text.is_empty())
}

/// Whether dates that may lack a year have one.
fn tables_have_years(profile: &Profile, tables: &[SampledTable]) -> bool {
    let Some(time) = &profile.source.time else { return false };
    tables.iter().all(|table| {
        let place = table
            .header
            .iter()
            .position(|cell| profile.headers.name(cell).is_some_and(|(name, _)| name == time.column));
        place.is_some_and(|place| {
            table.rows.first().and_then(|row| row.cells.get(place)).is_some_and(|cell| {
                cell.text.chars().filter(char::is_ascii_digit).count() > 4
                    || crate::calendar::parse_date(&cell.text).is_some()
            })
        })
    })
}

/// Files that are all of their kind in a folder stand there as a glob, for those to come.
fn globbed(paths: Vec<String>, tables: &[SampledTable]) -> Vec<String> {
    if paths.len() < 2 || tables.iter().any(|table| table.declares_format) {
        return paths;
    }
    let parts = |path: &str| {
        let path = Path::new(path);
        Some((path.parent()?.to_str()?.to_owned(), path.extension()?.to_str()?.to_owned()))
    };
    let first = parts(&paths[0]);
    let (Some((folder, extension)), true) = (&first, paths.iter().all(|path| parts(path) == first)) else {
        return paths;
    };
    let there = std::path::Path::new(folder).read_dir().map(|entries| {
        entries
            .flatten()
            .filter(|entry| entry.path().extension().is_some_and(|e| e.to_str() == Some(extension)))
            .count()
    });
    if there.is_ok_and(|there| there == paths.len()) && !folder.is_empty() {
        vec![format!("{folder}/*.{extension}")]
    } else {
        paths
    }
}

/// Names the sources after their profiles.
pub(super) fn name(known: &mut [Known], names: &mut Names) {
    for source in known {
        let id = source.profile.about.id.replace('.', " ");
        source.name = names.give(&id, "export", None);
    }
}

/// What was found out.
pub(super) fn findings(source: &Known, findings: &mut Vec<Finding>) {
    let table = described(&source.table);
    let table = match source.files {
        1 => table,
        files => format!("{table} and {} more", count(files as u64 - 1, "file")),
    };
    let about = &source.profile.about;
    let mut add = |what: &'static str, text: String, unsure: bool| {
        findings.push(Finding { table: table.clone(), about: what, text, unsure });
    };
    add("profile", format!("{}: {}", about.id, about.title.en), false);
    add("rows", format!("{} looked at", count(source.rows as u64, "row")), false);
    let of = match about.dates {
        crate::profiles::DatesOf::Publication => "of publication",
        crate::profiles::DatesOf::Activity => "of the activity",
    };
    let kind =
        if source.is_lifetime() { "; figures of the whole life of a post, the latest export counts" } else { "" };
    add("time", format!("days {of}{kind}"), false);
    if let Some((days, from)) = source.table.period.filter(|_| source.period.is_some() || !source.is_lifetime()) {
        let told = match from {
            PeriodFrom::Lines => "told by the lines above the table",
            PeriodFrom::OtherTable => "told by the lines of another table",
            PeriodFrom::Name => "told by the file's name or folder",
            PeriodFrom::Asked => "as asked",
        };
        add("period", format!("{}, {told}", super::span(days)), false);
    }
    let sums: Vec<&str> = source
        .measures()
        .iter()
        .filter(|(_, measure)| measure.additivity.unwrap_or(Additivity::Additive) == Additivity::Additive)
        .map(|(name, _)| *name)
        .collect();
    if !sums.is_empty() {
        add("adds up", sums.join(", "), false);
    }
    if !source.unknown.is_empty() {
        let names: Vec<&str> = source.unknown.iter().map(String::as_str).collect();
        add("unknown", format!("columns that the profile does not know: {}", short_list(&names)), true);
    }
}
