//! Split-conformal intervals (Vovk et al. 2005; Lei et al. 2018): quantiles of residuals on validation
//! windows, stored with the weights.
//!
//! For each channel, forecast step and level, the interval's half width is the
//! ⌈(n + 1) · level⌉-th smallest absolute residual of n validation windows. Residuals of
//! overlapping windows are not exchangeable, so the coverage is close to the level, not guaranteed.

use std::collections::BTreeMap;

use spat_model::Forecaster;
use spat_series::{FEWEST_VALIDATION_WINDOWS, Part};
use spat_spec::Array;

use crate::control::Control;
use crate::error::JobError;
use crate::evaluate::{evaluation_batch, first_rows, forecast};
use crate::run_context::RunContext;

/// Nominal coverage levels of the intervals.
pub const LEVELS: [f64; 2] = [0.8, 0.95];

/// Maximum number of residuals held at once: 64 MiB of f32. Wider tables are calibrated on fewer windows.
const MOST_RESIDUALS: usize = 1 << 24;

/// Name of the half widths in a checkpoint.
pub(crate) fn array_name(level: f64) -> String {
    format!("calibration.half_width_{}", (level * 100.0).round())
}

/// Half widths in scaled units, `[horizon × channels]` per level; none if the validation part has too few
/// windows for a quantile.
pub(crate) async fn arrays(
    model: &Forecaster,
    context: &RunContext<'_>,
    control: &mut Control<'_>,
) -> Result<BTreeMap<String, Array>, JobError> {
    let dataset = context.dataset;
    let windows = dataset.windows(Part::Val);
    if windows.len() < FEWEST_VALIDATION_WINDOWS {
        return Ok(BTreeMap::new());
    }
    let cells = windows.horizon * dataset.series.channel_count();
    let rows = first_rows(&windows);
    let stride = rows.len().div_ceil((MOST_RESIDUALS / cells).max(1)).max(1);
    let rows: Vec<usize> = rows.into_iter().step_by(stride).collect();

    let mut residuals: Vec<Vec<f32>> = vec![Vec::with_capacity(rows.len()); cells];
    for rows in rows.chunks(evaluation_batch(dataset, &windows)) {
        control.between_batches().await?;
        let forecasts = forecast(model, context, rows).await?;
        for (row, forecast) in rows.iter().zip(forecasts.chunks_exact(cells)) {
            let weights = dataset.truth_weights(*row);
            let pairs = forecast.iter().zip(dataset.truth(*row));
            for (cell, (residuals, (forecast, truth))) in
                residuals.iter_mut().zip(pairs).enumerate()
            {
                if weights.is_none_or(|weights| weights[cell] > 0.0) {
                    residuals.push((forecast - truth).abs());
                }
            }
        }
    }
    if residuals
        .iter()
        .any(|residuals| residuals.len() < FEWEST_VALIDATION_WINDOWS.min(rows.len()))
    {
        return Ok(BTreeMap::new());
    }
    let mut half_widths = LEVELS.map(|_| Vec::with_capacity(cells));
    for mut residuals in residuals {
        residuals.sort_by(f32::total_cmp);
        for (widths, level) in half_widths.iter_mut().zip(LEVELS) {
            let rank = ((residuals.len() + 1) as f64 * level).ceil() as usize;
            widths.push(residuals[rank.clamp(1, residuals.len()) - 1]);
        }
    }
    let shape = vec![windows.horizon, dataset.series.channel_count()];
    Ok(LEVELS
        .into_iter()
        .zip(half_widths)
        .map(|(level, values)| {
            (
                array_name(level),
                Array {
                    shape: shape.clone(),
                    values,
                },
            )
        })
        .collect())
}
