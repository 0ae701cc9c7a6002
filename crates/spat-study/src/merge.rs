//! Puts the results of partial studies together.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use spat_engine::platform::write_atomically;
use spat_spec::checked_from_bytes;

use crate::arithmetic::Arithmetic;
use crate::cache::{Cache, FOLDER, StoredOutcome, WEIGHTS_KEY};
use crate::error::StudyError;

/// What [`merge`] did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Merged {
    /// Number of copied results.
    pub results: usize,
    /// Number of copied files of weights.
    pub weights: usize,
    /// Number of files that the folder had already.
    pub present: usize,
}

/// Copies the results and weights of the studies in the folders `parts` into the study's folder `target`, which is
/// created if necessary. Everything is checked before the first file is copied.
///
/// # Errors
/// A part has no results, a file is damaged, the arithmetic differs, or two parts have different results of the same
/// task.
pub fn merge(target: &Path, parts: &[PathBuf]) -> Result<Merged, StudyError> {
    let mut known: BTreeMap<String, PathBuf> = BTreeMap::new();
    let mut arithmetic: Option<(Arithmetic, PathBuf)> = None;
    let mut merged = Merged::default();
    let mut copies = Vec::new();
    // The target is the first part: its files stay.
    for (place, part) in std::iter::once(target)
        .chain(parts.iter().map(PathBuf::as_path))
        .enumerate()
    {
        let is_target = place == 0;
        let files = files(&part.join(FOLDER));
        if files.is_empty() && !is_target {
            return Err(StudyError::Mismatch(format!(
                "`{}` has no results; give the folder of a study that has begun",
                part.display()
            )));
        }
        for path in files {
            let checked = check(&path)?;
            if let Some(of_file) = checked {
                match &arithmetic {
                    None => arithmetic = Some((of_file, path.clone())),
                    Some((first, _)) if *first == of_file => {}
                    Some((first, first_path)) => {
                        return Err(StudyError::MixedArithmetic {
                            path: first_path.display().to_string(),
                            arithmetic: first.to_string(),
                            other_path: path.display().to_string(),
                            other: of_file.to_string(),
                        });
                    }
                }
            }
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            if let Some(first) = known.get(&*name) {
                require_equal(first, &path)?;
                merged.present += 1;
            } else {
                known.insert(name.into_owned(), path.clone());
                if !is_target {
                    copies.push(path);
                }
            }
        }
    }
    Cache::new(Some(target))?;
    // A result without its weights would count as complete.
    copies.sort_by_key(|path| path.extension() != Some(OsStr::new("safetensors")));
    for path in copies {
        let bytes = read(&path)?;
        let name = path.file_name().unwrap_or_default();
        write_atomically(&target.join(FOLDER).join(name), &bytes)?;
        if path.extension() == Some(OsStr::new("json")) {
            merged.results += 1;
        } else {
            merged.weights += 1;
        }
    }
    Ok(merged)
}

/// Results and weights in a folder, sorted; none if it does not exist.
fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut files: Vec<PathBuf> = entries
        .map(|entry| entry.path())
        .filter(|path| {
            let extension = path.extension().and_then(OsStr::to_str);
            matches!(extension, Some("json" | "safetensors"))
        })
        .collect();
    files.sort();
    files
}

/// Refuses a damaged file. Returns the arithmetic of a result, if it is recorded.
fn check(path: &Path) -> Result<Option<Arithmetic>, StudyError> {
    let bytes = read(path)?;
    if path.extension() == Some(OsStr::new("json")) {
        let stored: StoredOutcome =
            serde_json::from_slice(&bytes).map_err(|error| damaged(path, &error))?;
        return Ok(stored.computed_with);
    }
    checked_from_bytes(WEIGHTS_KEY, &bytes).map_err(|error| damaged(path, &error))?;
    Ok(None)
}

/// Refuses different results of the same task.
fn require_equal(first: &Path, second: &Path) -> Result<(), StudyError> {
    let (one, other) = (read(first)?, read(second)?);
    let outcome = |bytes: &[u8]| serde_json::from_slice::<StoredOutcome>(bytes).ok();
    let equal = one == other
        // One of both may not have recorded its arithmetic.
        || matches!((outcome(&one), outcome(&other)), (Some(one), Some(other)) if one.outcome == other.outcome);
    if equal {
        return Ok(());
    }
    Err(StudyError::Mismatch(format!(
        "`{}` and `{}` are results of the same task and differ, so they were computed with different arithmetic or \
         versions of this program; delete one of both with all other results of its folder",
        first.display(),
        second.display()
    )))
}

fn read(path: &Path) -> Result<Vec<u8>, StudyError> {
    fs::read(path).map_err(|error| damaged(path, &error))
}

fn damaged(path: &Path, reason: &impl std::fmt::Display) -> StudyError {
    StudyError::Damaged {
        path: path.display().to_string(),
        reason: reason.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::task::{Outcome, TaskErrors};

    /// A study's folder with results of these tasks, each with an error and the processor.
    fn part(root: &Path, name: &str, results: &[(&str, f64, Option<&str>)]) -> PathBuf {
        let folder = root.join(name);
        let cache = Cache::new(Some(&folder)).unwrap();
        for &(key, error, processor) in results {
            let errors = TaskErrors {
                val: error,
                test: error,
                test_mae: error,
            };
            let stored = StoredOutcome {
                outcome: Outcome::Errors(errors),
                computed_with: processor.map(|processor| Arithmetic {
                    processor: processor.to_owned(),
                    device: "cpu".to_owned(),
                }),
            };
            cache.keep(key, &stored).unwrap();
        }
        folder
    }

    #[test]
    fn results_and_weights_are_copied_once() {
        let root = tempfile::tempdir().unwrap();
        let one = part(
            root.path(),
            "one",
            &[("a", 1.0, Some("x")), ("b", 2.0, Some("x"))],
        );
        // Without a recorded arithmetic, as in files of earlier builds.
        let two = part(root.path(), "two", &[("b", 2.0, None), ("c", 3.0, None)]);
        let cache = Cache::new(Some(&two)).unwrap();
        cache.keep_weights("c", &BTreeMap::new()).unwrap();
        let target = root.path().join("merged");
        let merged = merge(&target, &[one.clone(), two]).unwrap();
        let expected = Merged {
            results: 3,
            weights: 1,
            present: 1,
        };
        assert_eq!(merged, expected);
        let cache = Cache::new(Some(&target)).unwrap();
        assert!(cache.has_weights("c") && cache.outcome("b").unwrap().is_some());
        let again = merge(&target, &[one]).unwrap();
        assert_eq!((again.results, again.present), (0, 2));
    }

    #[test]
    fn damaged_and_mixed_results_are_refused_by_name_before_anything_is_copied() {
        let root = tempfile::tempdir().unwrap();
        let one = part(root.path(), "one", &[("a", 1.0, Some("x86_64"))]);
        let mixed = part(root.path(), "mixed", &[("b", 2.0, Some("aarch64"))]);
        let other = part(root.path(), "other", &[("a", 1.5, Some("x86_64"))]);
        let broken = part(root.path(), "broken", &[("c", 2.0, Some("x86_64"))]);
        fs::write(broken.join("cache/c.json"), "{").unwrap();
        let cut = part(root.path(), "cut", &[("d", 2.0, Some("x86_64"))]);
        fs::write(cut.join("cache/d.safetensors"), "1234").unwrap();
        fs::create_dir(root.path().join("empty")).unwrap();
        let empty = root.path().join("empty");
        for (part, words) in [
            (mixed, ["one/cache/a.json", "aarch64"]),
            (other, ["one/cache/a.json", "other/cache/a.json"]),
            (broken, ["broken/cache/c.json", "delete it"]),
            (cut, ["cut/cache/d.safetensors", "delete it"]),
            (empty, ["empty", "no results"]),
        ] {
            let target = root.path().join("merged");
            let error = merge(&target, &[one.clone(), part])
                .unwrap_err()
                .to_string();
            for word in words {
                assert!(error.contains(word), "`{word}` is missing in: {error}");
            }
            assert!(!target.exists(), "{error}");
        }
    }
}
