//! Small generated images of shapes.
//!
//! 16 × 16 grey values: a disc, a square, a triangle or a cross of random position, size and brightness in
//! noise. Patches of 4 × 4 are the tokens, so that a shape spans several of them.

use crate::synthetic::classifier::{Examples, Readout, Task};
use crate::synthetic::draw::Draw;

/// The shapes, by class index.
pub const SHAPES: [&str; 4] = ["disc", "square", "triangle", "cross"];

const SIDE: usize = 16;
const PATCH: usize = 4;
const NOISE: f64 = 0.25;

/// Classification of the shape in an image.
pub const TASK: Task = Task {
    tokens: (SIDE / PATCH) * (SIDE / PATCH),
    features: PATCH * PATCH,
    classes: SHAPES.len(),
    readout: Readout::Mean,
};

/// `count` images with their shapes.
pub fn examples(seed: u64, stream: u64, number: u64, count: usize) -> Examples {
    let mut draw = Draw::new(seed, stream, number);
    let mut tokens = Vec::with_capacity(count * SIDE * SIDE);
    let mut labels = Vec::with_capacity(count);
    for _ in 0..count {
        let shape = draw.below(SHAPES.len());
        let image = paint(&mut draw, shape);
        for patch in 0..TASK.tokens {
            let (top, left) = (
                patch / (SIDE / PATCH) * PATCH,
                patch % (SIDE / PATCH) * PATCH,
            );
            for row in top..top + PATCH {
                tokens.extend_from_slice(&image[row * SIDE + left..row * SIDE + left + PATCH]);
            }
        }
        labels.push(shape);
    }
    Examples::new(&TASK, tokens, labels, vec![1.0; count], vec![false; count])
}

/// Grey values row by row.
fn paint(draw: &mut Draw, shape: usize) -> Vec<f32> {
    let radius = 3.0 + 2.0 * draw.unit();
    let middle = SIDE as f64 / 2.0 - 0.5;
    let (x, y) = (middle + draw.within(2.5), middle + draw.within(2.5));
    let brightness = 0.6 + 0.4 * draw.unit();
    (0..SIDE * SIDE)
        .map(|pixel| {
            let (dx, dy) = ((pixel % SIDE) as f64 - x, (pixel / SIDE) as f64 - y);
            let light = if covers(shape, dx, dy, radius) {
                brightness
            } else {
                0.0
            };
            (light + draw.within(NOISE)) as f32
        })
        .collect()
}

fn covers(shape: usize, dx: f64, dy: f64, radius: f64) -> bool {
    let (across, along) = (dx.abs(), dy.abs());
    match shape {
        0 => dx * dx + dy * dy <= radius * radius,
        1 => across.max(along) <= 0.85 * radius,
        2 => along <= radius && across <= (dy + radius) / 2.0,
        _ => across.min(along) <= radius / 3.0 && across.max(along) <= radius,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// No shape covers a point at twice the radius, all cover the middle, and a corner distinguishes them.
    #[test]
    fn shapes_differ_where_they_should() {
        for shape in 0..4 {
            assert!(covers(shape, 0.0, 0.0, 4.0));
            assert!(!covers(shape, 8.0, 8.0, 4.0));
        }
        let corner: Vec<bool> = (0..4).map(|shape| covers(shape, 3.3, -3.3, 4.0)).collect();
        assert_eq!(corner, [false, true, false, false]);
        let base: Vec<bool> = (0..4).map(|shape| covers(shape, 3.4, 3.6, 4.0)).collect();
        assert_eq!(base, [false, false, true, false]);
        let tip: Vec<bool> = (0..4).map(|shape| covers(shape, 3.9, 1.0, 4.0)).collect();
        assert_eq!(tip, [false, false, false, true]);
    }

    #[test]
    fn patches_hold_the_image() {
        let examples = examples(1, 2, 3, 5);
        assert_eq!(examples.tokens.dims(), [5, 16, 16]);
        assert_eq!(examples.labels.len(), 5);
    }
}
