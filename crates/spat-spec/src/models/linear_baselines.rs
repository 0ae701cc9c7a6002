//! Linear models that are trained beside every run, so that its report states whether a Transformer is needed.

use crate::{DLinearConfig, Experiment, ForecasterConfig, RLinearConfig, TrainingConfig, Window};

impl Experiment {
    /// The linear baselines of this experiment with their trainings: RLinear and DLinear (arXiv 2305.10721,
    /// 2205.13504) on the same windows, in batches of the same size. The experiment's own model is not its
    /// baseline, and [`Controls::linear_baselines`](crate::Controls::linear_baselines) switches all off.
    pub fn linear_baselines(&self) -> Vec<(ForecasterConfig, TrainingConfig)> {
        if !self.controls.linear_baselines {
            return Vec::new();
        }
        let window: Window = self.forecaster.window();
        let training = TrainingConfig {
            batch: self.training.batch,
            // With this rate an early epoch may be the best of several by chance.
            patience: None,
            ..TrainingConfig::linear()
        };
        [
            RLinearConfig::new(window).into(),
            DLinearConfig::new(window).into(),
        ]
        .into_iter()
        .filter(|baseline: &ForecasterConfig| baseline.kind().id != self.forecaster.kind().id)
        .map(|baseline| (baseline, training.clone()))
        .collect()
    }
}
