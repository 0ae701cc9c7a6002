//! Adam, AdamW and clipping against PyTorch, step by step.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::path::PathBuf;

use burn::module::{Module, Param};
use burn::tensor::{Device, Tensor, TensorData};
use spat_engine::Adam;
use spat_model::read;
use spat_spec::{Array, OptimizerConfig, arrays_from_bytes};

#[derive(Module, Debug)]
struct Two {
    a: Param<Tensor<2>>,
    b: Param<Tensor<1>>,
}

fn tensor<const D: usize>(array: &Array, device: &Device) -> Tensor<D> {
    Tensor::from_data(
        TensorData::new(array.values.clone(), array.shape.clone()),
        device,
    )
}

fn values<const D: usize>(param: &Param<Tensor<D>>) -> Vec<f32> {
    pollster::block_on(read(param.val().inner())).unwrap()
}

fn follow(name: &str, config: OptimizerConfig, clip_norm: Option<f64>) {
    let path =
        PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/references/adam.safetensors");
    let reference: BTreeMap<String, Array> =
        arrays_from_bytes(&std::fs::read(path).unwrap()).unwrap();
    let device = Device::flex().autodiff();
    let mut model = Two {
        a: Param::from_tensor(tensor(&reference["init.a"], &device)),
        b: Param::from_tensor(tensor(&reference["init.b"], &device)),
    };
    let mut adam = Adam::new(config, clip_norm);
    for step in 0..5 {
        // The gradient of Σ g·w with respect to w is g.
        let loss = (model.a.val() * tensor(&reference[&format!("grad.{step}.a")], &device)).sum()
            + (model.b.val() * tensor(&reference[&format!("grad.{step}.b")], &device)).sum();
        model = adam.step(1e-2, model, loss.backward(), Vec::new());
        for (param, found) in [("a", values(&model.a)), ("b", values(&model.b))] {
            for (ours, theirs) in found
                .iter()
                .zip(&reference[&format!("{name}.{step}.{param}")].values)
            {
                assert!(
                    (ours - theirs).abs() <= 1e-6,
                    "{name}, step {step}, {param}: {ours} against {theirs}"
                );
            }
        }
    }
}

#[test]
fn adam_equals_pytorch() {
    follow("adam", OptimizerConfig::Adam, None);
}

#[test]
fn adamw_equals_pytorch() {
    follow("adamw", OptimizerConfig::AdamW { weight_decay: 0.01 }, None);
}

#[test]
fn clipping_is_by_the_norm_of_all_gradients() {
    follow("adam_clip", OptimizerConfig::Adam, Some(0.5));
    follow(
        "adamw_clip",
        OptimizerConfig::AdamW { weight_decay: 0.01 },
        Some(0.5),
    );
}
