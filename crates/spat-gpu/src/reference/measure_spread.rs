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
    for (number, values) in sensitivity.chunks(tile).enumerate() {
        let own = &mut partials[number % task.partials as usize];
        *own = own.merged(tile_moments(values, number * tile, task));
    }
    partials
}

/// Moments of a tile, whose first value has the place `first` in the tensor.
fn tile_moments(tile: &[f32], first: usize, task: &Task) -> Moments {
    let keys = task.keys as usize;
    let is_permitted = move |place: usize| place % keys < task.keys_of(place / keys);
    let present = || {
        tile.iter()
            .zip(first..)
            .filter(move |(_, place)| is_permitted(*place))
            .map(|(&value, _)| if task.absolute { value.abs() } else { value })
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
