//! The catalogue of forecasters: for each model its settings, costs, attention sites and published
//! configurations, without tensors.
//!
//! A model is one file that implements [`ModelSpec`] and one line below. Everything that treats
//! models alike (command line, web app, reports, server limits, studies) reads these descriptions;
//! nothing outside this folder and its counterpart in `spat-model` matches on a model.

mod backbone;
mod common_fields;
mod decoder;
mod encoder;
mod field;
mod linear_baselines;
mod registry;
mod site;
mod spec;

pub use backbone::{BackboneFile, BackboneSizes};
pub use field::{Field, FieldInfo, FieldRange, FieldValue, within_sentence};
pub use registry::ModelKind;
pub use site::{AttentionMap, AttentionSite, Axis, InputSpec, PromptSpec, TIME_FEATURES};
pub use spec::{ModelSpec, Size, Variant, Window};

registry::models! {
    // module => Variant(Configuration) = "name in files"
    itransformer => ITransformer(ITransformerConfig) = "itransformer",
    patchtst => PatchTst(PatchTstConfig) = "patchtst",
    dlinear => DLinear(DLinearConfig) = "dlinear",
    rlinear => RLinear(RLinearConfig) = "rlinear",
    tsmixer => TsMixer(TsMixerConfig) = "tsmixer",
    lightts => LightTs(LightTsConfig) = "lightts",
    fits => Fits(FitsConfig) = "fits",
    tide => Tide(TideConfig) = "tide",
    timemixer => TimeMixer(TimeMixerConfig) = "timemixer",
    crossformer => Crossformer(CrossformerConfig) = "crossformer",
    transformer => Transformer(TransformerConfig) = "transformer",
    smamba => SMamba(SMambaConfig) = "s-mamba",
    autoformer => Autoformer(AutoformerConfig) = "autoformer",
    gpt4ts => Gpt4Ts(Gpt4TsConfig) = "gpt4ts",
    informer => Informer(InformerConfig) = "informer",
    time_llm => TimeLlm(TimeLlmConfig) = "time-llm",
}
