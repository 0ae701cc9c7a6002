//! How a forecaster is read: a model's name with every size that any model has. A value that is tagged
//! inside is read by serde twice over, into a value of any kind and out of that, which the page has no
//! room for.

use serde::Deserialize;
use thiserror::Error;

use crate::{
    DLinearConfig, ForecasterConfig, ITransformerConfig, PatchTstConfig, PatchTstLayout,
    RLinearConfig,
};

#[derive(Deserialize, Default)]
#[serde(default)]
pub(crate) struct Sizes {
    model: Option<Model>,
    layout: Option<PatchTstLayout>,
    lookback: Option<usize>,
    horizon: Option<usize>,
    channels: Option<usize>,
    time_stamps: Option<bool>,
    patch_len: Option<usize>,
    stride: Option<usize>,
    d_model: Option<usize>,
    d_ff: Option<usize>,
    heads: Option<usize>,
    layers: Option<usize>,
    dropout: Option<f64>,
    head_dropout: Option<f64>,
    normalise: Option<bool>,
    kernel: Option<usize>,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Model {
    ITransformer,
    PatchTst,
    DLinear,
    RLinear,
}

/// A size that the model has is not told.
#[derive(Debug, Error)]
#[error("a forecaster without `{0}`")]
pub(crate) struct Missing(&'static str);

fn need<T>(size: Option<T>, name: &'static str) -> Result<T, Missing> {
    size.ok_or(Missing(name))
}

impl TryFrom<Sizes> for ForecasterConfig {
    type Error = Missing;

    fn try_from(sizes: Sizes) -> Result<Self, Missing> {
        let lookback = need(sizes.lookback, "lookback")?;
        let horizon = need(sizes.horizon, "horizon")?;
        let channels = need(sizes.channels, "channels")?;
        Ok(match need(sizes.model, "model")? {
            Model::ITransformer => Self::ITransformer(ITransformerConfig {
                lookback,
                horizon,
                channels,
                time_stamps: need(sizes.time_stamps, "time_stamps")?,
                d_model: need(sizes.d_model, "d_model")?,
                d_ff: need(sizes.d_ff, "d_ff")?,
                heads: need(sizes.heads, "heads")?,
                layers: need(sizes.layers, "layers")?,
                dropout: need(sizes.dropout, "dropout")?,
                normalise: need(sizes.normalise, "normalise")?,
            }),
            Model::PatchTst => Self::PatchTst(PatchTstConfig {
                layout: need(sizes.layout, "layout")?,
                lookback,
                horizon,
                channels,
                patch_len: need(sizes.patch_len, "patch_len")?,
                stride: need(sizes.stride, "stride")?,
                d_model: need(sizes.d_model, "d_model")?,
                d_ff: need(sizes.d_ff, "d_ff")?,
                heads: need(sizes.heads, "heads")?,
                layers: need(sizes.layers, "layers")?,
                dropout: need(sizes.dropout, "dropout")?,
                head_dropout: need(sizes.head_dropout, "head_dropout")?,
            }),
            Model::DLinear => Self::DLinear(DLinearConfig {
                lookback,
                horizon,
                channels,
                kernel: need(sizes.kernel, "kernel")?,
            }),
            Model::RLinear => Self::RLinear(RLinearConfig {
                lookback,
                horizon,
                channels,
            }),
        })
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::preset;

    #[test]
    fn every_model_is_read_as_it_was_written() {
        let models = [
            ForecasterConfig::ITransformer(preset::itransformer(96, 24, 7, true)),
            ForecasterConfig::PatchTst(preset::patchtst(96, 24, 7)),
            ForecasterConfig::DLinear(DLinearConfig {
                lookback: 96,
                horizon: 24,
                channels: 7,
                kernel: 25,
            }),
            ForecasterConfig::RLinear(RLinearConfig {
                lookback: 96,
                horizon: 24,
                channels: 7,
            }),
        ];
        for model in models {
            let json = serde_json::to_string(&model).unwrap();
            assert_eq!(
                serde_json::from_str::<ForecasterConfig>(&json).unwrap(),
                model
            );
        }
    }

    #[test]
    fn what_is_missing_is_named() {
        let read = |json: &str| {
            serde_json::from_str::<ForecasterConfig>(json)
                .unwrap_err()
                .to_string()
        };
        let sizes = r#""lookback":9,"horizon":3,"channels":2"#;
        assert!(read(&format!("{{{sizes}}}")).contains("`model`"));
        assert!(read(&format!(r#"{{"model":"dlinear",{sizes}}}"#)).contains("`kernel`"));
        assert!(read(r#"{"model":"rlinear","lookback":9,"channels":2}"#).contains("`horizon`"));
        assert!(read(&format!(r#"{{"model":"lstm",{sizes}}}"#)).contains("`lstm`"));
    }
}
