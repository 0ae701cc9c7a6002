//! Every backward pass against finite differences of its forward pass, over many shapes.
#![allow(clippy::unwrap_used)]

use proptest::prelude::*;
use spat_kernels::{
    AttentionShape, Connections, Dropout, add_norm, add_norm_backward, attend, attend_backward,
    gelu, gelu_backward, linear, linear_backward,
};

/// Numbers between −1 and 1 that only `seed` decides.
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

/// `Σ weights · f`, the loss of which the gradients are taken.
fn loss(output: &[f32], weights: &[f32]) -> f64 {
    output
        .iter()
        .zip(weights)
        .map(|(output, weight)| f64::from(*output) * f64::from(*weight))
        .sum()
}

/// Compares `gradient` with central differences of `loss_at` at some places.
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
    fn of_linear(rows in 1usize..40, inputs in 1usize..40, outputs in 1usize..40, seed in any::<u64>()) {
        let (x, weight) = (numbers(rows * inputs, seed), numbers(inputs * outputs, seed ^ 1));
        let (bias, weights) = (numbers(outputs, seed ^ 2), numbers(rows * outputs, seed ^ 3));
        let of = linear_backward(&x, &weight, &weights, inputs, true);
        let at = |x: &[f32], w: &[f32], b: &[f32]| loss(&linear(x, w, Some(b), inputs), &weights);
        check("x", &x, of.x.as_ref().unwrap(), |x| at(x, &weight, &bias));
        check("W", &weight, &of.weight, |w| at(&x, w, &bias));
        check("b", &bias, &of.bias, |b| at(&x, &weight, b));
    }

    #[test]
    fn of_gelu(count in 1usize..300, drop in any::<bool>(), seed in any::<u64>()) {
        let dropout = drop.then(|| Dropout::new(seed, 0.3));
        let x: Vec<f32> = numbers(count, seed).iter().map(|x| x * 4.0).collect();
        let weights = numbers(count, seed ^ 1);
        let of = gelu_backward(&x, &weights, dropout);
        check("x", &x, &of, |x| loss(&gelu(x, dropout), &weights));
    }

    #[test]
    fn of_add_norm(
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
            // A wide ε keeps the curvature, and so the error of the differences, small.
            add_norm(x, branch, dropout, gamma, beta, 0.1)
        };
        let normed = at(&x, &branch, &gamma, &beta);
        let of = add_norm_backward(&normed, &weights, dropout, &gamma);
        let loss = |normed: spat_kernels::Normed| loss(&normed.output, &weights);
        check("x", &x, &of.x, |x| loss(at(x, &branch, &gamma, &beta)));
        if with_branch {
            let of_branch = of.branch.as_ref().unwrap_or(&of.x);
            check("branch", &branch, of_branch, |branch| loss(at(&x, branch, &gamma, &beta)));
        }
        check("γ", &gamma, &of.gamma, |gamma| loss(at(&x, &branch, gamma, &beta)));
        check("β", &beta, &of.beta, |beta| loss(at(&x, &branch, &gamma, beta)));
    }

    #[test]
    fn of_attention(
        samples in 1usize..5,
        tokens in 1usize..48,
        heads in 1usize..4,
        head_width in 1usize..20,
        kind in 0usize..3,
        drop in any::<bool>(),
        seed in any::<u64>(),
    ) {
        let shape = AttentionShape { samples, tokens, heads, head_width };
        let dropout = drop.then(|| Dropout::new(seed, 0.2));
        let count = samples * tokens * heads * head_width;
        let [query, key, value, weights] =
            [1, 2, 3, 4].map(|number| numbers(count, seed ^ number));
        let maps = heads * tokens * tokens;
        let mask: Vec<f32> = numbers(if kind == 1 { maps } else { samples * maps }, seed ^ 5)
            .iter()
            .map(|value| 1.0 + 0.5 * value)
            .collect();
        let at = |query: &[f32], key: &[f32], value: &[f32], mask: &[f32]| {
            attend(query, key, value, &shape, connections(kind, mask), dropout)
        };
        let attended = at(&query, &key, &value, &mask);
        let of = attend_backward(
            &query, &key, &value, &attended.maps, &weights, &shape, connections(kind, &mask), dropout,
        );
        let loss = |attended: spat_kernels::Attended| loss(&attended.context, &weights);
        check("query", &query, &of.query, |query| loss(at(query, &key, &value, &mask)));
        check("key", &key, &of.key, |key| loss(at(&query, key, &value, &mask)));
        check("value", &value, &of.value, |value| loss(at(&query, &key, value, &mask)));
        match of.connections {
            Some(sensitivity) => {
                check("M", &mask, &sensitivity, |mask| loss(at(&query, &key, &value, mask)));
            }
            None => prop_assert_eq!(kind, 0),
        }
    }
}

fn connections(kind: usize, mask: &[f32]) -> Option<Connections<'_>> {
    match kind {
        0 => None,
        1 => Some(Connections::Shared(mask)),
        _ => Some(Connections::PerSample(mask)),
    }
}
