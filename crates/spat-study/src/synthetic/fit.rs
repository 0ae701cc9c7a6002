//! Training on batches that are generated on demand, so that nothing can be memorised.

use spat_engine::Adam;
use spat_model::{ForwardContext, Probe};
use spat_prune::{ScorableModel, ScoreAccumulator};
use spat_spec::OptimizerConfig;

/// Length and rate of a training.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Fit {
    pub(crate) steps: usize,
    /// Number of equal parts of the steps, for progress and scores.
    pub(crate) epochs: usize,
    pub(crate) learning_rate: f64,
    /// Determines the dropout masks.
    pub(crate) seed: u64,
}

impl Fit {
    /// Trains a model from a device without autodiff by Adam and returns it there. `batch` generates the
    /// batch of a step, `hold` restores constrained weights after each step, `scores` compute SEND from the
    /// same backward passes, and `after_epoch` receives the first of them.
    pub(crate) fn train<M: ScorableModel>(
        &self,
        model: &M,
        mut batch: impl FnMut(usize) -> M::Batch,
        hold: impl Fn(M) -> M,
        scores: &mut [ScoreAccumulator],
        mut after_epoch: impl FnMut(&ScoreAccumulator),
    ) -> M {
        let mut model = model.clone().train();
        let mut adam = Adam::new(OptimizerConfig::Adam, Some(1.0));
        let in_epoch = self.steps.div_ceil(self.epochs.max(1)).max(1);
        for step in 0..self.steps {
            if step.is_multiple_of(in_epoch) {
                for scores in scores.iter_mut() {
                    scores.start_epoch();
                }
            }
            let batch = batch(step);
            let seed = self.seed ^ (step as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15);
            let mut cx = ForwardContext::training(seed);
            if let Some(mask) = ScoreAccumulator::mask_for(scores) {
                cx = cx.with_probe(Probe::Masks(mask));
            }
            let mut gradients = model.loss(&M::tracked(&batch), &mut cx).backward();
            if !scores.is_empty() {
                let sensitivities = cx.sensitivities(&mut gradients);
                ScoreAccumulator::add_to_all(scores, &sensitivities, M::loss_values(&batch));
            }
            let running = cx.take_running();
            model = hold(adam.step(self.learning_rate, model, gradients, running));
            if (step + 1).is_multiple_of(in_epoch) || step + 1 == self.steps {
                scores.first().map(&mut after_epoch);
            }
        }
        model.valid()
    }
}
