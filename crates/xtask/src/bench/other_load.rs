//! Load of other programs on the processors during a measurement.
//!
//! A software adapter divides every launch among all processors and waits for the last, so a build that runs
//! at the same time makes a step more than three times as long; on a CPU device it is little better.

use std::collections::HashMap;
use std::time::Instant;

/// Share of the processors' time above which other programs are reported.
const REPORTED: f64 = 0.05;
/// Linux counts the time of processes in hundredths of a second, on every machine (`USER_HZ`).
const TICKS: f64 = 100.0;

/// Load of other programs since [`OtherLoad::start`]. Known on Linux only.
pub(super) struct OtherLoad {
    since: Instant,
    before: Option<Used>,
}

/// Ticks that the processors were busy, and those of this process and its descendants.
struct Used {
    all: f64,
    own: f64,
}

impl OtherLoad {
    /// Starts measuring.
    pub(super) fn start() -> Self {
        Self {
            since: Instant::now(),
            before: used(),
        }
    }

    /// A warning if other programs took a considerable share.
    pub(super) fn warning(&self) -> Option<String> {
        let (before, after) = (self.before.as_ref()?, used()?);
        let others = (after.all - before.all) - (after.own - before.own);
        let processors = std::thread::available_parallelism().ok()?.get() as f64;
        let share = others / TICKS / self.since.elapsed().as_secs_f64() / processors;
        (share > REPORTED).then(|| {
            format!(
                "Other programs took {:.0} % of the processors' time during the measurement: these times are longer \
                 than on an idle machine.",
                100.0 * share
            )
        })
    }
}

fn used() -> Option<Used> {
    let text = std::fs::read_to_string("/proc/stat").ok()?;
    let ticks: Vec<f64> = text
        .lines()
        .next()?
        .split_whitespace()
        .skip(1)
        .filter_map(|ticks| ticks.parse().ok())
        .collect();
    // user, nice, system, idle, iowait, irq, softirq, steal; the rest is part of user and nice.
    let all = ticks.iter().take(8).sum::<f64>() - ticks.get(3)? - ticks.get(4)?;
    Some(Used { all, own: own()? })
}

/// Ticks of this process and all its descendants, ended ones included.
fn own() -> Option<f64> {
    let mut processes: HashMap<u32, (u32, f64)> = HashMap::new();
    for entry in std::fs::read_dir("/proc").ok()?.flatten() {
        let Some(id) = entry.file_name().to_str().and_then(|id| id.parse().ok()) else {
            continue;
        };
        // One that has ended meanwhile is counted by its parent.
        let Ok(text) = std::fs::read_to_string(entry.path().join("stat")) else {
            continue;
        };
        // The name before it, in brackets, may contain any characters.
        let Some((_, fields)) = text.rsplit_once(')') else {
            continue;
        };
        let fields: Vec<&str> = fields.split_whitespace().collect();
        let number = |place: usize| {
            fields
                .get(place)
                .and_then(|field| field.parse::<f64>().ok())
        };
        // State, parent, …, and from the twelfth on its time and its ended children's.
        let (Some(parent), Some(ticks)) = (number(1), (11..15).map(number).sum::<Option<f64>>())
        else {
            continue;
        };
        processes.insert(id, (parent as u32, ticks));
    }
    let root = std::process::id();
    let descends = |mut id: u32| {
        // Bounded by the number of processes, since they may change while they are read.
        for _ in 0..processes.len() {
            if id == root {
                return true;
            }
            match processes.get(&id) {
                Some(&(parent, _)) => id = parent,
                None => return false,
            }
        }
        false
    };
    let ticks = processes
        .iter()
        .filter(|(id, _)| descends(**id))
        .map(|(_, (_, ticks))| ticks);
    Some(ticks.sum())
}
