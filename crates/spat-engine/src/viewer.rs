//! Forecasts of a run's models on selected windows.

use burn::tensor::Device;
use spat_model::Forecaster;
use spat_series::Part;
use spat_spec::{Checkpoint, ForecastSample, FutureForecast, Phase, Structure};

use crate::dataset::Dataset;
use crate::error::JobError;
use crate::job::Job;
use crate::phases::Phases;
use crate::run_context::RunContext;
use crate::sample::forecast_sample;
use crate::saved::{Future, SavedForecaster};
use crate::store::RunStore;

/// The dense model of a run, and the pruned one if the run has reached it.
#[derive(Debug)]
pub struct Viewer {
    dataset: Dataset,
    dense: Forecaster,
    pruned: Option<Forecaster>,
    device: Device,
    seed: u64,
}

impl Viewer {
    /// Loads the models of a run from its store.
    ///
    /// # Errors
    /// The dense model is not trained yet, or the store does not hold this job's run.
    pub async fn open(job: &Job, store: &impl RunStore) -> Result<Self, JobError> {
        let forecaster = &job.experiment.forecaster;
        let dataset =
            Dataset::for_forecaster(job.series.clone(), job.experiment.data.split, forecaster)?;
        let structure = Structure::dense(forecaster.clone());
        let phases = Phases::load(store).await?;
        let dense = phases
            .ended(Phase::Pretrain, &structure, &job.device, store)
            .await?
            .ok_or_else(|| JobError::Mismatch("train the model first".to_owned()))?;
        let pruned = match store.read("pruned.safetensors").await? {
            // The file can outlive its plan until the next report.
            Some(file) if phases.plan.is_some() && store.read("report.json").await?.is_some() => {
                let checkpoint = Checkpoint::from_bytes(&file)?;
                Some(SavedForecaster::new(checkpoint, &job.device)?.into_model())
            }
            _ => None,
        };
        Ok(Self {
            dataset,
            dense: dense.model,
            pruned,
            device: job.device.clone(),
            seed: job.experiment.seed,
        })
    }

    /// Windows of the test range.
    pub fn test_windows(&self) -> usize {
        self.dataset.windows(Part::Test).len()
    }

    /// Window number `window` of the test range, or its last.
    ///
    /// # Errors
    /// The device fails.
    pub async fn window(&self, window: usize) -> Result<ForecastSample, JobError> {
        let context = RunContext {
            dataset: &self.dataset,
            device: &self.device,
            seed: self.seed,
        };
        forecast_sample(&context, &self.dense, self.pruned.as_ref(), window).await
    }

    /// The horizon after the last row, forecast by both models of a finished run.
    ///
    /// # Errors
    /// The run is not finished, or the device fails.
    pub async fn future(&self, store: &impl RunStore) -> Result<FutureForecast, JobError> {
        let dense = self.future_of("dense.safetensors", store).await?;
        let pruned = self.future_of("pruned.safetensors", store).await?;
        Ok(FutureForecast {
            first_row: pruned.first_row,
            timestamps: pruned.timestamps,
            dense: dense.values,
            pruned: pruned.values,
            intervals: pruned.intervals,
            offsets: pruned.offsets,
        })
    }

    async fn future_of(&self, name: &str, store: &impl RunStore) -> Result<Future, JobError> {
        let file = store
            .read(name)
            .await?
            .ok_or_else(|| JobError::Mismatch("prune the model first".to_owned()))?;
        let checkpoint = Checkpoint::from_bytes(&file)?;
        SavedForecaster::new(checkpoint, &self.device)?
            .future(&self.dataset.series)
            .await
    }
}
