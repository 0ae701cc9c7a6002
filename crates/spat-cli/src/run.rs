//! `spat run`.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use clap::ArgMatches;
use clap::parser::ValueSource;
use spat_host::Origin;

use crate::args::RunArgs;
use crate::failure::input;
use crate::start::{Start, folder, prepare};
use crate::{command_line, device, resume};

/// Starts or resumes a run.
pub(crate) fn run(args: &RunArgs, given: Option<&ArgMatches>) -> anyhow::Result<ExitCode> {
    let settings = given.map(command_line::settings).unwrap_or_default();
    let seed = given.and_then(|given| given.value_source("seed")) == Some(ValueSource::CommandLine);
    if let Some(path) = &args.experiment {
        refuse_beside(path, &settings)?;
    }
    if args.resume {
        let seed = seed.then(|| format!("--seed {}", args.seed));
        return resume::resume(args, &settings.into_iter().chain(seed).collect::<Vec<_>>());
    }
    let path = args
        .data
        .as_deref()
        .ok_or_else(|| input("the table is not given; add a file: spat run DATA.csv"))?;
    device::set_threads(args.device.threads)?;
    let (loaded, experiment) = prepare(args, path, seed)?;
    let hash = experiment.hash(&loaded.bytes);
    let folder = folder(args, &loaded, &experiment, &hash);
    let mut words = vec![
        "spat run".to_owned(),
        command_line::quoted(&path.display().to_string()),
    ];
    words.extend(settings);
    let frozen = args.model.choice.backbone.backbone.as_deref();
    let start = Start {
        origin: Origin::File(absolute(path)?),
        command: words.join(" "),
        backbone: frozen.map(absolute).transpose()?,
        threads: args.device.threads,
        choice: args.device.device,
        talk: args.talk,
    };
    start.begin(loaded, experiment, hash, &folder)
}

/// Whether a setting only states where a file is that the experiment names.
pub(crate) fn is_place(setting: &str) -> bool {
    setting.starts_with("--backbone ") || setting.starts_with("--backbone=")
}

/// `--experiment` cannot be combined with flags that determine the result.
fn refuse_beside(file: &Path, settings: &[String]) -> anyhow::Result<()> {
    let others: Vec<&str> = settings
        .iter()
        .map(String::as_str)
        .filter(|setting| !setting.starts_with("--experiment") && !is_place(setting))
        .collect();
    if others.is_empty() {
        return Ok(());
    }
    Err(input(format!(
        "`{}` already determines what {} would set; leave the one or the other out, or change a copy of the file",
        file.display(),
        others.join(" ")
    )))
}

fn absolute(path: &Path) -> anyhow::Result<PathBuf> {
    std::path::absolute(path).with_context(|| path.display().to_string())
}
