//! One training step: forward, backward, scores, Adam.

use burn::tensor::Tensor;
use spat_model::{Forecaster, Pass, Probe, mean_squared_error};
use spat_prune::ScoreAccumulator;

use crate::dataset::Batch;
use crate::optimizer::Adam;

/// A forecaster (on a device with autodiff) and its optimiser.
#[derive(Debug, Clone)]
pub(crate) struct Learner {
    pub(crate) model: Forecaster,
    pub(crate) optimizer: Adam,
}

impl Learner {
    /// One step on the mean squared error of a batch. With `scores`, the same backward pass also
    /// yields sensitivities. Returns the loss, unread.
    pub(crate) fn step(
        &mut self,
        batch: Batch,
        pass: Pass,
        learning_rate: f64,
        scores: Option<&mut ScoreAccumulator>,
    ) -> Tensor<1> {
        let mut pass = match &scores {
            Some(scores) => pass.with_probe(Probe::Masks(scores.options().mask)),
            None => pass,
        };
        let forecast_values = batch.target.shape().num_elements();
        let loss = mean_squared_error(self.model.forward(batch.inputs, &mut pass), batch.target);
        let mut gradients = loss.backward();
        if let Some(scores) = scores {
            scores.add(pass.sensitivities(&mut gradients), forecast_values);
        }
        let model = self.model.clone();
        self.model = self
            .optimizer
            .step(learning_rate, model, gradients, pass.take_running());
        loss.inner()
    }
}
