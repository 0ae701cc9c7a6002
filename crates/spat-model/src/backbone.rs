//! Pretrained GPT-2 weights from safetensors files.
//!
//! A model's configuration refers to such a file by its name and checksum ([`BackboneFile`]); files of the model
//! do not repeat its weights. A backbone is therefore loaded once per process, with [`load_backbone`], before
//! models that refer to it are made.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use safetensors::tensor::TensorView;
use safetensors::{Dtype, SafeTensorError, SafeTensors};
use spat_spec::{BackboneFile, BackboneSizes, ConfigError, ForecasterConfig, sha256};
use thiserror::Error;

/// The backbones that were loaded, by their checksum.
static LOADED: Mutex<BTreeMap<String, Arc<Backbone>>> = Mutex::new(BTreeMap::new());

/// Width of a head in every published GPT-2.
const HEAD_WIDTH: usize = 64;

/// The weights of a GPT-2, with or without its token table, by Hugging Face's names without a prefix.
#[derive(Debug)]
pub struct Backbone {
    /// Name and checksum of the file.
    pub file: BackboneFile,
    /// The sizes of the whole file; the vocabulary's if its token table was read.
    pub sizes: BackboneSizes,
    arrays: BTreeMap<String, Vec<f32>>,
}

/// Frozen weights that cannot be used.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum BackboneError {
    /// The file cannot be read.
    #[error("cannot read the backbone `{name}`: {error}")]
    Io {
        /// The file.
        name: String,
        /// The operating system's error.
        error: std::io::Error,
    },
    /// Not safetensors, or cut short.
    #[error(
        "the backbone `{name}` is not a complete safetensors file ({error}); copy it again, or convert a \
         PyTorch file to safetensors"
    )]
    Container {
        /// The file.
        name: String,
        /// The reason.
        error: SafeTensorError,
    },
    /// The file beside it with its sizes cannot be used.
    #[error("the backbone `{name}` cannot be used: {error}")]
    Config {
        /// The file.
        name: String,
        /// The reason.
        error: ConfigError,
    },
    /// A weight is missing.
    #[error(
        "the backbone `{name}` lacks the weight `{weight}` of a GPT-2; use a complete GPT-2 with Hugging \
         Face's names"
    )]
    Missing {
        /// The file.
        name: String,
        /// The name of the weight.
        weight: String,
    },
    /// A weight has a different shape.
    #[error(
        "the weight `{weight}` of the backbone `{name}` has shape {found:?}, but {expected:?} fits the others; \
         use a GPT-2 with its own `config.json`"
    )]
    Shape {
        /// The file.
        name: String,
        /// The name of the weight.
        weight: String,
        /// Its shape in the file.
        found: Vec<usize>,
        /// The shape that the other weights or `config.json` give.
        expected: Vec<usize>,
    },
    /// A weight of another type.
    #[error(
        "the weight `{weight}` of the backbone `{name}` is stored as {dtype:?}; convert the file to F32, F16 \
         or BF16"
    )]
    Dtype {
        /// The file.
        name: String,
        /// The name of the weight.
        weight: String,
        /// Its type.
        dtype: Dtype,
    },
    /// A value that is not finite.
    #[error("the weight `{weight}` of the backbone `{name}` contains {value}; use an intact copy")]
    NotFinite {
        /// The file.
        name: String,
        /// The name of the weight.
        weight: String,
        /// The first such value.
        value: f32,
    },
    /// Nothing states the number of heads.
    #[error(
        "the backbone `{name}` has a width of {width}, which does not determine the number of its heads; put \
         its `config.json` beside it"
    )]
    Heads {
        /// The file.
        name: String,
        /// Width of a token.
        width: usize,
    },
    /// A model refers to a file that was not loaded.
    #[error(
        "the model uses the frozen weights of `{name}` (SHA-256 {sha256}), and that file is not loaded; give \
         its path with --backbone on the command line"
    )]
    NotLoaded {
        /// The file.
        name: String,
        /// Its checksum.
        sha256: String,
    },
    /// A model refers to a file with other content.
    #[error(
        "the model uses the frozen weights of `{name}` with SHA-256 {expected}, and the file `{given}` has \
         {found}; give the path of the file that the model was trained with"
    )]
    Differs {
        /// The file that the model refers to.
        name: String,
        /// Its checksum.
        expected: String,
        /// The file that was given.
        given: String,
        /// The checksum of that file.
        found: String,
    },
    /// The model has other sizes than the file.
    #[error(
        "the backbone `{name}` has {found}, but the model {expected}; use the sizes of \
         the file"
    )]
    Sizes {
        /// The file.
        name: String,
        /// Sizes of the file.
        found: String,
        /// Sizes of the model.
        expected: String,
    },
}

/// Reads a GPT-2, with the sizes of a `config.json` beside it if there is one, and keeps it for the models that
/// refer to it. The token table, a large part of a file, is read only if `with_tokens` is set, for models that
/// read prompts.
///
/// # Errors
/// The file cannot be read, or is no complete GPT-2.
pub fn load_backbone(path: &Path, with_tokens: bool) -> Result<Arc<Backbone>, BackboneError> {
    let name = path.file_name().unwrap_or(path.as_os_str());
    let name = name.to_string_lossy().into_owned();
    let io = |error| BackboneError::Io {
        name: name.clone(),
        error,
    };
    let bytes = std::fs::read(path).map_err(io)?;
    let json = match std::fs::read(path.with_file_name("config.json")) {
        Ok(json) => Some(json),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
        Err(error) => return Err(io(error)),
    };
    let backbone = Backbone::from_bytes(&name, &bytes, json.as_deref(), with_tokens)?;
    let backbone = Arc::new(backbone);
    let mut loaded = LOADED.lock().unwrap_or_else(PoisonError::into_inner);
    let key = backbone.file.sha256.clone();
    let has_tokens = |known: &Arc<Backbone>| known.sizes.vocabulary.is_some();
    if with_tokens || !loaded.get(&key).is_some_and(has_tokens) {
        loaded.insert(key, backbone.clone());
    }
    Ok(backbone)
}

/// The backbone that a model refers to, if it was loaded.
pub(crate) fn loaded(file: &BackboneFile) -> Option<Arc<Backbone>> {
    let loaded = LOADED.lock().unwrap_or_else(PoisonError::into_inner);
    loaded.get(&file.sha256).cloned()
}

/// Checks that the backbone of a model, if it has one from a file, is loaded and has the model's sizes.
///
/// # Errors
/// The file is not loaded, or the model has other sizes.
pub fn check_backbone(forecaster: &ForecasterConfig) -> Result<(), BackboneError> {
    let Some((file, sizes)) = forecaster.backbone() else {
        return Ok(());
    };
    let is_enough = |backbone: &Arc<Backbone>| {
        sizes.vocabulary.is_none() || backbone.sizes.vocabulary.is_some()
    };
    let Some(backbone) = loaded(file).filter(is_enough) else {
        return Err(BackboneError::NotLoaded {
            name: file.name.clone(),
            sha256: file.sha256.clone(),
        });
    };
    let found = BackboneSizes {
        // Of a table that the model does not read.
        vocabulary: backbone
            .sizes
            .vocabulary
            .filter(|_| sizes.vocabulary.is_some()),
        ..backbone.sizes
    };
    let fewer = BackboneSizes {
        layers: sizes.layers,
        ..found
    };
    if sizes == fewer && sizes.layers <= found.layers {
        return Ok(());
    }
    let text = |sizes: BackboneSizes| {
        let vocabulary = sizes.vocabulary.map(|rows| format!(", {rows} tokens"));
        format!(
            "a width of {}, {} heads, {} blocks{} and {} positions",
            sizes.width,
            sizes.heads,
            sizes.layers,
            vocabulary.unwrap_or_default(),
            sizes.positions
        )
    };
    Err(BackboneError::Sizes {
        name: file.name.clone(),
        found: text(found),
        expected: text(sizes),
    })
}

impl Backbone {
    /// Reads a GPT-2 from the bytes of a safetensors file called `name`, and of its `config.json`. Names may
    /// have the prefix `transformer.`. Triangle buffers and the output layer are not read, the token table only if
    /// `with_tokens` is set.
    ///
    /// # Errors
    /// The file is no complete GPT-2.
    pub fn from_bytes(
        name: &str,
        bytes: &[u8],
        config: Option<&[u8]>,
        with_tokens: bool,
    ) -> Result<Self, BackboneError> {
        // Offsets and shapes of all arrays are checked against the length of the file.
        let tensors =
            SafeTensors::deserialize(bytes).map_err(|error| BackboneError::Container {
                name: name.to_owned(),
                error,
            })?;
        let reader = Reader {
            name,
            prefix: match tensors.tensor("transformer.wpe.weight") {
                Ok(_) => "transformer.",
                Err(_) => "",
            },
            tensors,
        };
        let sizes = match config {
            Some(json) => {
                BackboneSizes::from_json(json).map_err(|error| BackboneError::Config {
                    name: name.to_owned(),
                    error,
                })?
            }
            None => reader.sizes()?,
        };
        let sizes = BackboneSizes {
            vocabulary: match with_tokens {
                true => Some(reader.vocabulary(sizes.width)?),
                false => None,
            },
            ..sizes
        };
        // A shape with a 0 can state any other size.
        sizes.check().map_err(|error| BackboneError::Config {
            name: name.to_owned(),
            error,
        })?;
        let mut arrays = BTreeMap::new();
        for (weight, shape) in weights_of(&sizes) {
            let values = reader.values(&weight, &shape)?;
            arrays.insert(weight, values);
        }
        Ok(Self {
            file: BackboneFile {
                name: name.to_owned(),
                sha256: sha256(bytes),
            },
            sizes,
            arrays,
        })
    }

    /// Checks that this is the file that a model refers to.
    ///
    /// # Errors
    /// The checksums differ.
    pub fn check_is(&self, file: &BackboneFile) -> Result<(), BackboneError> {
        if self.file.sha256 == file.sha256 {
            return Ok(());
        }
        Err(BackboneError::Differs {
            name: file.name.clone(),
            expected: file.sha256.clone(),
            given: self.file.name.clone(),
            found: self.file.sha256.clone(),
        })
    }

    /// A weight by its name, one of [`weights_of`].
    pub(crate) fn array(&self, name: &str) -> &[f32] {
        self.arrays.get(name).map_or(&[], Vec::as_slice)
    }
}

/// The weights that are read, with their shapes.
fn weights_of(sizes: &BackboneSizes) -> impl Iterator<Item = (String, Vec<usize>)> {
    let (d, positions) = (sizes.width, sizes.positions);
    let tokens = sizes.vocabulary.map(|rows| ("wte.weight", vec![rows, d]));
    let ends = [
        ("wpe.weight", vec![positions, d]),
        ("ln_f.weight", vec![d]),
        ("ln_f.bias", vec![d]),
    ];
    let ends = ends.into_iter().chain(tokens);
    let ends = ends.map(|(name, shape)| (name.to_owned(), shape));
    let blocks = (0..sizes.layers).flat_map(move |layer| {
        let linear = |part: &str, inputs: usize, outputs: usize| {
            [
                (format!("{part}.weight"), vec![inputs, outputs]),
                (format!("{part}.bias"), vec![outputs]),
            ]
        };
        let norm = |part: &str| {
            [
                (format!("{part}.weight"), vec![d]),
                (format!("{part}.bias"), vec![d]),
            ]
        };
        [
            norm("ln_1"),
            linear("attn.c_attn", d, 3 * d),
            linear("attn.c_proj", d, d),
            norm("ln_2"),
            linear("mlp.c_fc", d, 4 * d),
            linear("mlp.c_proj", 4 * d, d),
        ]
        .concat()
        .into_iter()
        .map(move |(part, shape)| (format!("h.{layer}.{part}"), shape))
    });
    ends.chain(blocks)
}

/// A safetensors file whose arrays are looked up by name.
struct Reader<'a> {
    name: &'a str,
    /// In front of every weight's name.
    prefix: &'static str,
    tensors: SafeTensors<'a>,
}

impl Reader<'_> {
    fn tensor(&self, weight: &str) -> Result<TensorView<'_>, BackboneError> {
        let found = self.tensors.tensor(&format!("{}{weight}", self.prefix));
        found.map_err(|_| BackboneError::Missing {
            name: self.name.to_owned(),
            weight: weight.to_owned(),
        })
    }

    /// The sizes that the arrays have. Heads are as wide as in every published GPT-2.
    fn sizes(&self) -> Result<BackboneSizes, BackboneError> {
        let table = self.tensor("wpe.weight")?;
        let &[positions, width] = table.shape() else {
            return Err(self.shape("wpe.weight", table.shape(), &[1024, 768]));
        };
        // Each block is an entry of the header, so their number is bounded by the file.
        let has_block = |layer: &usize| self.tensor(&format!("h.{layer}.ln_1.weight")).is_ok();
        let layers = (0..).take_while(has_block).count();
        if layers == 0 {
            self.tensor("h.0.ln_1.weight")?;
        }
        if width == 0 || !width.is_multiple_of(HEAD_WIDTH) {
            return Err(BackboneError::Heads {
                name: self.name.to_owned(),
                width,
            });
        }
        Ok(BackboneSizes {
            width,
            heads: width / HEAD_WIDTH,
            layers,
            positions,
            vocabulary: None,
        })
    }

    /// Rows of the token table.
    fn vocabulary(&self, width: usize) -> Result<usize, BackboneError> {
        let table = self.tensor("wte.weight")?;
        match table.shape() {
            &[rows, _] => Ok(rows),
            found => Err(self.shape("wte.weight", found, &[50_257, width])),
        }
    }

    fn values(&self, weight: &str, shape: &[usize]) -> Result<Vec<f32>, BackboneError> {
        let tensor = self.tensor(weight)?;
        if tensor.shape() != shape {
            return Err(self.shape(weight, tensor.shape(), shape));
        }
        let halves = |convert: fn(u16) -> f32| -> Vec<f32> {
            let pairs = tensor.data().chunks_exact(2);
            pairs
                .map(|pair| convert(u16::from_le_bytes([pair[0], pair[1]])))
                .collect()
        };
        let values: Vec<f32> = match tensor.dtype() {
            Dtype::F32 => {
                let words = tensor.data().chunks_exact(4);
                words
                    .map(|word| f32::from_le_bytes([word[0], word[1], word[2], word[3]]))
                    .collect()
            }
            Dtype::F16 => halves(from_f16),
            Dtype::BF16 => halves(from_bf16),
            dtype => {
                return Err(BackboneError::Dtype {
                    name: self.name.to_owned(),
                    weight: weight.to_owned(),
                    dtype,
                });
            }
        };
        match values.iter().find(|value| !value.is_finite()) {
            None => Ok(values),
            Some(&value) => Err(BackboneError::NotFinite {
                name: self.name.to_owned(),
                weight: weight.to_owned(),
                value,
            }),
        }
    }

    fn shape(&self, weight: &str, found: &[usize], expected: &[usize]) -> BackboneError {
        BackboneError::Shape {
            name: self.name.to_owned(),
            weight: weight.to_owned(),
            found: found.to_vec(),
            expected: expected.to_vec(),
        }
    }
}

/// A bfloat16 is the upper half of an f32.
fn from_bf16(bits: u16) -> f32 {
    f32::from_bits(u32::from(bits) << 16)
}

/// Half precision of IEEE 754: a sign, five bits of exponent, ten of significand. Every value is exact in f32.
fn from_f16(bits: u16) -> f32 {
    let fraction = f32::from(bits & 0x3ff) / 1024.0;
    let magnitude = match (bits >> 10) & 0x1f {
        0 => fraction * 2.0_f32.powi(-14),
        0x1f if fraction == 0.0 => f32::INFINITY,
        0x1f => f32::NAN,
        exponent => (1.0 + fraction) * 2.0_f32.powi(i32::from(exponent) - 15),
    };
    if bits >> 15 == 1 {
        -magnitude
    } else {
        magnitude
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    const SIZES: BackboneSizes = BackboneSizes {
        width: 64,
        heads: 1,
        layers: 2,
        positions: 5,
        vocabulary: None,
    };

    /// The weights of a small GPT-2 as little-endian words of a type, and its other arrays. Values are multiples
    /// of 1/16 below 4, which all three types hold.
    fn arrays(prefix: &str, dtype: Dtype) -> BTreeMap<String, (Dtype, Vec<usize>, Vec<u8>)> {
        let others = [
            ("wte.weight", vec![3, 64]),
            ("h.0.attn.bias", vec![1, 1, 5, 5]),
            ("h.1.attn.masked_bias", vec![]),
        ];
        let others = others.map(|(name, shape)| (name.to_owned(), shape));
        let mut all: BTreeMap<_, _> = weights_of(&SIZES)
            .chain(others)
            .map(|(name, shape)| {
                let count = shape.iter().product::<usize>() as i32;
                let bytes = (0..count)
                    .flat_map(|place| bytes(value(place), dtype))
                    .collect();
                (format!("{prefix}{name}"), (dtype, shape, bytes))
            })
            .collect();
        let head = (dtype, vec![0, 64], Vec::new());
        all.insert("lm_head.weight".to_owned(), head);
        all
    }

    fn value(place: i32) -> f32 {
        (place % 127 - 63) as f32 / 16.0
    }

    fn bytes(value: f32, dtype: Dtype) -> Vec<u8> {
        let bits = value.to_bits();
        match dtype {
            Dtype::F32 => bits.to_le_bytes().to_vec(),
            Dtype::BF16 => ((bits >> 16) as u16).to_le_bytes().to_vec(),
            _ => {
                let exponent = ((bits >> 23) & 0xff) as i32 - 112;
                let half = match value == 0.0 {
                    true => 0,
                    false => (bits >> 16 & 0x8000) | (exponent as u32) << 10 | (bits >> 13 & 0x3ff),
                };
                (half as u16).to_le_bytes().to_vec()
            }
        }
    }

    fn file(arrays: &BTreeMap<String, (Dtype, Vec<usize>, Vec<u8>)>) -> Vec<u8> {
        let views = arrays.iter().map(|(name, (dtype, shape, bytes))| {
            (name, TensorView::new(*dtype, shape.clone(), bytes).unwrap())
        });
        safetensors::serialize(views, None).unwrap()
    }

    fn read(bytes: &[u8]) -> Result<Backbone, BackboneError> {
        Backbone::from_bytes("gpt2.safetensors", bytes, None, false)
    }

    #[test]
    fn both_prefixes_and_three_types_give_the_same_weights() {
        for prefix in ["", "transformer."] {
            for dtype in [Dtype::F32, Dtype::F16, Dtype::BF16] {
                let bytes = file(&arrays(prefix, dtype));
                let backbone = read(&bytes).unwrap();
                assert_eq!(backbone.sizes, SIZES, "{prefix} {dtype:?}");
                assert_eq!(backbone.file.sha256, sha256(&bytes));
                let names: Vec<_> = weights_of(&SIZES).map(|(name, _)| name).collect();
                assert_eq!(backbone.arrays.len(), names.len());
                for name in names {
                    let values = backbone.array(&name);
                    let expected = (0..values.len() as i32).map(value);
                    assert!(
                        values.iter().copied().eq(expected),
                        "{prefix}{name} {dtype:?}"
                    );
                }
            }
        }
    }

    /// Only for models that read it, and then it must be there.
    #[test]
    fn the_token_table_is_read_on_demand() {
        let mut whole = arrays("transformer.", Dtype::F16);
        let read =
            |arrays: &BTreeMap<_, _>| Backbone::from_bytes("gpt2", &file(arrays), None, true);
        let backbone = read(&whole).unwrap();
        assert_eq!(backbone.sizes.vocabulary, Some(3));
        let expected = (0..3 * 64).map(value);
        assert!(backbone.array("wte.weight").iter().copied().eq(expected));
        whole.get_mut("transformer.wte.weight").unwrap().1 = vec![64, 3];
        let error = read(&whole).unwrap_err().to_string();
        assert!(
            error.contains("wte.weight") && error.contains("[64, 3]"),
            "{error}"
        );
        whole.remove("transformer.wte.weight");
        let error = read(&whole).unwrap_err().to_string();
        assert!(
            error.contains("lacks") && error.contains("wte.weight"),
            "{error}"
        );
        assert!(super::Backbone::from_bytes("gpt2", &file(&whole), None, false).is_ok());
    }

    #[test]
    fn halves_are_those_of_ieee_754() {
        for (bits, value) in [
            (0x3c00, 1.0),
            (0xc000, -2.0),
            (0x7bff, 65_504.0),
            (0x0400, 6.103_515_6e-5),
            (0x0001, 5.960_464_5e-8),
            (0x8000, -0.0),
            (0x3555, 0.333_251_95),
        ] {
            assert_eq!(from_f16(bits).to_bits(), f32::to_bits(value), "{bits:x}");
        }
        assert!(from_f16(0xfc00) == f32::NEG_INFINITY && from_f16(0x7c01).is_nan());
    }

    /// Each weight in turn.
    #[test]
    fn missing_and_misshapen_weights_are_refused_by_name() {
        let whole = arrays("transformer.", Dtype::F16);
        for (name, shape) in weights_of(&SIZES) {
            let key = format!("transformer.{name}");
            let mut without = whole.clone();
            without.remove(&key);
            let config = br#"{"n_embd":64,"n_head":1,"n_layer":2,"n_positions":5}"#;
            let missing = Backbone::from_bytes("gpt2", &file(&without), Some(config), false);
            let error = missing.unwrap_err().to_string();
            // Without the position table the prefix is not recognised.
            let named = ["wpe.weight", name.as_str()]
                .iter()
                .any(|name| error.contains(*name));
            assert!(error.contains("lacks") && named, "{error}");

            let mut turned = whole.clone();
            let entry = turned.get_mut(&key).unwrap();
            entry.1 = match shape.as_slice() {
                [rows, columns] if rows != columns => vec![*columns, *rows],
                _ => vec![1, shape.iter().product()],
            };
            let error =
                Backbone::from_bytes("gpt2", &file(&turned), Some(config), false).unwrap_err();
            let error = error.to_string();
            assert!(
                error.contains("has shape") && error.contains(&name),
                "{error}"
            );
        }
    }

    #[test]
    fn other_types_and_values_that_are_not_finite_are_refused_by_name() {
        let mut whole = arrays("", Dtype::F32);
        let name = "h.1.mlp.c_fc.weight";
        let words = &mut whole.get_mut(name).unwrap().2;
        words[4..8].copy_from_slice(&f32::NAN.to_le_bytes());
        let error = read(&file(&whole)).unwrap_err().to_string();
        assert!(error.contains(name) && error.contains("NaN"), "{error}");
        whole.get_mut(name).unwrap().0 = Dtype::I32;
        let error = read(&file(&whole)).unwrap_err().to_string();
        assert!(error.contains(name) && error.contains("I32"), "{error}");
    }

    #[test]
    fn the_number_of_heads_comes_from_the_configuration_or_the_usual_width_of_one() {
        let bytes = file(&arrays("", Dtype::BF16));
        assert_eq!(read(&bytes).unwrap().sizes.heads, 1);
        let config = |heads| {
            let json = format!(r#"{{"n_embd":64,"n_head":{heads},"n_layer":2,"n_positions":5}}"#);
            Backbone::from_bytes("gpt2", &bytes, Some(json.as_bytes()), false)
        };
        assert_eq!(config(4).unwrap().sizes.heads, 4);
        let tiny = BackboneSizes { width: 6, ..SIZES };
        let arrays = weights_of(&tiny).map(|(name, shape)| {
            let bytes = vec![0; 4 * shape.iter().product::<usize>()];
            (name, (Dtype::F32, shape, bytes))
        });
        let error = read(&file(&arrays.collect())).unwrap_err().to_string();
        assert!(error.contains("config.json"), "{error}");
    }

    /// No prefix of a file, no flipped bit of its header and no stated size makes the reader panic or allocate
    /// more than the file's own numbers.
    #[test]
    fn damaged_files_are_refused() {
        let bytes = file(&arrays("", Dtype::BF16));
        for length in [0, 7, 8, 9, 100, bytes.len() - 1] {
            assert!(read(&bytes[..length]).is_err(), "{length}");
        }
        for place in 0..1_000 {
            let mut flipped = bytes.clone();
            flipped[place / 8] ^= 1 << (place % 8);
            read(&flipped).ok();
        }
        let empty = BTreeMap::from([
            (
                "wpe.weight".to_owned(),
                (Dtype::F32, vec![0, 1 << 63], Vec::new()),
            ),
            (
                "h.0.ln_1.weight".to_owned(),
                (Dtype::F32, vec![0], Vec::new()),
            ),
        ]);
        let error = read(&file(&empty)).unwrap_err().to_string();
        assert!(error.contains("n_embd"), "{error}");
        let mut long = bytes;
        long[..8].copy_from_slice(&u64::MAX.to_le_bytes());
        assert!(read(&long).is_err());
        let config = br#"{"n_embd":65536,"n_head":1,"n_layer":1024,"n_positions":1048576}"#;
        let bytes = file(&arrays("", Dtype::BF16));
        let error = Backbone::from_bytes("gpt2", &bytes, Some(config), false).unwrap_err();
        assert!(error.to_string().contains("wpe.weight"), "{error}");
    }
}
