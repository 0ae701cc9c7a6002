//! The exact GELU, `x Φ(x)` (arXiv 1606.08415), with the dropout that follows it.

use crate::dropout::Dropout;
use crate::elementary::normal;
use crate::vectorise::vectorised;

vectorised! {
    /// `x ← drop(gelu(x))`, where the dropout counts its places from `first`.
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
    /// `gradient ← gradient · mask · (Φ(x) + x φ(x))`: of `x` from that of the output.
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
                    let (below, bell) = normal(x);
                    *gradient *= (below + x * bell) * dropout.factor(first + place);
                }
            }
            None => {
                for (gradient, &x) in values {
                    let (below, bell) = normal(x);
                    *gradient *= below + x * bell;
                }
            }
        }
    }
}
