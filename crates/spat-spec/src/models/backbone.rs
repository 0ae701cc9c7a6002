//! Pretrained weights that a model uses without training them.

use serde::{Deserialize, Serialize};

use super::field::{LARGEST_AXIS, LARGEST_WIDTH, MOST_LAYERS};
use crate::ConfigError;

/// A file of frozen weights. Models that use it are stored without its weights, with this reference.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BackboneFile {
    /// The file's name without its folder.
    pub name: String,
    /// SHA-256 of the file's bytes, in hexadecimal digits.
    pub sha256: String,
}

/// Sizes of a GPT-2.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BackboneSizes {
    /// Width of a token (`n_embd`).
    pub width: usize,
    /// Heads per attention module (`n_head`).
    pub heads: usize,
    /// Blocks, each with one attention module (`n_layer`).
    pub layers: usize,
    /// Rows of the position table (`n_positions`).
    pub positions: usize,
    /// Rows of the token table; `None` if it is not used.
    pub vocabulary: Option<usize>,
}

/// The entries of GPT-2's `config.json` that are read.
#[derive(Deserialize)]
struct Gpt2Json {
    n_embd: usize,
    n_head: usize,
    n_layer: usize,
    n_positions: usize,
    #[serde(default)]
    n_inner: Option<usize>,
    #[serde(default)]
    layer_norm_epsilon: Option<f64>,
    #[serde(default)]
    activation_function: Option<String>,
}

impl BackboneSizes {
    /// Checks that the sizes are within the limits of every model.
    ///
    /// # Errors
    /// Names the size that is not.
    pub fn check(&self) -> Result<(), ConfigError> {
        let limits = [
            ("width (`n_embd`)", self.width, LARGEST_WIDTH),
            ("number of heads (`n_head`)", self.heads, LARGEST_WIDTH),
            ("number of blocks (`n_layer`)", self.layers, MOST_LAYERS),
            (
                "number of positions (`n_positions`)",
                self.positions,
                LARGEST_AXIS,
            ),
            (
                "number of tokens (`vocab_size`)",
                self.vocabulary.unwrap_or(1),
                LARGEST_AXIS,
            ),
        ];
        match limits
            .iter()
            .find(|(_, value, max)| !(1..=*max).contains(value))
        {
            None => Ok(()),
            Some((name, value, max)) => Err(ConfigError::new(
                format!("the {name} of the backbone is {value}"),
                format!("use a backbone with 1 to {max}"),
            )),
        }
    }

    /// The sizes in a GPT-2's `config.json`, without the vocabulary.
    ///
    /// # Errors
    /// An entry is missing, or describes another model than GPT-2.
    pub fn from_json(json: &[u8]) -> Result<Self, ConfigError> {
        let refused = |problem: String| {
            ConfigError::new(
                problem,
                "use the `config.json` of a GPT-2, or remove the file",
            )
        };
        let read: Gpt2Json = serde_json::from_slice(json)
            .map_err(|error| refused(format!("`config.json` describes no GPT-2: {error}")))?;
        let only = |name: &str, found: &dyn std::fmt::Display, expected: &str| {
            let problem =
                format!("`{name}` is {found} in `config.json`, and only {expected} is supported");
            Err(refused(problem))
        };
        if let Some(inner) = read
            .n_inner
            .filter(|inner| Some(*inner) != read.n_embd.checked_mul(4))
        {
            return only("n_inner", &inner, "four times `n_embd`");
        }
        if let Some(epsilon) = read.layer_norm_epsilon.filter(|epsilon| *epsilon != 1e-5) {
            return only("layer_norm_epsilon", &epsilon, "1e-5");
        }
        let is_tanh = |name: &String| matches!(name.as_str(), "gelu_new" | "gelu_pytorch_tanh");
        if let Some(name) = read.activation_function.filter(|name| !is_tanh(name)) {
            return only("activation_function", &name, "`gelu_new`");
        }
        let sizes = Self {
            width: read.n_embd,
            heads: read.n_head,
            layers: read.n_layer,
            positions: read.n_positions,
            vocabulary: None,
        };
        sizes.check()?;
        Ok(sizes)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn the_configuration_of_gpt2_is_read_and_others_are_refused_by_the_entry() {
        let json = |entries: &str| {
            let sizes = r#""n_embd":768,"n_head":12,"n_layer":12,"n_positions":1024"#;
            BackboneSizes::from_json(format!("{{{sizes}{entries}}}").as_bytes())
        };
        let gpt2 = BackboneSizes {
            width: 768,
            heads: 12,
            layers: 12,
            positions: 1024,
            vocabulary: None,
        };
        let entries =
            r#","layer_norm_epsilon":1e-05,"activation_function":"gelu_new","n_inner":null"#;
        assert_eq!(json(entries), Ok(gpt2));
        assert_eq!(json(""), Ok(gpt2));
        for entry in [
            r#""layer_norm_epsilon":1e-6"#,
            r#""activation_function":"relu""#,
            r#""n_inner":100"#,
        ] {
            let error = json(&format!(",{entry}")).unwrap_err().to_string();
            let name = entry.split('"').nth(1).unwrap();
            assert!(error.contains(name), "{error}");
        }
        let huge = r#"{"n_embd":768,"n_head":12,"n_layer":4000000000,"n_positions":1024}"#;
        let error = BackboneSizes::from_json(huge.as_bytes()).unwrap_err();
        assert!(error.to_string().contains("n_layer"), "{error}");
        let error = BackboneSizes::from_json(b"{}").unwrap_err().to_string();
        assert!(error.contains("n_embd"), "{error}");
    }
}
