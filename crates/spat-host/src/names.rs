//! Valid names of runs and their files.

use std::path::{Component, Path};

use spat_engine::session::RunStorageError;

/// Names that Windows reserves for devices, with any extension. `COM` and `LPT` have a digit after them.
const DEVICES: [&str; 4] = ["CON", "PRN", "AUX", "NUL"];
const NUMBERED_DEVICES: [&str; 2] = ["COM", "LPT"];

/// Whether this is a valid run name: a single path component on every system, not hidden, no option of a
/// command, and displayed as it is.
pub(crate) fn is_run_name(run: &str) -> bool {
    let mut parts = Path::new(run).components();
    let alone = matches!((parts.next(), parts.next()), (Some(Component::Normal(name)), None) if name == run);
    let foreign = |c: char| c.is_control() || is_invisible(c) || "/\\:".contains(c);
    alone
        && run.len() <= 255
        && !run.starts_with(['.', '-'])
        // Windows removes these.
        && !run.ends_with(['.', ' '])
        && !run.contains(foreign)
        && !is_device(run)
}

/// Whether Windows opens a device under this name.
fn is_device(name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or(name).trim_end();
    let stem = stem.to_ascii_uppercase();
    let numbered = |device: &&str| {
        let number = stem.strip_prefix(*device);
        number.is_some_and(|number| {
            let mut digits = number.chars();
            let digit = digits
                .next()
                .is_some_and(|c| c.is_ascii_digit() || "¹²³".contains(c));
            digit && digits.next().is_none()
        })
    };
    DEVICES.contains(&stem.as_str()) || NUMBERED_DEVICES.iter().any(|device| numbered(&device))
}

/// Whether the character is invisible or changes the direction of text, so that a name looks like another.
fn is_invisible(c: char) -> bool {
    matches!(
        c,
        '\u{00ad}'
            | '\u{061c}'
            | '\u{115f}'
            | '\u{1160}'
            | '\u{180e}'
            | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{feff}'
            | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e007f}'
    )
}

/// Checks that this is a file of a run, optionally in its `checkpoint` folder, and not outside.
pub(crate) fn file_name(name: &str) -> Result<&str, RunStorageError> {
    let inside = name.strip_prefix("checkpoint/").unwrap_or(name);
    if inside.is_empty() || inside.starts_with('.') || inside.contains(['/', '\\', ':']) {
        return Err(RunStorageError(format!("`{name}` is not a file of a run")));
    }
    Ok(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_mislead_programs_or_people_are_invalid() {
        for name in [
            "-rf",
            "--help",
            "con",
            "Con.csv",
            "NUL",
            "aux .txt",
            "com1",
            "LPT9.a.b",
            "COM\u{b9}",
            "run.",
            "run ",
            "a\u{202e}vsc.exe",
            "a\u{200b}b",
            "a\u{feff}",
            "a\nb",
            "a\u{1b}[31m",
            "a\u{7f}",
            "a\u{85}",
        ] {
            assert!(!is_run_name(name), "{name:?}");
        }
        for name in [
            "1700000000000-123456",
            "toy-itransformer",
            "console",
            "com10",
            "com",
            "Zürich 2024",
            "電力",
            "a-b",
            "a.b",
        ] {
            assert!(is_run_name(name), "{name:?}");
        }
    }
}
