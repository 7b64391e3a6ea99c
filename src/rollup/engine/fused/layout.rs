//! What is kept for each roll-up, and where: the same for all scans and threads, so that their states merge.

use super::packs::width;
use crate::calendar::Grain;
use crate::expr::Type;
use crate::plan::{AggFunc, Aggregate, DayRange, Dim, Plan, RollupPlan};

/// What is shared between roll-ups.
#[derive(Default)]
pub(super) struct Layout {
    /// The distinct aggregates of all roll-ups; counts of all records are not among them.
    pub(super) values: Vec<Aggregate>,
    pub(super) dims: Vec<Dim>,
    pub(super) grains: Vec<Grain>,
    pub(super) ranges: Vec<DayRange>,
    pub(super) packs: Vec<PackPlan>,
    /// By roll-up id.
    pub(super) rollups: Vec<RollupLayout>,
}

/// Which sums lie side by side: indices of values, or `None` for the number of records.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct PackPlan {
    pub(super) lanes: Vec<Option<usize>>,
}

impl PackPlan {
    pub(super) fn width(&self) -> usize {
        width(self.lanes.len())
    }
}

/// The states of a roll-up.
pub(super) struct RollupLayout {
    /// Index of its grain.
    pub(super) grain: usize,
    /// Index of its range; `None` when it holds all days.
    pub(super) range: Option<usize>,
    /// Indices of its dimensions.
    pub(super) dims: Vec<usize>,
    /// Indices of its packs.
    pub(super) packs: Vec<usize>,
    /// Values that are kept in 128 bits: sums of floats and decimals, minima and maxima.
    pub(super) wide: Vec<usize>,
    /// Values whose known records are counted: sums.
    pub(super) counted: Vec<usize>,
    /// Where the state of each aggregate is.
    pub(super) places: Vec<Place>,
}

/// Where the state of an aggregate is.
#[derive(Clone, Copy, Debug)]
pub(super) enum Place {
    /// In a lane: position in `packs`, lane.
    Lane(usize, usize),
    /// In 128 bits: position in `wide`.
    Wide(usize),
}

fn position_or_push<T: PartialEq + Clone>(list: &mut Vec<T>, item: &T) -> usize {
    list.iter().position(|known| known == item).unwrap_or_else(|| {
        list.push(item.clone());
        list.len() - 1
    })
}

/// Whether an aggregate is a sum or count of integers.
fn is_integer(aggregate: &Aggregate) -> bool {
    match aggregate.func {
        AggFunc::Count => true,
        AggFunc::Sum => aggregate.expr.as_ref().is_some_and(|e| !matches!(e.ty(), Type::Float | Type::Decimal(_))),
        AggFunc::Min | AggFunc::Max => false,
    }
}

/// Whether an aggregate is the number of records, which every roll-up has.
fn is_rows(aggregate: &Aggregate) -> bool {
    aggregate.func == AggFunc::Count && aggregate.expr.is_none() && aggregate.filter.is_none()
}

impl Layout {
    pub(super) fn new(plan: &Plan) -> Self {
        let mut layout = Self::default();
        for rollup in &plan.rollups {
            let rollup = layout.rollup(rollup);
            layout.rollups.push(rollup);
        }
        layout
    }

    fn rollup(&mut self, rollup: &RollupPlan) -> RollupLayout {
        let of: Vec<Option<usize>> =
            rollup.aggregates.iter().map(|a| (!is_rows(a)).then(|| position_or_push(&mut self.values, a))).collect();
        // Sorted, so that roll-ups of the same values share packs, whatever the order in which they name them.
        let mut lanes: Vec<Option<usize>> = vec![None];
        lanes.extend(of.iter().flatten().filter(|v| is_integer(&self.values[**v])).map(|v| Some(*v)));
        lanes.sort_unstable();
        lanes.dedup();
        let plans: Vec<PackPlan> = lanes.chunks(8).map(|lanes| PackPlan { lanes: lanes.to_vec() }).collect();
        let packs = plans.iter().map(|plan| position_or_push(&mut self.packs, plan)).collect();
        let mut wide: Vec<usize> = of.iter().flatten().copied().filter(|v| !is_integer(&self.values[*v])).collect();
        wide.sort_unstable();
        wide.dedup();
        let place = |value: &Option<usize>| match value.and_then(|v| wide.iter().position(|w| *w == v)) {
            Some(position) => Place::Wide(position),
            None => {
                let lane = lanes.iter().position(|lane| lane == value).unwrap_or(0);
                Place::Lane(lane / 8, lane % 8)
            }
        };
        let places = of.iter().map(place).collect();
        let mut counted: Vec<usize> =
            of.into_iter().flatten().filter(|v| self.values[*v].func == AggFunc::Sum).collect();
        counted.sort_unstable();
        counted.dedup();
        RollupLayout {
            grain: position_or_push(&mut self.grains, &rollup.bucket),
            range: (rollup.range != DayRange::default()).then(|| position_or_push(&mut self.ranges, &rollup.range)),
            dims: rollup.dims.iter().map(|d| position_or_push(&mut self.dims, d)).collect(),
            packs,
            wide,
            counted,
            places,
        }
    }
}
