//! Probes the attention of an untrained PatchTST on one batch, then forecasts without its first module.
//!
//! ```sh
//! cargo run --release --package spat-model --example sensitivities
//! ```
#![allow(clippy::print_stdout)]

use std::error::Error;

use burn::tensor::{Device, Distribution, Tensor};
use spat_model::{Forecaster, ForwardContext, Inputs, Probe, mean_squared_error, read};
use spat_spec::{ForecasterConfig, MaskShape, PatchTstConfig, Structure, Window};

fn main() -> Result<(), Box<dyn Error>> {
    let (lookback, horizon, channels) = (96, 24, 7);
    let config = PatchTstConfig::new(Window::new(lookback, horizon, channels));
    let dense = Structure::dense(ForecasterConfig::PatchTst(config));

    let device = Device::flex().autodiff();
    let values = |rows| Tensor::random([16, rows, channels], Distribution::Default, &device);
    let inputs = || Inputs::from(values(lookback));

    // S = ∂L/∂M at M = 1, for the mask M on each attention map.
    let model = Forecaster::init(&dense, 1, &device);
    let mut cx = ForwardContext::evaluation().with_probe(Probe::Masks(MaskShape::Shared));
    let forecast = model.forward(inputs(), &mut cx);
    let loss = mean_squared_error(forecast, values(horizon));
    for (module, sensitivity) in cx.sensitivities(&mut loss.backward()) {
        let [_, heads, queries, keys] = sensitivity.values.dims();
        let largest = pollster::block_on(read(sensitivity.values.abs().max().reshape([1])))?;
        println!(
            "{module}: {heads} heads of {queries} × {keys}, largest |S| {:.2e}",
            largest[0]
        );
    }

    let first: Vec<_> = dense.kept().take(1).cloned().collect();
    let pruned = Forecaster::init(&dense.without_modules(&first)?, 1, &device);
    let forecast = pruned.forward(inputs(), &mut ForwardContext::evaluation());
    println!("without {}: forecast of {:?}", first[0], forecast.dims());
    Ok(())
}
