//! A run from its flags to its report.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use spat_engine::Job;
use spat_engine::device::DeviceChoice;
use spat_host::{Origin, RunFile, RunFolder};
use spat_spec::{Experiment, ModelKind, Report};

use crate::args::{RunArgs, TalkArgs, model_name};
use crate::table::{self, Loaded};
use crate::{device, drive, experiment, output, run_folder};

/// The table and everything that decides the result, all of it checked. `seed`: one was given.
pub(crate) fn prepare(
    args: &RunArgs,
    path: &Path,
    seed: bool,
) -> anyhow::Result<(Loaded, Experiment)> {
    if let Some(file) = &args.experiment {
        let mut experiment = run_folder::read_experiment(file)?;
        if seed {
            experiment.seed = args.seed;
        }
        let loaded = table::load(path, &experiment.data)?;
        experiment::check(&experiment, &loaded.series)
            .with_context(|| path.display().to_string())?;
        return Ok((loaded, experiment));
    }
    let data = experiment::data_config(Some(&args.model), &args.read, &args.split);
    let loaded = table::load(path, &data)?;
    let experiment =
        experiment::of(args, data, &loaded.series).with_context(|| path.display().to_string())?;
    Ok((loaded, experiment))
}

/// The folder asked for, or the one that data, model and hash name.
pub(crate) fn folder(args: &RunArgs, loaded: &Loaded, experiment: &Experiment) -> PathBuf {
    args.run.clone().unwrap_or_else(|| {
        let model = model_name(ModelKind::of(&experiment.forecaster));
        run_folder::default_folder(&loaded.name, model, &experiment.hash(&loaded.bytes))
    })
}

/// A run that is about to begin.
pub(crate) struct Start {
    /// Where the table is.
    pub(crate) origin: Origin,
    /// What reproduces the run, less its tail.
    pub(crate) command: String,
    pub(crate) threads: Option<usize>,
    pub(crate) choice: DeviceChoice,
    pub(crate) talk: TalkArgs,
}

impl Start {
    /// Makes the folder and runs.
    pub(crate) fn begin(
        self,
        loaded: Loaded,
        experiment: Experiment,
        path: &Path,
    ) -> anyhow::Result<ExitCode> {
        let (device, facts, line) = device::choose(self.choice)?;
        let file = RunFile::new(
            self.origin,
            table::sha256(&loaded.bytes),
            self.command,
            self.threads,
            &facts.kind,
        );
        let folder = run_folder::create(path, &file, &experiment)?;
        loaded.tell(self.talk.quiet);
        let job = Job {
            hash: experiment.hash(&loaded.bytes),
            command: file.command(experiment.seed),
            experiment,
            series: loaded.series,
            data_name: loaded.name,
            device,
            device_facts: facts,
        };
        finish(job, folder, path, self.talk, &line)
    }
}

/// Runs a job that is ready and shows its report.
pub(crate) fn finish(
    job: Job,
    folder: RunFolder,
    path: &Path,
    talk: TalkArgs,
    device: &str,
) -> anyhow::Result<ExitCode> {
    if !talk.quiet {
        output::note(device);
        output::note(&format!("run folder {}", path.display()));
    }
    let report = drive::drive(job, folder, talk)?;
    if !talk.json {
        show(&report, path)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// The report for a terminal, and where the whole of it is.
pub(crate) fn show(report: &Report, folder: &Path) -> anyhow::Result<()> {
    let place = folder.join("report.html");
    output::result(&format!(
        "{}\nreport: {}\n",
        spat_report::tables(report),
        place.display()
    ))?;
    Ok(())
}
