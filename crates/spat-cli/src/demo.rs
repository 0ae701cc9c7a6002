//! `spat demo`: a job on a table that is part of the program.

use std::process::ExitCode;

use spat_host::Origin;
use spat_spec::{
    Controls, DataConfig, Experiment, ModelKind, PruneRule, Scorer, SendOptions, Size,
    TrainingConfig, Window,
};

use crate::args::DemoArgs;
use crate::run_folder;
use crate::start::Start;
use crate::{demo_table, device, experiment, output, table};

/// Runs the demo.
pub(crate) fn demo(args: &DemoArgs) -> anyhow::Result<ExitCode> {
    device::set_threads(args.device.threads)?;
    let data = DataConfig::default();
    let (name, bytes) = demo_table::file();
    let loaded = table::from_bytes(name, bytes, &data)?;
    let experiment = small(data, loaded.series.channel_count(), args.seed);
    experiment::check(&experiment, &loaded.series)?;
    let folder = args
        .run
        .clone()
        .unwrap_or_else(|| run_folder::numbered("demo"));
    if !args.talk.quiet {
        output::note(
            "demo: the weather at three New York airports, hour by hour; a day ahead from the four days before",
        );
    }
    let start = Start {
        origin: Origin::Demo,
        command: "spat demo".to_owned(),
        backbone: None,
        threads: args.device.threads,
        choice: args.device.device,
        talk: args.talk,
    };
    let hash = experiment.hash(&loaded.bytes);
    start.begin(loaded, experiment, hash, &folder)
}

/// Small enough for a minute on two slow cores, large enough for a meaningful ranking.
fn small(data: DataConfig, channels: usize, seed: u64) -> Experiment {
    let training = TrainingConfig {
        epochs: 4,
        batch: 32,
        learning_rate: 1e-3,
        ..TrainingConfig::default()
    };
    let window = Window::new(96, 24, channels);
    let (mut forecaster, _) = ModelKind::default().defaults(window, true);
    forecaster.resize(Size {
        width: 64,
        layers: 4,
        heads: 4,
    });
    Experiment {
        data,
        forecaster,
        finetune: TrainingConfig {
            epochs: 2,
            learning_rate: 5e-4,
            ..Experiment::finetune_default(&training)
        },
        training,
        scorer: Scorer::default(),
        send: SendOptions::default(),
        prune: PruneRule::default(),
        controls: Controls::default(),
        seed,
    }
}
