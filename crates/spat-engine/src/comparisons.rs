//! Differences of all forecasts of a run on the test windows, in pairs.

use spat_series::{PairedDifference, WindowErrors};
use spat_spec::Comparison;

/// Errors of each test window by the forecast's name, in the order in which the report shows them.
#[derive(Debug, Default)]
pub(crate) struct TestErrors(Vec<(String, WindowErrors)>);

impl TestErrors {
    pub(crate) fn add(&mut self, name: &str, errors: WindowErrors) {
        self.0.push((name.to_owned(), errors));
    }

    pub(crate) fn append(&mut self, mut others: Self) {
        self.0.append(&mut others.0);
    }

    /// Each forecast against all after it. Windows `horizon` rows apart have no forecast row in common. A pair
    /// without a percentage, such as one with an error of 0, is left out.
    pub(crate) fn comparisons(&self, horizon: usize) -> Vec<Comparison> {
        let pairs = self.0.iter().enumerate().flat_map(|(place, first)| {
            self.0[place + 1..]
                .iter()
                .map(move |second| (first, second))
        });
        pairs
            .filter_map(|((name, errors), (other, others))| {
                let mse = PairedDifference::of(&errors.mse, &others.mse, horizon)?;
                let mae = PairedDifference::of(&errors.mae, &others.mae, horizon)?;
                // Whether there is a scale depends on the table, so both have one or neither.
                let mase = PairedDifference::of(&errors.mase, &others.mase, horizon);
                Some(Comparison {
                    name: name.clone(),
                    other: other.clone(),
                    mse,
                    mae,
                    mase,
                })
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn errors(of: impl Fn(usize) -> f64) -> WindowErrors {
        let values: Vec<f64> = (0..40).map(of).collect();
        WindowErrors {
            mse: values.clone(),
            mae: values,
            mase: Vec::new(),
        }
    }

    #[test]
    fn each_pair_is_compared_once() {
        let mut all = TestErrors::default();
        all.add("a", errors(|_| 1.0));
        all.add("b", errors(|window| 1.0 + window as f64));
        all.add("perfect", errors(|_| 0.0));
        all.add("c", errors(|_| 2.0));
        let comparisons = all.comparisons(4);
        let names: Vec<_> = comparisons
            .iter()
            .map(|pair| (pair.name.as_str(), pair.other.as_str()))
            .collect();
        assert_eq!(names, [("a", "b"), ("a", "c"), ("b", "c")]);
        assert_eq!(comparisons[1].mse.percent, -50.0);
        assert_eq!(comparisons[1].mase, None);
    }
}
