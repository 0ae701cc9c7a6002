//! Queueing systems that execute the tasks of a study: HyperQueue and Slurm.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context as _;
use spat_engine::device::DeviceChoice;
use spat_study::{Queue, WaveFile};

use crate::args::{DeviceArgs, EngineName, StudyEngineArgs};
use crate::command_line::quoted;
use crate::failure::input;

/// Largest number of elements of a job array, unless an administrator of Slurm has changed it.
const MOST_ELEMENTS: usize = 1001;

/// Number of elements of a job array that run at the same time, by default: a few nodes.
const AT_ONCE: usize = 64;

/// Number of lost machines after which HyperQueue gives up a task.
const CRASHES: &str = "5";

/// Settings of both queueing systems.
#[derive(Debug)]
struct Submit {
    /// `spat study task` for the study, as words.
    task: Vec<String>,
    threads: usize,
    arguments: Vec<String>,
}

/// HyperQueue, by its command `hq`.
#[derive(Debug)]
struct HyperQueue(Submit);

/// Slurm, by its command `sbatch`.
#[derive(Debug)]
struct Slurm {
    submit: Submit,
    bundle: usize,
    at_once: usize,
}

/// The queueing system for a study in this folder, an absolute path; `None` if threads are wanted.
pub(crate) fn chosen(
    args: &StudyEngineArgs,
    device: &DeviceArgs,
    folder: &Path,
) -> anyhow::Result<Option<Box<dyn Queue>>> {
    if args.engine != EngineName::Slurm && (args.bundle.is_some() || args.at_once.is_some()) {
        return Err(input(
            "--bundle and --at-once are for --engine slurm; leave them out",
        ));
    }
    if args.engine == EngineName::Threads {
        if args.engine_args.is_some() {
            return Err(input(
                "--engine-args is for a queueing system; name it with --engine",
            ));
        }
        return Ok(None);
    }
    let arguments = args.engine_args.as_deref().unwrap_or_default();
    let arguments = shlex::split(arguments)
        .ok_or_else(|| input("--engine-args has a quotation mark without a second one"))?;
    let program = std::env::current_exe().context("cannot find this program's own file")?;
    let threads = device.threads.unwrap_or(1);
    let words = [
        program.display().to_string(),
        "study".to_owned(),
        "task".to_owned(),
        "--run".to_owned(),
        folder.display().to_string(),
        "--threads".to_owned(),
        threads.to_string(),
        "--device".to_owned(),
        match device.device {
            DeviceChoice::Auto => "auto",
            DeviceChoice::Gpu => "gpu",
            DeviceChoice::Cpu => "cpu",
        }
        .to_owned(),
    ];
    let submit = Submit {
        task: words.to_vec(),
        threads,
        arguments,
    };
    Ok(Some(match args.engine {
        EngineName::Slurm => Box::new(Slurm {
            submit,
            bundle: args.bundle.unwrap_or(1),
            at_once: args.at_once.unwrap_or(AT_ONCE),
        }),
        EngineName::HyperQueue | EngineName::Threads => Box::new(HyperQueue(submit)),
    }))
}

/// What executes the tasks, for a message.
pub(crate) fn title(engine: EngineName) -> &'static str {
    match engine {
        EngineName::Threads => "threads",
        EngineName::HyperQueue => "HyperQueue",
        EngineName::Slurm => "Slurm",
    }
}

impl Queue for HyperQueue {
    fn command(&self, wave: &WaveFile) -> Command {
        let Self(submit) = self;
        let mut command = Command::new("hq");
        command
            .args(["submit", "--wait", "--name", "spat", "--from-json"])
            .arg(&wave.path)
            .args(["--cpus", &submit.threads.to_string()])
            .args(["--crash-limit", CRASHES, "--stdout", "none", "--stderr"])
            .arg(wave.logs.join(format!("{}-%{{TASK_ID}}", wave.name)))
            .args(&submit.arguments)
            .arg("--")
            .args(&submit.task);
        command
    }

    fn log(&self, wave: &WaveFile, place: usize) -> PathBuf {
        wave.logs.join(format!("{}-{place}", wave.name))
    }
}

impl Slurm {
    /// Number of tasks in an element of the array.
    fn bundle(&self, tasks: usize) -> usize {
        self.bundle.max(tasks.div_ceil(MOST_ELEMENTS))
    }
}

impl Queue for Slurm {
    fn command(&self, wave: &WaveFile) -> Command {
        let submit = &self.submit;
        let bundle = self.bundle(wave.items);
        let last = wave.items.div_ceil(bundle).saturating_sub(1);
        let mut words: Vec<String> = submit.task.iter().map(|word| quoted(word)).collect();
        words.push(format!("--wave {} --bundle {bundle}", wave.name));
        let mut command = Command::new("sbatch");
        command
            .args(["--wait", "--requeue", "--job-name", "spat"])
            .arg(format!("--array=0-{last}%{}", self.at_once))
            .arg(format!("--cpus-per-task={}", submit.threads))
            .arg("--output")
            .arg(wave.logs.join(format!("{}-%a", wave.name)))
            .args(&submit.arguments)
            .arg("--wrap")
            .arg(words.join(" "));
        command
    }

    fn log(&self, wave: &WaveFile, place: usize) -> PathBuf {
        let element = place / self.bundle(wave.items);
        wave.logs.join(format!("{}-{element}", wave.name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn submit() -> Submit {
        Submit {
            task: ["/opt/spat", "study", "task", "--run", "/data/my study"]
                .map(str::to_owned)
                .to_vec(),
            threads: 2,
            arguments: vec!["-p".to_owned(), "gpu".to_owned()],
        }
    }

    fn wave(items: usize) -> WaveFile {
        WaveFile {
            name: "0003".to_owned(),
            path: "/data/my study/tasks/0003.json".into(),
            items,
            logs: "/data/my study/log".into(),
        }
    }

    fn words(command: &Command) -> Vec<String> {
        std::iter::once(command.get_program())
            .chain(command.get_args())
            .map(|word| word.to_string_lossy().into_owned())
            .collect()
    }

    #[test]
    fn an_array_of_slurm_has_at_most_1001_elements() {
        let slurm = Slurm {
            submit: submit(),
            bundle: 1,
            at_once: 64,
        };
        assert_eq!(
            words(&slurm.command(&wave(1001))),
            [
                "sbatch",
                "--wait",
                "--requeue",
                "--job-name",
                "spat",
                "--array=0-1000%64",
                "--cpus-per-task=2",
                "--output",
                "/data/my study/log/0003-%a",
                "-p",
                "gpu",
                "--wrap",
                "/opt/spat study task --run '/data/my study' --wave 0003 --bundle 1"
            ]
        );
        let many = words(&slurm.command(&wave(1002)));
        assert!(many.contains(&"--array=0-500%64".to_owned()), "{many:?}");
        assert!(many.last().is_some_and(|wrap| wrap.ends_with("--bundle 2")));
        // Tasks 2 and 3 are in the second element.
        let log = slurm.log(&wave(1002), 3);
        assert_eq!(log, Path::new("/data/my study/log/0003-1"));
    }

    #[test]
    fn each_task_of_hyperqueue_has_its_own_log() {
        let queue = HyperQueue(submit());
        let words = words(&queue.command(&wave(3)));
        assert_eq!(
            words.join(" "),
            "hq submit --wait --name spat --from-json /data/my study/tasks/0003.json --cpus 2 --crash-limit 5 \
             --stdout none --stderr /data/my study/log/0003-%{TASK_ID} -p gpu -- /opt/spat study task --run \
             /data/my study"
        );
        let log = queue.log(&wave(3), 2);
        assert_eq!(log, Path::new("/data/my study/log/0003-2"));
    }
}
