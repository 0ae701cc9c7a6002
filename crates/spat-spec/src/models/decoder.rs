//! Arithmetic of models whose encoder reads the rows of the look-back and whose decoder forecasts all rows
//! of the horizon at once, from label rows and zeros.

use super::encoder::{EncoderShape, attention_cost, feed_forward_cost, layer_activations};
use super::site::{AttentionSite, Axis};
use super::spec::Window;
use crate::{AttentionStructure, ConfigError, Cost, ModuleId};

/// The sizes of encoder and decoder.
pub(super) struct EncoderDecoderShape {
    pub(super) window: Window,
    /// Rows at the end of the look-back that the decoder reads first.
    pub(super) label_rows: usize,
    /// Time features of a row that are read.
    pub(super) time_features: usize,
    pub(super) d_model: usize,
    pub(super) d_ff: usize,
    pub(super) heads: usize,
    pub(super) layers: usize,
    pub(super) decoder_layers: usize,
}

/// The methods of [`ModelSpec`](super::ModelSpec) that follow from the fields `lookback`, `horizon`, `channels`,
/// `label_rows`, `time_stamps`, `layers` and `decoder_layers`. A shorter look-back reduces the label rows.
macro_rules! encoder_decoder_methods {
    () => {
        fn window(&self) -> $crate::Window {
            $crate::Window::new(self.lookback, self.horizon, self.channels)
        }

        fn set_window(&mut self, window: $crate::Window) {
            (self.lookback, self.horizon, self.channels) = window.into();
            self.label_rows = self.label_rows.min(self.lookback);
        }

        fn inputs(&self) -> $crate::InputSpec {
            $crate::InputSpec {
                time_features: self.time_stamps,
                future_time_features: self.time_stamps,
                ..$crate::InputSpec::default()
            }
        }

        fn layers(&self) -> usize {
            self.layers + self.decoder_layers
        }
    };
}
pub(super) use encoder_decoder_methods;

/// Cost of an attention module: width, columns of its heads together, queries, keys.
pub(super) type AttentionCost = Box<dyn Fn(u64, u64, u64, u64) -> Cost>;

/// Costs of the layers of a model.
pub(super) struct LayerCosts {
    /// Of an attention module of its own tokens: width, columns of its heads together, queries, keys; nothing
    /// for a removed module.
    pub(super) attention: AttentionCost,
    /// Of a cross-attention.
    pub(super) cross_attention: AttentionCost,
    /// Rows of each encoder layer; the decoder reads those of the last.
    pub(super) encoder_rows: Vec<u64>,
    /// Of everything between the encoder layers.
    pub(super) between: Cost,
    /// Of the rest of an encoder layer over one row.
    pub(super) encoder_rest: Cost,
    /// Of the rest of a decoder layer over one row.
    pub(super) decoder_rest: Cost,
}

impl EncoderDecoderShape {
    fn encoder(&self) -> EncoderShape {
        let count = self.window.lookback;
        EncoderShape {
            layers: self.layers,
            d_model: self.d_model,
            d_ff: self.d_ff,
            heads: self.heads,
            axis: Axis::Rows { count },
            tokens: count,
            sequences: 1,
        }
    }

    fn decoder_rows(&self) -> usize {
        self.label_rows + self.window.horizon
    }

    /// Those of the encoder, then self-attention and cross-attention of each decoder layer.
    pub(super) fn sites(&self, causal: bool) -> Vec<AttentionSite> {
        let encoder = self.encoder();
        let rows = Axis::DecoderRows {
            lookback: self.window.lookback,
            labels: self.label_rows,
            horizon: self.window.horizon,
        };
        let head_width = self.d_model / self.heads.max(1);
        let site = |id, keys| AttentionSite::new(id, self.heads, head_width, rows, keys);
        let decoder = (0..self.decoder_layers).flat_map(|layer| {
            let mut own = site(ModuleId::new("decoder", layer, "self_attention"), rows);
            own.maps.iter_mut().for_each(|map| map.causal = causal);
            let mut cross = site(
                ModuleId::new("decoder", layer, "cross_attention"),
                encoder.axis,
            );
            cross.protected = (layer + 1 == self.decoder_layers)
                .then_some("without cross-attention the encoder does not reach the forecast");
            [own, cross]
        });
        encoder.sites().into_iter().chain(decoder).collect()
    }

    pub(super) fn check(&self) -> Result<(), ConfigError> {
        self.encoder().check()?;
        let (labels, lookback) = (self.label_rows, self.window.lookback);
        if labels <= lookback {
            return Ok(());
        }
        Err(ConfigError::new(
            format!("{labels} label rows are more than a look-back of {lookback} has"),
            format!("use at most {lookback}"),
        ))
    }

    /// Embeddings, layers, a norm after the last of encoder and decoder, and a linear map to the channels. An
    /// encoder that no cross-attention reads costs nothing.
    pub(super) fn cost(&self, kept: &[AttentionStructure], layers: &LayerCosts) -> Cost {
        let (d, channels) = (self.d_model as u64, self.window.channels as u64);
        let (lookback, rows) = (self.window.lookback as u64, self.decoder_rows() as u64);
        let memory = layers.encoder_rows.last().copied().unwrap_or(lookback);
        let norm = Cost {
            params: 2 * d,
            macs: 0,
        };
        let (encoder, decoder) = kept.split_at(self.layers.min(kept.len()));
        let inner = |slot: &AttentionStructure| {
            slot.heads.len() as u64 * (self.d_model / self.heads.max(1)) as u64
        };
        let projection = Cost {
            params: d * channels + channels,
            macs: d * channels,
        };
        let mut total = self.embedding_cost(rows) + norm + projection.over(rows);
        for modules in decoder.chunks_exact(2) {
            total = total
                + (layers.attention)(d, inner(&modules[0]), rows, rows)
                + (layers.cross_attention)(d, inner(&modules[1]), rows, memory)
                + layers.decoder_rest.over(rows);
        }
        let mut crosses = decoder.iter().skip(1).step_by(2);
        if crosses.any(|cross| inner(cross) > 0) {
            total = total + self.embedding_cost(lookback) + norm + layers.between;
            for (slot, &rows) in encoder.iter().zip(&layers.encoder_rows) {
                total = total
                    + (layers.attention)(d, inner(slot), rows, rows)
                    + layers.encoder_rest.over(rows);
            }
        }
        total
    }

    /// Post-norm layers: a norm after each attention and after the feed-forward part.
    pub(super) fn post_norm_layers(&self) -> LayerCosts {
        let (d, ff) = (self.d_model as u64, self.d_ff as u64);
        let norm = Cost {
            params: 2 * d,
            macs: 0,
        };
        LayerCosts {
            attention: Box::new(attention_cost),
            cross_attention: Box::new(attention_cost),
            encoder_rows: vec![self.window.lookback as u64; self.layers],
            between: Cost::default(),
            encoder_rest: feed_forward_cost(d, ff, 1),
            decoder_rest: feed_forward_cost(d, ff, 1) + norm,
        }
    }

    /// The embedding of `rows` rows: a convolution over three rows, and a map of the time features.
    fn embedding_cost(&self, rows: u64) -> Cost {
        let inputs = 3 * self.window.channels as u64 + self.time_features as u64;
        let weights = inputs * self.d_model as u64;
        Cost {
            params: weights,
            macs: weights,
        }
        .over(rows)
    }

    pub(super) fn activations(&self) -> f64 {
        let (lookback, rows) = (self.window.lookback as f64, self.decoder_rows() as f64);
        let own = layer_activations([self.d_model, 0, self.heads], rows, rows);
        let cross = layer_activations([self.d_model, self.d_ff, self.heads], rows, lookback);
        let values = 2.0 * lookback * self.d_model as f64;
        let embedding = 3.0 * self.window.channels as f64 + 3.0 * self.d_model as f64;
        self.encoder().activations()
            + self.decoder_layers as f64 * (own + cross + values)
            + (lookback + rows) * embedding
            + self.window.activations()
    }
}
