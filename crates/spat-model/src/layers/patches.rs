//! Patches of a channel.

use burn::tensor::{Int, Tensor, TensorData};

/// Patches of `patch_len` rows, one every `stride` rows. The last value is repeated for one stride, so that the
/// end of the look-back fills a patch too.
///
/// # Shapes
/// - `input`: `[B, lookback, C]`
/// - output: `[B · C, patches, patch_len]`
pub(crate) fn patches(input: Tensor<3>, patch_len: usize, stride: usize) -> Tensor<3> {
    let [batch, lookback, channels] = input.dims();
    let count = (lookback - patch_len) / stride + 2;
    let rows: Vec<i64> = (0..count)
        .flat_map(|patch| (0..patch_len).map(move |offset| (patch, offset)))
        .map(|(patch, offset)| (patch * stride + offset).min(lookback - 1) as i64)
        .collect();
    let rows = TensorData::new(rows, [count * patch_len]);
    let rows = Tensor::<1, Int>::from_data(rows, &input.device());
    input
        .swap_dims(1, 2)
        .select(2, rows)
        .reshape([batch * channels, count, patch_len])
}
