//! A table and an experiment that run quickly.

use std::fmt::Write as _;

use spat_spec::{
    Controls, DataConfig, Experiment, ForecasterConfig, ITransformerConfig, PruneRule, Scorer,
    SendOptions, TrainingConfig, Window,
};

/// Three channels with a daily season.
pub(crate) fn table(rows: usize) -> Vec<u8> {
    let mut text = String::from("a,b,c\n");
    for row in 0..rows {
        let value = |channel: usize| {
            let phase = (row + 3 * channel) as f32 * std::f32::consts::TAU / 24.0;
            // A fixed aperiodic pattern as noise.
            let noise = ((row * 7919 + channel * 104_729) % 997) as f32 / 997.0 - 0.5;
            phase.sin() * (1.0 + channel as f32) + 0.3 * noise + 5.0
        };
        writeln!(text, "{},{},{}", value(0), value(1), value(2)).unwrap();
    }
    text.into_bytes()
}

pub(crate) fn experiment(seed: u64, epochs: usize) -> Experiment {
    let training = TrainingConfig {
        epochs,
        batch: 32,
        learning_rate: 1e-3,
        patience: None,
        ..TrainingConfig::default()
    };
    Experiment {
        data: DataConfig::default(),
        forecaster: ForecasterConfig::ITransformer(ITransformerConfig {
            d_model: 8,
            d_ff: 8,
            heads: 2,
            layers: 2,
            ..ITransformerConfig::new(Window::new(24, 12, 3), false)
        }),
        finetune: TrainingConfig {
            epochs: 1,
            ..Experiment::finetune_like(&training)
        },
        training,
        scorer: Scorer::default(),
        send: SendOptions::default(),
        prune: PruneRule {
            ratio: 0.5,
            ..PruneRule::default()
        },
        controls: Controls {
            dense_finetuned: false,
            pruned_from_scratch: false,
        },
        seed,
    }
}
