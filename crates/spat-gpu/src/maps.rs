//! Entropy and mean of attention maps.

use burn::tensor::Tensor;

use crate::place::{Place, on_gpu, on_host, place};
use crate::scores::RunningScores;
use crate::task::Task;
use crate::{gpu, reference};

/// Mean entropy of the rows of each head, in nats: ln Lk for uniform attention, 0 for attention to a single
/// key. NaN for all heads if any attention value is not finite.
///
/// Row i of a `causal` map has i + 1 keys. Its entropy counts ln Lk / ln(i + 1) times, so that uniform
/// attention has ln Lk there too; row 0, which has a single key, is left out.
///
/// # Shapes
/// - `attention`: `[B, H, Lq, Lk]`, rows that sum to 1
/// - output: `[H]`
pub fn attention_entropy(attention: Tensor<4>, causal: bool) -> Tensor<1> {
    let heads = attention.dims()[1];
    let scores = RunningScores::new(heads, &attention.device())
        .with_causal_rows(causal)
        .with_entropy(attention);
    // The means are at 2, 4, 6, …, the number of non-finite values is at 1.
    let state = scores.state();
    let pairs = state.clone().slice(2..2 + 2 * heads).reshape([heads, 2]);
    let refused = state.slice(1..2).greater_elem(0.0).expand([heads]);
    pairs
        .slice([0..heads, 0..1])
        .reshape([heads])
        .mask_fill(refused, f32::NAN)
}

/// The mean map of each head over a batch.
///
/// # Shapes
/// - `maps`: attention or sensitivities, `[B, H, Lq, Lk]`
/// - output: `[H, Lq, Lk]`
pub fn average_maps(maps: Tensor<4>) -> Tensor<3> {
    let [_, heads, queries, keys] = maps.dims();
    let task = Task::rows(maps.dims());
    let device = maps.device();
    match place(maps) {
        Place::Gpu(buffer) => {
            on_gpu::<1>(gpu::average(*buffer, &task)).reshape([heads, queries, keys])
        }
        Place::Host(values) => on_host(
            reference::average_maps(&values, &task.cells()),
            [heads, queries, keys],
            &device,
        ),
    }
}
