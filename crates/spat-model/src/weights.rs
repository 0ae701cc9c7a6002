//! Export and import of a model's weights, by their path in the module tree.

use std::collections::BTreeMap;

use burn::module::{Module, ModuleMapper, ModuleVisitor, Param};
use burn::tensor::{Shape, Tensor, TensorData};
use spat_spec::Array;
use thiserror::Error;

use crate::Forecaster;

/// Weights that do not fit a forecaster, or that could not be read from the device.
#[derive(Debug, Error)]
pub enum WeightError {
    /// Reading from the device failed.
    #[error("the weights could not be read from the device: {0}")]
    Read(String),
    /// A weight is missing from the file.
    #[error("the file lacks the weight `{0}` of this structure")]
    Missing(String),
    /// The file has a weight that the structure does not have.
    #[error("the file has a weight `{0}` that this structure does not have")]
    Unused(String),
    /// A weight has a different shape.
    #[error("the weight `{name}` has shape {found:?}, but the structure needs {expected:?}")]
    Shape {
        /// Its path.
        name: String,
        /// In the file.
        found: Vec<usize>,
        /// Shape in the structure.
        expected: Vec<usize>,
    },
}

impl Forecaster {
    /// All weights and running statistics but frozen weights, read from the device.
    ///
    /// # Errors
    /// The device is lost.
    pub async fn weights(&self) -> Result<BTreeMap<String, Array>, WeightError> {
        read_weights(self, |path| self.is_frozen(path)).await
    }

    /// The same forecaster with these weights. Frozen weights stay.
    ///
    /// # Errors
    /// A weight is missing, left over, or of another shape.
    pub fn with_weights(self, weights: BTreeMap<String, Array>) -> Result<Self, WeightError> {
        let model = self.clone();
        place_weights(self, weights, |path| model.is_frozen(path))
    }
}

/// All weights and running statistics of a model, read from the device.
///
/// # Errors
/// The device is lost.
pub async fn weights(model: &impl Module) -> Result<BTreeMap<String, Array>, WeightError> {
    read_weights(model, |_| false).await
}

async fn read_weights(
    model: &impl Module,
    is_frozen: impl Fn(&str) -> bool,
) -> Result<BTreeMap<String, Array>, WeightError> {
    let mut collect = Collect::default();
    model.visit(&mut collect);
    collect.found.retain(|(name, ..)| !is_frozen(name));
    let mut weights = BTreeMap::new();
    for (name, shape, flat) in collect.found {
        let values = read(flat).await.map_err(WeightError::Read)?;
        weights.insert(
            name,
            Array {
                shape: shape.to_vec(),
                values,
            },
        );
    }
    Ok(weights)
}

/// The model with these weights.
///
/// # Errors
/// A weight is missing, left over, or of another shape.
pub fn with_weights<M: Module>(
    model: M,
    weights: BTreeMap<String, Array>,
) -> Result<M, WeightError> {
    place_weights(model, weights, |_| false)
}

fn place_weights<M: Module>(
    model: M,
    weights: BTreeMap<String, Array>,
    is_frozen: impl Fn(&str) -> bool,
) -> Result<M, WeightError> {
    let mut place = Place {
        path: ParameterPath::default(),
        weights,
        is_frozen,
        error: None,
    };
    let loaded = model.map(&mut place);
    if let Some(error) = place.error {
        return Err(error);
    }
    match place.weights.into_keys().next() {
        Some(name) => Err(WeightError::Unused(name)),
        None => Ok(loaded),
    }
}

/// The values of a tensor, row-major.
///
/// # Errors
/// The device is lost, or the values are not f32.
pub async fn read<const D: usize>(tensor: Tensor<D>) -> Result<Vec<f32>, String> {
    let data = tensor
        .into_data_async()
        .await
        .map_err(|error| error.to_string())?;
    data.convert::<f32>()
        .try_into_vec::<f32>()
        .map_err(|error| format!("{error:?}"))
}

/// The position of a visitor or mapper in the module tree.
///
/// Enum variants are left out: a file has `norm1.gamma` for either kind of norm.
#[derive(Debug, Clone, Default)]
pub struct ParameterPath(Vec<String>);

impl ParameterPath {
    /// On `enter_module`.
    pub fn enter(&mut self, name: &str, container: &str) {
        if !container.starts_with(ENUM) {
            self.0.push(name.to_owned());
        }
    }

    /// On `exit_module`.
    pub fn exit(&mut self, container: &str) {
        if !container.starts_with(ENUM) {
            self.0.pop();
        }
    }

    /// The path of the current parameter, for instance `encoder.layers.0.norm1.gamma`.
    pub fn name(&self) -> String {
        self.0.join(".")
    }
}

/// Burn's name for a container that is an enum.
const ENUM: &str = "Enum:";

/// Collects the weights of a module, without autodiff.
#[derive(Default)]
pub(crate) struct Collect {
    path: ParameterPath,
    /// Path, shape and flattened values.
    pub(crate) found: Vec<(String, Shape, Tensor<1>)>,
}

impl ModuleVisitor for Collect {
    fn enter_module(&mut self, name: &str, container: &str) {
        self.path.enter(name, container);
    }

    fn exit_module(&mut self, _name: &str, container: &str) {
        self.path.exit(container);
    }

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let tensor = param.val();
        let tensor = if tensor.is_autodiff() {
            tensor.inner()
        } else {
            tensor
        };
        let shape = tensor.shape();
        let values = shape.num_elements();
        self.found
            .push((self.path.name(), shape, tensor.reshape([values])));
    }
}

struct Place<F> {
    path: ParameterPath,
    weights: BTreeMap<String, Array>,
    is_frozen: F,
    error: Option<WeightError>,
}

impl<F: Fn(&str) -> bool> ModuleMapper for Place<F> {
    fn enter_module(&mut self, name: &str, container: &str) {
        self.path.enter(name, container);
    }

    fn exit_module(&mut self, _name: &str, container: &str) {
        self.path.exit(container);
    }

    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let name = self.path.name();
        if (self.is_frozen)(&name) {
            return param;
        }
        let Some(array) = self.weights.remove(&name) else {
            self.error.get_or_insert(WeightError::Missing(name));
            return param;
        };
        let expected = param.shape().to_vec();
        if expected != array.shape {
            self.error.get_or_insert(WeightError::Shape {
                name,
                found: array.shape,
                expected,
            });
            return param;
        }
        param.map(|old| {
            let data = TensorData::new(array.values, array.shape);
            let tensor = Tensor::<D>::from_data(data, &old.device());
            tensor.set_require_grad(old.is_require_grad())
        })
    }
}
