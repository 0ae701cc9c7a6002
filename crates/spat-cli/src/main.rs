//! `spat`: trains a forecaster on a table, scores its attention modules, removes the lowest, and shows
//! what changed.
//!
//! Exit codes: 0 done; 1 failed, or stopped before the end; 2 bad usage or input.

mod args;
mod backbone;
mod command_line;
mod completions;
mod data;
mod demo;
mod demo_table;
mod device;
mod download;
mod drive;
mod engine_process;
mod evaluate;
mod experiment;
mod failure;
mod forecast;
mod hints;
mod import;
mod info;
mod inspect;
mod metrics_table;
mod model_file;
mod output;
mod progress;
mod queue;
mod resume;
mod run;
mod run_folder;
mod serve;
mod start;
mod study;
mod study_engine;
mod study_file;
mod study_merge;
mod study_progress;
mod study_task;
mod study_work;
mod suite;
mod suite_cells;
mod suite_file;
mod suite_model;
mod synthetic_study;
mod table;
mod task_inputs;

use std::process::ExitCode;

use clap::{CommandFactory as _, FromArgMatches as _};

use crate::args::{Cli, Subcommand};

fn main() -> ExitCode {
    spat_memory::keep_freed_memory();
    // The matches are kept too: a run's command contains the flags that were given.
    let matches = match Cli::command().try_get_matches() {
        Ok(matches) => matches,
        Err(error) => return output::usage(&error),
    };
    let cli = match Cli::from_arg_matches(&matches) {
        Ok(cli) => cli,
        Err(error) => return output::usage(&error),
    };
    let json = cli.command.prints_events();
    let given = matches.subcommand().map(|(_, given)| given);
    match dispatch(cli.command, given) {
        Ok(code) => code,
        Err(error) => failure::report(&error, json),
    }
}

fn dispatch(command: Subcommand, given: Option<&clap::ArgMatches>) -> anyhow::Result<ExitCode> {
    match command {
        Subcommand::Run(args) => run::run(&args, given),
        Subcommand::Demo(args) => demo::demo(&args),
        Subcommand::Study(args) => study::study(&args, given),
        Subcommand::Inspect(args) => inspect::inspect(&args),
        Subcommand::Forecast(args) => forecast::forecast(&args),
        Subcommand::Evaluate(args) => evaluate::evaluate(&args),
        Subcommand::Import(args) => import::import(&args),
        Subcommand::Data(args) => data::data(&args),
        Subcommand::Serve(args) => serve::serve(&args, given),
        Subcommand::Engine(args) => engine_process::engine(&args),
        Subcommand::Info(args) => info::info(&args),
        Subcommand::Completions { shell } => completions::completions(shell),
    }
}
