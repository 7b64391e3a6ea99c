//! CPU seconds of the stages of a pipeline's run, each alone: `BENCH_DATA='…/*.parquet' BENCH_OUT=folder cargo bench
//! --bench anchor [-- pipeline.yaml]`. Prints each stage, and the ratio of rolling up to decoding.

#![expect(clippy::print_stdout, reason = "a program that prints what it measures")]

use jalon::plan::Plan;
use jalon::publish;
use jalon::report;
use jalon::rollup::{roll_up, Options, Progress};
use jalon::source::Feed;
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::atomic::AtomicU64;
use std::time::Instant;

/// User and system seconds of this process, in hundredths.
fn cpu_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let after_name = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
    let ticks: f64 = after_name.split_whitespace().skip(11).take(2).filter_map(|t| t.parse::<f64>().ok()).sum();
    ticks / 100.0
}

fn stage<T>(name: &str, work: impl FnOnce() -> T) -> (T, f64) {
    let (start, wall) = (cpu_seconds(), Instant::now());
    let result = work();
    let cpu = cpu_seconds() - start;
    println!("{name:<28} {cpu:>7.2} CPU s {:>7.2} wall s", wall.elapsed().as_secs_f64());
    (result, cpu)
}

/// Decodes all that the plan needs and throws it away.
fn decode(plan: &Plan, threads: usize) -> u64 {
    let progress = AtomicU64::new(0);
    let whole = BTreeSet::new();
    let rows = AtomicU64::new(0);
    for scan in &plan.scans {
        let feed = Feed::new(scan, 8192, &progress, &whole);
        std::thread::scope(|scope| {
            for _ in 0..threads {
                scope.spawn(|| {
                    let mut file = None;
                    let mut sink = |_: usize, batch: jalon::source::Batch| {
                        rows.fetch_add(batch.rows as u64, std::sync::atomic::Ordering::Relaxed);
                        Ok(())
                    };
                    while feed.step(&mut file, &|| (usize::MAX, 0), &mut sink).is_ok_and(|more| more) {}
                });
            }
        });
    }
    rows.into_inner()
}

fn main() {
    let named = std::env::args().skip(1).find(|a| a.ends_with(".yaml"));
    let path = PathBuf::from(named.unwrap_or_else(|| "benches/anchor.yaml".to_owned()));
    if std::env::var_os("BENCH_DATA").is_none() {
        println!("anchor: set BENCH_DATA and BENCH_OUT, or use benches/compare.sh");
        return;
    }
    let options = Options::default();
    let (checked, _) =
        stage("check", || jalon::run::check(&path, &jalon::run::Overrides::default()).expect("a readable pipeline"));
    let plan = checked.plan.as_ref().expect("a pipeline without mistakes");
    let (rows, decoding) = stage("decode only", || decode(plan, options.threads));
    let ((rollups, stats), rolling) =
        stage("decode and roll up", || roll_up(plan, &options, &Progress::default()).expect("roll-ups"));
    let cells: usize = rollups.iter().map(|r| r.cells.num_rows()).sum();
    let targets = publish::targets(plan);
    let stage_folder = publish::Stage::begin(&plan.output_root, "bench", &targets).expect("a folder");
    let prepared = report::Prepared::new(plan, rollups, &stats);
    let (tables, _) = stage("report stage", || {
        (0..plan.reports.len()).map(|i| prepared.table(i).expect("a report")).collect::<Vec<_>>()
    });
    stage("writing", || {
        for (report, table) in plan.reports.iter().zip(&tables) {
            publish::write(report, table, &stage_folder).expect("files");
        }
    });
    println!("{rows} records, {cells} cells; rolling up costs {:.2} of decoding alone", rolling / decoding);
}
