//! CPU reference of `shaders/average_maps.wgsl`.

use crate::task::Task;

/// The mean of each cell over the batch.
pub fn average_maps(maps: &[f32], task: &Task) -> Vec<f32> {
    let cells = (task.heads * task.rows * task.keys) as usize;
    let mut average = vec![0.0; cells];
    for (sample, maps) in maps.chunks(cells).enumerate() {
        for (mean, value) in average.iter_mut().zip(maps) {
            *mean += (value - *mean) / (sample + 1) as f32;
        }
    }
    average
}
