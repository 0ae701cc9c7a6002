//! Small tables and experiments for the tests of several crates.

use spat_series::{Series, TimeIndex};
use spat_spec::{
    Controls, DataConfig, Experiment, ForecasterConfig, ITransformerConfig, PruneRule, Scorer,
    SendOptions, TrainingConfig, Window,
};

/// Names of the channels of [`series`] and [`table`].
pub const CHANNELS: [&str; 3] = ["a", "b", "c"];

/// A daily season of 24 rows with noise, in another phase in each channel.
fn value(row: usize, channel: usize, shift: usize) -> f32 {
    let phase = (row + 3 * channel + shift) as f32 * std::f32::consts::TAU / 24.0;
    // A fixed aperiodic pattern as noise.
    let noise = ((row * 7919 + channel * 104_729 + shift) % 997) as f32 / 997.0 - 0.5;
    phase.sin() * (1.0 + channel as f32) + 0.3 * noise + 5.0
}

/// Hourly rows of three channels with a daily season; another `shift` gives another table.
///
/// # Panics
/// Never with rows.
pub fn series(rows: usize, shift: usize) -> Series {
    let values = (0..rows)
        .flat_map(|row| (0..3).map(move |channel| value(row, channel, shift)))
        .collect();
    let timestamps = (0..rows as i64)
        .map(|hour| 1_577_836_800 + 3600 * hour)
        .collect();
    let names = CHANNELS.map(str::to_owned).to_vec();
    #[allow(clippy::expect_used, reason = "a test's own table")]
    Series::from_values(names, values, TimeIndex::from_timestamps(timestamps))
        .expect("a valid series")
}

/// The values of [`series`] as CSV, without a time column.
pub fn table(rows: usize) -> Vec<u8> {
    let mut text = format!("{}\n", CHANNELS.join(","));
    for row in 0..rows {
        let [a, b, c] = [0, 1, 2].map(|channel| value(row, channel, 0));
        text += &format!("{a},{b},{c}\n");
    }
    text.into_bytes()
}

/// Hourly rows of January 2024 as CSV: two channels with a period of a day and noise. At most 744 rows.
pub fn dated_table(rows: usize) -> String {
    let mut text = String::from("date,north,south\n");
    for row in 0..rows {
        let (day, hour) = (row / 24, row % 24);
        let wave = (row as f64 * std::f64::consts::TAU / 24.0).sin();
        let noise = (row * 7919 % 997) as f64 / 997.0;
        text.push_str(&format!(
            "2024-01-{:02} {hour:02}:00,{:.3},{:.3}\n",
            day + 1,
            wave + 0.3 * noise,
            2.0 * wave - noise
        ));
    }
    text
}

/// An iTransformer of width 8 with two heads that trains in milliseconds per step.
pub fn itransformer(window: Window, layers: usize, dates: bool) -> ForecasterConfig {
    ForecasterConfig::ITransformer(ITransformerConfig {
        d_model: 8,
        d_ff: 8,
        heads: 2,
        layers,
        ..ITransformerConfig::new(window, dates)
    })
}

/// Two epochs of training and one of fine-tuning, without controls and early stopping.
pub fn experiment(forecaster: ForecasterConfig) -> Experiment {
    let training = TrainingConfig {
        epochs: 2,
        batch: 32,
        learning_rate: 1e-3,
        patience: None,
        ..TrainingConfig::default()
    };
    Experiment {
        data: DataConfig::default(),
        forecaster,
        finetune: TrainingConfig {
            epochs: 1,
            ..Experiment::finetune_like(&training)
        },
        training,
        scorer: Scorer::default(),
        send: SendOptions::default(),
        prune: PruneRule::default(),
        controls: Controls {
            dense_finetuned: false,
            pruned_from_scratch: false,
            linear_baselines: false,
        },
        seed: 1,
    }
}
