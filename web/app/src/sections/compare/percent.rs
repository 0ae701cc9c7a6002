//! Changes in percent as text.

/// With its sign and one decimal; "–" for what is not a number.
pub(super) fn percent(change: f64) -> String {
    if !change.is_finite() {
        return "–".to_owned();
    }
    // The minus sign U+2212 is as wide as the plus sign.
    let sign = if change < -0.05 {
        "−"
    } else if change > 0.05 {
        "+"
    } else {
        ""
    };
    format!("{sign}{:.1} %", change.abs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_have_a_sign_and_zero_has_none() {
        assert_eq!(percent(-18.12), "−18.1 %");
        assert_eq!(percent(2.0), "+2.0 %");
        assert_eq!(percent(-0.01), "0.0 %");
        assert_eq!(percent(f64::INFINITY), "–");
    }
}
