//! The exact GELU, `x Φ(x)` (arXiv 1606.08415), followed by a dropout.

use crate::dropout::Dropout;
use crate::elementary::normal;
use crate::vectorise::vectorised;

vectorised! {
    /// `x ← drop(gelu(x))`, where `first` is the dropout index of the first value.
    pub(crate) fn gelu(x: &mut [f32], dropout: Option<Dropout>, first: usize) {
        match dropout {
            Some(dropout) => {
                for (place, x) in x.iter_mut().enumerate() {
                    *x *= normal(*x).0 * dropout.factor(first + place);
                }
            }
            None => {
                for x in x {
                    *x *= normal(*x).0;
                }
            }
        }
    }
}

vectorised! {
    /// `gradient ← gradient · mask · (Φ(x) + x φ(x))`: from the gradient of the output to that of `x`.
    pub(crate) fn gelu_backward(
        gradient: &mut [f32],
        x: &[f32],
        dropout: Option<Dropout>,
        first: usize,
    ) {
        let values = gradient.iter_mut().zip(x);
        match dropout {
            Some(dropout) => {
                for (place, (gradient, &x)) in values.enumerate() {
                    let (below, density) = normal(x);
                    *gradient *= (below + x * density) * dropout.factor(first + place);
                }
            }
            None => {
                for (gradient, &x) in values {
                    let (below, density) = normal(x);
                    *gradient *= below + x * density;
                }
            }
        }
    }
}
