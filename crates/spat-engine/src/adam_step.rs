//! Adam's arithmetic for all parameters of a model.

use burn::backend::Flex;
use burn::backend::flex::FlexTensor;
use burn::tensor::{Tensor, TensorData};
use spat_cpu::{AdamFactors, AdamParameter, adam};
use spat_gpu::{Buffer, Gpu, encoder};

/// First and second moment of a parameter, flattened.
pub(crate) type Moments = (Tensor<1>, Tensor<1>);

/// A parameter before its step. All tensors are flattened and of the same length.
#[derive(Debug, Clone)]
pub(crate) struct Parameter {
    pub(crate) weight: Tensor<1>,
    pub(crate) gradient: Tensor<1>,
    pub(crate) moments: Moments,
}

impl Parameter {
    /// A parameter whose moments start at 0 by default.
    pub(crate) fn new(weight: Tensor<1>, gradient: Tensor<1>, moments: Option<Moments>) -> Self {
        let moments = moments.unwrap_or_else(|| {
            let zeros = || Tensor::zeros(weight.shape(), &weight.device());
            (zeros(), zeros())
        });
        Self {
            weight,
            gradient,
            moments,
        }
    }
}

/// New weights and moments, in order. On the CPU this is a single pass over all parameters.
pub(crate) fn step(parameters: Vec<Parameter>, factors: &AdamFactors) -> Vec<(Tensor<1>, Moments)> {
    let back = parameters.clone();
    let moved: Option<Vec<OnCpu>> = parameters.into_iter().map(OnCpu::of).collect();
    let Some(mut moved) = moved else {
        return back
            .into_iter()
            .map(|parameter| on_gpu(parameter, factors).unwrap_or_else(|one| plain(*one, factors)))
            .collect();
    };
    // Moments without another owner are updated in place.
    drop(back);
    adam(moved.iter_mut().map(OnCpu::parts).collect(), factors);
    moved.into_iter().map(OnCpu::stepped).collect()
}

/// A parameter on the CPU, and a buffer for its new weights.
struct OnCpu {
    updated: Vec<f32>,
    weight: FlexTensor,
    gradient: FlexTensor,
    first: FlexTensor,
    second: FlexTensor,
}

impl OnCpu {
    /// The parameter, if it is on the CPU.
    fn of(parameter: Parameter) -> Option<Self> {
        let flex =
            |tensor: Tensor<1>| Some(tensor.try_into_primitive::<Flex>().ok()?.to_contiguous());
        let weight = flex(parameter.weight)?;
        let gradient = flex(parameter.gradient)?;
        let length = weight.as_slice::<f32>()?.len();
        gradient.as_slice::<f32>()?;
        Some(Self {
            updated: vec![0.0; length],
            weight,
            gradient,
            first: flex(parameter.moments.0)?,
            second: flex(parameter.moments.1)?,
        })
    }

    fn parts(&mut self) -> AdamParameter<'_> {
        AdamParameter {
            updated: &mut self.updated,
            // `of` has checked it.
            weight: self.weight.as_slice().unwrap_or_default(),
            gradient: self.gradient.as_slice().unwrap_or_default(),
            first: self.first.storage_mut(),
            second: self.second.storage_mut(),
        }
    }

    fn stepped(self) -> (Tensor<1>, Moments) {
        let length = self.updated.len();
        let updated = FlexTensor::from_data(TensorData::new(self.updated, [length]));
        let tensor = Tensor::from_primitive::<Flex>;
        (tensor(updated), (tensor(self.first), tensor(self.second)))
    }
}

/// Steps one parameter in one launch, with the moments in place. Returns the parameter unchanged if it is
/// not on a GPU, or if its moments are shared.
fn on_gpu(
    parameter: Parameter,
    factors: &AdamFactors,
) -> Result<(Tensor<1>, Moments), Box<Parameter>> {
    let buffer = |tensor: Tensor<1>| tensor.try_into_primitive::<Gpu>().ok().and_then(Buffer::of);
    let elsewhere = |tensor: &Tensor<1>| buffer(tensor.clone()).is_none();
    if elsewhere(&parameter.moments.0) || elsewhere(&parameter.moments.1) {
        return Err(Box::new(parameter));
    }
    let Parameter {
        weight,
        gradient,
        moments,
    } = parameter;
    let shape = weight.shape();
    let tensor = |values: Buffer| Tensor::from_primitive::<Gpu>(values.tensor(shape.clone()));
    // The moments are moved in, so that they have a single owner.
    let (Some(first), Some(second)) = (buffer(moments.0), buffer(moments.1)) else {
        unreachable!("checked above");
    };
    let updated = buffer(weight.clone())
        .zip(buffer(gradient.clone()))
        .and_then(|(weight, gradient)| encoder::adam(&weight, &gradient, &first, &second, factors));
    let moments = (tensor(first), tensor(second));
    match updated {
        Some(updated) => Ok((tensor(updated), moments)),
        None => Err(Box::new(Parameter {
            weight,
            gradient,
            moments,
        })),
    }
}

/// The same step with Burn's operations, for every device.
fn plain(parameter: Parameter, factors: &AdamFactors) -> (Tensor<1>, Moments) {
    let Parameter {
        weight,
        gradient,
        moments: (first, second),
    } = parameter;
    let first = first * factors.beta_1 + gradient.clone() * (1.0 - factors.beta_1);
    let second = second * factors.beta_2 + gradient.square() * (1.0 - factors.beta_2);
    let denominator = second.clone().sqrt() * factors.spread + factors.epsilon;
    let step = first.clone() / denominator * factors.rate;
    (weight * factors.keep - step, (first, second))
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::tensor::{Device, Distribution};

    #[test]
    fn one_pass_equals_the_composition() {
        let factors = AdamFactors {
            beta_1: 0.9,
            beta_2: 0.999,
            rate: 1e-2,
            spread: 3.0,
            epsilon: 1e-8,
            keep: 0.99,
        };
        let parameter = |length: usize| {
            let random =
                || Tensor::<1>::random([length], Distribution::Normal(0.0, 1.0), &Device::flex());
            let gradient = random();
            let moments = (gradient.clone() * 0.1, gradient.clone().square());
            Parameter::new(random(), gradient, Some(moments))
        };
        let parameters: Vec<Parameter> = [1, 7, 20_001, 300].map(parameter).into();
        let fast = step(parameters.clone(), &factors);
        let plain: Vec<_> = parameters
            .into_iter()
            .map(|parameter| plain(parameter, &factors))
            .collect();
        assert_eq!(fast.len(), plain.len());
        for (fast, plain) in fast.into_iter().zip(plain) {
            for (fast, plain) in [
                (fast.0, plain.0),
                (fast.1.0, plain.1.0),
                (fast.1.1, plain.1.1),
            ] {
                let difference = (fast - plain).abs().max().into_scalar::<f32>();
                assert!(difference < 1e-6, "{difference}");
            }
        }
    }
}
