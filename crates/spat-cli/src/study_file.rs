//! The file in a study's folder with its settings and its command.

use std::path::Path;

use anyhow::Context as _;
use clap::ArgMatches;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use spat_study::STUDY_FILE;

use crate::args::StudyArgs;
use crate::command_line;
use crate::failure::input;
use crate::table;

/// Content of the file.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct StudyFile<S> {
    /// Everything that determines the result.
    pub(crate) study: S,
    /// The command that reproduces the result, as first given.
    pub(crate) command: String,
}

/// A new folder, or one with the same study.
pub(crate) fn open<S: Serialize + DeserializeOwned + PartialEq>(
    args: &StudyArgs,
    folder: &Path,
    study: S,
    given: Option<&ArgMatches>,
) -> anyhow::Result<StudyFile<S>> {
    let path = folder.join(STUDY_FILE);
    if path.is_file() {
        let known: StudyFile<S> = serde_json::from_slice(&table::read_file(&path)?)
            .map_err(|error| input(format!("`{}` is damaged: {error}", path.display())))?;
        if known.study != study {
            return Err(input(format!(
                "`{}` contains another study; resume that with: {}\nor give another folder with --run",
                folder.display(),
                again(&known.command, folder)
            )));
        }
        if !args.resume {
            return Err(input(format!(
                "`{}` already contains this study; resume it, or show its result, with: {}",
                folder.display(),
                again(&known.command, folder)
            )));
        }
        return Ok(known);
    }
    if args.resume {
        return Err(input(format!(
            "there is no study in `{}`; leave --resume out to begin it",
            folder.display()
        )));
    }
    let file = StudyFile {
        study,
        command: command(args, given),
    };
    let text = serde_json::to_vec_pretty(&file).context("cannot write the study's settings")?;
    std::fs::create_dir_all(folder)
        .with_context(|| format!("cannot create the folder `{}`", folder.display()))?;
    spat_engine::platform::write_atomically(&path, &text)?;
    Ok(file)
}

fn command(args: &StudyArgs, given: Option<&ArgMatches>) -> String {
    let mut words = vec!["spat study".to_owned()];
    words.extend(
        args.data
            .as_ref()
            .map(|path| command_line::quoted(&path.display().to_string())),
    );
    words.extend(given.map(command_line::study_settings).unwrap_or_default());
    words.join(" ")
}

/// The command that resumes a study.
pub(crate) fn again(command: &str, folder: &Path) -> String {
    format!(
        "{command} --run {} --resume",
        command_line::quoted(&folder.display().to_string())
    )
}
