//! The post-norm encoder layer that iTransformer and both PatchTST layouts share.

use burn::module::Module;
use burn::nn::Linear;
use burn::tensor::{Device, Tensor};
use spat_spec::AttentionStructure;

use crate::attention::{AttentionSlot, ScoreChain, Tokens};
use crate::initial::Initial;
use crate::norm::{BatchNorm, Branch, Norm};
use crate::operations::{dropout, linear, linear_gelu};
use crate::pass::{Pass, Stream};

/// Sizes and habits of an encoder.
pub(crate) struct EncoderPlan {
    pub(crate) d_model: usize,
    pub(crate) d_ff: usize,
    /// Heads of a dense module.
    pub(crate) heads: usize,
    pub(crate) dropout: f64,
    /// Dropout on the attention map.
    pub(crate) attention_dropout: f64,
    /// Batch norm in the layers, and the score chain between them.
    pub(crate) authors_patchtst: bool,
}

/// `x ← norm1(x + drop(MHA(x)))`, `x ← norm2(x + drop(W₂ drop(gelu(W₁ x))))`.
///
/// A removed MHA leaves `x ← norm1(x)`: residual, norms and feed-forward part stay.
#[derive(Module, Debug)]
pub struct EncoderLayer {
    /// The attention module's place.
    pub attention: AttentionSlot,
    /// After attention.
    pub norm1: Norm,
    /// `W₁`, `[d_model, d_ff]`.
    pub expand: Linear,
    /// `W₂`, `[d_ff, d_model]`.
    pub contract: Linear,
    /// After the feed-forward part.
    pub norm2: Norm,
    dropout: f64,
    authors_patchtst: bool,
}

impl EncoderLayer {
    fn forward(&self, x: &Tokens, chain: &mut ScoreChain, pass: &mut Pass) -> Tokens {
        let mut said = None;
        let attended = match self.attention.context(x, chain, pass) {
            Some((context, output)) => {
                // The authors drop twice: in the output projection and on the branch.
                let inner = self.authors_patchtst.then_some(self.dropout);
                let inner_dropout = inner.and_then(|probability| pass.dropout(probability));
                let branch = if pass.looks_at_branches() {
                    let value = pass.gate_module(self.attention.id(), linear(output, context));
                    said = Some(value.clone()).filter(|_| pass.wants_streams());
                    Branch::Value(dropout(value, inner_dropout))
                } else {
                    Branch::Linear {
                        layer: output,
                        input: context,
                        inner_dropout,
                    }
                };
                self.norm1
                    .after_branch(x.rows.clone(), branch, self.dropout, pass)
            }
            None => self.norm1.forward(x.rows.clone(), pass),
        };
        let hidden = linear_gelu(&self.expand, attended.clone(), pass.dropout(self.dropout));
        let branch = Branch::Linear {
            layer: &self.contract,
            input: hidden,
            inner_dropout: None,
        };
        let rows = self
            .norm2
            .after_branch(attended, branch, self.dropout, pass);
        if let Some(said) = said {
            let stream = Stream {
                input: x.rows.clone().detach(),
                branch: said.detach(),
                output: rows.clone().detach(),
            };
            pass.keep_stream(self.attention.id(), stream);
        }
        x.with_rows(rows)
    }
}

/// Encoder layers, and what follows them.
#[derive(Module, Debug)]
pub struct Encoder {
    /// From input to output.
    pub layers: Vec<EncoderLayer>,
    /// After the last layer, where the layout has one.
    pub norm: Option<Norm>,
    authors_patchtst: bool,
}

/// Sizes of an encoder in a model that is no forecaster.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct EncoderSize {
    /// Width of a token.
    pub d_model: usize,
    /// Hidden width of the feed-forward parts.
    pub d_ff: usize,
    /// Heads of a dense module; divides `d_model`.
    pub heads: usize,
    /// Dropout probability, in `[0, 1)`.
    pub dropout: f64,
}

impl Encoder {
    /// Post-norm layers as iTransformer has them, one for each of `attention` (removed modules and
    /// heads left out), and a layer norm behind the last.
    pub fn new(
        size: &EncoderSize,
        attention: &[AttentionStructure],
        seed: u64,
        device: &Device,
    ) -> Self {
        let initial = &mut Initial::new(seed, device);
        let plan = EncoderPlan {
            d_model: size.d_model,
            d_ff: size.d_ff,
            heads: size.heads,
            dropout: size.dropout,
            attention_dropout: size.dropout,
            authors_patchtst: false,
        };
        let norm = Norm::Layer(initial.layer_norm(size.d_model));
        Self::init(initial, attention, &plan, Some(norm))
    }

    /// # Shapes
    /// - `tokens` and output: `[B, L, d_model]`
    pub fn encode(&self, tokens: Tensor<3>, pass: &mut Pass) -> Tensor<3> {
        let [batch, length, width] = tokens.dims();
        let rows = tokens.reshape([batch * length, width]);
        self.forward(Tokens { rows, batch }, pass)
            .reshape([batch, length, width])
    }

    pub(crate) fn init(
        initial: &mut Initial<'_>,
        attention: &[AttentionStructure],
        plan: &EncoderPlan,
        final_norm: Option<Norm>,
    ) -> Self {
        let head_width = plan.d_model / plan.heads.max(1);
        let layers = attention
            .iter()
            .map(|slot| EncoderLayer {
                attention: AttentionSlot::init(
                    initial,
                    slot,
                    plan.d_model,
                    head_width,
                    plan.attention_dropout,
                ),
                norm1: plan.norm(initial),
                expand: initial.linear(plan.d_model, plan.d_ff),
                contract: initial.linear(plan.d_ff, plan.d_model),
                norm2: plan.norm(initial),
                dropout: plan.dropout,
                authors_patchtst: plan.authors_patchtst,
            })
            .collect();
        Self {
            layers,
            norm: final_norm,
            authors_patchtst: plan.authors_patchtst,
        }
    }

    pub(crate) fn forward(&self, mut x: Tokens, pass: &mut Pass) -> Tensor<2> {
        let mut chain = if self.authors_patchtst {
            ScoreChain::Empty
        } else {
            ScoreChain::Off
        };
        for layer in &self.layers {
            x = layer.forward(&x, &mut chain, pass);
        }
        match &self.norm {
            Some(norm) => norm.forward(x.rows, pass),
            None => x.rows,
        }
    }
}

impl EncoderPlan {
    fn norm(&self, initial: &Initial<'_>) -> Norm {
        if self.authors_patchtst {
            Norm::Batch(BatchNorm::init(initial, self.d_model))
        } else {
            Norm::Layer(initial.layer_norm(self.d_model))
        }
    }
}
