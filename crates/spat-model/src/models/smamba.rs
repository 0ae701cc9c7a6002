//! S-Mamba (arXiv 2403.11144): each channel's whole look-back is one token, and selective scans run over the
//! tokens in both directions.

use burn::module::Module;
use burn::nn::Linear;
use burn::tensor::Tensor;
use spat_spec::{SMambaConfig, Structure};

use crate::forward_context::ForwardContext;
use crate::import::{ImportTable, layer_prefixes};
use crate::initial::Initial;
use crate::layers::{Branch, FeedForward, MambaBlock, MambaSize, Norm, Tokens};
use crate::operations::{linear, linear_dropout, tokens};

use super::{Inputs, Model};

/// S-Mamba in the layout of its authors' code.
#[derive(Module, Debug)]
pub struct SMamba {
    /// A look-back to a token, `[lookback, d_model]`.
    pub(crate) embedding: Linear,
    /// Scans between channels.
    pub(crate) encoder: MambaEncoder,
    /// A token to a forecast, `[d_model, horizon]`.
    pub(crate) projection: Linear,
    dropout: f64,
    normalise: bool,
}

/// Layers of scans and a final norm.
#[derive(Module, Debug)]
pub(crate) struct MambaEncoder {
    /// From input to output.
    pub(crate) layers: Vec<MambaLayer>,
    /// After the last layer.
    pub(crate) norm: Norm,
}

/// `x ← norm1(x + M(x) + M_r(x))`, `x ← norm2(x + drop(W₂ drop(gelu(W₁ x))))`, where `M_r` scans from the last
/// token to the first.
#[derive(Module, Debug)]
pub(crate) struct MambaLayer {
    /// M.
    pub(crate) forward: MambaBlock,
    /// `M_r`.
    pub(crate) reverse: MambaBlock,
    /// After the scans.
    pub(crate) norm1: Norm,
    /// `W₁`, `[d_model, d_ff]`.
    pub(crate) expand: Linear,
    /// `W₂`, `[d_ff, d_model]`.
    pub(crate) contract: Linear,
    /// After the feed-forward part.
    pub(crate) norm2: Norm,
    dropout: f64,
}

impl Model for SMamba {
    type Spec = SMambaConfig;

    fn init(initial: &mut Initial<'_>, config: &Self::Spec, _: &Structure) -> Self {
        let width = config.d_model;
        Self {
            embedding: initial.linear(config.lookback, width),
            encoder: MambaEncoder {
                layers: (0..config.layers)
                    .map(|_| MambaLayer::init(initial, config))
                    .collect(),
                norm: Norm::Layer(initial.layer_norm(width)),
            },
            projection: initial.linear(width, config.horizon),
            dropout: config.dropout,
            normalise: config.normalise,
        }
    }

    fn forward(&self, inputs: Inputs, cx: &mut ForwardContext) -> Tensor<3> {
        let batch = inputs.values.dims()[0];
        let (rows, restore) = tokens(inputs.values, inputs.time_features, self.normalise);
        let rows = linear_dropout(&self.embedding, rows, cx.dropout(self.dropout));
        let rows = self.encoder.forward(Tokens { rows, batch }, cx);
        restore.windows(linear(&self.projection, rows))
    }

    /// wzhwzhwzh0921/S-D-Mamba, whose blocks have the names of state-spaces/mamba. `man`, `man2` and `a` of a
    /// layer are built there and never called.
    fn import(config: &Self::Spec) -> ImportTable {
        let mut table = ImportTable::default()
            .linear("enc_embedding.value_embedding", "embedding")
            .norm("encoder.norm", "encoder.norm")
            .linear("projector", "projection");
        for layer in 0..config.layers {
            let (theirs, ours) = layer_prefixes("encoder.attn_layers", layer);
            table = table
                .library_feed_forward(&theirs, &ours)
                .mamba(&format!("{theirs}.attention"), &format!("{ours}.forward"))
                .mamba(&format!("{theirs}.attention_r"), &format!("{ours}.reverse"))
                .without(
                    ImportTable::default()
                        .mamba(&format!("{theirs}.man"), "")
                        .mamba(&format!("{theirs}.man2"), "")
                        .attention(&format!("{theirs}.a"), ""),
                );
        }
        table
    }
}

impl MambaEncoder {
    fn forward(&self, mut x: Tokens, cx: &mut ForwardContext) -> Tensor<2> {
        for layer in &self.layers {
            let rows = layer.forward(&x, cx);
            x = x.with_rows(rows);
        }
        self.norm.forward(x.rows, cx)
    }
}

impl MambaLayer {
    fn init(initial: &mut Initial<'_>, config: &SMambaConfig) -> Self {
        let width = config.d_model;
        let size = MambaSize {
            width,
            states: config.states,
            step_rank: config.step_rank(),
        };
        Self {
            forward: MambaBlock::init(initial, size, false),
            reverse: MambaBlock::init(initial, size, true),
            norm1: Norm::Layer(initial.layer_norm(width)),
            expand: initial.linear(width, config.d_ff),
            contract: initial.linear(config.d_ff, width),
            norm2: Norm::Layer(initial.layer_norm(width)),
            dropout: config.dropout,
        }
    }

    fn forward(&self, x: &Tokens, cx: &mut ForwardContext) -> Tensor<2> {
        let branch = self.forward.forward(x) + self.reverse.forward(x);
        let scanned = self
            .norm1
            .after_branch(x.rows.clone(), Branch::Value(branch), 0.0, cx);
        let feed_forward = FeedForward {
            expand: &self.expand,
            contract: &self.contract,
            norm: &self.norm2,
            hidden_dropout: self.dropout,
            dropout: self.dropout,
        };
        feed_forward.forward(scanned.rows, cx).rows
    }
}

#[cfg(test)]
mod tests {
    use burn::module::Module as _;
    use burn::tensor::{Device, Distribution};
    use spat_spec::Window;

    use super::*;

    /// With M and M_r exchanged, the reversed tokens give the reversed output.
    #[test]
    fn exchanged_directions_reverse_the_order_of_the_tokens() {
        let device = Device::flex();
        let config = SMambaConfig {
            d_model: 24,
            d_ff: 16,
            ..SMambaConfig::new(Window::new(12, 6, 5), true)
        };
        let structure = Structure::dense(config.clone().into());
        let model = SMamba::init(&mut Initial::new(1, &device), &config, &structure);
        let mut exchanged = model.encoder.clone();
        for layer in &mut exchanged.layers {
            let forward = layer.forward.clone();
            let record = layer.reverse.clone().into_record();
            layer.forward = layer.forward.clone().load_record(record);
            layer.reverse = layer.reverse.clone().load_record(forward.into_record());
        }
        let (batch, tokens, width) = (3, 9, 24);
        let x = Tensor::<3>::random([batch, tokens, width], Distribution::Default, &device);
        let run = |encoder: &MambaEncoder, x: Tensor<3>| {
            let rows = x.reshape([batch * tokens, width]);
            let cx = &mut ForwardContext::evaluation();
            let rows = encoder.forward(Tokens { rows, batch }, cx);
            rows.reshape([batch, tokens, width])
        };
        let expected = run(&model.encoder, x.clone()).flip([1]);
        let difference = |found: Tensor<3>| {
            let difference = (found - expected.clone()).abs().max();
            difference.into_scalar::<f32>()
        };
        assert!(difference(run(&exchanged, x.clone().flip([1]))) < 1e-5);
        // The order matters: without the exchange the output is another.
        assert!(difference(run(&model.encoder, x.flip([1]))) > 1e-2);
    }
}
