//! Positions of tokens that are not trained.

use burn::tensor::{Device, Tensor, TensorData};

/// Positions of "Attention Is All You Need" (arXiv 1706.03762), `[count, width]`.
pub(crate) fn sinusoids(count: usize, width: usize, device: &Device) -> Tensor<2> {
    // A pair of columns, sine and cosine, has one wavelength.
    let lengths: Vec<f64> = (0..width)
        .map(|column| 10_000_f64.powf((column - column % 2) as f64 / width as f64))
        .collect();
    let values: Vec<f32> = (0..count)
        .flat_map(|position| (0..width).map(move |column| (position, column)))
        .map(|(position, column)| {
            let angle = position as f64 / lengths[column];
            (if column % 2 == 0 {
                angle.sin()
            } else {
                angle.cos()
            }) as f32
        })
        .collect();
    Tensor::from_data(TensorData::new(values, [count, width]), device)
}
