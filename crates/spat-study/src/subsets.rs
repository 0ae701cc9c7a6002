//! Subsets of a model's modules, and the choices that rankings make among them.

use rand::Rng;
use spat_spec::{ModuleId, Score};

/// Removed modules as bits; bit 0 is the module nearest to the input.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Subset(pub(crate) u32);

impl Subset {
    /// Nothing removed.
    pub(crate) const NONE: Self = Self(0);

    /// Every subset of `modules` modules, in the order of their bit patterns.
    pub(crate) fn all(modules: usize) -> impl Iterator<Item = Self> {
        (0..1_u32 << modules).map(Self)
    }

    pub(crate) fn single(module: usize) -> Self {
        Self(1 << module)
    }

    pub(crate) fn len(self) -> usize {
        self.0.count_ones() as usize
    }

    /// Numbers of the modules, ascending.
    pub(crate) fn places(self) -> Vec<usize> {
        (0..32).filter(|place| self.0 >> place & 1 == 1).collect()
    }

    pub(crate) fn names(self, modules: &[ModuleId]) -> Vec<ModuleId> {
        let places = self.places().into_iter();
        places
            .filter_map(|place| modules.get(place).cloned())
            .collect()
    }
}

impl FromIterator<usize> for Subset {
    fn from_iter<I: IntoIterator<Item = usize>>(places: I) -> Self {
        Self(places.into_iter().fold(0, |bits, place| bits | 1 << place))
    }
}

/// The `count` modules with the lowest scores; among equal ones those nearer to the output, as in
/// [`spat_spec::Plan::from_scores`].
pub(crate) fn lowest(scores: &[f64], count: usize) -> Subset {
    let mut order: Vec<usize> = (0..scores.len()).collect();
    order.sort_by(|&a, &b| scores[a].total_cmp(&scores[b]).then(b.cmp(&a)));
    order.into_iter().take(count).collect()
}

pub(crate) fn values(scores: &[Score]) -> Vec<f64> {
    scores.iter().map(|score| score.value).collect()
}

/// `count` of the numbers below `all`, ascending, uniformly distributed.
pub(crate) fn drawn(random: &mut impl Rng, all: usize, count: usize) -> Vec<usize> {
    let mut numbers: Vec<usize> = (0..all).collect();
    let count = count.min(all);
    for place in 0..count {
        // The multiply–shift draw is biased by less than one part in 2⁵⁰ here.
        let left = (all - place) as u128;
        let other = place + ((u128::from(random.next_u64()) * left) >> 64) as usize;
        numbers.swap(place, other);
    }
    numbers.truncate(count);
    numbers.sort_unstable();
    numbers
}

/// The error of a choice above the lowest among `all`.
pub(crate) fn above_best(chosen: f64, all: impl Iterator<Item = f64>) -> f64 {
    chosen - all.fold(f64::INFINITY, f64::min)
}

/// The points on the Pareto front: no other point is at most as expensive and at most as wrong, and better
/// in one of both. Points are (cost, error).
pub(crate) fn pareto(points: &[(f64, f64)]) -> Vec<bool> {
    let beaten = |(cost, error): (f64, f64)| {
        points
            .iter()
            .any(|&(c, e)| c <= cost && e <= error && (c < cost || e < error))
    };
    points.iter().map(|&point| !beaten(point)).collect()
}

#[cfg(test)]
mod tests {
    use spat_spec::{Plan, PruneRule};

    use super::*;

    #[test]
    fn subsets_count_up() {
        let all: Vec<_> = Subset::all(3).collect();
        assert_eq!(all.len(), 8);
        assert_eq!(all[5].places(), [0, 2]);
        assert_eq!(all[5].len(), 2);
        assert_eq!([0, 2].into_iter().collect::<Subset>(), all[5]);
        let names = all[6].names(&(0..3).map(ModuleId::encoder).collect::<Vec<_>>());
        assert_eq!(names, [ModuleId::encoder(1), ModuleId::encoder(2)]);
    }

    #[test]
    fn the_lowest_scores_match_a_plan() {
        let values = [0.4, 0.1, 0.3, 0.1];
        let scores = values.iter().enumerate().map(|(layer, &value)| Score {
            module: ModuleId::encoder(layer),
            value,
            heads: vec![value],
            spread: 0.0,
            batches: 1,
        });
        let scores: Vec<_> = scores.collect();
        for count in 0..=4 {
            let rule = PruneRule {
                ratio: count as f64 / 4.0,
                ..PruneRule::default()
            };
            let mut plan = Plan::from_scores("send", scores.clone(), &rule)
                .unwrap()
                .removed;
            plan.sort();
            let modules: Vec<_> = (0..4).map(ModuleId::encoder).collect();
            assert_eq!(lowest(&values, count).names(&modules), plan, "{count}");
        }
    }

    #[test]
    fn regret_is_the_distance_to_the_best() {
        // Of 0.5, 0.3 and 0.4 a choice of the last is 0.1 too high.
        assert!((above_best(0.4, [0.5, 0.3, 0.4].into_iter()) - 0.1).abs() < 1e-12);
        assert_eq!(above_best(0.3, [0.5, 0.3, 0.4].into_iter()), 0.0);
    }

    #[test]
    fn the_front_has_all_points_that_no_other_dominates() {
        let points = [
            (4.0, 0.40), // dominated by the second: more expensive and worse
            (3.0, 0.38),
            (2.0, 0.39), // cheaper than the second, so it stays
            (1.0, 0.39), // as good as the third and cheaper
            (1.0, 0.50), // as cheap as the fourth and worse
        ];
        assert_eq!(pareto(&points), [false, true, false, true, false]);
        assert_eq!(pareto(&[(1.0, 1.0), (1.0, 1.0)]), [true, true]);
    }
}
