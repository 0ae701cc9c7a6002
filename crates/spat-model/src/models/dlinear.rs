//! DLinear (arXiv 2205.13504): trend by a moving average, one linear map for it and one for the
//! remainder, shared by all channels.

use burn::module::Module;
use burn::nn::Linear;
use burn::tensor::Tensor;
use spat_spec::{DLinearConfig, Structure};

use crate::forward_context::ForwardContext;
use crate::import::ImportTable;
use crate::initial::Initial;
use crate::layers::moving_average;

use super::{Inputs, Model};

/// DLinear (arXiv 2205.13504): trend by a moving average, one linear map for it and one for the
/// remainder, shared by all channels.
#[derive(Module, Debug)]
pub struct DLinear {
    /// On the remainder, `[lookback, horizon]`.
    pub seasonal: Linear,
    /// On the moving average, `[lookback, horizon]`.
    pub trend: Linear,
    kernel: usize,
}

impl Model for DLinear {
    type Spec = DLinearConfig;

    fn init(initial: &mut Initial<'_>, config: &Self::Spec, _: &Structure) -> Self {
        let mut map = || {
            let mut linear = initial.linear(config.lookback, config.horizon);
            // Each forecast row starts as the mean of the look-back.
            linear.weight = initial.constant(
                [config.lookback, config.horizon],
                1.0 / config.lookback as f32,
            );
            linear
        };
        Self {
            seasonal: map(),
            trend: map(),
            kernel: config.kernel,
        }
    }

    fn forward(&self, inputs: Inputs, _: &mut ForwardContext) -> Tensor<3> {
        let input = inputs.values;
        let [batch, lookback, channels] = input.dims();
        let series = input.swap_dims(1, 2).reshape([batch * channels, lookback]);
        let trend = series
            .clone()
            .matmul(moving_average(lookback, self.kernel, &series.device()));
        let remainder = series - trend.clone();
        let forecast = self.seasonal.forward(remainder) + self.trend.forward(trend);
        let horizon = forecast.dims()[1];
        forecast.reshape([batch, channels, horizon]).swap_dims(1, 2)
    }

    fn import(_: &Self::Spec) -> ImportTable {
        ImportTable::default()
            .linear("Linear_Seasonal", "seasonal")
            .linear("Linear_Trend", "trend")
    }
}
