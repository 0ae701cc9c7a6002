//! A job small enough for a test on any device.

use burn::tensor::Device;
use spat_engine::Job;
use spat_series::{Series, TimeIndex};
use spat_spec::{
    Controls, DataConfig, DeviceFacts, Experiment, ForecasterConfig, ITransformerConfig, PruneRule,
    Scorer, SendOptions, TrainingConfig, Window,
};

/// Two daily seasons in three channels, the third following the first with a lag.
pub(crate) fn series() -> Series {
    let rows = 400;
    let value = |row: usize, channel: usize| {
        let phase = (row + 3 * channel) as f32 * std::f32::consts::TAU / 24.0;
        // A fixed pattern without period serves as noise.
        let noise = ((row * 7919 + channel * 104_729) % 997) as f32 / 997.0 - 0.5;
        phase.sin() * (1.0 + channel as f32) + 0.3 * noise + 5.0
    };
    let values = (0..rows)
        .flat_map(|row| (0..3).map(move |channel| value(row, channel)))
        .collect();
    let stamps = (0..rows as i64)
        .map(|hour| 1_577_836_800 + 3600 * hour)
        .collect();
    let names = ["a", "b", "c"].map(str::to_owned).to_vec();
    Series::from_values(names, values, TimeIndex::from_stamps(stamps)).unwrap()
}

pub(crate) fn itransformer() -> ForecasterConfig {
    ForecasterConfig::ITransformer(ITransformerConfig {
        d_model: 8,
        d_ff: 8,
        heads: 2,
        layers: 3,
        ..ITransformerConfig::new(Window::new(24, 12, 3), true)
    })
}

pub(crate) fn job(forecaster: ForecasterConfig, send: SendOptions) -> Job {
    let training = TrainingConfig {
        epochs: 3,
        batch: 32,
        learning_rate: 1e-3,
        ..TrainingConfig::default()
    };
    let experiment = Experiment {
        data: DataConfig::default(),
        forecaster,
        finetune: TrainingConfig {
            epochs: 2,
            ..Experiment::finetune_like(&training)
        },
        training,
        scorer: Scorer::default(),
        send,
        prune: PruneRule {
            ratio: 0.34,
            ..PruneRule::default()
        },
        controls: Controls {
            dense_finetuned: true,
            pruned_from_scratch: true,
        },
        seed: 7,
    };
    Job {
        hash: experiment.hash(b""),
        experiment,
        series: series(),
        data_name: "toy".to_owned(),
        command: "spat run toy.csv".to_owned(),
        device: Device::flex(),
        device_facts: DeviceFacts {
            kind: "cpu".to_owned(),
            name: "test".to_owned(),
            threads: 1,
        },
    }
}
