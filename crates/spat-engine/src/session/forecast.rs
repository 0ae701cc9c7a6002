//! Forecasts of a saved model on any table with its channels.

use burn::tensor::Device;
use spat_series::{SeriesError, read_table};
use spat_spec::{Checkpoint, DataConfig, ModelForecast};

use super::SessionError;
use crate::error::JobError;
use crate::saved::SavedForecaster;

/// Forecasts the rows after the table's last. `bytes` holds the model's file, `model` bytes long, and then
/// the table, which is read as `data` specifies except for the channels, which are the model's.
pub(super) async fn forecast(
    bytes: &[u8],
    model: u64,
    mut data: DataConfig,
    device: &Device,
) -> Result<ModelForecast, SessionError> {
    let model = usize::try_from(model).unwrap_or(usize::MAX);
    let (model, table) = bytes
        .split_at_checked(model)
        .ok_or(SessionError::CutShort)?;
    let checkpoint = Checkpoint::from_bytes(model).map_err(JobError::from)?;
    let unchecked = checkpoint.header.checksum_note(model);
    let saved = SavedForecaster::new(checkpoint, device)?;
    data.series.channels = Some(saved.header.channels.clone());
    data.series.expected = Some(saved.header.frequency.clone());
    let series = read_table(table, &data.read)?.into_series(&data.series);
    let series = series.map_err(|error| match error {
        SeriesError::UnknownChannel { .. } => {
            JobError::Mismatch(format!("the model was trained on other channels: {error}")).into()
        }
        error => SessionError::from(error),
    })?;
    let future = saved.future(&series).await?;

    let mut doubts = Vec::new();
    let (trained, here) = (&saved.header.frequency, series.index.frequency());
    if *trained != here {
        doubts.push(format!(
            "The model was trained at a step of {trained}, and this table's step is {here}."
        ));
    }
    if future.intervals.is_empty() {
        doubts.push(
            "The model's file has no intervals: its weights are imported, or its table left too few \
             validation windows."
                .to_owned(),
        );
    }
    doubts.extend(unchecked.map(|note| format!("Note: {note}.")));
    Ok(ModelForecast {
        csv: future.to_csv(&data.read.shape),
        channels: future.channels,
        first_row: future.first_row,
        timestamps: future.timestamps,
        values: future.values,
        offsets: future.offsets,
        intervals: future.intervals,
        doubts,
    })
}
