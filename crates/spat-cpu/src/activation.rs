//! Activation functions, each followed by a dropout.

use crate::dropout::{Dropout, drop_values};
use crate::elementary::normal;
use crate::vectorise::vectorised;

/// An activation function.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Activation {
    /// The exact GELU, `x Φ(x)` (arXiv 1606.08415).
    Gelu,
    /// `max(x, slope · x)` with a slope in `[0, 1)`; of slope 0, the ReLU.
    LeakyRelu {
        /// Derivative below 0, and at 0.
        slope: f32,
    },
}

impl Activation {
    /// `x ← drop(f(x))`, where `first` is the dropout index of the first value.
    pub(crate) fn apply(self, x: &mut [f32], dropout: Option<Dropout>, first: usize) {
        match self {
            Self::Gelu => gelu(x, dropout, first),
            Self::LeakyRelu { slope } => {
                leaky_relu(x, slope);
                if let Some(dropout) = dropout {
                    drop_values(x, dropout, first);
                }
            }
        }
    }

    /// From the gradient of the output of [`Activation::apply`] to that of `x`.
    pub(crate) fn backward(
        self,
        gradient: &mut [f32],
        x: &[f32],
        dropout: Option<Dropout>,
        first: usize,
    ) {
        match self {
            Self::Gelu => gelu_backward(gradient, x, dropout, first),
            Self::LeakyRelu { slope } => {
                if let Some(dropout) = dropout {
                    drop_values(gradient, dropout, first);
                }
                leaky_relu_backward(gradient, x, slope);
            }
        }
    }
}

vectorised! {
    fn leaky_relu(x: &mut [f32], slope: f32) {
        for x in x {
            *x = x.max(slope * *x);
        }
    }
}

vectorised! {
    fn leaky_relu_backward(gradient: &mut [f32], x: &[f32], slope: f32) {
        for (gradient, &x) in gradient.iter_mut().zip(x) {
            *gradient *= if x > 0.0 { 1.0 } else { slope };
        }
    }
}

vectorised! {
    /// `x ← drop(gelu(x))`, where `first` is the dropout index of the first value.
    fn gelu(x: &mut [f32], dropout: Option<Dropout>, first: usize) {
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
    fn gelu_backward(
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

vectorised! {
    /// `x ← gelu(x)`, and from the gradient of that to that of x in place, as in [`Activation::backward`].
    pub(crate) fn gelu_with_backward(x: &mut [f32], gradient: &mut [f32]) {
        for (x, gradient) in x.iter_mut().zip(gradient) {
            let (below, density) = normal(*x);
            *gradient *= below + *x * density;
            *x *= below;
        }
    }
}
