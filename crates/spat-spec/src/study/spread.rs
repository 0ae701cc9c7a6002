//! A value with its spread.

use serde::{Deserialize, Serialize};

/// Values of one quantity, one per seed unless noted otherwise, with their mean and deviation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Spread {
    /// Their mean.
    pub mean: f64,
    /// Sample standard deviation (n − 1); 0 for a single value.
    pub sd: f64,
    /// The values.
    pub values: Vec<f64>,
}

impl Spread {
    /// Mean and deviation of `values`; zero if there are none.
    pub fn of(values: Vec<f64>) -> Self {
        let count = values.len().max(1) as f64;
        let mean = values.iter().sum::<f64>() / count;
        let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
        let sd = if values.len() < 2 {
            0.0
        } else {
            (squares / (count - 1.0)).sqrt()
        };
        Self { mean, sd, values }
    }
}

impl FromIterator<f64> for Spread {
    fn from_iter<I: IntoIterator<Item = f64>>(values: I) -> Self {
        Self::of(values.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mean_and_sample_deviation() {
        let spread = Spread::of(vec![1.0, 2.0, 6.0]);
        assert_eq!(spread.mean, 3.0);
        assert!((spread.sd - 7.0_f64.sqrt()).abs() < 1e-12);
        assert_eq!(Spread::of(vec![4.0]).sd, 0.0);
        assert_eq!(Spread::of(Vec::new()).mean, 0.0);
    }
}
