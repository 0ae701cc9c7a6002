//! RLinear (arXiv 2305.10721): one linear map on the window normalised by itself, shared by all
//! channels.

use burn::module::Module;
use burn::nn::Linear;
use burn::tensor::Tensor;
use spat_spec::{RLinearConfig, Structure};

use crate::forward_context::ForwardContext;
use crate::import::ImportTable;
use crate::initial::Initial;
use crate::layers::normalise;

use super::{Inputs, Model};

/// RLinear (arXiv 2305.10721): one linear map on the window normalised by itself.
#[derive(Module, Debug)]
pub struct RLinear {
    /// `[lookback, horizon]`.
    pub linear: Linear,
}

impl Model for RLinear {
    type Spec = RLinearConfig;

    fn init(initial: &mut Initial<'_>, config: &Self::Spec, _: &Structure) -> Self {
        Self {
            linear: initial.linear(config.lookback, config.horizon),
        }
    }

    fn forward(&self, inputs: Inputs, _: &mut ForwardContext) -> Tensor<3> {
        let input = inputs.values;
        let [batch, lookback, channels] = input.dims();
        let (input, statistics) = normalise(input);
        let series = input.swap_dims(1, 2).reshape([batch * channels, lookback]);
        let forecast = self.linear.forward(series);
        let horizon = forecast.dims()[1];
        statistics.restore(forecast.reshape([batch, channels, horizon]).swap_dims(1, 2))
    }

    fn import(_: &Self::Spec) -> ImportTable {
        ImportTable::default().linear("Linear", "linear")
    }
}
