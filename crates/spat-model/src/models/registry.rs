//! The enum over all models, generated from the list in `models/mod.rs`.

use burn::module::Module;
use burn::tensor::{Int, Tensor};
use spat_spec::{ModelSpec, Structure};

use crate::forward_context::ForwardContext;
use crate::import::ImportTable;
use crate::initial::Initial;
use crate::layers::AttentionSlot;

/// Windows that a forecaster reads.
#[derive(Debug, Clone)]
pub struct Inputs {
    /// Scaled values, `[B, lookback, C]`.
    pub values: Tensor<3>,
    /// Time features for forecasters that read them, `[B, rows, 4]` with as many rows as
    /// [`InputSpec::time_feature_rows`](spat_spec::InputSpec::time_feature_rows): those of the look-back,
    /// then of the horizon if it is read too.
    pub time_features: Option<Tensor<3>>,
    /// Prompts for forecasters that read them, as token ids, `[B, C, tokens]`, see [`Prompts`](crate::Prompts).
    pub prompt: Option<Tensor<3, Int>>,
}

/// Values alone.
impl From<Tensor<3>> for Inputs {
    fn from(values: Tensor<3>) -> Self {
        Self {
            values,
            time_features: None,
            prompt: None,
        }
    }
}

impl Inputs {
    /// The same inputs for a model that tracks gradients.
    pub fn from_inner(inner: Self) -> Self {
        Self {
            values: Tensor::from_inner(inner.values),
            time_features: inner.time_features.map(Tensor::from_inner),
            prompt: inner.prompt.map(Tensor::from_inner),
        }
    }

    /// The same inputs for a model that tracks no gradients.
    pub fn inner(self) -> Self {
        Self {
            values: self.values.inner(),
            time_features: self.time_features.map(Tensor::inner),
            prompt: self.prompt.map(Tensor::inner),
        }
    }

    /// Values and time features of the look-back.
    pub(crate) fn of_lookback(&self) -> Self {
        let rows = self.values.dims()[1];
        let time_features = self.time_features.clone();
        Self {
            values: self.values.clone(),
            time_features: time_features.map(|features| features.narrow(1, 0, rows)),
            prompt: None,
        }
    }

    /// What a decoder reads: the values of the last `label_rows` rows of the look-back and zeros for the
    /// `horizon`, and the time features of both.
    pub(crate) fn of_decoder(&self, label_rows: usize, horizon: usize) -> Self {
        let [batch, rows, channels] = self.values.dims();
        let first = rows - label_rows;
        let labels = self.values.clone().narrow(1, first, label_rows);
        let zeros = Tensor::zeros([batch, horizon, channels], &labels.device());
        let time_features = self.time_features.clone();
        Self {
            values: Tensor::cat(vec![labels, zeros], 1),
            time_features: time_features
                .map(|features| features.narrow(1, first, label_rows + horizon)),
            prompt: None,
        }
    }
}

/// A forecaster with its weights.
pub(crate) trait Model: Module {
    /// Its configuration.
    type Spec: ModelSpec;

    /// New weights for the attention that `structure` keeps.
    fn init(initial: &mut Initial<'_>, spec: &Self::Spec, structure: &Structure) -> Self;

    /// `[B, lookback, C]` to `[B, horizon, C]`.
    fn forward(&self, inputs: Inputs, cx: &mut ForwardContext) -> Tensor<3>;

    /// The slots of all attention modules, removed or not, in the order of `ModelSpec::sites`.
    fn slots(&self) -> Vec<&AttentionSlot> {
        Vec::new()
    }

    /// The slots, mutably.
    fn slots_mut(&mut self) -> Vec<&mut AttentionSlot> {
        Vec::new()
    }

    /// Whether the parameter with this path is neither trained nor part of model files, because it is drawn from
    /// a seed of the configuration or read from a file that the configuration names.
    fn is_frozen(_path: &str) -> bool {
        false
    }

    /// Where the weights of the public PyTorch code go.
    fn import(spec: &Self::Spec) -> ImportTable;
}

/// Declares the modules of all models, the enum [`Forecaster`](super::Forecaster) and its dispatch.
macro_rules! models {
    ($($module:ident => $variant:ident),+ $(,)?) => {
        $(mod $module; pub use $module::$variant;)+

        /// A forecaster with its weights.
        #[derive(burn::module::Module, Debug)]
        #[allow(missing_docs)]
        #[allow(clippy::large_enum_variant, reason = "one model exists at a time, and is moved rarely")]
        pub enum Forecaster {
            $($variant($variant),)+
        }

        impl Forecaster {
            /// New weights for a structure, dense or pruned. The same seed gives the same weights on
            /// every device. On a device with autodiff the weights are trainable.
            ///
            /// # Panics
            /// The structure refers to a backbone that is not loaded; [`Forecaster::try_init`] reports it.
            pub fn init(
                structure: &spat_spec::Structure,
                seed: u64,
                device: &burn::tensor::Device,
            ) -> Self {
                match Self::try_init(structure, seed, device) {
                    Ok(model) => model,
                    Err(error) => panic!("{error}"),
                }
            }

            /// [`Forecaster::init`], for structures from files.
            ///
            /// # Errors
            /// The structure refers to a backbone that is not loaded, or that has other sizes.
            pub fn try_init(
                structure: &spat_spec::Structure,
                seed: u64,
                device: &burn::tensor::Device,
            ) -> Result<Self, crate::BackboneError> {
                crate::check_backbone(&structure.forecaster)?;
                let initial = &mut crate::initial::Initial::new(seed, device);
                Ok(match &structure.forecaster {
                    $(spat_spec::ForecasterConfig::$variant(spec) => {
                        Self::$variant(Model::init(initial, spec, structure))
                    })+
                })
            }

            /// Whether the parameter with this path is neither trained nor part of model files.
            pub(crate) fn is_frozen(&self, path: &str) -> bool {
                match self {
                    $(Self::$variant(_) => <$variant as Model>::is_frozen(path),)+
                }
            }

            /// # Shapes
            /// - inputs: `[B, lookback, C]`
            /// - output: `[B, horizon, C]`
            pub fn forward(
                &self,
                inputs: Inputs,
                cx: &mut crate::ForwardContext,
            ) -> burn::tensor::Tensor<3> {
                match self {
                    $(Self::$variant(model) => Model::forward(model, inputs, cx),)+
                }
            }
        }

        impl crate::HasAttention for Forecaster {
            fn slots(&self) -> Vec<&crate::AttentionSlot> {
                match self {
                    $(Self::$variant(model) => Model::slots(model),)+
                }
            }

            fn slots_mut(&mut self) -> Vec<&mut crate::AttentionSlot> {
                match self {
                    $(Self::$variant(model) => Model::slots_mut(model),)+
                }
            }
        }

        /// The names that the public PyTorch code of a model gives its weights.
        pub(crate) fn import_table(forecaster: &spat_spec::ForecasterConfig) -> crate::import::ImportTable {
            match forecaster {
                $(spat_spec::ForecasterConfig::$variant(spec) => <$variant as Model>::import(spec),)+
            }
        }
    };
}
pub(super) use models;
