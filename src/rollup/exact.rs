//! Exact sums: floats as fixed point with 64 bits after the point in an i128 (Q64.64).
//!
//! Every float of magnitude from 2⁻¹¹ up is represented exactly, smaller ones within 2⁻⁶⁵; sums of integers do not
//! depend on order, and are rounded once, when a report value is made. A float of magnitude 2⁶² or more cannot be
//! added (money and counts stay far below).

/// Floats of this magnitude or more cannot be added.
pub const LIMIT: f64 = 4_611_686_018_427_387_904.0;

const FRACTION_BITS: i32 = 64;

/// A finite float of magnitude below [`LIMIT`] as Q64.64, ties to even below 2⁻⁶⁴; `None` for others.
#[must_use]
pub fn to_fixed(x: f64) -> Option<i128> {
    if !x.is_finite() || x.abs() >= LIMIT {
        return None;
    }
    let bits = x.to_bits();
    let exponent = i32::try_from((bits >> 52) & 0x7ff).unwrap_or(0);
    let fraction = bits & ((1 << 52) - 1);
    let (mantissa, exponent) = if exponent == 0 { (fraction, -1074) } else { (fraction | 1 << 52, exponent - 1075) };
    let shift = exponent + FRACTION_BITS;
    let magnitude =
        if shift >= 0 { i128::from(mantissa) << shift } else { round_shift(mantissa, shift.unsigned_abs()) };
    Some(if x.is_sign_negative() { -magnitude } else { magnitude })
}

fn round_shift(mantissa: u64, by: u32) -> i128 {
    if by > 54 {
        return 0;
    }
    let kept = mantissa >> by;
    let half = 1u64 << (by - 1);
    let rest = mantissa & ((1u64 << by) - 1);
    let up = rest > half || (rest == half && kept & 1 == 1);
    i128::from(kept + u64::from(up))
}

/// The float nearest to a Q64.64 value.
#[must_use]
pub fn from_fixed(fixed: i128) -> f64 {
    // `as` rounds to nearest even, and a power of two loses nothing.
    #[expect(clippy::cast_precision_loss, reason = "the one rounding of a sum")]
    let scaled = fixed as f64;
    scaled * 2f64.powi(-FRACTION_BITS)
}

/// The float nearest to `unscaled / 10^scale`.
#[must_use]
pub fn from_decimal(unscaled: i128, scale: i8) -> f64 {
    format!("{unscaled}e{}", -i32::from(scale)).parse().unwrap_or(f64::NAN)
}

/// The error for a sum that 128 bits do not hold.
#[must_use]
pub fn overflow(what: &str) -> crate::diagnostic::Diagnostic {
    crate::diagnostic::Diagnostic::data("sum-overflow", format!("a sum over {what} is too large to be exact"))
        .note("numbers are summed exactly up to 4.6e18, integers up to 2^126")
        .help("check the columns: amounts of that size are mostly broken cells")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_edges_are_exact() {
        for x in [0.0, 1.0, -1.5, 0.1, 1e18, -4e18, 2f64.powi(-11) * 1.000_000_000_000_000_2] {
            assert_eq!(to_fixed(x).map(from_fixed), Some(x), "{x}");
        }
        assert_eq!(to_fixed(f64::NAN), None);
        assert_eq!(to_fixed(f64::INFINITY), None);
        assert_eq!(to_fixed(5e18), None);
        assert_eq!(to_fixed(5e-324), Some(0));
        assert!((from_decimal(12_345, 2) - 123.45).abs() < f64::EPSILON);
    }

    proptest! {
        #[test]
        fn sums_do_not_depend_on_order(mut values in prop::collection::vec(-1e12f64..1e12, 1..200), seed in 0usize..1000) {
            let sum = |v: &[f64]| v.iter().map(|x| to_fixed(*x).expect("finite")).sum::<i128>();
            let before = sum(&values);
            let shift = seed % values.len();
            values.rotate_left(shift);
            values.reverse();
            prop_assert_eq!(before, sum(&values));
        }

        #[test]
        fn floats_of_usual_size_come_back(x in prop::num::f64::NORMAL) {
            if (2f64.powi(-11)..LIMIT).contains(&x.abs()) {
                prop_assert_eq!(to_fixed(x).map(from_fixed), Some(x));
            }
        }
    }
}
