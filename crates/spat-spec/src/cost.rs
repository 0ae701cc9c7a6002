//! Exact parameter counts, and multiply–accumulates of the matrix products of one window.
//!
//! Norms, softmax and bias additions are not counted as MACs; one MAC is two FLOPs. Each model's formulas are
//! in its description in `models`.

use serde::{Deserialize, Serialize};

use crate::Structure;

/// The cost of a forecaster.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Cost {
    /// Trainable parameters.
    pub params: u64,
    /// Multiply–accumulates of one forward pass over one window, all channels.
    pub macs: u64,
}

impl Cost {
    /// The same weights, applied to each of `sequences` sequences.
    pub(crate) fn over(self, sequences: u64) -> Self {
        Self {
            macs: self.macs.saturating_mul(sequences),
            ..self
        }
    }
}

impl std::ops::Add for Cost {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            params: self.params.saturating_add(other.params),
            macs: self.macs.saturating_add(other.macs),
        }
    }
}

impl Structure {
    /// Parameters and MACs of this structure.
    pub fn cost(&self) -> Cost {
        self.forecaster.cost(&self.attention)
    }

    /// Numbers that the model holds besides its parameters and does not train.
    pub fn frozen(&self) -> u64 {
        self.forecaster.frozen(&self.attention)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ModelKind, ModuleId, Preset};

    fn dense(kind: &str, preset: Preset, horizon: usize, channels: usize) -> Structure {
        let kind: ModelKind = kind.parse().unwrap();
        Structure::dense(kind.published(preset, horizon, channels, true).0)
    }

    /// Published and hand-counted sizes: preset, model, horizon, channels, parameters, MACs in units of 10⁴.
    const TABLE: &[(Preset, &str, usize, usize, u64, u64)] = &[
        (Preset::Etth1, "itransformer", 96, 7, 841_568, 932),
        (Preset::Etth1, "itransformer", 720, 7, 3_576_016, 3_945),
        (Preset::Etth2, "itransformer", 96, 7, 224_224, 249),
        (Preset::Etth2, "itransformer", 720, 7, 304_720, 337),
        (Preset::Weather, "itransformer", 96, 21, 4_833_888, 12_234),
        (Preset::Weather, "itransformer", 720, 21, 5_154_000, 13_033),
        (Preset::Ecl, "itransformer", 96, 321, 4_833_888, 188_997),
        (Preset::Ecl, "itransformer", 720, 321, 5_154_000, 199_380),
        (Preset::Traffic, "itransformer", 96, 862, 6_411_872, 860_535),
        (
            Preset::Traffic,
            "itransformer",
            720,
            862,
            6_731_984,
            888_203,
        ),
        (Preset::Etth1, "patchtst", 96, 7, 3_751_520, 27_009),
        (Preset::Etth1, "patchtst", 720, 7, 7_586_000, 29_693),
        (Preset::Etth2, "patchtst", 96, 7, 10_056_288, 80_064),
        (Preset::Etth2, "patchtst", 720, 7, 13_890_768, 82_747),
        (Preset::Weather, "patchtst", 96, 21, 6_903_904, 160_609),
        (Preset::Weather, "patchtst", 720, 21, 10_738_384, 168_660),
        (Preset::Etth1, "patchtst-authors", 96, 7, 81_728, 623),
        (Preset::Weather, "patchtst-authors", 96, 7, 921_184, 12_930),
    ];

    #[test]
    fn costs_equal_published_sizes() {
        for &(preset, kind, horizon, channels, params, macs) in TABLE {
            let dense = dense(kind, preset, horizon, channels);
            let cost = dense.cost();
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
    fn removing_modules_saves_known_shares() {
        type Savings = &'static [(i64, i64)];
        let cases: &[(Preset, &str, usize, Savings)] = &[
            (Preset::Etth1, "itransformer", 7, &[(313, 316), (625, 632)]),
            (Preset::Etth2, "itransformer", 7, &[(295, 301), (589, 603)]),
            (
                Preset::Weather,
                "itransformer",
                21,
                &[(217, 220), (435, 439), (652, 659)],
            ),
            (
                Preset::Ecl,
                "itransformer",
                321,
                &[(217, 238), (435, 475), (652, 713)],
            ),
            (
                Preset::Traffic,
                "itransformer",
                862,
                &[(164, 195), (328, 390), (492, 584), (655, 779)],
            ),
            (Preset::Etth1, "patchtst", 7, &[(280, 330)]),
            (
                Preset::Etth2,
                "patchtst",
                7,
                &[(104, 111), (209, 223), (313, 334)],
            ),
            (Preset::Weather, "patchtst", 21, &[(152, 166), (304, 333)]),
        ];
        for &(preset, kind, channels, savings) in cases {
            let dense = dense(kind, preset, 96, channels);
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
        let dense = dense("itransformer", Preset::Etth1, 96, 7);
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
