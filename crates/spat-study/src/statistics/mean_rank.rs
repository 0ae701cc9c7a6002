//! Mean ranks of several methods over several data sets, and how far apart they have to be (Demšar 2006).

/// Ranks of the values, 1 for the lowest; equal values share the mean of their ranks.
pub fn ranks(values: &[f64]) -> Vec<f64> {
    let rank = |value: f64| {
        let lower = values.iter().filter(|other| **other < value).count();
        let equal = values.iter().filter(|other| **other == value).count();
        lower as f64 + (equal as f64 + 1.0) / 2.0
    };
    values.iter().map(|&value| rank(value)).collect()
}

/// Mean rank of each method over the rows of `table`, each of which has a value per method. `None` without rows.
pub fn mean_ranks(table: &[Vec<f64>]) -> Option<Vec<f64>> {
    let methods = table.first()?.len();
    let mut sums = vec![0.0; methods];
    for row in table {
        for (sum, rank) in sums.iter_mut().zip(ranks(row)) {
            *sum += rank;
        }
    }
    let rows = table.len() as f64;
    Some(sums.into_iter().map(|sum| sum / rows).collect())
}

/// The critical difference of Nemenyi's test at a level of 5 %: mean ranks of `methods` methods over `rows` rows that
/// differ by less are no evidence of a difference. `q √(k (k + 1) / (6 N))`, with q the 95 % point of the range of k
/// independent standard normal values, divided by √2.
///
/// `None` for fewer than two methods or no rows.
pub fn critical_difference(methods: usize, rows: usize) -> Option<f64> {
    if methods < 2 || rows == 0 {
        return None;
    }
    let (k, n) = (methods as f64, rows as f64);
    let q = range_quantile(methods, 0.95) / std::f64::consts::SQRT_2;
    Some(q * (k * (k + 1.0) / (6.0 * n)).sqrt())
}

/// Steps per unit of the grid on which the normal distribution is integrated.
const STEPS: usize = 200;

/// The grid reaches from −8 to 8.
const EDGE: usize = 8;

/// The q for which the range of `count` standard normal values is at most q with probability `level`.
fn range_quantile(count: usize, level: f64) -> f64 {
    let points = 2 * EDGE * STEPS + 1;
    let at = |point: usize| point as f64 / STEPS as f64 - EDGE as f64;
    let density: Vec<f64> = (0..points)
        .map(|point| (-0.5 * at(point).powi(2)).exp() / std::f64::consts::TAU.sqrt())
        .collect();
    // The distribution by the trapezoidal rule, whose error is below 1e-5 here.
    let mut distribution = vec![0.0; points];
    for point in 1..points {
        let step = (density[point - 1] + density[point]) / 2.0 / STEPS as f64;
        distribution[point] = distribution[point - 1] + step;
    }
    // P(range ≤ q) = k ∫ φ(x) (Φ(x + q) − Φ(x))^(k − 1) dx, x being the lowest value.
    let share = |q: f64| {
        let above = |point: usize| {
            let place = point as f64 + q * STEPS as f64;
            let below = place.floor() as usize;
            match distribution.get(below + 1) {
                Some(next) => {
                    distribution[below] + (next - distribution[below]) * (place - place.floor())
                }
                None => 1.0,
            }
        };
        let each = (0..points).map(|point| {
            density[point] * (above(point) - distribution[point]).powi(count as i32 - 1)
        });
        count as f64 * each.sum::<f64>() / STEPS as f64
    };
    let (mut low, mut high) = (0.0, 2.0 * EDGE as f64);
    for _ in 0..40 {
        let middle = (low + high) / 2.0;
        if share(middle) < level {
            low = middle;
        } else {
            high = middle;
        }
    }
    (low + high) / 2.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ties_share_their_ranks() {
        assert_eq!(ranks(&[0.3, 0.1, 0.3, 0.2]), [3.5, 1.0, 3.5, 2.0]);
        assert_eq!(
            mean_ranks(&[vec![1.0, 2.0], vec![5.0, 3.0], vec![1.0, 1.0]]),
            Some(vec![1.5, 1.5])
        );
        assert_eq!(mean_ranks(&[]), None);
    }

    /// Table 5 of Demšar (2006): q of the two-tailed Nemenyi test is 1.960 for 2 methods, 2.343 for 3, 2.728 for 5,
    /// 3.164 for 10.
    #[test]
    fn critical_values_are_those_of_the_table() {
        for (methods, q) in [(2, 1.960), (3, 2.343), (5, 2.728), (10, 3.164)] {
            let found = range_quantile(methods, 0.95) / std::f64::consts::SQRT_2;
            assert!((found - q).abs() < 2e-3, "{methods}: {found}");
        }
        // 4 methods over 14 data sets, the example of the same paper: 2.569 √(4 · 5 / (6 · 14)) = 1.25.
        assert!((critical_difference(4, 14).unwrap() - 1.25).abs() < 0.01);
        assert_eq!(critical_difference(1, 14), None);
    }
}
