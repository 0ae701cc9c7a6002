//! Compares every GPU operation with the CPU operation: outputs and gradients. CPU operations are compared
//! with finite differences in `spat-cpu` and with Burn's operations in `operations/parity.rs`.
#![allow(clippy::unwrap_used)]

use burn::module::{Param, ParamId};
use burn::nn::{LayerNorm, LayerNormConfig, Linear};
use burn::tensor::{Device, DeviceKind, DeviceType, Distribution, Tensor, TensorData};
use spat_cpu::{Activation, AttentionShape, Dropout, Finish};

use super::super::linear::on_cpu;
use crate::operations::{
    Attention, Pattern, StateSpace, add_norm, attend, dropout, linear_add_norm, mean_squared_error,
    state_space, tokens,
};

/// A software adapter, so that results are the same on every machine; otherwise the first adapter.
fn gpu() -> Device {
    let software = Device::wgpu(DeviceKind::Cpu);
    let adapters = Device::enumerate(DeviceType::Wgpu).into_vec();
    let found = adapters.iter().find(|&adapter| *adapter == software);
    found.or(adapters.first()).unwrap().clone()
}

fn random<const D: usize>(shape: [usize; D]) -> Tensor<D> {
    Tensor::random(shape, Distribution::Normal(0.0, 1.0), &Device::flex())
}

fn numbers<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.into_data().try_into_vec().unwrap()
}

fn moved<const D: usize>(tensor: &Tensor<D>, device: &Device) -> Tensor<D> {
    Tensor::from_data(tensor.to_data(), device)
}

/// The output of `f` and the gradients of its inputs under a weighted sum, on both devices.
fn agree<const D: usize, const E: usize>(
    what: &str,
    inputs: &[Tensor<D>],
    f: impl Fn(&[Tensor<D>]) -> Tensor<E>,
) {
    let weights = random(f(inputs).dims());
    let [gpu, cpu] = [gpu(), Device::flex()].map(|device| {
        let device = device.autodiff();
        let there: Vec<Tensor<D>> = inputs
            .iter()
            .map(|input| moved(input, &device).require_grad())
            .collect();
        let output = f(&there);
        let gradients = (output.clone() * moved(&weights, &device)).sum().backward();
        let mut values = vec![numbers(output)];
        values.extend(
            there
                .iter()
                .map(|input| numbers(input.grad(&gradients).unwrap())),
        );
        values
    });
    let largest = |values: &[f32]| values.iter().map(|value| value.abs()).fold(0.0, f32::max);
    // Some gradients are sums that cancel to 0 up to rounding, such as that of the keys' bias; their
    // tolerance is relative to the largest gradient. So may an output of few numbers, of terms that are about 1.
    let gradients = cpu[1..].iter().map(|of| largest(of)).fold(0.0, f32::max);
    for (number, (gpu, cpu)) in gpu.iter().zip(&cpu).enumerate() {
        let size = largest(cpu).max(if number == 0 { 0.1 } else { 0.1 * gradients });
        assert_eq!(gpu.len(), cpu.len(), "{what}, {number}");
        for (place, (gpu, cpu)) in gpu.iter().zip(cpu).enumerate() {
            assert!(
                (gpu - cpu).abs() <= 1e-5 * size,
                "{what}: {gpu} against {cpu} at {place} of {number} (0 is the output)"
            );
        }
    }
}

/// A parameter that is part of a graph.
fn of<const D: usize>(tensor: Tensor<D>) -> Param<Tensor<D>> {
    Param::initialized(ParamId::new(), tensor)
}

fn layer(weight: &Tensor<2>, bias: &Tensor<2>) -> Linear {
    let outputs = bias.dims()[1];
    Linear {
        weight: of(weight.clone()),
        bias: Some(of(bias.clone().reshape([outputs]))),
    }
}

/// Includes GELU and dropout: Burn's own backward pass of GELU on a GPU is that of the tanh approximation.
#[test]
fn linear_agrees() {
    for (rows, inputs, outputs) in [
        (1, 1, 1),
        (7, 5, 3),
        (352, 96, 256),
        (2, 300, 1),
        (9, 12, 6),
        (23, 8, 20),
    ] {
        for activation in [
            None,
            Some(Activation::Gelu),
            Some(Activation::LeakyRelu { slope: 0.1 }),
        ] {
            // Of many sums some are so close to 0 that rounding decides on which side of the kink they are.
            let has_kink = matches!(activation, Some(Activation::LeakyRelu { .. }));
            if has_kink && rows * outputs > 1000 {
                continue;
            }
            for dropout in [None, Some(Dropout::new(3, 0.3))] {
                let finish = Finish {
                    activation,
                    dropout,
                };
                let there = |x: &Tensor<2>, weight: &Tensor<2>, bias: Option<&Tensor<1>>| {
                    on_cpu(x, weight, bias, finish)
                        .or_else(|| super::linear(x, weight, bias, finish))
                        .unwrap()
                };
                let (x, weight) = (
                    random([rows, inputs]),
                    random([inputs, outputs]) / (inputs as f32).sqrt(),
                );
                agree(
                    "linear",
                    &[x.clone(), weight.clone(), random([1, outputs])],
                    |parts| {
                        let bias = parts[2].clone().reshape([outputs]);
                        there(&parts[0], &parts[1], Some(&bias))
                    },
                );
                agree("linear without a bias", &[x, weight], |parts| {
                    there(&parts[0], &parts[1], None)
                });
            }
        }
    }
}

#[test]
fn dropout_agrees() {
    for shape in [[1, 1], [33, 7], [128, 400]] {
        agree("dropout", &[random(shape)], |parts| {
            dropout(parts[0].clone(), Some(Dropout::new(3, 0.3)))
        });
    }
}

fn norm_of(width: usize, device: &Device) -> LayerNorm {
    LayerNormConfig::new(width).init(device)
}

#[test]
fn add_norm_agrees() {
    for drop in [
        None,
        Some(Dropout::new(5, 0.2)),
        Some(Dropout::new(5, 1e-12)),
    ] {
        for [rows, width] in [[1, 5], [33, 7], [352, 256]] {
            agree(
                "add and norm",
                &[random([rows, width]), random([rows, width])],
                |parts| {
                    let norm = norm_of(width, &parts[0].device());
                    add_norm(parts[0].clone(), Some(parts[1].clone()), drop, &norm)
                },
            );
            agree(
                "linear, add and norm",
                &[random([rows, width]), random([rows, width])],
                |parts| {
                    let device = parts[0].device();
                    let weight = (0..width * width).map(|place| (place * 29 % 83) as f32 * 0.01);
                    let weight = TensorData::new(weight.collect::<Vec<f32>>(), [width, width]);
                    let bias = Tensor::<2>::ones([1, width], &device);
                    let layer_of = layer(&Tensor::from_data(weight, &device), &bias);
                    let (x, z) = (parts[0].clone(), parts[1].clone());
                    linear_add_norm(&layer_of, x, z, drop, &norm_of(width, &device))
                },
            );
            agree("norm", &[random([rows, width])], |parts| {
                let norm = norm_of(width, &parts[0].device());
                add_norm(parts[0].clone(), None, drop, &norm)
            });
            agree(
                "γ and β",
                &[random([1, width]), random([1, width])],
                |parts| {
                    let leaf = |tensor: &Tensor<2>| of(tensor.clone().reshape([width]));
                    let mut norm = norm_of(width, &parts[0].device());
                    norm.gamma = leaf(&parts[0]);
                    norm.beta = Some(leaf(&parts[1]));
                    let x = (0..rows * width)
                        .map(|place| (place * 37 % 101) as f32 * 0.03)
                        .collect::<Vec<f32>>();
                    let x = TensorData::new(x, [rows, width]);
                    add_norm(Tensor::from_data(x, &parts[0].device()), None, None, &norm)
                },
            );
        }
    }
}

#[test]
fn attention_agrees() {
    for (samples, tokens, heads, head_width) in
        [(1, 1, 1, 1), (5, 11, 4, 8), (3, 70, 2, 16), (2, 6, 3, 5)]
    {
        let shape = AttentionShape {
            samples,
            tokens,
            heads,
            head_width,
        };
        let (d_model, width) = (12, heads * head_width);
        let mut inputs = vec![random([samples * tokens, d_model])];
        for _ in 0..3 {
            inputs.push(random([d_model, width]) / (d_model as f32).sqrt());
            inputs.push(random([1, width]));
        }
        let attended = |parts: &[Tensor<2>], mask: Option<Tensor<4>>, dropout, with_maps| {
            let layers = [1, 3, 5].map(|place| layer(&parts[place], &parts[place + 1]));
            let attention = Attention {
                x: parts[0].clone(),
                memory: None,
                is_shared: false,
                projections: layers.each_ref(),
                shape,
                pattern: Pattern::Full,
                mask,
                dropout,
            };
            attend(attention, with_maps)
        };
        for dropout in [None, Some(Dropout::new(9, 0.1))] {
            agree("attention", &inputs, |parts| {
                attended(parts, None, dropout, false).0
            });
            for batch in [1, samples] {
                let mask = random([batch, heads, tokens, tokens]);
                agree("attention under a mask", &inputs, |parts| {
                    let mask = moved(&mask, &parts[0].device());
                    attended(parts, Some(mask), dropout, false).0
                });
                agree("sensitivity", &[mask], |masks| {
                    let device = masks[0].device();
                    let parts: Vec<_> = inputs.iter().map(|part| moved(part, &device)).collect();
                    attended(&parts, Some(masks[0].clone()), dropout, false).0
                });
            }
        }
        let [gpu, cpu] = [gpu(), Device::flex()].map(|device| {
            let parts: Vec<_> = inputs.iter().map(|part| moved(part, &device)).collect();
            numbers(attended(&parts, None, None, true).1.unwrap())
        });
        for (gpu, cpu) in gpu.iter().zip(&cpu) {
            assert!((gpu - cpu).abs() <= 1e-5, "{gpu} {cpu}");
        }
    }
}

#[test]
fn windows_and_errors_agree() {
    for normalised in [true, false] {
        for (batch, lookback, channels, time_features, horizon) in
            [(1, 2, 1, 0, 1), (3, 17, 5, 4, 9), (32, 96, 7, 4, 24)]
        {
            let input = random([batch, lookback, channels]) * 3.0 + 5.0;
            let features = (time_features > 0).then(|| random([batch, lookback, time_features]));
            let truth = random([batch, horizon, channels]);
            let rows = random([batch * (channels + time_features), horizon]);
            let there = |device: &Device| {
                let features = features
                    .as_ref()
                    .map(|time_features| moved(time_features, device));
                tokens(moved(&input, device), features, normalised)
            };
            let [gpu, cpu] = [gpu(), Device::flex()].map(|device| numbers(there(&device).0));
            for (gpu, cpu) in gpu.iter().zip(&cpu) {
                assert!(
                    (gpu - cpu).abs() <= 1e-5 * cpu.abs().max(1.0),
                    "{gpu} {cpu}"
                );
            }
            agree("restore", std::slice::from_ref(&rows), |parts| {
                there(&parts[0].device()).1.windows(parts[0].clone())
            });
            agree("mean squared error", &[rows], |parts| {
                let device = parts[0].device();
                let forecast = there(&device).1.windows(parts[0].clone());
                mean_squared_error(forecast, moved(&truth, &device))
            });
        }
    }
}

#[test]
fn state_spaces_agree() {
    for (batch, tokens, width, states, rank) in
        [(1, 1, 1, 1, 1), (3, 11, 40, 2, 3), (2, 35, 72, 6, 2)]
    {
        for reversed in [false, true] {
            let scaled = |shape: [usize; 2]| random(shape) / (shape[0] as f32).sqrt();
            let parts = [
                random([batch * tokens, 2 * width]),
                random([2, width]),
                random([1, width]),
                scaled([width, rank + 2 * states]),
                scaled([rank, width]),
                random([1, width]),
                random([width, states]),
                random([1, width]),
            ];
            agree("state space", &parts, |parts| {
                let row = |number: usize| parts[number].clone().reshape([width]);
                state_space(StateSpace {
                    x: parts[0].clone(),
                    taps: parts[1].clone(),
                    tap_bias: row(2),
                    selection: parts[3].clone(),
                    steps: parts[4].clone(),
                    step_bias: row(5),
                    log_decay: parts[6].clone(),
                    skip: row(7),
                    batch,
                    reversed,
                })
            });
        }
    }
}
