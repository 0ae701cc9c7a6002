//! Element-wise and row-wise stages.

use spat_cpu::{AdamFactors, AdamParameter, Dropout, Finish};
use spat_gpu::encoder::{adam_dispatch, norm_dispatches, value_dispatches};

use super::case::{Case, changed, given, large, made, numbers};

pub(crate) fn values() -> Vec<Case> {
    let count = 1_001;
    let mask = Dropout::new(77, 0.3);
    let dropout = Some(mask);
    let (x, gradient) = (large(count), numbers(count));
    let [forward, backward, drop] = value_dispatches(count, dropout);
    // The layer whose weight is 1.
    let finish = Finish {
        gelu: true,
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
