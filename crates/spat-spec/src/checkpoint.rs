//! The file of a trained forecaster: structure, weights, scaler, channels.
//!
//! The container is safetensors. Structure and facts about the data are JSON in its header under the key
//! `spat`, so any reader of safetensors can open the file. The JSON's last field is a checksum of it and the
//! weights.

use std::collections::BTreeMap;

use safetensors::{Dtype, SafeTensors, View, tensor::TensorView};
use serde::{Deserialize, Serialize};
use spat_series::{Frequency, Scaler};
use thiserror::Error;

use crate::checksum::{checked_from_bytes, checked_to_bytes, split_checksum};
use crate::{DataConfig, Plan, Structure, StructureError};

/// The version of the format below. Other versions are rejected.
pub const FORMAT: u32 = 1;

const HEADER_KEY: &str = "spat";

/// A trained forecaster on disk, dense or pruned.
#[derive(Debug, Clone, PartialEq)]
pub struct Checkpoint {
    /// Structure and origin of the weights.
    pub header: CheckpointHeader,
    /// The weights by their path in the module tree, for instance
    /// `encoder.layers.0.attention.query.weight`.
    pub weights: BTreeMap<String, Array>,
}

/// The part of a checkpoint that is not weights.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CheckpointHeader {
    /// Always [`FORMAT`].
    pub format: u32,
    /// The version of the program that wrote it.
    pub version: String,
    /// The structure, dense or pruned.
    pub structure: Structure,
    /// The channels in the order of the model's input.
    pub channels: Vec<String>,
    /// Mean and deviation of the training rows, original units less the scaler's offset.
    pub scaler: Scaler,
    /// The frequency of the training table.
    pub frequency: Frequency,
    /// How the training table was read, repaired and split; other tables are read in the same way.
    pub data: DataConfig,
    /// What was removed, and why; `None` for a dense model.
    pub plan: Option<Plan>,
}

/// A row-major array of f32.
#[derive(Debug, Clone, PartialEq)]
pub struct Array {
    /// Its size along each axis.
    pub shape: Vec<usize>,
    /// Its values; as many as the product of `shape`.
    pub values: Vec<f32>,
}

/// A file that is not a complete checkpoint of this program.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum CheckpointError {
    /// Not safetensors, or cut short.
    #[error(
        "this is not a complete safetensors file; it may have been cut short while it was \
         copied: copy it again, or take it from the run folder"
    )]
    Container(#[from] safetensors::SafeTensorError),
    /// Safetensors, but without this program's header.
    #[error(
        "this safetensors file was not written by spat: its header has no `spat` entry; weights of \
         the public PyTorch code are read with `spat import`"
    )]
    Foreign,
    /// Written by a version with another format.
    #[error(
        "this checkpoint has format {found}; this program reads format {FORMAT}: use the version that wrote it ({version})"
    )]
    Format {
        /// The format in the file.
        found: u32,
        /// The program version in the file.
        version: String,
    },
    /// The header cannot be read.
    #[error("the checkpoint's header cannot be read: {0}")]
    Header(#[from] serde_json::Error),
    /// The structure in the header contradicts itself.
    #[error("the checkpoint's structure is inconsistent: {0}")]
    Structure(#[from] StructureError),
    /// The parts of the header contradict each other.
    #[error("the checkpoint's header is inconsistent: {0}")]
    Inconsistent(String),
    /// A weight of another type.
    #[error("the weight `{name}` is stored as {dtype:?}; only F32 is read")]
    Dtype {
        /// Its path.
        name: String,
        /// Its type.
        dtype: Dtype,
    },
    /// The content does not match the checksum in the header.
    #[error(
        "the content does not match the SHA-256 in the header, so it was changed or damaged after it was \
         written: use an intact copy"
    )]
    Checksum,
    /// A value that is no finite number.
    #[error(
        "the weight `{name}` contains {value}; every value must be a finite number: train the model again, \
         or take another copy of the file"
    )]
    NotFinite {
        /// Its path.
        name: String,
        /// The first such value.
        value: f32,
    },
}

impl Array {
    /// Checks that all values are finite; `name` is the array's in the error.
    ///
    /// # Errors
    /// [`CheckpointError::NotFinite`] with the first value that is not.
    pub fn check_finite(&self, name: &str) -> Result<(), CheckpointError> {
        match self.values.iter().find(|value| !value.is_finite()) {
            None => Ok(()),
            Some(&value) => Err(CheckpointError::NotFinite {
                name: name.to_owned(),
                value,
            }),
        }
    }
}

impl Checkpoint {
    /// The bytes of the file.
    ///
    /// # Errors
    /// The number of an array's values does not match its shape.
    pub fn to_bytes(&self) -> Result<Vec<u8>, CheckpointError> {
        let header = serde_json::to_string(&self.header)?;
        Ok(checked_to_bytes(HEADER_KEY, &header, &self.weights)?)
    }

    /// Reads what [`Checkpoint::to_bytes`] wrote.
    ///
    /// # Errors
    /// The bytes are not a complete checkpoint of this format, do not match its checksum, or hold a weight
    /// that is no finite number.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, CheckpointError> {
        let header = CheckpointHeader::from_bytes(bytes)?;
        let weights = checked_from_bytes(HEADER_KEY, bytes)?.arrays;
        for (name, array) in &weights {
            array.check_finite(name)?;
        }
        Ok(Self { header, weights })
    }
}

#[derive(Deserialize)]
struct VersionOnly {
    format: u32,
    #[serde(default)]
    version: String,
}

impl CheckpointHeader {
    /// Reads the header of what [`Checkpoint::to_bytes`] wrote, without the weights.
    ///
    /// # Errors
    /// As [`Checkpoint::from_bytes`], except for errors in the weights.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, CheckpointError> {
        let header = header_entry(bytes, HEADER_KEY)?.ok_or(CheckpointError::Foreign)?;
        let version: VersionOnly = serde_json::from_str(&header)?;
        if version.format != FORMAT {
            return Err(CheckpointError::Format {
                found: version.format,
                version: version.version,
            });
        }
        let header: Self = serde_json::from_str(&header)?;
        header.check()?;
        Ok(header)
    }

    /// A note for people if the checkpoint has no checksum, because an older version wrote it.
    pub fn checksum_note(&self, bytes: &[u8]) -> Option<String> {
        let entry = header_entry(bytes, HEADER_KEY).ok()??;
        split_checksum(&entry).is_none().then(|| {
            format!(
                "the model file has no checksum (spat {} wrote it), so damage to it cannot be detected",
                self.version
            )
        })
    }

    fn check(&self) -> Result<(), CheckpointError> {
        // Checked first, because it bounds the number of modules of the structure.
        self.structure
            .forecaster
            .check()
            .map_err(|error| CheckpointError::Inconsistent(error.to_string()))?;
        self.structure.check()?;
        let channels = self.structure.forecaster.channels();
        if self.channels.len() != channels
            || self.scaler.mean.len() != channels
            || self.scaler.std.len() != channels
            || ![0, channels].contains(&self.scaler.offset.len())
        {
            return Err(CheckpointError::Inconsistent(format!(
                "the model has {channels} channels, but {} are named and {} are scaled",
                self.channels.len(),
                self.scaler.mean.len()
            )));
        }
        let scaler = self.scaler.mean.iter().zip(&self.scaler.std);
        for (channel, (mean, std)) in self.channels.iter().zip(scaler) {
            if !(mean.is_finite() && std.is_finite() && *std > 0.0) {
                return Err(CheckpointError::Inconsistent(format!(
                    "the channel `{channel}` is scaled by a mean of {mean} and a deviation of {std}"
                )));
            }
        }
        Ok(())
    }
}

/// Writes named arrays as a safetensors file.
///
/// # Errors
/// The number of an array's values does not match its shape.
pub fn arrays_to_bytes(
    arrays: &BTreeMap<String, Array>,
    metadata: Option<std::collections::HashMap<String, String>>,
) -> Result<Vec<u8>, safetensors::SafeTensorError> {
    let bytes: Vec<(&String, &Array, Vec<u8>)> = arrays
        .iter()
        .map(|(name, array)| {
            let bytes = array
                .values
                .iter()
                .flat_map(|value| value.to_le_bytes())
                .collect();
            (name, array, bytes)
        })
        .collect();
    let views = bytes
        .iter()
        .map(|(name, array, bytes)| {
            Ok((
                name.as_str(),
                TensorView::new(Dtype::F32, array.shape.clone(), bytes)?,
            ))
        })
        .collect::<Result<Vec<_>, safetensors::SafeTensorError>>()?;
    safetensors::serialize(views, metadata)
}

/// Reads all arrays of a safetensors file of f32.
///
/// # Errors
/// The file is not a safetensors file, or an array has another type.
pub fn arrays_from_bytes(bytes: &[u8]) -> Result<BTreeMap<String, Array>, CheckpointError> {
    named_arrays_from_bytes(bytes, |_| true)
}

/// Reads the arrays of a safetensors file whose name passes `wanted`; those must be f32.
///
/// # Errors
/// The file is not a safetensors file, or a wanted array has another type.
pub fn named_arrays_from_bytes(
    bytes: &[u8],
    wanted: impl Fn(&str) -> bool,
) -> Result<BTreeMap<String, Array>, CheckpointError> {
    let file = SafeTensors::deserialize(bytes)?;
    file.tensors()
        .into_iter()
        .filter(|(name, _)| wanted(name))
        .map(|(name, view)| {
            if view.dtype() != Dtype::F32 {
                return Err(CheckpointError::Dtype {
                    name,
                    dtype: View::dtype(&&view),
                });
            }
            let values = view
                .data()
                .chunks_exact(4)
                .map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]]))
                .collect();
            Ok((
                name,
                Array {
                    shape: view.shape().to_vec(),
                    values,
                },
            ))
        })
        .collect()
}

/// Reads one text entry of a safetensors file's header.
///
/// # Errors
/// The file is not a safetensors file.
pub fn header_entry(bytes: &[u8], key: &str) -> Result<Option<String>, CheckpointError> {
    let (_, metadata) = SafeTensors::read_metadata(bytes)?;
    Ok(metadata
        .metadata()
        .as_ref()
        .and_then(|entries| entries.get(key))
        .cloned())
}
