//! Search for the modules to remove, on the validation part.

use burn::module::Module;
use spat_prune::adaptive::{AdaptiveError, eliminate};
use spat_prune::apply;
use spat_prune::selection::{CandidateEvaluator, LinearLosses, select};
use spat_series::Part;
use spat_spec::{AdaptiveRule, Phase, Plan, PruneRule, Score, Select, TrainingConfig};

use super::Run;
use crate::control::Control;
use crate::dataset::Dataset;
use crate::error::JobError;
use crate::evaluate::{mean_squared_error, metrics};
use crate::folds::{Fold, train_folds};
use crate::linear::{train_linear_baselines, validation_losses};
use crate::run_context::RunContext;
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
        let context = self.job.context(&self.dataset);
        let folds = train_folds(
            &context,
            &self.job.experiment,
            &self.dense,
            &mut self.phases,
            self.store,
            self.control,
        );
        let folds = folds.await.map_err(AdaptiveError::Evaluate)?;
        let origins = folds.len();
        let mut evaluator = Evaluator {
            run: self,
            dense,
            folds,
        };
        let mut plan = select(scorer, scores, by, &rule.protect, horizon, &mut evaluator).await?;
        if let Some(search) = &mut plan.search {
            search.origins = origins;
        }
        Ok(plan)
    }

    /// The mean validation loss of a fine-tuned candidate.
    async fn candidate(&mut self, dense: &Trained, plan: &Plan) -> Result<f64, JobError> {
        if let Some(known) = self.phases.candidate(&plan.removed) {
            return Ok(known);
        }
        let context = self.job.context(&self.dataset);
        let trained = finetuned(
            &context,
            &self.job.experiment.finetune,
            (dense, plan),
            self.store,
            self.control,
        )
        .await?;
        let loss = mean_squared_error(&trained.model, &context, Part::Val, self.control).await?;
        self.phases
            .end_candidate(plan.removed.clone(), loss, self.store)
            .await?;
        Ok(loss)
    }

    /// The loss of a fine-tuned candidate in each window after an earlier cutoff, or of the validation part. One
    /// whose training diverges has no finite loss, so that it is not chosen.
    async fn candidate_losses(
        &mut self,
        dense: &Trained,
        fold: Option<&Fold>,
        plan: &Plan,
    ) -> Result<Vec<f64>, JobError> {
        let number = fold.map_or(0, |fold| fold.number);
        if let Some(known) = self.phases.window_losses(&plan.removed, number) {
            return Ok(known);
        }
        let dataset = fold.map(|fold| self.fold_dataset(fold)).transpose()?;
        let context = self.job.context(dataset.as_ref().unwrap_or(&self.dataset));
        let dense = fold.map_or(dense, |fold| &fold.dense);
        let trained = finetuned(
            &context,
            &self.job.experiment.finetune,
            (dense, plan),
            self.store,
            self.control,
        );
        let losses = match trained.await {
            Err(JobError::Diverged { .. }) => {
                vec![f64::NAN; context.dataset.windows(Part::Val).len()]
            }
            trained => {
                let model = trained?.model;
                let (_, windows) = metrics(&model, &context, Part::Val, self.control).await?;
                windows.mse
            }
        };
        self.phases
            .end_window_losses(plan.removed.clone(), number, &losses, self.store)
            .await
    }

    /// The losses of the linear baselines in each window after an earlier cutoff, or of the validation part. They
    /// are trained now, if the run has them: their trainings do not depend on others.
    async fn linear_losses(&mut self, fold: Option<&Fold>) -> Result<Vec<LinearLosses>, JobError> {
        let dataset = fold.map(|fold| self.fold_dataset(fold)).transpose()?;
        let context = self.job.context(dataset.as_ref().unwrap_or(&self.dataset));
        let models = train_linear_baselines(
            &context,
            &self.job.experiment,
            fold.map_or(0, |fold| fold.number),
            &mut self.phases,
            self.store,
            self.control,
        )
        .await?;
        validation_losses(&context, &models, self.control).await
    }

    fn fold_dataset(&self, fold: &Fold) -> Result<Dataset, JobError> {
        Ok(fold.dataset(&self.dataset.series, &self.dense.forecaster)?)
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

/// The dense model without the modules of a plan, fine-tuned.
async fn finetuned(
    context: &RunContext<'_>,
    config: &TrainingConfig,
    (dense, plan): (&Trained, &Plan),
    store: &mut impl RunStore,
    control: &mut Control<'_>,
) -> Result<Trained, JobError> {
    let model = apply(plan, dense.model.clone()).train();
    let phase = Phase::Finetune;
    train(context, phase, model, config, &mut [], store, control).await
}

/// Evaluates the candidates of a run.
struct Evaluator<'r, 'a, 'c, S> {
    run: &'r mut Run<'a, 'c, S>,
    dense: &'r Trained,
    folds: Vec<Fold>,
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
        let mut losses = Vec::new();
        for fold in &self.folds {
            let of_fold = self.run.candidate_losses(self.dense, Some(fold), plan);
            losses.append(&mut of_fold.await?);
        }
        let own = self.run.candidate_losses(self.dense, None, plan);
        losses.append(&mut own.await?);
        Ok(losses)
    }

    async fn linear(&mut self) -> Result<Vec<LinearLosses>, JobError> {
        let mut all: Vec<LinearLosses> = Vec::new();
        for fold in self.folds.iter().map(Some).chain([None]) {
            for mut model in self.run.linear_losses(fold).await? {
                match all.iter_mut().find(|known| known.name == model.name) {
                    Some(known) => known.losses.append(&mut model.losses),
                    None => all.push(model),
                }
            }
        }
        Ok(all)
    }
}
