//! What runs and their files can be called.

use std::path::{Component, Path};

use spat_engine::session::RunStorageError;

/// Whether a run can be called so: one name on every system, which leads nowhere else and hides nothing.
pub(crate) fn is_run_name(run: &str) -> bool {
    let mut parts = Path::new(run).components();
    let alone = matches!((parts.next(), parts.next()), (Some(Component::Normal(name)), None) if name == run);
    let foreign = |c: char| c.is_control() || "/\\:".contains(c);
    alone && run.len() <= 255 && !run.starts_with('.') && !run.contains(foreign)
}

/// A file of a run, perhaps in its `checkpoint`, and nothing outside.
pub(crate) fn file_name(name: &str) -> Result<&str, RunStorageError> {
    let inside = name.strip_prefix("checkpoint/").unwrap_or(name);
    if inside.is_empty() || inside.starts_with('.') || inside.contains(['/', '\\', ':']) {
        return Err(RunStorageError(format!("`{name}` is no file of a run")));
    }
    Ok(name)
}
