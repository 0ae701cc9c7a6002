//! Autoformer (arXiv 2106.13008): rows are tokens, every layer separates season and trend, and auto-correlation
//! takes the place of attention. It averages the values at the time lags at which queries and keys correlate
//! most.
//!
//! **What SEND means here.** There is no map of softmax attention per head. A module has one table of weights,
//! a row of the decoder or encoder by a lag, and the connection mask multiplies the weights after their softmax:
//! `S[t, i] = w_i ⟨G[t], V[(t + τ_i) mod L]⟩`, with G the gradient of the loss with respect to the average. The
//! choice of the lags τ is held fixed. This is SEND on lags: the modules of one Autoformer can be compared, but
//! not with those of other models. In training a batch has the same lags, and so one mask; otherwise each window
//! has its own lags, and a mask of its own. All heads would have the same weights, so each module has one head.
//!
//! Published settings: Time-Series-Library's scripts at 4e938a1. The model is that of thuml/Autoformer at
//! 51c7d41.

use serde::{Deserialize, Serialize};

use super::decoder::{EncoderDecoderShape, LayerCosts, encoder_decoder_methods};
use super::dlinear::check_kernel;
use super::field::{Field, MOST_LAYERS};
use super::{AttentionSite, Axis, ModelSpec, Size, TIME_FEATURES, Variant, Window};
use crate::{AttentionStructure, ConfigError, Cost, ForecasterConfig, Preset, TrainingConfig};

/// Autoformer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AutoformerConfig {
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
    /// Encoder layers, each with one auto-correlation.
    pub layers: usize,
    /// Decoder layers, each with one auto-correlation of its rows and one with the encoder's.
    pub decoder_layers: usize,
    /// A module over L rows uses `factor · ln L` lags, rounded down, at least one and at most L.
    pub lag_factor: usize,
    /// Rows of the moving average that is the trend; odd.
    pub kernel: usize,
    /// Dropout probability, in `[0, 1)`.
    pub dropout: f64,
}

impl AutoformerConfig {
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
            layers: 2,
            decoder_layers: 1,
            lag_factor: 3,
            kernel: 25,
            dropout: 0.1,
        }
    }

    /// Rows of the decoder: label rows and horizon.
    pub fn decoder_rows(&self) -> usize {
        self.label_rows + self.horizon
    }

    /// Number of lags of a module over `rows` rows.
    pub fn lags(&self, rows: usize) -> usize {
        let lags = self.lag_factor as f64 * (rows as f64).ln();
        (lags as usize).clamp(1, rows.max(1))
    }

    fn published(
        set: Preset,
        horizon: usize,
        channels: usize,
        dates: bool,
    ) -> (ForecasterConfig, TrainingConfig) {
        let epochs = match set {
            Preset::Exchange if matches!(horizon, 192 | 336) => 1,
            Preset::Weather if horizon == 96 => 2,
            Preset::Traffic => 3,
            _ => 10,
        };
        let config = Self {
            label_rows: 48,
            d_model: 512,
            d_ff: 2048,
            lag_factor: if set == Preset::Ettm2 { 1 } else { 3 },
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
            heads: 1,
            layers: self.layers,
            decoder_layers: self.decoder_layers,
        }
    }
}

impl ModelSpec for AutoformerConfig {
    const FIELDS: &'static [Field<Self>] = &[
        Field::layers(
            "Encoder layers",
            "Encoder layers, each with one auto-correlation module",
            |c| &mut c.layers,
        ),
        Field::decoder_layers(
            "Decoder layers, each with auto-correlation of its rows, and with those of the encoder",
            |c| &mut c.decoder_layers,
        ),
        Field::width("Width of a token", |c: &mut Self| &mut c.d_model)
            .and(|c| c.d_ff = c.d_model.saturating_mul(4)),
        Field::feed_forward(|c| &mut c.d_ff),
        Field::count(
            "lag-factor",
            "Lag factor",
            "Lags of a module: this times the logarithm of its rows. SEND scores the weights of the lags, and holds the choice of lags fixed",
            MOST_LAYERS,
            |c| &mut c.lag_factor,
        ),
        Field::kernel(|c| &mut c.kernel),
        Field::label_rows(|c| &mut c.label_rows),
        Field::dropout(|c| &mut c.dropout),
        Field::time_features(|c| &mut c.time_stamps),
    ];

    const VARIANTS: &'static [Variant] = &[Variant {
        id: "autoformer",
        name: "Autoformer",
        title: "Autoformer: auto-correlation between time lags instead of attention (scores: SEND on lags, no heads)",
        paper: "arXiv 2106.13008",
        new: |window, dates| (Self::new(window, dates).into(), TrainingConfig::default()),
        published: Self::published,
    }];

    encoder_decoder_methods!();

    /// The number of heads has no meaning here. Every row is a token, so a step costs several times that of
    /// iTransformer. At a small size layers and label rows are fewer, and the feed-forward parts narrower.
    fn resize(&mut self, size: Size) {
        self.d_model = size.width;
        self.d_ff = size.row_feed_forward(1);
        self.layers = size.fewer_layers();
        self.label_rows = size.label_rows(self.lookback);
    }

    fn check(&self) -> Result<(), ConfigError> {
        check_kernel(self.kernel, self.lookback)?;
        self.shape().check()
    }

    fn sites(&self) -> Vec<AttentionSite> {
        let mut sites = self.shape().sites(false);
        for (place, site) in sites.iter_mut().enumerate() {
            let rows = if place < self.layers {
                self.lookback
            } else {
                self.decoder_rows()
            };
            let count = self.lags(rows);
            site.maps
                .iter_mut()
                .for_each(|map| map.keys = Axis::Lags { count });
        }
        sites
    }

    /// As in the published counts, without the correlations and the average over lags: `2 · rows² · d_model`
    /// per module as they are computed here.
    fn cost(&self, kept: &[AttentionStructure]) -> Cost {
        let (d, ff, channels) = (self.d_model as u64, self.d_ff as u64, self.channels as u64);
        let weights = |count| Cost {
            params: count,
            macs: count,
        };
        let costs = LayerCosts {
            attention: Box::new(auto_correlation_cost),
            cross_attention: Box::new(auto_correlation_cost),
            encoder_rows: vec![self.lookback as u64; self.layers],
            between: Cost::default(),
            encoder_rest: weights(2 * d * ff),
            decoder_rest: weights(2 * d * ff + 3 * d * channels),
        };
        self.shape().cost(kept, &costs)
    }

    /// With the products of rows with rows, which are repeated, and the trends.
    fn activations(&self) -> f64 {
        let (lookback, rows) = (self.lookback as f64, self.decoder_rows() as f64);
        let (encoder, decoder) = (self.layers as f64, self.decoder_layers as f64);
        let products = encoder * lookback * lookback + 2.0 * decoder * rows * rows;
        let trends = (2.0 * encoder * lookback + 3.0 * decoder * rows) * self.d_model as f64;
        self.shape().activations() + 14.0 * products + 3.0 * trends
    }

    fn score_note(&self) -> Option<&'static str> {
        Some(
            "Autoformer has no attention maps: scores are of the weights of its time lags, with the choice of lags held fixed. Compare the modules of this model with each other, not with those of another model.",
        )
    }

    fn without_attention(&self) -> &'static str {
        "each row is forecast from the trend and the rows around it"
    }
}

/// The four projections; W_q and W_o over the queries, W_k and W_v over the keys.
fn auto_correlation_cost(d: u64, inner: u64, queries: u64, keys: u64) -> Cost {
    if inner == 0 {
        return Cost::default();
    }
    Cost {
        params: 3 * (d * inner + inner) + inner * d + d,
        macs: 2 * queries * d * inner + 2 * keys * d * inner,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::{ModuleId, Structure};

    fn published(set: Preset, horizon: usize, channels: usize) -> Structure {
        Structure::dense(AutoformerConfig::published(set, horizon, channels, true).0)
    }

    #[test]
    fn counts_are_those_of_the_public_code() {
        for (set, horizon, channels, params, macs) in [
            (Preset::Etth1, 96, 7, 10_535_943, 1_187_930_112),
            (Preset::Etth1, 192, 7, 10_535_943, 1_542_856_704),
            (Preset::Etth1, 336, 7, 10_535_943, 2_075_246_592),
            (Preset::Etth1, 720, 7, 10_535_943, 3_494_952_960),
            (Preset::Weather, 96, 21, 10_607_637, 1_197_219_840),
        ] {
            let cost = published(set, horizon, channels).cost();
            assert_eq!(cost, Cost { params, macs }, "{set:?} {horizon}");
        }
        // Parameters that the literature has for 862 and 321 channels.
        assert_eq!(
            published(Preset::Traffic, 96, 862).cost().params,
            14_914_398
        );
        assert_eq!(published(Preset::Ecl, 96, 321).cost().params, 12_143_937);
    }

    #[test]
    fn removing_modules_saves_known_shares() {
        let dense = published(Preset::Etth1, 96, 7);
        let whole = dense.cost();
        let saved = |left: Cost| {
            let share = |left: u64, all: u64| ((all - left) as f64 / all as f64 * 1000.0).round();
            (
                share(left.params, whole.params),
                share(left.macs, whole.macs),
            )
        };
        let left = |modules: &[&str]| {
            let modules: Vec<_> = modules.iter().map(|name| ModuleId::from(*name)).collect();
            dense.clone().without_modules(&modules).unwrap().cost()
        };
        let encoder = ["encoder.0.attention", "encoder.1.attention"];
        assert_eq!(saved(left(&encoder)), (199.0, 169.0));
        assert_eq!(saved(left(&["decoder.0.self_attention"])), (100.0, 127.0));
        let module = 4 * (512 * 512 + 512);
        assert_eq!(
            left(&encoder[..1]),
            Cost {
                params: whole.params - module,
                macs: whole.macs - 4 * 96 * 512 * 512
            }
        );
        // One of two decoder layers, so that the encoder is still read.
        let cross = auto_correlation_cost(512, 512, 144, 96);
        assert_eq!(cross.params, module);
        let left = Cost {
            params: whole.params - cross.params,
            macs: whole.macs - cross.macs,
        };
        assert_eq!(saved(left), (100.0, 106.0));
    }

    /// Without it, the encoder reaches no forecast.
    #[test]
    fn without_cross_attention_the_encoder_costs_nothing() {
        let mut structure = published(Preset::Etth1, 96, 7);
        structure.attention[3].heads.clear();
        let cost = structure.cost();
        let (d, ff) = (512, 2048);
        let embedding = 3 * 7 * d + 4 * d;
        let rest = 4 * (d * d + d) + 2 * d * ff + 3 * d * 7;
        assert_eq!(cost.params, embedding + rest + 2 * d + 7 * d + 7);
        let rows = 144;
        let of_row = embedding + 4 * d * d + 2 * d * ff + 3 * d * 7 + d * 7;
        assert_eq!(cost.macs, rows * of_row);
        let error = structure.check().unwrap_err().to_string();
        assert!(
            error.contains("`decoder.0.cross_attention` cannot be removed"),
            "{error}"
        );
    }

    #[test]
    fn maps_have_a_column_per_lag_and_one_head() {
        let sites = published(Preset::Etth1, 96, 7).forecaster.sites();
        assert!(sites.iter().all(|site| site.heads == 1));
        let sizes = |horizon, set| -> Vec<_> {
            let sites = published(set, horizon, 7).forecaster.sites();
            let maps = sites.iter().flat_map(|site| &site.maps);
            maps.map(|map| [map.queries, map.keys].map(|axis| axis.labels(&[]).len()))
                .collect()
        };
        assert_eq!(
            sizes(96, Preset::Etth1),
            [[96, 13], [96, 13], [144, 14], [144, 14]]
        );
        assert_eq!(sizes(720, Preset::Etth1)[3], [768, 19]);
        assert_eq!(sizes(192, Preset::Etth1)[3], [240, 16]);
        assert_eq!(sizes(336, Preset::Etth1)[3], [384, 17]);
        assert_eq!(sizes(96, Preset::Ettm2)[0], [96, 4]);
        assert_eq!(sizes(720, Preset::Ettm2)[3], [768, 6]);
        assert_eq!(sites[0].maps[0].keys.labels(&[])[0], "lag of rank 1");
    }

    #[test]
    fn every_look_back_has_a_lag_and_no_more_lags_than_rows() {
        for factor in [1, 3, 1000] {
            let config = AutoformerConfig {
                lag_factor: factor,
                ..AutoformerConfig::new(Window::new(1, 1, 1), false)
            };
            for rows in 1..50 {
                assert!((1..=rows).contains(&config.lags(rows)), "{factor} {rows}");
            }
        }
    }

    #[test]
    fn even_kernels_are_refused() {
        let config = AutoformerConfig {
            kernel: 24,
            ..AutoformerConfig::new(Window::new(24, 6, 2), true)
        };
        let error = ForecasterConfig::from(config).check().unwrap_err();
        assert!(error.to_string().contains("odd number of rows"), "{error}");
    }
}
