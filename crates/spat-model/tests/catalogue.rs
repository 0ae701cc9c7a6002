//! Every model of the catalogue has the weights, attention modules and shapes that its description states.
#![allow(clippy::unwrap_used)]

use burn::tensor::{Device, Tensor, TensorData};
use spat_model::{Forecaster, ForwardContext, HasAttention as _, Inputs, read};
use spat_spec::{ModelKind, Size, Structure, TIME_FEATURES, Window};

const BATCH: usize = 2;
const WINDOW: Window = Window {
    lookback: 24,
    horizon: 12,
    channels: 3,
};

/// `[BATCH, rows, columns]`.
fn values(rows: usize, columns: usize) -> Tensor<3> {
    let values: Vec<f32> = (0..BATCH * rows * columns)
        .map(|place| (place * 37 % 29) as f32 / 29.0)
        .collect();
    let data = TensorData::new(values, [BATCH, rows, columns]);
    Tensor::from_data(data, &Device::flex())
}

/// The dense model, and the model without its first attention module if it has one.
#[test]
fn every_model_is_as_described() {
    for kind in ModelKind::all() {
        let (mut config, _) = kind.defaults(WINDOW, true);
        config.resize(Size {
            width: 16,
            layers: 2,
            heads: 2,
        });
        let removed: Vec<_> = config.modules().into_iter().take(1).collect();
        let dense = Structure::dense(config.clone());
        let pruned = dense.clone().without_modules(&removed).unwrap();
        for structure in [dense, pruned] {
            let model = Forecaster::init(&structure, 1, &Device::flex());
            let slots = model.slots().into_iter();
            let slots: Vec<_> = slots.map(|slot| slot.id().clone()).collect();
            assert_eq!(slots, config.modules(), "{}", kind.id);

            let weights = pollster::block_on(model.weights()).unwrap();
            let trained = weights
                .iter()
                .filter(|(name, _)| !name.contains("running_"));
            let trained: usize = trained.map(|(_, array)| array.values.len()).sum();
            assert_eq!(trained as u64, structure.cost().params, "{}", kind.id);

            let rows = config.inputs().time_feature_rows(WINDOW);
            let inputs = Inputs {
                values: values(WINDOW.lookback, WINDOW.channels),
                time_features: rows.map(|rows| values(rows, TIME_FEATURES)),
            };
            let forecast = model.forward(inputs, &mut ForwardContext::evaluation());
            let shape = [BATCH, WINDOW.horizon, WINDOW.channels];
            assert_eq!(forecast.dims(), shape, "{}", kind.id);
            let forecast = pollster::block_on(read(forecast)).unwrap();
            assert!(
                forecast.iter().all(|value| value.is_finite()),
                "{}",
                kind.id
            );
        }
    }
}
