//! The reference engine: decoded batches become Polars `DataFrame`s; segment filters, values and group-bys are Polars
//! expressions; each thread keeps partial states and merges them when they have grown; all merge at the end.
//!
//! Sums are taken over 128-bit integers (see [`crate::rollup::exact`]), so neither the order of records nor the
//! number of threads shows in a result.

mod intern;
mod program;
mod state;

use self::intern::Interner;
use self::program::Program;
use self::state::{finish, Partial};
use super::Engine;
use crate::diagnostic::Diagnostic;
use crate::frame::{batch_frame, engine_error};
use crate::plan::{Plan, Scan};
use crate::rollup::stats::{FileStats, SourceStats};
use crate::rollup::time;
use crate::rollup::{Options, Progress, Rollup, Stats};
use crate::source::{self, Batch};
use ::polars::prelude::{BooleanChunked, NewChunkedArray};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::Mutex;

pub(super) struct PolarsEngine;

impl Engine for PolarsEngine {
    fn name(&self) -> &'static str {
        "polars"
    }
    fn doc(&self) -> &'static str {
        "complete and plain: every step is a Polars expression"
    }

    fn roll_up(&self, plan: &Plan, options: &Options, progress: &Progress) -> Result<(Vec<Rollup>, Stats), Diagnostic> {
        let interner = Interner::default();
        let mut partials: Vec<Partial> = plan.rollups.iter().map(Partial::new).collect();
        let mut stats = Stats::default();
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(options.threads)
            .thread_name(|i| format!("jalon-{i}"))
            .build()
            .map_err(|e| {
                Diagnostic::engine("threads", format!("{} threads could not be started: {e}", options.threads))
            })?;
        for scan in &plan.scans {
            let workers = scan_source(plan, scan, options, &pool, &interner, progress)?;
            let mut account = account(scan);
            for worker in workers {
                for (id, partial) in worker.partials {
                    partials[id].absorb(partial)?;
                }
                for (file, more) in account.files.iter_mut().zip(&worker.stats.files) {
                    file.add(more);
                }
                account.days.extend(worker.stats.days);
                for (name, count) in worker.stats.not_finite {
                    *account.not_finite.entry(name).or_default() += count;
                }
            }
            // In the order of the plan, not of the threads.
            account.not_finite.sort_keys();
            stats.sources.insert(scan.source.clone(), account);
        }
        let texts = interner.into_texts();
        let mut rollups = vec![];
        for (rollup, partial) in plan.rollups.iter().zip(partials) {
            let (cells, bytes) = finish(rollup, partial, &texts)?;
            stats.state_bytes.push(bytes);
            if rollup.derived_from.is_none() {
                rollups.push(Rollup { id: rollup.id, cells });
            }
        }
        Ok((rollups, stats))
    }
}

/// An empty account with the scan's files.
fn account(scan: &Scan) -> SourceStats {
    let files = scan.files.iter().map(|f| FileStats { path: f.path.clone(), bytes: f.bytes, ..FileStats::default() });
    SourceStats { files: files.collect(), ..SourceStats::default() }
}

/// Decodes and accumulates all units of a scan. Threads take units in order; of several failures the one in the
/// first unit is told, so that the message does not depend on the threads.
fn scan_source(
    plan: &Plan,
    scan: &Scan,
    options: &Options,
    pool: &rayon::ThreadPool,
    interner: &Interner,
    progress: &Progress,
) -> Result<Vec<Worker>, Diagnostic> {
    let program = Program::new(plan, scan);
    let units = source::units(scan)?;
    let next = AtomicUsize::new(0);
    let stop = AtomicBool::new(false);
    let failures: Mutex<Vec<(usize, Diagnostic)>> = Mutex::new(vec![]);
    let done: Mutex<Vec<Worker>> = Mutex::new(vec![]);
    pool.scope(|scope| {
        for _ in 0..options.threads.min(units.len()).max(1) {
            scope.spawn(|_| {
                let mut worker = Worker::new(plan, scan);
                while !stop.load(Ordering::Relaxed) {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    let Some(unit) = units.get(index) else { break };
                    let mut sink = |batch| worker.batch(plan, scan, &program, interner, unit.file, &batch);
                    if let Err(error) = source::read(scan, unit, options.batch_rows, &progress.bytes, &mut sink) {
                        stop.store(true, Ordering::Relaxed);
                        if let Ok(mut failures) = failures.lock() {
                            failures.push((index, error));
                        }
                    }
                }
                if let Ok(mut done) = done.lock() {
                    done.push(worker);
                }
            });
        }
    });
    let mut failures = failures.into_inner().unwrap_or_default();
    failures.sort_by_key(|(index, _)| *index);
    match failures.into_iter().next() {
        Some((_, error)) => Err(error),
        None => done.into_inner().map_err(|_| Diagnostic::bug("a roll-up thread panicked")),
    }
}

/// What one thread has accumulated of one scan.
struct Worker {
    partials: Vec<(usize, Partial)>,
    stats: SourceStats,
}

impl Worker {
    fn new(plan: &Plan, scan: &Scan) -> Self {
        let partials = scan.feeds.iter().map(|id| (*id, Partial::new(&plan.rollups[*id]))).collect();
        Self { partials, stats: account(scan) }
    }

    fn batch(
        &mut self,
        plan: &Plan,
        scan: &Scan,
        program: &Program,
        interner: &Interner,
        file: usize,
        batch: &Batch,
    ) -> Result<(), Diagnostic> {
        let frame = batch_frame(scan, batch).map_err(|e| engine_error(&e))?;
        let computed = program.compute(frame, &mut self.stats.not_finite)?;
        let kept = computed.kept(batch.rows)?;
        let days = time::days(scan, batch, &kept, &scan.files[file].path)?;
        days.cover(&kept, &mut self.stats.days);
        let mut used = vec![false; batch.rows];
        let mut in_range = vec![false; batch.rows];
        let mut masks = vec![];
        for (id, _) in &self.partials {
            let range = plan.rollups[*id].range;
            let segment = computed.segment(*id)?;
            let mut mask = Vec::with_capacity(batch.rows);
            for (i, kept) in kept.iter().enumerate() {
                let inside = *kept && range.contains(days.days[i]);
                in_range[i] |= inside;
                let wanted = inside && segment.as_ref().is_none_or(|s| s[i]);
                used[i] |= wanted;
                mask.push(wanted);
            }
            masks.push(mask);
        }
        let states = program.states(scan, batch, &computed, &days.days, &used, interner)?;
        for ((id, partial), mask) in self.partials.iter_mut().zip(masks) {
            if mask.iter().any(|wanted| *wanted) {
                let mask = BooleanChunked::from_slice("mask".into(), &mask);
                partial.push(states.select(&plan.rollups[*id], &mask)?)?;
            }
        }
        let count = |flags: &dyn Fn(usize) -> bool| (0..batch.rows).filter(|i| flags(*i)).count() as u64;
        let file = &mut self.stats.files[file];
        file.records += batch.rows as u64;
        file.used += count(&|i| used[i]);
        file.out_of_range += count(&|i| kept[i] && !in_range[i]);
        file.unused += count(&|i| !used[i] && (!kept[i] || in_range[i]));
        Ok(())
    }
}
