//! The encoder's stages against their CPU references, the operations of `spat-cpu`, for random shapes, on a
//! software Vulkan device or the first GPU.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod gpu;

use burn::tensor::{Tensor, TensorData};
use gpu::device;
use proptest::prelude::*;
use spat_cpu::{
    Activation, AdamFactors, AdamParameter, AttentionShape, Connections, Dropout, Finish,
    MapOptions,
};
use spat_gpu::encoder::{self, Mask, ScanShape};
use spat_gpu::reference::{self, ScanInputs};
use spat_gpu::{Buffer, Gpu};

/// Largest error of a stage, relative to the largest value of its output.
const TOLERANCE: f32 = 1e-5;

fn close(gpu: &Buffer, cpu: &[f32], what: &str) {
    let gpu = values(gpu);
    assert_eq!(gpu.len(), cpu.len(), "{what}");
    let size = cpu.iter().map(|value| value.abs()).fold(1e-6, f32::max);
    for (place, (gpu, cpu)) in gpu.iter().zip(cpu).enumerate() {
        assert!(
            (gpu - cpu).abs() <= TOLERANCE * size,
            "{what}, value {place}: {gpu:e} on the GPU, {cpu:e} by the CPU reference"
        );
    }
}

fn values(buffer: &Buffer) -> Vec<f32> {
    let length = buffer.length();
    Tensor::<1>::from_primitive::<Gpu>(buffer.clone().tensor([length]))
        .into_data()
        .try_into_vec()
        .unwrap()
}

fn to_gpu(numbers: &[f32]) -> Buffer {
    let tensor = Tensor::<1>::from_data(
        TensorData::new(numbers.to_vec(), [numbers.len()]),
        &device(),
    );
    Buffer::of(tensor.try_into_primitive::<Gpu>().unwrap()).unwrap()
}

fn numbers(seed: u64, length: usize) -> Vec<f32> {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    (0..length)
        .map(|_| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (state >> 40) as f32 / (1u64 << 22) as f32 - 2.0
        })
        .collect()
}

/// Rows of queries, keys and values, concatenated per row.
fn side_by_side(parts: [&[f32]; 3], width: usize) -> Vec<f32> {
    let [query, key, value] = parts.map(|part| part.chunks(width));
    query
        .zip(key.zip(value))
        .flat_map(|(query, (key, value))| [query, key, value].concat())
        .collect()
}

fn dropouts() -> impl Strategy<Value = Option<Dropout>> {
    prop_oneof![
        Just(None),
        (any::<u64>(), 0.01..0.9_f64).prop_map(|(seed, share)| Some(Dropout::new(seed, share)))
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn products_equal_the_cpu(
        // Beyond 128 rows the sums over them are computed in parts.
        (rows, inputs, outputs) in (1_usize..400, 1_usize..50, 1_usize..50),
        by_four in any::<bool>(),
        with_bias in any::<bool>(),
        seed in any::<u64>(),
    ) {
        let four = if by_four { 4 } else { 1 };
        let (inputs, outputs) = (inputs * four, outputs * four);
        let what = format!("{rows} × {inputs} × {outputs}");
        let x = numbers(seed, rows * inputs);
        let weight = numbers(seed ^ 1, inputs * outputs);
        let bias = numbers(seed ^ 2, outputs);
        let gradient = numbers(seed ^ 3, rows * outputs);

        let bias = with_bias.then_some(&bias[..]);
        let plain = Finish::default();
        let cpu = spat_cpu::linear(&x, &weight, bias, inputs, plain, false).y;
        let [gpu_x, gpu_weight, gpu_gradient] = [&x, &weight, &gradient].map(|part| to_gpu(part));
        let gpu_bias = bias.map(to_gpu);
        let gpu = encoder::linear(&gpu_x, &gpu_weight, gpu_bias.as_ref(), inputs);
        close(&gpu, &cpu, &what);

        let cpu =
            spat_cpu::linear_backward(&x, &weight, None, &gradient, inputs, plain, true);
        let gpu = encoder::linear_backward(&gpu_x, &gpu_weight, &gpu_gradient, inputs, true);
        let cpu_x = cpu.x.unwrap();
        close(&gpu.x.unwrap(), &cpu_x, &format!("∂x {what}"));
        let alone = encoder::linear_backward_input(&gpu_weight, &gpu_gradient, inputs);
        close(&alone, &cpu_x, &format!("∂x alone {what}"));
        close(&gpu.weight, &cpu.weight, &format!("∂W {what}"));
        close(&gpu.bias, &cpu.bias, &format!("∂b {what}"));
    }

    #[test]
    fn values_equal_the_cpu(count in 1_usize..3_000, dropout in dropouts(), seed in any::<u64>()) {
        let x: Vec<f32> = numbers(seed, count).iter().map(|x| x * 2.5).collect();
        let gradient = numbers(seed ^ 1, count);
        let (gpu_x, gpu_gradient) = (to_gpu(&x), to_gpu(&gradient));
        // The layer whose weight is 1.
        let finish = Finish { activation: Some(Activation::Gelu), dropout };
        let gelu = spat_cpu::linear(&x, &[1.0], None, 1, finish, true);
        close(&encoder::gelu(&gpu_x, dropout), &gelu.y, "gelu");
        let of_gelu = spat_cpu::linear_backward(
            &x, &[1.0], gelu.before.as_deref(), &gradient, 1, finish, true,
        );
        close(
            &encoder::gelu_backward(&gpu_x, &gpu_gradient, dropout),
            &of_gelu.x.unwrap(),
            "gelu backward",
        );
        if let Some(dropout) = dropout {
            close(&encoder::drop_values(&gpu_x, dropout), &dropout.apply(&x), "dropout");
        }
    }

    #[test]
    fn norms_equal_the_cpu(
        (rows, width) in (1_usize..60, 2_usize..200),
        dropout in dropouts(),
        with_branch in any::<bool>(),
        seed in any::<u64>(),
    ) {
        let what = format!("{rows} × {width}");
        let parts = [0, 1, 2].map(|part| numbers(seed ^ part, rows * width));
        let [x, branch, gradient] = &parts;
        let [gamma, beta] = [3, 4].map(|part| numbers(seed ^ part, width));
        let [gpu_x, gpu_branch, gpu_gradient] = parts.each_ref().map(|part| to_gpu(part));
        let (gpu_gamma, gpu_beta) = (to_gpu(&gamma), to_gpu(&beta));
        let dropout = dropout.filter(|_| with_branch);

        let cpu = spat_cpu::add_norm(
            x, with_branch.then_some(&branch[..]), dropout, &gamma, &beta, 1e-5,
        );
        let gpu = encoder::add_norm(
            &gpu_x, with_branch.then_some(&gpu_branch), dropout, &gpu_gamma, &gpu_beta, 1e-5,
        );
        close(&gpu.output, &cpu.output, &what);

        // The input is the output of the CPU reference, so that a single stage is tested.
        let (normal, inverse) = (to_gpu(&cpu.normal), to_gpu(&cpu.inverse));
        let cpu = spat_cpu::add_norm_backward(&cpu, gradient, dropout, &gamma);
        let gpu = encoder::add_norm_backward(&normal, &inverse, &gpu_gradient, dropout, &gpu_gamma);
        close(&gpu.x, &cpu.x, &format!("∂x {what}"));
        prop_assert_eq!(gpu.branch.is_some(), cpu.branch.is_some());
        if let (Some(gpu), Some(cpu)) = (&gpu.branch, &cpu.branch) {
            close(gpu, cpu, &format!("∂branch {what}"));
        }
        close(&gpu.gamma, &cpu.gamma, &format!("∂γ {what}"));
        close(&gpu.beta, &cpu.beta, &format!("∂β {what}"));
    }

    #[test]
    fn attention_equals_the_cpu(
        (samples, tokens, heads, head_width) in (1_usize..5, 1_usize..40, 1_usize..5, 1_usize..20),
        mask in prop_oneof![Just(None), Just(Some(true)), Just(Some(false))],
        dropout in dropouts(),
        seed in any::<u64>(),
    ) {
        let shape = AttentionShape { samples, tokens, heads, head_width };
        let what = format!("{shape:?} {mask:?} {dropout:?}");
        let count = samples * tokens * heads * head_width;
        let parts = [0, 1, 2, 3].map(|part| numbers(seed ^ part, count));
        let [query, key, value, gradient] = &parts;
        let [gpu_query, gpu_key, gpu_value, gpu_gradient] = parts.each_ref().map(|part| to_gpu(part));
        let maps = heads * tokens * tokens;
        let mask_values = mask.map(|shared| {
            numbers(seed ^ 4, if shared { maps } else { samples * maps })
        });
        let connections = mask.zip(mask_values.as_ref()).map(|(shared, values)| {
            if shared { Connections::Shared(values) } else { Connections::PerSample(values) }
        });
        let gpu_mask = mask.zip(mask_values.as_ref()).map(|(shared, values)| {
            Mask { values: to_gpu(values), shared }
        });

        let width = heads * head_width;
        let projections = side_by_side([query, key, value], width);
        let options = MapOptions { connections, dropout, ..MapOptions::default() };
        let cpu = spat_cpu::attend(&projections, &shape, options);
        let gpu = encoder::attend(
            &gpu_query, &gpu_key, &gpu_value, &shape, gpu_mask.as_ref(), dropout,
        );
        close(&gpu.maps, &cpu.maps.values, &format!("maps {what}"));
        close(&gpu.context, &cpu.context, &what);

        let back = spat_cpu::attend_backward(&projections, &cpu.maps, gradient, &shape, options);
        let gpu_back = encoder::attend_backward(
            &gpu_query, &gpu_key, &gpu_value, &to_gpu(&cpu.maps.values), &gpu.kept, &gpu_gradient, &shape,
            gpu_mask.as_ref(), dropout,
        );
        let [of_query, of_key, of_value] =
            [&gpu_back.query, &gpu_back.key, &gpu_back.value].map(values);
        let of_projections = side_by_side([&of_query, &of_key, &of_value], width);
        close(&to_gpu(&of_projections), &back.projections, &format!("∂Q ∂K ∂V {what}"));
        prop_assert_eq!(gpu_back.connections.is_some(), back.connections.is_some());
        if let (Some(gpu), Some(cpu)) = (gpu_back.connections, back.connections) {
            // The GPU returns those of each sample for any mask.
            let of_samples = values(&gpu);
            let gpu = if mask == Some(true) {
                let mut sum = vec![0.0; maps];
                for sample in of_samples.chunks(maps) {
                    sum.iter_mut().zip(sample).for_each(|(sum, value)| *sum += value);
                }
                to_gpu(&sum)
            } else {
                gpu
            };
            close(&gpu, &cpu, &format!("S {what}"));
        }
    }

    #[test]
    fn scans_equal_the_cpu(
        // More than a workgroup's columns, than four states, and than a segment's tokens.
        (samples, tokens, width, states) in (1_usize..4, 1_usize..50, 1_usize..150, 1_usize..7),
        seed in any::<u64>(),
    ) {
        let shape = ScanShape { samples, tokens, width, states };
        let what = format!("{shape:?}");
        let rows = samples * tokens;
        let [values, gradient] = [0, 1].map(|part| numbers(seed ^ part, rows * width));
        // Also beyond 20.
        let steps: Vec<f32> = numbers(seed ^ 2, rows * width).iter().map(|x| x * 12.0).collect();
        let weights = numbers(seed ^ 3, rows * 2 * states);
        let mut parameters = numbers(seed ^ 4, (states + 1) * width);
        for decay in &mut parameters[..states * width] {
            *decay = -decay.exp();
        }
        let inputs = ScanInputs {
            values: &values, steps: &steps, weights: &weights, parameters: &parameters, shape,
        };
        let gpu = [&values, &steps, &weights, &parameters].map(|part| to_gpu(part));
        let [gpu_values, gpu_steps, gpu_weights, gpu_parameters] = &gpu;
        let y = encoder::scan_tokens(gpu_values, gpu_steps, gpu_weights, gpu_parameters, &shape);
        close(&y, &reference::scan_tokens(&inputs), &what);
        let of = encoder::scan_tokens_backward(
            &to_gpu(&gradient), gpu_values, gpu_steps, gpu_weights, gpu_parameters, &shape,
        ).unwrap();
        let [values, steps, weights, parameters] =
            reference::scan_tokens_backward(&inputs, &gradient);
        close(&of.values, &values, &format!("∂u {what}"));
        close(&of.steps, &steps, &format!("∂steps {what}"));
        close(&of.weights, &weights, &format!("∂B ∂C {what}"));
        close(&of.parameters, &parameters, &format!("∂A ∂D {what}"));
    }

    #[test]
    fn adam_equals_the_cpu(count in 1_usize..2_000, seed in any::<u64>()) {
        let factors = AdamFactors {
            beta_1: 0.9, beta_2: 0.999, rate: 1e-2, spread: 3.0, epsilon: 1e-8, keep: 0.99,
        };
        let [weight, gradient, mut first] = [0, 1, 2].map(|part| numbers(seed ^ part, count));
        let mut second: Vec<f32> = numbers(seed ^ 3, count).iter().map(|v| v * v).collect();
        let (gpu_first, gpu_second) = (to_gpu(&first), to_gpu(&second));
        let gpu = encoder::adam(
            &to_gpu(&weight), &to_gpu(&gradient), &gpu_first, &gpu_second, &factors,
        ).expect("the moments are not shared");
        let mut cpu = vec![0.0; count];
        let parameter = AdamParameter {
            updated: &mut cpu,
            weight: &weight,
            gradient: &gradient,
            first: &mut first,
            second: &mut second,
        };
        spat_cpu::adam(vec![parameter], &factors);
        close(&gpu, &cpu, "weights");
        close(&gpu_first, &first, "first moments");
        close(&gpu_second, &second, "second moments");
    }
}

/// Shared moments are unchanged.
#[test]
fn shared_moments_are_not_changed() {
    let factors = AdamFactors {
        beta_1: 0.9,
        beta_2: 0.999,
        rate: 1e-2,
        spread: 1.0,
        epsilon: 1e-8,
        keep: 1.0,
    };
    let [weight, gradient, first, second] = [0, 1, 2, 3].map(|part| to_gpu(&numbers(part, 10)));
    let other = first.clone();
    assert!(encoder::adam(&weight, &gradient, &first, &second, &factors).is_none());
    assert_eq!(values(&other), numbers(2, 10));
}

/// More tiles, rows and values than one axis of a dispatch allows.
#[test]
fn large_tensors_use_the_second_axis() {
    let dispatch = &encoder::linear_dispatches(40_000_000, 4, 8, true).forward;
    assert_eq!(dispatch.grid, [65_535, 2]);
    let count = 65_535 * 256 + 1_000;
    let x = numbers(5, count);
    let dropout = Dropout::new(1, 0.5);
    close(
        &encoder::drop_values(&to_gpu(&x), dropout),
        &dropout.apply(&x),
        "a long dropout",
    );
}
