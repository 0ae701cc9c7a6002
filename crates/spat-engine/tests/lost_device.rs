//! A GPU that is lost during a run causes an error, and the run resumes on another device.
#![allow(clippy::unwrap_used)]

#[allow(dead_code)]
mod toy;

use std::sync::mpsc;

use burn::tensor::wgpu::wgpu;
use burn::tensor::{Device, DeviceKind, DeviceType};
use spat_engine::{Control, JobError, MemoryStore, run};
use spat_spec::{Event, SendOptions};

#[test]
fn a_lost_device_is_an_error_and_the_run_resumes() {
    let software = Device::wgpu(DeviceKind::Cpu);
    let kind = match Device::enumerate(DeviceType::Wgpu)
        .into_vec()
        .contains(&software)
    {
        true => DeviceKind::Cpu,
        false => DeviceKind::DefaultDevice,
    };
    let (device, setup) = Device::wgpu_options()
        .device_kind(kind)
        .init_with_setup()
        .unwrap();

    let mut job = toy::job(toy::itransformer(), SendOptions::default());
    job.device = device;
    let mut store = MemoryStore::default();
    let (_commands, receiver) = mpsc::channel();
    let mut before = Vec::new();
    let on_event = |event: Event| {
        if let Event::Epoch { result, .. } = event {
            before.push(result);
        }
        // The first epoch is in the checkpoint by then.
        if before.len() == 2 {
            setup.device.destroy();
            // A driver reports the loss by itself; a deliberately destroyed device reports it when polled.
            setup.device.poll(wgpu::PollType::Poll).ok();
        }
    };
    let error = pollster::block_on(run(&job, &mut store, &mut Control::new(receiver, on_event)))
        .unwrap_err();
    assert!(
        matches!(error, JobError::Device(_) | JobError::Scores(_)),
        "{error}"
    );
    assert!(error.to_string().contains("resume the run"), "{error}");

    job.device = Device::flex();
    let (_commands, receiver) = mpsc::channel();
    let mut has_resumed = false;
    let mut epochs = 0;
    let on_event = |event: Event| match event {
        Event::Started { resumed, .. } => has_resumed = resumed,
        Event::Epoch { .. } => epochs += 1,
        _ => {}
    };
    let report =
        pollster::block_on(run(&job, &mut store, &mut Control::new(receiver, on_event))).unwrap();
    assert!(has_resumed, "from the checkpoint");
    assert_eq!(report.scores.len(), 3);
    // Epochs of the lost device are kept and not trained again.
    assert_eq!(report.dense.history[0], before[0]);
    let whole = [&report.dense, &report.pruned].map(|model| model.history.len());
    let controls = job.experiment.finetune.epochs + job.experiment.training.epochs;
    let linear = report.linear_baselines.values().map(|linear| linear.epochs);
    let others = controls + linear.sum::<usize>();
    assert_eq!(epochs, whole[0] - 1 + whole[1] + others);
}
