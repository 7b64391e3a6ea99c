//! Hands the parts of a scan's files to the threads that decode them.
//!
//! A thread stays with its file while that has parts left; then it opens the next file; when all are open it helps with
//! the first that still has parts. So many files are read side by side, and a large one by all threads.

use super::placeholders::Zeros;
use super::refine::{needs_all, Refine};
use super::{advance, prune, reader, snapshots, Batch, Failure, OpenFile, Part, Pruned, Sink, Task};
use crate::diagnostic::Diagnostic;
use crate::plan::Scan;
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};

/// The parts of all files of a scan.
pub struct Feed<'s> {
    scan: &'s Scan,
    batch_rows: usize,
    progress: &'s AtomicU64,
    whole: &'s BTreeSet<usize>,
    files: Vec<FileState<'s>>,
    /// The first file that no thread has opened.
    unopened: AtomicUsize,
    refine: Refine<'s>,
    zeros: Zeros<'s>,
    /// For lifetime snapshots: the records that count, known when all are read.
    settled: OnceLock<Result<Settled, Diagnostic>>,
}

/// Batches that are in memory, and the first that no thread has taken.
struct Settled {
    batches: Vec<(usize, Mutex<Option<Batch>>)>,
    next: AtomicUsize,
}

#[derive(Default)]
struct FileState<'s> {
    open: OnceLock<Result<Box<dyn OpenFile + 's>, Diagnostic>>,
    /// How many parts were taken; locked while one is.
    taken: Mutex<Taken>,
}

#[derive(Default)]
struct Taken {
    parts: usize,
    all: bool,
}

/// Where a part stands: index of the file in the scan, and of the part in the file. Failures are told in this order.
pub type Place = (usize, usize);

impl<'s> Feed<'s> {
    /// A feed of batches of about `batch_rows` records. `progress` counts bytes of input; the files in `whole` are
    /// read in one piece.
    #[must_use]
    pub fn new(scan: &'s Scan, batch_rows: usize, progress: &'s AtomicU64, whole: &'s BTreeSet<usize>) -> Self {
        let files = scan.files.iter().map(|_| FileState::default()).collect();
        Self {
            scan,
            batch_rows,
            progress,
            whole,
            files,
            unopened: AtomicUsize::new(0),
            refine: Refine::new(scan),
            zeros: Zeros::new(scan),
            settled: OnceLock::new(),
        }
    }

    /// Decodes the next part; `false` when there is none left before `end`. `file` is the one that this thread is at.
    ///
    /// # Errors
    /// Unreadable files and bad records (told with file and physical line), or what `sink` returns.
    pub fn step(
        &self,
        file: &mut Option<usize>,
        end: &dyn Fn() -> Place,
        sink: &mut dyn FnMut(usize, Batch) -> Result<(), Diagnostic>,
    ) -> Result<bool, (Place, Failure)> {
        if self.scan.snapshot.is_some() {
            return self.settled(end, sink);
        }
        let mut checked = |file: usize, batch: Batch| {
            let mut batch = self.refine.without_totals(batch)?;
            self.refine.check(&mut batch)?;
            self.zeros.look(&batch);
            sink(file, batch)
        };
        self.read(file, end, &mut checked)
    }

    /// Hands over the next batch of the records that count.
    fn settled(
        &self,
        end: &dyn Fn() -> Place,
        sink: &mut dyn FnMut(usize, Batch) -> Result<(), Diagnostic>,
    ) -> Result<bool, (Place, Failure)> {
        let Some(plan) = &self.scan.snapshot else { return Ok(false) };
        if end() == (0, 0) {
            return Ok(false);
        }
        let settled = self.settled.get_or_init(|| {
            let batches = snapshots::settled(self, self.scan, plan)?;
            let batches = batches.into_iter().map(|(file, batch)| (file, Mutex::new(Some(batch)))).collect();
            Ok(Settled { batches, next: AtomicUsize::new(0) })
        });
        let settled = settled.as_ref().map_err(|error| ((0, 0), error.clone().into()))?;
        let at = settled.next.fetch_add(1, Ordering::Relaxed);
        let Some((file, batch)) = settled.batches.get(at) else { return Ok(false) };
        let batch = batch.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(mut batch) = batch else { return Ok(true) };
        let told = |error: Diagnostic| ((*file, at), error.into());
        self.refine.check(&mut batch).map_err(told)?;
        self.zeros.look(&batch);
        sink(*file, batch).map_err(told)?;
        Ok(true)
    }

    /// All records, file after file, on this thread, rows of totals left out, snapshots as they are.
    pub(super) fn all(&self, sink: &mut dyn FnMut(usize, Batch) -> Result<(), Diagnostic>) -> Result<(), Diagnostic> {
        let uncut: BTreeSet<usize> = (0..self.scan.files.len()).collect();
        let feed = Feed::new(self.scan, self.batch_rows, self.progress, &uncut);
        let mut file = None;
        loop {
            let mut refined = |file: usize, batch: Batch| sink(file, feed.refine.without_totals(batch)?);
            match feed.read(&mut file, &|| (usize::MAX, 0), &mut refined) {
                Ok(true) => {}
                Ok(false) => return Ok(()),
                Err((_, Failure::Told(error))) => return Err(*error),
                Err((_, Failure::CutWrongly)) => return Err(Diagnostic::bug("a whole file was cut")),
            }
        }
    }

    /// Decodes the next part as the files have it.
    fn read(
        &self,
        file: &mut Option<usize>,
        end: &dyn Fn() -> Place,
        sink: &mut dyn FnMut(usize, Batch) -> Result<(), Diagnostic>,
    ) -> Result<bool, (Place, Failure)> {
        loop {
            let Some(at) = file.or_else(|| self.another()) else { return Ok(false) };
            *file = Some(at);
            let open = self.open(at)?;
            let mut taken = self.files[at].taken.lock().unwrap_or_else(PoisonError::into_inner);
            let place = (at, taken.parts);
            if place >= end() {
                // Nobody needs what comes after the first failure.
                taken.all = true;
            }
            if taken.all {
                *file = None;
                continue;
            }
            let part = open.next();
            match part {
                Ok(Some(_)) => taken.parts += 1,
                _ => taken.all = true,
            }
            drop(taken);
            let Some(part) = part.map_err(|e| (place, e))? else { continue };
            let sink: &mut Sink<'_> = &mut |batch| sink(at, batch);
            open.decode(part, sink).map_err(|e| (place, e))?;
            return Ok(true);
        }
    }

    fn another(&self) -> Option<usize> {
        if self.unopened.load(Ordering::Relaxed) < self.files.len() {
            let next = self.unopened.fetch_add(1, Ordering::Relaxed);
            if next < self.files.len() {
                return Some(next);
            }
        }
        self.files.iter().position(|file| !file.taken.lock().unwrap_or_else(PoisonError::into_inner).all)
    }

    /// What was left unread of each file, once all are open.
    #[must_use]
    pub fn pruned(&self) -> Vec<(usize, &Pruned)> {
        let open = self.files.iter().enumerate().filter_map(|(i, file)| Some((i, file.open.get()?.as_ref().ok()?)));
        open.filter_map(|(i, file)| Some((i, file.pruned()?))).collect()
    }

    /// Measures that are 0 in every record although they cannot be, once all are read.
    #[must_use]
    pub fn placeholders(&self) -> Vec<String> {
        self.zeros.placeholders()
    }

    fn open(&self, file: usize) -> Result<&dyn OpenFile, (Place, Failure)> {
        let open = self.files[file].open.get_or_init(|| {
            let info = &self.scan.files[file];
            if let Some(pruned) = prune::unread(self.scan, info).filter(|_| !needs_all(self.scan)) {
                advance(self.progress, info.bytes);
                return Ok(Box::new(Unread(pruned)));
            }
            reader(info.format).open(Task {
                scan: self.scan,
                file: info,
                batch_rows: self.batch_rows,
                progress: self.progress,
                whole: self.whole.contains(&file),
            })
        });
        match open {
            Ok(open) => Ok(open.as_ref()),
            Err(error) => {
                self.files[file].taken.lock().unwrap_or_else(PoisonError::into_inner).all = true;
                Err(((file, 0), error.clone().into()))
            }
        }
    }
}

/// All records of a scan, file after file, on this thread; `sink` gets the index of the file with each batch.
///
/// # Errors
/// Unreadable files and bad records, or what `sink` returns.
pub fn records(
    scan: &Scan,
    batch_rows: usize,
    sink: &mut dyn FnMut(usize, Batch) -> Result<(), Diagnostic>,
) -> Result<(), Diagnostic> {
    let progress = AtomicU64::new(0);
    let uncut = (0..scan.files.len()).collect();
    let feed = Feed::new(scan, batch_rows, &progress, &uncut);
    let mut file = None;
    loop {
        match feed.step(&mut file, &|| (usize::MAX, 0), sink) {
            Ok(true) => {}
            Ok(false) => return Ok(()),
            Err((_, Failure::Told(error))) => return Err(*error),
            Err((_, Failure::CutWrongly)) => return Err(Diagnostic::bug("a whole file was cut")),
        }
    }
}

/// A file that need not be opened.
struct Unread(Pruned);

impl OpenFile for Unread {
    fn next(&self) -> Result<Option<Part>, Failure> {
        Ok(None)
    }
    fn decode(&self, _: Part, _: &mut Sink<'_>) -> Result<(), Failure> {
        Err(Diagnostic::bug("a file that was not opened has no parts").into())
    }
    fn pruned(&self) -> Option<&Pruned> {
        Some(&self.0)
    }
}
