//! Every shader against its CPU reference, on a software Vulkan device or the first GPU.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod gpu;

use burn::tensor::{Device, Tensor, TensorData};
use gpu::device;
use proptest::prelude::*;
use spat_gpu::{
    RunningScores, ScoreReading, Stage, Task, attention_entropy, average_maps, reference, run_stage,
};
use spat_spec::{Accumulate, Deviation, Scaling, SendOptions, Sign};

/// Largest relative error of a shader against its CPU reference.
const TOLERANCE: f32 = 1e-5;

fn close(gpu: &[f32], cpu: &[f32], what: &str) {
    close_beside(gpu, cpu, cpu, what);
}

/// Like [`close`], for values that are differences of numbers of the magnitude `scale` and have lost digits
/// to cancellation.
fn close_beside(gpu: &[f32], cpu: &[f32], scale: &[f32], what: &str) {
    assert_eq!(gpu.len(), cpu.len(), "{what}");
    for (place, ((gpu, cpu), scale)) in gpu.iter().zip(cpu).zip(scale).enumerate() {
        let error = (gpu - cpu).abs();
        assert!(
            error <= TOLERANCE * cpu.abs().max(scale.abs()) + f32::MIN_POSITIVE,
            "{what}, value {place}: {gpu:e} on the GPU, {cpu:e} by the CPU reference"
        );
    }
}

fn values<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.into_data().try_into_vec().unwrap()
}

fn flat(numbers: &[f32]) -> Tensor<1> {
    Tensor::from_data(
        TensorData::new(numbers.to_vec(), [numbers.len()]),
        &device(),
    )
}

/// Numbers like sensitivities: of both signs and one magnitude, with a few outliers.
fn sensitivities(seed: u64, length: usize, magnitude: f32) -> Vec<f32> {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    (0..length)
        .map(|_| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            let uniform = (state >> 40) as f32 / (1u64 << 23) as f32 - 1.0;
            let burst = if state.is_multiple_of(61) { 4.0 } else { 1.0 };
            uniform * burst * magnitude
        })
        .collect()
}

/// Rows of attention: positive, each of sum 1.
fn attention(seed: u64, [batch, heads, queries, keys]: [usize; 4]) -> Vec<f32> {
    let mut map = sensitivities(seed, batch * heads * queries * keys, 3.0);
    for row in map.chunks_mut(keys) {
        row.iter_mut().for_each(|value| *value = value.exp());
        let total: f32 = row.iter().sum();
        row.iter_mut().for_each(|value| *value /= total);
    }
    map
}

fn options() -> impl Strategy<Value = SendOptions> {
    let signs = prop_oneof![Just(Sign::Signed), Just(Sign::Absolute)];
    let deviations = prop_oneof![Just(Deviation::Population), Just(Deviation::Unbiased)];
    let scalings = prop_oneof![
        Just(Scaling::None),
        Just(Scaling::SumLoss),
        Just(Scaling::Standardise),
        Just(Scaling::Temperature(0.1)),
    ];
    let accumulations = prop_oneof![Just(Accumulate::Mean), Just(Accumulate::Ema(0.3))];
    (signs, deviations, scalings, accumulations).prop_map(
        |(sign, deviation, scaling, accumulate)| SendOptions {
            sign,
            deviation,
            scaling,
            accumulate,
            ..SendOptions::default()
        },
    )
}

/// Small tensors, including rows of one value and rows longer than a workgroup.
fn shapes() -> impl Strategy<Value = [usize; 4]> {
    let keys = prop_oneof![1_usize..40, 200_usize..700, Just(1), Just(1_500)];
    (1_usize..5, 1_usize..9, 1_usize..30, keys)
        .prop_map(|(batch, heads, queries, keys)| [batch, heads, queries, keys])
}

/// Tests each stage of one module and batch separately, with inputs from the CPU reference of the previous
/// stage.
fn stages_agree(shape: [usize; 4], causal: bool, numbers: &[f32], options: &SendOptions) {
    let task = Task::dispersion(shape, 77, options).with_causal_rows(causal);
    let what = format!("{shape:?} {causal} {options:?}");

    let partials = reference::measure_spread(numbers, &task);
    let mut words: Vec<f32> = partials
        .iter()
        .flat_map(|part| [part.count, part.scale, part.mean, part.squares])
        .collect();
    if !partials.is_empty() {
        let gpu = run_stage(
            Stage::MeasureSpread,
            vec![flat(numbers)],
            words.len(),
            &task.spread(),
        )
        .unwrap();
        for (gpu, cpu) in values(gpu).chunks(4).zip(words.chunks(4)) {
            // The mean is in units of the largest value, and may be close to 0.
            close(&[gpu[0], gpu[1], gpu[3]], &[cpu[0], cpu[1], cpu[3]], &what);
            assert!(
                (gpu[2] - cpu[2]).abs() <= TOLERANCE,
                "{what}: {gpu:?} {cpu:?}"
            );
        }
    }
    words.resize(words.len().max(4), 0.0);

    let sums = reference::disperse_rows(numbers, &partials, &task);
    let cpu: Vec<f32> = sums.iter().copied().flatten().collect();
    let gpu = run_stage(
        Stage::DisperseRows,
        vec![flat(numbers), flat(&words)],
        cpu.len(),
        &task,
    )
    .unwrap();
    close(&values(gpu), &cpu, &format!("disperse_rows {what}"));

    let before: Vec<f32> = (0..2 + 2 * (shape[1] + 1))
        .map(|place| place as f32 * 0.01)
        .collect();
    let after = reference::accumulate_scores(&sums, &before, &task.accumulation());
    let gpu = run_stage(
        Stage::AccumulateScores,
        vec![flat(&cpu), flat(&before)],
        after.len(),
        &task.accumulation(),
    )
    .unwrap();
    let what = format!("accumulate_scores {what}");
    close_beside(&values(gpu), &after, &before, &what);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn stages_agree_with_the_reference(
        shape in shapes(),
        options in options(),
        exponent in -9_i32..2,
        seed in any::<u64>(),
        causal in any::<bool>(),
    ) {
        let length = shape.iter().product();
        let numbers = sensitivities(seed, length, 10.0_f32.powi(exponent));
        stages_agree(shape, causal, &numbers, &options);
    }

    #[test]
    fn scores_over_batches_equal_the_cpu(
        shape in shapes(),
        options in options(),
        exponent in -9_i32..2,
        seed in any::<u64>(),
        causal in any::<bool>(),
    ) {
        let length = shape.iter().product();
        let [gpu, cpu] = [device(), Device::flex()].map(|device| {
            let mut running = RunningScores::new(shape[1], &device).with_causal_rows(causal);
            for batch in 0..3 {
                let numbers = sensitivities(seed ^ batch, length, 10.0_f32.powi(exponent));
                let maps = Tensor::<4>::from_data(TensorData::new(numbers, shape), &device);
                running = running.with(maps, 77, &options, 0.75);
            }
            ScoreReading::from_state(&values(running.state()))
        });
        close(&gpu.means, &cpu.means, &format!("{shape:?} {options:?}"));
        prop_assert_eq!((gpu.batches, gpu.not_finite), (3, 0));
        // Squares of differences between batches are as exact as the differences.
        for ((gpu, cpu), mean) in gpu.squares.iter().zip(&cpu.squares).zip(&cpu.means) {
            prop_assert!((gpu.sqrt() - cpu.sqrt()).abs() <= 4.0 * TOLERANCE * mean.abs());
        }
    }

    #[test]
    fn entropies_and_mean_maps_equal_the_cpu(
        shape in shapes(),
        seed in any::<u64>(),
        causal in any::<bool>(),
    ) {
        let numbers = attention(seed, shape);
        let [gpu, cpu] = [device(), Device::flex()].map(|device| {
            let map = Tensor::<4>::from_data(TensorData::new(numbers.clone(), shape), &device);
            (values(attention_entropy(map.clone(), causal)), values(average_maps(map)))
        });
        // A row of one key has the entropy 1 · ln 1 = 0, up to the rounding of ln.
        for (gpu, cpu) in gpu.0.iter().zip(&cpu.0) {
            prop_assert!((gpu - cpu).abs() <= TOLERANCE * cpu.abs().max(0.1), "{gpu} {cpu}");
        }
        close(&gpu.1, &cpu.1, &format!("average_maps {shape:?}"));
    }
}

/// Rows longer than every workgroup buffer, and more workgroups than one axis of a dispatch allows.
#[test]
fn long_rows_and_many_rows_agree() {
    let options = SendOptions::default();
    for shape in [
        [1, 2, 3, 8_192],
        [530_000, 1, 1, 2],
        [1, 1, 40_000, 2],
        [1, 300, 2, 5],
    ] {
        let numbers = sensitivities(9, shape.iter().product(), 1e-5);
        for causal in [false, true] {
            stages_agree(shape, causal, &numbers, &options);
        }
    }
    // One block per workgroup, as a device with more work would have.
    let shape = [70_000, 1, 33, 2];
    let task = Task {
        turns: 1,
        groups: 70_000,
        groups_x: 65_535,
        ..Task::rows(shape)
    };
    assert_eq!((task.share, task.grid()), (64, [65_535, 2]));
    let numbers = sensitivities(9, shape.iter().product(), 1.0);
    let cpu: Vec<f32> = reference::disperse_rows(&numbers, &[], &task).concat();
    let inputs = vec![flat(&numbers), flat(&[0.0; 4])];
    let gpu = run_stage(Stage::DisperseRows, inputs, cpu.len(), &task).unwrap();
    close(&values(gpu), &cpu, "a grid of two axes");
}

/// One softmax row with a single key that outweighs all others, far beyond f32's exponent range.
#[test]
fn a_peaked_row_does_not_overflow() {
    let mut numbers = vec![0.0; 512];
    numbers[300] = 1.0;
    let options = SendOptions {
        scaling: Scaling::Temperature(1e-3),
        ..SendOptions::default()
    };
    for device in [device(), Device::flex()] {
        let map = Tensor::<4>::from_data(TensorData::new(numbers.clone(), [1, 1, 1, 512]), &device);
        let running = RunningScores::new(1, &device).with(map, 1, &options, 1.0);
        let score = ScoreReading::from_state(&values(running.state())).means[1];
        // softmax = (1, 0, …, 0): variance 1/L − 1/L².
        let exact = (1.0_f32 / 512.0 - 1.0 / (512.0 * 512.0)).sqrt();
        assert!((score / exact - 1.0).abs() < TOLERANCE, "{score} {exact}");
    }
}

/// Both devices count non-finite values and exclude them from the scores.
#[test]
fn nan_and_infinity_are_counted_and_skipped() {
    let shape = [2, 2, 3, 70];
    let mut numbers = sensitivities(3, 2 * 2 * 3 * 70, 1e-4);
    numbers[5] = f32::NAN;
    numbers[200] = f32::INFINITY;
    numbers[839] = f32::NEG_INFINITY;
    for options in [
        SendOptions::default(),
        SendOptions {
            scaling: Scaling::None,
            sign: Sign::Absolute,
            ..SendOptions::default()
        },
    ] {
        let [gpu, cpu] = [device(), Device::flex()].map(|device| {
            let map = Tensor::<4>::from_data(TensorData::new(numbers.clone(), shape), &device);
            let running = RunningScores::new(2, &device)
                .with(map.clone(), 1, &options, 1.0)
                .with(map, 1, &options, 1.0);
            ScoreReading::from_state(&values(running.state()))
        });
        assert_eq!((gpu.not_finite, cpu.not_finite), (6, 6));
        close(&gpu.means, &cpu.means, "with non-finite values");
        assert!(cpu.means.iter().all(|mean| mean.is_finite() && *mean > 0.0));
    }
}

/// The entropy of a head with NaN is NaN, not that of a head with a single key.
#[test]
fn nan_attention_has_nan_entropy() {
    let mut numbers = vec![0.25; 2 * 2 * 3 * 4];
    for device in [device(), Device::flex()] {
        let entropy = |numbers: &[f32]| {
            let data = TensorData::new(numbers.to_vec(), [2, 2, 3, 4]);
            values(attention_entropy(Tensor::from_data(data, &device), false))
        };
        numbers[17] = 0.25;
        close(&entropy(&numbers), &[4.0_f32.ln(); 2], "uniform attention");
        numbers[17] = f32::NAN;
        assert!(entropy(&numbers).iter().all(|head| head.is_nan()));
    }
}

/// Sensitivities too small for a reciprocal score 0, not NaN.
#[test]
fn the_smallest_sensitivities_score_zero() {
    let numbers: Vec<f32> = (0..24_u32).map(f32::from_bits).collect();
    for device in [device(), Device::flex()] {
        let data = TensorData::new(numbers.clone(), [1, 2, 3, 4]);
        let running = RunningScores::new(2, &device).with(
            Tensor::<4>::from_data(data, &device),
            1,
            &SendOptions::default(),
            1.0,
        );
        let reading = ScoreReading::from_state(&values(running.state()));
        assert_eq!(reading.not_finite, 0);
        assert_eq!(reading.means, [0.0; 3]);
    }
}

/// Over thousands of batches, the running mean and spread agree with those in f64.
#[test]
fn thousands_of_batches_do_not_drift() {
    let task = Task::rows([1, 1, 1, 4]).accumulation();
    let mut state = flat(&[0.0; 6]);
    let (mut exact, mut squares) = (0.0_f64, 0.0_f64);
    let batches = 4_000;
    for batch in 0..batches {
        let value = 0.05 + 0.01 * ((batch * 37 % 101) as f32 / 101.0);
        state = run_stage(
            Stage::AccumulateScores,
            vec![flat(&[value, 0.0]), state],
            6,
            &task,
        )
        .unwrap();
        let from_before = f64::from(value) - exact;
        exact += from_before / f64::from(batch + 1);
        squares += from_before * (f64::from(value) - exact);
    }
    let reading = ScoreReading::from_state(&values(state));
    assert_eq!(reading.batches, batches as u64);
    assert!((f64::from(reading.means[0]) / exact - 1.0).abs() < 1e-5);
    assert!((f64::from(reading.squares[0]) / squares - 1.0).abs() < 1e-4);
}
