//! Import of weights of the public PyTorch codes, by one table of names per model.

use std::collections::BTreeMap;
use std::path::Path;

use pytorch_reader::{DType, PytorchError, PytorchReader};
use spat_spec::{Array, CheckpointError, Structure, named_arrays_from_bytes};
use thiserror::Error;

use crate::models::import_table;

/// Conversion of an array from PyTorch's layout to ours.
#[derive(Debug, Clone, Copy)]
enum Form {
    /// Unchanged.
    Same,
    /// `[out, in]` (or a convolution of width 1, `[out, in, 1]`) to `[in, out]`.
    Transposed,
    /// The flatten head of PatchTST: `[out, d_model · patches]`, width-major, to
    /// `[patches · d_model, out]`, patch-major.
    FlattenHead {
        /// Patches of a window.
        patches: usize,
    },
    /// A convolution over time, `[out, in, taps]`, to `[taps · in, out]`, tap-major.
    Convolution,
    /// Left out: the public code does not use it.
    Unused,
}

use Form::{Convolution, FlattenHead, Same, Transposed, Unused};

/// Maps names of a public PyTorch code's weights to ours.
#[derive(Debug, Default)]
pub(crate) struct ImportTable(BTreeMap<String, (String, Form)>);

impl ImportTable {
    /// One array, unchanged.
    pub(crate) fn same(mut self, theirs: &str, ours: &str) -> Self {
        self.add(theirs, ours, Same);
        self
    }

    /// A linear map (or a convolution of width 1) with or without a bias.
    pub(crate) fn linear(self, theirs: &str, ours: &str) -> Self {
        self.map(theirs, ours, Transposed)
    }

    /// A convolution over time with or without a bias.
    pub(crate) fn convolution(self, theirs: &str, ours: &str) -> Self {
        self.map(theirs, ours, Convolution)
    }

    /// An array that the public code holds and does not use.
    pub(crate) fn unused(mut self, theirs: &str) -> Self {
        self.add(theirs, "", Unused);
        self
    }

    /// All arrays of `parts`, which the public code holds and does not use.
    pub(crate) fn without(self, parts: Self) -> Self {
        parts
            .0
            .into_keys()
            .fold(self, |table, name| table.unused(&name))
    }

    /// What is frozen in a block of Hugging Face's GPT-2, and its buffers, which are both no part of our files.
    pub(crate) fn frozen_gpt2_block(self, theirs: &str) -> Self {
        let parts = ["attn.c_attn", "attn.c_proj", "mlp.c_fc", "mlp.c_proj"];
        let frozen = parts
            .iter()
            .flat_map(|part| ["weight", "bias"].map(|kind| format!("{theirs}.{part}.{kind}")));
        let buffers = ["attn.bias", "attn.masked_bias"].map(|name| format!("{theirs}.{name}"));
        frozen
            .chain(buffers)
            .fold(self, |table, name| table.unused(&name))
    }

    /// The flatten head of PatchTST.
    pub(crate) fn flatten_head(self, theirs: &str, ours: &str, patches: usize) -> Self {
        self.map(theirs, ours, FlattenHead { patches })
    }

    /// A layer norm, or a batch norm with its running statistics.
    pub(crate) fn norm(mut self, theirs: &str, ours: &str) -> Self {
        let parts = [
            ("weight", "gamma"),
            ("bias", "beta"),
            ("running_mean", "running_mean"),
            ("running_var", "running_var"),
        ];
        for (their, our) in parts {
            self.add(&format!("{theirs}.{their}"), &format!("{ours}.{our}"), Same);
        }
        self
    }

    /// The four projections of an attention module of Time-Series-Library.
    pub(crate) fn attention(self, theirs: &str, ours: &str) -> Self {
        let parts = [
            ("query", "query"),
            ("key", "key"),
            ("value", "value"),
            ("out", "output"),
        ];
        parts.iter().fold(self, |table, (their, our)| {
            table.linear(
                &format!("{theirs}.{their}_projection"),
                &format!("{ours}.{our}"),
            )
        })
    }

    /// An embedding of rows of Time-Series-Library.
    pub(crate) fn row_embedding(self, theirs: &str, ours: &str) -> Self {
        self.convolution(
            &format!("{theirs}.value_embedding.tokenConv"),
            &format!("{ours}.values"),
        )
        .linear(
            &format!("{theirs}.temporal_embedding.embed"),
            &format!("{ours}.features"),
        )
    }

    /// The decoder of Time-Series-Library.
    pub(crate) fn library_decoder(mut self, layers: usize) -> Self {
        for layer in 0..layers {
            let theirs = format!("decoder.layers.{layer}");
            let (own, cross) = (
                format!("{theirs}.self_attention"),
                format!("{theirs}.cross"),
            );
            self = self
                .attention(
                    &format!("{theirs}.self_attention"),
                    &format!("{own}.attention.module"),
                )
                .attention(
                    &format!("{theirs}.cross_attention"),
                    &format!("{cross}.attention.module"),
                )
                .linear(&format!("{theirs}.conv1"), &format!("{cross}.expand"))
                .linear(&format!("{theirs}.conv2"), &format!("{cross}.contract"))
                .norm(&format!("{theirs}.norm1"), &format!("{own}.norm"))
                .norm(&format!("{theirs}.norm2"), &format!("{cross}.norm1"))
                .norm(&format!("{theirs}.norm3"), &format!("{cross}.norm2"));
        }
        self.norm("decoder.norm", "decoder.norm")
            .linear("decoder.projection", "decoder.projection")
    }

    /// The encoder layers of Time-Series-Library, which thuml/iTransformer shares.
    pub(crate) fn library_encoder(mut self, layers: usize) -> Self {
        for layer in 0..layers {
            let (theirs, ours) = layer_prefixes("encoder.attn_layers", layer);
            self = self
                .attention(
                    &format!("{theirs}.attention"),
                    &format!("{ours}.attention.module"),
                )
                .library_feed_forward(&theirs, &ours);
        }
        self
    }

    /// The feed-forward part and both norms of an encoder layer of Time-Series-Library.
    pub(crate) fn library_feed_forward(self, theirs: &str, ours: &str) -> Self {
        self.linear(&format!("{theirs}.conv1"), &format!("{ours}.expand"))
            .linear(&format!("{theirs}.conv2"), &format!("{ours}.contract"))
            .norm(&format!("{theirs}.norm1"), &format!("{ours}.norm1"))
            .norm(&format!("{theirs}.norm2"), &format!("{ours}.norm2"))
    }

    /// A block of state-spaces/mamba.
    pub(crate) fn mamba(self, theirs: &str, ours: &str) -> Self {
        let parts = [
            ("in_proj", "input"),
            ("x_proj", "selection"),
            ("dt_proj", "steps"),
            ("out_proj", "output"),
        ];
        parts
            .iter()
            .fold(self, |table, (their, our)| {
                table.linear(&format!("{theirs}.{their}"), &format!("{ours}.{our}"))
            })
            .convolution(&format!("{theirs}.conv1d"), &format!("{ours}.convolution"))
            .same(&format!("{theirs}.A_log"), &format!("{ours}.log_decay"))
            .same(&format!("{theirs}.D"), &format!("{ours}.skip"))
    }

    fn map(mut self, theirs: &str, ours: &str, form: Form) -> Self {
        self.add(&format!("{theirs}.weight"), &format!("{ours}.weight"), form);
        self.add(&format!("{theirs}.bias"), &format!("{ours}.bias"), Same);
        self
    }

    fn add(&mut self, theirs: &str, ours: &str, form: Form) {
        self.0.insert(theirs.to_owned(), (ours.to_owned(), form));
    }
}

/// Path prefixes of encoder layer `layer`: in PyTorch, whose list of layers is `list`, and in ours.
pub(crate) fn layer_prefixes(list: &str, layer: usize) -> (String, String) {
    (format!("{list}.{layer}"), format!("encoder.layers.{layer}"))
}

/// Entries that are not weights: values that are computed here, counters, and constants.
const IGNORED: &[&str] = &[
    "position_embedding.pe",
    "num_batches_tracked",
    "sdp_attn.scale",
];

/// PyTorch weights that cannot be imported.
#[derive(Debug, Error)]
pub enum ImportError {
    /// The file is not a complete PyTorch archive.
    #[error("cannot read the PyTorch file: {0}")]
    Archive(#[from] PytorchError),
    /// The file is not a safetensors file, or has other types than f32.
    #[error("cannot read the safetensors file: {0}")]
    SafeTensors(#[from] CheckpointError),
    /// The file cannot be read.
    #[error("cannot read the file: {0}")]
    Io(#[from] std::io::Error),
    /// The name is not in the layout's table.
    #[error("`{name}` is no weight of {model}; is the file for another model?")]
    UnknownKey {
        /// PyTorch's name.
        name: String,
        /// The requested model.
        model: &'static str,
    },
    /// An array has another type or size than the weight in the model.
    #[error("`{name}` cannot be taken over: {reason}")]
    Array {
        /// PyTorch's name.
        name: String,
        /// Description of the difference.
        reason: String,
    },
    /// The model's frozen weights would not be those that the others were trained with.
    #[error(
        "the frozen weights of {model} are random, and those of the file are not imported; give the file that \
         they come from with --backbone"
    )]
    RandomBackbone {
        /// The requested model.
        model: &'static str,
    },
}

/// Imports arrays by PyTorch's names (a leading `module.` of `DataParallel` is removed).
///
/// # Errors
/// A name is not in the layout's table, an array has the wrong rank, or the structure has frozen weights that
/// come from no file.
pub fn from_pytorch(
    arrays: BTreeMap<String, Array>,
    structure: &Structure,
) -> Result<BTreeMap<String, Array>, ImportError> {
    let table = import_table(&structure.forecaster).0;
    let model = structure.forecaster.name();
    if structure.frozen() > 0 && structure.forecaster.backbone().is_none() {
        return Err(ImportError::RandomBackbone { model });
    }
    let mut weights = BTreeMap::new();
    for (name, array) in arrays {
        if is_ignored(&name, &table) {
            continue;
        }
        let Some((ours, form)) = table.get(key_of(&name)) else {
            return Err(ImportError::UnknownKey { name, model });
        };
        let array = reform(array, *form).map_err(|reason| ImportError::Array { name, reason })?;
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
    let table = import_table(&structure.forecaster).0;
    let arrays = if path
        .extension()
        .is_some_and(|extension| extension == "safetensors")
    {
        named_arrays_from_bytes(&std::fs::read(path)?, |name| !is_ignored(name, &table))?
    } else {
        let tensors = PytorchReader::new(path)?.into_tensors();
        // A few bytes can state any shape (a view with a stride of 0), so shapes are checked before values
        // are read. Running statistics are no parameters, but no more than those.
        let mut left = structure.cost().params.saturating_mul(2);
        tensors
            .into_iter()
            .filter(|(name, _)| !is_ignored(name, &table))
            .map(|(name, tensor)| {
                let sizes = tensor.shape().iter().map(|&size| size as u64);
                let values = sizes.fold(1, u64::saturating_mul);
                let Some(rest) = left.checked_sub(values) else {
                    let reason = format!(
                        "its shape {:?} has more values than the model; is the file for another model?",
                        tensor.shape()
                    );
                    return Err(ImportError::Array { name, reason });
                };
                left = rest;
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

/// Without the prefix of `DataParallel`.
fn key_of(name: &str) -> &str {
    name.strip_prefix("module.").unwrap_or(name)
}

/// Whether an array is left out, whatever its type and size are.
fn is_ignored(name: &str, table: &BTreeMap<String, (String, Form)>) -> bool {
    let is_unused = || matches!(table.get(key_of(name)), Some((_, Unused)));
    IGNORED.iter().any(|ignored| name.ends_with(ignored)) || is_unused()
}

fn reform(array: Array, form: Form) -> Result<Array, String> {
    // The input columns of the old matrix are groups of `minor` columns.
    let (outputs, inputs, minor) = match (form, array.shape.as_slice()) {
        (Same | Unused, _) => return Ok(array),
        (Convolution, [outputs, channels, taps]) => (*outputs, channels * taps, *taps),
        (Transposed, [outputs, inputs] | [outputs, inputs, 1]) => (*outputs, *inputs, 1),
        (FlattenHead { patches }, [outputs, inputs] | [outputs, inputs, 1]) => {
            (*outputs, *inputs, patches)
        }
        (_, shape) => return Err(format!("its shape {shape:?} is no matrix")),
    };
    if array.values.len() != outputs * inputs || !inputs.is_multiple_of(minor.max(1)) {
        return Err(format!(
            "its shape {:?} does not fit {minor} patches",
            array.shape
        ));
    }
    // Row of the new matrix for an input column of the old one: minor to major.
    let row = |input: usize| (input % minor) * (inputs / minor) + input / minor;
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
