//! Reading a source as the engines see it, for whoever wants its records.

use super::{check, Overrides};
use crate::diagnostic::Diagnostic;
use crate::source;
use std::path::Path;

/// Reads all records of one source of a pipeline into a Polars `DataFrame`, before its `where`: the columns that the
/// pipeline's reports use, as the engines see them (text trimmed, dates as day numbers), under their pipeline names.
/// Unlike a run it holds everything in memory.
///
/// # Errors
/// The pipeline's mistakes, an unknown or unused source, unreadable files.
pub fn load(pipeline: &Path, source_name: &str) -> Result<polars::frame::DataFrame, Vec<Diagnostic>> {
    let checked = check(pipeline, &Overrides::default()).map_err(|e| vec![e])?;
    let Some(plan) = &checked.plan else { return Err(checked.diagnostics) };
    let Some(scan) = plan.scans.iter().find(|s| s.source == source_name) else {
        let known = plan.scans.iter().map(|s| s.source.as_str());
        let error = Diagnostic::pipeline("unknown-source", format!("no report reads a source `{source_name}`"));
        return Err(vec![error.suggest(source_name, "sources", known)]);
    };
    let mut whole: Option<polars::frame::DataFrame> = None;
    let mut sink = |_, batch| {
        let part = crate::frame::batch_frame(scan, &batch).map_err(|e| crate::frame::engine_error(&e))?;
        match &mut whole {
            Some(frame) => {
                frame.vstack_mut(&part).map_err(|e| crate::frame::engine_error(&e))?;
            }
            None => whole = Some(part),
        }
        Ok(())
    };
    source::records(scan, 1 << 16, &mut sink).map_err(|e| vec![e])?;
    let mut frame = whole.unwrap_or_default();
    let names: Vec<String> =
        std::iter::once("day".to_owned()).chain(scan.columns.iter().map(|c| c.name.clone())).collect();
    if frame.width() == names.len() && names.iter().collect::<std::collections::BTreeSet<_>>().len() == names.len() {
        frame.set_column_names(&names).map_err(|e| vec![crate::frame::engine_error(&e)])?;
    }
    Ok(frame)
}
