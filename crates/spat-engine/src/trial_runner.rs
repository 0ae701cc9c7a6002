//! The steps of a job as separate functions, for a study that compares many of them.

use burn::module::Module;
use burn::tensor::Device;
use spat_model::Forecaster;
use spat_prune::{Sample, ScoreAccumulator};
use spat_series::{Part, Series, SplitRule};
use spat_spec::{
    DataFacts, EpochResult, ForecasterConfig, MeanErrors, Phase, Structure, TrainingConfig,
};

use crate::control::Control;
use crate::dataset::{Dataset, spread};
use crate::error::JobError;
use crate::evaluate::{evaluation_batch, mean_squared_error, metrics};
use crate::findings::data_facts;
use crate::measure::{Timings, measure_all};
use crate::run_context::RunContext;
use crate::seeds::{Purpose, seed_for};
use crate::store::NoStore;
use crate::trainer::{Trained, train};

/// One table on one device.
///
/// Nothing is stored between calls: each result is a function of the arguments, so calls may be repeated,
/// skipped, or made from several threads with one `TrialRunner` each.
#[derive(Debug, Clone)]
pub struct TrialRunner {
    dataset: Dataset,
    device: Device,
}

/// A trained forecaster.
#[derive(Debug, Clone)]
pub struct Fitted {
    /// The model with the weights of its best epoch, without autodiff.
    pub model: Forecaster,
    /// Results per epoch.
    pub history: Vec<EpochResult>,
}

/// Errors of a forecaster, in scaled space.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Errors {
    /// Mean squared error on the validation windows.
    pub val: f64,
    /// On the test windows.
    pub test: MeanErrors,
}

impl TrialRunner {
    /// Splits and scales the table for windows of this forecaster's size.
    ///
    /// # Errors
    /// The table has other channels, no dates although the forecaster needs them, or too few rows.
    pub fn new(
        series: Series,
        split: SplitRule,
        forecaster: &ForecasterConfig,
        device: &Device,
    ) -> Result<Self, JobError> {
        if forecaster.channels() != series.channel_count() {
            return Err(JobError::Mismatch(format!(
                "the model has {} channels, but the table has {}",
                forecaster.channels(),
                series.channel_count()
            )));
        }
        if forecaster.inputs().time_features && series.index.timestamps().is_none() {
            return Err(JobError::Mismatch(
                "the model reads time features, but the table has no time column; switch them off"
                    .to_owned(),
            ));
        }
        let dataset = Dataset::for_forecaster(series, split, forecaster)?;
        Ok(Self {
            dataset,
            device: device.clone(),
        })
    }

    /// Facts about the table for a report.
    pub fn facts(&self, name: &str) -> DataFacts {
        data_facts(name, &self.dataset)
    }

    /// Trains a structure from new weights. Every batch is scored by each accumulator in `scores`; the
    /// events of `control` report the first after every epoch.
    ///
    /// # Errors
    /// The training diverges or is stopped, or the device fails.
    pub async fn fresh(
        &self,
        structure: &Structure,
        training: &TrainingConfig,
        seed: u64,
        scores: &mut [ScoreAccumulator],
        control: &mut Control<'_>,
    ) -> Result<Fitted, JobError> {
        let weights = seed_for(seed, Phase::Pretrain, Purpose::Weights, 0);
        let model = Forecaster::try_init(structure, weights, &self.device.clone().autodiff())?;
        self.train(Phase::Pretrain, model, training, seed, scores, control)
            .await
    }

    /// Fine-tunes a forecaster.
    ///
    /// # Errors
    /// As [`TrialRunner::fresh`].
    pub async fn finetune(
        &self,
        model: Forecaster,
        training: &TrainingConfig,
        seed: u64,
        control: &mut Control<'_>,
    ) -> Result<Fitted, JobError> {
        let model = model.train();
        self.train(Phase::Finetune, model, training, seed, &mut [], control)
            .await
    }

    async fn train(
        &self,
        phase: Phase,
        model: Forecaster,
        training: &TrainingConfig,
        seed: u64,
        scores: &mut [ScoreAccumulator],
        control: &mut Control<'_>,
    ) -> Result<Fitted, JobError> {
        let context = self.context(seed);
        let Trained { model, history } = train(
            &context,
            phase,
            model,
            training,
            scores,
            &mut NoStore,
            control,
        )
        .await?;
        Ok(Fitted { model, history })
    }

    /// Errors on all validation and test windows.
    ///
    /// # Errors
    /// The device fails.
    pub async fn errors(&self, model: &Forecaster) -> Result<Errors, JobError> {
        Ok(Errors {
            test: self.test_errors(model).await?,
            val: mean_squared_error(model, &self.context(0), Part::Val, &mut Control::detached())
                .await?,
        })
    }

    /// Mean squared error of each validation window in scaled space, in the order of time.
    ///
    /// # Errors
    /// The device fails.
    pub async fn validation_losses(&self, model: &Forecaster) -> Result<Vec<f32>, JobError> {
        let control = &mut Control::detached();
        let (_, windows) = metrics(model, &self.context(0), Part::Val, control).await?;
        Ok(windows.mse.iter().map(|&error| error as f32).collect())
    }

    /// Errors on all test windows, in scaled space.
    ///
    /// # Errors
    /// The device fails.
    pub async fn test_errors(&self, model: &Forecaster) -> Result<MeanErrors, JobError> {
        let control = &mut Control::detached();
        let (all, _) = metrics(model, &self.context(0), Part::Test, control).await?;
        Ok(MeanErrors {
            mse: all.scaled.mse,
            mae: all.scaled.mae,
        })
    }

    /// Number of test windows per evaluation batch; the last batch may be smaller.
    pub fn evaluation_batch(&self) -> usize {
        evaluation_batch(&self.dataset, &self.dataset.windows(Part::Test))
    }

    /// `count` batches of `size` windows each for scoring, spread evenly over the windows of a part.
    pub fn batches(&self, part: Part, count: usize, size: usize) -> Vec<Sample> {
        spread(&self.dataset.windows(part), count, size)
            .iter()
            .map(|rows| self.dataset.batch(rows, &self.device))
            .collect()
    }

    /// Median times of the structures with new weights, measured in turn on the same batch.
    ///
    /// # Errors
    /// The device fails.
    pub async fn times(
        &self,
        structures: &[Structure],
        training: &TrainingConfig,
        rounds: usize,
    ) -> Result<Vec<Timings>, JobError> {
        let models: Vec<Forecaster> = structures
            .iter()
            .map(|structure| Forecaster::try_init(structure, 0, &self.device))
            .collect::<Result<_, _>>()?;
        measure_all(&self.context(0), training, &models, rounds).await
    }

    /// The device of loaded forecasters.
    pub fn device(&self) -> &Device {
        &self.device
    }

    fn context(&self, seed: u64) -> RunContext<'_> {
        RunContext {
            dataset: &self.dataset,
            device: &self.device,
            seed,
        }
    }
}
