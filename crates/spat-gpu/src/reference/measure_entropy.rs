//! CPU reference of `shaders/measure_entropy.wgsl`, where the weight of a causal row is explained.

use crate::reference::RowSum;
use crate::task::Task;

/// Entropies of attention rows in nats, summed over the rows of each block.
pub fn measure_entropy(attention: &[f32], task: &Task) -> Vec<RowSum> {
    let keys = task.keys as usize;
    let mut sums = Vec::with_capacity(task.sums() as usize);
    for segment in attention.chunks(task.rows as usize * keys) {
        let mut number = 0;
        for block in segment.chunks(task.rows_per_block as usize * keys) {
            // In f64: this is one sequential sum, where a workgroup adds in parts.
            let mut nats = 0.0_f64;
            let mut sum = [0.0, 0.0];
            for row in block.chunks(keys) {
                let own = task.keys_of(number);
                number += 1;
                let weight = match own {
                    _ if own == keys => 1.0,
                    1 => 0.0,
                    _ => (keys as f32).ln() / (own as f32).ln(),
                };
                for &value in &row[..own] {
                    if !value.is_finite() {
                        sum[1] += 1.0;
                    } else if value > 0.0 {
                        nats -= f64::from(value * value.ln() * weight);
                    }
                }
            }
            sums.push([nats as f32, sum[1]]);
        }
    }
    sums
}
