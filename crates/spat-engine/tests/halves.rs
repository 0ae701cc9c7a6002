//! A job in two halves, as the web app runs it, gives the same result as the whole job.
#![allow(clippy::unwrap_used)]

mod toy;

use std::sync::mpsc;

use spat_engine::{Control, Job, JobError, MemoryStore, Viewer, forget_plan, run, train_dense};
use spat_spec::{Command, Event, Report, SendOptions};
use toy::{itransformer, job};

fn whole(job: &Job, store: &mut MemoryStore) -> Report {
    let (_commands, receiver) = mpsc::channel();
    pollster::block_on(run(job, store, &mut Control::new(receiver, drop))).unwrap()
}

fn first_half(job: &Job, store: &mut MemoryStore) -> Vec<Event> {
    let (_commands, receiver) = mpsc::channel();
    let mut events = Vec::new();
    let mut control = Control::new(receiver, |event| events.push(event));
    pollster::block_on(train_dense(job, store, &mut control)).unwrap();
    drop(control);
    events
}

fn with_ratio(ratio: f64) -> Job {
    let mut job = job(itransformer(), SendOptions::default());
    job.experiment.prune.ratio = ratio;
    job
}

#[test]
fn two_halves_give_the_same_report_as_the_whole_job() {
    let job = with_ratio(0.5);
    let mut store = MemoryStore::default();
    let events = first_half(&job, &mut store);
    assert!(matches!(events.last(), Some(Event::Trained { test_windows }) if *test_windows > 0));
    let maps = events.iter().find_map(|event| match event {
        Event::Maps { maps } => Some(maps.clone()),
        _ => None,
    });
    let halves = whole(&job, &mut store);
    assert_eq!(maps.unwrap(), halves.maps, "the maps of the report");
    let at_once = whole(&job, &mut MemoryStore::default());
    assert_eq!(halves.without_timings(), at_once.without_timings());
}

/// Without any training step, commands sent in the meantime are still handled.
#[test]
fn a_resumed_dense_model_can_be_stopped() {
    let job = with_ratio(0.5);
    let mut store = MemoryStore::default();
    first_half(&job, &mut store);
    let (commands, receiver) = mpsc::channel();
    commands.send(Command::Stop).unwrap();
    let mut events = Vec::new();
    let mut control = Control::new(receiver, |event| events.push(event));
    let ended = pollster::block_on(train_dense(&job, &mut store, &mut control));
    drop(control);
    assert!(matches!(ended, Err(JobError::Stopped)));
    assert_eq!(events.last(), Some(&Event::Stopped));
    let again = first_half(&job, &mut store);
    assert!(matches!(again.last(), Some(Event::Trained { .. })));
}

#[test]
fn another_ratio_starts_from_the_same_dense_model() {
    let mut store = MemoryStore::default();
    first_half(&with_ratio(0.5), &mut store);
    whole(&with_ratio(0.5), &mut store);
    let other = with_ratio(0.9);
    pollster::block_on(forget_plan(&mut store)).unwrap();
    let again = whole(&other, &mut store);
    let at_once = whole(&other, &mut MemoryStore::default());
    assert_eq!(again.plan.removed.len(), 2);
    assert_eq!(again.without_timings(), at_once.without_timings());
}

#[test]
fn a_viewer_shows_the_available_models() {
    let job = with_ratio(0.5);
    let mut store = MemoryStore::default();
    let early = pollster::block_on(Viewer::open(&job, &store));
    assert!(matches!(early, Err(JobError::Mismatch(_))));

    first_half(&job, &mut store);
    let viewer = pollster::block_on(Viewer::open(&job, &store)).unwrap();
    let dense_only = pollster::block_on(viewer.window(0)).unwrap();
    assert!(dense_only.pruned.is_empty() && !dense_only.dense.is_empty());
    assert!(pollster::block_on(viewer.future(&store)).is_err());

    let report = whole(&job, &mut store);
    let viewer = pollster::block_on(Viewer::open(&job, &store)).unwrap();
    let middle = pollster::block_on(viewer.window(viewer.test_windows() / 2)).unwrap();
    assert_eq!(middle, report.sample, "the report's own window");
    let last = pollster::block_on(viewer.window(usize::MAX)).unwrap();
    assert_eq!(last.window, viewer.test_windows() - 1);
    let future = pollster::block_on(viewer.future(&store)).unwrap();
    assert_eq!(future.first_row, job.series.rows());
    assert_eq!(future.dense.len(), future.pruned.len());
    assert_eq!(future.intervals.len(), 2);
}
