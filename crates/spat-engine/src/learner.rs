//! One training step: forward, backward, scores, Adam.

use burn::tensor::Tensor;
use spat_model::{Forecaster, ForwardContext, Probe};
use spat_prune::{Sample, ScoreAccumulator};

use crate::optimizer::Adam;

/// A forecaster (on an autodiff device) and its optimizer.
#[derive(Debug, Clone)]
pub(crate) struct Learner {
    pub(crate) model: Forecaster,
    pub(crate) optimizer: Adam,
}

impl Learner {
    /// One step on the mean squared error of a batch. The same backward pass also computes the
    /// sensitivities for each accumulator in `scores`. Returns the loss as a tensor, unread.
    pub(crate) fn step(
        &mut self,
        batch: Sample,
        cx: ForwardContext,
        learning_rate: f64,
        scores: &mut [ScoreAccumulator],
    ) -> Tensor<1> {
        let mut cx = match ScoreAccumulator::mask_for(scores) {
            Some(mask) => cx.with_probe(Probe::Masks(mask)),
            None => cx,
        };
        let forecast_values = batch.target.values.shape().num_elements();
        let forecast = self.model.forward(batch.inputs, &mut cx);
        let loss = batch.target.mean_squared_error(forecast);
        let mut gradients = loss.backward();
        if !scores.is_empty() {
            let sensitivities = cx.sensitivities(&mut gradients);
            ScoreAccumulator::add_to_all(scores, &sensitivities, forecast_values);
        }
        let model = self.model.clone();
        self.model = self
            .optimizer
            .step(learning_rate, model, gradients, cx.take_running());
        loss.inner()
    }
}
