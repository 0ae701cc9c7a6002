//! Adam and AdamW over a whole module.
//!
//! Differences from Burn's optimizers: clipping is by the norm of all gradients together (as PyTorch's
//! `clip_grad_norm_`), the state is stored in a checkpoint as plain arrays without a blocking read, and
//! running statistics are written in the same pass.

use std::collections::{BTreeMap, HashMap};

use burn::module::{Module, ModuleMapper, ModuleVisitor, Param, ParamId};
use burn::optim::GradientsParams;
use burn::tensor::{Device, Gradients, Tensor, TensorData};
use spat_cpu::AdamFactors;
use spat_model::{ParameterPath, read};
use spat_spec::{Array, OptimizerConfig};

use crate::adam_step::{Moments, Parameter, step};

const BETA_1: f64 = 0.9;
const BETA_2: f64 = 0.999;
const EPSILON: f64 = 1e-8;

/// Adam's state for one module.
#[derive(Debug, Clone)]
pub struct Adam {
    config: OptimizerConfig,
    clip_norm: Option<f64>,
    steps: i32,
    /// First and second moment, flattened, by the parameter's path.
    moments: HashMap<String, Moments>,
}

impl Adam {
    /// The state before the first step.
    pub fn new(config: OptimizerConfig, clip_norm: Option<f64>) -> Self {
        Self {
            config,
            clip_norm,
            steps: 0,
            moments: HashMap::new(),
        }
    }

    /// One step against the gradients; `running` has new running statistics of batch norms.
    pub fn step<M: Module>(
        &mut self,
        learning_rate: f64,
        model: M,
        gradients: Gradients,
        running: Vec<(ParamId, Tensor<1>)>,
    ) -> M {
        let gradients = GradientsParams::from_grads(gradients, &model);
        let factor = self
            .clip_norm
            .and_then(|limit| clip_factor(&model, &gradients, limit));
        self.steps += 1;
        let mut collect = Collect {
            path: ParameterPath::default(),
            factor,
            gradients,
            running: &running,
            moments: &mut self.moments,
            found: Vec::new(),
            parameters: Vec::new(),
        };
        model.visit(&mut collect);
        let Collect {
            found, parameters, ..
        } = collect;
        let stepped = step(parameters, &self.factors(learning_rate));
        let mut updated: HashMap<ParamId, Tensor<1>> = running.into_iter().collect();
        for ((id, path), (weight, moments)) in found.into_iter().zip(stepped) {
            self.moments.insert(path, moments);
            updated.insert(id, weight);
        }
        model.map(&mut Update(updated))
    }

    fn factors(&self, learning_rate: f64) -> AdamFactors {
        let weight_decay = match self.config {
            OptimizerConfig::Adam => 0.0,
            OptimizerConfig::AdamW { weight_decay } => weight_decay,
        };
        let correction_1 = 1.0 - BETA_1.powi(self.steps);
        let correction_2 = 1.0 - BETA_2.powi(self.steps);
        AdamFactors {
            beta_1: BETA_1 as f32,
            beta_2: BETA_2 as f32,
            rate: (learning_rate / correction_1) as f32,
            spread: (1.0 / correction_2.sqrt()) as f32,
            epsilon: EPSILON as f32,
            keep: (1.0 - learning_rate * weight_decay) as f32,
        }
    }

    /// The state as arrays, for a resumable run.
    ///
    /// # Errors
    /// The device is lost.
    pub async fn state(&self) -> Result<(i32, BTreeMap<String, Array>), String> {
        let mut arrays = BTreeMap::new();
        for (path, (first, second)) in &self.moments {
            for (kind, tensor) in [("first", first), ("second", second)] {
                let values = read(tensor.clone()).await?;
                arrays.insert(
                    format!("{kind}.{path}"),
                    Array {
                        shape: vec![values.len()],
                        values,
                    },
                );
            }
        }
        Ok((self.steps, arrays))
    }

    /// Restores the result of [`Adam::state`].
    pub fn with_state(
        mut self,
        steps: i32,
        mut arrays: BTreeMap<String, Array>,
        device: &Device,
    ) -> Self {
        self.steps = steps;
        let paths: Vec<String> = arrays
            .keys()
            .filter_map(|name| name.strip_prefix("first."))
            .map(str::to_owned)
            .collect();
        for path in paths {
            let mut tensor = |kind: &str| {
                arrays.remove(&format!("{kind}.{path}")).map(|array| {
                    Tensor::<1>::from_data(TensorData::new(array.values, array.shape), device)
                })
            };
            if let (Some(first), Some(second)) = (tensor("first"), tensor("second")) {
                self.moments.insert(path, (first, second));
            }
        }
        self
    }
}

/// Collects the parameters that a step changes.
struct Collect<'a> {
    path: ParameterPath,
    /// Clipping factor on all gradients, kept on the device.
    factor: Option<Tensor<1>>,
    gradients: GradientsParams,
    running: &'a [(ParamId, Tensor<1>)],
    moments: &'a mut HashMap<String, Moments>,
    /// Identifiers and paths of the parameters.
    found: Vec<(ParamId, String)>,
    parameters: Vec<Parameter>,
}

impl ModuleVisitor for Collect<'_> {
    fn enter_module(&mut self, name: &str, container: &str) {
        self.path.enter(name, container);
    }

    fn exit_module(&mut self, _name: &str, container: &str) {
        self.path.exit(container);
    }

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        if self.running.iter().any(|(id, _)| *id == param.id) {
            return;
        }
        let Some(gradient) = self.gradients.remove::<D>(param.id) else {
            return;
        };
        let weight = param.val().inner();
        let values = weight.shape().num_elements();
        let gradient = gradient.reshape([values]);
        let gradient = match &self.factor {
            Some(factor) => gradient * factor.clone(),
            None => gradient,
        };
        let path = self.path.name();
        let moments = self.moments.remove(&path);
        self.parameters
            .push(Parameter::new(weight.reshape([values]), gradient, moments));
        self.found.push((param.id, path));
    }
}

/// Replaces old values by new, flattened ones.
struct Update(HashMap<ParamId, Tensor<1>>);

impl ModuleMapper for Update {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let Some(value) = self.0.remove(&param.id) else {
            return param;
        };
        param.map(|old| {
            let value = Tensor::from_inner(value.reshape(old.shape()));
            value.set_require_grad(old.is_require_grad())
        })
    }
}

/// `min(1, limit / (‖g‖ + 1e-6))` over all gradients together.
fn clip_factor(model: &impl Module, gradients: &GradientsParams, limit: f64) -> Option<Tensor<1>> {
    let mut squares = Squares {
        gradients,
        sum: None,
    };
    model.visit(&mut squares);
    squares
        .sum
        .map(|sum| ((sum.sqrt() + 1e-6).recip() * limit).clamp_max(1.0))
}

/// Number of values that one thread sums. Burn divides larger sums between threads, in an order that
/// varies.
const BLOCK: usize = 1 << 20;

struct Squares<'a> {
    gradients: &'a GradientsParams,
    sum: Option<Tensor<1>>,
}

impl ModuleVisitor for Squares<'_> {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        if let Some(gradient) = self.gradients.get::<D>(param.id) {
            let values = gradient.shape().num_elements();
            let squares = gradient.square().reshape([values]);
            for first in (0..values).step_by(BLOCK) {
                let block = squares
                    .clone()
                    .slice(first..values.min(first + BLOCK))
                    .sum();
                self.sum = Some(match self.sum.take() {
                    Some(sum) => sum + block,
                    None => block,
                });
            }
        }
    }
}
