//! Output on the command line, without a window.
#![allow(clippy::print_stdout, clippy::print_stderr)] // This is command line output.

use std::ffi::OsString;
use std::process::ExitCode;

const HELP: &str = "\
The SPAT desktop app: trains a forecaster on a table, and removes attention that is not worth its cost

Usage: spat-desktop [FILE]...

Arguments:
  [FILE]...  Tables to open (CSV, TSV), or a saved model (.safetensors) and a table

Options:
  -h, --help     Print this
  -V, --version  Print the version

Runs are stored in the folder that the app shows, or in the one that the environment variable SPAT_RUNS
names. The program `spat` has the same functions on the command line.";

/// The exit code, if the arguments request text instead of a window.
pub(crate) fn exit_code() -> Option<ExitCode> {
    let (code, text) = respond(std::env::args_os().skip(1))?;
    if code == 0 {
        println!("{text}");
    } else {
        eprintln!("{text}");
    }
    Some(ExitCode::from(code))
}

/// The exit code and the text.
fn respond(arguments: impl Iterator<Item = OsString>) -> Option<(u8, String)> {
    let mut flags = arguments
        .map(|argument| argument.to_string_lossy().into_owned())
        .filter(|argument| argument.starts_with('-'));
    Some(match &*flags.next()? {
        "-h" | "--help" => (0, HELP.to_owned()),
        "-V" | "--version" => (0, format!("spat-desktop {}", env!("CARGO_PKG_VERSION"))),
        other => (
            2,
            format!(
                "error: there is no option `{other}`; see `spat-desktop --help`, or write `./{other}` for a \
                 file with that name"
            ),
        ),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_open_a_window_and_flags_do_not() {
        let respond = |text: &[&str]| respond(text.iter().map(OsString::from));
        assert_eq!(respond(&[]), None);
        assert_eq!(respond(&["load.csv", "./-x.csv"]), None);
        assert!(
            respond(&["--help"]).is_some_and(|(code, text)| code == 0 && text.contains("FILE"))
        );
        assert!(respond(&["-V"]).is_some_and(|(code, text)| code == 0 && text.contains('.')));
        let wrong = respond(&["load.csv", "--fullscreen"]);
        assert!(wrong.is_some_and(|(code, text)| code == 2 && text.contains("--fullscreen")));
    }
}
