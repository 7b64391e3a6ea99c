//! What a run prints: progress while it goes, and a summary at its end.

use crate::diagnostic::{count, grouped, Severity};
use crate::rollup::Progress;
use crate::run::{Checked, Finished};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::fmt::Write as _;
use std::io::{self, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// Shows a bar of the bytes read while `work` goes on; nothing when standard error is no terminal.
pub(super) fn with_progress<T: Send>(
    show: bool,
    total: u64,
    progress: &Progress,
    work: impl FnOnce() -> T + Send,
) -> T {
    if !show {
        return work();
    }
    let bar = ProgressBar::with_draw_target(Some(total), ProgressDrawTarget::stderr());
    let style = ProgressStyle::with_template("{bar:30} {bytes}/{total_bytes} read, {elapsed}");
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                bar.set_position(progress.read().min(total));
                std::thread::sleep(Duration::from_millis(50));
            }
            bar.finish_and_clear();
        });
        // Also when the work panics: the ticker would wait for ever.
        let _stop = Stop(&done);
        work()
    })
}

struct Stop<'d>(&'d AtomicBool);

impl Drop for Stop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// `3 errors, 1 warning in pipelines/x.yaml`
pub(super) fn count_mistakes(show: bool, checked: &Checked) -> io::Result<()> {
    if !show {
        return Ok(());
    }
    let number = |severity| checked.diagnostics.iter().filter(|d| d.severity == severity).count() as u64;
    let mut parts = vec![count(number(Severity::Error), "error")];
    if number(Severity::Warning) > 0 {
        parts.push(count(number(Severity::Warning), "warning"));
    }
    writeln!(io::stderr(), "{} in {}", parts.join(", "), checked.path.display())
}

/// The summary of a finished run.
pub(super) fn text(finished: &Finished) -> String {
    let manifest = &finished.manifest;
    let mut out = String::new();
    let _ = writeln!(out, "{}", manifest.pipeline);
    let rows: Vec<Vec<String>> = manifest
        .inputs
        .iter()
        .map(|input| {
            let t = &input.total;
            let mut fates = vec![format!("{} used", grouped(t.used))];
            let others = [
                (t.unused, "unused"),
                (t.out_of_range, "out of range"),
                (t.pruned, "pruned"),
                (t.totals, "totals"),
                (t.superseded, "superseded"),
                (t.quarantined, "quarantined"),
            ];
            fates.extend(others.iter().filter(|(n, _)| *n > 0).map(|(n, what)| format!("{} {what}", grouped(*n))));
            let unread = input.files.iter().filter(|f| f.unread).count() as u64;
            if unread > 0 {
                fates.push(format!("{} not opened", count(unread, "file")));
            }
            let days = match (&input.first_day, &input.last_day) {
                (Some(first), Some(last)) => format!("{first} to {last}"),
                _ => "no days".to_owned(),
            };
            vec![
                input.source.clone(),
                count(input.files.len() as u64, "file"),
                crate::diagnostic::size(t.bytes),
                count(t.records, "record"),
                fates.join(", "),
                days,
            ]
        })
        .collect();
    let _ = writeln!(out, "\nread\n{}", table(&rows, &[1, 2, 3]));
    let rows: Vec<Vec<String>> = manifest
        .outputs
        .iter()
        .map(|output| {
            let mut path = finished.output_root.join(&output.path).display().to_string();
            if let Some(short) = path.strip_prefix("./") {
                path = short.to_string();
            }
            if output.files.len() > 1 || output.files.first().is_some_and(|f| f.path != output.path) {
                let _ = write!(path, "/ ({})", count(output.files.len() as u64, "file"));
            }
            vec![output.report.clone(), count(output.rows, "row"), crate::diagnostic::size(output.bytes), path]
        })
        .collect();
    let _ = writeln!(out, "written\n{}", table(&rows, &[1, 2]));
    let manifest_path = finished.output_root.join(&finished.manifest_path).display().to_string();
    let manifest_path = manifest_path.strip_prefix("./").unwrap_or(&manifest_path);
    let _ = writeln!(
        out,
        "{}, {} in states of {}, {:.2} s; manifest: {manifest_path}",
        count(manifest.outputs.iter().map(|o| o.files.len() as u64).sum(), "file"),
        crate::diagnostic::size(manifest.run.state_bytes),
        count(manifest.rollups.len() as u64, "roll-up"),
        manifest.run.seconds,
    );
    out
}

/// Columns aligned; those in `right` to the right.
pub(super) fn table(rows: &[Vec<String>], right: &[usize]) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |c: usize| rows.iter().filter_map(|r| r.get(c)).map(|t| t.chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let mut out = String::new();
    for row in rows {
        let mut line = String::new();
        for (c, text) in row.iter().enumerate() {
            let pad = " ".repeat(widths[c] - text.chars().count());
            let cell = if right.contains(&c) { format!("{pad}{text}") } else { format!("{text}{pad}") };
            let _ = write!(line, "  {cell}");
        }
        let _ = writeln!(out, "{}", line.trim_end());
    }
    out
}
