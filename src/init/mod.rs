//! A first pipeline over exports of which nothing is declared: what they seem to be, and a commented YAML file that runs
//! as it is. Everything is told from a sample of rows: nothing here reads a file but through [`crate::source`].

mod draft;
mod findings;
mod known;
mod names;
mod networks;
mod profile;
mod roles;
mod times;
mod totals;
mod words;
mod write;

pub use findings::Finding;

use self::draft::{draft, Draft, Useless};
use self::known::Known;
use self::names::Names;
use crate::calendar::iso_date;
use crate::diagnostic::Diagnostic;
use crate::profiles::Profile;
use crate::source::{exports, peek, PeriodFrom, SampledTable};
use crate::spec::NameOrPlace;
use std::path::{Path, PathBuf};

/// Rows of one source that are looked at, more or less.
const MOST_ROWS: usize = 40_000;

/// What is asked for.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// Files, globs and folders.
    pub exports: Vec<String>,
    /// The name of the pipeline.
    pub name: Option<String>,
    /// The days that the exports cover, where they do not tell it.
    pub period: Option<(i32, i32)>,
    /// Where the pipeline will be written, for its first comment and its name.
    pub output: Option<PathBuf>,
    /// Whether layouts that profiles know are written out all the same.
    pub no_profiles: bool,
}

/// A first pipeline.
#[derive(Clone, Debug)]
pub struct FirstPipeline {
    /// Its text; empty where no source could be made.
    pub text: String,
    /// What was found out, table by table.
    pub findings: Vec<Finding>,
    /// What was not made a source although it seems to be worth it.
    pub undated: Vec<Diagnostic>,
    /// The names of its sources.
    pub sources: Vec<String>,
}

/// A table that no source is made of.
struct Left {
    table: SampledTable,
    why: Useless,
}

/// Tables with the same columns and the same way of being read.
#[derive(Default)]
struct Group {
    /// What `path:` says of them.
    paths: Vec<String>,
    tables: Vec<SampledTable>,
    /// Whose layout it is.
    profile: Option<&'static Profile>,
}

impl Group {
    /// Whether a table is read as one source with those that are there.
    fn takes(&self, table: &SampledTable, profile: Option<&'static Profile>) -> bool {
        let Some(first) = self.tables.first() else { return false };
        match (self.profile, profile) {
            (Some(own), Some(other)) => {
                // Of a file that holds several tables of a profile a source reads one, unless the profile reads all.
                let is_free = own.source.table.is_some() || self.tables.iter().all(|known| known.path != table.path);
                own.about.id == other.about.id
                    && is_free
                    && known::are_alike(own, first, table)
                    && self.tables.iter().all(|known| !known::overlap(own, known, table))
            }
            (None, None) => are_alike(first, table) && self.tables.iter().all(|known| known.path != table.path),
            _ => false,
        }
    }
}

/// Looks at exports and writes a first pipeline over them.
///
/// # Errors
/// A file that is not there or cannot be read; nothing in any of them that a pipeline could be made of.
pub fn first_pipeline(request: &Request) -> Result<FirstPipeline, Diagnostic> {
    let mut drafts: Vec<Draft> = vec![];
    let mut left: Vec<Left> = vec![];
    let mut known: Vec<Known> = vec![];
    let mut undated: Vec<Diagnostic> = vec![];
    let mut broken: Vec<(Finding, Diagnostic)> = vec![];
    for Group { paths, tables, profile } in groups(request, &mut broken)? {
        if let Some(profile) = profile {
            match Known::new(profile, paths, &tables, request.period) {
                Some(source) => known.push(source),
                None => {
                    undated.extend(tables.first().map(no_period));
                    left.extend(tables.into_iter().map(|table| Left { table, why: Useless::NoPeriod }));
                }
            }
            continue;
        }
        let Some(whole) = together(&tables, request.period) else { continue };
        match draft(whole, paths, &tables, request.period) {
            Ok(found) => drafts.push(found),
            Err(useless) => {
                let (table, why) = *useless;
                left.push(Left { table, why });
            }
        }
    }
    let mut names = Names::default();
    known::name(&mut known, &mut names);
    name_sources(&mut drafts, &mut names);
    let of_drafts = left.iter().filter(|left| matches!(left.why, Useless::NoPeriod));
    if undated.is_empty() {
        undated.extend(of_drafts.map(|left| no_period(&left.table)));
    }
    if drafts.is_empty() && known.is_empty() {
        let first = undated.into_iter().chain(broken.into_iter().map(|(_, error)| error)).next();
        return Err(first.unwrap_or_else(|| nothing(&left)));
    }
    let mut findings = vec![];
    for source in &known {
        known::findings(source, &mut findings);
    }
    for draft in &drafts {
        findings::of_draft(draft, &mut findings);
    }
    for left in &left {
        findings::of_left(&left.table, &left.why, &mut findings);
    }
    findings.extend(broken.into_iter().map(|(finding, _)| finding));
    let name = pipeline_name(request, &known, &drafts);
    let text = write::pipeline(&name, request.output.as_deref(), (&known, &drafts), &left);
    let sources = known.into_iter().map(|source| source.name).chain(drafts.into_iter().map(|d| d.name)).collect();
    Ok(FirstPipeline { text, findings, undated, sources })
}

/// The tables of all exports, those that are alike together.
fn groups(request: &Request, broken: &mut Vec<(Finding, Diagnostic)>) -> Result<Vec<Group>, Diagnostic> {
    let mut found: Vec<Group> = vec![];
    let mut seen: Vec<PathBuf> = vec![];
    for entry in &request.exports {
        let mut files = 0;
        let mut touched: Vec<(usize, usize)> = vec![];
        for (path, format, knows_format) in exports(entry)? {
            let real = std::path::absolute(&path).unwrap_or_else(|_| path.clone());
            if seen.contains(&real) {
                continue;
            }
            seen.push(real);
            files += 1;
            let mut tables = match peek(&path, format, knows_format) {
                Ok(tables) => tables,
                // One broken file of a folder does not hide the others.
                Err(error) if Path::new(entry) != path => {
                    let (table, text) = (format!("`{}`", path.display()), error.message.clone());
                    broken.push((Finding { table, about: "left out", text, unsure: true }, error));
                    continue;
                }
                Err(error) => return Err(error),
            };
            known::tell_periods(&mut tables);
            for table in tables {
                let profile = known::profile_of(&table).filter(|_| !request.no_profiles);
                let place = found.iter().position(|group| group.takes(&table, profile));
                let place = place.unwrap_or_else(|| {
                    found.push(Group { profile, ..Group::default() });
                    found.len() - 1
                });
                if found[place].tables.iter().all(|known| known.path != table.path) {
                    found[place].paths.push(path.to_string_lossy().into_owned());
                } else if profile.is_some() {
                    found[place].tables.push(table);
                    continue;
                }
                found[place].tables.push(table);
                match touched.iter_mut().find(|(known, _)| *known == place) {
                    Some((_, count)) => *count += 1,
                    None => touched.push((place, 1)),
                }
            }
        }
        // A glob or a folder whose files all went to one source stands for them, and for those to come; what stands below a folder
        // does not belong to it when the pipeline runs.
        let is_deep =
            Path::new(entry).is_dir() && seen.iter().any(|path| path.parent().is_some_and(|p| is_below(p, entry)));
        for (place, count) in touched.iter().filter(|(_, count)| *count == files && files > 1 && !is_deep) {
            let paths = &mut found[*place].paths;
            paths.truncate(paths.len() - count);
            paths.push(entry.clone());
        }
    }
    Ok(found)
}

/// Whether a folder is one below another, and not the other itself.
fn is_below(folder: &Path, entry: &str) -> bool {
    let entry = std::path::absolute(entry).unwrap_or_else(|_| PathBuf::from(entry));
    folder.starts_with(&entry) && folder != entry && crate::source::is_plain_folder(folder)
}

/// Whether two tables can be read as one source.
fn are_alike(one: &SampledTable, other: &SampledTable) -> bool {
    let columns = |table: &SampledTable| {
        let mut names = table.header.clone();
        names.sort();
        names
    };
    let place = |table: &SampledTable| match &table.table {
        Some(NameOrPlace::Name(name)) => Some(name.to_lowercase()),
        Some(NameOrPlace::Place(place)) => Some(place.to_string()),
        None => None,
    };
    one.format == other.format
        && one.declares_format == other.declares_format
        && one.member == other.member
        && one.sheet == other.sheet
        && place(one) == place(other)
        && one.declares_encoding == other.declares_encoding
        && one.separator == other.separator
        && columns(one) == columns(other)
}

/// The tables as one: of the first, with the rows of all, each cell under its name.
fn together(tables: &[SampledTable], period: Option<(i32, i32)>) -> Option<SampledTable> {
    let mut whole = tables.first()?.clone();
    for table in &tables[1..] {
        let places: Vec<Option<usize>> =
            whole.header.iter().map(|name| table.header.iter().position(|other| other == name)).collect();
        let is_same = places.iter().enumerate().all(|(place, other)| *other == Some(place));
        // Of many files each shows a little more.
        let enough = if whole.rows.len() > MOST_ROWS { 500 } else { MOST_ROWS };
        whole.is_whole &= table.rows.len() <= enough;
        for row in table.rows.iter().take(enough) {
            let mut row = row.clone();
            if !is_same && row.cells.len() == table.header.len() {
                row.cells = places.iter().filter_map(|place| row.cells.get((*place)?).cloned()).collect();
            }
            whole.rows.push(row);
        }
        for (kind, place) in whole.kinds.iter_mut().zip(&places) {
            let other = place.and_then(|place| table.kinds.get(place));
            if other.is_some_and(|other| *other != *kind) && *kind == crate::catalog::Physical::Empty {
                *kind = other.cloned().unwrap_or(crate::catalog::Physical::Empty);
            }
        }
        whole.is_whole &= table.is_whole;
        if table.period.is_none() {
            whole.period = None;
        }
    }
    // A total of one file is no total of all.
    whole.is_whole &= tables.len() == 1;
    if let Some(days) = period {
        for row in &mut whole.rows {
            row.period = Some(days);
        }
        whole.period = Some((days, PeriodFrom::Asked));
    }
    Some(whole)
}

/// Short names for sources: of the file, or of the table where a file has several.
fn name_sources(drafts: &mut [Draft], names: &mut Names) {
    let stems: Vec<PathBuf> = drafts.iter().map(|draft| draft.table.path.clone()).collect();
    for draft in drafts {
        let table = &draft.table;
        let is_alone = stems.iter().filter(|path| **path == table.path).count() == 1;
        let member = table.member.as_deref().and_then(|member| Path::new(member).file_stem());
        let part = member.map(|stem| stem.to_string_lossy().into_owned()).or_else(|| table.sheet.clone());
        let title = table.title.clone().filter(|_| table.table.is_some());
        let part = match (part, title) {
            (Some(part), Some(title)) => Some(format!("{part} {title}")),
            (part, title) => part.or(title),
        };
        let stem = table.path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
        let text = match part {
            Some(part) if !is_alone => part,
            _ => stem_name(&stem),
        };
        let fallback = if matches!(draft.kind, draft::Kind::Activity) { "export" } else { "posts" };
        draft.name = names.give(&text, fallback, None);
    }
}

/// A file's name without dates, ids and what packing adds.
fn stem_name(stem: &str) -> String {
    let stem = stem.trim_end_matches(".csv").trim_end_matches(".ndjson").trim_end_matches(".jsonl");
    let months = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
    let parts: Vec<&str> = stem
        .split(|c: char| !c.is_alphanumeric())
        .filter(|part| part.chars().any(char::is_alphabetic) && !months.contains(&part.to_lowercase().as_str()))
        .collect();
    parts.join(" ")
}

fn pipeline_name(request: &Request, known: &[Known], drafts: &[Draft]) -> String {
    let stem = |path: &Path| path.file_stem().map(|stem| names::name_of(&stem.to_string_lossy()));
    let asked = request.name.clone().or_else(|| request.output.as_deref().and_then(stem));
    let own = || match (known, drafts) {
        ([], [draft]) => draft.name.clone(),
        ([source], []) => source.name.clone(),
        _ => "first_pipeline".to_owned(),
    };
    asked.filter(|name| !name.is_empty()).unwrap_or_else(own)
}

fn no_period(table: &SampledTable) -> Diagnostic {
    let what = findings::described(table);
    Diagnostic::pipeline("no-period", format!("nothing tells which days {what} covers"))
        .note("no column holds dates that can be read, and neither the lines above the table nor the file's name tell a first and a last day")
        .help("pass them: `jalon init --period 2025-01-01..2025-01-31 …`")
}

/// The error for exports that nothing can be made of.
fn nothing(left: &[Left]) -> Diagnostic {
    let error = Diagnostic::pipeline("nothing-to-report", "no table of these exports holds numbers to report");
    let told = left.iter().map(|left| format!("{}: {}", findings::described(&left.table), findings::why(&left.why)));
    told.fold(error, Diagnostic::note)
}

/// A period as `--period` takes it: `2025-01-01..2025-01-31`.
#[must_use]
pub fn parse_period(text: &str) -> Option<(i32, i32)> {
    let (start, end) = text.split_once("..")?;
    let (start, end) = (crate::calendar::parse_date(start.trim())?, crate::calendar::parse_date(end.trim())?);
    (start <= end).then_some((start, end))
}

/// A period in words.
fn span((start, end): (i32, i32)) -> String {
    format!("{} to {}", iso_date(start), iso_date(end))
}
