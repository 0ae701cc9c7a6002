//! The job: pre-train with scoring → plan → prune → fine-tune → controls → evaluate → report.

use std::collections::BTreeMap;

use burn::module::Module;
use burn::tensor::Device;
use spat_model::Forecaster;
use spat_prune::{ScoreAccumulator, apply};
use spat_series::{Part, Series, Yardstick};
use spat_spec::{
    Checkpoint, CheckpointHeader, ControlResult, DataFacts, DeviceFacts, Event, Experiment, FORMAT,
    ForecasterConfig, MeanErrors, ModelResult, PROTOCOL, Phase, Plan, Report, Rounding, Structure,
    TestMetrics, TestOnly, TrainingConfig, ValResult, When, WindowCounts, percent_change,
};

use crate::calibration;
use crate::control::Control;
use crate::dataset::Dataset;
use crate::error::JobError;
use crate::evaluate::{mean_squared_error, metrics, yardstick_metrics};
use crate::maps::module_maps;
use crate::measure::{Timings, measure};
use crate::phases::Phases;
use crate::sample::forecast_sample;
use crate::seeds::{Purpose, seed_for};
use crate::store::RunStore;
use crate::trainer::{Setting, Trained, score_after, train};

/// What a job works on.
#[derive(Debug, Clone)]
pub struct Job {
    /// Everything that decides the result.
    pub experiment: Experiment,
    /// The table, read and repaired.
    pub series: Series,
    /// The file's name, for the report.
    pub data_name: String,
    /// [`Experiment::hash`] with the table's bytes.
    pub hash: String,
    /// The command that makes the report again.
    pub command: String,
    /// Where it computes, without autodiff.
    pub device: Device,
    /// The same in words.
    pub device_facts: DeviceFacts,
}

/// Runs a job to its report, or goes on with one that was stopped. The report and both models are
/// in the store when it returns.
///
/// # Errors
/// [`JobError::Stopped`] after a stop command, with a checkpoint in the store; otherwise what
/// failed and a way out.
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
        Err(JobError::Stopped) => control.emit(Event::Stopped),
        Err(error) => control.emit(Event::Failed {
            message: error.to_string(),
        }),
    }
    result
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
        forecaster.check()?;
        if forecaster.channels() != job.series.channel_count() {
            return Err(JobError::Mismatch(format!(
                "the model is made for {} channels, but the table has {}",
                forecaster.channels(),
                job.series.channel_count()
            )));
        }
        let dataset = Dataset::new(
            job.series.clone(),
            job.experiment.data.split,
            forecaster.lookback(),
            forecaster.horizon(),
            forecaster.time_stamps(),
        )?;
        if forecaster.time_stamps() && job.series.index.stamps().is_none() {
            return Err(JobError::Mismatch(
                "the model wants time stamps as tokens, but the table has no time column; switch them off".to_owned(),
            ));
        }
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

    async fn run(&mut self) -> Result<Report, JobError> {
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
        let data = self.data_facts();
        self.control.emit(Event::Data(data.clone()));

        let dense = self.pretrain().await?;
        let plan = self.plan().await?;
        let pruned_structure = plan.apply_to(self.dense.clone())?;
        let cut = apply(&plan, dense.model.clone());
        let (pruned, controls) = if pruned_structure == self.dense {
            // Nothing was removed: training on would compare the dense model with a longer trained one.
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
                .controls(&dense, &pruned_structure, pruned.history.len())
                .await?;
            (pruned, controls)
        };

        self.control.emit(Event::Phase {
            phase: Phase::Evaluate,
            epochs: 1,
            steps_per_epoch: 1,
        });
        let setting = self.setting();
        let before = metrics(&cut, &setting, Part::Test).await?;
        let timings = measure(&setting, &job.experiment, &dense.model, &pruned.model).await?;
        let mut dense_result = self.result(&dense, &self.dense, timings.dense).await?;
        let mut pruned_result = self
            .result(&pruned, &pruned_structure, timings.pruned)
            .await?;
        dense_result.history = dense.history.clone();
        pruned_result.history = pruned.history.clone();
        pruned_result.before_finetune = Some(TestOnly {
            test: MeanErrors {
                mse: before.scaled.mse,
                mae: before.scaled.mae,
            },
        });

        let yardsticks = self.yardsticks();
        let report = Report {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            command: job.command.clone(),
            seed: job.experiment.seed,
            hash: job.hash.clone(),
            experiment: job.experiment.clone(),
            device: job.device_facts.clone(),
            scores: plan.scores.clone(),
            change: change(&dense_result, &pruned_result),
            sample: forecast_sample(&setting, &dense.model, &pruned.model).await?,
            maps: module_maps(
                &setting,
                &dense.model,
                &job.experiment.forecaster,
                job.experiment.training.batch,
            )
            .await?,
            scoring: timings.scoring,
            notes: notes(&data, &plan, job),
            dense: dense_result,
            pruned: pruned_result,
            data,
            plan,
            controls,
            yardsticks,
        };
        self.keep(&report, &dense.model, &pruned.model).await?;
        Ok(report)
    }

    async fn pretrain(&mut self) -> Result<Trained, JobError> {
        let job = self.job;
        let experiment = &job.experiment;
        if let Some(ended) = self
            .phases
            .ended(Phase::Pretrain, &self.dense, &job.device, self.store)
            .await?
            && self.phases.scores.is_some()
        {
            return Ok(ended);
        }
        let mut scores = ScoreAccumulator::new(experiment.send);
        let weights_seed = seed_for(experiment.seed, Phase::Pretrain, Purpose::Weights, 0);
        let device = job.device.clone().autodiff();
        let model = Forecaster::init(&self.dense, weights_seed, &device);
        let setting = Setting {
            dataset: &self.dataset,
            device: &job.device,
            seed: experiment.seed,
        };
        let during = (experiment.send.when == When::During && !self.dense.attention.is_empty())
            .then_some(&mut scores);
        let trained = train(
            &setting,
            Phase::Pretrain,
            model,
            &experiment.training,
            during,
            self.store,
            self.control,
        )
        .await?;
        if experiment.send.when == When::After && !self.dense.attention.is_empty() {
            score_after(
                &setting,
                &trained.model,
                experiment.training.batch,
                &mut scores,
                self.control,
            )
            .await?;
        }
        self.phases.scores = Some(scores.scores().await?);
        self.phases
            .end(Phase::Pretrain, &trained, self.store)
            .await?;
        Ok(trained)
    }

    async fn plan(&mut self) -> Result<Plan, JobError> {
        let plan = match &self.phases.plan {
            Some(plan) => plan.clone(),
            None => {
                let scores = self.phases.scores.clone().unwrap_or_default();
                Plan::from_scores("send", scores, &self.job.experiment.prune)?
            }
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

    /// A training without scores, unless it ended in an earlier session of the run.
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
        let setting = Setting {
            dataset: &self.dataset,
            device: &job.device,
            seed: job.experiment.seed,
        };
        let trained = train(
            &setting,
            phase,
            model,
            config,
            None,
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
    ) -> Result<BTreeMap<String, ControlResult>, JobError> {
        let wanted = self.job.experiment.controls;
        let mut results = BTreeMap::new();
        if wanted.dense_finetuned {
            // As long as the pruned model, which may have stopped early.
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
            results.insert(
                "dense_finetuned".to_owned(),
                self.control_result(&trained).await?,
            );
        }
        if wanted.pruned_from_scratch {
            let config = self.job.experiment.training.clone();
            let seed = seed_for(
                self.job.experiment.seed,
                Phase::PrunedFromScratch,
                Purpose::Weights,
                0,
            );
            let model = Forecaster::init(pruned, seed, &self.job.device.clone().autodiff());
            let trained = self
                .training(Phase::PrunedFromScratch, model, pruned, &config)
                .await?;
            results.insert(
                "pruned_from_scratch".to_owned(),
                self.control_result(&trained).await?,
            );
        }
        Ok(results)
    }

    async fn control_result(&self, trained: &Trained) -> Result<ControlResult, JobError> {
        let setting = self.setting();
        let test = metrics(&trained.model, &setting, Part::Test).await?;
        let val = mean_squared_error(&trained.model, &setting, Part::Val).await?;
        Ok(ControlResult {
            test: MeanErrors {
                mse: test.scaled.mse,
                mae: test.scaled.mae,
            },
            val: ValResult { mse: val },
            epochs: trained.history.len(),
        })
    }

    async fn result(
        &self,
        trained: &Trained,
        structure: &Structure,
        times: Timings,
    ) -> Result<ModelResult, JobError> {
        let setting = self.setting();
        let full = metrics(&trained.model, &setting, Part::Test).await?;
        let val = mean_squared_error(&trained.model, &setting, Part::Val).await?;
        let cost = structure.cost();
        Ok(ModelResult {
            structure: structure.clone(),
            test: TestMetrics {
                mse: full.scaled.mse,
                mae: full.scaled.mae,
                full,
            },
            val: ValResult { mse: val },
            params: cost.params,
            macs: cost.macs,
            epochs: trained.history.len(),
            step_ms_median: times.step_ms,
            infer_ms_median: times.infer_ms,
            history: Vec::new(),
            before_finetune: None,
        })
    }

    fn yardsticks(&self) -> BTreeMap<String, spat_series::Metrics> {
        let season = self.dataset.series.index.frequency().season_length();
        [
            ("naive", Yardstick::Naive),
            ("seasonal_naive", Yardstick::SeasonalNaive { season }),
            ("drift", Yardstick::Drift),
            ("mean", Yardstick::Mean),
        ]
        .into_iter()
        .map(|(name, yardstick)| {
            (
                name.to_owned(),
                yardstick_metrics(&yardstick, &self.dataset, Part::Test),
            )
        })
        .collect()
    }

    fn data_facts(&self) -> DataFacts {
        let series = &self.dataset.series;
        let count = |part| self.dataset.windows(part).len();
        DataFacts {
            name: self.job.data_name.clone(),
            rows: series.rows(),
            channels: series.channel_count(),
            channel_names: series.channels.clone(),
            frequency: match series.index.stamps() {
                Some(_) => series.index.frequency().to_string(),
                None => "row number".to_owned(),
            },
            season: series.index.frequency().season_length(),
            windows: WindowCounts {
                train: count(Part::Train),
                val: count(Part::Val),
                test: count(Part::Test),
            },
            repairs: series.repairs.clone(),
        }
    }

    /// Writes what the run is for: models, report, tables. The checkpoint of the phases goes last.
    async fn keep(
        &mut self,
        report: &Report,
        dense: &Forecaster,
        pruned: &Forecaster,
    ) -> Result<(), JobError> {
        for (name, model, structure, plan) in [
            ("dense.safetensors", dense, &self.dense, None),
            (
                "pruned.safetensors",
                pruned,
                &report.pruned.structure,
                Some(report.plan.clone()),
            ),
        ] {
            let mut weights = model.weights().await?;
            weights.extend(calibration::arrays(model, &self.setting()).await?);
            let series = &self.dataset.series;
            let checkpoint = Checkpoint {
                header: CheckpointHeader {
                    format: FORMAT,
                    version: env!("CARGO_PKG_VERSION").to_owned(),
                    structure: structure.clone(),
                    channels: series.channels.clone(),
                    scaler: self.dataset.scaler.clone(),
                    frequency: series.index.frequency(),
                    data: self.job.experiment.data.clone(),
                    plan,
                },
                weights,
            };
            self.store.write(name, &checkpoint.to_bytes()?).await?;
        }
        let forecasts = crate::sample::forecasts_csv(&report.sample, &self.dataset);
        self.store
            .write("forecasts.csv", forecasts.as_bytes())
            .await?;
        self.store
            .write("report.html", spat_report::html(report).as_bytes())
            .await?;
        Ok(self.store.write("report.json", &pretty(report)?).await?)
    }

    fn setting(&self) -> Setting<'_> {
        Setting {
            dataset: &self.dataset,
            device: &self.job.device,
            seed: self.job.experiment.seed,
        }
    }
}

fn pretty(value: &impl serde::Serialize) -> Result<Vec<u8>, JobError> {
    serde_json::to_vec_pretty(value).map_err(|error| JobError::RunFile {
        name: "report".to_owned(),
        reason: error.to_string(),
    })
}

fn change(dense: &ModelResult, pruned: &ModelResult) -> spat_spec::Change {
    spat_spec::Change {
        mse_percent: percent_change(dense.test.mse, pruned.test.mse),
        mae_percent: percent_change(dense.test.mae, pruned.test.mae),
        params_percent: percent_change(dense.params as f64, pruned.params as f64),
        macs_percent: percent_change(dense.macs as f64, pruned.macs as f64),
        step_time_percent: percent_change(dense.step_ms_median, pruned.step_ms_median),
        infer_time_percent: percent_change(dense.infer_ms_median, pruned.infer_ms_median),
    }
}

/// What a careful reader would ask about.
fn notes(data: &DataFacts, plan: &Plan, job: &Job) -> Vec<String> {
    let mut notes = data.repairs.lines();
    notes.push(format!(
        "Every one of the {} test windows is counted; errors are in scaled space unless said otherwise.",
        data.windows.test
    ));
    notes.push(
        "One seed: differences of a few percent are within what another seed would give."
            .to_owned(),
    );
    let modules = plan.scores.len();
    if modules == 0 {
        notes.push(format!("{} has no attention modules, so there is nothing to prune; the \"pruned\" figures are those of the dense model.", job.experiment.forecaster.name()));
    } else if plan.removed.is_empty() {
        notes.push(format!("A ratio of {} of {modules} modules, rounded {}, removes none; the \"pruned\" figures are those of the dense model.", plan.ratio, rounding(plan)));
    } else if modules <= 2 {
        notes.push(format!(
            "A ranking of {modules} modules is close to a coin toss; more layers say more."
        ));
    }
    if plan.removed.len() == modules && modules > 0 {
        notes.push(
            match job.experiment.forecaster {
                ForecasterConfig::ITransformer(_) => {
                    "All attention is removed: each channel is forecast from itself alone."
                }
                _ => "All attention is removed: patches meet only in the head.",
            }
            .to_owned(),
        );
    }
    notes
}

fn rounding(plan: &Plan) -> &'static str {
    match plan.rule.rounding {
        Rounding::Floor => "down",
        Rounding::Round => "to the nearest",
        Rounding::Ceil => "up",
    }
}
