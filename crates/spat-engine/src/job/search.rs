//! Search for the modules to remove, on the validation part.

use burn::module::Module;
use spat_prune::adaptive::{AdaptiveError, eliminate};
use spat_prune::apply;
use spat_prune::selection::{CandidateEvaluator, select};
use spat_series::Part;
use spat_spec::{AdaptiveRule, Phase, Plan, PruneRule, Score, Select};

use super::Run;
use crate::error::JobError;
use crate::evaluate::{mean_squared_error, metrics};
use crate::store::RunStore;
use crate::trainer::{Trained, train};

impl<S: RunStore> Run<'_, '_, S> {
    /// Searches for the modules to remove. Every candidate is fine-tuned exactly as the chosen one will be. Their
    /// losses are stored, so that a stopped search resumes.
    pub(super) async fn search(
        &mut self,
        dense: &Trained,
        scores: Vec<Score>,
        adaptive: &AdaptiveRule,
    ) -> Result<Plan, JobError> {
        let job = self.job;
        let scorer = job.experiment.scorer.name();
        let rule = self.dense.protect(&job.experiment.prune);
        let protect = &rule.protect;
        let found = if adaptive.select.is_elimination() {
            let candidate =
                async |plan: &Plan| -> Result<f64, JobError> { self.candidate(dense, plan).await };
            eliminate(scorer, scores, adaptive, protect, candidate).await
        } else {
            self.select(dense, scores, adaptive.select, &rule).await
        };
        let mut plan = found.map_err(|error| match error {
            AdaptiveError::Plan(error) => error.into(),
            AdaptiveError::Evaluate(error) => error,
        })?;
        plan.rule = PruneRule {
            ratio: plan.ratio,
            ..rule
        };
        Ok(plan)
    }

    async fn select(
        &mut self,
        dense: &Trained,
        scores: Vec<Score>,
        by: Select,
        rule: &PruneRule,
    ) -> Result<Plan, AdaptiveError<JobError>> {
        let scorer = self.job.experiment.scorer.name();
        let horizon = self.dense.forecaster.horizon();
        let mut evaluator = Evaluator { run: self, dense };
        select(scorer, scores, by, &rule.protect, horizon, &mut evaluator).await
    }

    /// The mean validation loss of a fine-tuned candidate.
    async fn candidate(&mut self, dense: &Trained, plan: &Plan) -> Result<f64, JobError> {
        if let Some(known) = self.phases.candidate(&plan.removed) {
            return Ok(known);
        }
        let trained = self.finetune_candidate(dense, plan).await?;
        let context = self.job.context(&self.dataset);
        let loss = mean_squared_error(&trained.model, &context, Part::Val, self.control).await?;
        self.phases
            .end_candidate(plan.removed.clone(), loss, self.store)
            .await?;
        Ok(loss)
    }

    /// The validation loss of a fine-tuned candidate in each window. One whose training diverges has no finite
    /// loss, so that it is not chosen.
    async fn candidate_losses(
        &mut self,
        dense: &Trained,
        plan: &Plan,
    ) -> Result<Vec<f64>, JobError> {
        if let Some(known) = self.phases.window_losses(&plan.removed) {
            return Ok(known);
        }
        let trained = match self.finetune_candidate(dense, plan).await {
            Err(JobError::Diverged { .. }) => None,
            trained => Some(trained?),
        };
        let context = self.job.context(&self.dataset);
        let losses = match trained {
            Some(trained) => {
                let (_, windows) =
                    metrics(&trained.model, &context, Part::Val, self.control).await?;
                windows.mse
            }
            None => vec![f64::NAN; self.dataset.windows(Part::Val).len()],
        };
        self.phases
            .end_window_losses(plan.removed.clone(), &losses, self.store)
            .await
    }

    async fn finetune_candidate(
        &mut self,
        dense: &Trained,
        plan: &Plan,
    ) -> Result<Trained, JobError> {
        let context = self.job.context(&self.dataset);
        train(
            &context,
            Phase::Finetune,
            apply(plan, dense.model.clone()).train(),
            &self.job.experiment.finetune,
            &mut [],
            self.store,
            self.control,
        )
        .await
    }

    /// The mean validation loss of a candidate that is not fine-tuned.
    async fn screen(&mut self, dense: &Trained, plan: &Plan) -> Result<f64, JobError> {
        if let Some(known) = self.phases.screened(&plan.removed) {
            return Ok(known);
        }
        let context = self.job.context(&self.dataset);
        let cut = apply(plan, dense.model.clone());
        let loss = mean_squared_error(&cut, &context, Part::Val, self.control).await?;
        self.phases
            .end_screening(plan.removed.clone(), loss, self.store)
            .await?;
        Ok(loss)
    }
}

/// Evaluates the candidates of a run.
struct Evaluator<'r, 'a, 'c, S> {
    run: &'r mut Run<'a, 'c, S>,
    dense: &'r Trained,
}

impl<S: RunStore> CandidateEvaluator for Evaluator<'_, '_, '_, S> {
    type Error = JobError;

    fn macs(&self, plan: &Plan) -> Result<u64, JobError> {
        Ok(plan.apply_to(self.run.dense.clone())?.cost().macs)
    }

    async fn screen(&mut self, plan: &Plan) -> Result<f64, JobError> {
        self.run.screen(self.dense, plan).await
    }

    async fn losses(&mut self, plan: &Plan) -> Result<Vec<f64>, JobError> {
        self.run.candidate_losses(self.dense, plan).await
    }
}
