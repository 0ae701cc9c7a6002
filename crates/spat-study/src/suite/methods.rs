//! Ranking methods compared by regret.

use spat_spec::{
    CellReport, MethodComparison, MethodKind, MethodSummary, RankingMethodName, Scorer, Spread,
    Suite,
};

use super::estimate::{estimate, pruned, win_loss};
use crate::statistics::{critical_difference, mean_ranks};

/// Compares the methods; `None` where no cell has a regret.
pub(super) fn methods(
    suite: &Suite,
    names: &[RankingMethodName],
    cells: &[CellReport],
) -> Option<MethodComparison> {
    let cells: Vec<&CellReport> = pruned(cells)
        .filter(|(_, pruned)| !pruned.regrets.is_empty())
        .map(|(cell, _)| cell)
        .collect();
    let random = names
        .iter()
        .find(|name| name.kind == MethodKind::Random)
        .map(|name| name.name.as_str());
    let last = Scorer::Last.name();
    // Scorers that do not suit a model have no regret in its cells.
    let complete: Vec<&CellReport> = cells
        .iter()
        .copied()
        .filter(|cell| names.iter().all(|name| regret(cell, &name.name).is_some()))
        .collect();
    let table: Vec<Vec<f64>> = complete
        .iter()
        .map(|cell| {
            let each = names.iter();
            each.filter_map(|name| mean_regret(cell, &name.name))
                .collect()
        })
        .collect();
    let ranks = mean_ranks(&table);
    let mut summaries = Vec::new();
    for (place, name) in names.iter().enumerate() {
        let own = name.name.as_str();
        let against = |other: &str| {
            // A difference to itself is none.
            let other = (own != other).then_some(other)?;
            estimate(suite, cells.iter().copied(), |cell| {
                let pairs = regret(cell, own)?.iter().zip(regret(cell, other)?);
                Some(pairs.map(|(own, other)| own - other).collect())
            })
        };
        let Some(regret) = estimate(suite, cells.iter().copied(), |cell| {
            regret(cell, own).map(<[f64]>::to_vec)
        }) else {
            continue;
        };
        summaries.push(MethodSummary {
            method: name.clone(),
            regret,
            against_random: random.and_then(against),
            against_last: against(last),
            mean_rank: ranks.as_ref().map(|ranks| ranks[place]),
            cells_against_last: win_loss(
                cells
                    .iter()
                    .filter_map(|cell| Some((mean_regret(cell, own)?, mean_regret(cell, last)?))),
            ),
        });
    }
    summaries.sort_by(|a, b| a.regret.mean.total_cmp(&b.regret.mean));
    (!summaries.is_empty()).then(|| MethodComparison {
        cells: complete.len(),
        critical_difference: critical_difference(names.len(), complete.len()),
        methods: summaries,
    })
}

fn regret<'a>(cell: &'a CellReport, name: &str) -> Option<&'a [f64]> {
    let regrets = &cell.pruned.as_ref()?.regrets;
    let of_method = regrets.iter().find(|regret| regret.name == name)?;
    Some(&of_method.percent)
}

fn mean_regret(cell: &CellReport, name: &str) -> Option<f64> {
    Some(Spread::of(regret(cell, name)?.to_vec()).mean)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::suite::fixture;

    /// Means per cell: SEND 2 and 4, last 2 and 4, random 3 and 6.
    #[test]
    fn methods_are_compared_by_hand() {
        let comparison = methods(
            &fixture::suite(),
            &fixture::method_names(),
            &fixture::cells(),
        )
        .unwrap();
        assert_eq!(comparison.cells, 2);
        let of = |name: &str| {
            let mut all = comparison.methods.iter();
            all.find(|one| one.method.name == name).unwrap()
        };
        let (send, random) = (of("send"), of("random choice"));
        assert_eq!((send.regret.mean, random.regret.mean), (3.0, 4.5));
        assert_eq!(send.against_last.unwrap().mean, 0.0);
        assert_eq!(send.against_random.unwrap().mean, -1.5);
        // −1 on A and −2 on B, whatever the seeds: a draw is below 0.
        assert_eq!(send.against_random.unwrap().is_below_zero(), Some(true));
        assert!(random.against_random.is_none() && of("last").against_last.is_none());
        assert_eq!((send.mean_rank, random.mean_rank), (Some(1.5), Some(3.0)));
        let cells = send.cells_against_last;
        assert_eq!(
            (cells.wins, cells.ties, cells.losses, cells.p),
            (0, 2, 0, 1.0)
        );
        assert_eq!(random.cells_against_last.losses, 2);
        assert_eq!(comparison.better_than_blind().count(), 0);
    }
}
