//! The native side of the web app's end-to-end test "losses, scores and plan equal those of a native run":
//! both are compared with `tests/browser/toy.json`.
#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::Path;
use std::sync::mpsc;

use serde::{Deserialize, Serialize};
use spat_engine::device::{DeviceChoice, choose};
use spat_engine::{Control, Job, MemoryStore, run};
use spat_series::read_table;
use spat_spec::{EpochResult, Experiment, ModuleId, Score};

#[derive(Serialize, Deserialize)]
struct Toy {
    experiment: Experiment,
    history: Vec<EpochResult>,
    scores: Vec<Score>,
    removed: Vec<ModuleId>,
}

#[test]
fn a_native_run_gives_the_losses_scores_and_plan_of_the_page() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/browser");
    let file = folder.join("toy.json");
    let known: Toy = serde_json::from_slice(&fs::read(&file).unwrap()).unwrap();
    let table = fs::read(folder.join("toy.csv")).unwrap();
    let experiment = known.experiment.clone();
    let data = &experiment.data;
    let series = read_table(&table, &data.read)
        .unwrap()
        .into_series(&data.series)
        .unwrap();
    let (device, device_facts) = choose(DeviceChoice::Cpu).unwrap();
    let job = Job {
        hash: experiment.hash(&table),
        command: String::new(),
        experiment: experiment.clone(),
        series,
        data_name: "toy.csv".to_owned(),
        device,
        device_facts,
    };
    let (_commands, receiver) = mpsc::channel();
    let mut control = Control::new(receiver, drop);
    let store = &mut MemoryStore::default();
    let report = pollster::block_on(run(&job, store, &mut control)).unwrap();
    if std::env::var_os("SPAT_WRITE_TOY").is_some() {
        let toy = Toy {
            experiment,
            history: report.dense.history.clone(),
            scores: report.scores.clone(),
            removed: report.plan.removed.clone(),
        };
        fs::write(&file, serde_json::to_vec_pretty(&toy).unwrap()).unwrap();
    }

    let near = |ours: f64, theirs: f64| (ours - theirs).abs() <= 1e-3 * theirs.abs();
    assert_eq!(report.dense.history.len(), known.history.len());
    for (ours, theirs) in report.dense.history.iter().zip(&known.history) {
        assert!(near(ours.train_loss, theirs.train_loss), "{ours:?}");
        assert!(near(ours.val_mse, theirs.val_mse), "{ours:?}");
    }
    for (ours, theirs) in report.scores.iter().zip(&known.scores) {
        assert!(near(ours.value, theirs.value), "{ours:?}");
    }
    assert_eq!(report.plan.removed, known.removed);
}
