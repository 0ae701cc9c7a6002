//! SEND against PyTorch in f64, against its definition, and on cases computed by hand.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::collections::BTreeMap;
use std::path::PathBuf;

use burn::tensor::{Device, Tensor, TensorData};
use proptest::prelude::*;
use safetensors::SafeTensors;
use spat_gpu::{RunningScores, ScoreReading};
use spat_model::{MapValues, read};
use spat_prune::{ScoreAccumulator, send, send_reference};
use spat_spec::{
    Accumulate, Deviation, ForecasterConfig, MaskShape, ModuleId, Scaling, SendOptions, Sign,
    header_entry,
};

fn tensor(values: &[f32], shape: [usize; 4]) -> Tensor<4> {
    Tensor::from_data(TensorData::new(values.to_vec(), shape), &Device::flex())
}

fn values<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    pollster::block_on(read(tensor)).unwrap()
}

fn all_options() -> Vec<(String, SendOptions)> {
    let mut all = Vec::new();
    for (mask_name, mask) in [
        ("shared", MaskShape::Shared),
        ("per_sample", MaskShape::PerSample),
    ] {
        for (sign_name, sign) in [("signed", Sign::Signed), ("abs", Sign::Absolute)] {
            for (deviation_name, deviation) in [
                ("population", Deviation::Population),
                ("unbiased", Deviation::Unbiased),
            ] {
                for (scaling_name, scaling) in [
                    ("none", Scaling::None),
                    ("sum_loss", Scaling::SumLoss),
                    ("standardise", Scaling::Standardise),
                    ("temperature", Scaling::Temperature(0.1)),
                ] {
                    let name =
                        format!("send.{mask_name}.{sign_name}.{deviation_name}.{scaling_name}");
                    let options = SendOptions {
                        mask,
                        sign,
                        deviation,
                        scaling,
                        ..SendOptions::default()
                    };
                    all.push((name, options));
                }
            }
        }
    }
    all
}

/// PyTorch computed the references in f64 from the same f32 sensitivities.
#[test]
fn every_option_equals_pytorch() {
    for model in [
        "itransformer",
        "patchtst",
        "patchtst_official",
        "crossformer",
        "transformer",
        "autoformer",
        "gpt4ts",
        "informer",
        "time_llm",
    ] {
        let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
            .join(format!("../../tests/references/{model}.safetensors"));
        let bytes = std::fs::read(path).unwrap();
        let file = SafeTensors::deserialize(&bytes).unwrap();
        let config = header_entry(&bytes, "config").unwrap().unwrap();
        let config: ForecasterConfig = serde_json::from_str(&config).unwrap();
        let maps: Vec<_> = config
            .sites()
            .into_iter()
            .flat_map(|site| site.maps)
            .collect();
        let f32s = |name: &str| -> (Vec<f32>, Vec<usize>) {
            let view = file.tensor(name).unwrap();
            let values = view
                .data()
                .chunks_exact(4)
                .map(|b| f32::from_le_bytes(b.try_into().unwrap()))
                .collect();
            (values, view.shape().to_vec())
        };
        let forecast_values = f32s("output.forecast").0.len();
        for (name, options) in all_options() {
            let view = file.tensor(&name).unwrap();
            let heads = view.shape()[1];
            let expected: Vec<f64> = view
                .data()
                .chunks_exact(8)
                .map(|b| f64::from_le_bytes(b.try_into().unwrap()))
                .collect();
            for (layer, expected) in expected.chunks_exact(heads).enumerate() {
                let kind = name.split('.').nth(1).unwrap();
                let (sensitivity, shape) = f32s(&format!("sensitivity.{kind}.{layer}"));
                let shape: Vec<usize> = std::iter::repeat_n(1, 4 - shape.len())
                    .chain(shape)
                    .collect();
                let shape = [shape[0], shape[1], shape[2], shape[3]];
                let causal = maps[layer].causal;

                let ours = values(send(
                    MapValues {
                        values: tensor(&sensitivity, shape),
                        causal,
                    },
                    forecast_values,
                    &options,
                ));
                for (ours, expected) in ours.iter().zip(expected) {
                    let error = (f64::from(*ours) / expected - 1.0).abs();
                    assert!(
                        error < 1e-4,
                        "{model} {name} layer {layer}: {ours:e}, PyTorch {expected:e}"
                    );
                }

                // The reduction that a run uses, as well as the plain form.
                let running = RunningScores::new(shape[1], &Device::flex())
                    .with_causal_rows(causal)
                    .with(tensor(&sensitivity, shape), forecast_values, &options, 1.0);
                let reading = ScoreReading::from_state(&values(running.state()));
                for (ours, expected) in reading.means.iter().zip(expected) {
                    let error = (f64::from(*ours) / expected - 1.0).abs();
                    assert!(
                        error < 1e-4,
                        "{model} {name} layer {layer}, reduced: {ours:e}, PyTorch {expected:e}"
                    );
                }

                let wide: Vec<f64> = sensitivity.iter().map(|&value| f64::from(value)).collect();
                let ours = send_reference(&wide, shape, causal, forecast_values, &options);
                for (ours, expected) in ours.iter().zip(expected) {
                    // For tiny S the definition loses digits even in f64; six remain here.
                    assert!(
                        (ours / expected - 1.0).abs() < 1e-6,
                        "{model} {name} reference: {ours:e} {expected:e}"
                    );
                }
            }
        }
    }
}

/// One row of two keys with S = (ln 3, 0): softmax (3/4, 1/4), population deviation 1/4.
#[test]
fn a_row_worked_by_hand() {
    let options = SendOptions {
        scaling: Scaling::None,
        ..SendOptions::default()
    };
    let row = tensor(&[3.0_f32.ln(), 0.0], [1, 1, 1, 2]);
    assert!((values(send(row.clone(), 1, &options))[0] - 0.25).abs() < 1e-6);
    let unbiased = SendOptions {
        deviation: Deviation::Unbiased,
        ..options
    };
    assert!((values(send(row, 1, &unbiased))[0] - 0.25 * 2.0_f32.sqrt()).abs() < 1e-6);
}

#[test]
fn equal_sensitivities_have_no_dispersion() {
    for (name, options) in all_options() {
        let row = tensor(&[0.25; 12], [1, 2, 2, 3]);
        assert_eq!(values(send(row, 7, &options)), [0.0, 0.0], "{name}");
        let zeros = tensor(&[0.0; 12], [1, 2, 2, 3]);
        assert_eq!(values(send(zeros, 7, &options)), [0.0, 0.0], "{name}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Sensitivities as small as those of a mean loss agree with f64.
    #[test]
    fn tiny_sensitivities_lose_no_digits(
        entries in prop::collection::vec(-1.0_f32..1.0, 2 * 3 * 4 * 5),
        exponent in -9_i32..1,
    ) {
        let shape = [2, 3, 4, 5];
        let scale = 10.0_f32.powi(exponent);
        let entries: Vec<f32> = entries.iter().map(|value| value * scale).collect();
        let wide: Vec<f64> = entries.iter().map(|&value| f64::from(value)).collect();
        for (name, options) in all_options() {
            let ours = values(send(tensor(&entries, shape), 11, &options));
            let exact = exact(&wide, shape, &options);
            for (ours, exact) in ours.iter().zip(exact) {
                prop_assert!((f64::from(*ours) - exact).abs() <= 2e-5 * exact, "{name}: {ours:e} {exact:e}");
            }
        }
    }
}

/// The definition without cancellation in f64: deviations of expm1.
fn exact(
    entries: &[f64],
    [batch, heads, queries, keys]: [usize; 4],
    options: &SendOptions,
) -> Vec<f64> {
    let signed: Vec<f64> = entries
        .iter()
        .map(|s| {
            if options.sign == Sign::Absolute {
                s.abs()
            } else {
                *s
            }
        })
        .collect();
    let mean = signed.iter().sum::<f64>() / signed.len() as f64;
    let deviation =
        (signed.iter().map(|s| (s - mean).powi(2)).sum::<f64>() / signed.len() as f64).sqrt();
    let divisor = match options.scaling {
        Scaling::None => 1.0,
        Scaling::SumLoss => 1.0 / 11.0,
        Scaling::Temperature(t) => t,
        Scaling::Standardise => deviation,
    };
    let mut per_head = vec![0.0; heads];
    for (number, row) in signed.chunks_exact(keys).enumerate() {
        let mean = row.iter().sum::<f64>() / keys as f64;
        let d: Vec<f64> = row
            .iter()
            .map(|s| ((s - mean) / divisor).exp_m1())
            .collect();
        let total: f64 = d.iter().sum();
        let squares: f64 = d.iter().map(|d| (d - total / keys as f64).powi(2)).sum();
        let count = if options.deviation == Deviation::Population {
            keys
        } else {
            keys - 1
        };
        per_head[number / queries % heads] +=
            (squares / count as f64).sqrt() / (keys as f64 + total);
    }
    per_head
        .iter()
        .map(|sum| sum / (batch * queries) as f64)
        .collect()
}

fn module_values(accumulator: &ScoreAccumulator) -> (f64, f64, u64) {
    let scores = pollster::block_on(accumulator.scores(&[&ModuleId::encoder(0)])).unwrap();
    (scores[0].value, scores[0].spread, scores[0].batches)
}

/// Three batches whose scores are known from `send`.
#[test]
fn batches_accumulate_as_the_option_specifies() {
    let rows = [[3.0_f32.ln(), 0.0], [0.0, 0.0], [9.0_f32.ln(), 0.0]];
    let scores = [0.25, 0.0, 0.4];
    let run = |accumulate| {
        let options = SendOptions {
            scaling: Scaling::None,
            accumulate,
            ..SendOptions::default()
        };
        let mut accumulator = ScoreAccumulator::new(options);
        for (batch, row) in rows.iter().enumerate() {
            if batch == 1 {
                accumulator.start_epoch();
            }
            accumulator.add(
                BTreeMap::from([(ModuleId::encoder(0), tensor(row, [1, 1, 1, 2]))]),
                1,
            );
        }
        module_values(&accumulator)
    };
    let mean = scores.iter().sum::<f64>() / 3.0;
    let spread = (scores
        .iter()
        .map(|score| (score - mean).powi(2))
        .sum::<f64>()
        / 3.0)
        .sqrt();
    let close = |a: f64, b: f64| (a - b).abs() < 1e-6;

    let (value, deviation, batches) = run(Accumulate::Mean);
    assert!(close(value, mean) && close(deviation, spread) && batches == 3);
    let (value, deviation, _) = run(Accumulate::Sum);
    assert!(close(value, 0.65) && close(deviation, 3.0 * spread));
    assert!(close(run(Accumulate::LastEpoch).0, 0.2));
    // The weight of the newest is 1/2: 1/4, 1/4, 1/2.
    let (value, deviation, _) = run(Accumulate::Ema(0.5));
    let moving = 0.25 * 0.25 + 0.5 * 0.4;
    let weights = [0.25, 0.25, 0.5];
    let variance = scores
        .iter()
        .zip(weights)
        .map(|(score, weight)| weight * (score - moving).powi(2))
        .sum::<f64>();
    assert!(close(value, moving) && close(deviation, variance.sqrt()));
}

#[test]
fn an_accumulator_goes_on_from_its_state() {
    let options = SendOptions::default();
    let batch = |seed: usize| {
        let entries: Vec<f32> = (0..24)
            .map(|i| ((i * 7 + seed * 13) % 17) as f32 * 1e-6)
            .collect();
        BTreeMap::from([(ModuleId::encoder(0), tensor(&entries, [1, 2, 3, 4]))])
    };
    let mut whole = ScoreAccumulator::new(options);
    (0..5).for_each(|seed| whole.add(batch(seed), 6));
    let mut half = ScoreAccumulator::new(options);
    (0..2).for_each(|seed| half.add(batch(seed), 6));
    let state = pollster::block_on(half.state()).unwrap();
    let mut resumed = ScoreAccumulator::with_state(options, state, &Device::flex());
    (2..5).for_each(|seed| resumed.add(batch(seed), 6));
    assert_eq!(module_values(&whole), module_values(&resumed));
}

/// Rows of ±1 have the standard deviation 1 and the dispersion tanh(1) / keys, so that rows of half the
/// length count half. The module of two maps has the mean of theirs.
#[test]
fn maps_of_other_row_lengths_share_a_scale() {
    let routed = ModuleId::new("encoder", 0, "channel_attention");
    let other = ModuleId::new("encoder", 0, "time_attention");
    let row = |keys: usize| {
        let values: Vec<f32> = (0..keys).map(|key| [1.0, -1.0][key % 2]).collect();
        tensor(&values, [1, 1, 1, keys])
    };
    let scores = |scaling| {
        let options = SendOptions {
            scaling,
            ..SendOptions::default()
        };
        let mut accumulator = ScoreAccumulator::new(options);
        let maps = [
            (routed.map("receiver"), row(2)),
            (routed.map("sender"), row(4)),
            (other.clone(), row(8)),
        ];
        accumulator.add(BTreeMap::from(maps), 1);
        let scores = pollster::block_on(accumulator.scores(&[&other, &routed])).unwrap();
        let modules: Vec<_> = scores.iter().map(|score| score.module.clone()).collect();
        assert_eq!(modules, [other.clone(), routed.clone()]);
        assert!(scores.iter().all(|score| score.heads == [score.value]));
        [scores[0].value, scores[1].value]
    };
    let unit = 1.0_f64.tanh();
    let close = |found: [f64; 2], expected: [f64; 2]| {
        let mut pairs = found.into_iter().zip(expected);
        assert!(
            pairs.all(|(a, b)| (a - b).abs() < 1e-6),
            "{found:?} {expected:?}"
        );
    };
    close(scores(Scaling::Standardise), [unit / 8.0, unit / 8.0]);
    close(scores(Scaling::None), [unit / 8.0, unit * 3.0 / 8.0]);
}

/// Rows of one, two and three keys: the first is left out, and what lies after the diagonal is ignored.
#[test]
fn rows_of_a_causal_map_have_the_keys_up_to_their_own() {
    let later = 7.0;
    let rows = [
        [5.0, later, later],
        [3.0_f32.ln(), 0.0, later],
        [0.0, 8.0_f32.ln(), 0.0],
    ]
    .concat();
    let causal = MapValues {
        values: tensor(&rows, [1, 1, 3, 3]),
        causal: true,
    };
    // softmax (3/4, 1/4), and (1/10, 8/10, 1/10).
    let deviations = [0.25, 0.7 * 2.0_f64.sqrt() / 3.0];
    let options = SendOptions {
        scaling: Scaling::None,
        ..SendOptions::default()
    };
    let mean = (deviations[0] + deviations[1]) / 2.0;
    let mut accumulator = ScoreAccumulator::new(options);
    accumulator.add(BTreeMap::from([(ModuleId::encoder(0), causal.clone())]), 1);
    assert!((module_values(&accumulator).0 - mean).abs() < 1e-6);

    let zeroed = MapValues {
        values: causal.values.tril(0),
        causal: true,
    };
    for (name, options) in all_options() {
        let plain = f64::from(values(send(zeroed.clone(), 1, &options))[0]);
        let wide: Vec<f64> = rows.iter().map(|&value| f64::from(value)).collect();
        let exact = send_reference(&wide, [1, 1, 3, 3], true, 1, &options)[0];
        let mut accumulator = ScoreAccumulator::new(options);
        accumulator.add(BTreeMap::from([(ModuleId::encoder(0), zeroed.clone())]), 1);
        let reduced = module_values(&accumulator).0;
        for ours in [plain, reduced] {
            assert!((ours / exact - 1.0).abs() < 1e-4, "{name}: {ours} {exact}");
        }
    }
}
