//! Output to the terminal. No other module prints.
//!
//! Results go to standard output, everything else to standard error. A closed pipe is not an
//! error: `spat … | head` ends silently.

#![allow(clippy::print_stdout, clippy::print_stderr)]

use std::borrow::Cow;
use std::io::{self, IsTerminal as _, Write as _};
use std::process::ExitCode;

use anyhow::Context as _;

/// Writes a result to standard output. Returns `false` if the pipe is closed.
pub(crate) fn result(text: &str) -> anyhow::Result<bool> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(false),
        Err(error) => Err(error).context("cannot write to standard output"),
    }
}

/// Writes one JSON line to standard output. Returns `false` if the pipe is closed.
pub(crate) fn json_line(value: &impl serde::Serialize) -> anyhow::Result<bool> {
    let mut line = serde_json::to_string(value).context("cannot write this as JSON")?;
    line.push('\n');
    result(&line)
}

/// Writes an indented JSON document to standard output.
pub(crate) fn json(value: &impl serde::Serialize) -> anyhow::Result<()> {
    let mut text = serde_json::to_string_pretty(value).context("cannot write this as JSON")?;
    text.push('\n');
    result(&text).map(drop)
}

/// Prints a line to standard error.
pub(crate) fn note(text: &str) {
    // A closed standard error must not abort a run.
    writeln!(io::stderr().lock(), "{}", visible(text)).ok();
}

/// Text from files with its control characters and direction marks written out, so that names in a table
/// cannot control the terminal. Line breaks stay.
pub(crate) fn visible(text: &str) -> Cow<'_, str> {
    let hidden = |c: char| {
        (c.is_control() && c != '\n')
            || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    if !text.contains(hidden) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if hidden(c) {
            shown.extend(c.escape_unicode());
        } else {
            shown.push(c);
        }
    }
    Cow::Owned(shown)
}

/// Prints an error.
pub(crate) fn error(text: &str) {
    note(&format!("spat: {text}"));
}

/// Whether standard error is a terminal.
pub(crate) fn stderr_is_terminal() -> bool {
    io::stderr().is_terminal()
}

/// Whether standard output is a terminal.
pub(crate) fn stdout_is_terminal() -> bool {
    io::stdout().is_terminal()
}

/// Prints help, the version, or an error of the command line.
pub(crate) fn usage(error: &clap::Error) -> ExitCode {
    // clap chooses the stream.
    error.print().ok();
    ExitCode::from(if error.use_stderr() { 2 } else { 0 })
}
