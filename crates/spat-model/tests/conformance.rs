//! What holds for every model of the catalogue, whatever its attention is.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use burn::tensor::{Device, Distribution, Int, Tensor};
use spat_model::{
    AttentionSlot, Forecaster, ForwardContext, HasAttention as _, Inputs, Probe, read,
};
use spat_spec::{
    CrossformerConfig, FieldValue, ForecasterConfig, MaskShape, ModelKind, Size, Structure,
    TIME_FEATURES, Window,
};

const WINDOWS: usize = 3;

/// Every model, small; those with routers also with a single one, and with a single channel.
fn models() -> Vec<ForecasterConfig> {
    let mut all = Vec::new();
    for kind in ModelKind::all() {
        let (mut config, _) = kind.defaults(Window::new(30, 20, 3), true);
        config.resize(Size {
            width: 16,
            layers: 2,
            heads: 2,
        });
        // A small size reduces the layers and heads of some models.
        for flag in ["layers", "heads", "reprogramming-heads"] {
            config.set(flag, FieldValue::Count(2));
        }
        let mut few = config.clone();
        if few.set("routers", FieldValue::Count(1)) {
            all.push(few.clone());
            few.set_window(Window::new(30, 20, 1));
            all.push(few);
        }
        all.push(config);
    }
    all
}

fn inputs(config: &ForecasterConfig, device: &Device) -> Inputs {
    let window = config.window();
    let random =
        |rows, width| Tensor::<3>::random([WINDOWS, rows, width], Distribution::Default, device);
    let rows = config.inputs().time_feature_rows(window);
    let prompt = config.inputs().prompt.map(|prompt| {
        let shape = [WINDOWS, window.channels, prompt.tokens];
        Tensor::<3, Int>::ones(shape, device)
    });
    Inputs {
        values: random(window.lookback, window.channels),
        time_features: rows.map(|rows| random(rows, TIME_FEATURES)),
        prompt,
    }
}

fn parameters(model: &Forecaster) -> u64 {
    let weights = pollster::block_on(model.weights()).unwrap();
    let trained = weights.iter().filter(|(name, _)| !name.contains("running"));
    trained.map(|(_, array)| array.values.len() as u64).sum()
}

#[test]
fn slots_and_maps_are_those_of_the_description() {
    for config in models() {
        let name = config.name();
        let device = Device::flex().autodiff();
        let model = Forecaster::init(&Structure::dense(config.clone()), 1, &device);
        let slots = model.slots().into_iter();
        let slots: Vec<_> = slots
            .map(|slot| (slot.id().clone(), slot.heads().len()))
            .collect();
        let sites = config.sites();
        let described: Vec<_> = sites
            .iter()
            .map(|site| (site.id.clone(), site.heads))
            .collect();
        assert_eq!(slots, described, "{name}");

        let mut cx = ForwardContext::training(0).with_probe(Probe::MasksAndMaps(MaskShape::Shared));
        let forecast = model.forward(inputs(&config, &device), &mut cx);
        let window = config.window();
        assert_eq!(
            forecast.dims(),
            [WINDOWS, window.horizon, window.channels],
            "{name}"
        );
        let sensitivities = cx.sensitivities(&mut forecast.square().mean().backward());
        let channels = vec![String::new(); window.channels];
        let mut maps = 0;
        for site in &sites {
            for map in &site.maps {
                assert_eq!(map.id.module(), site.id, "{name}");
                let [rows, columns] =
                    [map.queries, map.keys].map(|axis| axis.labels(&channels).len());
                let [attention, sensitivity] = [&cx.maps()[&map.id], &sensitivities[&map.id]];
                let shape = attention.values.dims();
                assert_eq!(shape[1..], [site.heads, rows, columns], "{name} {}", map.id);
                let shape = sensitivity.values.dims();
                assert_eq!(shape, [1, site.heads, rows, columns], "{name} {}", map.id);
                for cells in [attention, sensitivity] {
                    assert_eq!(cells.causal, map.causal, "{name} {}", map.id);
                    if map.causal {
                        let values = cells.values.clone();
                        let difference = (values.clone().tril(0) - values).abs().max();
                        assert_eq!(difference.into_scalar::<f32>(), 0.0, "{name} {}", map.id);
                    }
                }
                maps += 1;
            }
        }
        assert_eq!(
            (cx.maps().len(), sensitivities.len()),
            (maps, maps),
            "{name}"
        );
    }
}

/// Of the dense model, and without each module or its first head that may be removed.
#[test]
fn the_cost_has_as_many_parameters_as_the_model() {
    let device = Device::flex();
    for config in models() {
        let dense = Structure::dense(config.clone());
        let model = Forecaster::init(&dense, 1, &device);
        assert_eq!(parameters(&model), dense.cost().params, "{}", config.name());
        for site in config.sites() {
            if site.protected.is_none() {
                let left = dense
                    .clone()
                    .without_modules(std::slice::from_ref(&site.id));
                let left = left.unwrap();
                let fresh = Forecaster::init(&left, 1, &device);
                let removed = model
                    .clone()
                    .map_attention(|slot| match *slot.id() == site.id {
                        true => slot.remove(),
                        false => slot,
                    });
                assert_eq!(parameters(&fresh), left.cost().params, "{}", site.id);
                assert_eq!(parameters(&removed), left.cost().params, "{}", site.id);
            }
            // Without its only head a module is removed.
            if site.heads == 1 {
                continue;
            }
            let left = dense.clone().without_heads(&site.id, &[0]).unwrap();
            let fewer = model
                .clone()
                .map_attention(|slot| match *slot.id() == site.id {
                    true => slot.retain_heads(&[1]),
                    false => slot,
                });
            assert_eq!(parameters(&fewer), left.cost().params, "{}", site.id);
        }
    }
}

/// Without any cross-attention no window reaches the forecast, which the description's protection prevents.
#[test]
fn crossformer_without_cross_attention_forecasts_a_constant() {
    let device = Device::flex();
    let config = ForecasterConfig::from(CrossformerConfig {
        d_model: 8,
        d_ff: 8,
        heads: 2,
        ..CrossformerConfig::new(Window::new(30, 20, 3))
    });
    let model = Forecaster::init(&Structure::dense(config.clone()), 1, &device);
    let spread = |without: &[&str]| {
        let is_gone = |slot: &AttentionSlot| without.contains(&slot.id().as_str());
        let model = model.clone().map_attention(|slot| match is_gone(&slot) {
            true => slot.remove(),
            false => slot,
        });
        let forecast = model.forward(inputs(&config, &device), &mut ForwardContext::evaluation());
        let first = forecast.clone().narrow(0, 0, 1);
        let difference = (forecast - first).abs().max();
        pollster::block_on(read(difference)).unwrap()[0]
    };
    let all = [0, 1, 2].map(|layer| format!("decoder.{layer}.cross_attention"));
    let [first, second, last] = all.each_ref().map(String::as_str);
    assert_eq!(spread(&[first, second, last]), 0.0);
    assert!(spread(&[first, second]) > 1e-3);
}
