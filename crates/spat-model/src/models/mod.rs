//! The forecasters, with their tensors. Each is one file that implements [`Model`] and one line below;
//! its configuration has the same place in `spat_spec`.

mod registry;

pub use registry::Inputs;
pub(crate) use registry::Model;

registry::models! {
    // module => variant of `ForecasterConfig`, and the module type of the same name
    itransformer => ITransformer,
    patchtst => PatchTst,
    dlinear => DLinear,
    rlinear => RLinear,
    tsmixer => TsMixer,
    lightts => LightTs,
    fits => Fits,
    tide => Tide,
    timemixer => TimeMixer,
    crossformer => Crossformer,
    transformer => Transformer,
    smamba => SMamba,
    autoformer => Autoformer,
    gpt4ts => Gpt4Ts,
    informer => Informer,
    time_llm => TimeLlm,
}
