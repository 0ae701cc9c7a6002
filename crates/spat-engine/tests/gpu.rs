//! Compares a whole job on a GPU (or a software adapter) with the CPU.
#![allow(clippy::unwrap_used)]

#[allow(dead_code)]
mod toy;

use std::sync::mpsc;

use spat_engine::device::{DeviceChoice, choose};
use spat_engine::{Control, Job, MemoryStore, run};
use spat_spec::{Report, SendOptions};

fn complete(job: &Job) -> Report {
    let (_commands, receiver) = mpsc::channel();
    let mut store = MemoryStore::default();
    pollster::block_on(run(job, &mut store, &mut Control::new(receiver, drop))).unwrap()
}

/// 32 steps of training, scores, plan, fine-tuning and both controls. Devices round differently, and
/// training amplifies the differences: figures agree to a part in a thousand, ranking and plan exactly.
#[test]
fn the_whole_job_agrees_with_the_cpu() {
    let mut job = toy::job(toy::itransformer(), SendOptions::default());
    job.experiment.training.epochs = 4;
    let cpu = complete(&job);
    (job.device, job.device_facts) = choose(DeviceChoice::Gpu).unwrap();
    let gpu = complete(&job);

    let close = |gpu: f64, cpu: f64, what: &str| {
        assert!(
            (gpu / cpu - 1.0).abs() < 1e-3,
            "{what}: {gpu} on the GPU, {cpu} on the CPU"
        );
    };
    close(gpu.dense.test.mse, cpu.dense.test.mse, "dense");
    close(gpu.pruned.test.mse, cpu.pruned.test.mse, "pruned");
    let ranking = |report: &Report| {
        let mut scores = report.scores.clone();
        scores.sort_by(|a, b| a.value.total_cmp(&b.value));
        scores
            .into_iter()
            .map(|score| score.module)
            .collect::<Vec<_>>()
    };
    assert_eq!(ranking(&gpu), ranking(&cpu));
    for (gpu, cpu) in gpu.scores.iter().zip(&cpu.scores) {
        assert_eq!((&gpu.module, gpu.batches), (&cpu.module, cpu.batches));
        close(gpu.value, cpu.value, "SEND");
    }
    assert_eq!(gpu.plan.removed, cpu.plan.removed);
    assert_eq!(gpu.device.kind, "gpu");
}
