//! Errors over all windows of a part, computed batch by batch.

use burn::tensor::Tensor;
use spat_model::{Forecaster, ForwardContext, read};
use spat_series::{Baseline, Metrics, MetricsStream, Part, WindowErrors, Windows, mase_scale};

use crate::control::Control;
use crate::dataset::Dataset;
use crate::error::JobError;
use crate::run_context::RunContext;

/// Maximum number of forecast values per evaluation batch: 4 MiB of f32.
const BATCH_VALUES: usize = 1 << 20;

/// Windows per evaluation batch: enough to keep a device busy, with bounded memory.
pub(crate) fn evaluation_batch(dataset: &Dataset, windows: &Windows) -> usize {
    let values = (windows.lookback + windows.horizon) * dataset.series.channel_count();
    (BATCH_VALUES / values.max(1)).clamp(1, 64)
}

/// Mean squared error in scaled space over all windows of a part.
pub(crate) async fn mean_squared_error(
    model: &Forecaster,
    context: &RunContext<'_>,
    part: Part,
    control: &mut Control<'_>,
) -> Result<f64, JobError> {
    let windows = context.dataset.windows(part);
    let rows = first_rows(&windows);
    let mut sums: Vec<Tensor<1>> = Vec::new();
    for rows in rows.chunks(evaluation_batch(context.dataset, &windows)) {
        control.between_batches().await?;
        let batch = context.dataset.batch(rows, context.device);
        let forecast = model.forward(batch.inputs, &mut ForwardContext::evaluation());
        sums.push(batch.target.errors(forecast).square().sum());
    }
    let sums = read(Tensor::cat(sums, 0)).await.map_err(JobError::Device)?;
    let values = context.dataset.counted_targets(&rows);
    Ok(sums.iter().map(|&sum| f64::from(sum)).sum::<f64>() / values as f64)
}

/// All metrics over all windows of a part, and the errors of each window.
pub(crate) async fn metrics(
    model: &Forecaster,
    context: &RunContext<'_>,
    part: Part,
    control: &mut Control<'_>,
) -> Result<(Metrics, WindowErrors), JobError> {
    let dataset = context.dataset;
    let windows = dataset.windows(part);
    let mut stream = stream(dataset, &windows);
    let rows = first_rows(&windows);
    for rows in rows.chunks(evaluation_batch(dataset, &windows)) {
        control.between_batches().await?;
        let forecasts = forecast(model, context, rows).await?;
        for (row, forecast) in rows
            .iter()
            .zip(forecasts.chunks_exact(forecasts.len() / rows.len()))
        {
            stream.push_weighted(forecast, dataset.truth(*row), dataset.truth_weights(*row));
        }
    }
    Ok(stream.finish_with_windows())
}

/// All metrics of a forecast that needs no training.
pub(crate) async fn baseline_metrics(
    baseline: &Baseline,
    dataset: &Dataset,
    part: Part,
    control: &mut Control<'_>,
) -> Result<(Metrics, WindowErrors), JobError> {
    let windows = dataset.windows(part);
    let channels = dataset.series.channel_count();
    let mut stream = stream(dataset, &windows);
    let mut forecast = Vec::new();
    for row in first_rows(&windows) {
        control.between_batches().await?;
        baseline.forecast(
            dataset.input(row),
            windows.lookback,
            windows.horizon,
            channels,
            &mut forecast,
        );
        stream.push_weighted(&forecast, dataset.truth(row), dataset.truth_weights(row));
    }
    Ok(stream.finish_with_windows())
}

/// Scaled forecasts of the windows that start at `rows`, `[rows × horizon × C]`.
pub(crate) async fn forecast(
    model: &Forecaster,
    context: &RunContext<'_>,
    rows: &[usize],
) -> Result<Vec<f32>, JobError> {
    let batch = context.dataset.batch(rows, context.device);
    let forecast = model.forward(batch.inputs, &mut ForwardContext::evaluation());
    read(forecast).await.map_err(JobError::Device)
}

pub(crate) fn first_rows(windows: &Windows) -> Vec<usize> {
    windows.start_rows().collect()
}

fn stream(dataset: &Dataset, windows: &Windows) -> MetricsStream {
    let season = dataset.series.index.frequency().season_length();
    let scale = mase_scale(&dataset.series, dataset.split.train.clone(), season);
    MetricsStream::new(
        windows.horizon,
        dataset.series.channel_count(),
        Some(&dataset.scaler),
        Some(scale),
    )
}
