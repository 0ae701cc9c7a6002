//! Formatting of figures in sentences.

use spat_spec::{Finding, PairedTest, Question, Spread, Stance};

/// `0.3874 ± 0.0021`.
pub(super) fn spread(spread: &Spread) -> String {
    format!("{:.4} ± {:.4}", spread.mean, spread.sd).replace('-', "−")
}

/// `0.38 ± 0.12`.
pub(super) fn rough(spread: &Spread) -> String {
    format!("{:.2} ± {:.2}", spread.mean, spread.sd).replace("-", "−")
}

/// The difference with its interval.
pub(super) fn difference(test: &PairedTest) -> String {
    if test.pairs < 2 {
        return format!("{:+.4} (one seed, no interval)", test.difference).replace('-', "−");
    }
    format!(
        "{:+.4} (95 % interval {:+.4} to {:+.4}, permutation p = {:.2}, {} pairs)",
        test.difference, test.low, test.high, test.p_permutation, test.pairs
    )
    .replace('-', "−")
}

/// Whether the first of two errors is lower; `None` if the interval contains zero.
pub(super) fn lower(test: &PairedTest) -> Option<bool> {
    if test.high < 0.0 {
        Some(true)
    } else if test.low > 0.0 {
        Some(false)
    } else {
        None
    }
}

/// Supports the method if the first error is lower, opposes it if higher.
pub(super) fn stance(lower: Option<bool>) -> Stance {
    match lower {
        Some(true) => Stance::For,
        Some(false) => Stance::Against,
        None => Stance::Open,
    }
}

pub(super) fn finding(question: Question, stance: Stance, text: String) -> Finding {
    Finding {
        question,
        stance,
        text,
    }
}

/// "1 module", "2 modules".
pub(super) fn modules(count: usize) -> String {
    plural(count, "module")
}

pub(crate) fn plural(count: usize, one: &str) -> String {
    format!("{count} {one}{}", if count == 1 { "" } else { "s" })
}
