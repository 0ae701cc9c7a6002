//! Limits of each visitor of the shared engine.

use std::time::Duration;

use spat_series::ReadOptions;
use spat_spec::{Experiment, Structure};

use crate::engine_process::TableLimits;

/// The limits of one visitor.
#[derive(Debug, Clone, Copy)]
pub struct Rules {
    /// Most visitors at a time.
    pub visitors: usize,
    /// Most visitors who wait for a place. One address has at most half of them.
    pub waiting: usize,
    /// How long the place of a disconnected visitor without tasks is kept while others wait for one.
    pub reconnect: Duration,
    /// Largest table, in bytes.
    pub table: usize,
    /// Longest turn on the device while other visitors wait.
    pub turn: Duration,
    /// Longest time of one job on the device, over all of its turns.
    pub job: Duration,
    /// How long a job continues without a connection of its visitor.
    pub absence: Duration,
    /// Most stored runs of one visitor.
    pub runs: usize,
    /// Total size of all visitors' files, in bytes, above which new tables are rejected.
    pub space: u64,
    /// How long a run is kept after its last use; `None` keeps it for ever.
    pub keep: Option<Duration>,
    /// Most parameters of a model.
    pub parameters: u64,
    /// Most memory of a training step, in bytes, by estimate.
    pub step: u64,
    /// Most channels of a table and of a model.
    pub channels: usize,
    /// Most values of a table: channels × rows.
    pub values: u64,
    /// Most markers of missing values.
    pub markers: usize,
}

/// Longest marker of missing values, in bytes.
const MAX_MARKER: usize = 64;

impl Default for Rules {
    fn default() -> Self {
        Self {
            visitors: 64,
            waiting: 256,
            reconnect: Duration::from_secs(5),
            table: 64 << 20,
            turn: Duration::from_secs(10),
            job: Duration::from_secs(30 * 60),
            absence: Duration::from_secs(120),
            runs: 40,
            space: 20 << 30,
            keep: None,
            parameters: 20_000_000,
            step: 2 << 30,
            channels: 4096,
            values: 50_000_000,
            markers: 64,
        }
    }
}

impl Rules {
    pub(crate) fn table_limits(&self) -> TableLimits {
        TableLimits {
            channels: self.channels,
            values: self.values,
        }
    }

    /// Lowers the reading limits of the experiment to the defaults. They decide only which tables are
    /// errors, so no result changes.
    pub(super) fn clamp(experiment: &mut Experiment) {
        let limits = ReadOptions::default();
        let read = &mut experiment.data.read;
        read.max_columns = read.max_columns.min(limits.max_columns);
        read.max_line_bytes = read.max_line_bytes.min(limits.max_line_bytes);
    }

    /// Why this server rejects the reading options or the channels, if it does.
    fn reject_data(&self, experiment: &Experiment) -> Option<String> {
        let read = &experiment.data.read;
        if read.missing.len() > self.markers {
            return Some(format!(
                "this server takes up to {} markers of missing values, and this setup has {}; remove some",
                self.markers,
                read.missing.len()
            ));
        }
        if read.missing.iter().any(|marker| marker.len() > MAX_MARKER) {
            return Some(format!(
                "this server takes markers of missing values of up to {MAX_MARKER} bytes; use shorter ones"
            ));
        }
        let selected = experiment.data.series.channels.as_ref().map_or(0, Vec::len);
        let channels = experiment.forecaster.channels().max(selected);
        (channels > self.channels).then(|| {
            format!(
                "this server takes up to {} channels, and this setup has {channels}; select fewer, or \
                 compute in your own browser",
                self.channels
            )
        })
    }

    /// Why this server rejects the experiment, if it does.
    pub(super) fn reject_reason(&self, experiment: &Experiment) -> Option<String> {
        if let Some(reason) = self.reject_data(experiment) {
            return Some(reason);
        }
        if let Err(error) = experiment.check() {
            return Some(error.to_string());
        }
        let forecaster = &experiment.forecaster;
        let dense = Structure::dense(forecaster.clone());
        let parameters = dense.cost().params.saturating_add(dense.frozen());
        if parameters > self.parameters {
            return Some(format!(
                "this server takes models of up to {} million parameters, and this one has about {}; \
                 make it narrower, or compute in your own browser",
                self.parameters / 1_000_000,
                millions(parameters as f64)
            ));
        }
        let step = experiment.step_memory();
        if step > self.step as f64 {
            return Some(format!(
                "a step of this training needs about {} MB, and this server allows {}; make the batch \
                 or the model smaller, or compute in your own browser",
                millions(step),
                self.step >> 20
            ));
        }
        None
    }
}

fn millions(value: f64) -> String {
    format!("{:.0}", value / 1e6)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use spat_spec::{
        ForecasterConfig, ITransformerConfig, ModelKind, Preset, TrainingConfig, Window,
    };

    use super::*;

    fn experiment((forecaster, training): (ForecasterConfig, TrainingConfig)) -> Experiment {
        Experiment {
            data: Default::default(),
            forecaster,
            finetune: Experiment::finetune_like(&training),
            training,
            scorer: Default::default(),
            send: Default::default(),
            prune: Default::default(),
            controls: Default::default(),
            seed: 1,
        }
    }

    #[test]
    fn published_settings_are_accepted() {
        for (preset, kind) in [
            (Preset::Etth1, "itransformer"),
            (Preset::Etth1, "patchtst"),
            (Preset::Weather, "itransformer"),
        ] {
            let channels = if preset == Preset::Weather { 21 } else { 7 };
            let kind: ModelKind = kind.parse().unwrap();
            let experiment = experiment(kind.published(preset, 96, channels, true));
            assert_eq!(
                Rules::default().reject_reason(&experiment),
                None,
                "{preset:?} {kind:?}"
            );
        }
    }

    #[test]
    fn oversized_models_are_rejected_with_advice() {
        let wide = |d_model, layers, channels| {
            let config = ITransformerConfig {
                d_model,
                d_ff: d_model,
                layers,
                ..ITransformerConfig::new(Window::new(96, 96, channels), true)
            };
            experiment((
                ForecasterConfig::ITransformer(config),
                TrainingConfig::default(),
            ))
        };
        let rules = Rules::default();
        let words = rules.reject_reason(&wide(1 << 16, 1 << 10, 7)).unwrap();
        assert!(
            words.contains("parameters") && words.contains("narrower"),
            "{words}"
        );
        let words = rules.reject_reason(&wide(512, 2, 4_000)).unwrap();
        assert!(words.contains("MB") && words.contains("smaller"), "{words}");
        let words = rules.reject_reason(&wide(511, 2, 7)).unwrap();
        assert!(words.contains("multiple"), "{words}");
        let words = rules.reject_reason(&wide(64, 1, 4_097)).unwrap();
        assert!(words.contains("4096 channels"), "{words}");
    }

    #[test]
    fn reading_limits_of_visitors_are_clamped() {
        let config = ITransformerConfig::new(Window::new(96, 96, 7), true);
        let mut experiment = experiment((
            ForecasterConfig::ITransformer(config),
            TrainingConfig::default(),
        ));
        let before = experiment.clone();
        Rules::clamp(&mut experiment);
        assert_eq!(experiment, before, "defaults keep their hash");
        experiment.data.read.max_columns = 1 << 40;
        experiment.data.read.max_line_bytes = usize::MAX;
        Rules::clamp(&mut experiment);
        assert_eq!(experiment, before);

        let rules = Rules::default();
        experiment.data.read.missing = (0..85_000).map(|marker| marker.to_string()).collect();
        let words = rules.reject_reason(&experiment).unwrap();
        assert!(
            words.contains("64 markers") && words.contains("85000"),
            "{words}"
        );
        experiment.data.read.missing = vec!["9".repeat(65)];
        let words = rules.reject_reason(&experiment).unwrap();
        assert!(words.contains("shorter"), "{words}");
        experiment.data.read.missing.clear();
        experiment.data.series.channels = Some(vec!["a".to_owned(); 5_000]);
        let words = rules.reject_reason(&experiment).unwrap();
        assert!(words.contains("5000"), "{words}");
    }
}
