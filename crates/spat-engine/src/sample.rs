//! Forecasts of one test window by both models.

use std::fmt::Write as _;

use spat_model::Forecaster;
use spat_report::csv_field;
use spat_series::{Baseline, Part, format_with_offset};
use spat_spec::ForecastSample;

use crate::dataset::Dataset;
use crate::error::JobError;
use crate::evaluate::forecast;
use crate::run_context::RunContext;

/// The window in the middle of the test range, a choice that does not depend on any forecast.
pub(crate) async fn middle_sample(
    context: &RunContext<'_>,
    dense: &Forecaster,
    pruned: &Forecaster,
) -> Result<ForecastSample, JobError> {
    let window = context.dataset.windows(Part::Test).len() / 2;
    forecast_sample(context, dense, Some(pruned), window).await
}

/// Window number `window` of the test range, or its last. The first channel to show is the last one, the
/// target by the convention of the public data sets.
pub(crate) async fn forecast_sample(
    context: &RunContext<'_>,
    dense: &Forecaster,
    pruned: Option<&Forecaster>,
    window: usize,
) -> Result<ForecastSample, JobError> {
    let dataset = context.dataset;
    let windows = dataset.windows(Part::Test);
    let window = window.min(windows.len().saturating_sub(1));
    let row = windows.start_row(window);
    let first_row = row + windows.lookback;
    let channels = dataset.series.channel_count();

    let season = dataset.series.index.frequency().season_length();
    let mut naive = Vec::new();
    Baseline::SeasonalNaive { season }.forecast(
        dataset.input(row),
        windows.lookback,
        windows.horizon,
        channels,
        &mut naive,
    );
    Ok(ForecastSample {
        window,
        first_row,
        first_timestamp: dataset
            .series
            .index
            .timestamps()
            .map(|_| dataset.series.index.label(first_row)),
        channel: channels - 1,
        input: dataset.series.row_range(row..first_row).to_vec(),
        truth: dataset
            .series
            .row_range(first_row..first_row + windows.horizon)
            .to_vec(),
        dense: dataset
            .scaler
            .inverse(&forecast(dense, context, &[row]).await?),
        pruned: match pruned {
            Some(pruned) => dataset
                .scaler
                .inverse(&forecast(pruned, context, &[row]).await?),
            None => Vec::new(),
        },
        naive: dataset.scaler.inverse(&naive),
        offsets: dataset.series.offsets().to_vec(),
    })
}

/// The sample as tidy CSV: one line per forecast row and channel, original units.
pub(crate) fn forecasts_csv(sample: &ForecastSample, dataset: &Dataset) -> String {
    let (index, channels) = (&dataset.series.index, &dataset.series.channels);
    let mut text = String::from("row,stamp,channel,truth,dense,pruned,seasonal_naive\n");
    for (place, truth) in sample.truth.iter().enumerate() {
        let row = sample.first_row + place / channels.len();
        let timestamp = if index.timestamps().is_some() {
            index.label(row)
        } else {
            String::new()
        };
        let offset = dataset.series.offset(place % channels.len());
        let number = |value: f32| format_with_offset(value, offset);
        let channel = csv_field(&channels[place % channels.len()]);
        let truth = number(*truth);
        let dense = number(sample.dense[place]);
        let pruned = number(sample.pruned[place]);
        let naive = number(sample.naive[place]);
        // Writing to a string cannot fail.
        writeln!(
            text,
            "{row},{timestamp},{channel},{truth},{dense},{pruned},{naive}"
        )
        .ok();
    }
    text
}
