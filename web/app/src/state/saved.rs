//! An example run, shown from its report alone.

use std::sync::Arc;

use leptos::prelude::*;
use spat_spec::{DataConfig, Phase, Report};

use super::{Activity, Curve, Page, TableFile, Training};

impl Page {
    /// Shows a finished run's report with its table. Without weights, nothing can be computed with it.
    pub(crate) fn show_saved(self, name: String, table: Vec<u8>, report: Report) {
        let experiment = &report.experiment;
        let data: DataConfig = experiment.data.clone();
        let file = TableFile::plain(report.data.name.clone(), table);
        if !self.load_table(file, data) {
            return;
        }
        self.show_setup(experiment);
        self.channel.set(report.sample.channel);
        self.test_windows.set(report.data.windows.test);
        self.training.set(curves(&report));
        self.scores.set(report.scores.clone());
        self.maps.set(Arc::new(report.maps.clone()));
        self.sample.set(Some(Arc::new(report.sample.clone())));
        self.trained.set(Some(Arc::new(experiment.clone())));
        self.report.set(Some(Arc::new(report)));
        self.saved.set(Some(name));
    }

    /// Whether an example would replace nothing that the user has loaded.
    pub(crate) fn may_show_saved(self) -> bool {
        let untouched = self.table.with_untracked(Option::is_none)
            || self.saved.with_untracked(Option::is_some);
        untouched && !self.busy.get_untracked()
    }
}

/// The losses per epoch of the phases in a report.
fn curves(report: &Report) -> Training {
    let mut training = Training {
        activity: Activity::Finished,
        ..Training::default()
    };
    let phases = [
        (Phase::Pretrain, &report.dense.history),
        (Phase::Finetune, &report.pruned.history),
    ];
    let batch = report.experiment.training.batch.max(1);
    let steps_per_epoch = report.data.windows.train.div_ceil(batch);
    for (phase, history) in phases {
        let curve = Curve::of_epochs(history, steps_per_epoch);
        training.curves.insert(phase, curve);
    }
    training
}
