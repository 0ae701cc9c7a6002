//! Values that make no experiment are refused by name, with a way out.
#![allow(clippy::unwrap_used)]

use spat_spec::{Accumulate, OptimizerConfig, Scaling, Schedule, SendOptions, TrainingConfig};

#[test]
fn the_defaults_pass() {
    TrainingConfig::default().check().unwrap();
    SendOptions::default().check().unwrap();
}

#[test]
fn trainings_that_cannot_be() {
    let good = TrainingConfig::default;
    let bad = [
        TrainingConfig { batch: 0, ..good() },
        TrainingConfig {
            learning_rate: 0.0,
            ..good()
        },
        TrainingConfig {
            learning_rate: f64::NAN,
            ..good()
        },
        TrainingConfig {
            clip_norm: Some(-1.0),
            ..good()
        },
        TrainingConfig {
            optimizer: OptimizerConfig::AdamW { weight_decay: -0.1 },
            ..good()
        },
        TrainingConfig {
            schedule: Schedule::OneCycle { rising: 1.5 },
            ..good()
        },
    ];
    for training in bad {
        let message = training.check().unwrap_err().to_string();
        assert!(message.contains("use "), "{message}");
    }
}

#[test]
fn scores_that_cannot_be() {
    for options in [
        SendOptions {
            scaling: Scaling::Temperature(0.0),
            ..SendOptions::default()
        },
        SendOptions {
            accumulate: Accumulate::Ema(1.5),
            ..SendOptions::default()
        },
    ] {
        assert!(options.check().is_err(), "{options:?}");
    }
}
