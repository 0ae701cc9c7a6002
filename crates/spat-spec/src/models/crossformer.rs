//! Crossformer (ICLR 2023, openreview vSVLM2j9eie) in Time-Series-Library's layout: segments of each channel
//! are tokens, which attend over time within their channel and over channels through a few routers.
//!
//! Published settings: Time-Series-Library's scripts at 4e938a1.
//!
//! The decoder starts from learned positions, so that everything before the first cross-attention is the
//! same for all windows. It is computed once per forward pass, and costs no multiply–accumulates per window;
//! the public code computes it again for each window.

use serde::{Deserialize, Serialize};

use super::encoder::{attention_cost, check_heads, feed_forward_cost, layer_activations};
use super::field::{Field, LARGEST_AXIS};
use super::spec::window_fields;
use super::{AttentionMap, AttentionSite, Axis, ModelSpec, Size, Variant, Window};
use crate::{
    AttentionStructure, ConfigError, Cost, ForecasterConfig, ModuleId, Preset, TrainingConfig,
};

/// Rows of a segment in the published settings.
const SEGMENT: usize = 12;

/// The most routers per segment.
const MOST_ROUTERS: usize = 1 << 10;

/// Crossformer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CrossformerConfig {
    /// Input rows per window.
    pub lookback: usize,
    /// Forecast rows per window.
    pub horizon: usize,
    /// Channels in and out.
    pub channels: usize,
    /// Rows per segment.
    pub segment: usize,
    /// Routers per segment, through which channels attend to each other (`factor`).
    pub routers: usize,
    /// Width of a token.
    pub d_model: usize,
    /// Hidden width of the feed-forward parts.
    pub d_ff: usize,
    /// Attention heads per module; divides `d_model`.
    pub heads: usize,
    /// Encoder blocks, each but the first at half the segments of the one before. The decoder has one layer
    /// more.
    pub layers: usize,
    /// Dropout probability, in `[0, 1)`.
    pub dropout: f64,
}

impl CrossformerConfig {
    /// The size published for the exchange rates, which suits a small table.
    pub fn new(window: Window) -> Self {
        Self {
            lookback: window.lookback,
            horizon: window.horizon,
            channels: window.channels,
            segment: SEGMENT,
            routers: 3,
            d_model: 64,
            d_ff: 64,
            heads: 8,
            layers: 2,
            dropout: 0.1,
        }
    }

    /// Segments of the look-back, whose end is filled up with its last row.
    pub fn segments(&self) -> usize {
        self.lookback.div_ceil(self.segment)
    }

    /// Segments of the horizon, whose last rows are the forecast.
    pub fn forecast_segments(&self) -> usize {
        self.horizon.div_ceil(self.segment)
    }

    /// Segments of each encoder block, which merges those of the block before in pairs.
    pub fn block_segments(&self) -> Vec<usize> {
        let blocks = 0..self.layers;
        let halved = |segments: &mut usize| Some(std::mem::replace(segments, segments.div_ceil(2)));
        blocks
            .scan(self.segments(), |segments, _| halved(segments))
            .collect()
    }

    /// Segments that each decoder layer reads: the embedding's, then those of each encoder block.
    fn memory_segments(&self) -> Vec<usize> {
        let embedding = std::iter::once(self.segments());
        embedding.chain(self.block_segments()).collect()
    }

    fn published(
        set: Preset,
        horizon: usize,
        channels: usize,
        _dates: bool,
    ) -> (ForecasterConfig, TrainingConfig) {
        let long = horizon > 192;
        let (d_model, d_ff, heads, batch) = match set {
            Preset::Etth1 | Preset::Etth2 | Preset::Ettm1 | Preset::Ettm2 => (512, 2048, 8, 32),
            Preset::Exchange if !long => (64, 64, 8, 32),
            Preset::Weather | Preset::Exchange => (32, 32, 8, 32),
            Preset::Ecl => (256, 512, 8, 16),
            Preset::Traffic => (512, 2048, 2, 4),
        };
        let short = match set {
            Preset::Weather => horizon == 192 || horizon == 720,
            Preset::Exchange => long,
            _ => false,
        };
        let config = Self {
            routers: match set {
                Preset::Ettm1 | Preset::Ettm2 => 1,
                _ => 3,
            },
            d_model,
            d_ff,
            heads,
            ..Self::new(Window::new(96, horizon, channels))
        };
        let training = TrainingConfig {
            epochs: if short { 1 } else { 10 },
            batch,
            ..TrainingConfig::default()
        };
        (config.into(), training)
    }

    /// The two modules of a two-stage layer over `axis` of `block`.
    fn two_stages(&self, block: &str, layer: usize, axis: Axis) -> [AttentionSite; 2] {
        let channels = Axis::Channels {
            time_features: false,
        };
        let routers = Axis::Routers {
            count: self.routers,
        };
        let time = self.site(ModuleId::new(block, layer, "time_attention"), axis, axis);
        let id = ModuleId::new(block, layer, "channel_attention");
        let map = |name, queries, keys| AttentionMap {
            id: id.map(name),
            queries,
            keys,
            causal: false,
        };
        let mut maps = vec![
            map("sender", routers, channels),
            map("receiver", channels, routers),
        ];
        // A row of one key is 1 whatever the weights are. One map remains if both have such rows.
        if self.routers < 2 {
            maps.pop();
        } else if self.channels < 2 {
            maps.remove(0);
        }
        let channel = AttentionSite {
            maps,
            ..self.site(id, channels, routers)
        };
        [time, channel]
    }

    fn site(&self, id: ModuleId, queries: Axis, keys: Axis) -> AttentionSite {
        let head_width = self.d_model / self.heads.max(1);
        AttentionSite::new(id, self.heads, head_width, queries, keys)
    }

    /// A two-stage layer over `segments` segments of all channels, with the attention over time and over
    /// channels in `kept`.
    fn two_stage_cost(&self, kept: [&AttentionStructure; 2], segments: usize) -> Cost {
        let [time, channel] = kept.map(|slot| self.columns(slot));
        let (d, ff) = (self.d_model as u64, self.d_ff as u64);
        let (c, n, r) = (self.channels as u64, segments as u64, self.routers as u64);
        let over_time = attention_cost(d, time, n, n) + feed_forward_cost(d, ff, n);
        let routers = Cost {
            params: if channel > 0 { n * r * d } else { 0 },
            macs: 0,
        };
        let [sender, receiver] =
            [(r, c), (c, r)].map(|(queries, keys)| attention_cost(d, channel, queries, keys));
        let over_channels = sender + receiver + feed_forward_cost(d, ff, c);
        over_time.over(c) + over_channels.over(n) + routers
    }

    /// Columns of the heads of a module together.
    fn columns(&self, slot: &AttentionStructure) -> u64 {
        slot.heads.len() as u64 * (self.d_model / self.heads.max(1)) as u64
    }
}

impl ModelSpec for CrossformerConfig {
    const FIELDS: &'static [Field<Self>] = &[
        Field::layers(
            "Encoder blocks",
            "Encoder blocks, each but the first at half the segments; the decoder has one layer more",
            |c| &mut c.layers,
        ),
        Field::width("Width of a token", |c: &mut Self| &mut c.d_model).and(|c| c.d_ff = c.d_model),
        Field::feed_forward(|c| &mut c.d_ff),
        Field::heads(|c| &mut c.heads),
        Field::count(
            "segment",
            "Segment length, rows",
            "Rows per segment",
            LARGEST_AXIS,
            |c| &mut c.segment,
        ),
        Field::count(
            "routers",
            "Routers",
            "Routers per segment, through which channels attend to each other",
            MOST_ROUTERS,
            |c| &mut c.routers,
        ),
        Field::dropout(|c| &mut c.dropout),
    ];

    const VARIANTS: &'static [Variant] = &[Variant {
        id: "crossformer",
        name: "Crossformer",
        title: "Crossformer: attention over time, between channels, and from decoder to encoder",
        paper: "openreview.net/forum?id=vSVLM2j9eie",
        new: |window, _| (Self::new(window).into(), TrainingConfig::default()),
        published: Self::published,
    }];

    window_fields!();

    /// At a small size segments are twice as long, which halves the tokens.
    fn resize(&mut self, size: Size) {
        self.segment = if size.is_small() {
            2 * SEGMENT
        } else {
            SEGMENT
        };
        self.d_model = size.width;
        self.d_ff = size.width;
        self.layers = size.layers;
        self.heads = size.heads;
    }

    fn check(&self) -> Result<(), ConfigError> {
        check_heads(self.d_model, self.heads)
    }

    fn layers(&self) -> usize {
        2 * self.layers + 1
    }

    fn sites(&self) -> Vec<AttentionSite> {
        let blocks = self.block_segments().into_iter().enumerate();
        let encoder = blocks
            .flat_map(|(block, count)| self.two_stages("encoder", block, Axis::Segments { count }));
        let forecast = Axis::ForecastSegments {
            count: self.forecast_segments(),
        };
        let memories = self.memory_segments().into_iter().enumerate();
        let decoder = memories.flat_map(|(layer, count)| {
            let id = ModuleId::new("decoder", layer, "cross_attention");
            let protected = (layer == self.layers).then_some(
                "only through it does the last encoder block, and with it the whole encoder, reach the forecast",
            );
            let cross = AttentionSite {
                protected,
                ..self.site(id, forecast, Axis::Segments { count })
            };
            let stages = self.two_stages("decoder", layer, forecast);
            stages.into_iter().chain([cross])
        });
        encoder.chain(decoder).collect()
    }

    fn cost(&self, kept: &[AttentionStructure]) -> Cost {
        let (d, c, rows) = (
            self.d_model as u64,
            self.channels as u64,
            self.segment as u64,
        );
        let (segments, forecast) = (self.segments() as u64, self.forecast_segments() as u64);
        let embedding = Cost {
            params: rows * d + c * segments * d + 2 * d,
            macs: (rows * d).saturating_mul(c * segments),
        };
        let positions = Cost {
            params: c * forecast * d,
            macs: 0,
        };
        let (encoder, decoder) = kept.split_at((2 * self.layers).min(kept.len()));
        let mut total = embedding + positions;
        let blocks = self
            .block_segments()
            .into_iter()
            .zip(encoder.chunks_exact(2));
        for (block, (count, modules)) in blocks.enumerate() {
            if block > 0 {
                // A norm over two tokens side by side, and their map to one.
                let merge = Cost {
                    params: 2 * d * d + d + 4 * d,
                    macs: 2 * d * d,
                };
                total = total + merge.over(c).over(count as u64);
            }
            total = total + self.two_stage_cost([&modules[0], &modules[1]], count);
        }
        // What no window has reached yet is the same for all windows.
        let mut constant = true;
        let layers = self
            .memory_segments()
            .into_iter()
            .zip(decoder.chunks_exact(3));
        for (memory, modules) in layers {
            let forecast_segments = self.forecast_segments();
            let stages = self.two_stage_cost([&modules[0], &modules[1]], forecast_segments);
            let cross = self.columns(&modules[2]);
            let prediction = Cost {
                params: d * rows + rows,
                macs: forecast * d * rows,
            };
            let rest = attention_cost(d, cross, forecast, memory as u64)
                + feed_forward_cost(d, d, forecast)
                + prediction;
            total = total + stages.over(u64::from(!constant));
            constant &= cross == 0;
            total = total + rest.over(c).over(u64::from(!constant));
        }
        total
    }

    fn activations(&self) -> f64 {
        let sizes = [self.d_model, self.d_ff, self.heads];
        let [c, r, d] = [self.channels, self.routers, self.d_model].map(|size| size as f64);
        let two_stages = |segments: usize| {
            let n = segments as f64;
            let sender = layer_activations([self.d_model, 0, self.heads], r, c) + 2.0 * c * d;
            c * layer_activations(sizes, n, n) + n * (layer_activations(sizes, c, r) + sender)
        };
        let forecast = self.forecast_segments();
        let crosses = self.memory_segments().into_iter().map(|memory| {
            let memory = memory as f64;
            let sizes = [self.d_model, self.d_model, self.heads];
            let cross = layer_activations(sizes, forecast as f64, memory) + 2.0 * memory * d;
            two_stages(forecast) + c * cross
        });
        let blocks = self.block_segments().into_iter().map(two_stages);
        blocks.chain(crosses).sum::<f64>() + self.window().activations()
    }

    fn without_attention(&self) -> &'static str {
        "each segment of each channel is forecast from its learned position alone"
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::Structure;

    fn published(set: Preset, horizon: usize, channels: usize) -> Structure {
        Structure::dense(CrossformerConfig::published(set, horizon, channels, true).0)
    }

    /// Set, horizon, channels, parameters; MACs of the public code, and those of its first decoder layer before
    /// the cross-attention, which are the same for all windows.
    const COUNTS: &[(Preset, usize, usize, u64, u64, u64)] = &[
        (Preset::Etth1, 96, 7, 42_176_036, 1_968_955_392, 378_290_176),
        (
            Preset::Etth1,
            192,
            7,
            42_241_572,
            3_284_918_272,
            757_497_856,
        ),
        (
            Preset::Etth1,
            336,
            7,
            42_339_876,
            5_264_023_552,
            1_328_029_696,
        ),
        (
            Preset::Etth1,
            720,
            7,
            42_602_020,
            10_571_915_264,
            2_859_540_480,
        ),
        (Preset::Ettm1, 96, 7, 42_139_172, 1_892_425_728, 361_283_584),
        (Preset::Weather, 96, 21, 123_204, 13_957_632, 2_313_216),
        (Preset::Exchange, 96, 8, 437_860, 21_504_000, 3_653_632),
    ];

    #[test]
    fn counts_are_those_of_the_public_code_without_what_no_window_changes() {
        for &(set, horizon, channels, params, as_coded, constant) in COUNTS {
            let cost = published(set, horizon, channels).cost();
            let macs = as_coded - constant;
            assert_eq!(cost, Cost { params, macs }, "{set:?} {horizon}");
        }
    }

    #[test]
    fn sender_and_receiver_are_one_of_thirteen_modules() {
        let sites = published(Preset::Etth1, 96, 7).forecaster.sites();
        let names: Vec<_> = sites.iter().map(|site| site.id.as_str()).collect();
        assert_eq!(names.len(), 13);
        assert_eq!(
            names[..4],
            [
                "encoder.0.time_attention",
                "encoder.0.channel_attention",
                "encoder.1.time_attention",
                "encoder.1.channel_attention",
            ]
        );
        assert_eq!(
            names[10..],
            [
                "decoder.2.time_attention",
                "decoder.2.channel_attention",
                "decoder.2.cross_attention",
            ]
        );
        let channels = vec![String::new(); 7];
        let shapes = |place: usize| {
            let maps = sites[place].maps.iter();
            maps.map(|map| {
                let [rows, columns] =
                    [map.queries, map.keys].map(|axis| axis.labels(&channels).len());
                (map.id.as_str(), rows, columns)
            })
            .collect::<Vec<_>>()
        };
        assert_eq!(shapes(0), [("encoder.0.time_attention", 8, 8)]);
        assert_eq!(
            shapes(1),
            [
                ("encoder.0.channel_attention.sender", 3, 7),
                ("encoder.0.channel_attention.receiver", 7, 3),
            ]
        );
        assert_eq!(shapes(2), [("encoder.1.time_attention", 4, 4)]);
        assert_eq!(shapes(12), [("decoder.2.cross_attention", 8, 4)]);
    }

    #[test]
    fn maps_of_single_keys_are_left_out_beside_others() {
        let maps = |routers, channels| {
            let config = CrossformerConfig {
                routers,
                ..CrossformerConfig::new(Window::new(96, 96, channels))
            };
            config.sites()[1].maps.len()
        };
        assert_eq!(
            [maps(3, 7), maps(1, 7), maps(3, 1), maps(1, 1)],
            [2, 1, 1, 1]
        );
    }

    /// Shares of the parameters, in tenths of a percent, and of the multiply–accumulates of the public code.
    #[test]
    fn removing_modules_saves_known_shares() {
        let dense = published(Preset::Etth1, 96, 7);
        let whole = dense.cost();
        let saved = |modules: &[&str]| {
            let modules: Vec<_> = modules.iter().map(|name| ModuleId::from(*name)).collect();
            let left = dense.clone().without_modules(&modules).unwrap().cost();
            let share = |part: u64, all: u64| (part as f64 / all as f64 * 1000.0).round() as u64;
            (
                share(whole.params - left.params, whole.params),
                share(whole.macs - left.macs, 1_968_955_392),
            )
        };
        assert_eq!(saved(&["encoder.0.time_attention"]), (25, 30));
        assert_eq!(saved(&["encoder.1.time_attention"]), (25, 15));
        assert_eq!(saved(&["encoder.0.channel_attention"]), (50, 43));
        assert_eq!(saved(&["encoder.1.channel_attention"]), (50, 21));
        assert_eq!(saved(&["decoder.1.cross_attention"]), (25, 30));
        // Without the first cross-attention, windows reach the decoder one layer later.
        assert_eq!(saved(&["decoder.0.time_attention"]), (25, 0));
        let (_, macs) = saved(&["decoder.0.cross_attention"]);
        assert!(macs > 192, "{macs}");
        let all: Vec<_> = dense.kept().map(ModuleId::as_str).take(12).collect();
        assert_eq!(saved(&all).0, 425);
    }

    #[test]
    fn the_last_cross_attention_is_never_removed() {
        let dense = published(Preset::Etth1, 96, 7);
        let last = ModuleId::from("decoder.2.cross_attention");
        let error = dense.clone().without_modules(std::slice::from_ref(&last));
        let error = error.unwrap_err().to_string();
        assert!(
            error.contains("`decoder.2.cross_attention` cannot be removed: only through it"),
            "{error}"
        );
        let heads: Vec<usize> = (0..8).collect();
        assert!(dense.clone().without_heads(&last, &heads[1..]).is_ok());
        assert!(dense.clone().without_heads(&last, &heads).is_err());
        let mut stored = dense;
        stored.attention[12].heads.clear();
        assert!(stored.check().is_err());
    }
}
