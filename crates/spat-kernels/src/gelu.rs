//! The exact GELU, `x Φ(x)` (arXiv 1606.08415), with the dropout that follows it.

use crate::dropout::Dropout;
use crate::elementary::normal;
use crate::threads::{block_rows, each_block};
use crate::vectorise::vectorise;

/// `drop(gelu(x))`.
pub fn gelu(x: &[f32], dropout: Option<Dropout>) -> Vec<f32> {
    map(x, x, dropout, |x, _| x * normal(x).0)
}

/// `∂L/∂x = ∂L/∂y · mask · (Φ(x) + x φ(x))`.
pub fn gelu_backward(x: &[f32], gradient: &[f32], dropout: Option<Dropout>) -> Vec<f32> {
    map(x, gradient, dropout, |x, gradient| {
        let (below, bell) = normal(x);
        gradient * (below + x * bell)
    })
}

/// `mask · f(a, b)` value by value.
#[inline(always)]
fn map(
    a: &[f32],
    b: &[f32],
    dropout: Option<Dropout>,
    f: impl Fn(f32, f32) -> f32 + Send + Sync,
) -> Vec<f32> {
    let mut output = vec![0.0; a.len()];
    let rows = block_rows(1);
    let blocks = output
        .chunks_mut(rows)
        .zip(a.chunks(rows).zip(b.chunks(rows)))
        .enumerate();
    each_block(a.len(), blocks, |(block, (output, (a, b)))| {
        vectorise(|| {
            let pairs = output.iter_mut().zip(a.iter().zip(b));
            match dropout {
                Some(dropout) => {
                    for (place, (output, (&a, &b))) in pairs.enumerate() {
                        *output = f(a, b) * dropout.factor(block * rows + place);
                    }
                }
                None => {
                    for (output, (&a, &b)) in pairs {
                        *output = f(a, b);
                    }
                }
            }
        });
    });
    output
}
