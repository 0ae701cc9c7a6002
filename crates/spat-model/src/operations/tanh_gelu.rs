//! The tanh form of the GELU.

use burn::tensor::Tensor;

/// `x/2 (1 + tanh(√(2/π) (x + 0.044715 x³)))` (arXiv 1606.08415), as GPT-2 has it.
pub(crate) fn tanh_gelu<const D: usize>(x: Tensor<D>) -> Tensor<D> {
    const SCALE: f64 = std::f64::consts::FRAC_2_SQRT_PI * std::f64::consts::FRAC_1_SQRT_2;
    // Not a power, which is undefined for negative numbers on some GPUs.
    let cubic = x.clone().square() * x.clone() * 0.044_715;
    let inner = (x.clone() + cubic) * SCALE;
    x * (inner.tanh() + 1.0) * 0.5
}
