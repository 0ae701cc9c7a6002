//! The Pareto front of points.

/// Indices of the points that are on the Pareto front where less is better on both axes, from left
/// to right. Of equal points all are on it; a point that is not finite never is.
pub fn pareto_front(points: &[(f64, f64)]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..points.len()).collect();
    order.sort_by(|&a, &b| {
        let by_x = points[a].0.total_cmp(&points[b].0);
        by_x.then(points[a].1.total_cmp(&points[b].1))
    });
    let finite = |&place: &usize| points[place].0.is_finite() && points[place].1.is_finite();
    let mut front: Vec<usize> = Vec::new();
    for place in order.into_iter().filter(finite) {
        let beaten = front.last().is_some_and(|&last| {
            points[last].1 <= points[place].1 && points[last] != points[place]
        });
        if !beaten {
            front.push(place);
        }
    }
    front
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Checks the definition for each point.
    fn plain(points: &[(f64, f64)]) -> Vec<usize> {
        let beats = |a: (f64, f64), b: (f64, f64)| a.0 <= b.0 && a.1 <= b.1 && a != b;
        (0..points.len())
            .filter(|&place| !points.iter().any(|&other| beats(other, points[place])))
            .collect()
    }

    #[test]
    fn the_front_has_all_points_that_no_other_dominates() {
        let mut seed = 3_u32;
        let mut draw = || {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            // Few distinct values, so that ties are common.
            f64::from(seed >> 28)
        };
        for many in 0..40 {
            let points: Vec<_> = (0..many).map(|_| (draw(), draw())).collect();
            let mut front = pareto_front(&points);
            front.sort_unstable();
            assert_eq!(front, plain(&points), "{points:?}");
        }
    }

    #[test]
    fn points_that_are_not_finite_are_excluded() {
        assert_eq!(pareto_front(&[(f64::NAN, 0.0), (2.0, 1.0)]), [1]);
    }
}
