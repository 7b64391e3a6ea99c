//! Exact sums: floats as fixed point in two 128-bit integers, the *head* in units of 2⁻⁶⁴ and the *tail*, what the head
//! leaves over, in units of 2⁻¹²⁸.
//!
//! Every float of magnitude from 2⁻⁷⁵ (3·10⁻²³) to 2⁶² is represented exactly, smaller ones within 2⁻¹²⁹. Sums of integers do
//! not depend on order, and are rounded once, when a report value is made. Floats from 2⁻¹¹ up have no tail. A float
//! of magnitude 2⁶² or more cannot be added (money and counts stay far below).

/// Floats of this magnitude or more cannot be added.
pub const LIMIT: f64 = 4_611_686_018_427_387_904.0;

/// Bits after the point of the head.
const HEAD_BITS: i32 = 64;

/// A finite float of magnitude below [`LIMIT`] as head and tail, both of the float's sign; `None` for others.
#[must_use]
#[inline]
pub fn to_fixed(x: f64) -> Option<(i128, i128)> {
    let bits = x.to_bits();
    let fraction = bits & ((1 << 52) - 1);
    let exponent = (bits >> 52) & 0x7ff;
    // From 2⁻¹¹ to the limit: no tail. Values of usual size, so the branch is mostly foreseen.
    if (1012..1085).contains(&exponent) {
        let head = i128::from(fraction | 1 << 52) << (exponent - 1011);
        return Some((if x.is_sign_negative() { -head } else { head }, 0));
    }
    if bits << 1 == 0 {
        return Some((0, 0));
    }
    to_fixed_with_tail(x)
}

fn to_fixed_with_tail(x: f64) -> Option<(i128, i128)> {
    if !x.is_finite() || x.abs() >= LIMIT {
        return None;
    }
    let bits = x.to_bits();
    let exponent = i32::try_from((bits >> 52) & 0x7ff).unwrap_or(0);
    let fraction = bits & ((1 << 52) - 1);
    let (mantissa, exponent) = if exponent == 0 { (fraction, -1074) } else { (fraction | 1 << 52, exponent - 1075) };
    let shift = exponent + HEAD_BITS;
    let (head, tail) = if shift >= 0 {
        (i128::from(mantissa) << shift, 0)
    } else {
        let by = shift.unsigned_abs();
        let head = mantissa.checked_shr(by).unwrap_or(0);
        let rest = if by < 64 { mantissa & ((1 << by) - 1) } else { mantissa };
        (i128::from(head), shifted(rest, HEAD_BITS + shift))
    };
    Some(if x.is_sign_negative() { (-head, -tail) } else { (head, tail) })
}

/// `rest · 2^by`, to the nearest, ties to even.
fn shifted(rest: u64, by: i32) -> i128 {
    if by >= 0 {
        return i128::from(rest) << by;
    }
    let by = by.unsigned_abs();
    if by > 54 {
        return 0;
    }
    let kept = rest >> by;
    let half = 1u64 << (by - 1);
    let lost = rest & ((1u64 << by) - 1);
    let up = lost > half || (lost == half && kept & 1 == 1);
    i128::from(kept + u64::from(up))
}

/// The float nearest to a sum of heads and a sum of tails.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "the one rounding of a sum: `as` rounds to nearest even")]
pub fn from_fixed(head: i128, tail: i128) -> f64 {
    // 192 bits: whole units of 2⁻⁶⁴, and a fraction of one in units of 2⁻¹²⁸.
    let whole = head + (tail >> 64);
    let part = u64::try_from(tail & i128::from(u64::MAX)).unwrap_or(0);
    let negative = whole < 0;
    let (whole, part) = if negative {
        let borrow = i128::from(part > 0);
        ((whole + borrow).unsigned_abs(), part.wrapping_neg())
    } else {
        (whole.unsigned_abs(), part)
    };
    let magnitude = if whole < 1 << 55 {
        ((whole << 64) | u128::from(part)) as f64 * 2f64.powi(-128)
    } else {
        // Enough bits above: the part only decides which way a tie goes.
        (whole | u128::from(part > 0)) as f64 * 2f64.powi(-HEAD_BITS)
    };
    if negative {
        -magnitude
    } else {
        magnitude
    }
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

/// The error for a float that is too large to be added.
#[must_use]
pub fn too_large(expr: &str, x: f64) -> crate::diagnostic::Diagnostic {
    let message = format!("`{expr}` has a value of {x:e}: too large to be summed exactly");
    crate::diagnostic::Diagnostic::data("sum-overflow", message)
        .note("numbers are summed exactly up to 4.6e18")
        .help("check the column: a count or an amount of that size is mostly a broken cell")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_edges_are_exact() {
        for x in [0.0, 1.0, -1.5, 0.1, 1e18, -4e18, 1e-7, -3e-20, 2f64.powi(-75) * 1.000_000_000_000_000_2] {
            assert_eq!(to_fixed(x).map(|(h, t)| from_fixed(h, t)), Some(x), "{x}");
        }
        assert_eq!(to_fixed(f64::NAN), None);
        assert_eq!(to_fixed(f64::INFINITY), None);
        assert_eq!(to_fixed(5e18), None);
        assert_eq!(to_fixed(5e-324), Some((0, 0)));
        assert!((from_decimal(12_345, 2) - 123.45).abs() < f64::EPSILON);
    }

    #[test]
    fn a_tail_decides_a_tie_and_carries_into_the_head() {
        let sum = |values: &[f64]| {
            let fixed = values.iter().filter_map(|x| to_fixed(*x));
            let (head, tail) = fixed.fold((0, 0), |(h, t), (x, y)| (h + x, t + y));
            from_fixed(head, tail)
        };
        // Half a unit in the last place above 1, and a breath more or less.
        let half = 2f64.powi(-53);
        assert_eq!(sum(&[1.0, half]).to_bits(), 1.0f64.to_bits());
        assert_eq!(sum(&[1.0, half, 1e-21]).to_bits(), (1.0 + f64::EPSILON).to_bits());
        assert_eq!(sum(&[1.0, half, -1e-21]).to_bits(), 1.0f64.to_bits());
        assert_eq!(sum(&[-1.0, -half, -1e-21]).to_bits(), (-1.0 - f64::EPSILON).to_bits());
        assert_eq!(sum(&[1e-7, 1e18, -1e18]).to_bits(), 1e-7f64.to_bits());
        assert_eq!(sum(&[-1e-7, 1e-9, -1e-9]).to_bits(), (-1e-7f64).to_bits());
    }

    proptest! {
        #[test]
        fn sums_do_not_depend_on_order(mut values in prop::collection::vec(-1e12f64..1e12, 1..200), seed in 0usize..1000) {
            let sum = |v: &[f64]| {
                v.iter().map(|x| to_fixed(*x).expect("finite")).fold((0, 0), |(h, t), (x, y)| (h + x, t + y))
            };
            let before = sum(&values);
            let shift = seed % values.len();
            values.rotate_left(shift);
            values.reverse();
            prop_assert_eq!(before, sum(&values));
        }

        #[test]
        fn the_short_way_says_the_same(x in prop::num::f64::ANY) {
            prop_assert_eq!(to_fixed(x), to_fixed_with_tail(x));
        }

        #[test]
        fn floats_of_usual_size_come_back(x in prop::num::f64::NORMAL) {
            if (2f64.powi(-75)..LIMIT).contains(&x.abs()) {
                prop_assert_eq!(to_fixed(x).map(|(h, t)| from_fixed(h, t)), Some(x));
            }
        }
    }
}
