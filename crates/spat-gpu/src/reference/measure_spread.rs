//! CPU reference of `shaders/measure_spread.wgsl`.

use crate::launch::WORKGROUP;
use crate::reference::moments::Moments;
use crate::task::{Task, VALUES};

/// Moments of all sensitivities in `task.spread().groups` partials; none if the task needs none.
pub fn measure_spread(sensitivity: &[f32], task: &Task) -> Vec<Moments> {
    if task.partials == 0 {
        return Vec::new();
    }
    let mut partials = vec![Moments::default(); task.partials as usize];
    let tile = (WORKGROUP * VALUES) as usize;
    for (number, tile) in sensitivity.chunks(tile).enumerate() {
        let own = &mut partials[number % task.partials as usize];
        *own = own.merged(tile_moments(tile, task.absolute));
    }
    partials
}

fn tile_moments(tile: &[f32], absolute: bool) -> Moments {
    let present = || {
        tile.iter()
            .map(move |&value| if absolute { value.abs() } else { value })
            .filter(|value| value.is_finite())
    };
    let count = present().count() as f32;
    let largest = present().fold(0.0_f32, |largest, value| largest.max(value.abs()));
    if count == 0.0 || largest == 0.0 {
        return Moments {
            count,
            ..Moments::default()
        };
    }
    let mean = present().map(|value| value / largest).sum::<f32>() / count;
    let squares = present()
        .map(|value| (value / largest - mean).powi(2))
        .sum();
    Moments {
        count,
        scale: largest,
        mean,
        squares,
    }
}
