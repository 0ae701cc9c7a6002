//! FITS (arXiv 2307.03756): one complex linear layer on the lowest frequencies of the look-back.
//!
//! Both Fourier transforms are products with constant matrices, the complex layer one real product. All three
//! are multiplied first, so that the look-back of a channel takes one product with a matrix `[lookback, horizon]`.

use std::f64::consts::TAU;
use std::sync::Arc;

use burn::module::{Module, Param};
use burn::tensor::{Device, Tensor, TensorData};
use spat_cpu::Finish;
use spat_spec::{FitsConfig, Structure};

use crate::forward_context::ForwardContext;
use crate::import::ImportTable;
use crate::initial::Initial;
use crate::layers::WINDOW_EPSILON;
use crate::operations::{linear_with, series_on_cpu};

use super::{Inputs, Model};

/// FITS in the layout of its authors' code.
#[derive(Module, Debug)]
pub struct Fits {
    /// One for all channels, or one per channel.
    pub(crate) layers: Vec<Interpolation>,
    #[module(skip)]
    transforms: Arc<Transforms>,
}

/// The constant matrices, row-major.
#[derive(Debug)]
struct Transforms {
    lookback: usize,
    horizon: usize,
    /// See [`analysis`].
    analysis: Vec<f32>,
    /// See [`synthesis`].
    synthesis: Vec<f32>,
}

/// A complex linear layer. The last axis of its parameters is the real and the imaginary part.
#[derive(Module, Debug)]
pub(crate) struct Interpolation {
    /// `[outputs, inputs, 2]`.
    pub(crate) weight: Param<Tensor<3>>,
    /// `[outputs, 2]`.
    pub(crate) bias: Param<Tensor<2>>,
}

impl Model for Fits {
    type Spec = FitsConfig;

    fn init(initial: &mut Initial<'_>, config: &Self::Spec, _: &Structure) -> Self {
        let (inputs, outputs) = (config.frequencies(), config.output_frequencies());
        let layers = if config.individual {
            config.channels
        } else {
            1
        };
        Self {
            layers: (0..layers)
                .map(|_| Interpolation::init(initial, inputs, outputs))
                .collect(),
            transforms: Arc::new(Transforms {
                lookback: config.lookback,
                horizon: config.horizon,
                analysis: analysis(config.lookback, inputs),
                synthesis: synthesis(config.lookback, config.horizon, outputs),
            }),
        }
    }

    fn forward(&self, inputs: Inputs, _: &mut ForwardContext) -> Tensor<3> {
        self.on_cpu(&inputs.values)
            .unwrap_or_else(|| self.plain(inputs.values))
    }

    /// The names of VEWOXIC/FITS. Its complex arrays must be stored as `torch.view_as_real` gives them.
    fn import(config: &Self::Spec) -> ImportTable {
        let names = if config.individual {
            (0..config.channels)
                .map(|channel| (format!("freq_upsampler.{channel}"), channel))
                .collect()
        } else {
            vec![("freq_upsampler".to_owned(), 0)]
        };
        names
            .into_iter()
            .fold(ImportTable::default(), |table, (theirs, layer)| {
                table
                    .same(
                        &format!("{theirs}.weight"),
                        &format!("layers.{layer}.weight"),
                    )
                    .same(&format!("{theirs}.bias"), &format!("layers.{layer}.bias"))
            })
    }
}

impl Fits {
    /// The forecast of one layer for all channels on the CPU; `None` if the tensors are elsewhere, or if there are
    /// several layers.
    ///
    /// With n rows, `c² = n / (n − 1)` and the variances v (unbiased) and p (population), v is c² p. So
    /// `√(v + ε) = c √(p + ε / c²)`: series that are normalised by the latter are c times as large, and their forecast
    /// is to be so too, bias included.
    fn on_cpu(&self, values: &Tensor<3>) -> Option<Tensor<3>> {
        let [layer] = self.layers.as_slice() else {
            return None;
        };
        let Transforms {
            lookback,
            horizon,
            analysis,
            synthesis,
        } = &*self.transforms;
        let rows = *lookback as f64;
        let square = rows / (rows - 1.0);
        let (series, restore) = series_on_cpu(values, WINDOW_EPSILON / square)?;
        let device = values.device();
        let matrix = |values: &Vec<f32>, rows: usize, columns: usize| {
            let data = TensorData::new(values.clone(), [rows, columns]);
            Tensor::<2>::from_data(data, &device)
        };
        let analysis = matrix(analysis, *lookback, analysis.len() / lookback);
        let synthesis = matrix(synthesis, synthesis.len() / horizon, *horizon);
        let product = |x, weight| linear_with(weight, None, x, Finish::default());
        let (weight, bias) = layer.real();
        let weight = product(analysis, product(weight.squeeze_dim(0), synthesis.clone()));
        let bias: Tensor<2> = product(bias.squeeze_dim(0), synthesis) * square.sqrt();
        let forecast = linear_with(weight, Some(bias.squeeze_dim(0)), series, Finish::default());
        Some(restore.windows(forecast))
    }

    /// The composition of Burn's operations.
    fn plain(&self, x: Tensor<3>) -> Tensor<3> {
        let [batch, lookback, channels] = x.dims();
        let mean = x.clone().mean_dim(1);
        let centred = x - mean.clone();
        // The unbiased variance, unlike the other models.
        let variance = centred.clone().square().sum_dim(1) / (lookback as f64 - 1.0);
        let deviation = (variance + WINDOW_EPSILON).sqrt();
        // [channels, batch, lookback], so that each channel can have its own layer.
        let series = (centred / deviation.clone()).permute([2, 0, 1]);

        let layers = self.layers.len();
        let (weights, biases) = self.folded(&mean.device());
        let forecast = series
            .reshape([layers, channels * batch / layers, lookback])
            .matmul(weights)
            + biases;
        let forecast = forecast
            .reshape([channels, batch, self.transforms.horizon])
            .permute([1, 2, 0]);
        forecast * deviation + mean
    }

    /// Each layer between both transforms, as one map of the look-back to the forecast: weights
    /// `[layers, lookback, horizon]` and biases `[layers, 1, horizon]`.
    fn folded(&self, device: &Device) -> (Tensor<3>, Tensor<3>) {
        let Transforms {
            lookback,
            horizon,
            analysis,
            synthesis,
        } = &*self.transforms;
        let matrix = |values: &Vec<f32>, rows: usize, columns: usize| {
            let data = TensorData::new(values.clone(), [1, rows, columns]);
            Tensor::<3>::from_data(data, device)
        };
        let analysis = matrix(analysis, *lookback, analysis.len() / lookback);
        let synthesis = matrix(synthesis, synthesis.len() / horizon, *horizon);
        let (weights, biases): (Vec<_>, Vec<_>) =
            self.layers.iter().map(Interpolation::real).unzip();
        let weights = Tensor::cat(weights, 0).matmul(synthesis.clone());
        let biases = Tensor::cat(biases, 0).matmul(synthesis);
        (analysis.matmul(weights), biases)
    }
}

impl Interpolation {
    /// PyTorch's initial weights as real parts; the imaginary parts start at 0, as in the public code.
    fn init(initial: &mut Initial<'_>, inputs: usize, outputs: usize) -> Self {
        let bound = 1.0 / (inputs as f32).sqrt();
        Self {
            weight: initial.real([outputs, inputs, 2], bound),
            bias: initial.real([outputs, 2], bound),
        }
    }

    /// The layer on rows of real parts followed by imaginary parts: `[1, 2 inputs, 2 outputs]` and
    /// `[1, 1, 2 outputs]`.
    fn real(&self) -> (Tensor<3>, Tensor<3>) {
        let weight = self.weight.val().permute([2, 1, 0]);
        let [_, inputs, outputs] = weight.dims();
        let real = weight.clone().narrow(0, 0, 1);
        let imaginary = weight.narrow(0, 1, 1);
        let from_real = Tensor::cat(vec![real.clone(), imaginary.clone()], 2);
        let from_imaginary = Tensor::cat(vec![imaginary.neg(), real], 2);
        let weight = Tensor::cat(vec![from_real, from_imaginary], 1);
        let bias = self.bias.val().swap_dims(0, 1);
        (
            weight.reshape([1, 2 * inputs, 2 * outputs]),
            bias.reshape([1, 1, 2 * outputs]),
        )
    }
}

/// Cosine and sine of the multiples of a full turn divided into `parts`.
fn turn(parts: usize) -> Vec<(f64, f64)> {
    (0..parts)
        .map(|part| {
            let (sine, cosine) = (TAU * part as f64 / parts as f64).sin_cos();
            (cosine, sine)
        })
        .collect()
}

/// The matrix `[lookback, 2 frequencies]`, row-major, whose product with a series is the real parts, then the
/// imaginary parts, of its lowest frequencies: `X_k = Σ_n x_n e^(−2πi kn / lookback)`.
fn analysis(lookback: usize, frequencies: usize) -> Vec<f32> {
    let turn = turn(lookback);
    let at = |row: usize, frequency: usize| turn[row * frequency % lookback];
    let mut values = Vec::with_capacity(lookback * 2 * frequencies);
    for row in 0..lookback {
        values.extend((0..frequencies).map(|frequency| at(row, frequency).0 as f32));
        values.extend((0..frequencies).map(|frequency| -at(row, frequency).1 as f32));
    }
    values
}

/// The matrix `[2 frequencies, horizon]`, row-major, whose product with real and imaginary parts is the last `horizon`
/// of N = lookback + horizon rows, all frequencies above being 0:
/// `y_n = (1/lookback) (Re Y_0 + 2 Σ_{0<k<N/2} (Re Y_k cos − Im Y_k sin)(2πkn/N) + (−1)ⁿ Re Y_{N/2})`.
/// The factor is 1/N of the inverse transform, times N/lookback for the longer series.
fn synthesis(lookback: usize, horizon: usize, frequencies: usize) -> Vec<f32> {
    let rows = lookback + horizon;
    let turn = turn(rows);
    let mut values = Vec::with_capacity(2 * frequencies * horizon);
    for imaginary in [false, true] {
        for frequency in 0..frequencies {
            // The first frequency and, of an even number of rows, the last have no counterpart.
            let single = frequency == 0 || 2 * frequency == rows;
            let factor = match (single, imaginary) {
                (true, true) => 0.0,
                (true, false) => 1.0,
                (false, true) => -2.0,
                (false, false) => 2.0,
            };
            values.extend((lookback..rows).map(|row| {
                let (cosine, sine) = turn[row * frequency % rows];
                let wave = if imaginary { sine } else { cosine };
                (factor * wave / lookback as f64) as f32
            }));
        }
    }
    values
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use burn::tensor::{Device, Distribution};
    use spat_spec::Window;

    use super::*;
    use crate::initial::Initial;

    /// Forecasts, and the gradients of both parameters.
    #[test]
    fn the_operations_on_the_cpu_agree_with_the_plain_composition() {
        let device = Device::flex().autodiff();
        let config = FitsConfig::new(Window::new(48, 24, 3));
        let structure = Structure::dense(config.clone().into());
        let model = Fits::init(&mut Initial::new(5, &device), &config, &structure);
        let shape = [4, 48, 3];
        // Also a series of so small a deviation that ε counts.
        let values = Tensor::<3>::random(shape, Distribution::Normal(2.0, 1.0), &device)
            * Tensor::<1>::from_floats([1.0, 30.0, 3e-3], &device).unsqueeze();
        let weights = Tensor::<3>::random([4, 24, 3], Distribution::Default, &device);
        let run = |forecast: Tensor<3>| {
            let gradients = (forecast.clone() * weights.clone()).sum().backward();
            let layer = &model.layers[0];
            let of_weight = layer.weight.val().grad(&gradients).unwrap();
            let of_bias = layer.bias.val().grad(&gradients).unwrap();
            [
                forecast.into_data(),
                of_weight.into_data(),
                of_bias.into_data(),
            ]
            .map(|values| values.try_into_vec::<f32>().unwrap())
        };
        let fast = run(model.on_cpu(&values).unwrap());
        let plain = run(model.plain(values));
        for (fast, plain) in fast.iter().zip(&plain) {
            let size = plain.iter().map(|value| value.abs()).fold(1e-3, f32::max);
            for (fast, plain) in fast.iter().zip(plain) {
                assert!((fast - plain).abs() < 1e-5 * size, "{fast} against {plain}");
            }
        }
    }
}
