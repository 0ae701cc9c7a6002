//! The job: pre-train with scoring → plan → prune → fine-tune → controls → evaluate → report.

mod search;

use std::collections::BTreeMap;

use burn::module::Module;
use burn::tensor::Device;
use spat_model::{Forecaster, HasAttention as _, check_backbone};
use spat_prune::{ScoreAccumulator, apply};
use spat_series::{Part, Series};
use spat_spec::{
    ControlResult, DENSE, DENSE_FINETUNED, DataFacts, DeviceFacts, Event, Experiment,
    ForecasterConfig, MeanErrors, ModelResult, ModuleMaps, PROTOCOL, PRUNED, Phase, Plan, Report,
    Structure, TestOnly, TrainingConfig,
};

use crate::comparisons::TestErrors;
use crate::control::{Control, Next};
use crate::dataset::Dataset;
use crate::error::JobError;
use crate::evaluate::metrics;
use crate::findings::{baselines, change, control_result, data_facts, model_result, notes};
use crate::folds::check_folds;
use crate::linear::{LinearModel, evaluate_linear_baselines, train_linear_baselines};
use crate::maps::module_maps;
use crate::measure::measure;
use crate::phases::Phases;
use crate::platform;
use crate::run_context::RunContext;
use crate::run_files::{pretty, write_run};
use crate::sample::middle_sample;
use crate::scoring::score_after;
use crate::seeds::{Purpose, seed_for};
use crate::store::RunStore;
use crate::trainer::{Trained, train};
use crate::training_state::TrainingState;

/// Inputs of a job.
#[derive(Debug, Clone)]
pub struct Job {
    /// Everything that determines the result.
    pub experiment: Experiment,
    /// The table after reading and repair.
    pub series: Series,
    /// The file's name.
    pub data_name: String,
    /// [`Experiment::hash`] with the table's bytes.
    pub hash: String,
    /// The command that reproduces the report.
    pub command: String,
    /// The compute device, without autodiff.
    pub device: Device,
    /// Description of the device.
    pub device_facts: DeviceFacts,
}

impl Job {
    /// A job on a table that was read into `series`: `hash` is [`Experiment::hash`] with its bytes,
    /// `name` that of its file, and `command` reproduces the report.
    pub fn new(
        experiment: Experiment,
        hash: String,
        series: Series,
        name: String,
        command: String,
        (device, device_facts): (Device, DeviceFacts),
    ) -> Self {
        Self {
            hash,
            experiment,
            series,
            data_name: name,
            command,
            device,
            device_facts,
        }
    }

    /// What this job's computations on `dataset` have in common.
    fn context<'a>(&'a self, dataset: &'a Dataset) -> RunContext<'a> {
        RunContext {
            dataset,
            device: &self.device,
            seed: self.experiment.seed,
        }
    }
}

/// Checks before anything is written that the experiment is valid and that its model fits the series.
///
/// # Errors
/// It is not valid, or the series has other channels, or it has no timestamps and the model needs them.
pub fn validate_for(experiment: &Experiment, series: &Series) -> Result<(), JobError> {
    experiment.check()?;
    check_backbone(&experiment.forecaster)?;
    let (forecaster, channels) = (&experiment.forecaster, series.channel_count());
    if forecaster.channels() != channels {
        return Err(JobError::Mismatch(format!(
            "the model has {} channels, but the table has {channels}",
            forecaster.channels()
        )));
    }
    check_memory(forecaster, 1, platform::free_memory())?;
    if forecaster.inputs().time_features && series.index.timestamps().is_none() {
        return Err(JobError::Mismatch(
            "the model reads time features, but the table has no time column; switch them off"
                .to_owned(),
        ));
    }
    check_folds(experiment, series)
}

/// Checks that the memory holds `copies` numbers per parameter of the dense model, so that a model that is
/// too large is an error and does not abort the program.
fn check_memory(
    forecaster: &ForecasterConfig,
    copies: usize,
    free: Option<u64>,
) -> Result<(), JobError> {
    let needed = forecaster.weight_memory(copies);
    match free {
        Some(free) if needed > free as f64 => Err(JobError::Mismatch(format!(
            "the model's parameters alone need {:.1} GB of memory, and {:.1} GB are free; make the model \
             narrower or give it fewer layers",
            needed / 1e9,
            free as f64 / 1e9
        ))),
        _ => Ok(()),
    }
}

/// Copies of the parameters in memory while they are trained: weights, gradients, two moments of Adam.
const TRAINING_COPIES: usize = 4;

/// Runs a job to its report, or resumes a job that was stopped. When it returns, the report and both models
/// are in the store.
///
/// # Errors
/// [`JobError::Stopped`] after a stop command, with a checkpoint in the store; otherwise the failure.
pub async fn run(
    job: &Job,
    store: &mut impl RunStore,
    control: &mut Control<'_>,
) -> Result<Report, JobError> {
    let result = Run::new(job, store, control).await;
    let result = match result {
        Ok(mut run) => run.run().await,
        Err(error) => Err(error),
    };
    match &result {
        Ok(report) => control.emit(Event::Done {
            report: Box::new(report.clone()),
        }),
        Err(error) => control.emit(ending(error)),
    }
    result
}

/// The first half of a job: trains and scores the dense model, or resumes that, and computes its maps.
/// [`run`] on the same store then completes the job.
///
/// # Errors
/// As [`run`].
pub async fn train_dense(
    job: &Job,
    store: &mut impl RunStore,
    control: &mut Control<'_>,
) -> Result<(), JobError> {
    let result = match Run::new(job, store, control).await {
        Ok(mut run) => run.train_dense().await,
        Err(error) => Err(error),
    };
    if let Err(error) = &result {
        control.emit(ending(error));
    }
    result
}

/// Discards the plan, so that the next [`run`] on this store plans again, from the same dense model.
///
/// # Errors
/// The store fails.
pub async fn forget_plan(store: &mut impl RunStore) -> Result<(), JobError> {
    Phases::load(store).await?.forget_plan(store).await
}

fn ending(error: &JobError) -> Event {
    match error {
        JobError::Stopped => Event::Stopped,
        error => Event::Failed {
            message: error.to_string(),
        },
    }
}

/// The dense model with its initial weights.
fn untrained(job: &Job, dense: &Structure, device: &Device) -> Result<Forecaster, JobError> {
    let seed = seed_for(job.experiment.seed, Phase::Pretrain, Purpose::Weights, 0);
    Ok(Forecaster::try_init(dense, seed, device)?)
}

struct Run<'a, 'c, S> {
    job: &'a Job,
    dataset: Dataset,
    dense: Structure,
    phases: Phases,
    store: &'a mut S,
    control: &'a mut Control<'c>,
}

impl<'a, 'c, S: RunStore> Run<'a, 'c, S> {
    async fn new(
        job: &'a Job,
        store: &'a mut S,
        control: &'a mut Control<'c>,
    ) -> Result<Self, JobError> {
        let forecaster = &job.experiment.forecaster;
        validate_for(&job.experiment, &job.series)?;
        if job.device_facts.kind == "cpu" {
            check_memory(forecaster, TRAINING_COPIES, platform::free_memory())?;
        }
        let dataset =
            Dataset::for_forecaster(job.series.clone(), job.experiment.data.split, forecaster)?;
        let phases = Phases::load(store).await?;
        let experiment = pretty(&job.experiment)?;
        store.write("experiment.json", &experiment).await?;
        Ok(Self {
            job,
            dataset,
            dense: Structure::dense(forecaster.clone()),
            phases,
            store,
            control,
        })
    }

    async fn train_dense(&mut self) -> Result<(), JobError> {
        self.emit_started().await?;
        let dense = self.pretrain().await?;
        let scores = self.phases.scores.clone().unwrap_or_default();
        self.control.emit(Event::Scores { scores });
        let maps = self.maps(&dense).await?;
        self.control.emit(Event::Maps { maps });
        // A model that is loaded from the store has no step at which a stop command would be handled.
        if self.control.before_step().await == Next::Stop {
            return Err(JobError::Stopped);
        }
        let test_windows = self.dataset.windows(Part::Test).len();
        self.control.emit(Event::Trained { test_windows });
        Ok(())
    }

    async fn maps(&mut self, dense: &Trained) -> Result<Vec<ModuleMaps>, JobError> {
        self.control.between_batches().await?;
        let experiment = &self.job.experiment;
        module_maps(
            &self.context(),
            &dense.model,
            &experiment.forecaster,
            experiment.training.batch,
        )
        .await
    }

    /// Emits the model, the table and the device.
    async fn emit_started(&mut self) -> Result<DataFacts, JobError> {
        let job = self.job;
        self.control.emit(Event::Started {
            protocol: PROTOCOL,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            hash: job.hash.clone(),
            resumed: self
                .store
                .read(crate::training_state::STATE_FILE)
                .await?
                .is_some()
                || self.phases.scores.is_some(),
        });
        self.control.emit(Event::Device(job.device_facts.clone()));
        let data = data_facts(&job.data_name, &self.dataset);
        self.control.emit(Event::Data(data.clone()));
        self.emit_earlier_epochs().await?;
        Ok(data)
    }

    /// Emits the epochs that earlier sessions trained.
    async fn emit_earlier_epochs(&mut self) -> Result<(), JobError> {
        let windows = self.dataset.windows(Part::Train).len();
        let current = TrainingState::history(self.store).await?;
        for (phase, epochs) in self.phases.histories().chain(current) {
            let config = match phase {
                Phase::Finetune | Phase::DenseFinetuned => &self.job.experiment.finetune,
                _ => &self.job.experiment.training,
            };
            self.control.emit(Event::Past {
                phase,
                steps_per_epoch: windows.div_ceil(config.batch.max(1)),
                epochs,
            });
        }
        Ok(())
    }

    async fn run(&mut self) -> Result<Report, JobError> {
        let job = self.job;
        let data = self.emit_started().await?;
        let dense = self.pretrain().await?;
        let plan = self.plan(&dense).await?;
        let pruned_structure = plan.apply_to(self.dense.clone())?;
        let cut = apply(&plan, dense.model.clone());
        let mut errors = TestErrors::default();
        let mut control_errors = TestErrors::default();
        let (pruned, controls) = if pruned_structure == self.dense {
            // Nothing was removed: fine-tuning would compare the dense model with a longer trained one.
            (
                Trained {
                    model: cut.clone(),
                    history: Vec::new(),
                },
                BTreeMap::new(),
            )
        } else {
            let pruned = self.finetune(cut.clone(), &pruned_structure).await?;
            let controls = self
                .controls(
                    &dense,
                    &pruned_structure,
                    pruned.history.len(),
                    &mut control_errors,
                )
                .await?;
            (pruned, controls)
        };
        let linear = self.train_linear_baselines().await?;

        self.control.emit(Event::Phase {
            phase: Phase::Evaluate,
            epochs: 1,
            steps_per_epoch: 1,
        });
        let context = job.context(&self.dataset);
        let control = &mut *self.control;
        let timings = measure(
            &context,
            &job.experiment,
            &dense.model,
            &pruned.model,
            control,
        )
        .await?;
        let dense_result = model_result(
            &context,
            DENSE,
            (&dense, &self.dense),
            timings.dense,
            &mut errors,
            control,
        )
        .await?;
        let pruned_result = if pruned_structure == self.dense {
            ModelResult {
                epochs: 0,
                history: Vec::new(),
                ..dense_result.clone()
            }
        } else {
            let (before, _) = metrics(&cut, &context, Part::Test, control).await?;
            let result = model_result(
                &context,
                PRUNED,
                (&pruned, &pruned_structure),
                timings.pruned,
                &mut errors,
                control,
            )
            .await?;
            ModelResult {
                before_finetune: Some(TestOnly {
                    test: MeanErrors {
                        mse: before.scaled.mse,
                        mae: before.scaled.mae,
                    },
                }),
                ..result
            }
        };
        errors.append(control_errors);
        let mut baselines = baselines(&self.dataset, &mut errors, control).await?;
        let linear_baselines =
            evaluate_linear_baselines(&context, &linear, &mut baselines, &mut errors, control)
                .await?;
        let sample = middle_sample(&context, &dense.model, &pruned.model).await?;
        let maps = self.maps(&dense).await?;

        let report = Report {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            command: job.command.clone(),
            seed: job.experiment.seed,
            hash: job.hash.clone(),
            experiment: job.experiment.clone(),
            device: job.device_facts.clone(),
            scores: plan.scores.clone(),
            change: change(&dense_result, &pruned_result),
            sample,
            maps,
            scoring: timings.scoring,
            notes: notes(
                &data,
                &self.dataset,
                &plan,
                &pruned.history,
                &job.experiment.forecaster,
            ),
            dense: dense_result,
            pruned: pruned_result,
            data,
            plan,
            controls,
            baselines,
            linear_baselines,
            comparisons: errors.comparisons(self.dense.forecaster.horizon()),
        };
        let context = job.context(&self.dataset);
        write_run(
            &report,
            &dense.model,
            &pruned.model,
            &context,
            self.store,
            self.control,
        )
        .await?;
        Ok(report)
    }

    async fn pretrain(&mut self) -> Result<Trained, JobError> {
        let job = self.job;
        let experiment = &job.experiment;
        let ended = self
            .phases
            .ended(Phase::Pretrain, &self.dense, &job.device, self.store)
            .await?;
        let mut scores = ScoreAccumulator::new(experiment.send);
        let trained = match ended {
            Some(ended) if self.phases.scores.is_some() => return Ok(ended),
            // The job was stopped or killed while it was scoring.
            Some(ended) => ended,
            None => self.train_from_new(&mut scores).await?,
        };
        let scores = if self.dense.attention.is_empty() || experiment.scores_during_training() {
            let modules = trained.model.active_attention_ids();
            scores.scores(&modules).await?
        } else {
            // A stop while scoring must not lose the training.
            self.phases
                .end(Phase::Pretrain, &trained, self.store)
                .await?;
            let context = job.context(&self.dataset);
            let dense = &self.dense;
            let untrained = || untrained(job, dense, &job.device);
            score_after(
                &context,
                experiment,
                &trained.model,
                untrained,
                self.control,
            )
            .await?
        };
        self.phases.scores = Some(scores);
        self.phases
            .end(Phase::Pretrain, &trained, self.store)
            .await?;
        Ok(trained)
    }

    /// Trains the dense model from new weights, and scores it on the way if requested.
    async fn train_from_new(&mut self, scores: &mut ScoreAccumulator) -> Result<Trained, JobError> {
        let job = self.job;
        let experiment = &job.experiment;
        let model = untrained(job, &self.dense, &job.device.clone().autodiff())?;
        let context = job.context(&self.dataset);
        let attention = !self.dense.attention.is_empty();
        let during: &mut [ScoreAccumulator] = if attention && experiment.scores_during_training() {
            std::slice::from_mut(scores)
        } else {
            &mut []
        };
        train(
            &context,
            Phase::Pretrain,
            model,
            &experiment.training,
            during,
            self.store,
            self.control,
        )
        .await
    }

    async fn plan(&mut self, dense: &Trained) -> Result<Plan, JobError> {
        let job = self.job;
        let (scorer, rule) = (job.experiment.scorer.name(), &job.experiment.prune);
        let scores = self.phases.scores.clone().unwrap_or_default();
        let plan = match (self.phases.plan.clone(), &rule.adaptive) {
            (Some(plan), _) => plan,
            (None, Some(adaptive)) if !scores.is_empty() => {
                self.search(dense, scores, adaptive).await?
            }
            (None, _) => Plan::decide(scorer, scores, rule, &self.dense)?,
        };
        self.control.emit(Event::Plan { plan: plan.clone() });
        self.store
            .write("scores.json", &pretty(&plan.scores)?)
            .await?;
        self.store.write("plan.json", &pretty(&plan)?).await?;
        self.phases.plan = Some(plan.clone());
        self.phases.save(self.store).await?;
        Ok(plan)
    }

    async fn finetune(
        &mut self,
        model: Forecaster,
        structure: &Structure,
    ) -> Result<Trained, JobError> {
        let config = self.job.experiment.finetune.clone();
        self.training(Phase::Finetune, model.train(), structure, &config)
            .await
    }

    /// A training without scores, unless an earlier session of the run completed it.
    async fn training(
        &mut self,
        phase: Phase,
        model: Forecaster,
        structure: &Structure,
        config: &TrainingConfig,
    ) -> Result<Trained, JobError> {
        let job = self.job;
        if let Some(ended) = self
            .phases
            .ended(phase, structure, &job.device, self.store)
            .await?
        {
            return Ok(ended);
        }
        let context = job.context(&self.dataset);
        let trained = train(
            &context,
            phase,
            model,
            config,
            &mut [],
            self.store,
            self.control,
        )
        .await?;
        self.phases.end(phase, &trained, self.store).await?;
        Ok(trained)
    }

    async fn controls(
        &mut self,
        dense: &Trained,
        pruned: &Structure,
        epochs: usize,
        errors: &mut TestErrors,
    ) -> Result<BTreeMap<String, ControlResult>, JobError> {
        let wanted = self.job.experiment.controls;
        let mut results = BTreeMap::new();
        if wanted.dense_finetuned {
            // The same number of epochs as the pruned model, which may have stopped early.
            let config = TrainingConfig {
                epochs,
                patience: None,
                ..self.job.experiment.finetune.clone()
            };
            let structure = self.dense.clone();
            let start = dense.model.clone().train();
            let trained = self
                .training(Phase::DenseFinetuned, start, &structure, &config)
                .await?;
            let name = DENSE_FINETUNED;
            let result = self.control_result(name, &trained, errors).await?;
            results.insert(name.to_owned(), result);
        }
        if wanted.pruned_from_scratch {
            let config = self.job.experiment.training.clone();
            let seed = seed_for(
                self.job.experiment.seed,
                Phase::PrunedFromScratch,
                Purpose::Weights,
                0,
            );
            let model = Forecaster::try_init(pruned, seed, &self.job.device.clone().autodiff())?;
            let trained = self
                .training(Phase::PrunedFromScratch, model, pruned, &config)
                .await?;
            let name = "pruned_from_scratch";
            let result = self.control_result(name, &trained, errors).await?;
            results.insert(name.to_owned(), result);
        }
        Ok(results)
    }

    async fn control_result(
        &mut self,
        name: &str,
        trained: &Trained,
        errors: &mut TestErrors,
    ) -> Result<ControlResult, JobError> {
        let context = self.job.context(&self.dataset);
        control_result(&context, name, trained, errors, self.control).await
    }

    async fn train_linear_baselines(&mut self) -> Result<Vec<LinearModel>, JobError> {
        let context = self.job.context(&self.dataset);
        let experiment = &self.job.experiment;
        let phases = &mut self.phases;
        train_linear_baselines(&context, experiment, 0, phases, self.store, self.control).await
    }

    fn context(&self) -> RunContext<'_> {
        self.job.context(&self.dataset)
    }
}

#[cfg(test)]
mod tests {
    use spat_spec::{FieldValue, ITransformerConfig, Window};

    use super::*;

    #[test]
    fn a_model_that_does_not_fit_into_memory_is_refused_with_its_size() {
        let window = Window::new(96, 24, 3);
        let mut forecaster: ForecasterConfig = ITransformerConfig::new(window, false).into();
        check_memory(&forecaster, TRAINING_COPIES, Some(1 << 30)).unwrap();
        forecaster.set("width", FieldValue::Count(65_536));
        forecaster.check().unwrap();
        let error = check_memory(&forecaster, 1, Some(1 << 37)).unwrap_err();
        assert!(error.to_string().contains("narrower"), "{error}");
        check_memory(&forecaster, 1, None).unwrap();
    }
}
