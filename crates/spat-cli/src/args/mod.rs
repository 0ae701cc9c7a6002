//! The command line's arguments.

mod cluster;
mod data;
mod model;
mod other;
mod prune;
mod run;
mod serve;
mod study;
mod training;
pub(crate) mod values;

use clap::{Parser, Subcommand as ClapSubcommand};
use clap_complete::Shell;

pub(crate) use cluster::{EngineName, MergeArgs, StudyCommand, StudyEngineArgs, TaskArgs};
pub(crate) use data::{ReadArgs, SplitArgs};
pub(crate) use model::{BackboneArgs, ModelArgs, ModelChoice, Settings, WindowArgs};
pub(crate) use other::{
    DataCommand, DatasetArgs, EvaluateArgs, ForecastArgs, ImportArgs, InfoArgs, InspectArgs,
};
pub(crate) use prune::{PruneArgs, ScoreArgs};
pub(crate) use run::{DemoArgs, DeviceArgs, RunArgs, TalkArgs};
pub(crate) use serve::{EngineArgs, EngineOf, ServeArgs};
pub(crate) use study::{StudyArgs, WhatArgs};
pub(crate) use training::{FinetuneArgs, OptimizerName, TrainingArgs};

/// Trains a forecaster on a table, scores its attention modules by SEND, removes the lowest, and
/// shows what changed.
#[derive(Debug, Parser)]
#[command(
    name = "spat",
    version,
    max_term_width = 110,
    after_help = "Exit codes: 0 done; 1 failed, or stopped before the end; 2 bad usage or input.\n\
                  Start with `spat demo`, or `spat inspect DATA.csv` and then `spat run DATA.csv`."
)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Subcommand,
}

#[derive(Debug, ClapSubcommand)]
pub(crate) enum Subcommand {
    /// Train, score, prune, fine-tune, evaluate and report
    Run(Box<RunArgs>),
    /// The same on a small built-in table: a year of New York weather
    Demo(DemoArgs),
    /// Run many trainings: does SEND rank well, how much can be pruned, which scorers are better?
    Study(Box<StudyArgs>),
    /// Show what was detected in a table, and why
    Inspect(InspectArgs),
    /// Forecast the rows after the last one of a table
    Forecast(ForecastArgs),
    /// Evaluate a saved model on another table, without training
    Evaluate(EvaluateArgs),
    /// Convert weights of public PyTorch code to a model file
    Import(Box<ImportArgs>),
    /// List or download public benchmark tables
    Data(DatasetArgs),
    /// Serve the web app, for this computer's browser or for a class in the network
    Serve(ServeArgs),
    /// Compute for `spat serve --engine host`, which starts this and talks to it on standard input and output
    #[command(hide = true)]
    Engine(EngineArgs),
    /// Show the version and the devices
    Info(InfoArgs),
    /// Write a completion script for a shell to standard output
    Completions {
        /// Which shell
        shell: Shell,
    },
}

impl Subcommand {
    /// Whether standard output has events, one JSON document per line.
    pub(crate) fn prints_events(&self) -> bool {
        match self {
            Self::Run(args) => args.talk.json,
            Self::Demo(args) => args.talk.json,
            _ => false,
        }
    }
}
