//! Reads a table file to a series, with what was detected.

use std::fs;
use std::io::Read as _;
use std::path::Path;

use anyhow::Context as _;
use spat_series::{Detection, ReadOptions, Series, SeriesOptions, Shape, Table, read_table};
use spat_spec::DataConfig;

use crate::failure::input;
use crate::output;

pub(crate) use spat_host::sha256;

/// A table, read and repaired.
pub(crate) struct Loaded {
    /// The file's name, without its folder.
    pub(crate) name: String,
    /// The file's bytes, which a run's hash includes.
    pub(crate) bytes: Vec<u8>,
    pub(crate) series: Series,
    pub(crate) detection: Detection,
    /// The layout of the table.
    pub(crate) shape: Shape,
}

/// The bytes of a file, or of standard input for `-`.
pub(crate) fn read_file(path: &Path) -> anyhow::Result<Vec<u8>> {
    if path == Path::new("-") {
        let mut bytes = Vec::new();
        std::io::stdin()
            .read_to_end(&mut bytes)
            .map_err(|error| input(format!("cannot read standard input: {error}")))?;
        return Ok(bytes);
    }
    fs::read(path).map_err(|error| {
        let hint = match error.kind() {
            std::io::ErrorKind::NotFound => "; check the name and the folder",
            std::io::ErrorKind::IsADirectory => "; give a file in it",
            _ => "",
        };
        input(format!("cannot read `{}`: {error}{hint}", path.display()))
    })
}

/// Reads and repairs the table at `path`.
pub(crate) fn load(path: &Path, data: &DataConfig) -> anyhow::Result<Loaded> {
    from_bytes(file_name(path), read_file(path)?, data).with_context(|| path.display().to_string())
}

/// Reads and repairs a table in memory.
pub(crate) fn from_bytes(
    name: String,
    bytes: Vec<u8>,
    data: &DataConfig,
) -> anyhow::Result<Loaded> {
    let (detection, series) = parse(&bytes, &data.read, &data.series)?;
    Ok(Loaded {
        name,
        bytes,
        series,
        detection,
        shape: data.read.shape.clone(),
    })
}

/// The table before repair.
pub(crate) fn raw(path: &Path, bytes: &[u8], read: &ReadOptions) -> anyhow::Result<Table> {
    read_table(bytes, read).with_context(|| path.display().to_string())
}

fn parse(
    bytes: &[u8],
    read: &ReadOptions,
    options: &SeriesOptions,
) -> anyhow::Result<(Detection, Series)> {
    let table = read_table(bytes, read)?;
    let detection = table.detection.clone();
    Ok((detection, table.into_series(options)?))
}

/// The name without its folder.
pub(crate) fn file_name(path: &Path) -> String {
    path.file_name().map_or_else(
        || path.display().to_string(),
        |name| name.to_string_lossy().into_owned(),
    )
}

/// Bytes as hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

impl Loaded {
    /// Prints what was dropped on reading and what was repaired. The usual findings (delimiter,
    /// decimal sign, header) are only in `spat inspect`; with `only_changes` the time column too.
    pub(crate) fn print_notes(&self, only_changes: bool) {
        let unusual = Detection {
            // Repairs contain these too, with the result.
            missing_markers: Vec::new(),
            byte_order_mark: false,
            crlf: false,
            ..self.detection.clone()
        };
        let skip = if only_changes { 4 } else { 3 };
        for line in unusual.lines().into_iter().skip(skip) {
            output::note(&format!("{}: {line}", self.name));
        }
        for line in self.series.repairs.lines() {
            output::note(&format!("{}: {line}", self.name));
        }
    }
}
