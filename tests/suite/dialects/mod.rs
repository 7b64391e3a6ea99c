//! Random tables in random dialects are read back as they are; rows that cannot be read are set aside, with their lines.

mod case;
mod paths;
mod reading;
mod values;
mod writing;

use crate::harness::Place;
use case::Case;
use rayon::prelude::*;
use reading::{read, Found};
use std::panic::{catch_unwind, AssertUnwindSafe};

/// Random cases in CI; `JALON_CASES` asks for more.
const CASES: u64 = 200;

/// Seeds of tables with bad rows are beyond those of others.
const BAD: u64 = 1 << 40;

fn cases() -> u64 {
    std::env::var("JALON_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(CASES)
}

/// Checks seeds side by side, and tells the failures.
fn check_all(cases: u64, check: impl Fn(u64) -> Result<(), String> + Sync) {
    let failures: Vec<String> = (0..cases)
        .into_par_iter()
        .filter_map(|seed| {
            let checked = catch_unwind(AssertUnwindSafe(|| check(seed))).unwrap_or_else(|panic| {
                let text = panic.downcast_ref::<String>().map(String::as_str).or(panic.downcast_ref::<&str>().copied());
                Err(text.unwrap_or("a panic without a text").to_owned())
            });
            checked.err().map(|error| format!("seed {seed}: {error}"))
        })
        .collect();
    let heads: Vec<String> = failures.iter().map(|f| f.chars().take(300).collect()).collect();
    let first = failures.first().map(String::as_str).unwrap_or_default();
    assert!(failures.is_empty(), "{} of {cases} fail; the first:\n{first}\n\n{}", failures.len(), heads.join("\n"));
}

/// Writes a case into a folder: below the one that `JALON_KEEP_DIALECTS` names, or one that vanishes.
fn check_case(seed: u64, is_bad: bool) -> Result<(), String> {
    let case = Case::random(seed, is_bad);
    let place = Place::new();
    place.write(&case.file, &case.bytes);
    if let Some(folder) = std::env::var_os("JALON_KEEP_DIALECTS") {
        let folder = std::path::Path::new(&folder).join(format!("dialect_{seed}"));
        std::fs::create_dir_all(&folder).expect("a folder");
        std::fs::write(folder.join(&case.file), &case.bytes).expect("a file");
        std::fs::write(folder.join("pipeline.yaml"), reading::pipeline(&case.source)).expect("a file");
    }
    for (batch_rows, is_cut) in [(1, false), (1 << 16, true)] {
        let found = read(&place, &case.source, batch_rows, is_cut)
            .map_err(|error| format!("{error}\n{}\n{}", case.source, shown(&case.bytes)))?;
        compare(&case, &found)
            .map_err(|error| format!("batches of {batch_rows}: {error}\n{}\n{}", case.source, shown(&case.bytes)))?;
    }
    Ok(())
}

fn shown(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).chars().filter(|c| *c != '\0').take(4000).collect()
}

fn compare(case: &Case, found: &Found) -> Result<(), String> {
    let bad: Vec<u64> = found.bad.iter().map(|bad| bad.line).collect();
    if bad != case.bad {
        return Err(format!("bad rows stand in {:?}, were found in {:#?}", case.bad, found.bad));
    }
    if found.totals != case.totals {
        return Err(format!("{} rows of totals, {} were found", case.totals, found.totals));
    }
    for (at, (wanted, read)) in case.records.iter().zip(&found.rows).enumerate() {
        if !read.equals(wanted) {
            return Err(format!("record {at} is {wanted:?}, was read as {read:?}"));
        }
    }
    if case.records.len() != found.rows.len() {
        return Err(format!("{} records, {} were read", case.records.len(), found.rows.len()));
    }
    Ok(())
}

#[test]
fn random_tables_are_read_back_as_they_are() {
    check_all(cases(), |seed| check_case(seed, false));
}

#[test]
fn rows_that_cannot_be_read_are_set_aside_and_the_others_read() {
    check_all(cases(), |seed| check_case(BAD + seed, true));
}

/// Spreadsheets save titles and blank lines with as many separators as the other lines.
#[test]
fn a_table_ends_at_a_line_of_separators_too() {
    let place = Place::new();
    let table = "date,label,clicks,cost\n2025-01-01,x,1,2\n2025-01-02,y,3,4\n";
    place.write("f.csv", format!("Facebook clicks,,,\n{table},,,\nInstagram clicks,,,\n{table}2025-01-03,z,5,6\n"));
    let columns = "time: {column: date}\ndimensions: [label]\nmeasures: [clicks, cost]\n";
    for (name, rows) in [("facebook clicks", 2), ("1", 2), ("Instagram clicks", 3), ("2", 3)] {
        let found = read(&place, &format!("path: \"f.csv\"\ntable: {name}\n{columns}"), 1, true).expect(name);
        assert_eq!((found.rows.len(), found.bad.len()), (rows, 0), "{name}");
    }
}
