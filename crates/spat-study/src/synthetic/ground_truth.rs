//! A forecaster whose modules have a known order of importance.
//!
//! Six channels in three pairs: a leader without any temporal structure, and a follower that repeats its
//! leader eight rows later. Each channel starts with an identifier, a pulse in its own row, so that
//! attention can distinguish channels. A leader's future is unpredictable; a follower's future equals its
//! leader's last eight rows, which are only accessible by attention between channels. So without working
//! attention the model has the loss of both, and one good attention module is enough to halve it.
//!
//! One module of an iTransformer with five layers is free to learn that. The others are constrained after
//! every training step. From redundant to essential:
//!
//! | order | module | constraint |
//! |---|---|---|
//! | 0 | `encoder.2.attention` | silent: W_o and its bias are 0, so its output is 0 |
//! | 1 | `encoder.0.attention` | noise: random weights that are never trained, with the output at 0.15 of its size |
//! | 2 | `encoder.4.attention` | copy of the free one, at a tenth of its strength |
//! | 3 | `encoder.3.attention` | uniform: W_q = W_k = 0, so it can only average all channels, but its values are trained |
//! | 4 | `encoder.1.attention` | free |
//!
//! The strengths separate the modules: each costs several times what the one before it does. Leave-one-out
//! on unseen data confirms that this is the true order of the trained model. Position does not reveal it:
//! the order has τ = 0 with depth.

use burn::module::Param;
use burn::nn::Linear;
use burn::tensor::{Device, Tensor, TensorData};
use serde::{Deserialize, Serialize};
use spat_model::{Forecaster, HasAttention, MultiHeadAttention};
use spat_prune::{Sample, ScoreAccumulator, ScoreError, ScoringOptions, score_with};
use spat_series::Part;
use spat_spec::{
    FieldValue, MaskShape, ModelKind, Scaling, Score, Scorer, SendOptions, Sign, Size, Structure,
    When, Window,
};

use crate::synthetic::draw::Draw;
use crate::synthetic::fit::Fit;

/// Constraint on a module after each training step.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Constraint {
    /// `W_o = 0`, `b_o = 0`.
    Silent,
    /// All weights reset to their initial random values, `W_o` and `b_o` times `amplitude`.
    Noise {
        /// Factor on its output.
        amplitude: f64,
        /// Determines the weights.
        seed: u64,
    },
    /// `W_q = W_k = 0` with their biases: every key gets the same attention.
    Uniform,
    /// The weights of another layer's module, `W_o` and `b_o` times `share`.
    Copy {
        /// That layer.
        of: usize,
        /// Factor on its output.
        share: f64,
    },
}

/// Applies constraints to the attention modules, by layer. A removed module, or one of another size than
/// its original, is unchanged.
pub fn constrain<M: HasAttention>(mut model: M, constraints: &[(usize, Constraint)]) -> M {
    for &(layer, constraint) in constraints {
        let original = match constraint {
            Constraint::Copy { of, .. } => {
                let slots = model.slots();
                slots.get(of).and_then(|slot| slot.module.clone())
            }
            _ => None,
        };
        let mut slots = model.slots_mut();
        let Some(slot) = slots.get_mut(layer) else {
            continue;
        };
        if let Some(module) = &mut slot.module {
            hold(module, constraint, layer, original.as_ref());
        }
    }
    model
}

fn hold(
    module: &mut MultiHeadAttention,
    constraint: Constraint,
    layer: usize,
    original: Option<&MultiHeadAttention>,
) {
    let parts = [
        &mut module.query,
        &mut module.key,
        &mut module.value,
        &mut module.output,
    ];
    match constraint {
        Constraint::Silent => module.output = zero(module.output.clone()),
        Constraint::Uniform => {
            module.query = zero(module.query.clone());
            module.key = zero(module.key.clone());
        }
        Constraint::Noise { amplitude, seed } => {
            let draw = &mut Draw::new(seed, 0, layer as u64);
            for (part, factor) in parts.into_iter().zip([1.0, 1.0, 1.0, amplitude]) {
                *part = noise(part.clone(), draw, factor);
            }
        }
        Constraint::Copy { share, .. } => {
            let Some(original) = original else {
                return;
            };
            let originals = [
                &original.query,
                &original.key,
                &original.value,
                &original.output,
            ];
            for ((part, original), factor) in
                parts.into_iter().zip(originals).zip([1.0, 1.0, 1.0, share])
            {
                *part = copy(part.clone(), original, factor);
            }
        }
    }
}

fn zero(layer: Linear) -> Linear {
    Linear {
        weight: layer.weight.map(|old| held(&old, old.zeros_like())),
        bias: layer
            .bias
            .map(|bias| bias.map(|old| held(&old, old.zeros_like()))),
    }
}

fn noise(layer: Linear, draw: &mut Draw, amplitude: f64) -> Linear {
    let bound = amplitude / (layer.weight.dims()[0] as f64).sqrt();
    Linear {
        weight: drawn(layer.weight, draw, bound),
        bias: layer.bias.map(|bias| drawn(bias, draw, bound)),
    }
}

fn drawn<const D: usize>(param: Param<Tensor<D>>, draw: &mut Draw, bound: f64) -> Param<Tensor<D>> {
    param.map(|old| {
        let values: Vec<f32> = (0..old.shape().num_elements())
            .map(|_| draw.within(bound) as f32)
            .collect();
        let data = TensorData::new(values, old.shape());
        held(&old, Tensor::from_data(data, &old.device()))
    })
}

fn copy(layer: Linear, original: &Linear, share: f64) -> Linear {
    if layer.weight.dims() != original.weight.dims() {
        return layer;
    }
    let bias = original.bias.as_ref().map(Param::val);
    Linear {
        weight: layer
            .weight
            .map(|old| held(&old, original.weight.val() * share)),
        bias: match (layer.bias, bias) {
            (Some(own), Some(other)) => Some(own.map(|old| held(&old, other * share))),
            (own, _) => own,
        },
    }
}

/// A new value in the place of `old`, as a leaf tensor if `old` was one.
fn held<const D: usize>(old: &Tensor<D>, new: Tensor<D>) -> Tensor<D> {
    let new = if new.is_autodiff() { new.inner() } else { new };
    if old.is_autodiff() {
        Tensor::from_inner(new).require_grad()
    } else {
        new
    }
}

const PAIRS: usize = 3;
const CHANNELS: usize = 2 * PAIRS;
/// Rows by which a follower lags, and rows to forecast.
const LAG: usize = 8;
/// Rows of the look-back after the identifiers.
const PAST: usize = 16;
const LAYERS: usize = 5;

/// Position of each module in the true order, by layer: 0 is the most redundant.
pub const TRUTH: [f64; LAYERS] = [1.0, 4.0, 0.0, 3.0, 2.0];

/// The constraints by layer; layer 1 is free.
pub fn constraints(seed: u64) -> [(usize, Constraint); LAYERS - 1] {
    let noise = Constraint::Noise {
        amplitude: 0.15,
        seed,
    };
    let copy = Constraint::Copy { of: 1, share: 0.1 };
    [
        (0, noise),
        (2, Constraint::Silent),
        (3, Constraint::Uniform),
        (4, copy),
    ]
}

/// Everything that determines the model and its scores.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct GroundTruthConfig {
    /// Training steps.
    pub steps: usize,
    /// Windows per step.
    pub batch: usize,
    /// Adam's learning rate.
    pub learning_rate: f64,
    /// Batches for scorers after training, and as many others for those of the validation part.
    pub batches: usize,
    /// Determines weights, constraints and data.
    pub seed: u64,
}

impl Default for GroundTruthConfig {
    fn default() -> Self {
        Self {
            steps: 1500,
            batch: 32,
            learning_rate: 2e-3,
            batches: 16,
            seed: 0,
        }
    }
}

/// Scores of all modules by one scorer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GroundTruthScores {
    /// Name of the scorer, with its options.
    pub name: String,
    /// The scores, by layer.
    pub scores: Vec<Score>,
}

/// The trained model and its scores by every scorer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GroundTruthReport {
    /// What was done.
    pub config: GroundTruthConfig,
    /// The mean squared error on unseen windows.
    pub loss: f64,
    /// The error of a constant forecast of the mean: both halves unknown.
    pub loss_without_attention: f64,
    /// The error of a forecast with all predictable information.
    pub best_loss: f64,
    /// SEND with every combination of options, and the baseline scorers. Leave-one-out, on unseen
    /// windows, must confirm [`TRUTH`].
    pub scores: Vec<GroundTruthScores>,
}

impl GroundTruthReport {
    /// The scores of one scorer, by its name.
    pub fn of(&self, name: &str) -> Option<&[Score]> {
        self.scores
            .iter()
            .find(|scores| scores.name == name)
            .map(|scores| scores.scores.as_slice())
    }
}

/// Trains the constrained forecaster on generated series and scores it with every scorer.
///
/// # Errors
/// Scores that are not finite.
pub async fn run(config: &GroundTruthConfig) -> Result<GroundTruthReport, ScoreError> {
    let window = Window::new(CHANNELS + PAST, LAG, CHANNELS);
    let (mut forecaster, _) = ModelKind::default().defaults(window, false);
    forecaster.resize(Size {
        width: 32,
        layers: LAYERS,
        heads: 4,
    });
    forecaster.set("dropout", FieldValue::Probability(0.0));
    forecaster.set("normalise", FieldValue::Switch(false));
    let structure = Structure::dense(forecaster);
    let constraints = constraints(config.seed);
    let start = constrain(
        Forecaster::init(&structure, config.seed, &Device::flex()),
        &constraints,
    );
    let mut during = [SendOptions::default(), literal()].map(ScoreAccumulator::new);
    let fit = Fit {
        steps: config.steps,
        epochs: 1,
        learning_rate: config.learning_rate,
        seed: config.seed,
    };
    let trained = fit.train(
        &start,
        |step| series(config.seed, 1, step, config.batch),
        |model| constrain(model, &constraints),
        &mut during,
        |_| (),
    );

    let batches = |stream| -> Vec<Sample> {
        (0..config.batches)
            .map(|number| series(config.seed, stream, number, config.batch))
            .collect()
    };
    let (seen, unseen) = (batches(2), batches(3));
    let options = ScoringOptions {
        seed: config.seed,
        heads: false,
        ..ScoringOptions::default()
    };
    let mut scores = Vec::new();
    let modules = trained.active_attention_ids();
    for accumulator in &during {
        scores.push(GroundTruthScores {
            name: accumulator.options().spelled(),
            scores: accumulator.scores(&modules).await?,
        });
    }
    for send in settings() {
        let options = ScoringOptions { send, ..options };
        scores.push(GroundTruthScores {
            name: send.spelled(),
            scores: score_with(Scorer::Send, &trained, &seen, &options).await?,
        });
    }
    // SEND is ranked above, with all of its options.
    for scorer in Scorer::ALL
        .into_iter()
        .filter(|&scorer| scorer != Scorer::Send)
    {
        let needs = scorer.needs();
        let model = if needs.untrained { &start } else { &trained };
        let batches = match needs.part {
            Some(Part::Val) => &unseen,
            _ => &seen,
        };
        scores.push(GroundTruthScores {
            name: scorer.name().to_owned(),
            scores: score_with(scorer, model, batches, &options).await?,
        });
    }
    let mean_loss = |error: f64| error / CHANNELS as f64 * PAIRS as f64;
    Ok(GroundTruthReport {
        config: *config,
        loss: loss(&trained, &unseen).await?,
        loss_without_attention: 2.0 * mean_loss(VARIANCE),
        best_loss: mean_loss(VARIANCE),
        scores,
    })
}

/// The literal reading: no scaling before the softmax.
fn literal() -> SendOptions {
    SendOptions {
        scaling: Scaling::None,
        ..SendOptions::default()
    }
}

/// Every combination of mask, sign and scaling.
fn settings() -> Vec<SendOptions> {
    let mut settings = Vec::new();
    for mask in [MaskShape::Shared, MaskShape::PerSample] {
        for sign in [Sign::Signed, Sign::Absolute] {
            for scaling in [Scaling::None, Scaling::SumLoss, Scaling::Standardise] {
                settings.push(SendOptions {
                    mask,
                    sign,
                    scaling,
                    when: When::After,
                    ..SendOptions::default()
                });
            }
        }
    }
    settings
}

async fn loss(model: &Forecaster, batches: &[Sample]) -> Result<f64, ScoreError> {
    let mut sum = 0.0;
    for batch in batches {
        let forecast = model.forward(
            batch.inputs.clone(),
            &mut spat_model::ForwardContext::evaluation(),
        );
        let error = batch.target.mean_squared_error(forecast);
        let error = spat_model::read(error).await.map_err(ScoreError::Device)?;
        sum += error.iter().map(|&error| f64::from(error)).sum::<f64>();
    }
    Ok(sum / batches.len().max(1) as f64)
}

/// Rows are uniform in `[-√3, √3)`.
const VARIANCE: f64 = 1.0;

/// `count` windows: rows 0 to 5 identify the channels, followed by sixteen rows of the past.
fn series(seed: u64, stream: u64, number: usize, count: usize) -> Sample {
    let draw = &mut Draw::new(seed, stream, number as u64);
    let lookback = CHANNELS + PAST;
    let mut inputs = vec![0.0_f32; count * lookback * CHANNELS];
    let mut targets = vec![0.0_f32; count * LAG * CHANNELS];
    for window in 0..count {
        for channel in 0..CHANNELS {
            inputs[(window * lookback + channel) * CHANNELS + channel] = 2.0;
        }
        for pair in 0..PAIRS {
            let (leader, follower) = (2 * pair, 2 * pair + 1);
            // The leader from one lag before the window to the end of the horizon.
            let rows: Vec<f32> = (0..LAG + PAST + LAG)
                .map(|_| draw.within(3.0_f64.sqrt()) as f32)
                .collect();
            for row in 0..PAST {
                let place = (window * lookback + CHANNELS + row) * CHANNELS;
                inputs[place + leader] = rows[LAG + row];
                inputs[place + follower] = rows[row];
            }
            for row in 0..LAG {
                let place = (window * LAG + row) * CHANNELS;
                targets[place + leader] = rows[LAG + PAST + row];
                targets[place + follower] = rows[PAST + row];
            }
        }
    }
    let tensor = |values, rows| -> Tensor<3> {
        let data = TensorData::new(values, [count, rows, CHANNELS]);
        Tensor::from_data(data, &Device::flex())
    };
    Sample {
        inputs: tensor(inputs, lookback).into(),
        target: tensor(targets, LAG).into(),
    }
}

#[cfg(test)]
mod tests {
    use spat_spec::{ForecasterConfig, ITransformerConfig};

    use super::*;
    use spat_model::ForwardContext;

    fn values(tensor: Tensor<3>) -> Vec<f32> {
        pollster::block_on(spat_model::read(tensor)).unwrap()
    }

    /// A follower's forecast is its leader's last eight rows, and its own past the eight rows before.
    #[test]
    fn followers_repeat_their_leaders() {
        let sample = series(1, 2, 3, 2);
        let (inputs, targets) = (values(sample.inputs.values), values(sample.target.values));
        let input = |window: usize, row: usize, channel: usize| {
            inputs[(window * (CHANNELS + PAST) + CHANNELS + row) * CHANNELS + channel]
        };
        for window in 0..2 {
            for row in 0..LAG {
                for pair in 0..PAIRS {
                    let (leader, follower) = (2 * pair, 2 * pair + 1);
                    let target = targets[(window * LAG + row) * CHANNELS + follower];
                    assert_eq!(target, input(window, PAST - LAG + row, leader));
                    assert_eq!(
                        input(window, LAG + row, follower),
                        input(window, row, leader)
                    );
                }
            }
        }
    }

    /// A silent module has no output, a uniform one attends everywhere equally, a copy has a share of the
    /// original's output, and applying constraints twice changes nothing.
    #[test]
    fn constraints_hold_and_are_idempotent() {
        let config = ITransformerConfig {
            d_model: 8,
            d_ff: 8,
            heads: 2,
            layers: 4,
            ..ITransformerConfig::new(Window::new(6, 4, 3), false)
        };
        let structure = Structure::dense(ForecasterConfig::ITransformer(config));
        let constraints = [
            (0, Constraint::Silent),
            (1, Constraint::Uniform),
            (3, Constraint::Copy { of: 2, share: 0.5 }),
        ];
        let model = constrain(
            Forecaster::init(&structure, 1, &Device::flex()),
            &constraints,
        );
        let tokens: Vec<f32> = (0..24).map(|n| (n as f32 * 0.7).sin()).collect();
        let tokens = Tensor::from_data(TensorData::new(tokens, [1, 3, 8]), &Device::flex());
        let output = |model: &Forecaster, layer: usize| -> (Vec<f32>, Vec<f32>) {
            let mut cx = ForwardContext::evaluation().with_probe(spat_model::Probe::Maps);
            let slot = model.slots()[layer];
            let output = values(slot.attend(tokens.clone(), &mut cx).unwrap());
            let map = cx.maps()[slot.id()].values.clone();
            (output, pollster::block_on(spat_model::read(map)).unwrap())
        };
        assert!(output(&model, 0).0.iter().all(|&value| value == 0.0));
        assert!(
            output(&model, 1)
                .1
                .iter()
                .all(|&value| (value - 1.0 / 3.0).abs() < 1e-6)
        );
        let (original, copied) = (output(&model, 2), output(&model, 3));
        assert_eq!(original.1, copied.1);
        for (original, copied) in original.0.iter().zip(copied.0) {
            assert!((original * 0.5 - copied).abs() < 1e-6);
        }
        let again = constrain(model.clone(), &constraints);
        for layer in 0..4 {
            assert_eq!(output(&model, layer), output(&again, layer));
        }
    }
}
