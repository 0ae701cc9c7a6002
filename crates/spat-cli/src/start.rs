//! Runs a job from its flags to its report.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use spat_engine::device::DeviceChoice;
use spat_engine::{Device, Job};
use spat_host::{Origin, RunFile, RunFolder};
use spat_spec::{DeviceFacts, Experiment, Report};

use crate::args::{RunArgs, TalkArgs};
use crate::table::{self, Loaded};
use crate::{backbone, device, drive, experiment, output, run_folder};

/// The table and the checked experiment. `seed`: whether one was given.
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
        let frozen = &args.model.choice.backbone;
        backbone::require(&experiment.forecaster, frozen, &[])?;
        let loaded = table::load(path, &experiment.data)?;
        experiment::check(&experiment, &loaded.series)
            .with_context(|| path.display().to_string())?;
        return Ok((loaded, experiment));
    }
    let data = experiment::data_config(Some(&args.model), &args.read, &args.split);
    let loaded = table::load(path, &data)?;
    let experiment =
        experiment::of(args, data, &loaded.series).with_context(|| path.display().to_string())?;
    for note in experiment::window_notes(&args.model, &args.windows, &experiment, &loaded.series) {
        output::note(&note);
    }
    Ok((loaded, experiment))
}

/// The requested folder, or the one named by data, model and the experiment's hash.
pub(crate) fn folder(
    args: &RunArgs,
    loaded: &Loaded,
    experiment: &Experiment,
    hash: &str,
) -> PathBuf {
    args.run.clone().unwrap_or_else(|| {
        let model = experiment.forecaster.kind().id;
        run_folder::default_folder(&loaded.name, model, hash)
    })
}

/// A run before its start.
pub(crate) struct Start {
    /// The table's path.
    pub(crate) origin: Origin,
    /// The command that reproduces the run, without its last arguments.
    pub(crate) command: String,
    /// The path of the frozen weights.
    pub(crate) backbone: Option<PathBuf>,
    pub(crate) threads: Option<usize>,
    pub(crate) choice: DeviceChoice,
    pub(crate) talk: TalkArgs,
}

impl Start {
    /// Creates the folder and runs.
    pub(crate) fn begin(
        self,
        loaded: Loaded,
        experiment: Experiment,
        hash: String,
        path: &Path,
    ) -> anyhow::Result<ExitCode> {
        let chosen = device::choose(self.choice)?;
        let mut file = RunFile::new(
            self.origin,
            table::sha256(&loaded.bytes),
            self.command,
            self.threads,
            &chosen.1.kind,
        );
        file.backbone = self.backbone;
        let folder = run_folder::create(path, &file, &experiment)?;
        loaded.print_notes(self.talk.quiet);
        let command = file.command(experiment.seed);
        Ready {
            loaded,
            experiment,
            hash,
            command,
            chosen,
        }
        .finish(folder, path, self.talk)
    }
}

/// A run with its folder, new or resumed.
pub(crate) struct Ready {
    pub(crate) loaded: Loaded,
    pub(crate) experiment: Experiment,
    /// [`Experiment::hash`] with the table.
    pub(crate) hash: String,
    /// The command that reproduces the report.
    pub(crate) command: String,
    /// The device, its facts, and one line about it.
    pub(crate) chosen: (Device, DeviceFacts, String),
}

impl Ready {
    /// Runs the job and shows its report.
    pub(crate) fn finish(
        self,
        folder: RunFolder,
        path: &Path,
        talk: TalkArgs,
    ) -> anyhow::Result<ExitCode> {
        let (device, facts, line) = self.chosen;
        if !talk.quiet {
            output::note(&line);
            output::note(&format!("run folder {}", path.display()));
        }
        let table = self.loaded;
        let job = Job::new(
            self.experiment,
            self.hash,
            table.series,
            table.name,
            self.command,
            (device, facts),
        );
        let report = drive::drive(job, folder, talk)?;
        if !talk.json {
            show(&report, path)?;
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// Prints the report for a terminal, and the path of the complete one.
pub(crate) fn show(report: &Report, folder: &Path) -> anyhow::Result<()> {
    let place = folder.join("report.html");
    let text = format!(
        "{}\nreport: {}\n",
        spat_report::tables(report),
        place.display()
    );
    output::result(&output::visible(&text))?;
    Ok(())
}
