//! A small Transformer classifier: from a sequence of tokens to one of a few classes.

use burn::module::{Module, Param};
use burn::nn::Linear;
use burn::tensor::activation::log_softmax;
use burn::tensor::{Device, Tensor, TensorData};
use serde::{Deserialize, Serialize};
use spat_model::{AttentionSlot, Encoder, EncoderSize, ForwardContext, HasAttention};
use spat_prune::ScorableModel;
use spat_spec::{AttentionStructure, ClassifierSize};

use crate::synthetic::draw::Draw;

/// Where the class is read out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Readout {
    /// At the last token.
    Last,
    /// At the mean of all tokens.
    Mean,
}

/// Input and output sizes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Task {
    /// Tokens of a sequence, L.
    pub tokens: usize,
    /// Numbers of a token, F.
    pub features: usize,
    /// Number of classes.
    pub classes: usize,
    /// Where the class is read out.
    pub readout: Readout,
}

/// Embedding with learned positions, the forecasters' encoder, and a linear head.
#[derive(Module, Debug)]
pub struct Classifier {
    /// A token's features to its embedding, `[F, d_model]`.
    pub embedding: Linear,
    /// `[L, d_model]`.
    pub positions: Param<Tensor<2>>,
    /// The encoder whose attention modules are scored and removed.
    pub encoder: Encoder,
    /// To one logit per class, `[d_model, classes]`.
    pub head: Linear,
    last: bool,
}

impl Classifier {
    /// New weights, determined by `seed`; `attention` lists the remaining modules.
    pub fn init(
        task: &Task,
        size: &ClassifierSize,
        attention: &[AttentionStructure],
        seed: u64,
        device: &Device,
    ) -> Self {
        let mut draw = Draw::new(seed, 1, 0);
        let encoder = EncoderSize {
            d_model: size.d_model,
            d_ff: size.d_ff,
            heads: size.heads,
            dropout: size.dropout,
        };
        Self {
            embedding: linear(&mut draw, task.features, size.d_model, device),
            positions: uniform(&mut draw, [task.tokens, size.d_model], 0.1, device),
            encoder: Encoder::new(&encoder, attention, seed, device),
            head: linear(&mut draw, size.d_model, task.classes, device),
            last: task.readout == Readout::Last,
        }
    }

    /// # Shapes
    /// - `tokens`: `[B, L, F]`
    /// - output: `[B, classes]`, logits
    pub fn forward(&self, tokens: Tensor<3>, cx: &mut ForwardContext) -> Tensor<2> {
        let [batch, length, features] = tokens.dims();
        let rows = self
            .embedding
            .forward(tokens.reshape([batch * length, features]));
        let width = rows.dims()[1];
        let embedded = rows.reshape([batch, length, width]) + self.positions.val().unsqueeze();
        let encoded = self.encoder.encode(embedded, cx);
        let read = if self.last {
            encoded.narrow(1, length - 1, 1)
        } else {
            encoded.mean_dim(1)
        };
        self.head.forward(read.reshape([batch, width]))
    }

    /// Multiply–accumulates of the matrix products of one sequence, counted as for forecasters.
    pub fn macs(&self, task: &Task) -> u64 {
        let tokens = task.tokens as u64;
        let product = |layer: &Linear| {
            let [inputs, outputs] = layer.weight.dims();
            (inputs * outputs) as u64
        };
        let layers = self.encoder.layers.iter().map(|layer| {
            let attention = layer.attention.module.as_ref().map_or(0, |module| {
                let inner = module.query.weight.dims()[1] as u64;
                let projections = [&module.query, &module.key, &module.value, &module.output];
                tokens * projections.map(product).iter().sum::<u64>() + 2 * tokens * tokens * inner
            });
            attention + tokens * (product(&layer.expand) + product(&layer.contract))
        });
        tokens * product(&self.embedding) + layers.sum::<u64>() + product(&self.head)
    }
}

impl HasAttention for Classifier {
    fn slots(&self) -> Vec<&AttentionSlot> {
        self.encoder.slots()
    }

    fn slots_mut(&mut self) -> Vec<&mut AttentionSlot> {
        self.encoder.slots_mut()
    }
}

/// Sequences with their classes.
#[derive(Debug, Clone)]
pub struct Examples {
    /// `[B, L, F]`.
    pub tokens: Tensor<3>,
    /// One-hot classes, `[B, classes]`.
    pub answers: Tensor<2>,
    /// Class indices.
    pub labels: Vec<usize>,
    /// Probability of each class under the data source.
    pub chances: Vec<f64>,
    /// Sequences whose class depends on a distant token.
    pub telling: Vec<bool>,
}

impl Examples {
    pub(crate) fn new(
        task: &Task,
        tokens: Vec<f32>,
        labels: Vec<usize>,
        chances: Vec<f64>,
        telling: Vec<bool>,
    ) -> Self {
        let device = Device::flex();
        let count = labels.len();
        let mut answers = vec![0.0_f32; count * task.classes];
        for (row, &label) in labels.iter().enumerate() {
            answers[row * task.classes + label] = 1.0;
        }
        Self {
            tokens: Tensor::from_data(
                TensorData::new(tokens, [count, task.tokens, task.features]),
                &device,
            ),
            answers: Tensor::from_data(TensorData::new(answers, [count, task.classes]), &device),
            labels,
            chances,
            telling,
        }
    }
}

/// Cross-entropy in nats.
impl ScorableModel for Classifier {
    type Batch = Examples;

    fn loss(&self, batch: &Examples, cx: &mut ForwardContext) -> Tensor<1> {
        let logits = self.forward(batch.tokens.clone(), cx);
        let right = log_softmax(logits, 1) * batch.answers.clone();
        -right.sum_dim(1).mean()
    }

    fn tracked(batch: &Examples) -> Examples {
        Examples {
            tokens: Tensor::from_inner(batch.tokens.clone()),
            answers: Tensor::from_inner(batch.answers.clone()),
            ..batch.clone()
        }
    }

    fn loss_values(batch: &Examples) -> usize {
        batch.labels.len()
    }
}

/// Weights and biases uniform within `1 / √inputs`, as in the forecasters.
fn linear(draw: &mut Draw, inputs: usize, outputs: usize, device: &Device) -> Linear {
    let bound = 1.0 / (inputs as f64).sqrt();
    Linear {
        weight: uniform(draw, [inputs, outputs], bound, device),
        bias: Some(uniform(draw, [outputs], bound, device)),
    }
}

fn uniform<const D: usize>(
    draw: &mut Draw,
    shape: [usize; D],
    bound: f64,
    device: &Device,
) -> Param<Tensor<D>> {
    let values: Vec<f32> = (0..shape.iter().product())
        .map(|_| draw.within(bound) as f32)
        .collect();
    Param::from_tensor(Tensor::from_data(TensorData::new(values, shape), device))
}
