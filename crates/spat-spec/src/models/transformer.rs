//! Transformer (arXiv 1706.03762) as a forecaster, in Time-Series-Library's layout: rows are tokens. A
//! decoder forecasts the whole horizon at once from label rows, which are the last of the look-back, and
//! zeros.
//!
//! Published settings: Time-Series-Library's scripts at 4e938a1.

use serde::{Deserialize, Serialize};

use super::decoder::{EncoderDecoderShape, encoder_decoder_methods};
use super::field::Field;
use super::{AttentionSite, ModelSpec, Size, TIME_FEATURES, Variant, Window};
use crate::{AttentionStructure, ConfigError, Cost, ForecasterConfig, Preset, TrainingConfig};

/// Transformer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TransformerConfig {
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
    /// Encoder layers, each with one attention module.
    pub layers: usize,
    /// Decoder layers, each with self-attention and cross-attention.
    pub decoder_layers: usize,
    /// Dropout probability, in `[0, 1)`.
    pub dropout: f64,
}

impl TransformerConfig {
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
            dropout: 0.1,
        }
    }

    /// Rows of the decoder: label rows and horizon.
    pub fn decoder_rows(&self) -> usize {
        self.label_rows + self.horizon
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

impl ModelSpec for TransformerConfig {
    const FIELDS: &'static [Field<Self>] = &[
        Field::layers(
            "Encoder layers",
            "Encoder layers, each with one attention module",
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
        Field::label_rows(|c| &mut c.label_rows),
        Field::dropout(|c| &mut c.dropout),
        Field::time_features(|c| &mut c.time_stamps),
    ];

    const VARIANTS: &'static [Variant] = &[Variant {
        id: "transformer",
        name: "Transformer",
        title: "Transformer: attention between rows, and from forecast rows to the look-back",
        paper: "arXiv 1706.03762",
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
        self.heads = size.fewer_heads(2);
        self.label_rows = size.label_rows(self.lookback);
    }

    fn check(&self) -> Result<(), ConfigError> {
        self.shape().check()
    }

    fn sites(&self) -> Vec<AttentionSite> {
        self.shape().sites(true)
    }

    fn cost(&self, kept: &[AttentionStructure]) -> Cost {
        let shape = self.shape();
        shape.cost(kept, &shape.post_norm_layers())
    }

    fn activations(&self) -> f64 {
        self.shape().activations()
    }

    fn without_attention(&self) -> &'static str {
        "each row is forecast from the time features and its position, and the first and last also from a label row"
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::{ModuleId, Structure};

    fn published(set: Preset, horizon: usize, channels: usize) -> Structure {
        Structure::dense(TransformerConfig::published(set, horizon, channels, true).0)
    }

    #[test]
    fn counts_are_those_of_the_public_code() {
        for (set, horizon, channels, params, macs) in [
            (Preset::Etth1, 96, 7, 10_540_039, 1_240_645_632),
            (Preset::Etth1, 192, 7, 10_540_039, 1_641_725_952),
            (Preset::Etth1, 336, 7, 10_540_039, 2_278_735_872),
            (Preset::Etth1, 720, 7, 10_540_039, 4_185_047_040),
            (Preset::Weather, 96, 21, 10_590_229, 1_246_838_784),
        ] {
            let cost = published(set, horizon, channels).cost();
            assert_eq!(cost, Cost { params, macs }, "{set:?} {horizon}");
        }
        // Parameters that the literature has for 862 and 321 channels.
        assert_eq!(
            published(Preset::Traffic, 96, 862).cost().params,
            13_605_214
        );
        assert_eq!(published(Preset::Ecl, 96, 321).cost().params, 11_665_729);
    }

    #[test]
    fn removing_modules_saves_known_shares() {
        let dense = published(Preset::Etth1, 96, 7);
        let whole = dense.cost();
        let left = |modules: &[&str]| {
            let modules: Vec<_> = modules.iter().map(|name| ModuleId::from(*name)).collect();
            dense.clone().without_modules(&modules).unwrap().cost()
        };
        let saved = |left: Cost| {
            let share = |left: u64, all: u64| ((all - left) as f64 / all as f64 * 1000.0).round();
            (
                share(left.params, whole.params),
                share(left.macs, whole.macs),
            )
        };
        let encoder = ["encoder.0.attention", "encoder.1.attention"];
        assert_eq!(saved(left(&encoder[..1])), (100.0, 89.0));
        assert_eq!(saved(left(&encoder)), (199.0, 177.0));
        assert_eq!(saved(left(&["decoder.0.self_attention"])), (100.0, 139.0));
        let all = [&encoder[..], &["decoder.0.self_attention"]].concat();
        assert_eq!(
            left(&all),
            Cost {
                params: 7_388_167,
                macs: 848_216_064
            }
        );
    }

    /// Without it, the encoder reaches no forecast.
    #[test]
    fn without_cross_attention_the_encoder_costs_nothing() {
        let mut structure = published(Preset::Etth1, 96, 7);
        structure.attention[3].heads.clear();
        assert_eq!(
            structure.cost(),
            Cost {
                params: 3_170_823,
                macs: 476_577_792
            }
        );
        let error = structure.check().unwrap_err().to_string();
        assert!(
            error.contains("`decoder.0.cross_attention` cannot be removed"),
            "{error}"
        );
    }

    #[test]
    fn maps_are_of_rows_and_only_self_attention_of_the_decoder_is_causal() {
        let sites = published(Preset::Etth1, 96, 7).forecaster.sites();
        let maps: Vec<_> = sites
            .iter()
            .flat_map(|site| &site.maps)
            .map(|map| {
                let [rows, columns] = [map.queries, map.keys].map(|axis| axis.labels(&[]));
                (map.id.as_str(), rows.len(), columns.len(), map.causal)
            })
            .collect();
        assert_eq!(
            maps,
            [
                ("encoder.0.attention", 96, 96, false),
                ("encoder.1.attention", 96, 96, false),
                ("decoder.0.self_attention", 144, 144, true),
                ("decoder.0.cross_attention", 144, 96, false),
            ]
        );
        let rows = sites[2].maps[0].queries.labels(&[]);
        assert_eq!([&rows[0], &rows[47]], ["row 49", "row 96"]);
        assert_eq!(
            [&rows[48], &rows[143]],
            ["forecast row 1", "forecast row 96"]
        );
    }

    #[test]
    fn label_rows_are_rows_of_the_look_back() {
        let mut config = TransformerConfig::new(Window::new(25, 6, 2), true);
        assert_eq!((config.label_rows, config.decoder_rows()), (13, 19));
        config.set_window(Window::new(9, 6, 2));
        assert_eq!(config.label_rows, 9);
        config.label_rows = 10;
        let error = ForecasterConfig::from(config).check().unwrap_err();
        assert!(error.to_string().contains("10 label rows"), "{error}");
    }

    #[test]
    fn without_dates_the_time_features_cost_nothing() {
        let window = Window::new(96, 96, 7);
        let [with, without] = [true, false].map(|dates| TransformerConfig::new(window, dates));
        let [more, less] =
            [&with, &without].map(|config| Structure::dense(config.clone().into()).cost());
        assert_eq!(more.params - less.params, 2 * 4 * 64);
        assert_eq!(more.macs - less.macs, (96 + 144) * 4 * 64);
        assert!(with.inputs().future_time_features && !without.inputs().time_features);
    }
}
