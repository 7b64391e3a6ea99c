//! Random pipelines over random data: both engines write the same bytes, and what the oracle computes.

use std::fs::{copy, create_dir_all, read_dir};
use std::panic::{catch_unwind, AssertUnwindSafe};
use std::path::Path;

use crate::harness::{repository, Place};
use crate::oracle;
use rayon::iter::Either;
use rayon::prelude::*;

/// Random cases in CI; `JALON_CASES` asks for more.
const CASES: u64 = 200;

/// A folder's files, with those of its folders.
fn copy_folder(from: &Path, to: &Path) {
    create_dir_all(to).expect("a new folder");
    for entry in read_dir(from).expect("a folder") {
        let entry = entry.expect("an entry");
        let (path, to) = (entry.path(), to.join(entry.file_name()));
        if path.is_dir() {
            copy_folder(&path, &to);
        } else {
            copy(&path, &to).expect("a copied file");
        }
    }
}

/// Keeps a case with its reports below the folder that `JALON_KEEP_CASES` names, and gives back how many records were
/// pruned.
fn check_case(seed: u64) -> Result<u64, String> {
    let place = Place::new();
    // Where the oracle itself gives up, the other cases go on.
    let checked = catch_unwind(AssertUnwindSafe(|| check_case_in(&place, seed))).unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().map(String::as_str).or(panic.downcast_ref::<&str>().copied());
        Err(format!("seed {seed}: {}", text.unwrap_or("a panic without a text")))
    });
    if let Some(folder) = std::env::var_os("JALON_KEEP_CASES") {
        copy_folder(place.path(), &Path::new(&folder).join(seed.to_string()));
    }
    checked
}

fn check_case_in(place: &Place, seed: u64) -> Result<u64, String> {
    let case = oracle::random_case(seed, place.path());
    place.write("pipeline.yaml", &case);
    if let Some(day) = &case.as_of {
        place.write("as_of.txt", day);
    }
    let as_of: Vec<&str> = case.as_of.iter().flat_map(|day| ["--as-of", day]).collect();
    let yaml = format!("{}\n{}", as_of.join(" "), case.yaml);
    let mut files = vec![];
    for engine in ["polars", "fused"] {
        let args = ["run", "pipeline.yaml", "--quiet", "--engine", engine];
        let done = place.jalon(&[&args, as_of.as_slice()].concat());
        if done.code != 0 {
            return Err(format!("seed {seed}, {engine}: exit code {}\n{}\n{yaml}", done.code, done.stderr));
        }
        files.push(place.files("out"));
    }
    if files[0] != files[1] {
        return Err(format!("seed {seed}: the engines differ\n{yaml}"));
    }
    let day = case.as_of.as_deref().and_then(oracle::parse_iso);
    let cells = oracle::evaluate(&case.yaml, place.path(), day);
    let mut rows = vec![];
    for entry in read_dir(place.path().join("out")).expect("reports") {
        let path = entry.expect("an entry").path();
        if path.extension().is_some_and(|e| e == "csv") {
            rows.extend(oracle::read_long_csv(&path, &case.yaml));
        }
    }
    oracle::compare(&cells, &rows).map_err(|e| format!("seed {seed}: {e}\n{yaml}"))?;
    let manifest = place.read(&format!("out/case_{seed}.manifest.json"));
    let manifest: serde_json::Value = serde_json::from_str(&manifest).expect("JSON");
    let inputs = manifest["inputs"].as_array().expect("a list of inputs");
    Ok(inputs.iter().map(|input| input["total"]["pruned"].as_u64().expect("a number")).sum())
}

#[test]
fn random_pipelines_equal_the_oracle() {
    let cases = std::env::var("JALON_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(CASES);
    let (pruned, failures): (Vec<u64>, Vec<String>) =
        (0..cases).into_par_iter().map(check_case).partition_map(|case| match case {
            Ok(pruned) => Either::Left(pruned),
            Err(failure) => Either::Right(failure),
        });
    assert!(pruned.iter().filter(|records| **records > 0).count() > pruned.len() / 20, "hardly any case prunes");
    let heads: Vec<String> = failures.iter().map(|f| f.chars().take(600).collect()).collect();
    assert!(
        failures.is_empty(),
        "{} of {cases} cases fail; the first:\n{}\n{}",
        failures.len(),
        failures[0],
        heads.join("\n")
    );
}

/// Every report of every shipped pipeline, rewritten to one long CSV a report.
#[test]
fn shipped_pipelines_equal_the_oracle() {
    for entry in read_dir(repository().join("pipelines")).expect("pipelines") {
        let path = entry.expect("an entry").path();
        let text = std::fs::read_to_string(&path).expect("a pipeline");
        let mut pipeline: serde_yaml::Value = serde_yaml::from_str(&text).expect("YAML");
        let place = Place::new();
        let mut files = vec![];
        for report in pipeline["reports"].as_sequence_mut().expect("reports") {
            let file = format!("{}.csv", report["name"].as_str().expect("a name"));
            report["exports"] =
                serde_yaml::from_str(&format!("[{{format: csv, path: {file}, layout: long}}]")).expect("YAML");
            files.push(file);
        }
        let yaml = serde_yaml::to_string(&pipeline).expect("YAML");
        place.write("pipeline.yaml", &yaml);
        let yaml_path = place.path().join("pipeline.yaml").display().to_string();
        let root = place.path().display().to_string();
        let done = crate::harness::run_in(&repository(), &["run", &yaml_path, "--output-root", &root, "--quiet"]);
        assert_eq!(done.code, 0, "{}: {}", path.display(), done.stderr);
        let bytes = || files.iter().map(|f| std::fs::read(place.path().join(f)).expect("a report")).collect::<Vec<_>>();
        let fused = bytes();
        let args = ["run", &yaml_path, "--output-root", &root, "--quiet", "--engine", "polars"];
        let done = crate::harness::run_in(&repository(), &args);
        assert_eq!(done.code, 0, "{}: {}", path.display(), done.stderr);
        assert!(bytes() == fused, "{}: the engines differ", path.display());
        // The oracle knows no profiles: what the generator of the exports says stands in for it, see `exports`.
        if text.contains("    profile: ") {
            continue;
        }
        let read = |file: &String| oracle::read_long_csv(&place.path().join(file), &yaml);
        let rows: Vec<oracle::Row> = files.iter().flat_map(read).collect();
        let cells = oracle::evaluate(&yaml, &repository(), None);
        let compared = oracle::compare(&cells, &rows).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        assert!(compared > 100, "{}: only {compared} cells", path.display());
    }
}
