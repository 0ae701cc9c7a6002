//! One training step: forward, backward, scores, Adam.

use std::collections::BTreeMap;

use burn::tensor::Tensor;
use spat_model::{Forecaster, Pass, Probe, mean_squared_error};
use spat_prune::ScoreAccumulator;
use spat_spec::{MaskShape, ModuleId};

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
    /// yields sensitivities, for each of them in its own way. Returns the loss, unread.
    pub(crate) fn step(
        &mut self,
        batch: Batch,
        pass: Pass,
        learning_rate: f64,
        scores: &mut [ScoreAccumulator],
    ) -> Tensor<1> {
        let mut pass = match mask(scores) {
            Some(mask) => pass.with_probe(Probe::Masks(mask)),
            None => pass,
        };
        let forecast_values = batch.target.shape().num_elements();
        let forecast = self.model.forward(batch.inputs, &mut pass);
        let loss = mean_squared_error(forecast, batch.target);
        let mut gradients = loss.backward();
        if !scores.is_empty() {
            let sensitivities = pass.sensitivities(&mut gradients);
            add(scores, &sensitivities, forecast_values);
        }
        let model = self.model.clone();
        self.model = self
            .optimizer
            .step(learning_rate, model, gradients, pass.take_running());
        loss.inner()
    }
}

/// The mask whose gradient serves all of `scores`; none where there are none.
fn mask(scores: &[ScoreAccumulator]) -> Option<MaskShape> {
    let per_sample = |scores: &ScoreAccumulator| scores.options().mask == MaskShape::PerSample;
    if scores.iter().any(per_sample) {
        return Some(MaskShape::PerSample);
    }
    (!scores.is_empty()).then_some(MaskShape::Shared)
}

/// Adds one batch to each. A shared mask's gradient is the sum of those of the samples.
fn add(
    scores: &mut [ScoreAccumulator],
    sensitivities: &BTreeMap<ModuleId, Tensor<4>>,
    forecast_values: usize,
) {
    let mixed = scores
        .iter()
        .any(|one| Some(one.options().mask) != mask(scores));
    let shared = mixed.then(|| {
        let sums = sensitivities
            .iter()
            .map(|(module, each)| (module.clone(), each.clone().sum_dim(0)));
        sums.collect::<BTreeMap<_, _>>()
    });
    for one in scores {
        let sensitivities = match (&shared, one.options().mask) {
            (Some(shared), MaskShape::Shared) => shared,
            _ => sensitivities,
        };
        one.add(sensitivities.clone(), forecast_values);
    }
}
