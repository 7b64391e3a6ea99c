//! The reports that hold the figures which targets are held against.

use crate::calendar::Grain;
use crate::plan::{Base, Figures, RollUp, ScorecardPlan, TargetPlan};
use crate::spec::{Compare, GrainSpec, Pacing, Report, Totals};
use indexmap::IndexMap;

/// What targets share a report: dimensions, segment, grains, and whether last year is looked at. Not every source has the
/// columns of every segment, nor records for every grain.
type Shared = (Vec<String>, String, Vec<Grain>, bool);

/// The reports that hold the figures of all targets; `first` is the index of the first of them in the plan.
pub(super) fn reports(plan: &mut ScorecardPlan, first: usize) -> Vec<Report> {
    let mut reports: IndexMap<Shared, Report> = IndexMap::new();
    for target in &mut plan.targets {
        let shared = shared(target);
        let entry = reports.entry(shared.clone());
        target.report = first + entry.index();
        let report = entry.or_insert_with(|| empty(shared));
        let weight = match &target.rollup {
            RollUp::WeightedBy(weight) => Some(weight),
            RollUp::None | RollUp::Sum | RollUp::Average | RollUp::Last => None,
        };
        for metric in std::iter::once(&target.metric).chain(weight) {
            if !report.metrics.contains(metric) {
                report.metrics.push(metric.clone());
            }
        }
    }
    reports.into_values().collect()
}

fn shared(target: &TargetPlan) -> Shared {
    let mut grains = vec![target.grain];
    grains.extend(&target.longer);
    match &target.figures {
        Figures::Relative(Base::Fixed { grain, .. }, _) => grains.push(*grain),
        Figures::Relative(Base::LastYear | Base::Previous, _) | Figures::Set(_) => {}
    }
    grains.sort_unstable();
    grains.dedup();
    let dims = target.group.iter().map(|(dim, _)| dim.name.clone()).collect();
    (dims, target.segment.clone(), grains, target.pacing == Pacing::SameShapeLastYear)
}

fn empty((dims, segment, grains, last_year): Shared) -> Report {
    let grain = |grain: &Grain| match grain {
        Grain::Hour | Grain::Day => GrainSpec::Day,
        Grain::Week => GrainSpec::Week,
        Grain::Month => GrainSpec::Month,
        Grain::Quarter => GrainSpec::Quarter,
        Grain::Year => GrainSpec::Year,
        Grain::All => GrainSpec::All,
    };
    let names = dims.iter().chain([&segment]).map(String::as_str).collect::<Vec<_>>().join("_");
    Report {
        name: format!("scorecard_{names}"),
        description: None,
        metrics: vec![],
        group_by: dims,
        segments: Some(vec![segment]),
        grains: grains.iter().map(grain).collect(),
        start: None,
        end: None,
        compare: if last_year { vec![Compare::PreviousYear] } else { vec![] },
        totals: Totals::No,
        top: None,
        attributes: vec![],
        incomplete_periods: None,
        exports: vec![],
    }
}
