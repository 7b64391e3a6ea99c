//! How long the stages of a run take on the shipped data: `cargo bench`. Timings never decide a test.

use jalon::rollup::{roll_up, Options, Progress};
use std::path::Path;

fn main() {
    divan::main();
}

const PIPELINES: [&str; 2] = ["pipelines/brand_social.yaml", "pipelines/web_traffic.yaml"];

/// Reading the pipeline, the schemas of its files, and planning.
#[divan::bench(args = PIPELINES)]
fn check(path: &str) -> bool {
    jalon::run::check(Path::new(path), &jalon::run::Overrides::default()).is_ok_and(|checked| checked.plan.is_some())
}

/// Decoding and rolling up.
#[divan::bench(args = PIPELINES, sample_count = 10)]
fn rolling_up(bencher: divan::Bencher<'_, '_>, path: &str) {
    let checked = jalon::run::check(Path::new(path), &jalon::run::Overrides::default()).expect("a pipeline");
    let plan = checked.plan.expect("a plan");
    bencher.bench(|| roll_up(&plan, &Options::default(), &Progress::default()).map(|(rollups, _)| rollups.len()));
}

/// From roll-ups to report tables.
#[divan::bench(args = PIPELINES, sample_count = 10)]
fn reporting(bencher: divan::Bencher<'_, '_>, path: &str) {
    let checked = jalon::run::check(Path::new(path), &jalon::run::Overrides::default()).expect("a pipeline");
    let plan = checked.plan.expect("a plan");
    let (rollups, stats) = roll_up(&plan, &Options::default(), &Progress::default()).expect("roll-ups");
    bencher.with_inputs(|| rollups.clone()).bench_values(|rollups| {
        let prepared = jalon::report::Prepared::new(&plan, rollups, &stats);
        (0..plan.reports.len()).map(|i| prepared.table(i).map(|t| t.cells)).collect::<Result<Vec<_>, _>>().is_ok()
    });
}
