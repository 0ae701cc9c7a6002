//! The enum over all models, generated from the list in `models/mod.rs`.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::field::{self, FieldRange, FieldValue, LARGEST_AXIS};
use super::spec::{Variant, Window};
use crate::{ConfigError, ForecasterConfig, ModuleId, Preset, TrainingConfig};

/// Declares the modules of all models, the enum [`ForecasterConfig`] and its dispatch.
macro_rules! models {
    ($($(#[$comment:meta])* $module:ident => $variant:ident($config:ident) = $name:literal),+ $(,)?) => {
        $(mod $module; pub use $module::*;)+

        /// A forecaster and all of its settings. `forward`: `[B, lookback, C] → [B, horizon, C]`.
        #[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
        #[serde(tag = "model")]
        #[allow(missing_docs)]
        pub enum ForecasterConfig {
            $(#[serde(rename = $name)] $variant($config),)+
        }

        $(impl From<$config> for ForecasterConfig {
            fn from(config: $config) -> Self {
                Self::$variant(config)
            }
        })+

        /// The variants of every model, in the order of the catalogue.
        const VARIANTS: &[&[Variant]] = &[$(<$config as ModelSpec>::VARIANTS),+];

        impl ForecasterConfig {
            /// The variant of the catalogue that this configuration is.
            pub fn kind(&self) -> ModelKind {
                ModelKind(match self { $(Self::$variant(config) => config.variant(),)+ })
            }

            /// Rows and channels of a window.
            pub fn window(&self) -> Window {
                match self { $(Self::$variant(config) => config.window(),)+ }
            }

            /// Sets rows and channels of a window.
            pub fn set_window(&mut self, window: Window) {
                match self { $(Self::$variant(config) => config.set_window(window),)+ }
            }

            /// Adapts the widths and depths to `size`, if the model has such.
            pub fn resize(&mut self, size: Size) {
                match self { $(Self::$variant(config) => config.resize(size),)+ }
            }

            /// What the model reads besides the values of the look-back.
            pub fn inputs(&self) -> InputSpec {
                match self { $(Self::$variant(config) => config.inputs(),)+ }
            }

            /// The attention modules of the dense model, from input to output.
            pub fn sites(&self) -> Vec<AttentionSite> {
                match self { $(Self::$variant(config) => config.sites(),)+ }
            }

            /// Parameters and multiply–accumulates with the attention in `kept`.
            pub(crate) fn cost(&self, kept: &[crate::AttentionStructure]) -> crate::Cost {
                match self { $(Self::$variant(config) => config.cost(kept),)+ }
            }

            /// Numbers that are held and not trained, with the attention in `kept`.
            pub(crate) fn frozen(&self, kept: &[crate::AttentionStructure]) -> u64 {
                match self { $(Self::$variant(config) => config.frozen(kept),)+ }
            }

            /// The file of the frozen weights, if there is one, and the sizes that are used of it.
            pub fn backbone(&self) -> Option<(&BackboneFile, BackboneSizes)> {
                match self { $(Self::$variant(config) => config.backbone(),)+ }
            }

            /// Takes the frozen weights, and with them the sizes, from a file. `false` if the model has no
            /// backbone.
            pub fn set_backbone(&mut self, file: BackboneFile, sizes: BackboneSizes) -> bool {
                match self { $(Self::$variant(config) => config.set_backbone(file, sizes),)+ }
            }

            /// Estimate of the numbers that the forward pass of one window keeps for its backward
            /// pass.
            pub fn activations(&self) -> f64 {
                match self { $(Self::$variant(config) => config.activations(),)+ }
            }

            /// Layers or blocks, each of which costs memory besides its parameters.
            pub fn layers(&self) -> usize {
                match self { $(Self::$variant(config) => config.layers(),)+ }
            }

            /// What scores of the model's attention maps mean, if these are no maps of softmax attention
            /// between tokens.
            pub fn score_note(&self) -> Option<&'static str> {
                match self { $(Self::$variant(config) => config.score_note(),)+ }
            }

            /// What the model computes without attention.
            pub fn without_attention(&self) -> &'static str {
                match self { $(Self::$variant(config) => config.without_attention(),)+ }
            }

            /// The settings with their values, in the order of the model's description.
            pub fn fields(&self) -> Vec<(FieldInfo, FieldValue)> {
                match self { $(Self::$variant(config) => {
                    let fields = <$config as ModelSpec>::FIELDS.iter();
                    fields.map(|field| (field.info, field.get(config))).collect()
                },)+ }
            }

            /// Sets a setting by its flag. `false` if the model has no such setting.
            pub fn set(&mut self, flag: &str, value: FieldValue) -> bool {
                match self { $(Self::$variant(config) => {
                    let mut fields = <$config as ModelSpec>::FIELDS.iter();
                    match fields.find(|field| field.info.flag == flag) {
                        Some(field) => {
                            field.set(config, value);
                            true
                        }
                        None => false,
                    }
                },)+ }
            }

            fn check_fields(&self) -> Result<(), crate::ConfigError> {
                match self { $(Self::$variant(config) => {
                    <$config as ModelSpec>::FIELDS.iter().try_for_each(|field| field.check(config))?;
                    config.check()
                },)+ }
            }
        }
    };
}
pub(super) use models;

impl ForecasterConfig {
    /// Input rows per window.
    pub fn lookback(&self) -> usize {
        self.window().lookback
    }

    /// Forecast rows per window.
    pub fn horizon(&self) -> usize {
        self.window().horizon
    }

    /// Channels in and out.
    pub fn channels(&self) -> usize {
        self.window().channels
    }

    /// The name in reports.
    pub fn name(&self) -> &'static str {
        self.kind().name
    }

    /// The attention modules of the dense model, from input to output.
    pub fn modules(&self) -> Vec<ModuleId> {
        self.sites().into_iter().map(|site| site.id).collect()
    }

    /// The attention modules that can be removed: all but those that the model's description protects.
    pub fn removable_modules(&self) -> Vec<ModuleId> {
        let sites = self.sites().into_iter();
        sites
            .filter(|site| site.protected.is_none())
            .map(|site| site.id)
            .collect()
    }

    /// The first module whose heads cannot be removed singly, and why.
    pub(crate) fn indivisible(&self) -> Option<(ModuleId, &'static str)> {
        let mut sites = self.sites().into_iter();
        sites.find_map(|site| Some((site.id, site.indivisible?)))
    }

    /// What the model's tokens are, in the plural.
    pub fn token_noun(&self) -> &'static str {
        let sites = self.sites();
        let map = sites.first().and_then(|site| site.maps.first());
        map.map_or("channels", |map| map.queries.noun())
    }

    /// Checks that the settings describe a forecaster.
    ///
    /// # Errors
    /// Names the setting that is wrong and what to use instead.
    pub fn check(&self) -> Result<(), ConfigError> {
        let Window {
            lookback,
            horizon,
            channels,
        } = self.window();
        let range = FieldRange::Count {
            min: 1,
            max: LARGEST_AXIS,
        };
        field::check("look-back", range, FieldValue::Count(lookback))?;
        field::check("horizon", range, FieldValue::Count(horizon))?;
        field::check("number of channels", range, FieldValue::Count(channels))?;
        self.check_fields()
    }
}

/// A model as users select it: an entry of the catalogue. Serialised as its id.
#[derive(Debug, Clone, Copy)]
pub struct ModelKind(pub(super) &'static Variant);

impl ModelKind {
    /// Every entry of the catalogue.
    pub fn all() -> impl Iterator<Item = Self> {
        super::VARIANTS.iter().copied().flatten().map(Self)
    }

    /// The entry with this id.
    pub fn find(id: &str) -> Option<Self> {
        Self::all().find(|kind| kind.id == id)
    }

    /// The default configuration and training for windows of this shape.
    pub fn defaults(self, window: Window, dates: bool) -> (ForecasterConfig, TrainingConfig) {
        (self.0.new)(window, dates)
    }

    /// The published configuration and training for a benchmark set.
    pub fn published(
        self,
        set: Preset,
        horizon: usize,
        channels: usize,
        dates: bool,
    ) -> (ForecasterConfig, TrainingConfig) {
        (self.0.published)(set, horizon, channels, dates)
    }
}

impl std::ops::Deref for ModelKind {
    type Target = Variant;

    fn deref(&self) -> &Variant {
        self.0
    }
}

impl Default for ModelKind {
    /// The first entry.
    fn default() -> Self {
        Self(&super::VARIANTS[0][0])
    }
}

impl PartialEq for ModelKind {
    fn eq(&self, other: &Self) -> bool {
        self.id == other.id
    }
}

impl Eq for ModelKind {}

impl std::str::FromStr for ModelKind {
    type Err = ConfigError;

    fn from_str(id: &str) -> Result<Self, ConfigError> {
        Self::find(id).ok_or_else(|| {
            let known: Vec<_> = Self::all().map(|kind| kind.id).collect();
            ConfigError::new(
                format!("there is no model `{id}`"),
                format!("use one of {}", known.join(", ")),
            )
        })
    }
}

impl Serialize for ModelKind {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.id.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for ModelKind {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let id = std::borrow::Cow::<str>::deserialize(deserializer)?;
        id.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    const WINDOW: Window = Window {
        lookback: 96,
        horizon: 24,
        channels: 7,
    };

    fn defaults() -> impl Iterator<Item = ForecasterConfig> {
        ModelKind::all().map(|kind| kind.defaults(WINDOW, true).0)
    }

    #[test]
    fn every_default_is_valid_and_is_its_own_kind() {
        for kind in ModelKind::all() {
            let (config, training) = kind.defaults(WINDOW, true);
            config.check().unwrap();
            training.check().unwrap();
            assert_eq!(config.kind(), kind);
            assert_eq!(config.window(), WINDOW);
            assert_eq!(kind.id.parse(), Ok(kind));
        }
    }

    #[test]
    fn every_published_configuration_is_valid() {
        for kind in ModelKind::all() {
            for set in Preset::ALL {
                let (config, training) = kind.published(set, 96, 7, true);
                config.check().unwrap();
                training.check().unwrap();
                assert_eq!(config.kind(), kind, "{set:?}");
            }
        }
    }

    #[test]
    fn json_round_trips_with_the_settings_inline() {
        for config in defaults() {
            let json = serde_json::to_value(&config).unwrap();
            assert!(
                json["model"].is_string() && json["lookback"] == 96,
                "{json}"
            );
            assert_eq!(
                serde_json::from_value::<ForecasterConfig>(json).unwrap(),
                config
            );
        }
    }

    #[test]
    fn every_field_is_set_and_read_back_and_has_a_flag_of_its_own() {
        for config in defaults() {
            let fields = config.fields();
            for (place, (info, value)) in fields.iter().enumerate() {
                assert!(
                    fields[..place]
                        .iter()
                        .all(|(other, _)| other.flag != info.flag)
                );
                let other = match *value {
                    FieldValue::Count(value) => FieldValue::Count(value + 1),
                    FieldValue::Probability(value) => FieldValue::Probability(value / 2.0 + 0.25),
                    FieldValue::Switch(value) => FieldValue::Switch(!value),
                };
                let mut changed = config.clone();
                assert!(changed.set(info.flag, other));
                assert_eq!(changed.fields()[place].1, other, "{}", info.flag);
            }
            assert!(!config.clone().set("no-such-setting", FieldValue::Count(1)));
        }
    }

    #[test]
    fn values_outside_their_range_are_refused_by_name() {
        for config in defaults() {
            for (info, _) in config.fields() {
                let wrong = match info.range {
                    FieldRange::Count { max, .. } => vec![
                        FieldValue::Count(0),
                        FieldValue::Count(max + 1),
                        FieldValue::Count(usize::MAX),
                    ],
                    FieldRange::Probability => vec![
                        FieldValue::Probability(1.0),
                        FieldValue::Probability(-0.1),
                        FieldValue::Probability(f64::NAN),
                    ],
                    FieldRange::Switch => Vec::new(),
                };
                for value in wrong {
                    let mut config = config.clone();
                    config.set(info.flag, value);
                    let error = config.check().unwrap_err().to_string();
                    assert!(
                        error.to_lowercase().contains(&info.label.to_lowercase()),
                        "{error}"
                    );
                }
            }
        }
    }

    /// The largest allowed sizes together: no cost overflows or panics.
    #[test]
    fn the_cost_of_the_largest_sizes_is_finite() {
        for mut config in defaults() {
            let longest = LARGEST_AXIS;
            config.set_window(Window::new(longest, longest, longest));
            for (info, _) in config.fields() {
                if let FieldRange::Count { max, .. } = info.range {
                    let max = match info.flag {
                        "layers" => 64,
                        "kernel" => max - 1,
                        "stride" => 1,
                        _ => max,
                    };
                    config.set(info.flag, FieldValue::Count(max));
                }
            }
            config.check().unwrap();
            let cost = crate::Structure::dense(config.clone()).cost();
            assert!(cost.macs > 1 << 50 && cost.params > 1 << 30, "{cost:?}");
            assert!(config.activations().is_finite());
        }
    }

    #[test]
    fn missing_and_unknown_values_in_json_are_named() {
        let read = |json: &str| {
            let error = serde_json::from_str::<ForecasterConfig>(json).unwrap_err();
            error.to_string()
        };
        let sizes = r#""lookback":9,"horizon":3,"channels":2"#;
        assert!(read(&format!("{{{sizes}}}")).contains("`model`"));
        assert!(read(&format!(r#"{{"model":"dlinear",{sizes}}}"#)).contains("`kernel`"));
        assert!(read(&format!(r#"{{"model":"lstm",{sizes}}}"#)).contains("`lstm`"));
        let error = "lstm".parse::<ModelKind>().unwrap_err().to_string();
        assert!(error.contains("`lstm`") && error.contains("patchtst-authors"));
    }
}
