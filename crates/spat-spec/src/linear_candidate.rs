//! Linear models beside the candidates of a selection.

use serde::{Deserialize, Serialize};

use crate::LossDifference;
use crate::adaptive::null_as_nan;

/// A linear baseline on the validation windows of a selection. It is compared with the candidates and never chosen:
/// it does not become the pruned model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LinearCandidate {
    /// Its name, as in the report's baselines.
    pub name: String,
    /// Its validation loss; NaN if it is not finite.
    #[serde(deserialize_with = "null_as_nan")]
    pub loss: f64,
    /// Multiply–accumulates of a forward pass.
    pub macs: u64,
    /// Its loss against the lowest one of the candidates, negative if it is lower; `None` if a loss is not finite.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub difference: Option<LossDifference>,
    /// Its loss against that of the chosen candidate, in the same way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to_chosen: Option<LossDifference>,
}

/// A linear model's validation loss against that of the chosen candidate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LinearStanding {
    /// Lower, by more than one standard error or without one.
    Lower,
    /// Lower or higher, by at most one standard error.
    WithinError,
    /// Higher, by more than one standard error or without one, or not comparable.
    Higher,
}

impl LinearCandidate {
    /// Its loss against that of the chosen candidate.
    pub fn standing(&self) -> LinearStanding {
        match self.to_chosen {
            Some(LossDifference {
                mean,
                error: Some(error),
            }) if mean.abs() <= error => LinearStanding::WithinError,
            Some(difference) if difference.mean < 0.0 => LinearStanding::Lower,
            _ => LinearStanding::Higher,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_standard_error_decides_in_both_directions() {
        let standing = |to_chosen: Option<(f64, Option<f64>)>| {
            LinearCandidate {
                name: "rlinear".to_owned(),
                loss: 0.5,
                macs: 10,
                difference: None,
                to_chosen: to_chosen.map(|(mean, error)| LossDifference { mean, error }),
            }
            .standing()
        };
        assert_eq!(standing(Some((-0.2, Some(0.1)))), LinearStanding::Lower);
        assert_eq!(
            standing(Some((-0.1, Some(0.1)))),
            LinearStanding::WithinError
        );
        assert_eq!(
            standing(Some((0.1, Some(0.1)))),
            LinearStanding::WithinError
        );
        assert_eq!(standing(Some((0.2, Some(0.1)))), LinearStanding::Higher);
        assert_eq!(standing(Some((-0.2, None))), LinearStanding::Lower);
        assert_eq!(standing(Some((0.2, None))), LinearStanding::Higher);
        assert_eq!(standing(None), LinearStanding::Higher);
    }
}
