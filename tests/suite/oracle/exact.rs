//! A sum of float64 values without any rounding: one very wide integer counted in units of 2⁻¹⁰⁷⁴.

/// Digits of 32 bits, least significant first: 2⁻¹⁰⁷⁴ … 2¹⁰²³ and room for carries.
const DIGITS: usize = 72;
const BASE: i128 = 1 << 32;
/// A power of two is at least this many bits below the top of a float64's mantissa.
const MANTISSA_BITS: usize = 52;

/// The exact sum of the values added so far.
#[derive(Clone, Debug)]
pub(crate) struct ExactSum {
    /// Signed, not normalised: each takes many additions before it would overflow.
    digits: [i128; DIGITS],
}

impl ExactSum {
    pub(crate) fn new() -> Self {
        Self { digits: [0; DIGITS] }
    }

    /// Adds a finite value, exactly.
    pub(crate) fn add(&mut self, value: f64) {
        assert!(value.is_finite(), "only finite values are summed");
        let bits = value.to_bits();
        let exponent = usize::try_from((bits >> MANTISSA_BITS) & 0x7ff).expect("eleven bits fit");
        let fraction = i128::from(bits & ((1 << MANTISSA_BITS) - 1));
        // Subnormals have no hidden bit, and the exponent of the smallest normal.
        let (mantissa, shift) =
            if exponent == 0 { (fraction, 0) } else { (fraction | (1 << MANTISSA_BITS), exponent - 1) };
        let mut rest = mantissa << (shift % 32);
        if value.is_sign_negative() {
            rest = -rest;
        }
        for digit in &mut self.digits[shift / 32..][..3] {
            *digit += rest % BASE;
            rest /= BASE;
        }
    }

    /// The float64 nearest to the sum, ties to even.
    pub(crate) fn round(&self) -> f64 {
        let (negative, digits) = self.magnitude();
        let bit = |at: usize| (digits[at / 32] >> (at % 32)) & 1 == 1;
        let Some(top) = (0..DIGITS * 32).rev().find(|&at| bit(at)) else {
            return 0.0;
        };
        let low = top.saturating_sub(MANTISSA_BITS);
        let mantissa = (low..=top).rev().fold(0_u64, |sum, at| sum * 2 + u64::from(bit(at)));
        let half = low > 0 && bit(low - 1);
        let beyond = low > 1 && (0..low - 1).any(bit);
        let up = half && (beyond || mantissa % 2 == 1);
        // With the exponent added to it, a mantissa that rounds up to 2⁵³ carries into the exponent by itself.
        let exponent = u64::try_from(low).expect("the width is small");
        let bits = (exponent << MANTISSA_BITS) + mantissa + u64::from(up);
        let value = if exponent >= 0x7fe { f64::INFINITY } else { f64::from_bits(bits) };
        if negative {
            -value
        } else {
            value
        }
    }

    /// The sign, and the absolute value in digits of 0 … 2³² - 1.
    fn magnitude(&self) -> (bool, [i128; DIGITS]) {
        let carried = carry(self.digits);
        if carried[DIGITS - 1] >= 0 {
            return (false, carried);
        }
        (true, carry(carried.map(|digit| -digit)))
    }
}

/// Every digit but the last brought into 0 … 2³² - 1; the last one carries the sign.
fn carry(mut digits: [i128; DIGITS]) -> [i128; DIGITS] {
    for at in 0..DIGITS - 1 {
        let over = digits[at].div_euclid(BASE);
        digits[at] = digits[at].rem_euclid(BASE);
        digits[at + 1] += over;
    }
    digits
}

mod tests {
    use super::ExactSum;

    fn sum(values: &[f64]) -> f64 {
        let mut sum = ExactSum::new();
        for &value in values {
            sum.add(value);
        }
        sum.round()
    }

    fn same(actual: f64, expected: f64) {
        assert_eq!(actual.to_bits(), expected.to_bits(), "{actual:e} is not {expected:e}");
    }

    #[test]
    fn one_value_comes_back() {
        let tiny = f64::from_bits(1);
        let largest_subnormal = f64::from_bits((1 << 52) - 1);
        for value in [1.0, 0.1, -0.3, 1e12, 1e-9, f64::MAX, f64::MIN, f64::MIN_POSITIVE, tiny, -tiny, largest_subnormal]
        {
            same(sum(&[value]), value);
        }
        same(sum(&[]), 0.0);
        same(sum(&[-0.0]), 0.0);
    }

    #[test]
    fn nothing_is_lost_on_the_way() {
        same(sum(&[1e16, 1.0, -1e16]), 1.0);
        same(sum(&[f64::MAX, 1e-300, -f64::MAX]), 1e-300);
        same(sum(&[1e300, 1e-300, -1e300, -1e-300]), 0.0);
        same(sum(&[0.1; 10]), 1.0);
        same(sum(&[-1e12, 1e-9, 1e12, -3e-9]), 1e-9 - 3e-9);
        same(sum(&[f64::MAX, f64::MAX, -f64::MAX]), f64::MAX);
        same(sum(&[f64::MAX, f64::MAX]), f64::INFINITY);
    }

    #[test]
    fn ties_go_to_even_and_anything_more_goes_up() {
        let ulp = f64::EPSILON;
        same(sum(&[1.0, ulp / 2.0]), 1.0);
        same(sum(&[1.0, ulp / 2.0, f64::from_bits(1)]), 1.0 + ulp);
        same(sum(&[1.0 + ulp, ulp / 2.0]), 1.0 + 2.0 * ulp);
        same(sum(&[-1.0 - ulp, -ulp / 2.0]), -1.0 - 2.0 * ulp);
        same(sum(&[2.0 - ulp, ulp / 2.0]), 2.0);
    }

    #[test]
    fn small_integers_agree_with_integer_sums() {
        let values: Vec<i32> = (0..2000).map(|i| (i * 7919) % 4001 - 2000).collect();
        let floats: Vec<f64> = values.iter().map(|&v| f64::from(v)).collect();
        same(sum(&floats), f64::from(values.iter().sum::<i32>()));
    }
}
