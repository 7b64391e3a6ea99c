//! How a figure stands against its target: attainment, pace, status. The formulas of the scorecard, and nothing else.

use crate::plan::Growth;
use crate::spec::Direction;

/// How near to a threshold an attainment counts as there: figures are sums of parts that binary numbers only come near to.
const NEAR: f64 = 1e-9;

/// How a target stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Reached, or as far as expected.
    OnTrack,
    /// Nearly.
    AtRisk,
    /// Missed, or far behind.
    OffTrack,
    /// The period is not over, and nothing is expected before it is.
    InProgress,
    /// The metric's figure is not known.
    NoData,
    /// The period has not begun.
    NotStarted,
}

impl Status {
    /// The word used in reports.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::OnTrack => "on_track",
            Self::AtRisk => "at_risk",
            Self::OffTrack => "off_track",
            Self::InProgress => "in_progress",
            Self::NoData => "no_data",
            Self::NotStarted => "not_started",
        }
    }
}

/// How far a figure is, 1 being the target: value / target where more is better, target / value where less is,
/// 1 − |value − target| / |target| where the target is to be met. Null for a target that is not above 0, and where less is
/// better for a value that is not: there only the gap says something.
pub(super) fn attainment(direction: Direction, value: f64, target: f64) -> Option<f64> {
    if target <= 0.0 {
        return None;
    }
    match direction {
        Direction::HigherIsBetter => Some(value / target),
        Direction::LowerIsBetter => (value > 0.0).then(|| target / value),
        Direction::CloserToTarget => Some(1.0 - (value - target).abs() / target),
        Direction::Neutral => None,
    }
    .filter(|share| share.is_finite())
}

/// The status of a figure against what it should be: by attainment where there is one, else by whether it is reached.
pub(super) fn status(direction: Direction, value: f64, target: f64, (on_track, at_risk): (f64, f64)) -> Status {
    let Some(share) = attainment(direction, value, target) else {
        let reached = match direction {
            Direction::HigherIsBetter | Direction::Neutral => value >= target - NEAR * target.abs(),
            Direction::LowerIsBetter => value <= target + NEAR * target.abs(),
            Direction::CloserToTarget => (value - target).abs() <= NEAR * target.abs(),
        };
        return if reached { Status::OnTrack } else { Status::OffTrack };
    };
    if share >= on_track - NEAR {
        Status::OnTrack
    } else if share >= at_risk - NEAR {
        Status::AtRisk
    } else {
        Status::OffTrack
    }
}

/// What is expected of a figure when `share` of the period is over: that share of the target for what grows from nothing,
/// that share of the way from where it stood before for a stock, the target itself for a rate.
pub(super) fn expected(growth: Growth, target: f64, share: f64, before: Option<f64>) -> f64 {
    match (growth, before) {
        (Growth::Flow, _) => target * share,
        (Growth::Stock, Some(before)) => before + (target - before) * share,
        // A stock whose beginning is not known is held against its target.
        (Growth::Stock, None) | (Growth::Rate, _) => target,
    }
}

/// Where a figure will end if it goes on as it did: null before anything is over.
pub(super) fn projection(growth: Growth, value: f64, share: f64, before: Option<f64>) -> Option<f64> {
    let end = match (growth, before) {
        (Growth::Rate, _) | (Growth::Stock, None) => value,
        (Growth::Flow, _) => value / share,
        (Growth::Stock, Some(before)) => before + (value - before) / share,
    };
    Some(end).filter(|end| end.is_finite())
}

#[cfg(test)]
mod tests {
    use super::*;
    use Direction::{CloserToTarget, HigherIsBetter, LowerIsBetter};

    #[test]
    fn attainment_by_direction_and_for_zero_negative_and_odd_figures() {
        let cases = [
            (HigherIsBetter, 80.0, 100.0, Some(0.8)),
            (HigherIsBetter, 130.0, 100.0, Some(1.3)),
            (HigherIsBetter, -20.0, 100.0, Some(-0.2)),
            (HigherIsBetter, 5.0, 0.0, None),
            (HigherIsBetter, 5.0, -10.0, None),
            (LowerIsBetter, 2.0, 1.0, Some(0.5)),
            (LowerIsBetter, 0.5, 1.0, Some(2.0)),
            (LowerIsBetter, 0.0, 1.0, None),
            (LowerIsBetter, -1.0, 1.0, None),
            (CloserToTarget, 9.0, 10.0, Some(0.9)),
            (CloserToTarget, 11.0, 10.0, Some(0.9)),
            (CloserToTarget, 30.0, 10.0, Some(-1.0)),
            (CloserToTarget, 0.0, 0.0, None),
        ];
        for (direction, value, target, expected) in cases {
            let found = attainment(direction, value, target);
            let equal = match (found, expected) {
                (Some(a), Some(b)) => (a - b).abs() < 1e-12,
                (a, b) => a == b,
            };
            assert!(equal, "{direction:?} {value} {target}: {found:?}");
        }
    }

    #[test]
    fn status_is_by_attainment_or_else_by_whether_it_is_reached() {
        let usual = (1.0, 0.9);
        let cases = [
            (HigherIsBetter, 100.0, 100.0, Status::OnTrack),
            (HigherIsBetter, 90.0, 100.0, Status::AtRisk),
            (HigherIsBetter, 89.9, 100.0, Status::OffTrack),
            (HigherIsBetter, 0.0, 0.0, Status::OnTrack),
            (HigherIsBetter, -11.0, -10.0, Status::OffTrack),
            (HigherIsBetter, -9.0, -10.0, Status::OnTrack),
            (LowerIsBetter, 0.0, 1.0, Status::OnTrack),
            (LowerIsBetter, 1.05, 1.0, Status::AtRisk),
            (LowerIsBetter, 3.0, 0.0, Status::OffTrack),
            (LowerIsBetter, -3.0, 0.0, Status::OnTrack),
            (CloserToTarget, 9.5, 10.0, Status::AtRisk),
            (CloserToTarget, 0.0, 0.0, Status::OnTrack),
        ];
        for (direction, value, target, expected) in cases {
            assert_eq!(status(direction, value, target, usual), expected, "{direction:?} {value} {target}");
        }
        assert_eq!(status(HigherIsBetter, 80.0, 100.0, (0.8, 0.5)), Status::OnTrack);
        // 0.1 + 0.02 is not quite 0.12, 0.3 / 0.375 not quite 0.8.
        assert_eq!(status(HigherIsBetter, 0.12, 0.1 + 0.02, usual), Status::OnTrack);
        assert_eq!(status(HigherIsBetter, 0.3, 0.375, (1.0, 0.8)), Status::AtRisk);
    }

    #[test]
    fn pace_and_projection_of_flows_stocks_and_rates() {
        let cases = [
            (expected(Growth::Flow, 310.0, 10.0 / 31.0, None), 100.0),
            (expected(Growth::Stock, 200.0, 0.5, Some(100.0)), 150.0),
            (expected(Growth::Stock, 200.0, 0.5, None), 200.0),
            (expected(Growth::Rate, 0.05, 0.1, Some(0.04)), 0.05),
        ];
        for (found, by_hand) in cases {
            assert!((found - by_hand).abs() < 1e-12, "{found} {by_hand}");
        }
        assert_eq!(projection(Growth::Flow, 50.0, 0.5, None), Some(100.0));
        assert_eq!(projection(Growth::Stock, 110.0, 0.5, Some(100.0)), Some(120.0));
        assert_eq!(projection(Growth::Rate, 0.04, 0.1, None), Some(0.04));
        assert_eq!(projection(Growth::Flow, 50.0, 0.0, None), None);
    }
}
