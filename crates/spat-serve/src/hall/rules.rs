//! What a visitor may ask of the device, so that no one takes it from the others.

use std::time::Duration;

use spat_spec::{Experiment, ForecasterConfig, TIME_FEATURES};

/// The limits of one visitor.
#[derive(Debug, Clone, Copy)]
pub struct Rules {
    /// Visitors at a time.
    pub visitors: usize,
    /// Largest table, bytes.
    pub table: usize,
    /// Longest stretch on the device while others wait.
    pub turn: Duration,
    /// Longest time on the device of one job, over all its turns.
    pub job: Duration,
    /// How long a job goes on without its visitor.
    pub absence: Duration,
    /// Runs that are kept of one visitor.
    pub runs: usize,
    /// Bytes of all visitors' runs and tables above which no new ones are taken.
    pub space: u64,
    /// Most numbers in a model.
    pub parameters: u64,
    /// Most memory of a training step, bytes, as estimated here.
    pub step: u64,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            visitors: 64,
            table: 64 << 20,
            turn: Duration::from_secs(10),
            job: Duration::from_secs(30 * 60),
            absence: Duration::from_secs(120),
            runs: 40,
            space: 20 << 30,
            parameters: 20_000_000,
            step: 2 << 30,
        }
    }
}

impl Rules {
    /// Why this server does not take the experiment, if it does not.
    pub(super) fn object(&self, experiment: &Experiment) -> Option<String> {
        if let Err(error) = experiment.check() {
            return Some(error.to_string());
        }
        let size = Size::of(&experiment.forecaster);
        if size.parameters > self.parameters as f64 {
            return Some(format!(
                "this server takes models of up to {} million parameters, and this one has about {}; \
                 make it narrower, or compute in your own browser",
                self.parameters / 1_000_000,
                millions(size.parameters)
            ));
        }
        let batch = experiment.training.batch.max(experiment.finetune.batch);
        let step = batch as f64 * size.activations + 16.0 * size.parameters;
        if step > self.step as f64 {
            return Some(format!(
                "a step of this training needs about {} MB and this server gives {}; make the batch \
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

/// Rough, in floating point: what a stranger asks for may overflow anything else.
struct Size {
    parameters: f64,
    /// Bytes that one window's forward pass leaves for its backward pass.
    activations: f64,
}

impl Size {
    fn of(forecaster: &ForecasterConfig) -> Self {
        let number = |value: usize| value as f64;
        let (lookback, horizon) = (number(forecaster.lookback()), number(forecaster.horizon()));
        let channels = number(forecaster.channels());
        let (sequences, tokens, width, hidden) = match forecaster {
            ForecasterConfig::ITransformer(c) => {
                let features = if c.time_stamps { TIME_FEATURES } else { 0 };
                let tokens = channels + number(features);
                (1.0, tokens, number(c.d_model), number(c.d_ff))
            }
            ForecasterConfig::PatchTst(c) => {
                // Checked before: the look-back holds a patch, and the stride is not 0.
                let tokens = number(c.patches());
                (channels, tokens, number(c.d_model), number(c.d_ff))
            }
            ForecasterConfig::DLinear(_) | ForecasterConfig::RLinear(_) => {
                return Self {
                    parameters: 2.0 * lookback * horizon,
                    activations: 4.0 * channels * (4.0 * lookback + 2.0 * horizon),
                };
            }
        };
        let (layers, heads) = (number(forecaster.layers()), number(forecaster.heads()));
        let layer = 4.0 * width * width + 2.0 * width * hidden;
        let ends = lookback * width + width * horizon * tokens.min(lookback);
        // Attention maps, the products around them, the feed-forward part; a few copies of each.
        let cells = tokens * (4.0 * heads * tokens + 12.0 * width + 4.0 * hidden);
        let series = channels * (lookback + horizon);
        Self {
            parameters: layers * layer + ends,
            activations: 4.0 * (layers * sequences * cells + 4.0 * series),
        }
    }
}

#[cfg(test)]
mod tests {
    use spat_spec::{ITransformerConfig, ModelKind, Preset, TrainingConfig, preset};

    use super::*;

    fn experiment((forecaster, training): (ForecasterConfig, TrainingConfig)) -> Experiment {
        Experiment {
            data: Default::default(),
            forecaster,
            finetune: Experiment::finetune_like(&training),
            training,
            send: Default::default(),
            prune: Default::default(),
            controls: Default::default(),
            seed: 1,
        }
    }

    #[test]
    fn the_published_settings_are_taken() {
        for (preset, kind) in [
            (Preset::Etth1, ModelKind::ITransformer),
            (Preset::Etth1, ModelKind::PatchTst),
            (Preset::Weather, ModelKind::ITransformer),
        ] {
            let channels = if preset == Preset::Weather { 21 } else { 7 };
            let experiment = experiment(preset.settings(kind, 96, channels, true));
            assert_eq!(
                Rules::default().object(&experiment),
                None,
                "{preset:?} {kind:?}"
            );
        }
    }

    #[test]
    fn what_would_take_the_machine_is_refused_with_a_way_out() {
        let wide = |d_model, layers, channels| {
            let config = ITransformerConfig {
                d_model,
                d_ff: d_model,
                layers,
                ..preset::itransformer(96, 96, channels, true)
            };
            experiment((
                ForecasterConfig::ITransformer(config),
                TrainingConfig::default(),
            ))
        };
        let rules = Rules::default();
        let words = rules.object(&wide(1 << 20, 1 << 20, 7)).unwrap();
        assert!(
            words.contains("parameters") && words.contains("narrower"),
            "{words}"
        );
        let words = rules.object(&wide(512, 2, 20_000)).unwrap();
        assert!(words.contains("MB") && words.contains("smaller"), "{words}");
        let words = rules.object(&wide(511, 2, 7)).unwrap();
        assert!(words.contains("multiple"), "{words}");
    }
}
