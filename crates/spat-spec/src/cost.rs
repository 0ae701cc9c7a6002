//! Exact parameter counts, and multiply–accumulates of the matrix products of one sample.
//!
//! Norms, softmax and bias additions are not counted as MACs; one MAC is two FLOPs. The formulas
//! are those of the layouts of Time-Series-Library and of the authors' codes.

use serde::{Deserialize, Serialize};

use crate::{ForecasterConfig, PatchTstConfig, PatchTstLayout, Structure, TIME_FEATURES};

/// What a forecaster costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cost {
    /// Trainable numbers.
    pub params: u64,
    /// Multiply–accumulates of one forward pass over one window, all channels.
    pub macs: u64,
}

impl Structure {
    /// Parameters and MACs of this structure.
    pub fn cost(&self) -> Cost {
        match &self.forecaster {
            ForecasterConfig::ITransformer(c) => {
                let (l, t, d, ff) = (
                    c.lookback as u64,
                    c.horizon as u64,
                    c.d_model as u64,
                    c.d_ff as u64,
                );
                let tokens = (c.channels + if c.time_stamps { TIME_FEATURES } else { 0 }) as u64;
                let encoder = self.encoder(tokens, d, ff);
                Cost {
                    params: (l * d + d) + encoder.params + 2 * d + (d * t + t),
                    macs: tokens * l * d + encoder.macs + tokens * d * t,
                }
            }
            ForecasterConfig::PatchTst(c) => {
                let (n, d, t) = (c.patches() as u64, c.d_model as u64, c.horizon as u64);
                let encoder = self.encoder(n, d, c.d_ff as u64);
                let head = n * d * t;
                Cost {
                    params: embedding_and_final_norm(c) + encoder.params + head + t,
                    macs: c.channels as u64 * (n * c.patch_len as u64 * d + encoder.macs + head),
                }
            }
            ForecasterConfig::DLinear(c) => {
                let (l, t) = (c.lookback as u64, c.horizon as u64);
                Cost {
                    params: 2 * (l * t + t),
                    macs: c.channels as u64 * 2 * l * t,
                }
            }
            ForecasterConfig::RLinear(c) => {
                let (l, t) = (c.lookback as u64, c.horizon as u64);
                Cost {
                    params: l * t + t,
                    macs: c.channels as u64 * l * t,
                }
            }
        }
    }

    /// All encoder layers over `tokens` tokens: attention that stands, feed-forward, two norms.
    fn encoder(&self, tokens: u64, d: u64, ff: u64) -> Cost {
        let head_width = d / self.forecaster.heads().max(1) as u64;
        let mut total = Cost { params: 0, macs: 0 };
        for slot in &self.attention {
            let inner = slot.heads.len() as u64 * head_width;
            if inner > 0 {
                // W_q, W_k, W_v: d → inner with bias; W_o: inner → d with bias.
                total.params += 3 * (d * inner + inner) + inner * d + d;
                // Four projections, scores and product with V.
                total.macs += 4 * tokens * d * inner + 2 * tokens * tokens * inner;
            }
            total.params += (2 * d * ff + ff + d) + 4 * d;
            total.macs += 2 * tokens * d * ff;
        }
        total
    }
}

/// PatchTST's parameters in front of and behind the encoder.
fn embedding_and_final_norm(c: &PatchTstConfig) -> u64 {
    let (n, p, d) = (c.patches() as u64, c.patch_len as u64, c.d_model as u64);
    match c.layout {
        PatchTstLayout::Library => p * d + 2 * d,
        PatchTstLayout::Authors => (p * d + d) + n * d,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ModelKind, ModuleId, Preset};

    /// The whole table of published and hand-counted sizes: preset, model, horizon, channels,
    /// parameters, MACs in units of 10⁴.
    const TABLE: &[(Preset, ModelKind, usize, usize, u64, u64)] = &[
        (Preset::Etth1, ModelKind::ITransformer, 96, 7, 841_568, 932),
        (
            Preset::Etth1,
            ModelKind::ITransformer,
            720,
            7,
            3_576_016,
            3_945,
        ),
        (Preset::Etth2, ModelKind::ITransformer, 96, 7, 224_224, 249),
        (Preset::Etth2, ModelKind::ITransformer, 720, 7, 304_720, 337),
        (
            Preset::Weather,
            ModelKind::ITransformer,
            96,
            21,
            4_833_888,
            12_234,
        ),
        (
            Preset::Weather,
            ModelKind::ITransformer,
            720,
            21,
            5_154_000,
            13_033,
        ),
        (
            Preset::Ecl,
            ModelKind::ITransformer,
            96,
            321,
            4_833_888,
            188_997,
        ),
        (
            Preset::Ecl,
            ModelKind::ITransformer,
            720,
            321,
            5_154_000,
            199_380,
        ),
        (
            Preset::Traffic,
            ModelKind::ITransformer,
            96,
            862,
            6_411_872,
            860_535,
        ),
        (
            Preset::Traffic,
            ModelKind::ITransformer,
            720,
            862,
            6_731_984,
            888_203,
        ),
        (Preset::Etth1, ModelKind::PatchTst, 96, 7, 3_751_520, 27_009),
        (
            Preset::Etth1,
            ModelKind::PatchTst,
            720,
            7,
            7_586_000,
            29_693,
        ),
        (
            Preset::Etth2,
            ModelKind::PatchTst,
            96,
            7,
            10_056_288,
            80_064,
        ),
        (
            Preset::Etth2,
            ModelKind::PatchTst,
            720,
            7,
            13_890_768,
            82_747,
        ),
        (
            Preset::Weather,
            ModelKind::PatchTst,
            96,
            21,
            6_903_904,
            160_609,
        ),
        (
            Preset::Weather,
            ModelKind::PatchTst,
            720,
            21,
            10_738_384,
            168_660,
        ),
        (
            Preset::Etth1,
            ModelKind::PatchTstAuthors,
            96,
            7,
            81_728,
            623,
        ),
        (
            Preset::Weather,
            ModelKind::PatchTstAuthors,
            96,
            7,
            921_184,
            12_930,
        ),
    ];

    #[test]
    fn the_table_holds_to_the_digit() {
        for &(preset, kind, horizon, channels, params, macs) in TABLE {
            let (forecaster, _) = preset.settings(kind, horizon, channels, true);
            let cost = Structure::dense(forecaster).cost();
            assert_eq!(cost.params, params, "{preset:?} {kind:?} {horizon}");
            assert_eq!(
                (cost.macs + 5_000) / 10_000,
                macs,
                "{preset:?} {kind:?} {horizon}"
            );
        }
    }

    /// Share of parameters and MACs saved by removing k modules, in tenths of a percent.
    #[test]
    fn removing_modules_saves_what_the_table_says() {
        type Savings = &'static [(i64, i64)];
        let cases: &[(Preset, ModelKind, usize, Savings)] = &[
            (
                Preset::Etth1,
                ModelKind::ITransformer,
                7,
                &[(313, 316), (625, 632)],
            ),
            (
                Preset::Etth2,
                ModelKind::ITransformer,
                7,
                &[(295, 301), (589, 603)],
            ),
            (
                Preset::Weather,
                ModelKind::ITransformer,
                21,
                &[(217, 220), (435, 439), (652, 659)],
            ),
            (
                Preset::Ecl,
                ModelKind::ITransformer,
                321,
                &[(217, 238), (435, 475), (652, 713)],
            ),
            (
                Preset::Traffic,
                ModelKind::ITransformer,
                862,
                &[(164, 195), (328, 390), (492, 584), (655, 779)],
            ),
            (Preset::Etth1, ModelKind::PatchTst, 7, &[(280, 330)]),
            (
                Preset::Etth2,
                ModelKind::PatchTst,
                7,
                &[(104, 111), (209, 223), (313, 334)],
            ),
            (
                Preset::Weather,
                ModelKind::PatchTst,
                21,
                &[(152, 166), (304, 333)],
            ),
        ];
        for &(preset, kind, channels, savings) in cases {
            let (forecaster, _) = preset.settings(kind, 96, channels, true);
            let dense = Structure::dense(forecaster);
            for (k, &(params, macs)) in savings.iter().enumerate() {
                let gone: Vec<_> = (0..=k).map(ModuleId::encoder).collect();
                let left = dense.clone().without_modules(&gone).unwrap().cost();
                let saved =
                    |from: u64, to: u64| ((from - to) as f64 / from as f64 * 1000.0).round() as i64;
                assert_eq!(
                    saved(dense.cost().params, left.params),
                    params,
                    "{preset:?} {kind:?} k={}",
                    k + 1
                );
                assert_eq!(
                    saved(dense.cost().macs, left.macs),
                    macs,
                    "{preset:?} {kind:?} k={}",
                    k + 1
                );
            }
        }
    }

    #[test]
    fn one_head_less_saves_its_columns_and_rows() {
        let (forecaster, _) = Preset::Etth1.settings(ModelKind::ITransformer, 96, 7, true);
        let dense = Structure::dense(forecaster);
        let left = dense
            .clone()
            .without_heads(&ModuleId::encoder(0), &[3])
            .unwrap();
        let (d, heads) = (256, 8);
        assert_eq!(
            dense.cost().params - left.cost().params,
            4 * d * d / heads + 3 * d / heads
        );
    }
}
