//! Fine-tuning with averaged weights, validations within epochs and the start as a candidate.
#![allow(clippy::unwrap_used)]

mod runs;
mod toy;

use spat_engine::{Job, MemoryStore};
use spat_spec::{
    Controls, DENSE_FINETUNED, EpochResult, SendOptions, TrainingConfig, WeightAveraging,
};

use runs::{Moments, comparable, complete, stopped_every};
use toy::{itransformer, job};

/// Two epochs of eight steps, each validated three times.
fn averaging(averaging: WeightAveraging) -> Job {
    let mut job = job(itransformer(), SendOptions::default());
    job.experiment.training.epochs = 1;
    job.experiment.finetune = TrainingConfig {
        epochs: 2,
        averaging,
        validations: 3,
        keep_start: true,
        ..job.experiment.finetune
    };
    job.experiment.controls = Controls {
        dense_finetuned: true,
        pruned_from_scratch: false,
        linear_baselines: false,
    };
    job
}

const AVERAGES: [WeightAveraging; 2] =
    [WeightAveraging::Ema { decay: 0.9 }, WeightAveraging::Epochs];

/// The lowest validation error that the epochs state.
fn lowest(epochs: &[EpochResult]) -> f64 {
    let best = epochs.iter().rfind(|epoch| epoch.best).unwrap();
    best.kept.map_or(best.val_mse, |kept| kept.val_mse)
}

#[test]
fn the_weights_with_the_lowest_validation_error_are_kept() {
    for average in AVERAGES {
        let mut job = averaging(average);
        job.experiment.finetune.keep_start = false;
        let report = complete(&job, &mut MemoryStore::default());
        let epochs = &report.pruned.history;
        assert_eq!(epochs.len(), 2);
        assert_eq!(report.pruned.val.mse, lowest(epochs));
        for epoch in epochs {
            let kept = epoch.kept.map_or(epoch.val_mse, |kept| kept.val_mse);
            assert!(!epoch.best || kept <= epoch.val_mse);
        }
        let named = report
            .notes
            .iter()
            .any(|note| note.contains("Fine-tuning kept"));
        let best = epochs.iter().rfind(|epoch| epoch.best).unwrap();
        assert_eq!(named, best.kept.is_some());
    }
}

/// Averages change which weights are kept, and not the training.
#[test]
fn averages_do_not_change_the_steps() {
    let plain = complete(
        &averaging(WeightAveraging::None),
        &mut MemoryStore::default(),
    );
    for average in AVERAGES {
        let report = complete(&averaging(average), &mut MemoryStore::default());
        let losses = |epochs: &[EpochResult]| -> Vec<(f64, f64)> {
            let each = epochs.iter();
            each.map(|epoch| (epoch.train_loss, epoch.val_mse))
                .collect()
        };
        assert_eq!(
            losses(&report.pruned.history),
            losses(&plain.pruned.history)
        );
        assert!(report.pruned.val.mse <= plain.pruned.val.mse);
    }
}

/// With a learning rate of 1 each step makes the model worse: validation keeps the start, and training ends after
/// two of four validations in the first epoch.
#[test]
fn a_fine_tuning_that_only_makes_it_worse_changes_nothing_and_ends_early() {
    let mut job = averaging(WeightAveraging::None);
    job.experiment.finetune = TrainingConfig {
        learning_rate: 1.0,
        validations: 4,
        patience: Some(2),
        ..job.experiment.finetune
    };
    let report = complete(&job, &mut MemoryStore::default());
    let before = report.pruned.before_finetune.as_ref().unwrap();
    assert_eq!(report.pruned.test.mse, before.test.mse);
    assert_eq!(report.pruned.epochs, 1);
    assert!(!report.pruned.history[0].best);
    let control = &report.controls[DENSE_FINETUNED];
    assert_eq!(control.val.mse, report.dense.val.mse);
    let words = "Fine-tuning kept the weights from before its first step";
    assert!(report.notes.iter().any(|note| note.starts_with(words)));

    let whole = comparable(report);
    assert!(stopped_every(3, &job, &whole) >= 4);
}

#[test]
fn a_fine_tuning_killed_after_any_write_ends_with_the_same_report() {
    for average in AVERAGES {
        let job = averaging(average);
        let mut store = Moments::default();
        let whole = comparable(complete(&job, &mut store));
        for (number, mut state) in store.past.into_inner().into_iter().enumerate() {
            let resumed = comparable(complete(&job, &mut state));
            assert_eq!(resumed, whole, "killed after write {number}, {average:?}");
        }
    }
}

/// Stopped after every step, and so in every validation: 8 steps of training, 16 of fine-tuning and of its control.
#[test]
fn a_fine_tuning_stopped_after_every_step_ends_with_the_same_report() {
    for average in AVERAGES {
        let job = averaging(average);
        let whole = comparable(complete(&job, &mut MemoryStore::default()));
        assert!(stopped_every(1, &job, &whole) >= 40);
    }
}
