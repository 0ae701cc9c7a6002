//! Informer (arXiv 2012.07436): a Transformer in which only the queries that stand out attend, with pooling
//! between the layers of the encoder.
//!
//! **What SEND means here.** The mask is on a dense map that gives exactly the output of the sparse attention:
//! rows of selected queries are softmax attention, rows of others are constant in W_q and W_k (equal weights, and
//! in a causal map ones up to the row's own token). The choice of queries is treated as fixed. It depends on keys
//! that are drawn anew in every training step, so scores of two seeds differ more than those of other models. With
//! [`InformerConfig::mixed_others`] or [`InformerConfig::mixed_decoder`] a map no longer states which row
//! reaches which, and its score means something else.
//!
//! The layout is that of zhouhaoyi/Informer2020 at 29f2a73, with embeddings without biases as in
//! Time-Series-Library, whose other differences are settings. Published tables at a look-back of 96 are of
//! thuml/Autoformer's code: `mixed_decoder`, `mixed_others` and a padding of 2.
//!
//! Published settings: the scripts of Time-Series-Library at 4e938a1 for ETTh1 and ECL, and of thuml/Autoformer at
//! 51c7d41 for other sets.

use serde::{Deserialize, Serialize};

use super::decoder::{EncoderDecoderShape, LayerCosts, encoder_decoder_methods};
use super::encoder::{attention_cost, feed_forward_cost};
use super::field::{Field, MOST_LAYERS};
use super::{AttentionSite, Axis, ModelSpec, Size, TIME_FEATURES, Variant, Window};
use crate::{AttentionStructure, ConfigError, Cost, ForecasterConfig, Preset, TrainingConfig};

/// The largest padding of a convolution over three rows that public codes use.
const LARGEST_PADDING: usize = 2;

/// Informer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct InformerConfig {
    /// Input rows per window.
    pub lookback: usize,
    /// Forecast rows per window.
    pub horizon: usize,
    /// Channels in and out.
    pub channels: usize,
    /// Rows at the end of the look-back that the decoder reads before the rows to forecast (`label_len`).
    pub label_rows: usize,
    /// Whether the time features of look-back and horizon are read.
    pub time_stamps: bool,
    /// Width of a token.
    pub d_model: usize,
    /// Hidden width of the feed-forward parts.
    pub d_ff: usize,
    /// Attention heads per module; divides `d_model`.
    pub heads: usize,
    /// Encoder layers, each with one attention module, with a pooling between each two.
    pub layers: usize,
    /// Decoder layers, each with self-attention and cross-attention.
    pub decoder_layers: usize,
    /// Selected queries and sampled keys: this times the natural logarithm of their number, rounded up.
    pub factor: usize,
    /// Whether cross-attention selects queries too (Time-Series-Library).
    pub sparse_cross: bool,
    /// Whether the decoder's self-attention joins its heads one after the other, which mixes heads and rows
    /// (`mix` of the authors).
    pub mixed_decoder: bool,
    /// Whether the other attention does (Time-Series-Library).
    pub mixed_others: bool,
    /// Rows that the convolution of a pooling reads beyond each end: 1, or 2 (Time-Series-Library).
    pub padding: usize,
    /// Dropout probability, in `[0, 1)`.
    pub dropout: f64,
}

/// How many of `tokens` tokens the sparse attention of Informer selects or samples: `factor · ⌈ln tokens⌉`, at
/// least one and at most all.
pub fn sparse_count(factor: usize, tokens: usize) -> usize {
    let logarithm = (tokens as f64).ln().ceil() as usize;
    factor.saturating_mul(logarithm).clamp(1, tokens.max(1))
}

impl InformerConfig {
    /// The published depths and a small width, for a small table. Half of the look-back are label rows.
    pub fn new(window: Window, time_stamps: bool) -> Self {
        Self {
            lookback: window.lookback,
            horizon: window.horizon,
            channels: window.channels,
            label_rows: window.lookback.div_ceil(2),
            time_stamps,
            d_model: 64,
            d_ff: 256,
            heads: 8,
            layers: 2,
            decoder_layers: 1,
            factor: 3,
            sparse_cross: false,
            mixed_decoder: false,
            mixed_others: false,
            padding: 1,
            dropout: 0.1,
        }
    }

    /// Rows of the decoder: label rows and horizon.
    pub fn decoder_rows(&self) -> usize {
        self.label_rows + self.horizon
    }

    /// Rows of each encoder layer.
    pub fn encoder_rows(&self) -> Vec<usize> {
        let rows = std::iter::successors(Some(self.lookback), |&rows| {
            Some(self.convolved(rows).div_ceil(2))
        });
        rows.take(self.layers).collect()
    }

    /// Rows of a pooling's convolution over `rows` rows.
    fn convolved(&self, rows: usize) -> usize {
        (rows + 2 * self.padding).saturating_sub(2)
    }

    fn published(
        set: Preset,
        horizon: usize,
        channels: usize,
        dates: bool,
    ) -> (ForecasterConfig, TrainingConfig) {
        let epochs = match set {
            Preset::Exchange if horizon == 336 => 1,
            Preset::Weather if horizon == 96 => 3,
            Preset::Traffic => 3,
            _ => 10,
        };
        let config = Self {
            label_rows: 48,
            d_model: 512,
            d_ff: 2048,
            factor: if set == Preset::Ettm1 { 5 } else { 3 },
            dropout: match set {
                Preset::Etth1 | Preset::Ecl => 0.1,
                _ => 0.05,
            },
            ..Self::new(Window::new(96, horizon, channels), dates)
        };
        let training = TrainingConfig {
            epochs,
            ..TrainingConfig::default()
        };
        (config.into(), training)
    }

    fn shape(&self) -> EncoderDecoderShape {
        EncoderDecoderShape {
            window: self.window(),
            label_rows: self.label_rows,
            time_features: if self.time_stamps { TIME_FEATURES } else { 0 },
            d_model: self.d_model,
            d_ff: self.d_ff,
            heads: self.heads,
            layers: self.layers,
            decoder_layers: self.decoder_layers,
        }
    }
}

impl ModelSpec for InformerConfig {
    const FIELDS: &'static [Field<Self>] = &[
        Field::layers(
            "Encoder layers",
            "Encoder layers, each with one attention module; the rows are halved between them",
            |c| &mut c.layers,
        ),
        Field::decoder_layers(
            "Decoder layers, each with self-attention and cross-attention",
            |c| &mut c.decoder_layers,
        ),
        Field::width("Width of a token", |c: &mut Self| &mut c.d_model)
            .and(|c| c.d_ff = c.d_model.saturating_mul(4)),
        Field::feed_forward(|c| &mut c.d_ff),
        Field::heads(|c| &mut c.heads),
        Field::count(
            "factor",
            "Sparsity factor",
            "Queries that attend, and keys that are sampled to find them: this times the logarithm of their number. Training samples in every step, so scores vary with the seed. Costs are counted for these queries; the computation is on dense maps",
            MOST_LAYERS,
            |c| &mut c.factor,
        ),
        Field::switch(
            "sparse-cross",
            "Sparse cross-attention",
            "Select queries in cross-attention too, as Time-Series-Library does",
            |c| &mut c.sparse_cross,
        ),
        Field::switch(
            "mix-decoder",
            "Mix heads and rows in the decoder",
            "Join the heads of the decoder's self-attention one after the other; its map, and scores of it, then do not state which row reaches which",
            |c| &mut c.mixed_decoder,
        ),
        Field::switch(
            "mix-others",
            "Mix heads and rows elsewhere",
            "Join the heads of all other attention so too, as Time-Series-Library does, with the same effect on maps and scores",
            |c| &mut c.mixed_others,
        ),
        Field::count(
            "padding",
            "Padding of the pooling",
            "Rows that the convolution between encoder layers reads beyond each end; Time-Series-Library has 2",
            LARGEST_PADDING,
            |c| &mut c.padding,
        ),
        Field::label_rows(|c| &mut c.label_rows),
        Field::dropout(|c| &mut c.dropout),
        Field::time_features(|c| &mut c.time_stamps),
    ];

    const VARIANTS: &'static [Variant] = &[Variant {
        id: "informer",
        name: "Informer",
        title: "Informer: attention of the rows that stand out by a random sample, pooling in the encoder",
        paper: "arXiv 2012.07436",
        new: |window, dates| (Self::new(window, dates).into(), TrainingConfig::default()),
        published: Self::published,
    }];

    encoder_decoder_methods!();

    /// Every row is a token, so a step costs several times that of iTransformer, most of it for maps of rows by
    /// rows. At a small size heads, layers and label rows are fewer, and the feed-forward parts narrower.
    fn resize(&mut self, size: Size) {
        self.d_model = size.width;
        self.d_ff = size.row_feed_forward(2);
        self.layers = size.fewer_layers();
        self.heads = size.fewer_heads(4);
        self.label_rows = size.label_rows(self.lookback);
    }

    fn check(&self) -> Result<(), ConfigError> {
        let pooled = self.encoder_rows();
        let pooled = &pooled[..pooled.len().saturating_sub(1)];
        if pooled.iter().any(|&rows| rows < self.padding) {
            return Err(ConfigError::new(
                format!(
                    "a pooling with a padding of {} has no window over a single row",
                    self.padding
                ),
                "use a padding of 1, fewer encoder layers or a longer look-back",
            ));
        }
        self.shape().check()
    }

    fn sites(&self) -> Vec<AttentionSite> {
        let mut sites = self.shape().sites(true);
        let axes: Vec<Axis> = (self.encoder_rows().into_iter().enumerate())
            .map(|(layer, count)| match layer {
                0 => Axis::Rows { count },
                _ => Axis::PooledRows { count },
            })
            .collect();
        let mixed_decoder =
            (self.mixed_decoder).then_some("`mix-decoder` mixes its heads and rows");
        let mixed_others = (self.mixed_others).then_some("`mix-others` mixes its heads and rows");
        let (encoder, decoder) = sites.split_at_mut(self.layers);
        for (site, &axis) in encoder.iter_mut().zip(&axes) {
            site.indivisible = mixed_others;
            for map in &mut site.maps {
                (map.queries, map.keys) = (axis, axis);
            }
        }
        for modules in decoder.chunks_exact_mut(2) {
            modules[0].indivisible = mixed_decoder;
            modules[1].indivisible = mixed_others.filter(|_| self.sparse_cross);
            for map in &mut modules[1].maps {
                map.keys = axes.last().copied().unwrap_or(map.keys);
            }
        }
        sites
    }

    /// The multiply–accumulates are those of the sparse algorithm, as published. The dense maps by which it is
    /// computed here take `2 · rows · keys · d_model` in each product.
    fn cost(&self, kept: &[AttentionStructure]) -> Cost {
        let (d, ff) = (self.d_model as u64, self.d_ff as u64);
        let factor = self.factor;
        let sparse = move |d, inner, queries, keys| sparse_cost(factor, [d, inner, queries, keys]);
        let encoder_rows: Vec<u64> = (self.encoder_rows().into_iter())
            .map(|rows| rows as u64)
            .collect();
        let pooled = encoder_rows.iter().take(self.layers.saturating_sub(1));
        let between = pooled.fold(Cost::default(), |total, &rows| {
            let convolution = Cost {
                params: 3 * d * d + d + 2 * d,
                macs: 3 * d * d,
            };
            total + convolution.over(self.convolved(rows as usize) as u64)
        });
        let norm = Cost {
            params: 2 * d,
            macs: 0,
        };
        let costs = LayerCosts {
            attention: Box::new(sparse),
            cross_attention: if self.sparse_cross {
                Box::new(sparse)
            } else {
                Box::new(attention_cost)
            },
            encoder_rows,
            between,
            encoder_rest: feed_forward_cost(d, ff, 1),
            decoder_rest: feed_forward_cost(d, ff, 1) + norm,
        };
        self.shape().cost(kept, &costs)
    }

    /// An upper estimate: an encoder without pooling, and twice the numbers of full attention, because the
    /// operations of sparse attention are not fused.
    fn activations(&self) -> f64 {
        2.0 * self.shape().activations()
    }

    fn score_note(&self) -> Option<&'static str> {
        Some(if self.mixed_decoder || self.mixed_others {
            "Informer's attention is scored on a dense map that gives the same output, with the choice of queries held fixed. With mixed heads and rows a map does not state which row reaches which: its score has another meaning than in other models."
        } else {
            "Informer's attention is scored on a dense map that gives the same output, with the choice of queries held fixed: rows of other queries do not depend on W_q and W_k. The choice follows from randomly sampled keys, so compare the scores of several seeds."
        })
    }

    fn without_attention(&self) -> &'static str {
        "each row is forecast from the time features and its position, and the first and last also from a label row"
    }
}

/// The projections of full attention; scores of the sample, and of the selected queries with their product.
fn sparse_cost(factor: usize, [d, inner, queries, keys]: [u64; 4]) -> Cost {
    if inner == 0 {
        return Cost::default();
    }
    let count = |tokens: u64| sparse_count(factor, tokens as usize) as u64;
    let scores = queries * count(keys) * inner;
    let selected = 2 * count(queries) * keys * inner;
    Cost {
        macs: (2 * queries * d * inner + 2 * keys * d * inner)
            .saturating_add(scores)
            .saturating_add(selected),
        ..attention_cost(d, inner, 1, 1)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::{ModuleId, Structure};

    fn published(set: Preset, horizon: usize, channels: usize) -> InformerConfig {
        match InformerConfig::published(set, horizon, channels, true).0 {
            ForecasterConfig::Informer(config) => config,
            other => panic!("{other:?}"),
        }
    }

    /// With Time-Series-Library's settings.
    fn library(set: Preset, horizon: usize, channels: usize) -> Structure {
        let config = InformerConfig {
            sparse_cross: true,
            mixed_decoder: true,
            mixed_others: true,
            padding: 2,
            ..published(set, horizon, channels)
        };
        Structure::dense(config.into())
    }

    #[test]
    fn counts_are_those_of_the_public_code() {
        for (set, horizon, channels, params, macs) in [
            (Preset::Etth1, 96, 7, 11_328_007, 1_099_031_552),
            (Preset::Etth1, 192, 7, 11_328_007, 1_456_984_064),
            (Preset::Etth1, 336, 7, 11_328_007, 1_992_691_712),
            (Preset::Etth1, 720, 7, 11_328_007, 3_424_934_912),
            (Preset::Weather, 96, 21, 11_378_197, 1_105_224_704),
        ] {
            let cost = library(set, horizon, channels).cost();
            assert_eq!(cost, Cost { params, macs }, "{set:?} {horizon}");
        }
        assert_eq!(library(Preset::Traffic, 96, 862).cost().params, 14_393_182);
        assert_eq!(library(Preset::Ecl, 96, 321).cost().params, 12_453_697);
        let authors = Structure::dense(published(Preset::Etth1, 96, 7).into());
        assert_eq!(
            authors.cost(),
            Cost {
                params: 11_328_007,
                macs: 1_099_210_752
            }
        );
        // With the factor of the authors.
        let config = InformerConfig {
            factor: 5,
            ..published(Preset::Etth1, 96, 7)
        };
        assert_eq!(Structure::dense(config.into()).cost().macs, 1_103_486_976);
    }

    #[test]
    fn removing_modules_saves_known_shares() {
        let dense = library(Preset::Etth1, 96, 7);
        let whole = dense.cost();
        let saved = |modules: &[&str]| {
            let modules: Vec<_> = modules.iter().map(|name| ModuleId::from(*name)).collect();
            let left = dense.clone().without_modules(&modules).unwrap().cost();
            let share = |left: u64, all: u64| ((all - left) as f64 / all as f64 * 1000.0).round();
            (
                whole.macs - left.macs,
                share(left.params, whole.params),
                share(left.macs, whole.macs),
            )
        };
        let encoder = ["encoder.0.attention", "encoder.1.attention"];
        assert_eq!(saved(&encoder), (155_158_528, 185.0, 141.0));
        assert_eq!(
            saved(&["decoder.0.self_attention"]),
            (154_312_704, 93.0, 140.0)
        );
        let cross = sparse_cost(3, [512, 512, 144, 49]);
        assert_eq!(cross.macs, 102_824_960);
        assert_eq!(
            (cross.macs as f64 / whole.macs as f64 * 1000.0).round(),
            94.0
        );
    }

    #[test]
    fn rows_are_halved_between_the_layers_of_the_encoder() {
        let mut config = InformerConfig {
            layers: 4,
            ..published(Preset::Etth1, 96, 7)
        };
        assert_eq!(config.encoder_rows(), [96, 48, 24, 12]);
        config.padding = 2;
        assert_eq!(config.encoder_rows(), [96, 49, 26, 14]);
        let sites = config.sites();
        let keys = |place: usize| sites[place].maps[0].keys.labels(&[]);
        assert_eq!((keys(0).len(), keys(3).len(), keys(5).len()), (96, 14, 14));
        assert_eq!([&keys(0)[0], &keys(5)[0]], ["row 1", "pooled row 1"]);
        let counts = [48, 49, 96, 144, 240, 384, 768].map(|tokens| sparse_count(3, tokens));
        assert_eq!(counts, [12, 12, 15, 15, 18, 18, 21]);
    }

    #[test]
    fn poolings_of_a_single_row_are_refused_with_a_padding_of_two() {
        let mut config = InformerConfig::new(Window::new(1, 2, 2), false);
        config.check().unwrap();
        config.padding = 2;
        let error = config.check().unwrap_err().to_string();
        assert!(error.contains("use a padding of 1"), "{error}");
    }

    /// Under a mixed layout the output of W_o is of several rows, so that a head has no columns of its own.
    #[test]
    fn single_heads_are_not_removed_where_they_are_mixed_with_rows() {
        let plain = InformerConfig::new(Window::new(12, 6, 2), false);
        let decoder = InformerConfig {
            mixed_decoder: true,
            ..plain.clone()
        };
        let all = InformerConfig {
            mixed_others: true,
            sparse_cross: true,
            ..decoder.clone()
        };
        let without = |config: &InformerConfig, module: &str| {
            let dense = Structure::dense(config.clone().into());
            let left = dense.clone().without_heads(&ModuleId::from(module), &[1]);
            let whole = dense.without_heads(&ModuleId::from(module), &[]);
            assert!(whole.is_ok());
            left.map(drop).map_err(|error| error.to_string())
        };
        let modules = [
            "encoder.1.attention",
            "decoder.0.self_attention",
            "decoder.0.cross_attention",
        ];
        let refused = |config| modules.map(|module| without(config, module).is_err());
        assert_eq!(refused(&plain), [false, false, false]);
        assert_eq!(refused(&decoder), [false, true, false]);
        assert_eq!(refused(&all), [true, true, true]);
        let error = without(&decoder, modules[1]).unwrap_err();
        assert!(error.contains("`mix-decoder`") && error.contains("remove whole modules"));
        let dense = Structure::dense(all.into());
        dense.without_modules(&[ModuleId::encoder(0)]).unwrap();
    }
}
