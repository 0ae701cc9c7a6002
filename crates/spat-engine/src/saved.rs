//! Forecasts of a saved model: future values, and its error on another table.

use burn::tensor::{Device, Tensor, TensorData};
use spat_model::{Forecaster, ForwardContext, Inputs, Prompts, read};
use spat_series::{Metrics, Part, Series};
use spat_spec::{Checkpoint, CheckpointHeader, TIME_FEATURES};

use crate::calibration::{LEVELS, array_name};
use crate::control::Control;
use crate::dataset::Dataset;
use crate::error::JobError;
use crate::evaluate::{mean_squared_error, metrics};
use crate::run_context::RunContext;

/// The largest number of random frozen weights of a model from a file: three times those of GPT-2 small.
const MOST_RANDOM: u64 = 1 << 28;

/// A forecaster from a checkpoint, on a device.
#[derive(Debug)]
pub struct SavedForecaster {
    /// Structure and origin of the model.
    pub header: CheckpointHeader,
    model: Forecaster,
    /// Half widths of the intervals, scaled, `[horizon × channels]` per level.
    half_widths: Vec<Option<Vec<f32>>>,
    device: Device,
}

/// Forecast values after the last row of a table.
#[derive(Debug, Clone, PartialEq)]
pub struct Future {
    /// Channel names.
    pub channels: Vec<String>,
    /// Timestamps of the forecast rows, as the table's are written; empty for a table without dates.
    pub timestamps: Vec<String>,
    /// Number of the first forecast row, counted from 0 over the table.
    pub first_row: usize,
    /// Original units less `offsets`, `[horizon × channels]`.
    pub values: Vec<f32>,
    /// What is to be added to the values of each channel; empty where that is 0 for all.
    pub offsets: Vec<f64>,
    /// Interval half widths in original units, per level, where the checkpoint has them.
    pub intervals: Vec<(f64, Vec<f32>)>,
}

impl SavedForecaster {
    /// # Errors
    /// Weights that do not fit the structure in the header.
    pub fn new(mut checkpoint: Checkpoint, device: &Device) -> Result<Self, JobError> {
        let half_widths = LEVELS
            .iter()
            .map(|&level| {
                checkpoint
                    .weights
                    .remove(&array_name(level))
                    .map(|array| array.values)
            })
            .collect();
        let needed = checkpoint.header.structure.cost().params;
        let found: usize = checkpoint
            .weights
            .values()
            .map(|array| array.values.len())
            .sum();
        if (found as u64) < needed {
            // Checked before memory is allocated for a structure from a damaged header.
            return Err(JobError::Mismatch(format!(
                "the checkpoint's structure needs {needed} weights, but the file holds {found}; it is damaged"
            )));
        }
        // Random frozen weights are not in the file, so its size does not bound them.
        let frozen = checkpoint.header.structure.frozen();
        let has_file = checkpoint.header.structure.forecaster.backbone().is_some();
        if frozen > MOST_RANDOM && !has_file {
            return Err(JobError::Mismatch(format!(
                "the checkpoint's structure has {frozen} random frozen weights, and at most {MOST_RANDOM} are \
                 made for a model file; train a narrower model"
            )));
        }
        let model = Forecaster::try_init(&checkpoint.header.structure, 0, device)?
            .with_weights(checkpoint.weights)?;
        Ok(Self {
            header: checkpoint.header,
            model,
            half_widths,
            device: device.clone(),
        })
    }

    pub(crate) fn into_model(self) -> Forecaster {
        self.model
    }

    /// The table with the model's channels in the model's order, and their offsets those of the model's
    /// scaler.
    ///
    /// # Errors
    /// A channel is missing, named in the error with those that the table has.
    pub fn fit_channels(&self, series: &Series) -> Result<Series, JobError> {
        let series = if series.channels == self.header.channels {
            series.clone()
        } else {
            series.select(&self.header.channels).map_err(|error| {
                JobError::Mismatch(format!("the model was trained on other channels: {error}"))
            })?
        };
        Ok(series.rebased(&self.header.scaler.offset))
    }

    /// The horizon after the last row of `series`.
    ///
    /// # Errors
    /// Fewer rows than one look-back, other channels, or no dates although the model needs them.
    pub async fn future(&self, series: &Series) -> Result<Future, JobError> {
        let series = self.fit_channels(series)?;
        let forecaster = &self.header.structure.forecaster;
        let (lookback, horizon) = (forecaster.lookback(), forecaster.horizon());
        let (rows, channels) = (series.rows(), series.channel_count());
        if rows < lookback {
            return Err(JobError::Mismatch(format!(
                "the model looks back {lookback} rows, but the table has {rows}; give it a longer history"
            )));
        }
        if let Some(&cut) = series.cuts().last()
            && rows - cut < lookback
        {
            return Err(JobError::Mismatch(format!(
                "the model looks back {lookback} rows, but the table has {} after its last long gap; \
                 give it a longer history or fill the gap",
                rows - cut
            )));
        }
        let last = rows - lookback..rows;
        let mut input = series.row_range(last.clone()).to_vec();
        self.header.scaler.transform_in_place(&mut input);
        let tensor = |values: Vec<f32>, width: usize| {
            let shape = [1, values.len() / width, width];
            Tensor::<3>::from_data(TensorData::new(values, shape), &self.device)
        };
        let time_features = match forecaster.inputs().time_feature_rows(forecaster.window()) {
            None => None,
            Some(rows) => {
                let features = time_features(&series, last.start, rows)?;
                Some(tensor(features, TIME_FEATURES))
            }
        };
        let prompt = forecaster.inputs().prompt.map(|spec| {
            let prompts = Prompts::new(spec, forecaster.window());
            prompts.of_windows([input.as_slice()], &self.device)
        });
        let inputs = Inputs {
            values: tensor(input, channels),
            time_features,
            prompt,
        };
        let forecast = self
            .model
            .forward(inputs, &mut ForwardContext::evaluation());
        let mut values = read(forecast).await.map_err(JobError::Device)?;
        self.header.scaler.inverse_in_place(&mut values);
        let intervals = LEVELS
            .into_iter()
            .zip(&self.half_widths)
            .filter_map(|(level, widths)| Some((level, self.unscaled(widths.as_ref()?))))
            .collect();
        Ok(Future {
            timestamps: series.index.extend_labels(horizon),
            channels: series.channels,
            first_row: rows,
            values,
            offsets: self.header.scaler.offset.clone(),
            intervals,
        })
    }

    /// Errors on a part of a table, split by the rule in the checkpoint and scaled by the checkpoint's
    /// scaler, and the mean squared error on its validation part if it has one: nothing is fitted to
    /// this table, and it needs no train part.
    ///
    /// # Errors
    /// Other channels, or too few rows.
    pub async fn evaluate(
        &self,
        series: &Series,
        part: Part,
    ) -> Result<(Metrics, Option<f64>), JobError> {
        let forecaster = &self.header.structure.forecaster;
        let dataset = Dataset::for_evaluation(
            self.fit_channels(series)?,
            self.header.data.split,
            part,
            self.header.scaler.clone(),
            (forecaster.lookback(), forecaster.horizon()),
            forecaster.inputs(),
        )?;
        let context = RunContext {
            dataset: &dataset,
            device: &self.device,
            seed: 0,
        };
        let mut control = Control::detached();
        let (all, _) = metrics(&self.model, &context, part, &mut control).await?;
        let val = if dataset.windows(Part::Val).is_empty() {
            None
        } else {
            Some(mean_squared_error(&self.model, &context, Part::Val, &mut control).await?)
        };
        Ok((all, val))
    }

    fn unscaled(&self, widths: &[f32]) -> Vec<f32> {
        let std = &self.header.scaler.std;
        widths
            .iter()
            .enumerate()
            .map(|(place, width)| width * std[place % std.len()])
            .collect()
    }
}

/// Time features of `rows` rows from `first` on; those after the table's last row have the dates that
/// continue it.
fn time_features(series: &Series, first: usize, rows: usize) -> Result<Vec<f32>, JobError> {
    let mut features = series.time_features().ok_or_else(|| {
        JobError::Mismatch(
            "the model uses dates, but the table has no time column; give it one".to_owned(),
        )
    })?;
    features.drain(..first * TIME_FEATURES);
    let future = (first + rows).saturating_sub(series.rows());
    if future > 0 {
        let future = series.future_time_features(future).ok_or_else(|| {
            JobError::Mismatch(
                "the model uses the dates of the rows that it forecasts, but the table's dates have \
                 no constant step that continues them; give it rows at a constant step"
                    .to_owned(),
            )
        })?;
        features.extend(future);
    }
    Ok(features)
}
