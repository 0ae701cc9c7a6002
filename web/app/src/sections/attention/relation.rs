//! A sentence about whether modules with low scores have uniform attention.

/// One module.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Pair {
    pub(super) name: String,
    pub(super) send: f64,
    pub(super) entropy: f64,
}

/// Least number of modules for a rank correlation.
const MIN_MODULES: usize = 3;

/// Below this number of modules, a strong correlation is common by chance.
const FEW_MODULES: usize = 8;

/// Least absolute rank correlation that is reported as one.
const STRONG: f64 = 0.5;

/// Describes the relation between scores and entropy.
pub(super) fn relation(pairs: &[Pair]) -> String {
    let few = pairs.len();
    if few < MIN_MODULES {
        return format!(
            "{few} module{} too few to tell whether modules with low scores have uniform attention.",
            if few == 1 { " is" } else { "s are" }
        );
    }
    let send: Vec<f64> = pairs.iter().map(|pair| pair.send).collect();
    let entropy: Vec<f64> = pairs.iter().map(|pair| pair.entropy).collect();
    let Some(rho) = rank_correlation(&send, &entropy) else {
        return "All modules have the same score or the same entropy, so the orders cannot be compared."
            .to_owned();
    };
    let finding = if rho <= -STRONG {
        "Modules with a lower score tend to be more uniform here"
    } else if rho >= STRONG {
        "Modules with a lower score tend to be less uniform here"
    } else {
        "Score and entropy are not clearly related here: a low score does not mean uniform attention"
    };
    let chance = if few < FEW_MODULES {
        ", so few that it may be chance"
    } else {
        ""
    };
    let rho = format!("{rho:+.2}").replace('-', "−");
    format!(
        "{finding} (rank correlation {rho} over {few} modules{chance}). {}",
        lowest(pairs)
    )
}

/// The module with the lowest score, and the rank of its entropy.
fn lowest(pairs: &[Pair]) -> String {
    let Some(low) = pairs.iter().min_by(|a, b| a.send.total_cmp(&b.send)) else {
        return String::new();
    };
    let above = pairs
        .iter()
        .filter(|pair| pair.entropy > low.entropy)
        .count();
    let place = match above {
        0 => "the most uniform of all".to_owned(),
        n if n + 1 == pairs.len() => "the least uniform of all".to_owned(),
        n => format!("{n} of {} are more uniform", pairs.len()),
    };
    format!(
        "The lowest score, {}, has an entropy of {:.3}: {place}.",
        low.name, low.entropy
    )
}

/// Spearman's rank correlation; `None` if all values of one side are equal.
fn rank_correlation(a: &[f64], b: &[f64]) -> Option<f64> {
    let (a, b) = (ranks(a), ranks(b));
    let mean = (a.len() as f64 + 1.0) / 2.0;
    let product = |x: &[f64], y: &[f64]| -> f64 {
        x.iter().zip(y).map(|(x, y)| (x - mean) * (y - mean)).sum()
    };
    let scale = (product(&a, &a) * product(&b, &b)).sqrt();
    (scale > 0.0).then(|| product(&a, &b) / scale)
}

/// Ranks from 1; equal values have the mean of their ranks.
fn ranks(values: &[f64]) -> Vec<f64> {
    values
        .iter()
        .map(|value| {
            let below = values.iter().filter(|other| *other < value).count() as f64;
            let equal = values.iter().filter(|other| *other == value).count() as f64;
            below + (equal + 1.0) / 2.0
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(figures: &[(f64, f64)]) -> Vec<Pair> {
        let pair = |(place, &(send, entropy)): (usize, &(f64, f64))| Pair {
            name: format!("encoder {place}"),
            send,
            entropy,
        };
        figures.iter().enumerate().map(pair).collect()
    }

    #[test]
    fn equal_values_have_their_mean_rank() {
        assert_eq!(ranks(&[2.0, 1.0, 2.0]), [2.5, 1.0, 2.5]);
        assert_eq!(
            rank_correlation(&[1.0, 2.0, 3.0], &[9.0, 5.0, 1.0]),
            Some(-1.0)
        );
        assert_eq!(rank_correlation(&[1.0, 1.0], &[1.0, 2.0]), None);
    }

    #[test]
    fn the_sentence_depends_on_the_correlation() {
        assert!(relation(&pairs(&[(1.0, 0.5)])).contains("too few"));
        let down = relation(&pairs(&[(0.1, 0.9), (0.2, 0.8), (0.3, 0.5)]));
        assert!(
            down.contains("be more uniform") && down.contains("−1.00"),
            "{down}"
        );
        assert!(
            down.contains("encoder 0") && down.contains("most uniform of all"),
            "{down}"
        );
        let up = relation(&pairs(&[(0.1, 0.2), (0.2, 0.8), (0.3, 0.9)]));
        assert!(up.contains("be less uniform"), "{up}");
    }
}
