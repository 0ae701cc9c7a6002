//! One step of Adam over one parameter, in one pass.

use crate::threads::{block_rows, each_block};
use crate::vectorise::vectorise;

/// The numbers of a step that all values share.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AdamFactors {
    /// β₁.
    pub beta_1: f32,
    /// β₂.
    pub beta_2: f32,
    /// `lr / (1 − β₁ᵗ)`.
    pub rate: f32,
    /// `1 / √(1 − β₂ᵗ)`.
    pub spread: f32,
    /// ε.
    pub epsilon: f32,
    /// `1 − lr · λ` of a decoupled weight decay λ.
    pub keep: f32,
}

/// First and second moment of a parameter.
#[derive(Debug)]
pub struct AdamState<'a> {
    /// m.
    pub first: &'a mut [f32],
    /// v.
    pub second: &'a mut [f32],
}

/// `m ← β₁m + (1−β₁)g`, `v ← β₂v + (1−β₂)g²`, and the new weights
/// `w(1 − lr·λ) − lr/(1−β₁ᵗ) · m / (√v/√(1−β₂ᵗ) + ε)` (arXiv 1412.6980, 1711.05101).
pub fn adam(
    weight: &[f32],
    gradient: &[f32],
    state: &mut AdamState<'_>,
    factors: &AdamFactors,
) -> Vec<f32> {
    let mut updated = vec![0.0; weight.len()];
    let length = block_rows(1);
    let blocks = updated
        .chunks_mut(length)
        .zip(weight.chunks(length).zip(gradient.chunks(length)))
        .zip(
            state
                .first
                .chunks_mut(length)
                .zip(state.second.chunks_mut(length)),
        );
    let f = *factors;
    each_block(
        weight.len(),
        blocks,
        |((updated, (weight, gradient)), (first, second))| {
            vectorise(|| {
                let values = updated.iter_mut().zip(weight.iter().zip(gradient));
                for ((updated, (weight, gradient)), (m, v)) in
                    values.zip(first.iter_mut().zip(second))
                {
                    let g = gradient;
                    *m = *m * f.beta_1 + g * (1.0 - f.beta_1);
                    *v = *v * f.beta_2 + g * g * (1.0 - f.beta_2);
                    *updated = weight * f.keep - *m / (v.sqrt() * f.spread + f.epsilon) * f.rate;
                }
            });
        },
    );
    updated
}
