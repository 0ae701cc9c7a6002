//! `spat inspect`.

use std::collections::HashMap;
use std::path::Path;
use std::process::ExitCode;

use anyhow::Context as _;
use serde::Serialize;
use spat_series::{
    Detection, FEWEST_VALIDATION_WINDOWS, Part, Repairs, Series, Split, Table, with_offset,
};
use spat_spec::DataConfig;

use crate::args::{InspectArgs, ModelArgs};
use crate::metrics_table::number;
use crate::{experiment, output, table};

/// What a run determines about a table before it trains.
#[derive(Serialize)]
struct Inspection {
    data: String,
    rows_in_file: usize,
    rows: usize,
    channels: Vec<Channel>,
    frequency: String,
    season: usize,
    first: String,
    last: String,
    detection: Detection,
    repairs: Repairs,
    lookback: usize,
    horizon: usize,
    split: Option<Parts>,
    /// Why there is no split.
    split_error: Option<String>,
    /// Rows between gaps that are too long to fill.
    segments: Vec<usize>,
    /// Look-back and horizon that would fit.
    would_fit: Option<(usize, usize)>,
}

/// One channel: statistics of the cells in the file, without filled ones.
#[derive(Serialize)]
struct Channel {
    name: String,
    missing_in_file: usize,
    min: f64,
    mean: f64,
    max: f64,
    #[serde(skip)]
    has_offset: bool,
}

/// Rows and windows of the parts.
#[derive(Serialize)]
struct Parts {
    train: PartSize,
    val: PartSize,
    test: PartSize,
}

#[derive(Serialize)]
struct PartSize {
    rows: usize,
    windows: usize,
}

/// Prints what was detected, also where the table cannot be used as it is.
pub(crate) fn inspect(args: &InspectArgs) -> anyhow::Result<ExitCode> {
    let data = experiment::data_config(None, &args.read, &args.split);
    let raw = table::raw(&args.data, &table::read_file(&args.data)?, &data.read)?;
    let heading = heading(&args.data, &raw);
    let inspection = look(args, &data, raw);
    if args.json {
        output::json(&inspection?)?;
        return Ok(ExitCode::SUCCESS);
    }
    output::result(&output::visible(&heading))?;
    output::result(&output::visible(&text(&inspection?)))?;
    Ok(ExitCode::SUCCESS)
}

/// What the file contains, and how it was read.
fn heading(path: &Path, raw: &Table) -> String {
    let mut text = format!(
        "{}: {} × {}\n\nHow it was read\n",
        table::file_name(path),
        spat_report::number::plural(raw.rows(), "row"),
        spat_report::number::plural(raw.channels.len(), "channel")
    );
    for line in raw.detection.lines() {
        text += &format!("  {line}\n");
    }
    text
}

/// # Errors
/// The table cannot be used with these settings.
fn look(args: &InspectArgs, data: &DataConfig, raw: Table) -> anyhow::Result<Inspection> {
    let (names, missing) = (raw.channels.clone(), raw.missing_counts());
    let (rows_in_file, detection) = (raw.rows(), raw.detection.clone());
    let series = raw
        .into_series(&data.series)
        .with_context(|| args.data.display().to_string())?;
    let model = ModelArgs::default();
    let (lookback, horizon) =
        experiment::window_lengths(&model, &args.windows, &series, data.split);
    let lookback = lookback.unwrap_or(horizon);
    let split = data.split.apply_to(&series, lookback, horizon);
    let missing: HashMap<&String, usize> = names.iter().zip(missing).collect();
    let missing_of = |name: &String| missing.get(name).copied().unwrap_or(0);
    let would_fit = match split {
        Ok(_) => None,
        Err(_) => experiment::fitting(data.split, &series, lookback, horizon),
    };
    Ok(Inspection {
        data: table::file_name(&args.data),
        rows_in_file,
        rows: series.rows(),
        channels: channels(&series, missing_of),
        frequency: series.index.step_name(),
        season: series.index.frequency().season_length(),
        first: series.index.label(0),
        last: series.index.label(series.rows().saturating_sub(1)),
        detection,
        repairs: series.repairs.clone(),
        lookback,
        horizon,
        split_error: split.as_ref().err().map(ToString::to_string),
        split: split
            .ok()
            .map(|split| parts(&split, &series, lookback, horizon)),
        segments: series.segments().map(|segment| segment.len()).collect(),
        would_fit,
    })
}

fn channels(series: &Series, missing: impl Fn(&String) -> usize) -> Vec<Channel> {
    let of = |(place, name): (usize, &String)| {
        let (mut min, mut max, mut sum) = (f32::INFINITY, f32::NEG_INFINITY, 0.0);
        let mut given = 0_usize;
        for (row, value) in series.channel(place).enumerate() {
            if series.is_missing(row, place) {
                continue;
            }
            min = min.min(value);
            max = max.max(value);
            sum += f64::from(value);
            given += 1;
        }
        let offset = series.offset(place);
        Channel {
            name: name.clone(),
            missing_in_file: missing(name),
            min: with_offset(min, offset),
            mean: sum / given.max(1) as f64 + offset,
            max: with_offset(max, offset),
            has_offset: offset != 0.0,
        }
    };
    series.channels.iter().enumerate().map(of).collect()
}

fn parts(split: &Split, series: &Series, lookback: usize, horizon: usize) -> Parts {
    let size = |part| PartSize {
        rows: split.part(part).len(),
        windows: split.windows(part, series, lookback, horizon).len(),
    };
    Parts {
        train: size(Part::Train),
        val: size(Part::Val),
        test: size(Part::Test),
    }
}

fn text(found: &Inspection) -> String {
    let mut text = "\nWhat a run changes or notes\n".to_owned();
    let repairs = found.repairs.lines();
    for line in &repairs {
        text += &format!("  {line}\n");
    }
    if repairs.is_empty() {
        text += "  Nothing.\n";
    }
    text += &format!(
        "\nTime index\n  step {}, season {} rows, {} to {}, {} rows\n",
        found.frequency, found.season, found.first, found.last, found.rows
    );
    text += &format!(
        "\nWindows of look-back {} and horizon {}\n",
        found.lookback, found.horizon
    );
    if found.segments.len() > 1 {
        text += &format!(
            "  within {} segments of {} to {} rows, between which long gaps lie\n",
            found.segments.len(),
            found.segments.iter().min().unwrap_or(&0),
            found.segments.iter().max().unwrap_or(&0)
        );
    }
    match &found.split {
        Some(split) => {
            for (name, part) in [
                ("train", &split.train),
                ("validation", &split.val),
                ("test", &split.test),
            ] {
                text += &format!(
                    "  {name:<10} {:>8} rows {:>8} windows\n",
                    part.rows, part.windows
                );
            }
            if split.val.windows < FEWEST_VALIDATION_WINDOWS {
                text += &format!("  {}\n", experiment::few_windows(split.val.windows));
            }
        }
        None => {
            text += &format!(
                "  none: {}\n",
                found.split_error.as_deref().unwrap_or_default()
            );
        }
    }
    if let Some((lookback, horizon)) = found.would_fit {
        text += &format!("  --lookback {lookback} --horizon {horizon} would fit\n");
    }
    text += "\nChannels (cells of the file, before filling)\n";
    text += &channel_table(&found.channels);
    text + &used(found) + &lost(found)
}

/// The parts and windows of a run.
fn used(found: &Inspection) -> String {
    let names: Vec<&str> = found
        .channels
        .iter()
        .take(MOST_NAMES)
        .map(|c| c.name.as_str())
        .collect();
    let more = found.channels.len().saturating_sub(MOST_NAMES);
    let more = if more > 0 {
        format!(" and {more} more")
    } else {
        String::new()
    };
    format!(
        "\nWhat a run will use\n  {} rows, step {}, {} to {}\n  {} channels: {}{more}\n",
        found.rows,
        found.frequency,
        found.first,
        found.last,
        found.channels.len(),
        names.join(", "),
    )
}

/// What is in the file but not used in a run.
fn lost(found: &Inspection) -> String {
    let mut lost = found.detection.lost();
    if !found.repairs.dropped_channels.is_empty() {
        lost.push(format!(
            "channels without a value: {}",
            found.repairs.dropped_channels.join(", ")
        ));
    }
    for (rows, what) in [
        (
            found.repairs.repeated_timestamps,
            "rows that repeat a timestamp",
        ),
        (found.repairs.dropped_rows, "rows with a missing value"),
    ] {
        if rows > 0 {
            lost.push(format!("{what}: {rows}"));
        }
    }
    let mut text = "\nWhat was lost\n".to_owned();
    for line in &lost {
        text += &format!("  {line}\n");
    }
    if lost.is_empty() {
        text += "  Nothing.\n";
    }
    text
}

/// A statistic of a channel; all digits if the numbers have more than an f32.
fn statistic(channel: &Channel, value: f64) -> String {
    if channel.has_offset {
        let text = format!("{value:.3}");
        return text.trim_end_matches('0').trim_end_matches('.').to_owned();
    }
    number(value)
}

/// Largest number of channels that are listed; the others are only counted.
const MOST_NAMES: usize = 12;

/// Largest number of channels with a row; the others are only counted.
const MOST: usize = 40;

fn channel_table(channels: &[Channel]) -> String {
    let width = channels
        .iter()
        .take(MOST)
        .map(|c| c.name.chars().count())
        .max()
        .unwrap_or(0)
        .clamp(8, 32);
    let mut text = format!(
        "  {:<width$} {:>9} {:>11} {:>11} {:>11}\n",
        "", "missing", "min", "mean", "max"
    );
    for channel in channels.iter().take(MOST) {
        let name: String = channel.name.chars().take(width).collect();
        text += &format!(
            "  {name:<width$} {:>9} {:>11} {:>11} {:>11}\n",
            channel.missing_in_file,
            statistic(channel, channel.min),
            statistic(channel, channel.mean),
            statistic(channel, channel.max)
        );
    }
    if channels.len() > MOST {
        text += &format!(
            "  … and {} more; --json has them all\n",
            channels.len() - MOST
        );
    }
    text
}
