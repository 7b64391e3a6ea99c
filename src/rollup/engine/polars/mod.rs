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
use crate::rollup::memory::{Memory, Told};
use crate::rollup::schedule::{self, Worker};
use crate::rollup::{time, Options, Progress, Rollup, Stats};
use crate::source::Batch;
use ::polars::prelude::{BooleanChunked, NewChunkedArray};

/// Records of a batch: each costs a group-by a roll-up, whatever its size.
const BATCH_ROWS: usize = 1 << 16;

#[derive(Debug)]
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
        let pool = schedule::pool(options)?;
        let memory = Memory::new(plan, options.max_memory);
        for scan in &plan.scans {
            let program = Program::new(plan, scan);
            let new = || scan.feeds.iter().map(|id| (*id, Partial::new(&plan.rollups[*id]), Told::default())).collect();
            let take = |worker: &mut Worker<Partials>, file: usize, batch: &Batch| {
                take_batch(worker, plan, scan, &program, (&interner, &memory), file, batch)
            };
            let (workers, account) = schedule::scan(
                scan,
                options.batch_rows.unwrap_or(BATCH_ROWS),
                &pool,
                (progress, &memory),
                &new,
                &take,
            )?;
            for (id, partial, _) in workers.into_iter().flatten() {
                partials[id].absorb(partial)?;
            }
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

/// The states of each roll-up.
type Partials = Vec<(usize, Partial, Told)>;

fn take_batch(
    worker: &mut Worker<Partials>,
    plan: &Plan,
    scan: &Scan,
    program: &Program,
    (interner, memory): (&Interner, &Memory<'_>),
    file: usize,
    batch: &Batch,
) -> Result<(), Diagnostic> {
    let frame = batch_frame(scan, batch).map_err(|e| engine_error(&e))?;
    let computed = program.compute(frame)?;
    let kept = computed.kept(batch.rows)?;
    let days = time::days(scan, batch, &kept, &scan.files[file].path)?;
    days.cover(&kept, &mut worker.stats.days);
    let mut used = vec![false; batch.rows];
    let mut in_range = vec![false; batch.rows];
    let mut masks = vec![];
    for (id, _, _) in &worker.gathered {
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
    computed.count_not_finite(&used, &mut worker.stats.not_finite);
    let states = program.states(scan, batch, &computed, &days.days, &used, interner)?;
    for ((id, partial, told), mask) in worker.gathered.iter_mut().zip(masks) {
        if mask.iter().any(|wanted| *wanted) {
            let mask = BooleanChunked::from_slice("mask".into(), &mask);
            partial.push(states.select(&plan.rollups[*id], &mask)?)?;
            let (bytes, rows) = partial.size();
            memory.tell(*id, told, bytes, rows)?;
        }
    }
    let count = |flags: &dyn Fn(usize) -> bool| (0..batch.rows).filter(|i| flags(*i)).count() as u64;
    let file = &mut worker.stats.files[file];
    file.records += batch.rows as u64;
    file.used += count(&|i| used[i]);
    file.out_of_range += count(&|i| kept[i] && !in_range[i]);
    file.unused += count(&|i| !used[i] && (!kept[i] || in_range[i]));
    Ok(())
}
