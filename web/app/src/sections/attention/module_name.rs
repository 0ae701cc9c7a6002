//! Modules as people write them.

use spat_spec::ModuleId;

/// "encoder 1" for `encoder.1.attention`, for the middle of a sentence.
pub(crate) fn module_name(module: &ModuleId) -> String {
    let name = module.as_str();
    name.strip_suffix(".attention")
        .unwrap_or(name)
        .replace('.', " ")
}

/// The same at a start.
pub(crate) fn module_heading(module: &ModuleId) -> String {
    let name = module_name(module);
    let mut letters = name.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(letters).collect()
    })
}
