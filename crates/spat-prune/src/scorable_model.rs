//! The trait of models that scorers work on: a loss on a batch.

use burn::tensor::Tensor;
use spat_model::{Forecaster, ForwardContext, HasAttention, Inputs, mean_squared_error};

/// A model with a loss, so that its attention modules can be scored.
pub trait ScorableModel: HasAttention {
    /// Input of the loss.
    type Batch;

    /// The mean loss of a batch, `[1]`. Model and batch are on the same device.
    fn loss(&self, batch: &Self::Batch, cx: &mut ForwardContext) -> Tensor<1>;

    /// The batch for a model that tracks gradients.
    fn tracked(batch: &Self::Batch) -> Self::Batch;

    /// Number of values that the mean loss of a batch averages over.
    fn loss_values(batch: &Self::Batch) -> usize;
}

/// One batch of windows on a plain device (one without autodiff).
#[derive(Debug, Clone)]
pub struct Sample {
    /// Inputs of the forecaster, `[B, lookback, C]`.
    pub inputs: Inputs,
    /// The target of the forecast.
    pub target: Target,
}

/// The target of a forecast.
#[derive(Debug, Clone)]
pub struct Target {
    /// The actual values of the horizon, `[B, horizon, C]`.
    pub values: Tensor<3>,
    /// Which of them count, if not all do.
    pub weights: Option<Weights>,
}

/// Which values of a target count.
#[derive(Debug, Clone)]
pub struct Weights {
    /// 1 for those that count and 0 for others, `[B, horizon, C]`.
    pub cells: Tensor<3>,
    /// How many values there are for each that counts.
    pub scale: f64,
}

/// A target of which all values count.
impl From<Tensor<3>> for Target {
    fn from(values: Tensor<3>) -> Self {
        Self {
            values,
            weights: None,
        }
    }
}

impl Target {
    /// Forecast minus actual value, 0 where a value does not count, `[B, horizon, C]`.
    pub fn errors(&self, forecast: Tensor<3>) -> Tensor<3> {
        let errors = forecast - self.values.clone();
        match &self.weights {
            Some(weights) => errors * weights.cells.clone(),
            None => errors,
        }
    }

    /// The mean squared error of a forecast over the values that count, `[1]`.
    pub fn mean_squared_error(&self, forecast: Tensor<3>) -> Tensor<1> {
        let values = self.values.clone();
        match &self.weights {
            None => mean_squared_error(forecast, values),
            Some(weights) => {
                let counted = values.clone() + self.errors(forecast);
                mean_squared_error(counted, values) * weights.scale
            }
        }
    }
}

/// The mean squared error, as in training.
impl ScorableModel for Forecaster {
    type Batch = Sample;

    fn loss(&self, batch: &Sample, cx: &mut ForwardContext) -> Tensor<1> {
        batch
            .target
            .mean_squared_error(self.forward(batch.inputs.clone(), cx))
    }

    fn tracked(batch: &Sample) -> Sample {
        Sample {
            inputs: Inputs::from_inner(batch.inputs.clone()),
            target: Target {
                values: Tensor::from_inner(batch.target.values.clone()),
                weights: batch.target.weights.clone().map(|weights| Weights {
                    cells: Tensor::from_inner(weights.cells),
                    scale: weights.scale,
                }),
            },
        }
    }

    fn loss_values(batch: &Sample) -> usize {
        batch.target.values.shape().num_elements()
    }
}
