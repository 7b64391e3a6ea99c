//! What is computed for every batch of a scan.

use super::layout::Layout;
use crate::eval::{NodeId, Nodes};
use crate::plan::{Plan, RollupId, Scan};

/// The expressions of a scan and where its columns are.
pub(super) struct Program {
    pub(super) nodes: Nodes,
    /// The source's `where`.
    pub(super) kept: Option<NodeId>,
    /// The roll-ups that the scan feeds.
    pub(super) feeds: Vec<Feed>,
    /// By index of the layout's values: expression and filter, for the values that the scan computes.
    pub(super) values: Vec<Option<(Option<NodeId>, Option<NodeId>)>>,
    /// By index of the layout's dimensions: the column of the scan.
    pub(super) dims: Vec<Option<usize>>,
}

/// A roll-up that is fed.
pub(super) struct Feed {
    pub(super) rollup: RollupId,
    /// Its segment.
    pub(super) condition: Option<NodeId>,
}

impl Program {
    pub(super) fn new(plan: &Plan, scan: &Scan, layout: &Layout) -> Self {
        let mut nodes = Nodes::default();
        let kept = scan.filter.as_ref().map(|f| nodes.add(f, &scan.columns));
        let feeds: Vec<Feed> = scan
            .feeds
            .iter()
            .map(|id| {
                let condition = plan.rollups[*id].filter.as_ref().map(|f| nodes.add(f, &scan.columns));
                Feed { rollup: *id, condition }
            })
            .collect();
        let read = |aggregate| scan.feeds.iter().any(|id| plan.rollups[*id].aggregates.contains(aggregate));
        let values = layout
            .values
            .iter()
            .map(|value| {
                read(value).then(|| {
                    let expr = value.expr.as_ref().map(|e| nodes.add(e, &scan.columns));
                    (expr, value.filter.as_ref().map(|f| nodes.add(f, &scan.columns)))
                })
            })
            .collect();
        let column = |dim: &crate::plan::Dim| scan.columns.iter().position(|c| c.name == dim.name && c.ty == dim.ty);
        let dims = layout.dims.iter().map(column).collect();
        Self { nodes, kept, feeds, values, dims }
    }
}
