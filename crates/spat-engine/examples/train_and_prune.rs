//! Trains an iTransformer on a table, removes the half of its attention modules with the lowest SEND scores,
//! fine-tunes, and compares both models on the test windows.
//!
//! ```sh
//! cargo run --release --package spat-engine --example train_and_prune -- crates/spat-cli/demo/nyc-weather-2013.csv
//! ```
#![allow(clippy::print_stdout)]

use std::error::Error;
use std::sync::mpsc::channel;

use spat_engine::device::{DeviceChoice, choose};
use spat_engine::{Control, Job, MemoryStore, run};
use spat_series::read_table;
use spat_spec::{
    Controls, DataConfig, Event, Experiment, ForecasterConfig, ITransformerConfig, PruneRule,
    Scorer, SendOptions, TrainingConfig, Window,
};

fn main() -> Result<(), Box<dyn Error>> {
    let path = std::env::args().nth(1).ok_or("name a table")?;
    let bytes = std::fs::read(&path)?;
    let data = DataConfig::default();
    let series = read_table(&bytes, &data.read)?.into_series(&data.series)?;

    let window = Window::new(96, 24, series.channel_count());
    let training = TrainingConfig {
        epochs: 2,
        ..TrainingConfig::default()
    };
    let experiment = Experiment {
        data,
        forecaster: ForecasterConfig::ITransformer(ITransformerConfig {
            d_model: 32,
            d_ff: 32,
            heads: 4,
            layers: 4,
            ..ITransformerConfig::new(window, false)
        }),
        finetune: TrainingConfig {
            epochs: 1,
            ..Experiment::finetune_like(&training)
        },
        training,
        scorer: Scorer::default(),
        send: SendOptions::default(),
        prune: PruneRule::default(),
        controls: Controls::default(),
        seed: 1,
    };
    let job = Job::new(
        experiment.clone(),
        experiment.hash(&bytes),
        series,
        path,
        String::new(),
        choose(DeviceChoice::Auto)?,
    );

    // A front end would send commands here, such as a stop, and draw the events.
    let (_commands, receiver) = channel();
    let mut control = Control::new(receiver, |event| {
        if let Event::Epoch { result, .. } = event {
            println!("{result:?}");
        }
    });
    let mut files = MemoryStore::default();
    let report = pollster::block_on(run(&job, &mut files, &mut control))?;

    println!("removed: {:?}", report.plan.removed);
    for (name, model) in [("dense", &report.dense), ("pruned", &report.pruned)] {
        println!(
            "{name}: MSE {:.4}, {} parameters",
            model.test.mse, model.params
        );
    }
    println!("{} files, such as report.html", files.files.len());
    Ok(())
}
