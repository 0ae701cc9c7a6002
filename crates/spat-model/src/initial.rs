//! Initial weights, drawn on the host so that they are the same on every device.

use burn::module::Param;
use burn::nn::{LayerNorm, LayerNormConfig, Linear};
use burn::tensor::{Device, Tensor, TensorData};
use rand::{Rng as _, SeedableRng as _};
use rand_xoshiro::Xoshiro256PlusPlus;

/// A stream of initial weights on one device.
pub(crate) struct Initial<'a> {
    random: Xoshiro256PlusPlus,
    pub(crate) device: &'a Device,
}

impl<'a> Initial<'a> {
    pub(crate) fn new(seed: u64, device: &'a Device) -> Self {
        Self {
            random: Xoshiro256PlusPlus::seed_from_u64(seed),
            device,
        }
    }

    /// Uniform in `[-bound, bound)`.
    pub(crate) fn uniform<const D: usize>(
        &mut self,
        shape: [usize; D],
        bound: f32,
    ) -> Param<Tensor<D>> {
        let values = self.draw(shape.iter().product(), bound);
        self.param(values, shape)
    }

    fn draw(&mut self, count: usize, bound: f32) -> Vec<f32> {
        (0..count)
            .map(|_| {
                // 24 random bits fill a significand: every value is exact in f32.
                let unit = (self.random.next_u64() >> 40) as f32 / (1_u64 << 24) as f32;
                (2.0 * unit - 1.0) * bound
            })
            .collect()
    }

    /// Normal with mean 0, by the Box–Muller transform.
    pub(crate) fn normal<const D: usize>(
        &mut self,
        shape: [usize; D],
        deviation: f32,
    ) -> Param<Tensor<D>> {
        let values = self.normal_values(shape.iter().product(), deviation);
        self.param(values, shape)
    }

    pub(crate) fn normal_values(&mut self, count: usize, deviation: f32) -> Vec<f32> {
        (0..count)
            .map(|_| {
                let mut unit = || (self.random.next_u64() >> 40) as f64 / (1_u64 << 24) as f64;
                // 1 − u is above 0, so its logarithm is finite.
                let radius = (-2.0 * (1.0 - unit()).ln()).sqrt();
                (radius * (std::f64::consts::TAU * unit()).cos()) as f32 * deviation
            })
            .collect()
    }

    /// Numbers whose logarithm is uniform between those of `low` and `high`.
    pub(crate) fn log_uniform(&mut self, count: usize, low: f32, high: f32) -> Vec<f32> {
        let (middle, bound) = (0.5 * (low * high).ln(), 0.5 * (high / low).ln());
        let values = self.draw(count, bound).into_iter();
        values.map(|value| (middle + value).exp()).collect()
    }

    pub(crate) fn constant<const D: usize>(
        &self,
        shape: [usize; D],
        value: f32,
    ) -> Param<Tensor<D>> {
        self.param(vec![value; shape.iter().product()], shape)
    }

    pub(crate) fn identity(&self, size: usize) -> Param<Tensor<2>> {
        let mut values = vec![0.0; size * size];
        values
            .iter_mut()
            .step_by(size + 1)
            .for_each(|value| *value = 1.0);
        self.param(values, [size, size])
    }

    /// Complex numbers along the last axis: uniform real parts, imaginary parts 0.
    pub(crate) fn real<const D: usize>(
        &mut self,
        shape: [usize; D],
        bound: f32,
    ) -> Param<Tensor<D>> {
        let values = self.draw(shape.iter().product::<usize>() / 2, bound);
        let values = values.into_iter().flat_map(|real| [real, 0.0]).collect();
        self.param(values, shape)
    }

    /// A linear layer with PyTorch's default initialisation: weights and biases uniform within `1 /
    /// √inputs`.
    pub(crate) fn linear(&mut self, inputs: usize, outputs: usize) -> Linear {
        let bound = 1.0 / (inputs as f32).sqrt();
        Linear {
            weight: self.uniform([inputs, outputs], bound),
            bias: Some(self.uniform([outputs], bound)),
        }
    }

    /// A circular convolution over three rows without a bias, `[3 · channels, width]`, with the initialisation
    /// of Time-Series-Library: Kaiming's for a rectifier.
    pub(crate) fn circular_convolution(&mut self, channels: usize, width: usize) -> Linear {
        let inputs = 3 * channels;
        Linear {
            weight: self.normal([inputs, width], (2.0 / inputs as f32).sqrt()),
            bias: None,
        }
    }

    pub(crate) fn layer_norm(&self, width: usize) -> LayerNorm {
        LayerNormConfig::new(width).init(self.device)
    }

    /// These values in row-major order.
    pub(crate) fn param<const D: usize>(
        &self,
        values: Vec<f32>,
        shape: [usize; D],
    ) -> Param<Tensor<D>> {
        Param::from_tensor(Tensor::from_data(
            TensorData::new(values, shape),
            self.device,
        ))
    }
}
