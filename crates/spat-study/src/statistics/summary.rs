//! Mean and spread.

use serde::{Deserialize, Serialize};

/// Mean and sample standard deviation of some values.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// Arithmetic mean.
    pub mean: f64,
    /// With the divisor n − 1; 0 for one value.
    pub deviation: f64,
    /// n.
    pub count: usize,
}

impl Summary {
    /// Summary of at least one value.
    pub fn of(values: &[f64]) -> Option<Self> {
        if values.is_empty() {
            return None;
        }
        let count = values.len() as f64;
        let mean = values.iter().sum::<f64>() / count;
        let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
        Some(Self {
            mean,
            deviation: (squares / (count - 1.0).max(1.0)).sqrt(),
            count: values.len(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of 2, 4, 9: mean 5, squares 9 + 1 + 16 = 26, deviation √13.
    #[test]
    fn mean_and_deviation_of_three_values() {
        let summary = Summary::of(&[2.0, 4.0, 9.0]).unwrap();
        assert_eq!((summary.mean, summary.count), (5.0, 3));
        assert!((summary.deviation - 13.0_f64.sqrt()).abs() < 1e-12);
        assert_eq!(Summary::of(&[3.0]).unwrap().deviation, 0.0);
        assert_eq!(Summary::of(&[]), None);
    }
}
