//! Element-wise and row-wise stages.

use spat_cpu::{Activation, AdamFactors, AdamParameter, Dropout, Finish};
use spat_gpu::encoder::{
    ScanShape, adam_dispatch, norm_dispatches, scan_dispatches, value_dispatches,
};
use spat_gpu::reference::{ScanInputs, scan_tokens, scan_tokens_backward};

use super::case::{Case, changed, given, large, made, numbers};

pub(crate) fn values() -> Vec<Case> {
    let count = 1_001;
    let mask = Dropout::new(77, 0.3);
    let dropout = Some(mask);
    let (x, gradient) = (large(count), numbers(count));
    let [forward, backward, drop] = value_dispatches(count, dropout);
    // The layer whose weight is 1.
    let finish = Finish {
        activation: Some(Activation::Gelu),
        dropout,
    };
    let gelu = spat_cpu::linear(&x, &[1.0], None, 1, finish, true);
    let before = gelu.before.as_deref();
    let back = spat_cpu::linear_backward(&x, &[1.0], before, &gradient, 1, finish, true);
    vec![
        Case::dispatch(&forward, vec![given(x.clone()), made(gelu.y)]),
        Case::dispatch(
            &backward,
            vec![
                given(x.clone()),
                given(gradient.clone()),
                made(back.x.unwrap()),
            ],
        ),
        Case::dispatch(&drop, vec![given(x.clone()), made(mask.apply(&x))]),
    ]
}

/// One sample, one group of columns and one segment of tokens: the sums over them are those of the inputs, and
/// the kept state is that before the first token.
pub(crate) fn scans() -> Vec<Case> {
    let shape = ScanShape {
        samples: 1,
        tokens: 11,
        width: 40,
        states: 5,
    };
    let rows = shape.samples * shape.tokens;
    let [values, steps, gradient] =
        [0, 1, 2].map(|part| large(rows * shape.width + part)[part..].to_vec());
    let weights = large(rows * 2 * shape.states + 3)[3..].to_vec();
    let mut parameters = large((shape.states + 1) * shape.width + 4)[4..].to_vec();
    for decay in &mut parameters[..shape.states * shape.width] {
        *decay = -decay.exp();
    }
    let inputs = ScanInputs {
        values: &values,
        steps: &steps,
        weights: &weights,
        parameters: &parameters,
        shape,
    };
    let y = scan_tokens(&inputs);
    let [of_values, of_steps, of_weights, of_parameters] = scan_tokens_backward(&inputs, &gradient);
    let [.., kept] = shape.sums();
    let sums = [of_weights, of_parameters, vec![0.0; kept]].concat();
    let [forward, backward] = scan_dispatches(&shape);
    let inputs = || {
        [&values, &steps, &weights, &parameters]
            .map(|part| given(part.clone()))
            .into_iter()
    };
    vec![
        Case::dispatch(&forward, inputs().chain([made(y)]).collect()),
        Case::dispatch(
            &backward,
            std::iter::once(given(gradient))
                .chain(inputs())
                .chain([made(of_values), made(of_steps), made(sums)])
                .collect(),
        ),
    ]
}

pub(crate) fn norms() -> Vec<Case> {
    let (rows, width) = (21, 33);
    let dropout = Some(Dropout::new(5, 0.2));
    let [x, branch, gradient] = [0, 1, 2].map(|part| large(rows * width + part)[part..].to_vec());
    let [gamma, beta] = [3, 4].map(|part| large(width + part)[part..].to_vec());
    let [forward, of_rows, of_columns] = norm_dispatches(rows, width, true, dropout, 1e-5);
    let normed = spat_cpu::add_norm(&x, Some(&branch), dropout, &gamma, &beta, 1e-5);
    let back = spat_cpu::add_norm_backward(&normed, &gradient, dropout, &gamma);
    vec![
        Case::dispatch(
            &forward,
            vec![
                given(x),
                given(branch),
                given(gamma.clone()),
                given(beta),
                made(normed.output),
                made(normed.normal.clone()),
                made(normed.inverse.clone()),
            ],
        ),
        Case::dispatch(
            &of_rows,
            vec![
                given(gradient.clone()),
                given(normed.normal.clone()),
                given(normed.inverse),
                given(gamma),
                made(back.x),
                made(back.branch.unwrap()),
            ],
        ),
        Case::dispatch(
            &of_columns,
            vec![
                given(gradient),
                given(normed.normal),
                made(back.gamma),
                made(back.beta),
            ],
        ),
    ]
}

pub(crate) fn adam() -> Case {
    let factors = AdamFactors {
        beta_1: 0.9,
        beta_2: 0.999,
        rate: 1e-2,
        spread: 3.0,
        epsilon: 1e-8,
        keep: 0.99,
    };
    let count = 777;
    let [weight, gradient, first] = [0, 1, 2].map(|part| large(count + part)[part..].to_vec());
    let second: Vec<f32> = first.iter().map(|value| value * value).collect();
    let (mut first_after, mut second_after) = (first.clone(), second.clone());
    let mut updated = vec![0.0; count];
    let parameter = AdamParameter {
        updated: &mut updated,
        weight: &weight,
        gradient: &gradient,
        first: &mut first_after,
        second: &mut second_after,
    };
    spat_cpu::adam(vec![parameter], &factors);
    Case::dispatch(
        &adam_dispatch(count, &factors),
        vec![
            given(weight),
            given(gradient),
            changed(first, first_after),
            changed(second, second_after),
            made(updated),
        ],
    )
}
