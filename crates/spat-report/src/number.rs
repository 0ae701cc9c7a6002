//! Numbers formatted for display. Values that are not finite become "–".

use spat_spec::Estimate;

/// Placeholder for a missing figure.
pub(crate) const NONE: &str = "–";

/// An error in scaled space: four decimals, so that columns align.
pub(crate) fn error(x: f64) -> String {
    if x.is_finite() && x.abs() < 1000.0 {
        minus(&format!("{x:.4}"))
    } else {
        value(x)
    }
}

/// Four significant digits.
pub(crate) fn value(x: f64) -> String {
    if !x.is_finite() {
        return NONE.to_owned();
    }
    if x == 0.0 {
        return "0".to_owned();
    }
    let size = x.abs().log10().floor() as i32;
    if !(-4..7).contains(&size) {
        return minus(&format!("{x:.2e}"));
    }
    let decimals = (3 - size).max(0) as usize;
    let text = format!("{x:.decimals$}");
    minus(&if size >= 4 { grouped(&text) } else { text })
}

/// Two significant digits.
pub(crate) fn brief(x: f64) -> String {
    if !x.is_finite() {
        return NONE.to_owned();
    }
    let size = x.abs().log10().floor();
    if (-3.0..5.0).contains(&size) {
        let decimals = (1.0 - size).max(0.0) as usize;
        return minus(&format!("{x:.decimals$}"));
    }
    if x == 0.0 {
        "0".to_owned()
    } else {
        minus(&format!("{x:.1e}"))
    }
}

/// A value and its deviation, with the decimals of the value.
pub(crate) fn with_spread(x: f64, spread: f64) -> String {
    let size = x.abs().log10().floor();
    if spread.is_finite() && (-4.0..4.0).contains(&size) {
        let decimals = (2.0 - size).max(0.0) as usize;
        return minus(&format!("{x:.decimals$} ± {spread:.decimals$}"));
    }
    format!("{} ± {}", value(x), value(spread))
}

/// A change in percent with its sign.
pub fn percent(x: f64) -> String {
    if !x.is_finite() {
        return NONE.to_owned();
    }
    if x.abs() >= 9999.5 {
        return format!("{}9999 %", if x > 0.0 { ">" } else { "< −" });
    }
    let text = if x.abs() < 0.05 {
        "0.0".to_owned()
    } else {
        format!("{x:+.1}")
    };
    minus(&format!("{text} %"))
}

/// A mean change in percent with its interval: `−2.10 % (−3.00 to −1.20)`.
pub fn estimated_change(estimate: &Estimate) -> String {
    estimated(estimate, |x| minus(&format!("{x:+.2}")))
}

/// A mean share in percent with its interval: `12.30 % (8.00 to 15.10)`.
pub fn estimated_share(estimate: &Estimate) -> String {
    estimated(estimate, |x| minus(&format!("{x:.2}")))
}

/// A share in percent: `12.30 %`.
pub(crate) fn share(x: f64) -> String {
    if !x.is_finite() {
        return NONE.to_owned();
    }
    minus(&format!("{:.2} %", not_minus_zero(x)))
}

/// −0.001 would be written as −0.00.
fn not_minus_zero(x: f64) -> f64 {
    if x.abs() < 0.005 { 0.0 } else { x }
}

fn estimated(estimate: &Estimate, text: impl Fn(f64) -> String) -> String {
    if !estimate.mean.is_finite() {
        return NONE.to_owned();
    }
    let text = |x: f64| text(not_minus_zero(x));
    match estimate.interval {
        Some((low, high)) => format!(
            "{} % ({} to {})",
            text(estimate.mean),
            text(low),
            text(high)
        ),
        None => format!("{} %", text(estimate.mean)),
    }
}

/// All digits, in groups of three.
pub fn count(n: u64) -> String {
    grouped(&n.to_string())
}

/// Three digits and a suffix: 9.32 M.
pub(crate) fn short(n: u64) -> String {
    let x = n as f64;
    for (size, letter) in [(1e12, 'T'), (1e9, 'G'), (1e6, 'M'), (1e3, 'k')] {
        // 999,999 would round up to "1000 k".
        if x >= size * 0.9995 {
            let scaled = x / size;
            let decimals = if scaled < 9.995 {
                2
            } else {
                usize::from(scaled < 99.95)
            };
            return format!("{scaled:.decimals$} {letter}");
        }
    }
    n.to_string()
}

/// Milliseconds, three digits.
pub(crate) fn millis(x: f64) -> String {
    if !x.is_finite() {
        return NONE.to_owned();
    }
    let decimals = if x < 9.995 { 2 } else { usize::from(x < 99.95) };
    format!("{x:.decimals$}")
}

/// A tick label, where ticks are `step` apart.
pub(crate) fn tick(x: f64, step: f64) -> String {
    let size = x.abs().max(step);
    if !(1e-4..1e7).contains(&size) {
        return if x == 0.0 {
            "0".to_owned()
        } else {
            minus(&format!("{x:.1e}"))
        };
    }
    let decimals = (-step.log10().floor()).max(0.0) as usize;
    let text = format!("{x:.decimals$}");
    minus(&if size >= 1e4 { grouped(&text) } else { text })
}

/// "1 row", "2 rows".
pub fn plural(n: usize, one: &str) -> String {
    format!("{} {one}{}", count(n as u64), if n == 1 { "" } else { "s" })
}

fn grouped(digits: &str) -> String {
    let (sign, digits) = digits
        .strip_prefix('-')
        .map_or(("", digits), |rest| ("-", rest));
    let mut text = sign.to_owned();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

fn minus(text: &str) -> String {
    text.replace('-', "−")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_the_documented_digits() {
        assert_eq!(error(0.38), "0.3800");
        assert_eq!(value(0.066), "0.06600");
        assert_eq!(value(12345.6), "12,346");
        assert_eq!(value(-1.5e-6), "−1.50e−6");
        assert_eq!(brief(-0.001848), "−0.0018");
        assert_eq!(brief(6.91e-5), "6.9e−5");
        assert_eq!(count(841_568), "841,568");
        assert_eq!(short(9_320_000), "9.32 M");
        assert_eq!(short(999_999), "1.00 M");
        assert_eq!(short(512), "512");
        assert_eq!(millis(12.345), "12.3");
        assert_eq!(tick(0.25, 0.05), "0.25");
        assert_eq!(tick(-20_000.0, 5_000.0), "−20,000");
    }

    #[test]
    fn estimates_have_their_interval() {
        let estimate = |mean, interval| Estimate {
            mean,
            interval,
            cells: 2,
        };
        assert_eq!(
            estimated_change(&estimate(-2.1, Some((-3.0, -0.001)))),
            "−2.10 % (−3.00 to +0.00)"
        );
        assert_eq!(estimated_share(&estimate(12.3, None)), "12.30 %");
        assert_eq!(estimated_share(&estimate(f64::NAN, None)), NONE);
        assert_eq!(share(-0.001), "0.00 %");
    }

    #[test]
    fn missing_figures_become_a_dash() {
        for text in [
            error(f64::NAN),
            value(f64::INFINITY),
            percent(f64::NAN),
            millis(f64::NAN),
        ] {
            assert_eq!(text, NONE);
        }
        assert_eq!(percent(-0.04), "0.0 %");
        assert_eq!(percent(-2.14), "−2.1 %");
        assert_eq!(percent(3.0), "+3.0 %");
        assert_eq!(percent(1e9), ">9999 %");
        assert_eq!(with_spread(0.06446, 0.002902), "0.0645 ± 0.0029");
    }
}
