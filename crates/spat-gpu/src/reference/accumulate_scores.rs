//! CPU reference of `shaders/accumulate_scores.wgsl`.

use crate::reference::RowSum;
use crate::task::Task;

/// The state after one more batch: number of batches, number of non-finite values, then mean and squares of
/// each head and of the module.
pub fn accumulate_scores(sums: &[RowSum], before: &[f32], task: &Task) -> Vec<f32> {
    let batches = before[0] + 1.0;
    let weight = if task.newest > 0.0 && batches > 1.0 {
        task.newest
    } else {
        1.0 / batches
    };
    let samples = task.segments / task.heads;
    let rows = samples as f32 * task.counted_rows as f32;
    let (heads, blocks) = (task.heads as usize, task.blocks as usize);

    let mut after = before.to_vec();
    let mut module = [0.0, 0.0];
    for head in 0..heads {
        // In f64: this is one sequential sum, where a workgroup adds in a tree.
        let mut own = [0.0_f64, 0.0];
        for sample in 0..samples as usize {
            let first = (sample * heads + head) * blocks;
            for sum in &sums[first..first + blocks] {
                own = [own[0] + f64::from(sum[0]), own[1] + f64::from(sum[1])];
            }
        }
        let value = own[0] as f32 / rows * task.row_factor;
        update(&mut after, head, value, weight, task);
        module = [module[0] + value, module[1] + own[1] as f32];
    }
    update(&mut after, heads, module[0] / heads as f32, weight, task);
    after[0] = batches;
    after[1] = before[1] + module[1];
    after
}

/// Welford's update of one mean and one sum of squares; with a weight w of the newest batch, of an
/// exponentially weighted variance: `v ← (1 − w) v + w (1 − w) (value − mean)²`.
fn update(state: &mut [f32], place: usize, value: f32, weight: f32, task: &Task) {
    let mean = state[2 + 2 * place];
    let from_before = value - mean;
    let moved = mean + from_before * weight;
    let square = from_before * (value - moved);
    let squares = state[3 + 2 * place];
    state[2 + 2 * place] = moved;
    state[3 + 2 * place] = if task.newest > 0.0 {
        squares + weight * (square - squares)
    } else {
        squares + square
    };
}
