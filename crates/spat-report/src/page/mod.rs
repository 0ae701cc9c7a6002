//! The page: all sections of a report, complete without a script.

mod candidates;
mod comparison;
mod data;
mod errors;
mod forecast;
mod maps;
mod opening;
mod origin;
mod scores;
mod training;

pub use candidates::comparison as candidates;
pub(crate) use candidates::{linear_in_words, rows, selection};
pub(crate) use scores::{ORIGIN, decision, why};
use spat_spec::{MeanErrors, Report};

use crate::escape::escape;

/// Custom properties of the charts' colours, light and dark, for pages that include charts.
pub const THEME_CSS: &str = include_str!("theme.css");

const PAGE_CSS: &str = include_str!("page.css");

/// Number of channels with a row in a table or a small chart; the others are only counted.
const MOST_CHANNELS: usize = 40;

/// The self-contained page of a run: `report.html`.
///
/// Styles and drawings are inline, nothing is fetched and no script runs, which the page's content security
/// policy enforces. It follows the reader's light or dark scheme and prints light.
pub fn html(report: &Report) -> String {
    let title = opening::title(report);
    let sections = [
        opening::section(report),
        forecast::section(report),
        scores::section(report),
        maps::section(report),
        training::section(report),
        errors::section(report),
        comparison::section(report),
        data::section(report),
        origin::section(report),
    ];
    document(&title, &sections.join("\n"))
}

/// The complete page around its sections.
pub(crate) fn document(title: &str, sections: &str) -> String {
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\
         <meta name=\"color-scheme\" content=\"light dark\">\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none';style-src 'unsafe-inline';img-src data:\">\
         <title>{}</title><style>{THEME_CSS}{PAGE_CSS}</style></head>\n<body><main>\n{sections}\n</main></body></html>\n",
        escape(title),
    )
}

/// A section with its heading; empty if there is no content.
pub(crate) fn section(id: &str, heading: &str, body: &str) -> String {
    if body.is_empty() {
        return String::new();
    }
    format!(
        "<section id=\"{id}\"><h2>{}</h2>{body}</section>",
        escape(heading)
    )
}

/// A paragraph of escaped text.
pub(crate) fn paragraph(text: &str) -> String {
    if text.is_empty() {
        String::new()
    } else {
        format!("<p>{}</p>", escape(text))
    }
}

/// A secondary paragraph with an explanation.
pub(crate) fn aside(text: &str) -> String {
    format!("<p class=\"aside\">{}</p>", escape(text))
}

/// One channel of `[rows × channels]` values.
fn channel(values: &[f32], channels: usize, channel: usize) -> impl Iterator<Item = f64> + '_ {
    values
        .iter()
        .skip(channel)
        .step_by(channels.max(1))
        .map(|&value| f64::from(value))
}

/// The channels to show: all in order if there are at most `most`, otherwise those whose test error changed
/// most.
fn chosen_channels(report: &Report, most: usize) -> Vec<usize> {
    let mut all: Vec<usize> = (0..report.data.channels).collect();
    if all.len() <= most {
        return all;
    }
    let size = |channel: usize| {
        let dense = report.dense.test.full.per_channel.get(channel);
        let pruned = report.pruned.test.full.per_channel.get(channel);
        let change = dense.zip(pruned).map_or(0.0, |(dense, pruned)| {
            (pruned.scaled.mse - dense.scaled.mse).abs()
        });
        if change.is_finite() { change } else { 0.0 }
    };
    all.sort_by(|&a, &b| size(b).total_cmp(&size(a)));
    all.truncate(most);
    all
}

/// A channel's name, or its number if the report has no name.
fn channel_name(report: &Report, channel: usize) -> String {
    report
        .data
        .channel_names
        .get(channel)
        .cloned()
        .unwrap_or_else(|| format!("channel {channel}"))
}

/// Name and MSE of the best baseline forecast.
fn best_baseline(report: &Report) -> Option<(&String, &spat_series::Metrics)> {
    let finite = report
        .baselines
        .iter()
        .filter(|(_, metrics)| metrics.scaled.mse.is_finite());
    finite.min_by(|a, b| a.1.scaled.mse.total_cmp(&b.1.scaled.mse))
}

/// Whether the run includes fine-tuning.
fn finetuned(report: &Report) -> bool {
    report.pruned.epochs > 0
}

/// Errors between removal and fine-tuning, if the run includes both.
pub(crate) fn before_finetune(report: &Report) -> Option<MeanErrors> {
    let pruned = report.changed_model().filter(|_| finetuned(report))?;
    let before = pruned.before_finetune.as_ref()?;
    Some(before.test)
}
