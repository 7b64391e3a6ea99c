//! The fused kernel: every record is decoded once, every distinct expression computed once a batch, and every roll-up's
//! states added to, before the next batch comes.
//!
//! Texts stay dictionary codes from the file to the end of the scan; predicates on them are computed on dictionaries.
//! Each thread numbers keys and keeps states of its own, without locks; threads are merged once.

mod cells;
mod codes;
mod column;
mod days;
mod finish;
mod layout;
mod packs;
mod program;
mod thread;

use self::layout::Layout;
use self::program::Program;
use self::thread::Thread;
use super::Engine;
use crate::diagnostic::Diagnostic;
use crate::plan::Plan;
use crate::rollup::memory::Memory;
use crate::rollup::schedule::{self, Worker};
use crate::rollup::{Options, Progress, Rollup, Stats};
use crate::source::Batch;
use rayon::prelude::*;

/// Records of a batch: so few that the columns stay in the cache while roll-up after roll-up reads them.
const BATCH_ROWS: usize = 8192;

#[derive(Debug)]
pub(super) struct FusedEngine;

impl Engine for FusedEngine {
    fn name(&self) -> &'static str {
        "fused"
    }
    fn doc(&self) -> &'static str {
        "one pass for all roll-ups, on dictionary codes"
    }

    fn roll_up(&self, plan: &Plan, options: &Options, progress: &Progress) -> Result<(Vec<Rollup>, Stats), Diagnostic> {
        let layout = Layout::new(plan);
        let memory = Memory::new(plan, options.max_memory);
        let pool = schedule::pool(options)?;
        let mut stats = Stats::default();
        let mut whole: Option<Thread> = None;
        for scan in &plan.scans {
            let program = Program::new(plan, scan, &layout);
            let new = || Thread::new(&layout, &program);
            let take = |worker: &mut Worker<Thread>, file: usize, batch: &Batch| {
                let context = thread::Context { scan, program: &program, layout: &layout, memory: &memory };
                worker.gathered.take(&context, &mut worker.stats, file, batch)
            };
            let batch_rows = options.batch_rows.unwrap_or(BATCH_ROWS);
            let (threads, account) = schedule::scan(scan, batch_rows, &pool, (progress, &memory), &new, &take)?;
            stats.sources.insert(scan.source.clone(), account);
            for mut thread in threads {
                if let Some(account) = stats.sources.get_mut(&scan.source) {
                    thread.cover(&mut account.days);
                }
                whole = Some(match whole {
                    None => thread,
                    Some(mut whole) => {
                        pool.install(|| whole.absorb(thread, &layout));
                        whole
                    }
                });
            }
        }
        stats.state_bytes = memory.peaks();
        let whole = whole.unwrap_or_else(|| Thread::empty(&layout));
        let (cells, keys) = whole.into_parts();
        let finished: Result<Vec<Rollup>, Diagnostic> = pool.install(|| {
            cells
                .into_par_iter()
                .map(|(id, cells)| {
                    let (rollup, own) = (&plan.rollups[id], &layout.rollups[id]);
                    let keys = keys.of(own);
                    let cells = finish::finish(rollup, &layout, own, &cells, &keys);
                    cells.map(|cells| Rollup { id, cells })
                })
                .collect()
        });
        Ok((finished?, stats))
    }
}
