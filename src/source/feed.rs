//! Hands the parts of a scan's files to the threads that decode them.
//!
//! A thread stays with its file while that has parts left; then it opens the next file; when all are open it helps with
//! the first that still has parts. So many files are read side by side, and a large one by all threads.

use super::{advance, prune, reader, Batch, Failure, OpenFile, Part, Pruned, Sink, Task};
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
        Self { scan, batch_rows, progress, whole, files, unopened: AtomicUsize::new(0) }
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

    fn open(&self, file: usize) -> Result<&dyn OpenFile, (Place, Failure)> {
        let open = self.files[file].open.get_or_init(|| {
            let info = &self.scan.files[file];
            if let Some(pruned) = prune::unread(self.scan, info) {
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
