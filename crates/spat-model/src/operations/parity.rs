//! Every operation of the CPU beside its plain composition: outputs and gradients.
#![allow(clippy::unwrap_used)]

use burn::nn::{LayerNorm, LayerNormConfig};
use burn::tensor::{Device, Distribution, Tensor};
use spat_kernels::{AttentionShape, Dropout};

use super::{Attention, attend, gelu, linear, norm};

fn random<const D: usize>(shape: [usize; D]) -> Tensor<D> {
    let device = Device::flex().autodiff();
    Tensor::random(shape, Distribution::Normal(0.0, 1.0), &device).require_grad()
}

/// `Σ w f(inputs)` for both forms of f: they must agree, and so must the gradients of `inputs`.
fn agree<const D: usize>(
    inputs: &[Tensor<D>],
    fast: impl Fn(&[Tensor<D>]) -> Tensor<2>,
    plain: impl Fn(&[Tensor<D>]) -> Tensor<2>,
) {
    let weights = random(fast(inputs).dims()).detach();
    let run = |f: &dyn Fn(&[Tensor<D>]) -> Tensor<2>| {
        let output = f(inputs);
        let gradients = (output.clone() * weights.clone()).sum().backward();
        let mut values = vec![output.into_data().try_into_vec::<f32>().unwrap()];
        values.extend(inputs.iter().map(|input| {
            let gradient = input.grad(&gradients).unwrap();
            gradient.into_data().try_into_vec::<f32>().unwrap()
        }));
        values
    };
    let (fast, plain) = (run(&fast), run(&plain));
    for (number, (fast, plain)) in fast.iter().zip(&plain).enumerate() {
        let size = plain.iter().map(|value| value.abs()).fold(1e-3, f32::max);
        for (fast, plain) in fast.iter().zip(plain) {
            assert!(
                (fast - plain).abs() < 1e-5 * size + 1e-6,
                "{fast} against {plain} in {number} (0 is the output, then the gradients)"
            );
        }
    }
}

#[test]
fn linear_agrees() {
    for (rows, inputs, outputs) in [(1, 1, 1), (7, 5, 3), (352, 96, 256), (2, 300, 1)] {
        agree(
            &[
                random([rows, inputs]),
                random([inputs, outputs]),
                random([1, outputs]),
            ],
            |parts| {
                let bias = parts[2].clone().reshape([outputs]);
                linear::on_cpu(&parts[0], &parts[1], Some(&bias)).unwrap()
            },
            |parts| parts[0].clone().matmul(parts[1].clone()) + parts[2].clone(),
        );
    }
}

#[test]
fn gelu_agrees() {
    for dropout in [None, Some(Dropout::new(3, 0.3))] {
        for shape in [[1, 1], [33, 7], [128, 400]] {
            agree(
                &[random(shape)],
                |parts| gelu(parts[0].clone() * 3.0, dropout),
                |parts| gelu::plain(parts[0].clone() * 3.0, dropout),
            );
        }
    }
}

#[test]
fn add_norm_agrees() {
    let device = Device::flex().autodiff();
    for dropout in [None, Some(Dropout::new(5, 0.2))] {
        for [rows, width] in [[1, 5], [33, 7], [352, 256]] {
            let layer: LayerNorm = LayerNormConfig::new(width).init(&device);
            agree(
                &[random([rows, width]), random([rows, width])],
                |parts| super::add_norm(parts[0].clone(), Some(parts[1].clone()), dropout, &layer),
                |parts| norm::plain(parts[0].clone(), Some(parts[1].clone()), dropout, &layer),
            );
            agree(
                &[random([rows, width])],
                |parts| super::add_norm(parts[0].clone(), None, dropout, &layer),
                |parts| norm::plain(parts[0].clone(), None, dropout, &layer),
            );
        }
    }
}

#[test]
fn attention_agrees() {
    for (samples, tokens, heads, head_width) in [(1, 1, 1, 1), (5, 11, 4, 8), (3, 70, 2, 16)] {
        let shape = AttentionShape {
            samples,
            tokens,
            heads,
            head_width,
        };
        let attention = |parts: &[Tensor<2>], mask: Option<Tensor<4>>, dropout| Attention {
            query: parts[0].clone(),
            key: parts[1].clone(),
            value: parts[2].clone(),
            shape,
            mask,
            dropout,
        };
        let rows = || random([samples * tokens, heads * head_width]);
        let inputs = [rows(), rows(), rows()];
        for dropout in [None, Some(Dropout::new(9, 0.1))] {
            agree(
                &inputs,
                |parts| attend(attention(parts, None, dropout), false).0,
                |parts| super::attend::plain(attention(parts, None, dropout), false).0,
            );
            for batch in [1, samples] {
                let mask = random([batch, heads, tokens, tokens]);
                agree(
                    &[mask],
                    |masks| attend(attention(&inputs, Some(masks[0].clone()), dropout), false).0,
                    |masks| {
                        let mask = Some(masks[0].clone());
                        super::attend::plain(attention(&inputs, mask, dropout), false).0
                    },
                );
            }
            let (_, fast) = attend(attention(&inputs, None, dropout), true);
            let (_, plain) = super::attend::plain(attention(&inputs, None, dropout), true);
            let difference = (fast.unwrap().inner() - plain.unwrap().inner()).abs().max();
            assert!(difference.into_scalar::<f32>() < 1e-6);
        }
    }
}
