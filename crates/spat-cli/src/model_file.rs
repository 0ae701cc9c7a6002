//! Model files, and tables for them.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use spat_engine::{Device, SavedForecaster};
use spat_series::SeriesError;
use spat_spec::{Checkpoint, CheckpointError, CheckpointHeader, DataConfig};

use crate::args::{BackboneArgs, ReadArgs};
use crate::failure::input;
use crate::hints::Advice;
use crate::table::{self, Loaded};
use crate::{backbone, output};

/// The forecaster in a file.
pub(crate) fn load(
    path: &Path,
    device: &Device,
    frozen: &BackboneArgs,
) -> anyhow::Result<SavedForecaster> {
    let bytes = table::read_file(path)?;
    let name = || path.display().to_string();
    let checkpoint = Checkpoint::from_bytes(&bytes)
        .map_err(|error| with_order(error, path))
        .with_context(name)?;
    if let Some(note) = checkpoint.header.checksum_note(&bytes) {
        output::note(&format!("note: {}: {note}", path.display()));
    }
    let forecaster = &checkpoint.header.structure.forecaster;
    let beside = forecaster
        .backbone()
        .map(|(file, _)| path.with_file_name(&file.name));
    backbone::require(forecaster, frozen, &[beside]).with_context(name)?;
    SavedForecaster::new(checkpoint, device).with_context(name)
}

/// The error, with the order of the arguments where the file has another kind of name.
fn with_order(error: CheckpointError, path: &Path) -> anyhow::Error {
    let is_other = !path
        .extension()
        .is_some_and(|extension| extension.eq_ignore_ascii_case("safetensors"));
    let is_unreadable = matches!(error, CheckpointError::Container(_));
    let error = anyhow::Error::new(error);
    if is_other && is_unreadable {
        error.context(Advice(
            "the model file comes first, then the table".to_owned(),
        ))
    } else {
        error
    }
}

/// A table, read as the model's training table was unless flags say otherwise, with the model's
/// channels.
pub(crate) fn table_for(
    header: &CheckpointHeader,
    path: &Path,
    read: &ReadArgs,
) -> anyhow::Result<Loaded> {
    if read.channels.is_some() {
        return Err(input(format!(
            "the model's channels are settled ({}); leave --channels out",
            header.channels.join(", ")
        )));
    }
    let mut data: DataConfig = header.data.clone();
    read.apply(&mut data.read, &mut data.series);
    data.series.channels = Some(header.channels.clone());
    data.series.expected = Some(header.frequency.clone());
    let loaded = table::load(path, &data).map_err(|error| {
        if matches!(
            error.downcast_ref(),
            Some(SeriesError::UnknownChannel { .. })
        ) {
            return error.context("the model was trained on other channels");
        }
        error
    })?;
    let (trained, here) = (&header.frequency, loaded.series.index.frequency());
    if *trained != here {
        output::note(&format!(
            "warning: the model was trained at a step of {trained}, and the step of {} is {here}",
            loaded.name
        ));
    }
    loaded.print_notes(true);
    Ok(loaded)
}

/// Writes a file atomically: to a temporary file, which is renamed.
pub(crate) fn write_whole(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    let mut part = path.as_os_str().to_owned();
    part.push(".part");
    let part = PathBuf::from(part);
    let written = fs::File::create(&part)
        .and_then(|mut file| file.write_all(bytes).and_then(|()| file.sync_all()))
        .and_then(|()| fs::rename(&part, path));
    written.map_err(|error| {
        fs::remove_file(&part).ok();
        let cannot = format!("cannot write `{}`", path.display());
        match error.kind() {
            std::io::ErrorKind::NotFound => input(format!("{cannot}: its folder does not exist")),
            _ => anyhow::Error::new(error).context(cannot),
        }
    })
}

/// Refuses an output path that is one of the inputs.
pub(crate) fn refuse_overwriting(output: &Path, inputs: &[&Path]) -> anyhow::Result<()> {
    let Ok(there) = fs::canonicalize(output) else {
        return Ok(());
    };
    match inputs
        .iter()
        .find(|path| fs::canonicalize(path).is_ok_and(|path| path == there))
    {
        Some(path) => Err(input(format!(
            "`{}` would overwrite `{}`; name another file",
            output.display(),
            path.display()
        ))),
        None => Ok(()),
    }
}
