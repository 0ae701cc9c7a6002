//! The encoder of iTransformer and both PatchTST layouts.

use burn::module::Module;
use burn::tensor::{Device, Tensor};
use spat_spec::AttentionStructure;

use crate::forward_context::ForwardContext;
use crate::initial::Initial;

use super::attention::{AttentionSlot, ScoreChain, Tokens};
use super::attention_layer::{AttentionLayer, LayerOptions};
use super::distilling::Distilling;
use super::norm::Norm;

/// Encoder layers and a final norm.
#[derive(Module, Debug)]
pub struct Encoder {
    /// From input to output.
    pub layers: Vec<AttentionLayer>,
    /// After the last layer, if the layout has one.
    pub norm: Option<Norm>,
    /// After each layer but the last, if the layout has them.
    pub distilling: Vec<Distilling>,
    score_residual: bool,
}

/// Sizes of an encoder in a model other than a forecaster.
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
    /// The slots of all attention modules, from input to output.
    pub fn slots(&self) -> Vec<&AttentionSlot> {
        self.layers.iter().map(|layer| &layer.attention).collect()
    }

    /// The slots, mutably.
    pub fn slots_mut(&mut self) -> Vec<&mut AttentionSlot> {
        let layers = self.layers.iter_mut();
        layers.map(|layer| &mut layer.attention).collect()
    }

    /// Post-norm layers as in iTransformer, one for each of `attention` (without removed modules and
    /// heads), and a final layer norm.
    pub fn new(
        size: &EncoderSize,
        attention: &[AttentionStructure],
        seed: u64,
        device: &Device,
    ) -> Self {
        let initial = &mut Initial::new(seed, device);
        let options = LayerOptions::new(size.d_model, size.d_ff, size.heads, size.dropout);
        let norm = Norm::Layer(initial.layer_norm(size.d_model));
        Self::init(initial, attention, &options, Some(norm), false)
    }

    /// # Shapes
    /// - `tokens` and output: `[B, L, d_model]`
    pub fn encode(&self, tokens: Tensor<3>, cx: &mut ForwardContext) -> Tensor<3> {
        let [batch, length, width] = tokens.dims();
        let rows = tokens.reshape([batch * length, width]);
        self.forward(Tokens { rows, batch }, cx)
            .reshape([batch, length, width])
    }

    /// With `score_residual`, each layer adds the attention scores of the layers before to its own.
    pub(crate) fn init(
        initial: &mut Initial<'_>,
        attention: &[AttentionStructure],
        options: &LayerOptions,
        final_norm: Option<Norm>,
        score_residual: bool,
    ) -> Self {
        let layers = attention
            .iter()
            .map(|structure| AttentionLayer::init(initial, structure, options))
            .collect();
        Self {
            layers,
            norm: final_norm,
            distilling: Vec::new(),
            score_residual,
        }
    }

    /// The encoder with a new pooling of the tokens, which are rows of time, after each layer but the last.
    pub(crate) fn with_distilling(
        self,
        initial: &mut Initial<'_>,
        d_model: usize,
        padding: usize,
    ) -> Self {
        let between = 1..self.layers.len();
        Self {
            distilling: between
                .map(|_| Distilling::init(initial, d_model, padding))
                .collect(),
            ..self
        }
    }

    pub(crate) fn forward(&self, mut x: Tokens, cx: &mut ForwardContext) -> Tensor<2> {
        let mut chain = if self.score_residual {
            ScoreChain::Empty
        } else {
            ScoreChain::Off
        };
        for (place, layer) in self.layers.iter().enumerate() {
            x = layer.forward(&x, None, &mut chain, cx);
            if let Some(distilling) = self.distilling.get(place) {
                x = distilling.forward(x, cx);
            }
        }
        match &self.norm {
            Some(norm) => norm.forward(x.rows, cx),
            None => x.rows,
        }
    }
}
