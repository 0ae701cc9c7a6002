//! Weights of the public PyTorch codes, by one table of names per layout.

use std::collections::BTreeMap;
use std::path::Path;

use pytorch_reader::{DType, PytorchError, PytorchReader};
use spat_spec::{
    Array, CheckpointError, ForecasterConfig, PatchTstLayout, Structure, named_arrays_from_bytes,
};
use thiserror::Error;

/// How PyTorch's array becomes ours.
#[derive(Debug, Clone, Copy)]
enum Form {
    /// As it is.
    Same,
    /// `[out, in]` (or a convolution of width 1, `[out, in, 1]`) to `[in, out]`.
    Transposed,
    /// The flatten head: `[out, d_model · patches]` with the width outside to
    /// `[patches · d_model, out]` with the patches outside.
    FlattenHead,
}

use Form::{FlattenHead, Same, Transposed};

/// PyTorch's name, our name, form. `{}` is the layer.
type Row = (&'static str, &'static str, Form);

/// thuml/iTransformer. Time-Series-Library names the last layer `projection`.
const ITRANSFORMER: &[Row] = &[
    (
        "enc_embedding.value_embedding.weight",
        "embedding.weight",
        Transposed,
    ),
    ("enc_embedding.value_embedding.bias", "embedding.bias", Same),
    ("encoder.norm.weight", "encoder.norm.gamma", Same),
    ("encoder.norm.bias", "encoder.norm.beta", Same),
    ("projector.weight", "projection.weight", Transposed),
    ("projector.bias", "projection.bias", Same),
    ("projection.weight", "projection.weight", Transposed),
    ("projection.bias", "projection.bias", Same),
];

/// The encoder layer that iTransformer and Time-Series-Library's PatchTST share.
const LIBRARY_LAYER: &[Row] = &[
    (
        "encoder.attn_layers.{}.attention.query_projection.weight",
        "encoder.layers.{}.attention.module.query.weight",
        Transposed,
    ),
    (
        "encoder.attn_layers.{}.attention.query_projection.bias",
        "encoder.layers.{}.attention.module.query.bias",
        Same,
    ),
    (
        "encoder.attn_layers.{}.attention.key_projection.weight",
        "encoder.layers.{}.attention.module.key.weight",
        Transposed,
    ),
    (
        "encoder.attn_layers.{}.attention.key_projection.bias",
        "encoder.layers.{}.attention.module.key.bias",
        Same,
    ),
    (
        "encoder.attn_layers.{}.attention.value_projection.weight",
        "encoder.layers.{}.attention.module.value.weight",
        Transposed,
    ),
    (
        "encoder.attn_layers.{}.attention.value_projection.bias",
        "encoder.layers.{}.attention.module.value.bias",
        Same,
    ),
    (
        "encoder.attn_layers.{}.attention.out_projection.weight",
        "encoder.layers.{}.attention.module.output.weight",
        Transposed,
    ),
    (
        "encoder.attn_layers.{}.attention.out_projection.bias",
        "encoder.layers.{}.attention.module.output.bias",
        Same,
    ),
    (
        "encoder.attn_layers.{}.conv1.weight",
        "encoder.layers.{}.expand.weight",
        Transposed,
    ),
    (
        "encoder.attn_layers.{}.conv1.bias",
        "encoder.layers.{}.expand.bias",
        Same,
    ),
    (
        "encoder.attn_layers.{}.conv2.weight",
        "encoder.layers.{}.contract.weight",
        Transposed,
    ),
    (
        "encoder.attn_layers.{}.conv2.bias",
        "encoder.layers.{}.contract.bias",
        Same,
    ),
    (
        "encoder.attn_layers.{}.norm1.weight",
        "encoder.layers.{}.norm1.gamma",
        Same,
    ),
    (
        "encoder.attn_layers.{}.norm1.bias",
        "encoder.layers.{}.norm1.beta",
        Same,
    ),
    (
        "encoder.attn_layers.{}.norm2.weight",
        "encoder.layers.{}.norm2.gamma",
        Same,
    ),
    (
        "encoder.attn_layers.{}.norm2.bias",
        "encoder.layers.{}.norm2.beta",
        Same,
    ),
];

/// Time-Series-Library's PatchTST.
const LIBRARY_PATCHTST: &[Row] = &[
    (
        "patch_embedding.value_embedding.weight",
        "embedding.weight",
        Transposed,
    ),
    ("encoder.norm.1.weight", "encoder.norm.gamma", Same),
    ("encoder.norm.1.bias", "encoder.norm.beta", Same),
    (
        "encoder.norm.1.running_mean",
        "encoder.norm.running_mean",
        Same,
    ),
    (
        "encoder.norm.1.running_var",
        "encoder.norm.running_var",
        Same,
    ),
    ("head.linear.weight", "head.weight", FlattenHead),
    ("head.linear.bias", "head.bias", Same),
];

/// yuqinie98/PatchTST.
const AUTHORS_PATCHTST: &[Row] = &[
    ("model.backbone.W_P.weight", "embedding.weight", Transposed),
    ("model.backbone.W_P.bias", "embedding.bias", Same),
    ("model.backbone.W_pos", "positions", Same),
    ("model.head.linear.weight", "head.weight", FlattenHead),
    ("model.head.linear.bias", "head.bias", Same),
];

const AUTHORS_LAYER: &[Row] = &[
    (
        "model.backbone.encoder.layers.{}.self_attn.W_Q.weight",
        "encoder.layers.{}.attention.module.query.weight",
        Transposed,
    ),
    (
        "model.backbone.encoder.layers.{}.self_attn.W_Q.bias",
        "encoder.layers.{}.attention.module.query.bias",
        Same,
    ),
    (
        "model.backbone.encoder.layers.{}.self_attn.W_K.weight",
        "encoder.layers.{}.attention.module.key.weight",
        Transposed,
    ),
    (
        "model.backbone.encoder.layers.{}.self_attn.W_K.bias",
        "encoder.layers.{}.attention.module.key.bias",
        Same,
    ),
    (
        "model.backbone.encoder.layers.{}.self_attn.W_V.weight",
        "encoder.layers.{}.attention.module.value.weight",
        Transposed,
    ),
    (
        "model.backbone.encoder.layers.{}.self_attn.W_V.bias",
        "encoder.layers.{}.attention.module.value.bias",
        Same,
    ),
    (
        "model.backbone.encoder.layers.{}.self_attn.to_out.0.weight",
        "encoder.layers.{}.attention.module.output.weight",
        Transposed,
    ),
    (
        "model.backbone.encoder.layers.{}.self_attn.to_out.0.bias",
        "encoder.layers.{}.attention.module.output.bias",
        Same,
    ),
    (
        "model.backbone.encoder.layers.{}.ff.0.weight",
        "encoder.layers.{}.expand.weight",
        Transposed,
    ),
    (
        "model.backbone.encoder.layers.{}.ff.0.bias",
        "encoder.layers.{}.expand.bias",
        Same,
    ),
    (
        "model.backbone.encoder.layers.{}.ff.3.weight",
        "encoder.layers.{}.contract.weight",
        Transposed,
    ),
    (
        "model.backbone.encoder.layers.{}.ff.3.bias",
        "encoder.layers.{}.contract.bias",
        Same,
    ),
    (
        "model.backbone.encoder.layers.{}.norm_attn.1.weight",
        "encoder.layers.{}.norm1.gamma",
        Same,
    ),
    (
        "model.backbone.encoder.layers.{}.norm_attn.1.bias",
        "encoder.layers.{}.norm1.beta",
        Same,
    ),
    (
        "model.backbone.encoder.layers.{}.norm_attn.1.running_mean",
        "encoder.layers.{}.norm1.running_mean",
        Same,
    ),
    (
        "model.backbone.encoder.layers.{}.norm_attn.1.running_var",
        "encoder.layers.{}.norm1.running_var",
        Same,
    ),
    (
        "model.backbone.encoder.layers.{}.norm_ffn.1.weight",
        "encoder.layers.{}.norm2.gamma",
        Same,
    ),
    (
        "model.backbone.encoder.layers.{}.norm_ffn.1.bias",
        "encoder.layers.{}.norm2.beta",
        Same,
    ),
    (
        "model.backbone.encoder.layers.{}.norm_ffn.1.running_mean",
        "encoder.layers.{}.norm2.running_mean",
        Same,
    ),
    (
        "model.backbone.encoder.layers.{}.norm_ffn.1.running_var",
        "encoder.layers.{}.norm2.running_var",
        Same,
    ),
];

const DLINEAR: &[Row] = &[
    ("Linear_Seasonal.weight", "seasonal.weight", Transposed),
    ("Linear_Seasonal.bias", "seasonal.bias", Same),
    ("Linear_Trend.weight", "trend.weight", Transposed),
    ("Linear_Trend.bias", "trend.bias", Same),
];

const RLINEAR: &[Row] = &[
    ("Linear.weight", "linear.weight", Transposed),
    ("Linear.bias", "linear.bias", Same),
];

/// Computed here, counters, or constants: nothing is lost by leaving them.
const IGNORED: &[&str] = &[
    "position_embedding.pe",
    "num_batches_tracked",
    "sdp_attn.scale",
];

/// PyTorch weights that cannot be taken over.
#[derive(Debug, Error)]
pub enum ImportError {
    /// The file is no PyTorch archive, or not a whole one.
    #[error("cannot read the PyTorch file: {0}")]
    Archive(#[from] PytorchError),
    /// The file is no safetensors, or holds other types than f32.
    #[error("cannot read the safetensors file: {0}")]
    SafeTensors(#[from] CheckpointError),
    /// The file cannot be read.
    #[error("cannot read the file: {0}")]
    Io(#[from] std::io::Error),
    /// A name that the layout's table does not have.
    #[error("`{name}` is no weight of {model}; is the file for another model?")]
    UnknownKey {
        /// PyTorch's name.
        name: String,
        /// The model asked for.
        model: &'static str,
    },
    /// An array of another type or size than its place in the model.
    #[error("`{name}` cannot be taken over: {reason}")]
    Array {
        /// PyTorch's name.
        name: String,
        /// Why.
        reason: String,
    },
}

/// Takes over arrays under PyTorch's names (a leading `module.` of `DataParallel` is dropped).
///
/// # Errors
/// A name outside the layout's table, or an array of the wrong rank.
pub fn from_pytorch(
    arrays: BTreeMap<String, Array>,
    structure: &Structure,
) -> Result<BTreeMap<String, Array>, ImportError> {
    let table = table(structure);
    let model = structure.forecaster.name();
    let mut weights = BTreeMap::new();
    for (name, array) in arrays {
        let key = name.strip_prefix("module.").unwrap_or(&name);
        if is_ignored(key) {
            continue;
        }
        let Some((ours, form)) = table.get(key) else {
            return Err(ImportError::UnknownKey { name, model });
        };
        let array = reform(array, *form, patches(structure))
            .map_err(|reason| ImportError::Array { name, reason })?;
        weights.insert(ours.clone(), array);
    }
    Ok(weights)
}

/// Reads a `.pth` (a state dict) or a `.safetensors` file of one of the public codes.
///
/// # Errors
/// The file cannot be read, or does not fit the structure's layout.
pub fn from_pytorch_file(
    path: &Path,
    structure: &Structure,
) -> Result<BTreeMap<String, Array>, ImportError> {
    let arrays = if path
        .extension()
        .is_some_and(|extension| extension == "safetensors")
    {
        named_arrays_from_bytes(&std::fs::read(path)?, |name| !is_ignored(name))?
    } else {
        PytorchReader::new(path)?
            .into_tensors()
            .into_iter()
            .filter(|(name, _)| !is_ignored(name))
            .map(|(name, tensor)| {
                if tensor.dtype() != DType::F32 {
                    let reason = format!("it is {:?}, only f32 is read", tensor.dtype());
                    return Err(ImportError::Array { name, reason });
                }
                let values = tensor
                    .read()?
                    .chunks_exact(4)
                    .map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]]))
                    .collect();
                Ok((
                    name,
                    Array {
                        shape: tensor.shape().to_vec(),
                        values,
                    },
                ))
            })
            .collect::<Result<_, _>>()?
    };
    from_pytorch(arrays, structure)
}

fn is_ignored(name: &str) -> bool {
    IGNORED.iter().any(|ignored| name.ends_with(ignored))
}

fn table(structure: &Structure) -> BTreeMap<String, (String, Form)> {
    let (whole, layer): (&[Row], &[Row]) = match &structure.forecaster {
        ForecasterConfig::ITransformer(_) => (ITRANSFORMER, LIBRARY_LAYER),
        ForecasterConfig::PatchTst(config) => match config.layout {
            PatchTstLayout::Library => (LIBRARY_PATCHTST, LIBRARY_LAYER),
            PatchTstLayout::Authors => (AUTHORS_PATCHTST, AUTHORS_LAYER),
        },
        ForecasterConfig::DLinear(_) => (DLINEAR, &[]),
        ForecasterConfig::RLinear(_) => (RLINEAR, &[]),
    };
    let whole = whole
        .iter()
        .map(|(theirs, ours, form)| (String::from(*theirs), (String::from(*ours), *form)));
    let layers = (0..structure.forecaster.layers()).flat_map(|number| {
        let number = number.to_string();
        layer.iter().map(move |(theirs, ours, form)| {
            (
                theirs.replace("{}", &number),
                (ours.replace("{}", &number), *form),
            )
        })
    });
    whole.chain(layers).collect()
}

fn patches(structure: &Structure) -> usize {
    match &structure.forecaster {
        ForecasterConfig::PatchTst(config) => config.patches(),
        _ => 1,
    }
}

fn reform(array: Array, form: Form, patches: usize) -> Result<Array, String> {
    let (outputs, inputs) = match (form, array.shape.as_slice()) {
        (Same, _) => return Ok(array),
        (_, [outputs, inputs] | [outputs, inputs, 1]) => (*outputs, *inputs),
        (_, shape) => return Err(format!("its shape {shape:?} is no matrix")),
    };
    if array.values.len() != outputs * inputs || !inputs.is_multiple_of(patches) {
        return Err(format!(
            "its shape {:?} does not fit {patches} patches",
            array.shape
        ));
    }
    // Row of the new matrix that an input column of the old one becomes.
    let row = |input: usize| match form {
        FlattenHead => {
            let (column, patch) = (input / patches, input % patches);
            patch * (inputs / patches) + column
        }
        Same | Transposed => input,
    };
    let mut values = vec![0.0; outputs * inputs];
    for output in 0..outputs {
        for input in 0..inputs {
            values[row(input) * outputs + output] = array.values[output * inputs + input];
        }
    }
    Ok(Array {
        shape: vec![inputs, outputs],
        values,
    })
}
