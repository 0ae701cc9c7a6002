//! Branch-free and call-free scalar functions, so that loops over them vectorise.

/// `eˣ` to about 2 units in the last place; clamped to the smallest normal number below −87.3 and to about
/// 1.6e38 above 88.
///
/// `eˣ = 2ⁿ · eʳ` with `|r| ≤ ln 2 / 2`; the polynomial's coefficients are those of the Cephes library's
/// `expf`.
#[inline(always)]
pub(crate) fn exp(x: f32) -> f32 {
    let (power, rest) = split(x);
    (rest + 1.0) * power
}

/// `eˣ − 1`, with a small relative error also for small x, within the bounds of [`exp`].
#[inline(always)]
pub(crate) fn expm1(x: f32) -> f32 {
    let (power, rest) = split(x);
    rest * power + (power - 1.0)
}

/// 2ⁿ and `eʳ − 1`.
#[inline(always)]
fn split(x: f32) -> (f32, f32) {
    /// Adding it rounds to an integer, which is then in the low bits.
    const ROUND: f32 = 12_582_912.0;
    const LN_2_HIGH: f32 = 0.693_359_4;
    const LN_2_LOW: f32 = -2.121_944_4e-4;

    let x = x.clamp(-87.3, 88.0);
    let shifted = x * std::f32::consts::LOG2_E + ROUND;
    let n = shifted - ROUND;
    let r = x - n * LN_2_HIGH - n * LN_2_LOW;
    let mut p = 1.987_569_1e-4;
    p = p * r + 1.398_199_9e-3;
    p = p * r + 8.333_452e-3;
    p = p * r + 4.166_579_6e-2;
    p = p * r + 1.666_666_5e-1;
    p = p * r + 0.5;
    let power = shifted
        .to_bits()
        .wrapping_sub(ROUND.to_bits())
        .wrapping_add(127)
        << 23;
    (f32::from_bits(power), p * r * r + r)
}

/// Distribution function Φ and density φ of the standard normal distribution, Φ to 1e-7.
///
/// Abramowitz and Stegun, Handbook of Mathematical Functions, 7.1.26, for erfc.
#[inline(always)]
pub(crate) fn normal(x: f32) -> (f32, f32) {
    let z = x.abs() * std::f32::consts::FRAC_1_SQRT_2;
    let t = 1.0 / (1.0 + 0.327_591_1 * z);
    let mut p = 1.061_405_4;
    p = p * t - 1.453_152;
    p = p * t + 1.421_413_7;
    p = p * t - 0.284_496_73;
    p = p * t + 0.254_829_6;
    let kernel = exp(-z * z);
    let tail = 0.5 * p * t * kernel;
    let below = if x < 0.0 { tail } else { 1.0 - tail };
    (below, kernel * 0.398_942_3)
}

/// The logistic function `σ(x) = 1 / (1 + e⁻ˣ)`, to a few units in the last place.
#[inline(always)]
pub(crate) fn sigmoid(x: f32) -> f32 {
    1.0 / (1.0 + exp(-x))
}

/// `ln(1 + eˣ)` to a small relative error, which is x itself from about 17, and its slope σ(x).
#[inline(always)]
pub(crate) fn softplus(x: f32) -> (f32, f32) {
    // ln(1 + eˣ) = max(x, 0) + ln(1 + e^−|x|), and ln(1 + w) = 2 artanh(w / (2 + w)), whose argument is at most
    // 1/3. The first term left out of the series is 1.4e-9 of its sum.
    let w = exp(-x.abs());
    let s = w / (2.0 + w);
    let square = s * s;
    let mut p = 1.0 / 15.0;
    p = p * square + 1.0 / 13.0;
    p = p * square + 1.0 / 11.0;
    p = p * square + 1.0 / 9.0;
    p = p * square + 1.0 / 7.0;
    p = p * square + 1.0 / 5.0;
    p = p * square + 1.0 / 3.0;
    p = p * square + 1.0;
    let inverse = 1.0 / (1.0 + w);
    let slope = if x < 0.0 { w * inverse } else { inverse };
    (x.max(0.0) + 2.0 * s * p, slope)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exp_is_accurate_to_a_few_units_in_the_last_place() {
        for step in -87_000..88_000 {
            let x = step as f32 * 1e-3;
            let exact = f64::from(x).exp();
            let error = (f64::from(exp(x)) / exact - 1.0).abs();
            assert!(error < 3e-7, "exp({x}): {error}");
        }
        assert!(exp(f32::NAN).is_nan());
        assert!(exp(f32::NEG_INFINITY) < 1.3e-38);
    }

    #[test]
    fn expm1_is_accurate_relative_to_its_own_size() {
        let steps = (-87_000..10_000).map(|step| step as f32 * 1e-3);
        let small = (1..300).flat_map(|step| [1.0, -1.0].map(|sign| sign * 0.93_f32.powi(step)));
        for x in steps.chain(small) {
            let exact = f64::from(x).exp_m1();
            let error = (f64::from(expm1(x)) - exact).abs();
            assert!(error <= 4e-7 * exact.abs(), "exp({x}) - 1: {error}");
        }
        assert_eq!(expm1(0.0), 0.0);
    }

    /// Φ by Simpson's rule over the density.
    #[test]
    fn normal_agrees_with_an_integral() {
        let density = |x: f64| (-x * x / 2.0).exp() / (2.0 * std::f64::consts::PI).sqrt();
        let mut below = 0.5;
        let step = 1e-3;
        for number in 0..6_000 {
            let x = f64::from(number) * step;
            for (x, exact) in [(x, below), (-x, 1.0 - below)] {
                let (value, phi) = normal(x as f32);
                assert!((f64::from(value) - exact).abs() < 2.5e-7, "Φ({x})");
                assert!((f64::from(phi) - density(x)).abs() < 1e-6, "φ({x})");
            }
            below += step / 6.0 * (density(x) + 4.0 * density(x + step / 2.0) + density(x + step));
        }
    }

    #[test]
    fn softplus_and_sigmoid_are_accurate_relative_to_their_size() {
        for step in -80_000..100_000 {
            let x = step as f32 * 1e-3;
            let wide = f64::from(x);
            let exact = wide.max(0.0) + (-wide.abs()).exp().ln_1p();
            let slope = 1.0 / (1.0 + (-wide).exp());
            let (value, found) = softplus(x);
            assert!(
                (f64::from(value) / exact - 1.0).abs() < 6e-7,
                "softplus({x})"
            );
            for found in [found, sigmoid(x)] {
                assert!((f64::from(found) / slope - 1.0).abs() < 6e-7, "σ({x})");
            }
            if x > 20.0 {
                assert_eq!(value, x);
            }
        }
    }
}
