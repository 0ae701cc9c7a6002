//! Items executed by a queueing system in other processes, possibly on other machines, which share the study's
//! folder. Waiting, priorities and lost machines are the queueing system's concern.

use std::fs::{self, File};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use spat_engine::StoreError;
use spat_engine::platform::write_atomically;

use crate::engine::Engine;
use crate::error::StudyError;
use crate::executor::{Executor, StudyEvent};
use crate::item::WantedItem;

/// Folder of the waves' files, in the study's folder.
const WAVES: &str = "tasks";

/// Folder of the output of items, in the study's folder.
const LOGS: &str = "log";

/// Interval between checks for new results.
const INTERVAL: Duration = Duration::from_secs(1);

/// Interval between checks whether the command has ended.
const POLL: Duration = Duration::from_millis(50);

/// Items that are submitted together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WaveFile {
    /// Its name, unique in the study's folder.
    pub name: String,
    /// The file: a JSON array of [`WantedItem`]s.
    pub path: PathBuf,
    /// Number of items.
    pub items: usize,
    /// Folder for the output of items.
    pub logs: PathBuf,
}

/// A queueing system.
pub trait Queue: Sync {
    /// The command that executes all items of a wave and returns when they have ended. Its exit status is not read:
    /// an item is done when its result is stored.
    fn command(&self, wave: &WaveFile) -> Command;

    /// The file with the output of an item, by its place in the wave.
    fn log(&self, wave: &WaveFile, place: usize) -> PathBuf;
}

/// A queueing system as an engine. Items without a result after the first attempt are submitted once more.
pub struct External<'a> {
    queue: &'a dyn Queue,
    folder: PathBuf,
}

/// The items of a wave.
///
/// # Errors
/// There is no such wave, or its file is damaged.
pub fn wanted_of_wave(folder: &Path, name: &str) -> Result<Vec<WantedItem>, StudyError> {
    let path = folder.join(WAVES).join(format!("{name}.json"));
    let damaged = |reason: String| StudyError::Damaged {
        path: path.display().to_string(),
        reason,
    };
    let bytes = fs::read(&path).map_err(|error| damaged(error.to_string()))?;
    serde_json::from_slice(&bytes).map_err(|error| damaged(error.to_string()))
}

impl<'a> External<'a> {
    /// For the study in this folder, an absolute path that all machines share.
    pub fn new(queue: &'a dyn Queue, folder: &Path) -> Self {
        Self {
            queue,
            folder: folder.to_owned(),
        }
    }

    fn write(&self, items: &[&WantedItem]) -> Result<WaveFile, StudyError> {
        let waves = create(&self.folder.join(WAVES))?;
        let logs = create(&self.folder.join(LOGS))?;
        let taken = fs::read_dir(&waves).into_iter().flatten().flatten();
        let numbers = taken.filter_map(|entry| {
            let name = entry.file_name();
            Path::new(&name).file_stem()?.to_str()?.parse::<u32>().ok()
        });
        let name = format!("{:04}", numbers.max().unwrap_or(0) + 1);
        let path = waves.join(format!("{name}.json"));
        let text = serde_json::to_vec(items).map_err(|error| StudyError::Damaged {
            path: path.display().to_string(),
            reason: error.to_string(),
        })?;
        write_atomically(&path, &text)?;
        Ok(WaveFile {
            name,
            path,
            items: items.len(),
            logs,
        })
    }

    /// Starts the command and waits for its end, or for the results of all items. Returns the file with its output.
    fn submit(
        &self,
        wave: &WaveFile,
        items: &[&WantedItem],
        executor: &Executor<'_>,
    ) -> Result<PathBuf, StudyError> {
        let output = wave.logs.join(format!("{}-submit", wave.name));
        let mut command = self.queue.command(wave);
        let program = command.get_program().to_string_lossy().into_owned();
        let failed = |reason: String| StudyError::Queue {
            program: program.clone(),
            reason,
        };
        let file = File::create(&output).map_err(|error| failed(error.to_string()))?;
        let errors = file
            .try_clone()
            .map_err(|error| failed(error.to_string()))?;
        command.stdin(Stdio::null()).stdout(file).stderr(errors);
        // Ctrl-C in the terminal reaches this process only, so that submitted items continue.
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        let mut child = command.spawn().map_err(|error| {
            failed(match error.kind() {
                ErrorKind::NotFound => "it is not installed, or not in a folder of PATH".to_owned(),
                _ => error.to_string(),
            })
        })?;
        let mut arriving: Vec<&WantedItem> = items.to_vec();
        let mut checked = Instant::now();
        loop {
            let ended = child
                .try_wait()
                .map_err(|error| failed(error.to_string()))?;
            if ended.is_some() {
                executor.cache.refresh();
            }
            if ended.is_some() || checked.elapsed() >= INTERVAL {
                arriving.retain(|wanted| {
                    let done = is_done(executor, wanted);
                    if done {
                        executor.emit(StudyEvent::Ended(wanted.item.label()));
                    }
                    !done
                });
                checked = Instant::now();
            }
            if arriving.is_empty() {
                // `sbatch --wait` asks for the end of its job every few seconds, later every half minute.
                end(&mut child);
                return Ok(output);
            }
            if ended.is_some() {
                return Ok(output);
            }
            if executor.is_stopped() {
                end(&mut child);
                return Err(StudyError::Stopped);
            }
            thread::sleep(POLL);
        }
    }
}

impl Engine for External<'_> {
    fn run(&self, executor: &Executor<'_>, wave: &[WantedItem]) -> Result<(), StudyError> {
        let mut missing: Vec<&WantedItem> = wave.iter().collect();
        let mut failure = None;
        for _ in 0..2 {
            missing.retain(|wanted| !is_done(executor, wanted));
            if missing.is_empty() {
                break;
            }
            if executor.is_stopped() {
                return Err(StudyError::Stopped);
            }
            let file = self.write(&missing)?;
            let output = self.submit(&file, &missing, executor)?;
            let failed = missing.iter().enumerate();
            let failed = failed
                .filter(|(_, wanted)| !is_done(executor, wanted))
                .map(|(place, wanted)| (wanted.item.label(), self.queue.log(&file, place)))
                .collect();
            failure = Some(StudyError::Unfinished {
                failed,
                wave: wave.len(),
                output,
            });
        }
        missing.retain(|wanted| !is_done(executor, wanted));
        if let (false, Some(failure)) = (missing.is_empty(), failure) {
            return Err(failure);
        }
        for wanted in wave {
            executor.read(&wanted.key)?;
        }
        Ok(())
    }
}

/// Whether everything that is wanted of an item is stored.
fn is_done(executor: &Executor<'_>, wanted: &WantedItem) -> bool {
    let cache = &executor.cache;
    cache.has_outcome(&wanted.key) && (!wanted.weights || cache.has_weights(&wanted.key))
}

/// Ends the command. What it has submitted continues; its results are found when the study is resumed.
fn end(child: &mut Child) {
    child.kill().ok();
    child.wait().ok();
}

fn create(folder: &Path) -> Result<PathBuf, StudyError> {
    fs::create_dir_all(folder).map_err(|error| StoreError::Failed {
        what: "create the folder".to_owned(),
        path: folder.display().to_string(),
        reason: error.to_string(),
    })?;
    Ok(folder.to_owned())
}
