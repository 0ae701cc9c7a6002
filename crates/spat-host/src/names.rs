//! Valid names of runs and their files.

use std::path::{Component, Path};

use spat_engine::session::RunStorageError;

/// Whether this is a valid run name: a single path component on every system, not hidden.
pub(crate) fn is_run_name(run: &str) -> bool {
    let mut parts = Path::new(run).components();
    let alone = matches!((parts.next(), parts.next()), (Some(Component::Normal(name)), None) if name == run);
    let foreign = |c: char| c.is_control() || "/\\:".contains(c);
    alone && run.len() <= 255 && !run.starts_with('.') && !run.contains(foreign)
}

/// Checks that this is a file of a run, optionally in its `checkpoint` folder, and not outside.
pub(crate) fn file_name(name: &str) -> Result<&str, RunStorageError> {
    let inside = name.strip_prefix("checkpoint/").unwrap_or(name);
    if inside.is_empty() || inside.starts_with('.') || inside.contains(['/', '\\', ':']) {
        return Err(RunStorageError(format!("`{name}` is not a file of a run")));
    }
    Ok(name)
}
