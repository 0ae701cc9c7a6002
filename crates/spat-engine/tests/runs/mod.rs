//! Whole runs of small jobs, also interrupted ones.
#![allow(clippy::unwrap_used)]
#![allow(dead_code, reason = "each test binary uses a part")]

use std::cell::RefCell;
use std::sync::mpsc;

use spat_engine::{Control, Job, JobError, MemoryStore, RunStore, StoreError, run};
use spat_spec::{Command, Event, Report};

pub(crate) fn complete(job: &Job, store: &mut impl RunStore) -> Report {
    let (_commands, receiver) = mpsc::channel();
    pollster::block_on(run(job, store, &mut Control::new(receiver, drop))).unwrap()
}

pub(crate) fn comparable(report: Report) -> String {
    serde_json::to_string_pretty(&report.without_timings()).unwrap()
}

/// A store that records its content after each write: every point at which a kill could happen.
#[derive(Default)]
pub(crate) struct Moments {
    now: MemoryStore,
    pub(crate) past: RefCell<Vec<MemoryStore>>,
}

impl RunStore for Moments {
    async fn write(&mut self, name: &str, bytes: &[u8]) -> Result<(), StoreError> {
        self.now.write(name, bytes).await?;
        self.past.borrow_mut().push(self.now.clone());
        Ok(())
    }
    async fn read(&self, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
        self.now.read(name).await
    }
    async fn remove(&mut self, name: &str) -> Result<(), StoreError> {
        self.now.remove(name).await?;
        self.past.borrow_mut().push(self.now.clone());
        Ok(())
    }
}

/// Stops a run after every `steps` steps until it ends with the report `whole`, and counts the stops.
pub(crate) fn stopped_every(steps: usize, job: &Job, whole: &str) -> usize {
    let mut store = MemoryStore::default();
    let mut stops = 0;
    let resumed = loop {
        let (commands, receiver) = mpsc::channel();
        commands.send(Command::Pause).unwrap();
        commands.send(Command::Step { steps }).unwrap();
        let mut granted = false;
        let emit = |event| {
            // The first pause event is that of the command, the second comes when the granted steps are
            // used up.
            if event == Event::Paused && std::mem::replace(&mut granted, true) {
                commands.send(Command::Stop).unwrap();
            }
        };
        let result = pollster::block_on(run(job, &mut store, &mut Control::new(receiver, emit)));
        match result {
            Err(JobError::Stopped) => stops += 1,
            other => break other.unwrap(),
        }
        assert!(stops < 100);
    };
    assert_eq!(comparable(resumed), whole);
    stops
}
