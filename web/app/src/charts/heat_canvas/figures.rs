//! Numbers of maps and scores as text.

/// Three significant digits, with a true minus sign; "–" for what is not a number.
pub(crate) fn figure_text(x: f64) -> String {
    if !x.is_finite() {
        return "–".to_owned();
    }
    if x == 0.0 {
        return "0".to_owned();
    }
    let size = x.abs().log10().floor();
    let text = if (-4.0..6.0).contains(&size) {
        let decimals = (2.0 - size).max(0.0) as usize;
        format!("{x:.decimals$}")
    } else {
        format!("{x:.2e}")
    };
    text.replace('-', "−")
}
