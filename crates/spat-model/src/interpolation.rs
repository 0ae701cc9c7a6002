//! Interpolation between the weights of two forecasters of one structure.

use std::collections::HashMap;

use burn::module::{Module, ModuleMapper, Param};
use burn::tensor::Tensor;

use crate::Forecaster;
use crate::weights::{Collect, ParameterPath};

impl Forecaster {
    /// This forecaster with the weights and running statistics `w + share · (v − w)`, where w are its own and v
    /// those of `other`, which has the same structure. Frozen weights stay. `other` may be on an autodiff device,
    /// this one must not.
    pub fn interpolated(self, other: &Self, share: f32) -> Self {
        let mut collect = Collect::default();
        other.visit(&mut collect);
        let frozen = self.clone();
        self.map(&mut Interpolate {
            path: ParameterPath::default(),
            others: (collect.found.into_iter())
                .map(|(path, _, values)| (path, values))
                .collect(),
            is_frozen: |path: &str| frozen.is_frozen(path),
            share,
        })
    }
}

struct Interpolate<F> {
    path: ParameterPath,
    /// Flattened, by path.
    others: HashMap<String, Tensor<1>>,
    is_frozen: F,
    share: f32,
}

impl<F: Fn(&str) -> bool> ModuleMapper for Interpolate<F> {
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
        let Some(other) = self.others.remove(&name) else {
            return param;
        };
        param.map(|own| {
            let other = other.reshape(own.shape());
            let required = own.is_require_grad();
            let step = (other - own.clone()) * self.share;
            (own + step).set_require_grad(required)
        })
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use burn::module::Module as _;
    use burn::tensor::Device;
    use spat_spec::{ModelKind, Size, Structure, Window};

    use super::*;

    /// Every model, also with running statistics. Frozen weights are in no file, so they are not compared here.
    #[test]
    fn every_weight_moves_by_the_share() {
        for name in ["itransformer", "patchtst", "gpt4ts"] {
            let kind: ModelKind = name.parse().unwrap();
            let (mut config, _) = kind.defaults(Window::new(24, 12, 2), false);
            config.resize(Size {
                width: 8,
                layers: 1,
                heads: 2,
            });
            let structure = Structure::dense(config);
            let device = Device::flex();
            let one = Forecaster::try_init(&structure, 1, &device).unwrap();
            let two = Forecaster::try_init(&structure, 2, &device.autodiff()).unwrap();
            let weights = |model: &Forecaster| pollster::block_on(model.weights()).unwrap();
            let (own, others) = (weights(&one), weights(&two.valid()));
            let moved = weights(&one.interpolated(&two, 0.25));
            assert_eq!(moved.len(), own.len());
            let mut differ = false;
            for (path, array) in &moved {
                for (place, value) in array.values.iter().enumerate() {
                    let (from, to) = (own[path].values[place], others[path].values[place]);
                    let expected = from + 0.25 * (to - from);
                    assert!((value - expected).abs() < 1e-6, "{name}: {path}");
                    differ |= from != to;
                }
            }
            assert!(differ, "{name}");
        }
    }
}
