//! `study.json`'s neighbour: which study a folder holds, and the command that makes it.

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

/// What a study's folder says of it.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct StudyFile<S> {
    /// Everything that decides the result.
    pub(crate) study: S,
    /// What makes the result again, as it was first typed.
    pub(crate) command: String,
}

/// A new folder, or one that holds this very study.
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
                "`{}` holds another study; go on with that by: {}\nor name another folder with --run",
                folder.display(),
                again(&known.command, folder)
            )));
        }
        if !args.resume {
            return Err(input(format!(
                "`{}` holds this study already; go on with it, or see its result, by: {}",
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
        .with_context(|| format!("cannot make the folder `{}`", folder.display()))?;
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

/// The command that goes on with a study.
pub(crate) fn again(command: &str, folder: &Path) -> String {
    format!(
        "{command} --run {} --resume",
        command_line::quoted(&folder.display().to_string())
    )
}
