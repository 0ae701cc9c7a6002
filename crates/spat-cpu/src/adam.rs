//! One step of Adam over all parameters, in one pass.

use crate::profile::timed;
use crate::threads::each_block;
use crate::vectorise::vectorised;

/// Values of a block.
const BLOCK: usize = 1 << 14;

/// Scalars of a step, shared by all values.
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

/// A parameter, its gradient and its moments, all of the same length.
#[derive(Debug)]
pub struct AdamParameter<'a> {
    /// The new weights.
    pub updated: &'a mut [f32],
    /// The old weights.
    pub weight: &'a [f32],
    /// ∂L/∂w.
    pub gradient: &'a [f32],
    /// m.
    pub first: &'a mut [f32],
    /// v.
    pub second: &'a mut [f32],
}

/// `m ← β₁m + (1−β₁)g`, `v ← β₂v + (1−β₂)g²`, and the new weights
/// `w(1 − lr·λ) − lr/(1−β₁ᵗ) · m / (√v/√(1−β₂ᵗ) + ε)` (arXiv 1412.6980, 1711.05101).
pub fn adam(parameters: Vec<AdamParameter<'_>>, factors: &AdamFactors) {
    let _timed = timed("Adam");
    let values: usize = parameters.iter().map(|part| part.weight.len()).sum();
    let blocks = parameters.into_iter().flat_map(|part| {
        part.updated
            .chunks_mut(BLOCK)
            .zip(part.weight.chunks(BLOCK).zip(part.gradient.chunks(BLOCK)))
            .zip(
                part.first
                    .chunks_mut(BLOCK)
                    .zip(part.second.chunks_mut(BLOCK)),
            )
    });
    each_block(
        values,
        blocks,
        |((updated, (weight, gradient)), (first, second))| {
            step(updated, weight, gradient, first, second, *factors);
        },
    );
}

vectorised! {
    fn step(
        updated: &mut [f32],
        weight: &[f32],
        gradient: &[f32],
        first: &mut [f32],
        second: &mut [f32],
        f: AdamFactors,
    ) {
        let values = updated.iter_mut().zip(weight.iter().zip(gradient));
        for ((updated, (weight, gradient)), (m, v)) in values.zip(first.iter_mut().zip(second)) {
            let g = gradient;
            *m = *m * f.beta_1 + g * (1.0 - f.beta_1);
            *v = *v * f.beta_2 + g * g * (1.0 - f.beta_2);
            *updated = weight * f.keep - *m / (v.sqrt() * f.spread + f.epsilon) * f.rate;
        }
    }
}
