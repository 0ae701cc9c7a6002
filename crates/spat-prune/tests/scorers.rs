//! Every scorer on one attention module small enough to be worked by hand.
//!
//! Two tokens x₁ = (1, 0), x₂ = (0, 1); two heads of width 1. W_q = 0 with bias (1, 1), so every query is 1
//! in both heads. W_k sends x₁ to (ln 3, 0) and x₂ to (0, 0), so head 0 looks at the tokens with
//! A = (3/4, 1/4) and head 1 with (1/2, 1/2), from both queries. W_v sends x₁ to (4, 0) and x₂ to (0, 2),
//! so the contexts are 3/4 · 4 = 3 and 1/2 · 2 = 1. W_o is the unit matrix with bias (0, 1/2): the module
//! outputs (3, 3/2) for both tokens.
//!
//! The loss is linear in it, `Σ C ⊙ MHA(x)` with C = ((1, 2), (−3, 3)):
//! L = 1·3 + 2·3/2 − 3·3 + 3·3/2 = 3/2.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use burn::module::{Module, Param};
use burn::nn::Linear;
use burn::tensor::{Device, Tensor, TensorData};
use spat_model::{AttentionSlot, Encoder, EncoderSize, ForwardContext, HasAttention, weights};
use spat_prune::{
    GateTraining, HardConcrete, ScorableModel, ScoringOptions, Tuning, opening, score_with,
};
use spat_spec::{AttentionStructure, MaskShape, ModuleId, Scaling, Score, Scorer, SendOptions};

/// The attention modules of an encoder side by side, each with the linear loss; or the encoder's
/// own forward pass.
#[derive(Module, Debug)]
struct Toy {
    encoder: Encoder,
}

#[derive(Clone)]
struct Batch {
    tokens: Tensor<3>,
    weights: Tensor<3>,
    through_layers: bool,
}

impl HasAttention for Toy {
    fn slots(&self) -> Vec<&AttentionSlot> {
        self.encoder.slots()
    }

    fn slots_mut(&mut self) -> Vec<&mut AttentionSlot> {
        self.encoder.slots_mut()
    }
}

impl ScorableModel for Toy {
    type Batch = Batch;

    fn loss(&self, batch: &Batch, cx: &mut ForwardContext) -> Tensor<1> {
        if batch.through_layers {
            let output = self.encoder.encode(batch.tokens.clone(), cx);
            return (output * batch.weights.clone()).sum();
        }
        let mut loss = Tensor::zeros([1], &batch.tokens.device());
        for layer in &self.encoder.layers {
            if let Some(branch_output) = layer.attention.attend(batch.tokens.clone(), cx) {
                loss = loss + (branch_output * batch.weights.clone()).sum();
            }
        }
        loss
    }

    fn tracked(batch: &Batch) -> Batch {
        Batch {
            tokens: Tensor::from_inner(batch.tokens.clone()),
            weights: Tensor::from_inner(batch.weights.clone()),
            through_layers: batch.through_layers,
        }
    }

    fn loss_values(_: &Batch) -> usize {
        4
    }
}

fn linear(weight: &[f32], bias: &[f32]) -> Linear {
    let device = Device::flex();
    let shape = [weight.len() / bias.len(), bias.len()];
    let weight = Tensor::from_data(TensorData::new(weight.to_vec(), shape), &device);
    let bias = Tensor::from_data(TensorData::new(bias.to_vec(), [bias.len()]), &device);
    Linear {
        weight: Param::from_tensor(weight),
        bias: Some(Param::from_tensor(bias)),
    }
}

fn encoder(d_model: usize, heads: usize, layers: usize) -> Encoder {
    let size = EncoderSize {
        d_model,
        d_ff: 2,
        heads,
        dropout: 0.0,
    };
    let attention: Vec<AttentionStructure> = (0..layers)
        .map(|layer| AttentionStructure {
            module: ModuleId::encoder(layer),
            heads: (0..heads).collect(),
        })
        .collect();
    Encoder::new(&size, &attention, 0, &Device::flex())
}

/// The module of the head of this file, once or more often.
fn toy(layers: usize) -> Toy {
    let mut encoder = encoder(2, 2, layers);
    for layer in &mut encoder.layers {
        let module = layer.attention.module.as_mut().unwrap();
        module.query = linear(&[0.0; 4], &[1.0, 1.0]);
        module.key = linear(&[3.0_f32.ln(), 0.0, 0.0, 0.0], &[0.0; 2]);
        module.value = linear(&[4.0, 0.0, 0.0, 2.0], &[0.0; 2]);
        module.output = linear(&[1.0, 0.0, 0.0, 1.0], &[0.0, 0.5]);
    }
    Toy { encoder }
}

fn tokens<const N: usize>(rows: [[f32; N]; 2]) -> Tensor<3> {
    let values = rows.into_iter().flatten().collect();
    Tensor::from_data(TensorData::new(values, [1, 2, N]), &Device::flex())
}

fn batch() -> Batch {
    Batch {
        tokens: tokens([[1.0, 0.0], [0.0, 1.0]]),
        weights: tokens([[1.0, 2.0], [-3.0, 3.0]]),
        through_layers: false,
    }
}

fn scores(scorer: Scorer, model: &Toy, batches: &[Batch], options: &ScoringOptions) -> Vec<Score> {
    pollster::block_on(score_with(scorer, model, batches, options)).unwrap()
}

fn score(scorer: Scorer, options: &ScoringOptions) -> Score {
    scores(scorer, &toy(1), &[batch()], options).remove(0)
}

#[track_caller]
fn assert_score(score: &Score, value: f64, heads: &[f64]) {
    let close = |a: f64, b: f64| (a - b).abs() <= 2e-5 * b.abs().max(0.01);
    assert!(close(score.value, value), "{score:?}, by hand {value}");
    assert_eq!(score.heads.len(), heads.len());
    for (found, expected) in score.heads.iter().zip(heads) {
        assert!(close(*found, *expected), "{score:?}, by hand {heads:?}");
    }
}

/// With the gradient g of a query's context, S_j = A_j · g · v_j: head 0 (3, 0) and (−9, 0), head 1 (0, 2)
/// and (0, 3). A row (s, 0) has the softmax (p, 1 − p), whose deviation is |p − 1/2| = tanh(s/2) / 2.
#[test]
fn send_by_hand() {
    let options = ScoringOptions {
        send: SendOptions {
            scaling: Scaling::None,
            ..SendOptions::default()
        },
        ..ScoringOptions::default()
    };
    let row = |s: f64| (s / 2.0).tanh() / 2.0;
    let heads = [(row(3.0) + row(9.0)) / 2.0, (row(2.0) + row(3.0)) / 2.0];
    assert_score(
        &score(Scorer::Send, &options),
        (heads[0] + heads[1]) / 2.0,
        &heads,
    );
}

/// |3| + |−9| and |2| + |3|.
#[test]
fn sensitivity_sum_by_hand() {
    let options = ScoringOptions::default();
    assert_score(&score(Scorer::SensitivitySum, &options), 17.0, &[12.0, 5.0]);
}

/// Two samples x and x with C and −C: a shared mask's gradient cancels to 0, per-sample masks do not.
#[test]
fn the_sum_of_sensitivities_heeds_the_mask() {
    let one = batch();
    let both = Batch {
        tokens: Tensor::cat(vec![one.tokens.clone(), one.tokens.clone()], 0),
        weights: Tensor::cat(vec![one.weights.clone(), -one.weights.clone()], 0),
        ..one
    };
    for (mask, value, heads) in [
        (MaskShape::Shared, 0.0, [0.0, 0.0]),
        (MaskShape::PerSample, 34.0, [24.0, 10.0]),
    ] {
        let options = ScoringOptions {
            send: SendOptions {
                mask,
                ..SendOptions::default()
            },
            ..ScoringOptions::default()
        };
        let found = scores(
            Scorer::SensitivitySum,
            &toy(1),
            std::slice::from_ref(&both),
            &options,
        );
        assert_score(&found[0], value, &heads);
    }
}

/// Entries of head 0: column 0 of W_q, W_k, W_v and row 0 of W_o: ln 3, 4, 1 and five zeros; of head 1: 2, 1 and
/// six zeros.
#[test]
fn magnitude_by_hand() {
    let ln3 = 3.0_f64.ln();
    for (power, heads) in [
        (1, [(ln3 + 4.0 + 1.0) / 8.0, (2.0 + 1.0) / 8.0]),
        (2, [(ln3 * ln3 + 16.0 + 1.0) / 8.0, (4.0 + 1.0) / 8.0]),
    ] {
        let options = ScoringOptions {
            magnitude_power: power,
            ..ScoringOptions::default()
        };
        assert_score(
            &score(Scorer::Magnitude, &options),
            (heads[0] + heads[1]) / 2.0,
            &heads,
        );
    }
}

/// c = w · ∂L/∂w. W_o: 1 · 3 · (1 − 3) = −6 and 1 · 1 · (2 + 3) = 5. W_v: 4 · 3/4 · (1 − 3) = −6 and 2 · 1/2 · 5 = 5. W_k: the
/// slope of A along x₁'s key is A₁(∂L/∂A₁ − Σ A ∂L/∂A): 3/4 (4 − 3) for query 1 and 3/4 (−12 + 9) for query 2,
/// together −3/2, times ln 3. W_q = 0. So Σ|c| is 12 + 1.5 ln 3 for head 0 and 10 for head 1.
#[test]
fn snip_by_hand() {
    let options = ScoringOptions::default();
    let heads = [12.0 + 1.5 * 3.0_f64.ln(), 10.0];
    let all = heads[0] + heads[1];
    assert_score(
        &score(Scorer::Snip, &options),
        1.0,
        &[heads[0] / all, heads[1] / all],
    );
    // Two such modules share the sum; a batch with C and one with −C are together no slope at all.
    let two = scores(Scorer::Snip, &toy(2), &[batch()], &options);
    assert_score(&two[1], 0.5, &[heads[0] / all / 2.0, heads[1] / all / 2.0]);
    let against = Batch {
        weights: -batch().weights,
        ..batch()
    };
    let none = scores(Scorer::Snip, &toy(1), &[batch(), against], &options);
    assert_eq!(none[0].value, 0.0);
}

/// −Σ c of one step: 12 + 1.5 ln 3 for head 0, whose weights move away from 0, and −10 for head 1.
#[test]
fn movement_by_hand() {
    let tuned = |steps, learning_rate| ScoringOptions {
        tuning: Tuning {
            steps,
            learning_rate,
        },
        ..ScoringOptions::default()
    };
    let heads = [12.0 + 1.5 * 3.0_f64.ln(), -10.0];
    let found = score(Scorer::Movement, &tuned(1, 0.1));
    assert_score(&found, heads[0] + heads[1], &heads);
    // Without movement every step has the same slopes.
    let found = score(Scorer::Movement, &tuned(3, 0.0));
    assert_score(
        &found,
        3.0 * (heads[0] + heads[1]),
        &heads.map(|head| 3.0 * head),
    );
    // A second step on moved weights has others, and the model itself stays as it was.
    let model = toy(1);
    let before = pollster::block_on(weights(&model)).unwrap();
    let moved = scores(Scorer::Movement, &model, &[batch()], &tuned(2, 0.1)).remove(0);
    assert!((moved.heads[0] - 2.0 * heads[0]).abs() > 0.1, "{moved:?}");
    assert_eq!(before, pollster::block_on(weights(&model)).unwrap());
}

/// Slopes of the gates, token by token: head 0 outputs 3 against (1, −3), head 1 outputs 1 against (2, 3), the module
/// (3, 3/2) against C: 6 and −9/2. Squares of the sums −6, 5 and 3/2.
#[test]
fn taylor_by_hand() {
    let options = ScoringOptions::default();
    assert_score(&score(Scorer::Taylor, &options), 2.25, &[36.0, 25.0]);
    // The mean of squares over a batch and one of twice its weights: (1 + 4) / 2 of the first.
    let double = Batch {
        weights: batch().weights * 2.0,
        ..batch()
    };
    let found = scores(Scorer::Taylor, &toy(1), &[batch(), double], &options).remove(0);
    assert_score(&found, 2.5 * 2.25, &[90.0, 62.5]);
    // Values 2.25 and 9 lie 3.375 from their mean.
    assert!((found.spread - 3.375).abs() < 1e-4);
}

/// The same slopes without their signs, the mean over tokens: (3 + 9)/2 and (2 + 3)/2.
#[test]
fn michel_by_hand() {
    assert_score(
        &score(Scorer::Michel, &ScoringOptions::default()),
        8.5,
        &[6.0, 2.5],
    );
    let normalised = ScoringOptions {
        michel_layer_norm: true,
        ..ScoringOptions::default()
    };
    let norm = (36.0_f64 + 6.25).sqrt();
    assert_score(
        &score(Scorer::Michel, &normalised),
        8.5,
        &[6.0 / norm, 2.5 / norm],
    );
}

/// Head 0: (3/4 ln 4/3 + 1/4 ln 4) / ln 2; head 1 is uniform.
#[test]
fn entropy_by_hand() {
    let nats = 0.75 * (4.0_f64 / 3.0).ln() + 0.25 * 4.0_f64.ln();
    let head = 1.0 - nats / 2.0_f64.ln();
    assert_score(
        &score(Scorer::Entropy, &ScoringOptions::default()),
        head / 2.0,
        &[head, 0.0],
    );
}

/// Without the module L = 0. Without head 0 it outputs (0, 3/2): L = 3 + 4.5 = 7.5. Without head 1 it outputs (3, 1/2):
/// L = 3 + 1 − 9 + 1.5 = −3.5. All against 1.5.
#[test]
fn leave_one_out_by_hand() {
    let options = ScoringOptions::default();
    assert_score(&score(Scorer::LeaveOneOut, &options), -1.5, &[6.0, -5.0]);
    let modules_only = ScoringOptions {
        heads: false,
        ..options
    };
    assert_score(&score(Scorer::LeaveOneOut, &modules_only), -1.5, &[]);
}

/// The module always outputs (0, 0, 1, −1). Token (1, −1, 0, 0) becomes (1, −1, 1, −1), whose cosine with it is 2/(√2·2);
/// token (0, 0, 1, −1) becomes twice itself. Both have mean 0, so the norms only scale them.
///
/// The feed-forward part adds (−1, 1, 0, 0) to the normalised rows (1, −1, 1, −1) and (0, 0, √2, −√2): (0, 0, 1, −1) is
/// at right angles to the first token, (−1, 1, √2, −√2) has the cosine 2√2/(√2·√6) with the second.
#[test]
fn turns_of_the_stream_by_hand() {
    let mut encoder = encoder(4, 2, 1);
    let layer = &mut encoder.layers[0];
    let module = layer.attention.module.as_mut().unwrap();
    module.value = linear(&[0.0; 16], &[0.0; 4]);
    module.output = linear(&[0.0; 16], &[0.0, 0.0, 1.0, -1.0]);
    layer.contract = linear(&[0.0; 8], &[-1.0, 1.0, 0.0, 0.0]);
    let model = Toy { encoder };
    let batch = Batch {
        tokens: tokens([[1.0, -1.0, 0.0, 0.0], [0.0, 0.0, 1.0, -1.0]]),
        weights: tokens([[1.0; 4], [1.0; 4]]),
        through_layers: true,
    };
    let options = ScoringOptions::default();
    let similarity = scores(
        Scorer::Similarity,
        &model,
        std::slice::from_ref(&batch),
        &options,
    );
    assert_score(&similarity[0], (1.0 - 0.5_f64.sqrt()) / 2.0, &[]);
    let influence = scores(Scorer::BlockInfluence, &model, &[batch], &options);
    let second = 1.0 - 2.0 / 6.0_f64.sqrt();
    assert_score(&influence[0], (1.0 + second) / 2.0, &[]);
}

#[test]
fn orders_that_look_at_no_data() {
    let model = toy(3);
    let options = ScoringOptions::default();
    let values = |scorer| -> Vec<f64> {
        let scores = scores(scorer, &model, &[], &options);
        scores.iter().map(|score| score.value).collect()
    };
    assert_eq!(values(Scorer::First), [0.0, 1.0, 2.0]);
    assert_eq!(values(Scorer::Last), [2.0, 1.0, 0.0]);

    // A thousand draws of three modules: each is the lowest about as often as the others.
    let mut lowest = [0; 3];
    for seed in 0..1000 {
        let options = ScoringOptions { seed, ..options };
        let scores = scores(Scorer::Random, &model, &[], &options);
        assert!(scores.iter().all(|score| (0.0..1.0).contains(&score.value)));
        let first = (0..3)
            .min_by(|&a, &b| scores[a].value.total_cmp(&scores[b].value))
            .unwrap();
        lowest[first] += 1;
    }
    assert!(
        lowest.iter().all(|count| (280..390).contains(count)),
        "{lowest:?}"
    );
}

/// At u = 1/2 and log a = 0: s = 1/2, z = 1/2 · 1.2 − 0.1 = 1/2, ∂z/∂log a = 1.2 · 1/4 / 0.33. And
/// σ(0.33 ln 11) = 1 / (1 + 11^−0.33).
#[test]
fn hard_concrete_by_hand() {
    let draw = HardConcrete::draw(0.0, 0.5);
    assert!((draw.gate - 0.5).abs() < 1e-12);
    assert!((draw.slope - 0.3 / 0.33).abs() < 1e-12);
    assert!((opening(0.0) - 1.0 / (1.0 + 11.0_f64.powf(-0.33))).abs() < 1e-12);
    assert_eq!(HardConcrete::draw(9.0, 0.9).gate, 1.0);
    assert_eq!(HardConcrete::draw(-9.0, 0.1).gate, 0.0);
    assert_eq!(HardConcrete::draw(-9.0, 0.1).slope, 0.0);

    // The slope against a central difference, over the range of both arguments.
    for log_a in [-1.0, -0.2, 0.3, 1.1] {
        for u in [0.2, 0.45, 0.6, 0.8] {
            let step = 1e-6;
            let above = HardConcrete::draw(log_a + step, u).gate;
            let below = HardConcrete::draw(log_a - step, u).gate;
            let draw = HardConcrete::draw(log_a, u);
            let difference = (above - below) / (2.0 * step);
            assert!((draw.slope - difference).abs() < 1e-5, "{log_a} {u}");
        }
    }
}

/// Head 0 lowers the loss (slope −6 along its gate) and head 1 raises it (slope 5); the module as a whole
/// raises it (3/2). So the first gate opens and the others close, whatever the price.
#[test]
fn gates_close_on_what_raises_the_loss() {
    let options = ScoringOptions {
        gates: GateTraining {
            steps: 150,
            learning_rate: 0.05,
            penalty: 0.01,
            start: 0.0,
        },
        ..ScoringOptions::default()
    };
    let found = score(Scorer::Gates, &options);
    assert!(found.heads[0] > 0.9, "{found:?}");
    assert!(found.heads[1] < 0.3, "{found:?}");
    assert!(found.value < 0.3, "{found:?}");
    assert_eq!(found, score(Scorer::Gates, &options), "the same seed");

    // Where the loss does not care, the price closes the gate.
    let indifferent = Batch {
        weights: batch().weights * 0.0,
        ..batch()
    };
    let found = scores(Scorer::Gates, &toy(1), &[indifferent], &options).remove(0);
    assert!(
        found.value < opening(0.0) && found.heads[0] < opening(0.0),
        "{found:?}"
    );
}

#[test]
fn no_batch_is_an_error_that_names_the_scorer() {
    for scorer in Scorer::ALL {
        let result =
            pollster::block_on(score_with(scorer, &toy(1), &[], &ScoringOptions::default()));
        match scorer.needs().part {
            None => assert!(result.is_ok()),
            Some(_) => assert!(result.unwrap_err().to_string().contains(scorer.name())),
        }
    }
}

/// A frozen module has no gradients of weights; gates and sensitivities have theirs all the same.
#[test]
fn scorers_of_trainable_weights_refuse_a_frozen_module_by_name() {
    let mut model = toy(2);
    let slot = &mut model.encoder.layers[1].attention;
    slot.module = slot.module.take().map(Module::no_grad);
    let options = ScoringOptions::default();
    let batches = [Batch {
        through_layers: true,
        ..batch()
    }];
    for scorer in Scorer::ALL {
        let scored = pollster::block_on(score_with(scorer, &model, &batches, &options));
        if scorer.needs().trainable_weights {
            let error = scored.unwrap_err().to_string();
            assert!(error.contains("encoder.1.attention"), "{scorer}: {error}");
        } else {
            assert_eq!(scored.unwrap().len(), 2, "{scorer}");
        }
    }
}

#[test]
fn scorers_say_whether_they_score_heads() {
    let in_layers = Batch {
        through_layers: true,
        ..batch()
    };
    for scorer in Scorer::ALL {
        let options = ScoringOptions::default();
        let scores = scores(scorer, &toy(1), std::slice::from_ref(&in_layers), &options);
        assert_eq!(
            scores[0].heads.is_empty(),
            !scorer.scores_heads(),
            "{scorer}"
        );
    }
    // Streams exist only in an encoder's own pass: a module outside it has none, which is an error.
    let aside = pollster::block_on(score_with(
        Scorer::Similarity,
        &toy(1),
        &[batch()],
        &ScoringOptions::default(),
    ));
    assert!(aside.is_err());
}
