//! Hard-concrete gates that are trained to close.

use std::collections::BTreeMap;

use rand::{Rng as _, SeedableRng as _};
use rand_xoshiro::Xoshiro256PlusPlus;
use spat_model::{ForwardContext, Gates, Probe};
use spat_spec::{ModuleId, Score};

use crate::measurements::numbers;
use crate::{GateTraining, ScorableModel, ScoreError, ScoringOptions};

const BETA: f64 = 0.33;
const GAMMA: f64 = -0.1;
const ZETA: f64 = 1.1;

/// One draw of a hard-concrete gate (Louizos et al. 2018, arXiv 1712.01312): a number in `[0, 1]` that
/// is exactly 0 or 1 with positive probability, and its slope along log a.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct HardConcrete {
    /// z.
    pub gate: f64,
    /// ∂z/∂log a; 0 where z is clamped.
    pub slope: f64,
}

impl HardConcrete {
    /// `s = σ((ln u − ln(1−u) + log a) / β)`, `z = min(1, max(0, s (ζ − γ) + γ))` for u in `(0, 1)`.
    pub fn draw(log_a: f64, u: f64) -> Self {
        let s = sigmoid((u.ln() - (1.0 - u).ln() + log_a) / BETA);
        let stretched = s * (ZETA - GAMMA) + GAMMA;
        let inside = stretched > 0.0 && stretched < 1.0;
        Self {
            gate: stretched.clamp(0.0, 1.0),
            slope: if inside {
                (ZETA - GAMMA) * s * (1.0 - s) / BETA
            } else {
                0.0
            },
        }
    }
}

/// `P(z ≠ 0) = σ(log a − β ln(−γ/ζ))`.
pub fn opening(log_a: f64) -> f64 {
    sigmoid(log_a - BETA * (-GAMMA / ZETA).ln())
}

fn sigmoid(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}

/// `P(z ≠ 0)` of a gate after each module after training `L + λ Σ P(z ≠ 0)` from the converged model
/// (Voita et al. 2019, arXiv 1905.09418; lena-voita/the-story-of-heads). Gates of heads are trained
/// separately from those of modules.
///
/// Unlike in Voita's method the weights are frozen, so that the score is one of the given model.
pub(super) async fn score<M: ScorableModel>(
    model: &M,
    batches: &[M::Batch],
    options: &ScoringOptions,
) -> Result<Vec<Score>, ScoreError> {
    let modules = train(model, batches, options, Place::Modules).await?;
    let mut heads = match options.heads {
        true => train(model, batches, options, Place::Heads).await?,
        false => BTreeMap::new(),
    };
    let scores = model
        .active_attention_ids()
        .into_iter()
        .map(|module| Score {
            module: module.clone(),
            value: modules
                .get(module)
                .and_then(|gates| gates.first().copied())
                .unwrap_or(f64::NAN),
            heads: heads.remove(module).unwrap_or_default(),
            spread: 0.0,
            batches: options.gates.steps as u64,
        });
    Ok(scores.collect())
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Modules,
    Heads,
}

/// The final `P(z ≠ 0)` by module: one, or one per active head.
async fn train<M: ScorableModel>(
    model: &M,
    batches: &[M::Batch],
    options: &ScoringOptions,
    place: Place,
) -> Result<BTreeMap<ModuleId, Vec<f64>>, ScoreError> {
    let config = &options.gates;
    let model = model.clone().train();
    let mut random = Xoshiro256PlusPlus::seed_from_u64(options.seed ^ place as u64);
    let active: Vec<(ModuleId, usize)> = model
        .active_attention()
        .into_iter()
        .map(|slot| (slot.id().clone(), slot.heads().len()))
        .collect();
    let gates_of = |heads: usize| match place {
        Place::Modules => 1,
        Place::Heads => heads,
    };
    let count = active.iter().map(|(_, heads)| gates_of(*heads)).sum();
    let mut adam = Adam::new(count, config);
    for batch in batches.iter().cycle().take(config.steps) {
        let draws: Vec<HardConcrete> = adam
            .values
            .iter()
            .map(|&log_a| HardConcrete::draw(log_a, inside_unit(&mut random)))
            .collect();
        let mut next = draws.iter().map(|draw| draw.gate as f32);
        let mut factors = BTreeMap::new();
        for (module, heads) in &active {
            let mine: Vec<f32> = next.by_ref().take(gates_of(*heads)).collect();
            let gates = match place {
                Place::Modules => Gates {
                    heads: vec![1.0; *heads],
                    module: mine.first().copied().unwrap_or(1.0),
                },
                Place::Heads => Gates {
                    heads: mine,
                    module: 1.0,
                },
            };
            factors.insert(module.clone(), gates);
        }
        let mut cx = ForwardContext::evaluation()
            .with_probe(Probe::Gates)
            .with_gates(factors);
        let loss = model.loss(&M::tracked(batch), &mut cx);
        let mut gradients = cx.gate_gradients(&mut loss.backward());
        let mut slopes = Vec::with_capacity(count);
        for (module, heads) in &active {
            match gradients.remove(module) {
                Some(found) => slopes.extend(match place {
                    Place::Modules => numbers(found.module.sum_dim(0)).await?,
                    Place::Heads => numbers(found.heads.sum_dim(0)).await?,
                }),
                None => slopes.extend(vec![0.0; gates_of(*heads)]),
            }
        }
        let slopes: Vec<f64> = slopes
            .iter()
            .zip(&draws)
            .zip(&adam.values)
            .map(|((slope, draw), &log_a)| {
                let open = opening(log_a);
                slope * draw.slope + config.penalty * open * (1.0 - open)
            })
            .collect();
        adam.step(&slopes);
    }
    let mut openings = adam.values.iter().map(|&log_a| opening(log_a));
    let by_module = active.into_iter().map(|(module, heads)| {
        let mine = openings.by_ref().take(gates_of(heads)).collect();
        (module, mine)
    });
    Ok(by_module.collect())
}

/// Uniform in the open interval `(0, 1)`.
fn inside_unit(random: &mut Xoshiro256PlusPlus) -> f64 {
    ((random.next_u64() >> 12) as f64 + 0.5) / (1_u64 << 52) as f64
}

/// Adam (arXiv 1412.6980) over a few numbers.
struct Adam {
    values: Vec<f64>,
    first: Vec<f64>,
    second: Vec<f64>,
    steps: i32,
    learning_rate: f64,
}

impl Adam {
    fn new(count: usize, config: &GateTraining) -> Self {
        Self {
            values: vec![config.start; count],
            first: vec![0.0; count],
            second: vec![0.0; count],
            steps: 0,
            learning_rate: config.learning_rate,
        }
    }

    fn step(&mut self, slopes: &[f64]) {
        let (beta_1, beta_2) = (0.9_f64, 0.999_f64);
        self.steps += 1;
        for (place, &slope) in slopes.iter().enumerate() {
            self.first[place] = beta_1 * self.first[place] + (1.0 - beta_1) * slope;
            self.second[place] = beta_2 * self.second[place] + (1.0 - beta_2) * slope * slope;
            let first = self.first[place] / (1.0 - beta_1.powi(self.steps));
            let second = self.second[place] / (1.0 - beta_2.powi(self.steps));
            self.values[place] -= self.learning_rate * first / (second.sqrt() + 1e-8);
        }
    }
}
