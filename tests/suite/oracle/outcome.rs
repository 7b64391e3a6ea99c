//! Values with the scale of their tolerance, and arithmetic on them.

use super::accumulate::aggregate;
use super::value::{is_zero, Value};

/// A float may differ from the oracle's by this part of the largest term it was made of.
pub(crate) const TOLERANCE: f64 = 1e-12;

/// A value, and the largest absolute term it was made of.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Outcome {
    pub(crate) value: Value,
    /// Infinite where the order of roundings decides whether there is a value at all.
    pub(crate) largest: f64,
    /// Whether a mean of rounded values is in it: its last bits are then anyone's.
    pub(crate) has_mean: bool,
}

impl Outcome {
    pub(crate) fn null() -> Self {
        Self { value: Value::Null, largest: 0.0, has_mean: false }
    }

    pub(crate) fn new(value: Value, largest: f64) -> Self {
        Self { value: finite(value), largest, has_mean: false }
    }

    /// What has a value or none as roundings go.
    fn unsure() -> Self {
        Self { largest: f64::INFINITY, ..Self::null() }
    }

    pub(crate) fn is_unsure(&self) -> bool {
        !self.largest.is_finite()
    }

    /// The scale of what is computed with this value.
    pub(crate) fn scale(&self) -> f64 {
        self.value.number().map_or(0.0, |value| self.largest.max(value.abs()))
    }

    fn with_means_of(mut self, inputs: &[&Outcome]) -> Self {
        self.has_mean = inputs.iter().any(|input| input.has_mean);
        self
    }

    /// Whether nobody can tell this value from zero.
    fn may_be_zero(&self) -> bool {
        self.has_mean && self.value.number().is_some_and(|value| value.abs() <= TOLERANCE * self.scale())
    }
}

/// Null where a side is missing or the denominator is zero.
pub(crate) fn ratio(numerator: &Outcome, denominator: &Outcome) -> Outcome {
    if numerator.is_unsure() || denominator.is_unsure() {
        return Outcome::unsure();
    }
    let (Some(n), Some(d)) = (numerator.value.number(), denominator.value.number()) else {
        return Outcome::null();
    };
    if denominator.may_be_zero() {
        return Outcome::unsure();
    }
    if is_zero(d) {
        return Outcome::null();
    }
    // The terms of the parts, in units of the ratio.
    let terms = [n / d, numerator.largest / d, n / d * (denominator.largest / d)];
    let largest = terms.iter().map(|term| term.abs()).fold(0.0, f64::max);
    Outcome::new(Value::Float(n / d), largest).with_means_of(&[numerator, denominator])
}

/// Of two integers an integer.
pub(crate) fn difference(current: &Outcome, earlier: &Outcome) -> Outcome {
    if current.is_unsure() || earlier.is_unsure() {
        return Outcome::unsure();
    }
    let value = match (&current.value, &earlier.value) {
        (Value::Int(current), Value::Int(earlier)) => Value::Int(current - earlier),
        (current, earlier) => match (current.number(), earlier.number()) {
            (Some(current), Some(earlier)) => Value::Float(current - earlier),
            _ => return Outcome::null(),
        },
    };
    Outcome::new(value, current.scale().max(earlier.scale())).with_means_of(&[current, earlier])
}

/// (current − earlier) / |earlier|
pub(crate) fn percent_change(current: &Outcome, earlier: &Outcome) -> Outcome {
    let below = match &earlier.value {
        Value::Int(int) => Value::Int(int.abs()),
        Value::Float(value) => Value::Float(value.abs()),
        other => other.clone(),
    };
    ratio(&difference(current, earlier), &Outcome { value: below, ..earlier.clone() })
}

/// The mean of the values that are there.
pub(crate) fn mean(outcomes: &[Outcome]) -> Outcome {
    if outcomes.iter().any(Outcome::is_unsure) {
        return Outcome::unsure();
    }
    let values: Vec<Value> = outcomes.iter().map(|outcome| outcome.value.clone()).collect();
    let largest = outcomes.iter().map(Outcome::scale).fold(0.0, f64::max);
    Outcome { has_mean: true, ..Outcome::new(aggregate("average", &values), largest) }
}

/// A report holds no NaN and no infinity.
fn finite(value: Value) -> Value {
    match value {
        Value::Float(value) if !value.is_finite() => Value::Null,
        value => value,
    }
}
