//! A job small enough for a test on any device.

use burn::tensor::Device;
use spat_engine::Job;
use spat_spec::{Controls, DeviceFacts, ForecasterConfig, SendOptions, Window};

pub(crate) fn itransformer() -> ForecasterConfig {
    spat_testing::itransformer(Window::new(24, 12, 3), 3, true)
}

pub(crate) fn job(forecaster: ForecasterConfig, send: SendOptions) -> Job {
    let mut experiment = spat_testing::experiment(forecaster);
    experiment.training.epochs = 3;
    experiment.finetune.epochs = 2;
    experiment.send = send;
    experiment.prune.ratio = 0.34;
    experiment.controls = Controls {
        dense_finetuned: true,
        pruned_from_scratch: true,
        linear_baselines: true,
    };
    experiment.seed = 7;
    Job {
        hash: experiment.hash(b""),
        experiment,
        series: spat_testing::series(400, 0),
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
