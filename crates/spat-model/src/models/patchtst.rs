//! PatchTST (arXiv 2211.14730): patches of one channel are tokens; channels share all weights.

use burn::module::{Module, Param};
use burn::nn::Linear;
use burn::tensor::Tensor;
use spat_spec::{PatchTstConfig, PatchTstLayout, Structure};

use crate::forward_context::ForwardContext;
use crate::import::{ImportTable, layer_prefixes};
use crate::initial::Initial;
use crate::layers::{
    AttentionSlot, BatchNorm, Encoder, LayerOptions, Norm, NormKind, Tokens, normalise, patches,
    sinusoids,
};
use crate::operations::{dropout, linear, linear_dropout};

use super::{Inputs, Model};

/// PatchTST in either public layout.
#[derive(Module, Debug)]
pub struct PatchTst {
    /// A patch to a token, `[patch_len, d_model]`; a bias in the authors' layout only.
    pub embedding: Linear,
    /// Learned positions `[patches, d_model]` of the authors' layout.
    pub positions: Option<Param<Tensor<2>>>,
    /// Attention between patches.
    pub encoder: Encoder,
    /// All tokens of a channel to its forecast, `[patches · d_model, horizon]`, patch by patch.
    pub head: Linear,
    patch_len: usize,
    stride: usize,
    dropout: f64,
    head_dropout: f64,
}

impl Model for PatchTst {
    type Spec = PatchTstConfig;

    fn init(initial: &mut Initial<'_>, config: &Self::Spec, structure: &Structure) -> Self {
        let authors = config.layout == PatchTstLayout::Authors;
        let options = LayerOptions {
            // The authors do not drop out attention weights.
            attention_dropout: if authors { 0.0 } else { config.dropout },
            // They drop twice: in the output projection of attention and on the branch.
            inner_dropout: if authors { config.dropout } else { 0.0 },
            norm: if authors {
                NormKind::Batch
            } else {
                NormKind::Layer
            },
            ..LayerOptions::new(config.d_model, config.d_ff, config.heads, config.dropout)
        };
        let (patches, width) = (config.patches(), config.d_model);
        let mut embedding = initial.linear(config.patch_len, width);
        if !authors {
            embedding.bias = None;
        }
        let norm = (!authors).then(|| Norm::Batch(BatchNorm::init(initial, width)));
        Self {
            embedding,
            positions: authors.then(|| initial.uniform([patches, width], 0.02)),
            encoder: Encoder::init(initial, &structure.attention, &options, norm, authors),
            head: initial.linear(patches * width, config.horizon),
            patch_len: config.patch_len,
            stride: config.stride,
            dropout: config.dropout,
            head_dropout: config.head_dropout,
        }
    }

    fn forward(&self, inputs: Inputs, cx: &mut ForwardContext) -> Tensor<3> {
        let input = inputs.values;
        let [batch, _, channels] = input.dims();
        let (input, statistics) = normalise(input);
        let patches = patches(input, self.patch_len, self.stride);
        let [series, count, _] = patches.dims();

        let patches = patches.reshape([series * count, self.patch_len]);
        let rows = linear(&self.embedding, patches);
        let width = rows.dims()[1];
        let positions = match &self.positions {
            Some(learned) => learned.val(),
            None => sinusoids(count, width, &rows.device()),
        };
        let rows = rows.reshape([series, count, width]) + positions.unsqueeze();
        let rows = rows.reshape([series * count, width]);
        let rows = dropout(rows, cx.dropout(self.dropout));
        let rows = self.encoder.forward(
            Tokens {
                rows,
                batch: series,
            },
            cx,
        );

        let rows = rows.reshape([series, count * width]);
        let forecast = linear_dropout(&self.head, rows, cx.dropout(self.head_dropout));
        let horizon = forecast.dims()[1];
        statistics.restore(forecast.reshape([batch, channels, horizon]).swap_dims(1, 2))
    }

    fn slots(&self) -> Vec<&AttentionSlot> {
        self.encoder.slots()
    }

    fn slots_mut(&mut self) -> Vec<&mut AttentionSlot> {
        self.encoder.slots_mut()
    }

    fn import(config: &Self::Spec) -> ImportTable {
        let (table, patches) = (ImportTable::default(), config.patches());
        match config.layout {
            PatchTstLayout::Library => table
                .linear("patch_embedding.value_embedding", "embedding")
                .library_encoder(config.layers)
                .norm("encoder.norm.1", "encoder.norm")
                .flatten_head("head.linear", "head", patches),
            PatchTstLayout::Authors => (0..config.layers)
                .fold(table, authors_layer)
                .linear("model.backbone.W_P", "embedding")
                .same("model.backbone.W_pos", "positions")
                .flatten_head("model.head.linear", "head", patches),
        }
    }
}

/// An encoder layer of yuqinie98/PatchTST.
fn authors_layer(table: ImportTable, layer: usize) -> ImportTable {
    let (theirs, ours) = layer_prefixes("model.backbone.encoder.layers", layer);
    let linear = [
        ("self_attn.W_Q", "attention.module.query"),
        ("self_attn.W_K", "attention.module.key"),
        ("self_attn.W_V", "attention.module.value"),
        ("self_attn.to_out.0", "attention.module.output"),
        ("ff.0", "expand"),
        ("ff.3", "contract"),
    ];
    let norms = [("norm_attn.1", "norm1"), ("norm_ffn.1", "norm2")];
    let name = |prefix: &str, part: &str| format!("{prefix}.{part}");
    let table = linear.iter().fold(table, |table, (their, our)| {
        table.linear(&name(&theirs, their), &name(&ours, our))
    });
    norms.iter().fold(table, |table, (their, our)| {
        table.norm(&name(&theirs, their), &name(&ours, our))
    })
}
