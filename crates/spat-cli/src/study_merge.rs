//! `spat study merge`: the results of partial studies in one folder.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use serde_json::Value;
use spat_study::STUDY_FILE;

use crate::args::MergeArgs;
use crate::failure::input;
use crate::study_file::{StudyFile, again};
use crate::{command_line, output, run_folder, table};

/// Settings in which partial studies differ: each has some of the whole study's.
const DIVIDED: [&str; 4] = ["seeds", "depths", "questions", "scorers"];

/// Copies the results.
pub(crate) fn merge(args: &MergeArgs) -> anyhow::Result<ExitCode> {
    let target = &args.run;
    let mut studies: Vec<(&Path, StudyFile<Value>)> = Vec::new();
    if target.join(STUDY_FILE).is_file() {
        studies.push((target, read(target)?));
    }
    for part in &args.parts {
        studies.push((part, read(part)?));
    }
    for pair in studies.windows(2) {
        let [(first, one), (second, other)] = pair else {
            continue;
        };
        if let Some(setting) = difference("", &whole(&one.study), &whole(&other.study)) {
            return Err(input(format!(
                "`{}` and `{}` are parts of different studies: {setting}; merge those of one study",
                first.display(),
                second.display()
            )));
        }
    }
    let _lock = match target.is_dir() {
        true => run_folder::lock(target)?,
        false => None,
    };
    let merged = spat_study::merge(target, &args.parts)?;
    output::result(&format!(
        "{} results and {} files of weights copied into {}; {} were there\n",
        merged.results,
        merged.weights,
        target.display(),
        merged.present
    ))?;
    output::note(&match read(target) {
        Ok(file) => format!("resume the study with: {}", again(&file.command, target)),
        Err(_) => format!(
            "begin the whole study with its command and --run {}",
            command_line::quoted(&target.display().to_string())
        ),
    });
    Ok(ExitCode::SUCCESS)
}

fn read(folder: &Path) -> anyhow::Result<StudyFile<Value>> {
    let path: PathBuf = folder.join(STUDY_FILE);
    let bytes = table::read_file(&path)?;
    serde_json::from_slice(&bytes)
        .map_err(|error| input(format!("`{}` is damaged: {error}", path.display())))
}

/// A study's settings without those that are divided among parts.
fn whole(study: &Value) -> Value {
    let mut study = study.clone();
    remove_divided(&mut study);
    // A study without a table is inside of its kind.
    if let Some(fields) = study.as_object_mut() {
        fields.values_mut().for_each(remove_divided);
    }
    study
}

fn remove_divided(settings: &mut Value) {
    let Some(fields) = settings.as_object_mut() else {
        return;
    };
    for name in DIVIDED {
        fields.remove(name);
    }
    // The first of the seeds, in the settings of the study's models.
    fields.remove("seed");
}

/// The first setting in which two values differ.
fn difference(name: &str, one: &Value, other: &Value) -> Option<String> {
    if let (Some(fields), Some(others)) = (one.as_object(), other.as_object()) {
        let names = fields.keys().chain(others.keys());
        return names.into_iter().find_map(|field| {
            let value = |fields: &serde_json::Map<String, Value>| {
                fields.get(field).cloned().unwrap_or(Value::Null)
            };
            let name = if name.is_empty() {
                field.clone()
            } else {
                format!("{name}.{field}")
            };
            difference(&name, &value(fields), &value(others))
        });
    }
    (one != other).then(|| format!("{name} is {one} and {other}"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn parts_differ_in_seeds_and_not_in_other_settings() {
        let study =
            json!({"base": {"training": {"epochs": 2}, "seed": 1}, "seeds": [1], "draws": 5});
        let other_seed =
            json!({"base": {"training": {"epochs": 2}, "seed": 2}, "seeds": [2], "draws": 5});
        let longer =
            json!({"base": {"training": {"epochs": 3}, "seed": 1}, "seeds": [1], "draws": 5});
        assert_eq!(difference("", &whole(&study), &whole(&other_seed)), None);
        assert_eq!(
            difference("", &whole(&study), &whole(&longer)).unwrap(),
            "base.training.epochs is 2 and 3"
        );
    }
}
