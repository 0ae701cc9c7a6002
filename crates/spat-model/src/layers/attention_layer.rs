//! The post-norm layer of all attention models: attention, and a feed-forward part.

use burn::module::Module;
use burn::nn::Linear;
use burn::tensor::Tensor;
use spat_spec::AttentionStructure;

use crate::forward_context::{ForwardContext, Stream};
use crate::initial::Initial;
use crate::operations::{dropout, linear, linear_gelu};

use super::attention::{AttentionKind, AttentionSlot, ScoreChain, Tokens};
use super::norm::{BatchNorm, Branch, Decomposition, Norm, Normed};

/// Sizes and variants of a layer.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LayerOptions {
    pub(crate) d_model: usize,
    pub(crate) d_ff: usize,
    /// Heads of a dense module.
    pub(crate) heads: usize,
    /// Dropout on the attention branch.
    pub(crate) dropout: f64,
    /// Dropout on the attention map.
    pub(crate) attention_dropout: f64,
    /// Dropout on the output projection of attention, before the one on the branch.
    pub(crate) inner_dropout: f64,
    /// Dropout after the activation of the feed-forward part.
    pub(crate) hidden_dropout: f64,
    /// Dropout on the feed-forward branch.
    pub(crate) feed_forward_dropout: f64,
    /// Whether the feed-forward part has biases.
    pub(crate) feed_forward_bias: bool,
    /// Kind of norm.
    pub(crate) norm: NormKind,
    /// Kind of attention.
    pub(crate) attention: AttentionKind,
}

impl LayerOptions {
    /// Layer norms, and the same dropout on both branches, the attention map and after the activation.
    pub(crate) fn new(d_model: usize, d_ff: usize, heads: usize, dropout: f64) -> Self {
        Self {
            d_model,
            d_ff,
            heads,
            dropout,
            attention_dropout: dropout,
            inner_dropout: 0.0,
            hidden_dropout: dropout,
            feed_forward_dropout: dropout,
            feed_forward_bias: true,
            norm: NormKind::Layer,
            attention: AttentionKind::Full,
        }
    }

    fn slot(&self, initial: &mut Initial<'_>, structure: &AttentionStructure) -> AttentionSlot {
        let head_width = self.d_model / self.heads.max(1);
        AttentionSlot::init(
            initial,
            structure,
            self.d_model,
            head_width,
            self.attention_dropout,
        )
        .with_kind(self.attention)
    }

    fn feed_forward(&self, initial: &mut Initial<'_>, inputs: usize, outputs: usize) -> Linear {
        let linear = initial.linear(inputs, outputs);
        Linear {
            bias: linear.bias.filter(|_| self.feed_forward_bias),
            ..linear
        }
    }

    fn norm(&self, initial: &Initial<'_>) -> Norm {
        match self.norm {
            NormKind::Layer => Norm::Layer(initial.layer_norm(self.d_model)),
            NormKind::Batch => Norm::Batch(BatchNorm::init(initial, self.d_model)),
            NormKind::Season { length, kernel } => Norm::Season(Decomposition::new(length, kernel)),
        }
    }
}

/// Kind of norm in a layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NormKind {
    /// Layer norm over the width of each token.
    Layer,
    /// Batch norm over all tokens of the batch, per column.
    Batch,
    /// No norm: the tokens, which are rows of time, without their trend.
    Season {
        /// Rows of a sample.
        length: usize,
        /// Rows of the moving average.
        kernel: usize,
    },
}

/// `x ← norm1(x + drop(MHA(x)))`, `x ← norm2(x + drop(W₂ drop(gelu(W₁ x))))`.
///
/// A removed MHA leaves `x ← norm1(x)`: residual, norms and feed-forward part stay.
#[derive(Module, Debug)]
pub struct AttentionLayer {
    /// The slot of the attention module.
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
    inner_dropout: f64,
    hidden_dropout: f64,
    feed_forward_dropout: f64,
}

impl AttentionLayer {
    pub(crate) fn init(
        initial: &mut Initial<'_>,
        structure: &AttentionStructure,
        options: &LayerOptions,
    ) -> Self {
        Self {
            attention: options.slot(initial, structure),
            norm1: options.norm(initial),
            expand: options.feed_forward(initial, options.d_model, options.d_ff),
            contract: options.feed_forward(initial, options.d_ff, options.d_model),
            norm2: options.norm(initial),
            dropout: options.dropout,
            inner_dropout: options.inner_dropout,
            hidden_dropout: options.hidden_dropout,
            feed_forward_dropout: options.feed_forward_dropout,
        }
    }

    /// Keys and values are those of `memory`, if there is one.
    pub(crate) fn forward(
        &self,
        x: &Tokens,
        memory: Option<&Tokens>,
        chain: &mut ScoreChain,
        cx: &mut ForwardContext,
    ) -> Tokens {
        self.forward_with_trend(x, memory, chain, cx).0
    }

    /// [`Self::forward`], and the trend that both norms take away, `[B · L, d_model]`, if they do.
    pub(crate) fn forward_with_trend(
        &self,
        x: &Tokens,
        memory: Option<&Tokens>,
        chain: &mut ScoreChain,
        cx: &mut ForwardContext,
    ) -> (Tokens, Option<Tensor<2>>) {
        let sublayer = Sublayer {
            attention: &self.attention,
            norm: &self.norm1,
            dropout: self.dropout,
            inner_dropout: self.inner_dropout,
        };
        let (attended, branch_output) = sublayer.forward(x, memory, chain, cx);
        let Normed {
            rows: attended,
            trend,
        } = attended;
        let feed_forward = FeedForward {
            expand: &self.expand,
            contract: &self.contract,
            norm: &self.norm2,
            hidden_dropout: self.hidden_dropout,
            dropout: self.feed_forward_dropout,
        };
        let out = feed_forward.forward(attended, cx);
        self.attention
            .record_stream(x, branch_output, &out.rows, cx);
        let trends = trend.zip(out.trend);
        (
            x.with_rows(out.rows),
            trends.map(|(one, other)| one + other),
        )
    }
}

/// `norm(x + drop(W₂ drop(gelu(W₁ x))))`.
pub(crate) struct FeedForward<'a> {
    /// `W₁`, `[d_model, d_ff]`.
    pub(crate) expand: &'a Linear,
    /// `W₂`, `[d_ff, d_model]`.
    pub(crate) contract: &'a Linear,
    /// After the branch.
    pub(crate) norm: &'a Norm,
    /// Dropout after the activation.
    pub(crate) hidden_dropout: f64,
    /// Dropout on the branch.
    pub(crate) dropout: f64,
}

impl FeedForward<'_> {
    /// # Shapes
    /// - `x` and output: `[B · L, d_model]`
    pub(crate) fn forward(&self, x: Tensor<2>, cx: &mut ForwardContext) -> Normed {
        let hidden = linear_gelu(self.expand, x.clone(), cx.dropout(self.hidden_dropout));
        let branch = Branch::Linear {
            layer: self.contract,
            input: hidden,
            inner_dropout: None,
        };
        self.norm.after_branch(x, branch, self.dropout, cx)
    }
}

/// `x ← norm(x + drop(MHA(x)))`; `x ← norm(x)` without the module.
#[derive(Module, Debug)]
pub(crate) struct AttentionSublayer {
    /// The slot of the attention module.
    pub(crate) attention: AttentionSlot,
    /// After attention.
    pub(crate) norm: Norm,
    dropout: f64,
}

impl AttentionSublayer {
    pub(crate) fn init(
        initial: &mut Initial<'_>,
        structure: &AttentionStructure,
        options: &LayerOptions,
    ) -> Self {
        Self {
            attention: options.slot(initial, structure),
            norm: options.norm(initial),
            dropout: options.dropout,
        }
    }

    /// The tokens, and the trend that the norm takes away, `[B · L, d_model]`, if it does.
    pub(crate) fn forward(
        &self,
        x: &Tokens,
        cx: &mut ForwardContext,
    ) -> (Tokens, Option<Tensor<2>>) {
        let sublayer = Sublayer {
            attention: &self.attention,
            norm: &self.norm,
            dropout: self.dropout,
            inner_dropout: 0.0,
        };
        let (out, branch_output) = sublayer.forward(x, None, &mut ScoreChain::Off, cx);
        self.attention
            .record_stream(x, branch_output, &out.rows, cx);
        (x.with_rows(out.rows), out.trend)
    }
}

/// Attention, its residual connection and its norm.
struct Sublayer<'a> {
    attention: &'a AttentionSlot,
    norm: &'a Norm,
    dropout: f64,
    inner_dropout: f64,
}

impl Sublayer<'_> {
    /// Its rows, and the output of the module if the residual stream is recorded.
    fn forward(
        &self,
        x: &Tokens,
        memory: Option<&Tokens>,
        chain: &mut ScoreChain,
        cx: &mut ForwardContext,
    ) -> (Normed, Option<Tensor<2>>) {
        let branch = self
            .attention
            .branch(x, memory, chain, self.inner_dropout, cx);
        let Some((branch, branch_output)) = branch else {
            return (self.norm.apply(x.rows.clone(), cx), None);
        };
        let normed = self
            .norm
            .after_branch(x.rows.clone(), branch, self.dropout, cx);
        (normed, branch_output)
    }
}

impl AttentionSlot {
    /// `MHA(x)` with dropout of this rate on W_o's output, and its value if the residual stream is recorded;
    /// `None` if the module is removed. Keys and values are those of `memory`, if there is one.
    pub(super) fn branch(
        &self,
        x: &Tokens,
        memory: Option<&Tokens>,
        chain: &mut ScoreChain,
        rate: f64,
        cx: &mut ForwardContext,
    ) -> Option<(Branch<'_>, Option<Tensor<2>>)> {
        let (context, output) = self.context(x, memory, chain, cx)?;
        let inner_dropout = cx.dropout(rate);
        if !cx.needs_branches() {
            let branch = Branch::Linear {
                layer: output,
                input: context,
                inner_dropout,
            };
            return Some((branch, None));
        }
        let value = cx.gate_module(self.id(), linear(output, context));
        let recorded = cx.wants_streams().then(|| value.clone());
        Some((Branch::Value(dropout(value, inner_dropout)), recorded))
    }

    /// Records the stream around the module, if [`Self::branch`] returned its value.
    pub(super) fn record_stream(
        &self,
        x: &Tokens,
        branch_output: Option<Tensor<2>>,
        rows: &Tensor<2>,
        cx: &mut ForwardContext,
    ) {
        if let Some(branch_output) = branch_output {
            let stream = Stream {
                input: x.rows.clone().detach(),
                branch: branch_output.detach(),
                output: rows.clone().detach(),
            };
            cx.record_stream(self.id(), stream);
        }
    }
}
