//! Removed heads: same outputs as zeroed heads, fewer parameters, and checkpoints reload.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::collections::BTreeMap;

use burn::tensor::{Device, Tensor, TensorData};
use spat_model::{Forecaster, ForwardContext, read};
use spat_prune::{Sample, ScoringOptions, apply, score_with};
use spat_spec::{
    Array, ForecasterConfig, Granularity, HeadRemoval, ModuleId, PatchTstConfig, PatchTstLayout,
    Plan, PruneRule, Scorer, Structure, Window, arrays_from_bytes, arrays_to_bytes,
};

const LAYERS: usize = 3;

fn patchtst(layout: PatchTstLayout) -> Structure {
    let config = PatchTstConfig {
        layout,
        d_model: 16,
        d_ff: 16,
        heads: 4,
        layers: LAYERS,
        ..PatchTstConfig::new(Window::new(24, 12, 2))
    };
    Structure::dense(ForecasterConfig::PatchTst(config))
}

fn sample() -> Sample {
    let device = Device::flex();
    let values = |length: usize, step: usize| -> Tensor<3> {
        let values: Vec<f32> = (0..2 * length * 2)
            .map(|i| ((i * step) % 29) as f32 / 29.0)
            .collect();
        Tensor::from_data(TensorData::new(values, [2, length, 2]), &device)
    };
    Sample {
        inputs: values(24, 37).into(),
        target: values(12, 11).into(),
    }
}

fn forecast(model: &Forecaster) -> Vec<f32> {
    let forecast = model.forward(sample().inputs, &mut ForwardContext::evaluation());
    pollster::block_on(read(forecast)).unwrap()
}

fn weights(model: &Forecaster) -> BTreeMap<String, Array> {
    pollster::block_on(model.weights()).unwrap()
}

fn removing(heads: &[(usize, &[usize])]) -> Plan {
    Plan {
        removed_heads: heads
            .iter()
            .map(|(layer, heads)| HeadRemoval {
                module: ModuleId::encoder(*layer),
                heads: heads.to_vec(),
            })
            .collect(),
        ..Plan::of_modules("given", vec![], vec![]).unwrap()
    }
}

/// Sets columns of a matrix, entries of a bias (of heads, 4 wide) or rows of W_o to 0.
fn silence(weights: &mut BTreeMap<String, Array>, layer: usize, part: &str, heads: &[usize]) {
    let within = |place: usize| heads.contains(&(place / 4));
    for kind in ["weight", "bias"] {
        let name = format!("encoder.layers.{layer}.attention.module.{part}.{kind}");
        let array = weights.get_mut(&name).unwrap();
        for (place, value) in array.values.iter_mut().enumerate() {
            let gone = match (part, kind) {
                ("output", "weight") => within(place / 16),
                ("output", _) => false,
                _ => within(place % 16),
            };
            if gone {
                *value = 0.0;
            }
        }
    }
}

#[track_caller]
fn assert_same(a: &[f32], b: &[f32]) {
    assert_eq!(a.len(), b.len());
    for (a, b) in a.iter().zip(b) {
        assert!((a - b).abs() < 1e-5, "{a} {b}");
    }
}

/// In the library's layout a removed head equals one whose rows of W_o are 0.
#[test]
fn removed_heads_equal_silenced_ones() {
    let dense = Forecaster::init(&patchtst(PatchTstLayout::Library), 5, &Device::flex());
    let mut silenced = weights(&dense);
    silence(&mut silenced, 0, "output", &[1]);
    silence(&mut silenced, 2, "output", &[0, 3]);
    let silenced = dense.clone().with_weights(silenced).unwrap();
    let before = forecast(&dense);
    let pruned = apply(&removing(&[(0, &[1]), (2, &[0, 3])]), dense);
    assert_same(&forecast(&silenced), &forecast(&pruned));
    assert!(
        before
            .iter()
            .zip(forecast(&pruned))
            .any(|(a, b)| (a - b).abs() > 1e-4)
    );
}

/// In the authors' layout scores are passed from layer to layer, head by head: a removed head passes them on
/// unchanged, as does one with scores of 0 (W_q and its bias 0) and no output (rows of W_o 0). Different heads
/// are removed in consecutive layers.
#[test]
fn the_score_chain_passes_a_removed_head_by() {
    let structure = patchtst(PatchTstLayout::Authors);
    let cases: [&[(usize, &[usize])]; 4] = [
        &[(1, &[0, 2])],
        &[(0, &[1])],
        &[(0, &[0, 3]), (1, &[1])],
        &[(0, &[2]), (1, &[2, 3]), (2, &[0])],
    ];
    for case in cases {
        let dense = Forecaster::init(&structure, 6, &Device::flex());
        let mut silenced = weights(&dense);
        for (layer, heads) in case {
            silence(&mut silenced, *layer, "query", heads);
            silence(&mut silenced, *layer, "output", heads);
        }
        let silenced = dense.clone().with_weights(silenced).unwrap();
        let before = forecast(&dense);
        let pruned = apply(&removing(case), dense);
        assert_same(&forecast(&silenced), &forecast(&pruned));
        assert!(
            before
                .iter()
                .zip(forecast(&pruned))
                .any(|(a, b)| (a - b).abs() > 1e-4)
        );
    }
}

/// Scores → plan of heads → removal → file → the same forecasts from a model of the plan's structure.
#[test]
fn pruned_heads_reload_and_cost_what_the_structure_says() {
    for layout in [PatchTstLayout::Library, PatchTstLayout::Authors] {
        for granularity in [Granularity::Heads, Granularity::HeadsAtEqualMacs] {
            let structure = patchtst(layout);
            let dense = Forecaster::init(&structure, 7, &Device::flex());
            let scores = pollster::block_on(score_with(
                Scorer::Michel,
                &dense,
                &[sample()],
                &ScoringOptions::default(),
            ))
            .unwrap();
            let rule = PruneRule {
                ratio: 0.4,
                granularity,
                ..PruneRule::default()
            };
            let plan = Plan::decide("michel", scores, &rule, &structure).unwrap();
            let left = plan.apply_to(structure).unwrap();
            let pruned = apply(&plan, dense);
            // 0.4 of 12 heads is 4.8, and 0.4 of 3 modules is 1.2, or 4.8 heads. Both are rounded down to 4.
            let active: usize = left.attention.iter().map(|slot| slot.heads.len()).sum();
            assert_eq!(active, 8);

            let bytes = arrays_to_bytes(&weights(&pruned), None).unwrap();
            let reloaded = Forecaster::init(&left, 99, &Device::flex())
                .with_weights(arrays_from_bytes(&bytes).unwrap())
                .unwrap();
            assert_eq!(forecast(&pruned), forecast(&reloaded));
            let numbers: usize = weights(&pruned)
                .iter()
                .filter(|(name, _)| !name.contains("running"))
                .map(|(_, array)| array.values.len())
                .sum();
            assert_eq!(numbers as u64, left.cost().params);
        }
    }
}

/// Scoring a pruned model scores the modules and heads that it has.
#[test]
fn a_pruned_model_can_be_scored_again() {
    for layout in [PatchTstLayout::Library, PatchTstLayout::Authors] {
        let dense = Forecaster::init(&patchtst(layout), 8, &Device::flex());
        let pruned = apply(&removing(&[(1, &[0])]), dense);
        for scorer in Scorer::ALL {
            let mut options = ScoringOptions::default();
            options.gates.steps = 2;
            options.tuning.steps = 2;
            let scores =
                pollster::block_on(score_with(scorer, &pruned, &[sample()], &options)).unwrap();
            assert_eq!(scores.len(), LAYERS, "{scorer}");
            if scorer.scores_heads() {
                let heads: Vec<usize> = scores.iter().map(|score| score.heads.len()).collect();
                assert_eq!(heads, [4, 3, 4], "{scorer}");
            }
        }
    }
}
