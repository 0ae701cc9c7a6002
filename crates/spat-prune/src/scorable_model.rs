//! The trait of models that scorers work on: a loss on a batch.

use burn::tensor::Tensor;
use spat_model::{Forecaster, ForwardContext, HasAttention, Inputs};

/// A model with a loss, so that its attention modules can be scored.
pub trait ScorableModel: HasAttention {
    /// Input of the loss.
    type Batch;

    /// The mean loss of a batch, `[1]`. Model and batch are on the same device.
    fn loss(&self, batch: &Self::Batch, cx: &mut ForwardContext) -> Tensor<1>;

    /// The batch for a model that tracks gradients.
    fn tracked(batch: &Self::Batch) -> Self::Batch;

    /// How many values the mean loss of a batch averages over.
    fn loss_values(batch: &Self::Batch) -> usize;
}

/// One batch of windows on a plain device (one without autodiff).
#[derive(Debug, Clone)]
pub struct Sample {
    /// What the forecaster sees, `[B, lookback, C]`.
    pub inputs: Inputs,
    /// The actual values of the horizon, `[B, horizon, C]`.
    pub target: Tensor<3>,
}

/// The mean squared error, as in training.
impl ScorableModel for Forecaster {
    type Batch = Sample;

    fn loss(&self, batch: &Sample, cx: &mut ForwardContext) -> Tensor<1> {
        (self.forward(batch.inputs.clone(), cx) - batch.target.clone())
            .square()
            .mean()
    }

    fn tracked(batch: &Sample) -> Sample {
        Sample {
            inputs: Inputs {
                values: Tensor::from_inner(batch.inputs.values.clone()),
                time_features: batch.inputs.time_features.clone().map(Tensor::from_inner),
            },
            target: Tensor::from_inner(batch.target.clone()),
        }
    }

    fn loss_values(batch: &Sample) -> usize {
        batch.target.shape().num_elements()
    }
}
