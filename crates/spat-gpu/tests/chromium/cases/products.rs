//! Matrix products.

use spat_cpu::Finish;
use spat_gpu::encoder::linear_dispatches;

use super::case::{Case, given, large, made};

/// Sizes that are not multiples of a tile, with both kinds of loads, and one whose sums are computed in
/// parts.
pub(crate) fn products() -> Vec<Case> {
    let mut cases = Vec::new();
    for (rows, inputs, outputs) in [(19, 12, 20), (9, 5, 7), (200, 16, 20)] {
        let [x, weight, bias, gradient] =
            [rows * inputs, inputs * outputs, outputs, rows * outputs].map(large);
        let dispatches = linear_dispatches(rows, inputs, outputs, true);
        let plain = Finish::default();
        let y = spat_cpu::linear(&x, &weight, Some(&bias), inputs, plain, false).y;
        let back = spat_cpu::linear_backward(&x, &weight, None, &gradient, inputs, plain, true);
        cases.push(Case::dispatch(
            &dispatches.forward,
            vec![
                given(x.clone()),
                given(weight.clone()),
                made(y),
                given(bias),
            ],
        ));
        cases.push(Case::dispatch(
            &dispatches.of_x,
            vec![
                given(gradient.clone()),
                given(weight.clone()),
                made(back.x.unwrap()),
            ],
        ));
        // Without a division there is a single part.
        let length = dispatches.parts.length;
        let (mut weights, mut biases) = (Vec::new(), Vec::new());
        for (x, gradient) in x
            .chunks(length * inputs)
            .zip(gradient.chunks(length * outputs))
        {
            let part = spat_cpu::linear_backward(x, &weight, None, gradient, inputs, plain, false);
            weights.extend(part.weight);
            biases.extend(part.bias);
        }
        let of_weight = vec![
            given(x),
            given(gradient),
            made(weights.clone()),
            made(biases.clone()),
        ];
        cases.push(Case::dispatch(&dispatches.of_weight, of_weight));
        if let Some(sum_parts) = &dispatches.sum_parts {
            let sums = vec![
                given(weights),
                given(biases),
                made(back.weight),
                made(back.bias),
            ];
            cases.push(Case::dispatch(sum_parts, sums));
        }
    }
    cases
}
