//! 200 kills at random moments: runs and studies end with the bytes of uninterrupted ones. It takes minutes, so it
//! is ignored by default; SECURITY.md has the command.

use std::collections::BTreeMap;
use std::fs;
use std::process::Stdio;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use super::folder::{Folder, SMALL, WINDOWS, text};

const KILLS: usize = 200;

/// Files that have times or the command, and the lock. The report is compared without its times.
const DIFFERENT: [&str; 4] = ["run.json", "run.lock", "report.json", "report.html"];

const RUN: &[&str] = &[
    "run",
    "toy.csv",
    "--epochs",
    "5",
    "--patience",
    "none",
    "--finetune-epochs",
    "2",
    "--layers",
    "2",
    "--quiet",
];

const STUDY: &[&str] = &[
    "study",
    "toy.csv",
    "--layers",
    "2",
    "--seeds",
    "2",
    "--epochs",
    "2",
    "--finetune-epochs",
    "1",
    "--score-batches",
    "2",
    "--only",
    "oracle,rivals",
    "--scorers",
    "send,entropy",
];

#[test]
#[ignore = "takes minutes; SECURITY.md has the command"]
#[allow(clippy::print_stdout, reason = "shows the progress of a long test")]
fn runs_and_studies_survive_two_hundred_kills() {
    let folder = Folder::new();
    let mut random = Random::from_time();
    let cases = [
        ("plain", [RUN, WINDOWS, SMALL].concat()),
        ("adaptive", [RUN, WINDOWS, SMALL, &["--adaptive"]].concat()),
        ("study", [STUDY, WINDOWS, SMALL].concat()),
    ];
    for (case, begin) in &cases {
        let begun = Instant::now();
        let whole = format!("{case}-whole");
        folder.succeeds(&[begin, &["--run", &whole][..]].concat());
        let duration = begun.elapsed();
        let expected = results(&folder, &whole);
        let (mut runs, mut kills) = (0, 0);
        while kills < KILLS.div_ceil(cases.len()) {
            runs += 1;
            let run = format!("{case}-{runs}");
            let mut lives = 0;
            // The limit grows, so that the run ends on a busy machine too.
            while !ends(
                &folder,
                begin,
                &run,
                random.below(duration * (1 + lives / 4)),
            ) {
                lives += 1;
                kills += 1;
            }
            let killed = results(&folder, &run);
            assert_eq!(killed, expected, "{run} after {lives} kills");
        }
        println!("{case}: {runs} runs, {kills} kills, {duration:?} without kills");
    }
}

/// Begins or resumes the run, and kills it after `life`. Whether it ended before.
fn ends(folder: &Folder, begin: &[&str], run: &str, life: Duration) -> bool {
    let path = folder.path().join(run);
    let is_resumable = path.join("experiment.json").exists() || path.join("config.json").exists();
    let resume: &[&str] = if is_resumable { &["--resume"] } else { &[] };
    let arguments = match (begin[0], is_resumable) {
        ("run", true) => vec!["run", "--quiet", "--resume", "--run", run],
        _ => [begin, &["--run", run], resume].concat(),
    };
    let mut child = folder
        .command(&arguments)
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    std::thread::sleep(life);
    child.kill().unwrap();
    let output = child.wait_with_output().unwrap();
    // Without a code it was killed.
    assert!(
        matches!(output.status.code(), None | Some(0)),
        "{arguments:?}: {}",
        text(&output.stderr)
    );
    output.status.success()
}

/// Files of a finished run or study that must not depend on kills.
fn results(folder: &Folder, run: &str) -> BTreeMap<String, Vec<u8>> {
    let path = folder.path().join(run);
    if path.join("study.json").exists() {
        let study = fs::read(path.join("study.json")).unwrap();
        return BTreeMap::from([("study.json".to_owned(), study)]);
    }
    let mut files: BTreeMap<_, _> = fs::read_dir(&path)
        .unwrap()
        .map(|entry| entry.unwrap())
        .filter(|entry| entry.file_type().unwrap().is_file())
        .map(|entry| (entry.file_name().into_string().unwrap(), entry.path()))
        .filter(|(name, _)| !DIFFERENT.contains(&name.as_str()))
        .map(|(name, path)| (name, fs::read(path).unwrap()))
        .collect();
    assert!(files.len() > 3, "{:?}", files.keys());
    files.insert("report".to_owned(), folder.comparable(run).into_bytes());
    files
}

/// A linear congruential generator.
struct Random(u64);

impl Random {
    fn from_time() -> Self {
        let time = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        Self(time.as_nanos() as u64)
    }

    fn below(&mut self, limit: Duration) -> Duration {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        limit.mul_f64((self.0 >> 11) as f64 / (1_u64 << 53) as f64)
    }
}
