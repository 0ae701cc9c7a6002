//! Sensitivities and attention maps.

use spat_gpu::{Stage, Task, reference};
use spat_spec::{Scaling, SendOptions, Sign};

use super::case::{Case, numbers};

pub(crate) fn reductions() -> Vec<Case> {
    let mut cases = Vec::new();
    for (shape, scaling, sign) in [
        ([2, 4, 11, 11], Scaling::Standardise, Sign::Signed),
        ([1, 3, 7, 300], Scaling::Standardise, Sign::Absolute),
        ([2, 1, 1, 1_500], Scaling::None, Sign::Signed),
        ([530_000, 1, 1, 2], Scaling::Temperature(1e-3), Sign::Signed),
    ] {
        let options = SendOptions {
            scaling,
            sign,
            ..SendOptions::default()
        };
        let task = Task::dispersion(shape, 1, &options);
        let maps = numbers(shape.iter().product());

        let partials = reference::measure_spread(&maps, &task);
        let mut words: Vec<f32> = partials
            .iter()
            .flat_map(|part| [part.count, part.scale, part.mean, part.squares])
            .collect();
        if !partials.is_empty() {
            cases.push(Case::reduction(
                Stage::MeasureSpread,
                vec![maps.clone()],
                &task.spread(),
                words.clone(),
            ));
        }
        words.resize(words.len().max(4), 0.0);
        let sums = reference::disperse_rows(&maps, &partials, &task);
        let flat = sums.iter().copied().flatten().collect::<Vec<f32>>();
        cases.push(Case::reduction(
            Stage::DisperseRows,
            vec![maps.clone(), words],
            &task,
            flat.clone(),
        ));
        let before = vec![0.25; 2 + 2 * (shape[1] + 1)];
        let after = reference::accumulate_scores(&sums, &before, &task.accumulation());
        cases.push(Case::reduction(
            Stage::AccumulateScores,
            vec![flat, before],
            &task.accumulation(),
            after,
        ));
        // The largest tensor only tests the grid, and is slow in a browser without a GPU.
        if shape[0] > 1_000 {
            continue;
        }
        let attention: Vec<f32> = maps.iter().map(|value| value.abs() * 50.0).collect();
        let sums = reference::measure_entropy(&attention, &task);
        cases.push(Case::reduction(
            Stage::MeasureEntropy,
            vec![attention],
            &task,
            sums.into_iter().flatten().collect(),
        ));
        let average = reference::average_maps(&maps, &task.cells());
        cases.push(Case::reduction(
            Stage::AverageMaps,
            vec![maps],
            &task.cells(),
            average,
        ));
    }
    cases
}
