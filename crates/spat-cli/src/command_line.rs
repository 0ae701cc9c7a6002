//! Commands as text for a shell.

use clap::parser::ValueSource;
use clap::{ArgAction, ArgMatches, CommandFactory as _};

use crate::args::Cli;

/// Flags that do not change the result, or that are appended separately.
const LEFT_OUT: &[&str] = &[
    "run",
    "resume",
    "json",
    "quiet",
    "seed",
    "device",
    "threads",
    "engine",
    "engine_args",
    "bundle",
    "at_once",
];

/// Flags of what executes a study's tasks.
const ENGINE: &[&str] = &["engine", "engine_args", "bundle", "at_once"];

/// Flags that only apply if visitors compute on the host.
const HOST: &[&str] = &[
    "folder",
    "called",
    "visitors",
    "table_mb",
    "space_gb",
    "keep",
    "turn",
    "minutes",
    "engine_memory",
    "engine_timeout",
    "device",
    "threads",
];

/// The given flags that determine the result of `spat run`: all except those above.
pub(crate) fn settings(given: &ArgMatches) -> Vec<String> {
    given_flags("run", given, |name| !LEFT_OUT.contains(&name))
}

/// The same for `spat study`, whose seed is not appended.
pub(crate) fn study_settings(given: &ArgMatches) -> Vec<String> {
    given_flags("study", given, |name| {
        name == "seed" || !LEFT_OUT.contains(&name)
    })
}

/// The given flags of what executes the tasks of `spat study`.
pub(crate) fn engine_settings(given: &ArgMatches) -> Vec<String> {
    given_flags("study", given, |name| ENGINE.contains(&name))
}

/// The given flags of `spat serve` that only apply to the host's engine.
pub(crate) fn host_settings(given: &ArgMatches) -> Vec<String> {
    given_flags("serve", given, |name| HOST.contains(&name))
}

/// Ids of the arguments that were given to a subcommand, with the flags as they are typed.
pub(crate) fn given_arguments(subcommand: &str, given: &ArgMatches) -> Vec<(String, String)> {
    let cli = Cli::command();
    let Some(subcommand) = cli.find_subcommand(subcommand) else {
        return Vec::new();
    };
    subcommand
        .get_arguments()
        .filter(|flag| given.value_source(flag.get_id().as_str()) == Some(ValueSource::CommandLine))
        .map(|flag| {
            let id = flag.get_id().to_string();
            let typed = flag
                .get_long()
                .map_or_else(|| id.clone(), |long| format!("--{long}"));
            (id, typed)
        })
        .collect()
}

fn given_flags(
    subcommand: &str,
    given: &ArgMatches,
    decides: impl Fn(&str) -> bool,
) -> Vec<String> {
    let cli = Cli::command();
    let Some(subcommand) = cli.find_subcommand(subcommand) else {
        return Vec::new();
    };
    subcommand
        .get_arguments()
        .filter(|flag| !flag.is_positional() && decides(flag.get_id().as_str()))
        .filter(|flag| given.value_source(flag.get_id().as_str()) == Some(ValueSource::CommandLine))
        .flat_map(|flag| flag_text(flag, given))
        .collect()
}

/// The command that resumes a run.
pub(crate) fn resume(folder: &std::path::Path) -> String {
    format!(
        "spat run --resume --run {}",
        quoted(&folder.display().to_string())
    )
}

fn flag_text(flag: &clap::Arg, given: &ArgMatches) -> Vec<String> {
    let Some(long) = flag.get_long() else {
        return Vec::new();
    };
    let id = flag.get_id().as_str();
    if matches!(flag.get_action(), ArgAction::SetTrue) {
        return vec![format!("--{long}")];
    }
    let values: Vec<String> = given
        .get_raw(id)
        .map(|values| {
            values
                .map(|value| value.to_string_lossy().into_owned())
                .collect()
        })
        .unwrap_or_default();
    // A comma-separated list was one value, a repeated flag several.
    let values = match flag.get_value_delimiter() {
        Some(delimiter) => vec![values.join(&delimiter.to_string())],
        None => values,
    };
    values
        .into_iter()
        .map(|value| {
            // `--missing -9999` would be parsed as two flags.
            let joint = if value.starts_with('-') { '=' } else { ' ' };
            format!("--{long}{joint}{}", quoted(&value))
        })
        .collect()
}

/// A word quoted for a POSIX shell.
pub(crate) fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_-./,:=+@%".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn command(line: &str) -> String {
        let matches = Cli::command()
            .try_get_matches_from(line.split(' '))
            .unwrap();
        settings(matches.subcommand().unwrap().1).join(" ")
    }

    #[test]
    fn given_flags_come_again_and_no_others() {
        assert_eq!(
            command(
                "spat run x.csv --epochs 2 --missing -9999 --missing NA? --channels a,b --quiet --run out --resume"
            ),
            "--epochs 2 --channels a,b --missing=-9999 --missing 'NA?'"
        );
        assert_eq!(
            command("spat run x.csv --no-time-stamps --scaling temperature=0.1"),
            "--no-time-stamps --scaling temperature=0.1"
        );
    }

    #[test]
    fn every_flag_of_the_host_is_known_as_one() {
        let cli = Cli::command();
        let serve = cli.find_subcommand("serve").unwrap();
        let own: Vec<&str> = serve
            .get_arguments()
            .filter(|flag| {
                let heading = flag.get_help_heading();
                heading == Some("Engine of the host") || heading == Some("Device")
            })
            .map(|flag| flag.get_id().as_str())
            .collect();
        assert_eq!(own, HOST);
    }

    #[test]
    fn words_are_quoted_where_a_shell_needs_it() {
        assert_eq!(quoted("a/b-1.csv"), "a/b-1.csv");
        assert_eq!(quoted("it's"), r"'it'\''s'");
        assert_eq!(quoted(""), "''");
    }
}
