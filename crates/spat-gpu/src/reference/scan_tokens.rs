//! CPU references of `shaders/scan_tokens.wgsl` and `shaders/scan_tokens_backward.wgsl`. The operation of `spat-cpu`
//! includes what is around the scan.

use crate::encoder::ScanShape;

/// Inputs of a scan, as in [`crate::encoder::scan_tokens`].
#[derive(Debug, Clone, Copy)]
pub struct ScanInputs<'a> {
    /// u, `[B · L, E]`.
    pub values: &'a [f32],
    /// `[B · L, E]`.
    pub steps: &'a [f32],
    /// B and C, `[B · L, 2 · n]`.
    pub weights: &'a [f32],
    /// A, then D, `[n + 1, E]`.
    pub parameters: &'a [f32],
    /// Sizes.
    pub shape: ScanShape,
}

/// y, `[B · L, E]`.
pub fn scan_tokens(inputs: &ScanInputs<'_>) -> Vec<f32> {
    let ScanShape {
        samples,
        tokens,
        width,
        states,
    } = inputs.shape;
    let mut output = vec![0.0; inputs.values.len()];
    for sample in 0..samples {
        for column in 0..width {
            let skip = inputs.parameters[states * width + column];
            for token in 0..tokens {
                let place = (sample * tokens + token) * width + column;
                output[place] = skip * inputs.values[place];
            }
            for state in 0..states {
                let decay = inputs.parameters[state * width + column];
                let mut h = 0.0;
                for token in 0..tokens {
                    let row = sample * tokens + token;
                    let place = row * width + column;
                    let weights = &inputs.weights[2 * row * states..];
                    let (step, _) = softplus(inputs.steps[place]);
                    h = (step * decay).exp() * h + step * inputs.values[place] * weights[state];
                    output[place] += weights[states + state] * h;
                }
            }
        }
    }
    output
}

/// Gradients of values, steps, weights and parameters, from that of y.
pub fn scan_tokens_backward(inputs: &ScanInputs<'_>, gradient: &[f32]) -> [Vec<f32>; 4] {
    let ScanShape {
        samples,
        tokens,
        width,
        states,
    } = inputs.shape;
    let ScanInputs {
        values,
        steps,
        weights,
        parameters,
        ..
    } = *inputs;
    let zeros = |like: &[f32]| vec![0.0; like.len()];
    let (mut of_values, mut of_steps) = (zeros(values), zeros(steps));
    let (mut of_weights, mut of_parameters) = (zeros(weights), zeros(parameters));
    for sample in 0..samples {
        for column in 0..width {
            let skip = parameters[states * width + column];
            for token in 0..tokens {
                let place = (sample * tokens + token) * width + column;
                of_values[place] = skip * gradient[place];
                of_parameters[states * width + column] += gradient[place] * values[place];
            }
            for state in 0..states {
                let decay = parameters[state * width + column];
                let mut before = Vec::with_capacity(tokens);
                let mut h = 0.0;
                for token in 0..tokens {
                    before.push(h);
                    let row = sample * tokens + token;
                    let place = row * width + column;
                    let (step, _) = softplus(steps[place]);
                    h = (step * decay).exp() * h
                        + step * values[place] * weights[2 * row * states + state];
                }
                let mut later = 0.0;
                for token in (0..tokens).rev() {
                    let row = sample * tokens + token;
                    let place = row * width + column;
                    let weight = 2 * row * states + state;
                    let b = weights[weight];
                    let (step, slope) = softplus(steps[place]);
                    let a = (step * decay).exp();
                    let after = a * before[token] + step * values[place] * b;
                    let of_h = weights[weight + states] * gradient[place] + later;
                    later = a * of_h;
                    let of_exponent = later * before[token];
                    of_parameters[state * width + column] += of_exponent * step;
                    of_values[place] += of_h * b * step;
                    of_steps[place] += (of_exponent * decay + of_h * b * values[place]) * slope;
                    of_weights[weight] += of_h * step * values[place];
                    of_weights[weight + states] += gradient[place] * after;
                }
            }
        }
    }
    [of_values, of_steps, of_weights, of_parameters]
}

/// `ln(1 + eˣ)` and its slope.
fn softplus(x: f32) -> (f32, f32) {
    (
        x.max(0.0) + (-x.abs()).exp().ln_1p(),
        1.0 / (1.0 + (-x).exp()),
    )
}
