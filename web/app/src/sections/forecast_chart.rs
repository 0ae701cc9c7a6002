//! A chart of forecasts after the end of a table.

use spat_report::{Hue, LineChart, LineSeries, Rule, Stroke};
use spat_series::Series;

/// Forecasts of the rows after a table's last, row-major `[horizon × channels]`.
pub(crate) struct ForecastChart<'a> {
    /// The table.
    pub(crate) series: &'a Series,
    /// The channel that is drawn.
    pub(crate) name: &'a str,
    /// Its index in the forecasts, and their number of channels.
    pub(crate) channel: usize,
    pub(crate) channels: usize,
    /// The row of the first forecast.
    pub(crate) first_row: usize,
    pub(crate) timestamps: &'a [String],
    /// Forecasts with their names; the intervals are those of the last.
    pub(crate) forecasts: &'a [(&'a str, &'a [f32])],
    /// Half widths, by level.
    pub(crate) intervals: &'a [(f64, Vec<f32>)],
    /// What is to be added to the forecasts of each channel; empty where that is 0 for all.
    pub(crate) offsets: &'a [f64],
}

impl ForecastChart<'_> {
    /// The last rows of the table and the forecasts after them.
    pub(crate) fn line_chart(&self, description: String) -> LineChart {
        let most = self.forecasts.last();
        let offset = self.offsets.get(self.channel).copied().unwrap_or(0.0);
        let center = most.map_or_else(Vec::new, |(_, values)| self.pick(values, offset));
        // The widest band first, so that narrower ones are drawn over it.
        let bands = self.intervals.iter().rev().map(|(level, widths)| {
            let label = format!("{:.0} %", level * 100.0);
            let band = self.pick(widths, 0.0).into_iter().zip(&center).enumerate();
            LineSeries {
                band: band
                    .map(|(step, (width, value))| (step as f64, value - width, value + width))
                    .collect(),
                ..LineSeries::new(label, Hue::Vermillion, Vec::new())
            }
        });
        let mut series: Vec<LineSeries> = bands.collect();
        series.push(LineSeries::new(
            "the table",
            Hue::Ink,
            self.past(center.len()),
        ));
        let last = self.forecasts.len().saturating_sub(1);
        for (place, (name, values)) in self.forecasts.iter().enumerate() {
            let points = self.pick(values, offset).into_iter().enumerate();
            let points = points.map(|(step, value)| (step as f64, value)).collect();
            series.push(if place == last {
                LineSeries::new(*name, Hue::Vermillion, points)
            } else {
                LineSeries::new(*name, Hue::Blue, points).stroke(Stroke::Dashed)
            });
        }
        let start = self.timestamps.first().cloned();
        let start = start.unwrap_or_else(|| format!("row {}", self.first_row));
        LineChart {
            title: format!("{} from {start}", self.name),
            description,
            x_label: "rows from the end of the table".to_owned(),
            y_label: self.name.to_owned(),
            series,
            rules: vec![Rule {
                x: 0.0,
                label: "now".to_owned(),
            }],
            height: 320.0,
            ..LineChart::default()
        }
    }

    fn pick(&self, values: &[f32], offset: f64) -> Vec<f64> {
        let values = values.iter().skip(self.channel).step_by(self.channels);
        values.map(|&value| f64::from(value) + offset).collect()
    }

    /// The table's last rows, twice as many as there are forecasts; empty if the channel is not used.
    fn past(&self, horizon: usize) -> Vec<(f64, f64)> {
        let channels = &self.series.channels;
        let Some(channel) = channels.iter().position(|name| name == self.name) else {
            return Vec::new();
        };
        let shown = (2 * horizon).min(self.series.rows());
        let (values, offset) = (self.series.channel(channel), self.series.offset(channel));
        let values = values.skip(self.series.rows() - shown).enumerate();
        values
            .map(|(row, value)| (row as f64 - shown as f64, f64::from(value) + offset))
            .collect()
    }
}
