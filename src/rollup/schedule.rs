//! Threads over the parts of a scan's files: what every engine does around its own work.

use super::memory::Memory;
use super::stats::{FileStats, Progress, SourceStats};
use super::Options;
use crate::diagnostic::Diagnostic;
use crate::plan::Scan;
use crate::source::{Batch, Failure, Feed, Place, Pruned, MOST_BAD_ROWS};
use std::collections::BTreeSet;
use std::sync::atomic::Ordering;
use std::sync::{Mutex, PoisonError};

/// What an engine's thread has gathered, besides the account of the records.
pub(super) struct Worker<W> {
    pub(super) gathered: W,
    pub(super) stats: SourceStats,
}

/// What an engine does with a batch of a file.
pub(super) type Take<'t, W> = dyn Fn(&mut Worker<W>, usize, &Batch) -> Result<(), Diagnostic> + Sync + 't;

/// The threads of a run.
///
/// # Errors
/// The system gives no threads.
pub(super) fn pool(options: &Options) -> Result<rayon::ThreadPool, Diagnostic> {
    rayon::ThreadPoolBuilder::new()
        .num_threads(options.threads)
        .thread_name(|i| format!("jalon-{i}"))
        .build()
        .map_err(|e| Diagnostic::engine("threads", format!("{} threads could not be started: {e}", options.threads)))
}

/// Decodes a scan and gives every batch to `take`, each thread with a worker of its own. Returns the workers, and the
/// account of them all.
///
/// # Errors
/// Of several failures the first in the order of files and records, so that the message does not depend on the threads.
pub(super) fn scan<W: Send>(
    scan: &Scan,
    batch_rows: usize,
    pool: &rayon::ThreadPool,
    (progress, memory): (&Progress, &Memory<'_>),
    new: &(dyn Fn() -> W + Sync),
    take: &Take<'_, W>,
) -> Result<(Vec<W>, SourceStats), Diagnostic> {
    let mut whole = BTreeSet::new();
    let mark = memory.mark();
    loop {
        let before = progress.bytes.load(Ordering::Relaxed);
        let feed = Feed::new(scan, batch_rows, &progress.bytes, &whole);
        match threads(scan, &feed, pool, new, take) {
            Ok(workers) => {
                let mut account = account(scan, &workers, &feed.pruned());
                account.placeholders = feed.placeholders();
                return Ok((workers.into_iter().map(|w| w.gathered).collect(), account));
            }
            Err((_, Failure::Told(diagnostic))) => return Err(*diagnostic),
            Err(((file, _), Failure::CutWrongly)) => {
                drop(feed);
                progress.bytes.store(before, Ordering::Relaxed);
                memory.back_to(&mark);
                if !whole.insert(file) {
                    return Err(Diagnostic::bug("a file read in one piece was cut"));
                }
            }
        }
    }
}

fn threads<W: Send>(
    scan: &Scan,
    feed: &Feed<'_>,
    pool: &rayon::ThreadPool,
    new: &(dyn Fn() -> W + Sync),
    take: &Take<'_, W>,
) -> Result<Vec<Worker<W>>, (Place, Failure)> {
    let failure: Mutex<Option<(Place, Failure)>> = Mutex::new(None);
    let done: Mutex<Vec<Worker<W>>> = Mutex::new(vec![]);
    let first_failure = || failure.lock().unwrap_or_else(PoisonError::into_inner);
    let end = || first_failure().as_ref().map_or((usize::MAX, 0), |(place, _)| *place);
    pool.scope(|scope| {
        for _ in 0..pool.current_num_threads() {
            scope.spawn(|_| {
                let mut worker = Worker { gathered: new(), stats: empty(scan) };
                let mut file = None;
                loop {
                    let mut sink = |file: usize, mut batch: Batch| {
                        worker.stats.set_aside(file, std::mem::take(&mut batch.aside));
                        if worker.stats.bad.len() > MOST_BAD_ROWS {
                            return Err(endless(scan));
                        }
                        for (lookup, count) in &batch.unmatched {
                            *worker.stats.unmatched.entry(lookup.clone()).or_default() += count;
                        }
                        take(&mut worker, file, &batch)
                    };
                    match feed.step(&mut file, &end, &mut sink) {
                        Ok(true) => {}
                        Ok(false) => break,
                        Err((place, error)) => {
                            let mut first = first_failure();
                            if first.as_ref().is_none_or(|(known, _)| place < *known) {
                                *first = Some((place, error));
                            }
                        }
                    }
                }
                done.lock().unwrap_or_else(PoisonError::into_inner).push(worker);
            });
        }
    });
    match failure.into_inner().unwrap_or_else(PoisonError::into_inner) {
        Some(failure) => Err(failure),
        None => Ok(done.into_inner().unwrap_or_else(PoisonError::into_inner)),
    }
}

/// The error for a source that hardly can be read at all.
fn endless(scan: &Scan) -> Diagnostic {
    let message = format!("source `{}`: more than a million rows cannot be read", scan.source);
    let help = "say how the files are written (`csv:`, `numbers:`, `format:`), or stop at the first such row: `on_bad_row: fail`";
    Diagnostic::data("too-many-bad-rows", message).help(help)
}

/// An empty account with the scan's files.
fn empty(scan: &Scan) -> SourceStats {
    let files = scan.files.iter().map(|f| FileStats { path: f.path.clone(), bytes: f.bytes, ..FileStats::default() });
    SourceStats { files: files.collect(), ..SourceStats::default() }
}

fn account<W>(scan: &Scan, workers: &[Worker<W>], pruned: &[(usize, &Pruned)]) -> SourceStats {
    let mut account = empty(scan);
    for (file, pruned) in pruned {
        let file = &mut account.files[*file];
        file.records += pruned.records;
        file.pruned += pruned.records;
        file.unread |= pruned.unread;
        account.days.extend(&pruned.days);
    }
    for worker in workers {
        account.absorb(&worker.stats);
    }
    account.sort();
    account
}
