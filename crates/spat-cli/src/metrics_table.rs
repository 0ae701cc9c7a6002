//! Metrics for a terminal.

use spat_series::{MetricSet, Metrics};

/// Largest number of channels with a row; the others are only counted.
const MOST: usize = 30;

/// Scaled errors over all channels, then each channel in its own units.
pub(crate) fn text(metrics: &Metrics, channels: &[String]) -> String {
    let names = channels.iter().take(MOST).map(|name| name.chars().count());
    let label = names.max().unwrap_or(0).clamp(20, 32);
    let mut text = line(
        "",
        label,
        &["MSE", "MAE", "RMSE", "sMAPE %", "MASE"].map(str::to_owned),
    );
    text += &row("all, scaled", label, &metrics.scaled);
    if let Some(original) = &metrics.original {
        text += &row("all, original units", label, original);
    }
    text.push('\n');
    for (name, channel) in channels.iter().zip(&metrics.per_channel).take(MOST) {
        text += &row(
            name,
            label,
            channel.original.as_ref().unwrap_or(&channel.scaled),
        );
    }
    if channels.len() > MOST {
        text += &format!(
            "… and {} more channels; --json has them all\n",
            channels.len() - MOST
        );
    }
    text
}

fn row(name: &str, label: usize, set: &MetricSet) -> String {
    let some = |value: Option<f64>| value.map_or_else(|| "–".to_owned(), number);
    line(
        name,
        label,
        &[
            number(set.mse),
            number(set.mae),
            number(set.rmse),
            some(set.smape),
            some(set.mase),
        ],
    )
}

fn line(name: &str, label: usize, cells: &[String; 5]) -> String {
    let name: String = name.chars().take(label).collect();
    let cells: String = cells.iter().map(|cell| format!(" {cell:>11}")).collect();
    format!("{}\n", format!("{name:<label$}{cells}").trim_end())
}

/// Four significant digits, without an exponent where that stays short.
pub(crate) fn number(value: f64) -> String {
    let size = value.abs();
    match size {
        _ if value == 0.0 => "0".to_owned(),
        _ if !(1e-3..1e7).contains(&size) => format!("{value:.3e}"),
        _ if size >= 1000.0 => format!("{value:.0}"),
        _ if size >= 100.0 => format!("{value:.1}"),
        _ if size >= 10.0 => format!("{value:.2}"),
        _ if size >= 1.0 => format!("{value:.3}"),
        _ => format!("{value:.4}"),
    }
}
