//! Adam's arithmetic for one parameter.

use burn::backend::Flex;
use burn::backend::flex::FlexTensor;
use burn::tensor::{Tensor, TensorData};
use spat_kernels::{AdamFactors, AdamState, adam};
use spat_shaders::{Buffer, Gpu, encoder};

/// First and second moment of a parameter, flat.
pub(crate) type Moments = (Tensor<1>, Tensor<1>);

/// A parameter's new weights and moments. All tensors are flat and of one length; without `moments`
/// they start at 0.
pub(crate) fn step(
    weight: Tensor<1>,
    gradient: Tensor<1>,
    moments: Option<Moments>,
    factors: &AdamFactors,
) -> (Tensor<1>, Moments) {
    let mut moments = moments.unwrap_or_else(|| {
        let zeros = || Tensor::zeros(weight.shape(), &weight.device());
        (zeros(), zeros())
    });
    let on_cpu = |tensor: &Tensor<1>| tensor.clone().try_into_primitive::<Flex>().ok();
    if let (Some(weight), Some(gradient)) = (on_cpu(&weight), on_cpu(&gradient)) {
        match fused(&weight, &gradient, moments, factors) {
            Ok(stepped) => return stepped,
            Err(elsewhere) => moments = *elsewhere,
        }
    }
    match on_gpu(&weight, &gradient, moments, factors) {
        Ok(stepped) => stepped,
        Err(moments) => plain(weight, gradient, *moments, factors),
    }
}

/// In one launch, the moments in place; gives them back where they are not on a GPU, or shared.
fn on_gpu(
    weight: &Tensor<1>,
    gradient: &Tensor<1>,
    moments: Moments,
    factors: &AdamFactors,
) -> Result<(Tensor<1>, Moments), Box<Moments>> {
    let buffer = |tensor: Tensor<1>| tensor.try_into_primitive::<Gpu>().ok().and_then(Buffer::of);
    let shape = weight.shape();
    let tensor = |values: Buffer| Tensor::from_primitive::<Gpu>(values.tensor(shape.clone()));
    let (Some(weight), Some(gradient)) = (buffer(weight.clone()), buffer(gradient.clone())) else {
        return Err(Box::new(moments));
    };
    let elsewhere = |moment: &Tensor<1>| buffer(moment.clone()).is_none();
    if elsewhere(&moments.0) || elsewhere(&moments.1) {
        return Err(Box::new(moments));
    }
    // Handed over whole: only their one owner may change them.
    let (Some(first), Some(second)) = (buffer(moments.0), buffer(moments.1)) else {
        unreachable!("looked at just before");
    };
    let updated = encoder::adam(&weight, &gradient, &first, &second, factors);
    let moments = (tensor(first), tensor(second));
    match updated {
        Some(updated) => Ok((tensor(updated), moments)),
        None => Err(Box::new(moments)),
    }
}

fn cpu(tensor: FlexTensor) -> Tensor<1> {
    Tensor::from_primitive::<Flex>(tensor)
}

/// In one pass, the moments in place; gives them back where they are not on the CPU.
fn fused(
    weight: &FlexTensor,
    gradient: &FlexTensor,
    moments: Moments,
    factors: &AdamFactors,
) -> Result<(Tensor<1>, Moments), Box<Moments>> {
    let (weight, gradient) = (weight.to_contiguous(), gradient.to_contiguous());
    let (Some(weight), Some(gradient)) = (weight.as_slice(), gradient.as_slice()) else {
        return Err(Box::new(moments));
    };
    let back = moments.clone();
    let (Ok(first), Ok(second)) = (
        moments.0.try_into_primitive::<Flex>(),
        moments.1.try_into_primitive::<Flex>(),
    ) else {
        return Err(Box::new(back));
    };
    drop(back);
    let (mut first, mut second) = (first.to_contiguous(), second.to_contiguous());
    let mut state = AdamState {
        first: first.storage_mut(),
        second: second.storage_mut(),
    };
    let updated = adam(weight, gradient, &mut state, factors);
    let length = updated.len();
    let updated = FlexTensor::from_data(TensorData::new(updated, [length]));
    Ok((cpu(updated), (cpu(first), cpu(second))))
}

/// The same of Burn's operations, for every device.
fn plain(
    weight: Tensor<1>,
    gradient: Tensor<1>,
    (first, second): Moments,
    factors: &AdamFactors,
) -> (Tensor<1>, Moments) {
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
        let random =
            || Tensor::<1>::random([20_001], Distribution::Normal(0.0, 1.0), &Device::flex());
        let factors = AdamFactors {
            beta_1: 0.9,
            beta_2: 0.999,
            rate: 1e-2,
            spread: 3.0,
            epsilon: 1e-8,
            keep: 0.99,
        };
        let (weight, gradient) = (random(), random());
        let moments = || (gradient.clone() * 0.1, gradient.clone().square());
        let fast = step(weight.clone(), gradient.clone(), Some(moments()), &factors);
        let plain = plain(weight, gradient.clone(), moments(), &factors);
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
