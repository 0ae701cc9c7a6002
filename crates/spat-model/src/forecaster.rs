//! Any forecaster behind one type.

use burn::module::Module;
use burn::tensor::{Device, Tensor};
use spat_spec::{ForecasterConfig, ModuleId, Structure};

use crate::attention::AttentionSlot;
use crate::encoder::Encoder;
use crate::forward_context::ForwardContext;
use crate::has_attention::HasAttention;
use crate::initial::Initial;
use crate::itransformer::ITransformer;
use crate::linear::{DLinear, RLinear};
use crate::patchtst::PatchTst;

/// A forecaster with its weights.
#[derive(Module, Debug)]
pub enum Forecaster {
    /// iTransformer.
    ITransformer(ITransformer),
    /// PatchTST.
    PatchTst(PatchTst),
    /// DLinear.
    DLinear(DLinear),
    /// RLinear.
    RLinear(RLinear),
}

/// Windows that a forecaster looks at.
#[derive(Debug, Clone)]
pub struct Inputs {
    /// Scaled values, `[B, lookback, C]`.
    pub values: Tensor<3>,
    /// Time-stamp features, `[B, lookback, 4]`, for forecasters that use them.
    pub time_features: Option<Tensor<3>>,
}

impl Forecaster {
    /// New weights for a structure, dense or pruned. The same seed gives the same weights on every
    /// device. On a device with autodiff the weights are trainable.
    pub fn init(structure: &Structure, seed: u64, device: &Device) -> Self {
        let initial = &mut Initial::new(seed, device);
        match &structure.forecaster {
            ForecasterConfig::ITransformer(config) => {
                Self::ITransformer(ITransformer::init(initial, config, structure))
            }
            ForecasterConfig::PatchTst(config) => {
                Self::PatchTst(PatchTst::init(initial, config, structure))
            }
            ForecasterConfig::DLinear(config) => Self::DLinear(DLinear::init(initial, config)),
            ForecasterConfig::RLinear(config) => Self::RLinear(RLinear::init(initial, config)),
        }
    }

    /// # Shapes
    /// - inputs: `[B, lookback, C]`
    /// - output: `[B, horizon, C]`
    pub fn forward(&self, inputs: Inputs, cx: &mut ForwardContext) -> Tensor<3> {
        match self {
            Self::ITransformer(model) => model.forward(inputs.values, inputs.time_features, cx),
            Self::PatchTst(model) => model.forward(inputs.values, cx),
            Self::DLinear(model) => model.forward(inputs.values),
            Self::RLinear(model) => model.forward(inputs.values),
        }
    }

    /// The same forecaster with each attention slot changed by `change`.
    pub fn map_attention(self, change: impl Fn(AttentionSlot) -> AttentionSlot) -> Self {
        HasAttention::map_attention(self, change)
    }

    /// Identifiers of the attention modules that are not removed.
    pub fn active_attention_ids(&self) -> Vec<&ModuleId> {
        HasAttention::active_attention_ids(self)
    }
}

impl HasAttention for Forecaster {
    fn encoder(&self) -> Option<&Encoder> {
        match self {
            Self::ITransformer(model) => Some(&model.encoder),
            Self::PatchTst(model) => Some(&model.encoder),
            Self::DLinear(_) | Self::RLinear(_) => None,
        }
    }

    fn encoder_mut(&mut self) -> Option<&mut Encoder> {
        match self {
            Self::ITransformer(model) => Some(&mut model.encoder),
            Self::PatchTst(model) => Some(&mut model.encoder),
            Self::DLinear(_) | Self::RLinear(_) => None,
        }
    }
}
