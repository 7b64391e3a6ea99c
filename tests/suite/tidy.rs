//! Invariants of the source tree: who may know whom, how long files and functions may be.

use crate::harness::repository;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// For each room the rooms it may use. `diagnostic` is open to all.
const ALLOWED: &[(&str, &[&str])] = &[
    ("diagnostic", &[]),
    ("calendar", &["spec"]),
    ("dialect", &["calendar", "spec"]),
    ("spec", &[]),
    ("channels", &[]),
    ("expr", &["calendar", "channels"]),
    ("catalog", &["dialect", "expr", "spec"]),
    ("plan", &["calendar", "catalog", "dialect", "expr", "spec"]),
    ("library", &["expr", "spec"]),
    ("metric", &["calendar", "expr", "plan", "spec"]),
    ("resolve", &["calendar", "catalog", "dialect", "expr", "library", "metric", "plan", "spec"]),
    ("eval", &["channels", "expr", "plan"]),
    ("profiles", &["catalog", "expr", "spec"]),
    ("source", &["calendar", "catalog", "dialect", "eval", "expr", "plan", "profiles", "spec"]),
    ("frame", &["calendar", "channels", "expr", "plan", "source"]),
    ("rollup", &["calendar", "eval", "expr", "frame", "plan", "source", "spec"]),
    ("report", &["calendar", "expr", "frame", "plan", "rollup", "spec"]),
    ("analysis", &["plan", "report"]),
    ("scorecard", &["calendar", "expr", "plan", "report", "spec"]),
    ("publish", &["calendar", "plan", "report", "rollup", "scorecard", "spec"]),
    (
        "run",
        &[
            "analysis",
            "calendar",
            "dialect",
            "expr",
            "frame",
            "plan",
            "profiles",
            "publish",
            "report",
            "resolve",
            "rollup",
            "scorecard",
            "source",
            "spec",
        ],
    ),
    ("init", &["calendar", "catalog", "dialect", "expr", "plan", "profiles", "resolve", "source", "spec"]),
    ("cli", &["calendar", "dialect", "init", "library", "plan", "profiles", "rollup", "run", "scorecard", "spec"]),
    ("lib", &["run"]),
    ("main", &["cli"]),
];

/// Crates that only some rooms may know.
const CRATES: &[(&str, &[&str])] = &[
    ("polars", &["frame", "rollup", "report", "run"]),
    ("parquet", &["source", "publish"]),
    ("sqlparser", &["expr"]),
    ("serde_yaml", &["library", "profiles", "spec"]),
    ("saphyr_parser", &["spec"]),
    ("rayon", &["rollup", "run", "source"]),
    ("clap", &["cli"]),
];

const LONGEST_FILE: usize = 500;
const LONGEST_FUNCTION: usize = 70;

fn sources() -> Vec<(PathBuf, String)> {
    fn walk(folder: &Path, found: &mut Vec<(PathBuf, String)>) {
        for entry in std::fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                walk(&path, found);
            } else if path.extension().is_some_and(|e| e == "rs") {
                found.push((path.clone(), std::fs::read_to_string(&path).expect("a source file")));
            }
        }
    }
    let mut found = vec![];
    walk(&repository().join("src"), &mut found);
    found.sort();
    found
}

fn room(path: &Path) -> String {
    let below = path.strip_prefix(repository().join("src")).expect("below src");
    let first = below.components().next().expect("a name").as_os_str().to_string_lossy().into_owned();
    first.trim_end_matches(".rs").to_owned()
}

/// The code of a file: without comments and its trailing test module.
fn code(text: &str) -> String {
    let text = text.split("#[cfg(test)]\nmod tests").next().unwrap_or_default();
    text.lines().filter(|l| !l.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
}

#[test]
fn dependencies_point_one_way() {
    let allowed: BTreeMap<&str, &[&str]> = ALLOWED.iter().copied().collect();
    let mut wrong = vec![];
    for (path, text) in sources() {
        let room = room(&path);
        let may = allowed.get(room.as_str()).unwrap_or_else(|| panic!("room `{room}` is not in the list"));
        let code = code(&text);
        for (other, _) in ALLOWED {
            let used = code.contains(&format!("crate::{other}::")) || code.contains(&format!("crate::{{{other}"));
            if used && *other != room && *other != "diagnostic" && !may.contains(other) {
                wrong.push(format!("{} uses {other}", path.display()));
            }
        }
        for (name, rooms) in CRATES {
            let used = code.contains(&format!("use {name}::"))
                || code.contains(&format!(" {name}::"))
                || code.contains(&format!("<{name}::"));
            if used && !rooms.contains(&room.as_str()) && !code.contains(&format!("mod {name};")) {
                wrong.push(format!("{} uses the crate {name}", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_plan_knows_no_file_system() {
    for (path, text) in
        sources().iter().filter(|(p, _)| ["plan", "metric", "expr", "resolve"].contains(&room(p).as_str()))
    {
        let code = code(text);
        assert!(!code.contains("std::fs") && !code.contains("File::"), "{}", path.display());
    }
}

#[test]
fn files_and_functions_are_short() {
    let mut long = vec![];
    for (path, text) in sources() {
        let code = text.split("#[cfg(test)]\nmod tests").next().unwrap_or_default();
        let lines = code.lines().count();
        if lines > LONGEST_FILE {
            long.push(format!("{}: {lines} lines", path.display()));
        }
        let mut start: Option<(usize, usize, String)> = None;
        for (number, line) in code.lines().enumerate() {
            let indent = line.len() - line.trim_start().len();
            let head = line.trim_start();
            let opens =
                ["fn ", "pub fn ", "pub(super) fn ", "pub(crate) fn ", "const fn "].iter().any(|f| head.starts_with(f));
            if opens && start.is_none() && !head.ends_with(';') {
                start = Some((number, indent, head.to_owned()));
            } else if let Some((from, depth, head)) = &start {
                if line.len() == depth + 1 && line.trim_start() == "}" {
                    if number - from > LONGEST_FUNCTION {
                        long.push(format!("{}: {} lines: {head}", path.display(), number - from));
                    }
                    start = None;
                } else if head.ends_with('}') && from + 1 == number {
                    start = None;
                }
            }
        }
    }
    assert!(long.is_empty(), "{}", long.join("\n"));
}

#[test]
fn nothing_unfinished_is_left() {
    let marks = ["todo!", "unimplemented!", "dbg!", "FIXME", "XXX", ".unwrap()"];
    for (path, text) in sources() {
        let code = code(&text);
        for mark in marks {
            assert!(!code.contains(mark), "{}: {mark}", path.display());
        }
    }
}
