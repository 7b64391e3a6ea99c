//! Which profile a table is of.

use super::{profiles, Profile, Tier};
use crate::catalog::folded;
use std::collections::HashSet;

/// What is seen of a table.
#[derive(Clone, Copy, Debug, Default)]
pub struct Seen<'s> {
    /// Its header.
    pub header: &'s [String],
    /// The file's name, or that of the file in an archive.
    pub file: &'s str,
    /// The sheet of a workbook.
    pub sheet: Option<&'s str>,
    /// The line above it that says which table it is.
    pub title: Option<&'s str>,
    /// Whether lines above it begin with `#`.
    pub has_comments: bool,
}

/// The profiles that a table fits: complete ones, where there are some; those first that are told by the most, and that know most of its columns.
#[must_use]
pub fn recognise(seen: &Seen<'_>) -> Vec<&'static Profile> {
    let mut found: Vec<((usize, usize), &Profile)> =
        profiles().iter().filter_map(|profile| Some((known(profile, seen)?, profile))).collect();
    if found.iter().any(|(_, profile)| profile.about.tier == Tier::Complete) {
        found.retain(|(_, profile)| profile.about.tier == Tier::Complete);
    }
    found.sort_by_key(|(columns, _)| std::cmp::Reverse(*columns));
    let most = found.first().map_or((0, 0), |(columns, _)| *columns);
    found.into_iter().take_while(|(columns, _)| *columns == most).map(|(_, profile)| profile).collect()
}

/// The profiles that a table is of, where it is not of the one that it is read by.
#[must_use]
pub fn mistaken(profile: &Profile, seen: &Seen<'_>) -> Vec<&'static Profile> {
    // What stands above a table is not known of all files: it does not speak against a profile.
    let title = profile.about.recognise.titles.first().map(String::as_str);
    let kind = Seen { has_comments: true, title: seen.title.or(title), ..*seen };
    if known(profile, &kind).is_some() {
        return vec![];
    }
    let others = recognise(seen).into_iter();
    others.filter(|other| other.about.tier == Tier::Complete && other.about.id != profile.about.id).collect()
}

/// Whether a file is called so, perhaps with something before it: `Brand_Chart data.csv`.
fn is_called(file: &str, member: &str) -> bool {
    let (file, member) = (folded(file), folded(member));
    file.strip_suffix(member.as_str()).is_some_and(|before| before.is_empty() || before.ends_with([' ', '_', '-']))
}

/// How much beside the header tells that a table is of a profile, and how many of its columns the profile knows; `None` where it is not.
fn known(profile: &Profile, seen: &Seen<'_>) -> Option<(usize, usize)> {
    let told = &profile.about.recognise;
    let names: HashSet<&str> = seen.header.iter().filter_map(|cell| profile.headers.spelled(cell)).collect();
    let has = |name: &String| names.contains(name.as_str());
    let is = |wanted: &String, there: &str| folded(wanted) == folded(there);
    let fits = names.len() > 1
        && told.columns.iter().all(has)
        && !told.without.iter().any(has)
        && told.sheet.as_ref().is_none_or(|sheet| seen.sheet.is_some_and(|there| is(sheet, there)))
        && (told.members.is_empty() || told.members.iter().any(|member| is_called(seen.file, member)))
        && (told.titles.is_empty() || seen.title.is_some_and(|there| told.titles.iter().any(|title| is(title, there))))
        && (!told.comments || seen.has_comments);
    let beside = [told.sheet.is_some(), !told.members.is_empty(), !told.titles.is_empty(), told.comments];
    fits.then_some((beside.into_iter().filter(|told| *told).count(), names.len()))
}
