//! Compares every CPU operation with its plain composition: outputs and gradients.
#![allow(clippy::unwrap_used)]

use std::sync::Arc;

use burn::module::{Param, ParamId};
use burn::nn::{LayerNorm, LayerNormConfig, Linear};
use burn::tensor::{Device, Distribution, Tensor};
use spat_cpu::{Activation, AttentionShape, Dropout, Finish, ScaleMixingShape};

use crate::layers::WINDOW_EPSILON;

use super::{
    Attention, Pattern, SparseQueries, StateSpace, attend, linear, linear_norm, norm, scale_mixing,
    squared_error, state_space, windows,
};

fn random<const D: usize>(shape: [usize; D]) -> Tensor<D> {
    let device = Device::flex().autodiff();
    Tensor::random(shape, Distribution::Normal(0.0, 1.0), &device).require_grad()
}

/// Computes `Σ w f(inputs)` by both forms of f and compares their values and their gradients with respect
/// to `inputs`.
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

/// A layer whose weights are `weight` and `bias`, `[1, outputs]`.
fn layer(weight: &Tensor<2>, bias: &Tensor<2>) -> Linear {
    let outputs = bias.dims()[1];
    Linear {
        // Unchanged, so that their graph is kept.
        weight: Param::initialized(ParamId::new(), weight.clone()),
        bias: Some(Param::initialized(
            ParamId::new(),
            bias.clone().reshape([outputs]),
        )),
    }
}

#[test]
fn linear_agrees() {
    for (rows, inputs, outputs) in [(1, 1, 1), (7, 5, 3), (352, 96, 256), (2, 300, 1)] {
        for activation in [
            None,
            Some(Activation::Gelu),
            Some(Activation::LeakyRelu { slope: 0.1 }),
        ] {
            for dropout in [None, Some(Dropout::new(3, 0.3))] {
                let finish = Finish {
                    activation,
                    dropout,
                };
                agree(
                    &[
                        random([rows, inputs]),
                        random([inputs, outputs]) / (inputs as f32).sqrt(),
                        random([1, outputs]),
                    ]
                    .map(|part| part.detach().require_grad()),
                    |parts| {
                        let bias = parts[2].clone().reshape([outputs]);
                        linear::on_cpu(&parts[0], &parts[1], Some(&bias), finish).unwrap()
                    },
                    |parts| {
                        let sum = parts[0].clone().matmul(parts[1].clone()) + parts[2].clone();
                        linear::plain(sum, finish)
                    },
                );
            }
        }
    }
}

#[test]
fn linear_add_norm_agrees() {
    let device = Device::flex().autodiff();
    for dropout in [None, Some(Dropout::new(5, 0.2))] {
        for [rows, inputs, width] in [[1, 3, 5], [33, 40, 7], [352, 64, 96]] {
            let norm: LayerNorm = LayerNormConfig::new(width).init(&device);
            agree(
                &[
                    random([rows, width]),
                    random([rows, inputs]),
                    random([inputs, width]),
                    random([1, width]),
                ],
                |parts| {
                    let layer = layer(&parts[2], &parts[3]);
                    linear_norm::on_cpu(&layer, &parts[0], &parts[1], dropout, &norm).unwrap()
                },
                |parts| {
                    let branch = parts[1].clone().matmul(parts[2].clone()) + parts[3].clone();
                    norm::plain(parts[0].clone(), Some(branch), dropout, &norm)
                },
            );
        }
    }
}

#[test]
fn mixing_of_scales_agrees() {
    for (count, scales, width, hidden, kernel) in [
        (1, vec![5], 1, 1, 3),
        (3, vec![12, 6, 3], 4, 7, 5),
        (33, vec![24, 12, 6, 3], 16, 32, 25),
        (2, vec![9, 4], 100, 20, 3),
    ] {
        let shape = Arc::new(ScaleMixingShape {
            scales,
            width,
            hidden,
            kernel,
        });
        let (rows, values) = (shape.rows(), shape.layers().feed_forward[1].end());
        let parts = [random([count * rows, width]), random([1, values]) * 0.3]
            .map(|part| part.detach().require_grad());
        let inputs = |parts: &[Tensor<2>]| {
            (
                parts[0].clone().reshape([count, rows, width]),
                parts[1].clone().reshape([values]),
            )
        };
        agree(
            &parts,
            |parts| {
                let (x, parameters) = inputs(parts);
                let mixed = scale_mixing::on_cpu(&x, &parameters, &shape).unwrap();
                mixed.reshape([count * rows, width])
            },
            |parts| {
                let (x, parameters) = inputs(parts);
                scale_mixing::plain(&x, &parameters, &shape).reshape([count * rows, width])
            },
        );
    }
}

#[test]
fn windows_agree() {
    for (channels, time_features, normalised) in [(1, 0, true), (5, 4, true), (3, 4, false)] {
        let input = random([6, 24, channels]).detach() * 3.0 + 7.0;
        let time_features = (time_features > 0).then(|| random([6, 24, time_features]).detach());
        let epsilon = normalised.then_some(WINDOW_EPSILON);
        let (fast, restore) = windows::on_cpu(&input, time_features.as_ref(), epsilon).unwrap();
        let (plain, plain_restore) = windows::plain(input, time_features, normalised);
        let difference = (fast.clone() - plain).abs().max().into_scalar::<f32>();
        assert!(difference < 1e-5, "{difference}");
        let [rows, _] = fast.dims();
        agree(
            &[random([rows, 16])],
            |parts| {
                restore
                    .clone()
                    .windows(parts[0].clone())
                    .reshape([96, channels])
            },
            |parts| {
                let windows = plain_restore.clone().windows(parts[0].clone());
                windows.reshape([96, channels])
            },
        );
    }
}

#[test]
fn the_loss_agrees() {
    for count in [1, 7, 5_000] {
        let truth = random([1, count, 3]).detach();
        agree(
            &[random([1, count, 3])],
            |parts| {
                let loss = squared_error::on_cpu(&parts[0], &truth).unwrap();
                loss.reshape([1, 1])
            },
            |parts| squared_error::plain(parts[0].clone(), truth.clone()).reshape([1, 1]),
        );
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
        let width = heads * head_width;
        let x = || random([samples * tokens, 12]);
        // Outside any graph, which is consumed by one backward pass. (`detach` keeps a leaf a leaf.)
        let untracked = |shape| Tensor::from_inner(random::<2>(shape).inner());
        let layers: [Linear; 3] =
            std::array::from_fn(|_| layer(&untracked([12, width]), &untracked([1, width])));
        let attention = |x: &Tensor<2>, mask: Option<Tensor<4>>, dropout| Attention {
            x: x.clone(),
            memory: None,
            is_shared: false,
            projections: [&layers[0], &layers[1], &layers[2]],
            shape,
            pattern: Pattern::Full,
            mask,
            dropout,
        };
        let fast = |attention: Attention<'_>| {
            super::attend_on_cpu::attend_to_own_tokens(&attention, false)
                .unwrap()
                .0
        };
        let plain = |attention: Attention<'_>| super::attend::plain(attention, false).0;
        let input = x();
        for dropout in [None, Some(Dropout::new(9, 0.1))] {
            agree(
                std::slice::from_ref(&input),
                |parts| fast(attention(&parts[0], None, dropout)),
                |parts| plain(attention(&parts[0], None, dropout)),
            );
            for batch in [1, samples] {
                let mask = random([batch, heads, tokens, tokens]);
                agree(
                    &[mask],
                    |masks| fast(attention(&input, Some(masks[0].clone()), dropout)),
                    |masks| plain(attention(&input, Some(masks[0].clone()), dropout)),
                );
            }
            let (_, fast) = attend(attention(&input, None, dropout), true);
            let (_, plain) = super::attend::plain(attention(&input, None, dropout), true);
            let difference = (fast.unwrap().inner() - plain.unwrap().inner()).abs().max();
            assert!(difference.into_scalar::<f32>() < 1e-5);
        }
        // The gradients of the weights.
        agree(
            &[random([12, width])],
            |parts| {
                let query = layer(&parts[0], &random([1, width]).zeros_like());
                let attention = Attention {
                    projections: [&query, &query, &query],
                    ..attention(&input, None, None)
                };
                super::attend_on_cpu::attend_to_own_tokens(&attention, false)
                    .unwrap()
                    .0
            },
            |parts| {
                let query = layer(&parts[0], &random([1, width]).zeros_like());
                plain(Attention {
                    projections: [&query, &query, &query],
                    ..attention(&input, None, None)
                })
            },
        );
    }
}

#[test]
fn attention_to_a_memory_and_in_patterns_agrees() {
    for (samples, tokens, keys, heads, head_width) in [
        (1, 1, 1, 1, 1),
        (5, 11, 3, 4, 8),
        (4, 3, 20, 2, 8),
        (2, 40, 70, 2, 16),
        (3, 12, 12, 2, 8),
        (2, 37, 37, 3, 4),
    ] {
        let shape = AttentionShape {
            samples,
            tokens,
            heads,
            head_width,
        };
        let width = heads * head_width;
        let untracked = |shape| Tensor::from_inner(random::<2>(shape).inner());
        let [query, key, value] =
            [6, 9, 9].map(|inputs| layer(&untracked([inputs, width]), &untracked([1, width])));
        let sparse = |causal| {
            Pattern::Sparse(SparseQueries {
                counts: (0..tokens * keys)
                    .map(|place| (place * 7 % 5 % 3) as f32)
                    .collect(),
                selected: tokens.div_ceil(3),
                causal,
            })
        };
        let mut patterns = vec![Pattern::Full, sparse(false)];
        if tokens == keys {
            patterns.extend([Pattern::Causal, sparse(true)]);
        }
        let (x, memory) = (random([samples * tokens, 6]), random([samples * keys, 9]));
        for pattern in patterns {
            let attention =
                |x: &Tensor<2>, memory: &Tensor<2>, mask: Option<Tensor<4>>, dropout| Attention {
                    x: x.clone(),
                    is_shared: false,
                    memory: Some(memory.clone()),
                    projections: [&query, &key, &value],
                    shape,
                    pattern: pattern.clone(),
                    mask,
                    dropout,
                };
            let fast = |attention: Attention<'_>| {
                super::attend_on_cpu::attend_from_rows(&attention, false)
                    .unwrap()
                    .0
            };
            let plain = |attention: Attention<'_>| super::attend::plain(attention, false).0;
            for dropout in [None, Some(Dropout::new(9, 0.1))] {
                agree(
                    std::slice::from_ref(&x),
                    |parts| fast(attention(&parts[0], &memory, None, dropout)),
                    |parts| plain(attention(&parts[0], &memory, None, dropout)),
                );
                agree(
                    std::slice::from_ref(&memory),
                    |parts| fast(attention(&x, &parts[0], None, dropout)),
                    |parts| plain(attention(&x, &parts[0], None, dropout)),
                );
                for batch in [1, samples] {
                    agree(
                        &[random([batch, heads, tokens, keys])],
                        |masks| fast(attention(&x, &memory, Some(masks[0].clone()), dropout)),
                        |masks| plain(attention(&x, &memory, Some(masks[0].clone()), dropout)),
                    );
                }
            }
            let (_, fast) = attend(attention(&x, &memory, None, None), true);
            let (_, plain) = super::attend::plain(attention(&x, &memory, None, None), true);
            let difference = (fast.unwrap().inner() - plain.unwrap().inner()).abs().max();
            assert!(difference.into_scalar::<f32>() < 1e-5);
        }
    }
}

/// With the same memory copied for each sample.
#[test]
fn attention_to_a_shared_memory_agrees() {
    let (samples, keys) = (3, 7);
    let shape = AttentionShape {
        samples,
        tokens: 4,
        heads: 2,
        head_width: 5,
    };
    let untracked = |shape| Tensor::from_inner(random::<2>(shape).inner());
    let [query, key, value] =
        [6, 9, 9].map(|inputs| layer(&untracked([inputs, 10]), &untracked([1, 10])));
    let attention = |x: &Tensor<2>, memory: Tensor<2>, mask: Option<Tensor<4>>| Attention {
        x: x.clone(),
        is_shared: memory.dims()[0] == keys,
        memory: Some(memory),
        projections: [&query, &key, &value],
        shape,
        pattern: Pattern::Full,
        mask,
        dropout: None,
    };
    let copied = |memory: &Tensor<2>| memory.clone().repeat_dim(0, samples);
    let (x, memory) = (random([12, 6]), random([keys, 9]));
    for batch in [1, samples] {
        let mask = random([batch, 2, 4, keys]);
        let constant = || Some(Tensor::from_inner(mask.clone().inner()));
        agree(
            std::slice::from_ref(&x),
            |parts| attend(attention(&parts[0], memory.clone(), constant()), false).0,
            |parts| attend(attention(&parts[0], copied(&memory), constant()), false).0,
        );
        agree(
            std::slice::from_ref(&memory),
            |parts| attend(attention(&x, parts[0].clone(), constant()), false).0,
            |parts| attend(attention(&x, copied(&parts[0]), constant()), false).0,
        );
        agree(
            std::slice::from_ref(&mask),
            |masks| attend(attention(&x, memory.clone(), Some(masks[0].clone())), false).0,
            |masks| {
                attend(
                    attention(&x, copied(&memory), Some(masks[0].clone())),
                    false,
                )
                .0
            },
        );
    }
    let (_, shared) = attend(attention(&x, memory.clone(), None), true);
    let (_, copies) = attend(attention(&x, copied(&memory), None), true);
    let difference = (shared.unwrap().inner() - copies.unwrap().inner())
        .abs()
        .max();
    assert!(difference.into_scalar::<f32>() < 1e-6);
}

#[test]
fn state_spaces_agree() {
    for (batch, tokens, width, states, rank) in [
        (1, 1, 1, 1, 1),
        (3, 11, 40, 2, 3),
        (2, 5, 24, 16, 2),
        (16, 25, 64, 2, 4),
    ] {
        for reversed in [false, true] {
            let scaled = |shape: [usize; 2]| random(shape) / (shape[0] as f32).sqrt();
            let parts = [
                random([batch * tokens, 2 * width]),
                random([2, width]),
                random([1, width]),
                scaled([width, rank + 2 * states]),
                scaled([rank, width]),
                // Also steps above 20, where softplus is the identity.
                random([1, width]) * 12.0,
                random([width, states]),
                random([1, width]),
            ]
            .map(|part| part.detach().require_grad());
            let inputs = |parts: &[Tensor<2>]| {
                let row = |number: usize| parts[number].clone().reshape([width]);
                StateSpace {
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
                }
            };
            agree(
                &parts,
                |parts| state_space::on_cpu(&inputs(parts)).unwrap(),
                |parts| state_space::plain(inputs(parts)),
            );
        }
    }
}
