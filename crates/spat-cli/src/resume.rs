//! Resuming a run that was stopped or killed.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use spat_engine::device::DeviceChoice;
use spat_host::RunFile;
use spat_spec::{Event, Experiment};

use crate::args::RunArgs;
use crate::failure::input;
use crate::run::is_place;
use crate::run_folder;
use crate::start::Ready;
use crate::{backbone, command_line, demo_table, device, output, start, table};

/// `spat run --resume`. `settings` are the given flags that determine a result.
pub(crate) fn resume(args: &RunArgs, settings: &[String]) -> anyhow::Result<ExitCode> {
    // Without other flags `--backbone` states only where the file of the run is now.
    let settings: &[String] = match args.run {
        Some(_) if settings.iter().all(|setting| is_place(setting)) => &[],
        _ => settings,
    };
    let path = folder(args, settings)?;
    let experiment = run_folder::experiment(&path)?;
    let mut file = RunFile::read(&path)?;
    refuse_other_settings(args, settings, &experiment, &path)?;
    if let Some(report) = run_folder::report(&path)? {
        if args.talk.json {
            output::json_line(&Event::Done {
                report: Box::new(report),
            })?;
        } else {
            start::show(&report, &path)?;
        }
        return Ok(ExitCode::SUCCESS);
    }

    file.threads = args.device.threads.or(file.threads);
    device::set_threads(file.threads)?;
    let choice = match (args.device.device, file.device.as_str()) {
        (DeviceChoice::Auto, "gpu") => DeviceChoice::Gpu,
        (DeviceChoice::Auto, _) => DeviceChoice::Cpu,
        (asked, _) => asked,
    };
    let chosen = device::choose(choice)?;
    let found = &chosen.1.kind;
    if *found != file.device {
        output::note(&format!(
            "warning: the run was started on the {} and is resumed on the {found}: its results are only approximately reproducible",
            file.device
        ));
        file.device.clone_from(found);
    }

    let (name, bytes) = match args.data.clone().or_else(|| file.table_path(&path)) {
        Some(data) => {
            let name = file.table_name().unwrap_or_else(|| table::file_name(&data));
            (name, table::read_file(&data)?)
        }
        None => demo_table::file(),
    };
    if table::sha256(&bytes) != file.sha256 {
        return Err(input(format!(
            "the table `{name}` has changed since the run in `{}` was started; restore the old table, or start a new run",
            path.display()
        )));
    }
    let frozen = &args.model.choice.backbone;
    backbone::require(&experiment.forecaster, frozen, &[file.backbone.clone()])?;
    let loaded = table::from_bytes(name, bytes, &experiment.data)?;
    let folder = run_folder::open(&path)?;
    loaded.print_notes(true);
    let command = file.command(experiment.seed);
    Ready {
        hash: experiment.hash(&loaded.bytes),
        loaded,
        experiment,
        command,
        chosen,
    }
    .finish(folder, &path, args.talk)
}

/// The folder of `--run`, or the one that these flags determine.
fn folder(args: &RunArgs, settings: &[String]) -> anyhow::Result<PathBuf> {
    if let Some(path) = &args.run {
        return Ok(path.clone());
    }
    let Some(data) = &args.data else {
        let flags = if settings.is_empty() {
            ""
        } else {
            " and the table"
        };
        return Err(input(format!(
            "the run is not given; add its folder: spat run --resume --run DIR, or the flags{flags} that it was started with"
        )));
    };
    let (loaded, experiment) = start::prepare(args, data, has_seed(settings))?;
    let hash = experiment.hash(&loaded.bytes);
    let path = start::folder(args, &loaded, &experiment, &hash);
    if path.join("experiment.json").is_file() {
        return Ok(path);
    }
    Err(input(format!(
        "there is no run of {} on `{}` with these flags (`{}` does not exist); give its folder with --run",
        experiment.forecaster.kind().id,
        loaded.name,
        path.display()
    )))
}

fn has_seed(settings: &[String]) -> bool {
    settings.iter().any(|setting| setting.starts_with("--seed"))
}

/// A run is resumed with its own settings. Flags with the same settings are accepted.
fn refuse_other_settings(
    args: &RunArgs,
    settings: &[String],
    started: &Experiment,
    path: &Path,
) -> anyhow::Result<()> {
    if settings.is_empty() {
        return Ok(());
    }
    let Some(data) = &args.data else {
        return Err(input(format!(
            "a run is resumed with the settings that it was started with; leave out {}, as in: {}",
            settings.join(" "),
            command_line::resume(path)
        )));
    };
    if start::prepare(args, data, has_seed(settings))?.1 == *started {
        return Ok(());
    }
    Err(input(format!(
        "the run in `{}` was started with other settings; resume it with: {}\nor start a new run in another folder (--run)",
        path.display(),
        command_line::resume(path)
    )))
}
