//! How much memory roll-up states take, and the limit of it.

use crate::diagnostic::Diagnostic;
use crate::plan::{Plan, RollupId};
use std::sync::atomic::{AtomicU64, Ordering};

/// Counts bytes and cells of every roll-up while a run goes on.
pub(super) struct Memory<'p> {
    plan: &'p Plan,
    limit: Option<u64>,
    rollups: Vec<Count>,
    /// The most that each roll-up took.
    peaks: Vec<AtomicU64>,
}

/// What the threads hold of one roll-up.
#[derive(Default)]
struct Count {
    bytes: AtomicU64,
    cells: AtomicU64,
}

/// What one thread has told of one roll-up.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Told {
    bytes: u64,
    cells: u64,
}

impl<'p> Memory<'p> {
    pub(super) fn new(plan: &'p Plan, limit: Option<u64>) -> Self {
        Self {
            plan,
            limit,
            rollups: plan.rollups.iter().map(|_| Count::default()).collect(),
            peaks: plan.rollups.iter().map(|_| AtomicU64::new(0)).collect(),
        }
    }

    /// Tells what a thread holds of a roll-up now; `told` is what it told before.
    ///
    /// # Errors
    /// All roll-ups together take more than the limit.
    pub(super) fn tell(&self, id: RollupId, told: &mut Told, bytes: usize, cells: usize) -> Result<(), Diagnostic> {
        let (bytes, cells) = (bytes as u64, cells as u64);
        if bytes == told.bytes && cells == told.cells {
            return Ok(());
        }
        let count = &self.rollups[id];
        count.cells.fetch_add(cells.wrapping_sub(told.cells), Ordering::Relaxed);
        let more = bytes.wrapping_sub(told.bytes);
        let now = count.bytes.fetch_add(more, Ordering::Relaxed).wrapping_add(more);
        self.peaks[id].fetch_max(now, Ordering::Relaxed);
        *told = Told { bytes, cells };
        match self.limit {
            Some(limit) if self.total() > limit => Err(self.exceeded(limit)),
            _ => Ok(()),
        }
    }

    /// What is counted now, for [`Self::back_to`].
    pub(super) fn mark(&self) -> Vec<(u64, u64)> {
        let read = |c: &Count| (c.bytes.load(Ordering::Relaxed), c.cells.load(Ordering::Relaxed));
        self.rollups.iter().map(read).collect()
    }

    /// Forgets what was told since: those threads' states are gone.
    pub(super) fn back_to(&self, mark: &[(u64, u64)]) {
        for (count, (bytes, cells)) in self.rollups.iter().zip(mark) {
            count.bytes.store(*bytes, Ordering::Relaxed);
            count.cells.store(*cells, Ordering::Relaxed);
        }
    }

    fn total(&self) -> u64 {
        self.rollups.iter().map(|c| c.bytes.load(Ordering::Relaxed)).sum()
    }

    /// The most bytes that each roll-up took.
    pub(super) fn peaks(&self) -> Vec<u64> {
        self.peaks.iter().map(|p| p.load(Ordering::Relaxed)).collect()
    }

    fn exceeded(&self, limit: u64) -> Diagnostic {
        let size = |id: &RollupId| self.rollups[*id].bytes.load(Ordering::Relaxed);
        let largest = (0..self.rollups.len()).max_by_key(size).unwrap_or(0);
        let rollup = &self.plan.rollups[largest];
        let keys: Vec<&str> =
            std::iter::once(rollup.bucket.as_str()).chain(rollup.dims.iter().map(|d| d.name.as_str())).collect();
        let cells = self.rollups[largest].cells.load(Ordering::Relaxed);
        Diagnostic::engine(
            "out-of-memory",
            format!("the roll-ups take more than {}, the limit for a run", crate::diagnostic::size(limit)),
        )
        .note(format!(
            "the largest is r{largest}: `{}` [{}] by {}, with {} so far, {} (for {})",
            rollup.source,
            rollup.segment,
            keys.join(" × "),
            crate::diagnostic::count(cells, "key"),
            crate::diagnostic::size(size(&largest)),
            rollup.reports.join(", "),
        ))
        .help("give it more (`--max-memory 8GB`), group by fewer or coarser dimensions, use a longer grain, or narrow the report with a segment or `start`/`end`")
    }
}

/// Three quarters of what the machine, or the container, has; `None` where that cannot be told.
#[must_use]
pub fn memory_for_a_run() -> Option<u64> {
    let machine = std::fs::read_to_string("/proc/meminfo").ok()?;
    let line = machine.lines().find(|l| l.starts_with("MemTotal:"))?;
    let total = line.split_whitespace().nth(1)?.parse::<u64>().ok()? * 1024;
    let container = std::fs::read_to_string("/sys/fs/cgroup/memory.max").ok();
    let limit = container.and_then(|text| text.trim().parse::<u64>().ok()).map_or(total, |limit| limit.min(total));
    Some(limit / 4 * 3)
}
