//! Every backward pass against finite differences of its forward pass, over many shapes.
#![allow(clippy::unwrap_used)]

use proptest::prelude::*;
use spat_cpu::{
    Activation, AttentionPattern, AttentionShape, Connections, Dropout, Finish, LinearNormInputs,
    MapOptions, Projection, ProjectionGradients, ScaleMixingShape, StateSpaceInputs,
    StateSpaceShape, WindowShape, add_norm, add_norm_backward, attend, attend_backward,
    attend_memory, attend_memory_backward, linear, linear_add_norm, linear_add_norm_backward,
    linear_backward, linear_backward_input, mean_squared_error, mean_squared_error_backward,
    mix_scales, mix_scales_backward, project, project_backward, restore_windows,
    restore_windows_backward, state_space, state_space_backward, window_tokens,
};

/// Numbers between −1 and 1, determined by `seed`.
fn numbers(count: usize, seed: u64) -> Vec<f32> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    (0..count)
        .map(|_| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (state >> 40) as f32 / (1u64 << 23) as f32 - 1.0
        })
        .collect()
}

/// `Σ weights · f`, the loss whose gradients are checked.
fn loss(output: &[f32], weights: &[f32]) -> f64 {
    output
        .iter()
        .zip(weights)
        .map(|(output, weight)| f64::from(*output) * f64::from(*weight))
        .sum()
}

/// Compares `gradient` with central differences of `loss_at` at some indices.
fn check(name: &str, at: &[f32], gradient: &[f32], loss_at: impl Fn(&[f32]) -> f64) {
    const STEP: f32 = 1e-2;
    assert_eq!(at.len(), gradient.len(), "{name}");
    for place in (0..at.len()).step_by((at.len() / 7).max(1)) {
        let moved = |by: f32| {
            let mut moved = at.to_vec();
            moved[place] += by;
            loss_at(&moved)
        };
        let difference = (moved(STEP) - moved(-STEP)) / (2.0 * f64::from(STEP));
        let error = (difference - f64::from(gradient[place])).abs();
        assert!(
            error < 2e-3 * (1.0 + difference.abs()),
            "{name} at {place}: {} against {difference}",
            gradient[place]
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn linear_gradients(
        rows in 1usize..120,
        inputs in 1usize..40,
        outputs in 1usize..40,
        gelu in any::<bool>(),
        drop in any::<bool>(),
        seed in any::<u64>(),
    ) {
        let activation = gelu.then_some(Activation::Gelu);
        let finish = Finish { activation, dropout: drop.then(|| Dropout::new(seed, 0.3)) };
        let (x, weight) = (numbers(rows * inputs, seed), numbers(inputs * outputs, seed ^ 1));
        let (bias, weights) = (numbers(outputs, seed ^ 2), numbers(rows * outputs, seed ^ 3));
        let of_before = linear(&x, &weight, Some(&bias), inputs, finish, true).before;
        let of = linear_backward(&x, &weight, of_before.as_deref(), &weights, inputs, finish, true);
        let at = |x: &[f32], w: &[f32], b: &[f32]| {
            loss(&linear(x, w, Some(b), inputs, finish, false).y, &weights)
        };
        check("x", &x, of.x.as_ref().unwrap(), |x| at(x, &weight, &bias));
        check("W", &weight, &of.weight, |w| at(&x, w, &bias));
        check("b", &bias, &of.bias, |b| at(&x, &weight, b));
        let alone = linear_backward_input(&weight, of_before.as_deref(), &weights, inputs, finish);
        assert_eq!(Some(alone), of.x);
    }

    /// Differences would be wrong where they cross 0, so the layer is compared with its parts.
    #[test]
    fn a_leaky_relu_scales_what_is_below_zero(
        rows in 1usize..120,
        outputs in 1usize..40,
        slope in prop_oneof![Just(0.0_f32), 0.0_f32..0.9],
        drop in any::<bool>(),
        seed in any::<u64>(),
    ) {
        let inputs = 5;
        let dropout = drop.then(|| Dropout::new(seed, 0.3));
        let plain = Finish { activation: None, dropout };
        let finish = Finish { activation: Some(Activation::LeakyRelu { slope }), dropout };
        let (x, weight) = (numbers(rows * inputs, seed), numbers(inputs * outputs, seed ^ 1));
        let gradient = numbers(rows * outputs, seed ^ 2);
        let sum = linear(&x, &weight, None, inputs, Finish::default(), false).y;
        let of = linear(&x, &weight, None, inputs, finish, true);
        let before = of.before.as_deref();
        prop_assert_eq!(before, Some(&sum[..]));

        let factors: Vec<f32> = sum.iter().map(|&x| if x > 0.0 { 1.0 } else { slope }).collect();
        let dropped = linear(&x, &weight, None, inputs, plain, false).y;
        let scaled = |values: &[f32]| -> Vec<f32> {
            values.iter().zip(&factors).map(|(value, factor)| value * factor).collect()
        };
        for (y, expected) in of.y.iter().zip(scaled(&dropped)) {
            prop_assert!((y - expected).abs() <= 1e-6);
        }
        let got = linear_backward(&x, &weight, before, &gradient, inputs, finish, true);
        let expected =
            linear_backward(&x, &weight, None, &scaled(&gradient), inputs, plain, true);
        for (got, expected) in got.weight.iter().zip(expected.weight) {
            prop_assert!((got - expected).abs() <= 1e-4 * expected.abs().max(1.0));
        }
    }

    #[test]
    fn scale_mixing_gradients(
        series in 1usize..30,
        scales in prop_oneof![Just(vec![7]), Just(vec![9, 4]), Just(vec![13, 6, 3]), Just(vec![4, 2, 1])],
        width in 1usize..20,
        hidden in 1usize..9,
        half in 0usize..4,
        seed in any::<u64>(),
    ) {
        let shape = ScaleMixingShape { scales, width, hidden, kernel: 2 * half + 1 };
        let count = series * shape.rows() * width;
        let x = numbers(count, seed);
        let weights = numbers(count, seed ^ 1);
        let parameters: Vec<f32> = numbers(shape.layers().feed_forward[1].end(), seed ^ 2)
            .into_iter()
            .map(|value| 0.5 * value)
            .collect();
        let mixed = mix_scales(&x, &parameters, &shape, true);
        let of = mix_scales_backward(&parameters, &mixed.kept.unwrap(), &weights, &shape);
        prop_assert_eq!(mixed.output, mix_scales(&x, &parameters, &shape, false).output);
        let at = |x: &[f32], parameters: &[f32]| {
            loss(&mix_scales(x, parameters, &shape, false).output, &weights)
        };
        check("x", &x, &of.x, |x| at(x, &parameters));
        check("parameters", &parameters, &of.parameters, |parameters| at(&x, parameters));
    }

    #[test]
    fn projection_gradients(
        rows in 1usize..120,
        inputs in 1usize..30,
        width in 1usize..30,
        seed in any::<u64>(),
    ) {
        let x = numbers(rows * inputs, seed);
        let weights = numbers(rows * 3 * width, seed ^ 1);
        let matrices = [2, 3, 4].map(|number| numbers(inputs * width, seed ^ number));
        let biases = [5, 6, 7].map(|number| numbers(width, seed ^ number));
        let parts = |matrices: &[Vec<f32>; 3], biases: &[Vec<f32>; 3], x: &[f32]| {
            let part = |number: usize| Projection { weight: &matrices[number], bias: &biases[number] };
            let parts = [part(0), part(1), part(2)];
            (loss(&project(x, &parts), &weights), project_backward(x, &parts, &weights, true))
        };
        let (_, of) = parts(&matrices, &biases, &x);
        check("x", &x, &of.x.unwrap(), |x| parts(&matrices, &biases, x).0);
        for (number, ProjectionGradients { weight, bias }) in of.parts.iter().enumerate() {
            check("W", &matrices[number], weight, |changed| {
                let mut matrices = matrices.clone();
                matrices[number] = changed.to_vec();
                parts(&matrices, &biases, &x).0
            });
            check("b", &biases[number], bias, |changed| {
                let mut biases = biases.clone();
                biases[number] = changed.to_vec();
                parts(&matrices, &biases, &x).0
            });
        }
    }

    #[test]
    fn linear_add_norm_gradients(
        rows in 1usize..120,
        inner in 1usize..30,
        width in 2usize..50,
        drop in any::<bool>(),
        seed in any::<u64>(),
    ) {
        let dropout = drop.then(|| Dropout::new(seed, 0.2));
        let [x, z, weight, bias] = [(rows * width, 0), (rows * inner, 1), (inner * width, 2), (width, 3)]
            .map(|(count, number)| numbers(count, seed ^ number));
        let (gamma, beta) = (numbers(width, seed ^ 4), numbers(width, seed ^ 5));
        let weights = numbers(rows * width, seed ^ 6);
        // A large ε keeps the curvature, and so the error of the differences, small.
        let inputs = LinearNormInputs {
            z: &z, weight: &weight, bias: &bias, gamma: &gamma, beta: &beta, dropout, epsilon: 0.1,
        };
        let normed = linear_add_norm(&x, &inputs);
        let of = linear_add_norm_backward(&normed, &weights, &inputs);
        let at = |x: &[f32], inputs: &LinearNormInputs<'_>| {
            loss(&linear_add_norm(x, inputs).output, &weights)
        };
        check("x", &x, &of.x, |x| at(x, &inputs));
        check("z", &z, &of.z, |z| at(&x, &LinearNormInputs { z, ..inputs }));
        check("W", &weight, &of.weight, |weight| at(&x, &LinearNormInputs { weight, ..inputs }));
        check("b", &bias, &of.bias, |bias| at(&x, &LinearNormInputs { bias, ..inputs }));
        check("γ", &gamma, &of.gamma, |gamma| at(&x, &LinearNormInputs { gamma, ..inputs }));
        check("β", &beta, &of.beta, |beta| at(&x, &LinearNormInputs { beta, ..inputs }));
    }

    #[test]
    fn window_gradients(
        samples in 1usize..5,
        rows in 2usize..40,
        channels in 1usize..6,
        time_features in 0usize..4,
        seed in any::<u64>(),
    ) {
        let shape = WindowShape { samples, rows, channels, time_features };
        let values = numbers(samples * rows * channels, seed);
        let features = numbers(samples * rows * time_features, seed ^ 1);
        let (tokens, statistics) = window_tokens(&values, &features, &shape, Some(1e-5));
        // Restoring inverts the normalisation, and the features are unchanged.
        for (back, value) in restore_windows(&tokens, &shape, &statistics).iter().zip(&values) {
            prop_assert!((back - value).abs() < 1e-5);
        }
        for (place, feature) in features.iter().enumerate() {
            let (sample, row, feature_index) =
                (place / (rows * time_features), place / time_features % rows, place % time_features);
            prop_assert_eq!(tokens[(sample * shape.tokens() + channels + feature_index) * rows + row], *feature);
        }
        let token = &tokens[..rows];
        let mean = token.iter().sum::<f32>() / rows as f32;
        let variance = token.iter().map(|value| value * value).sum::<f32>() / rows as f32;
        prop_assert!(mean.abs() < 1e-5 && variance < 1.0 + 1e-5);

        let weights = numbers(values.len(), seed ^ 2);
        let of = restore_windows_backward(&weights, &shape, &statistics);
        check("tokens", &tokens, &of, |tokens| {
            loss(&restore_windows(tokens, &shape, &statistics), &weights)
        });
    }

    #[test]
    fn mean_squared_error_gradients(count in 1usize..9000, factor in 0.1f32..3.0, seed in any::<u64>()) {
        let (forecast, truth) = (numbers(count, seed), numbers(count, seed ^ 1));
        let exact: f64 = forecast
            .iter()
            .zip(&truth)
            .map(|(a, b)| (f64::from(*a) - f64::from(*b)).powi(2))
            .sum::<f64>() / count as f64;
        let value = f64::from(mean_squared_error(&forecast, &truth));
        prop_assert!((value - exact).abs() < 1e-6 * (1.0 + exact));
        let of = mean_squared_error_backward(&forecast, &truth, factor);
        for place in (0..count).step_by((count / 5).max(1)) {
            let exact = 2.0 * (forecast[place] - truth[place]) * factor / count as f32;
            prop_assert!((of[place] - exact).abs() < 1e-6);
        }
    }

    #[test]
    fn add_norm_gradients(
        rows in 1usize..40,
        width in 2usize..50,
        with_branch in any::<bool>(),
        drop in any::<bool>(),
        seed in any::<u64>(),
    ) {
        let dropout = (with_branch && drop).then(|| Dropout::new(seed, 0.2));
        let (x, branch) = (numbers(rows * width, seed), numbers(rows * width, seed ^ 1));
        let (gamma, beta) = (numbers(width, seed ^ 2), numbers(width, seed ^ 3));
        let weights = numbers(rows * width, seed ^ 4);
        let at = |x: &[f32], branch: &[f32], gamma: &[f32], beta: &[f32]| {
            let branch = with_branch.then_some(branch);
            // A large ε keeps the curvature, and so the error of the differences, small.
            add_norm(x, branch, dropout, gamma, beta, 0.1)
        };
        let normed = at(&x, &branch, &gamma, &beta);
        let of = add_norm_backward(&normed, &weights, dropout, &gamma);
        let loss = |normed: spat_cpu::Normed| loss(&normed.output, &weights);
        check("x", &x, &of.x, |x| loss(at(x, &branch, &gamma, &beta)));
        if with_branch {
            let of_branch = of.branch.as_ref().unwrap_or(&of.x);
            check("branch", &branch, of_branch, |branch| loss(at(&x, branch, &gamma, &beta)));
        }
        check("γ", &gamma, &of.gamma, |gamma| loss(at(&x, &branch, gamma, &beta)));
        check("β", &beta, &of.beta, |beta| loss(at(&x, &branch, &gamma, beta)));
    }

    #[test]
    fn state_space_gradients(
        samples in 1usize..4,
        tokens in 1usize..12,
        width in 1usize..40,
        states in 1usize..5,
        rank in 1usize..4,
        reversed in any::<bool>(),
        seed in any::<u64>(),
    ) {
        let shape = StateSpaceShape { samples, tokens, width, states, rank, reversed };
        let rows = samples * tokens;
        let x = numbers(rows * 2 * width, seed);
        let weights = numbers(rows * width, seed ^ 1);
        let [taps, tap_bias, skip, step_bias] = [(2 * width, 2), (width, 3), (width, 4), (width, 5)]
            .map(|(count, number)| numbers(count, seed ^ number));
        let selection = numbers(width * (rank + 2 * states), seed ^ 6);
        let steps = numbers(rank * width, seed ^ 7);
        let log_decay = numbers(width * states, seed ^ 8);
        let inputs = StateSpaceInputs {
            x: &x, taps: &taps, tap_bias: &tap_bias, selection: &selection, steps: &steps,
            step_bias: &step_bias, log_decay: &log_decay, skip: &skip, shape,
        };
        let (_, kept) = state_space(&inputs);
        let of = state_space_backward(&inputs, &kept, &weights);
        let at = |inputs: StateSpaceInputs<'_>| loss(&state_space(&inputs).0, &weights);
        check("x", &x, &of.x, |x| at(StateSpaceInputs { x, ..inputs }));
        check("taps", &taps, &of.taps, |taps| at(StateSpaceInputs { taps, ..inputs }));
        check("tap bias", &tap_bias, &of.tap_bias, |tap_bias| {
            at(StateSpaceInputs { tap_bias, ..inputs })
        });
        check("W_x", &selection, &of.selection, |selection| {
            at(StateSpaceInputs { selection, ..inputs })
        });
        check("W_dt", &steps, &of.steps, |steps| at(StateSpaceInputs { steps, ..inputs }));
        check("step bias", &step_bias, &of.step_bias, |step_bias| {
            at(StateSpaceInputs { step_bias, ..inputs })
        });
        check("ln(−A)", &log_decay, &of.log_decay, |log_decay| {
            at(StateSpaceInputs { log_decay, ..inputs })
        });
        check("D", &skip, &of.skip, |skip| at(StateSpaceInputs { skip, ..inputs }));
    }

    #[test]
    fn attention_gradients(
        samples in 1usize..5,
        tokens in 1usize..48,
        heads in 1usize..4,
        head_width in 1usize..20,
        kind in 0usize..3,
        drop in any::<bool>(),
        causal in any::<bool>(),
        seed in any::<u64>(),
    ) {
        let shape = AttentionShape { samples, tokens, heads, head_width };
        let dropout = drop.then(|| Dropout::new(seed, 0.2));
        let pattern = if causal { AttentionPattern::Causal } else { AttentionPattern::Full };
        let count = samples * tokens * heads * head_width;
        let (projections, weights) = (numbers(3 * count, seed ^ 1), numbers(count, seed ^ 2));
        let maps = heads * tokens * tokens;
        let mask: Vec<f32> = numbers(if kind == 1 { maps } else { samples * maps }, seed ^ 5)
            .iter()
            .map(|value| 1.0 + 0.5 * value)
            .collect();
        let at = |projections: &[f32], mask: &[f32]| {
            let options = options(connections(kind, mask), dropout);
            attend(projections, &shape, MapOptions { pattern, ..options })
        };
        let attended = at(&projections, &mask);
        let options = MapOptions { pattern, ..options(connections(kind, &mask), dropout) };
        let of = attend_backward(&projections, &attended.maps, &weights, &shape, options);
        let loss = |attended: spat_cpu::Attended| loss(&attended.context, &weights);
        let width = heads * head_width;
        check("projections", &projections, &of.projections, |all| loss(at(all, &mask)));
        // The queries, the keys and the values of the first rows.
        for place in [0, width, 2 * width] {
            let moved = |by: f32| {
                let mut moved = projections.clone();
                moved[place] += by;
                loss(at(&moved, &mask))
            };
            let difference = (moved(1e-2) - moved(-1e-2)) / 2e-2;
            let error = (difference - f64::from(of.projections[place])).abs();
            prop_assert!(error < 2e-3 * (1.0 + difference.abs()));
        }
        match of.connections {
            Some(sensitivity) => {
                check("M", &mask, &sensitivity, |mask| loss(at(&projections, mask)));
            }
            None => prop_assert_eq!(kind, 0),
        }
    }

    #[test]
    fn memory_attention_gradients(
        samples in 1usize..5,
        tokens in 1usize..40,
        keys in 1usize..40,
        heads in 1usize..4,
        head_width in 1usize..20,
        kind in 0usize..3,
        drop in any::<bool>(),
        seed in any::<u64>(),
    ) {
        let shape = AttentionShape { samples, tokens, heads, head_width };
        let dropout = drop.then(|| Dropout::new(seed, 0.2));
        let count = samples * heads * head_width;
        let inputs = [tokens, keys, keys].map(|rows| numbers(count * rows, seed ^ rows as u64));
        let weights = numbers(count * tokens, seed ^ 2);
        let maps = heads * tokens * keys;
        let mask: Vec<f32> = numbers(if kind == 1 { maps } else { samples * maps }, seed ^ 5)
            .iter()
            .map(|value| 1.0 + 0.5 * value)
            .collect();
        let at = |inputs: &[Vec<f32>; 3], mask: &[f32]| {
            let inputs = inputs.each_ref().map(Vec::as_slice);
            attend_memory(inputs, &shape, keys, options(connections(kind, mask), dropout))
        };
        let attended = at(&inputs, &mask);
        let of = attend_memory_backward(
            inputs.each_ref().map(Vec::as_slice), &attended.maps, &weights, &shape, keys,
            options(connections(kind, &mask), dropout),
        );
        let loss = |attended: spat_cpu::Attended| loss(&attended.context, &weights);
        for (number, name) in ["queries", "keys", "values"].into_iter().enumerate() {
            check(name, &inputs[number], &of.inputs[number], |changed| {
                let mut inputs = inputs.clone();
                inputs[number] = changed.to_vec();
                loss(at(&inputs, &mask))
            });
        }
        match of.connections {
            Some(sensitivity) => {
                check("M", &mask, &sensitivity, |mask| loss(at(&inputs, mask)));
            }
            None => prop_assert_eq!(kind, 0),
        }
    }
}

fn options(connections: Option<Connections<'_>>, dropout: Option<Dropout>) -> MapOptions<'_> {
    MapOptions {
        connections,
        dropout,
        ..MapOptions::default()
    }
}

fn connections(kind: usize, mask: &[f32]) -> Option<Connections<'_>> {
    match kind {
        0 => None,
        1 => Some(Connections::Shared(mask)),
        _ => Some(Connections::PerSample(mask)),
    }
}
