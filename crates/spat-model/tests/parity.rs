//! Compares every model with PyTorch: forecasts, gradients of all parameters, sensitivities, running
//! statistics. The references are in `tests/references`, the script that generates them in
//! `crates/xtask/python`.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use burn::module::Module as _;
use burn::optim::GradientsParams;
use burn::tensor::{Device, Int, Tensor, TensorData};
use spat_model::{
    Forecaster, ForwardContext, Inputs, ParameterPath, Probe, from_pytorch, from_pytorch_file,
    load_backbone, read,
};
use spat_spec::{Array, MaskShape, ModuleId, Structure, header_entry, named_arrays_from_bytes};

/// The largest relative error allowed anywhere, in f32.
const TOLERANCE: f32 = 1e-4;
/// The largest relative error of a forecast.
const FORECAST_TOLERANCE: f32 = 1e-5;

struct Reference {
    arrays: BTreeMap<String, Array>,
    structure: Structure,
    /// Gradients that vanish by symmetry (softmax is invariant to a shift of all scores): only rounding
    /// errors remain.
    vanishing: Vec<String>,
}

impl Reference {
    fn load(name: &str) -> Self {
        // Of the models that refer to it.
        load_backbone(&backbone(), true).unwrap();
        let bytes = std::fs::read(folder().join(format!("{name}.safetensors"))).unwrap();
        let config: serde_json::Value =
            serde_json::from_str(&header_entry(&bytes, "config").unwrap().unwrap()).unwrap();
        let removed = config["removed"].clone();
        let vanishing = config["vanishing_gradients"]
            .as_array()
            .map(|names| {
                names
                    .iter()
                    .map(|name| name.as_str().unwrap().to_owned())
                    .collect()
            })
            .unwrap_or_default();
        let arrays = float_arrays(&bytes);
        let dense = Structure::dense(serde_json::from_value(config).unwrap());
        let removed: Vec<ModuleId> = (removed.as_array().into_iter().flatten())
            .map(|place| place.as_u64().unwrap() as usize)
            .map(|place| dense.attention[place].module.clone())
            .collect();
        let structure = dense.without_modules(&removed).unwrap();
        Self {
            arrays,
            structure,
            vanishing,
        }
    }

    fn tensor<const D: usize>(&self, name: &str, device: &Device) -> Tensor<D> {
        let array = self
            .arrays
            .get(name)
            .unwrap_or_else(|| panic!("the reference has no `{name}`"));
        Tensor::from_data(
            TensorData::new(array.values.clone(), array.shape.clone()),
            device,
        )
    }

    /// What the reference has for an attention map, which it counts in the order of the dense model's
    /// description.
    fn of_map(&self, what: &str, map: &ModuleId) -> &Array {
        let sites = self.structure.forecaster.sites();
        let mut maps = sites.iter().flat_map(|site| &site.maps);
        let place = maps.position(|described| described.id == *map).unwrap();
        &self.arrays[&format!("{what}.{place}")]
    }

    /// Number of attention maps of the modules that are kept.
    fn maps(&self) -> usize {
        let sites = self.structure.forecaster.sites();
        let kept = sites.iter().zip(&self.structure.attention);
        let kept = kept.filter(|(_, slot)| !slot.heads.is_empty());
        kept.map(|(site, _)| site.maps.len()).sum()
    }

    /// The tensors under `prefix.`, with this crate's names and layouts.
    fn ours(&self, prefix: &str) -> BTreeMap<String, Array> {
        let group = self
            .arrays
            .iter()
            .filter_map(|(name, array)| {
                Some((name.strip_prefix(prefix)?.to_owned(), array.clone()))
            })
            .collect();
        from_pytorch(group, &self.structure).unwrap()
    }

    fn model(&self, device: &Device) -> Forecaster {
        Forecaster::init(&self.structure, 0, device)
            .with_weights(self.ours("weight."))
            .unwrap()
    }

    fn inputs(&self, device: &Device) -> Inputs {
        let time_features = self
            .arrays
            .contains_key("input.mark")
            .then(|| self.tensor("input.mark", device));
        let prompt = self.arrays.get("input.prompt").map(|array| {
            let ids: Vec<i64> = array.values.iter().map(|&id| id as i64).collect();
            Tensor::<3, Int>::from_data(TensorData::new(ids, array.shape.clone()), device)
        });
        Inputs {
            values: self.tensor("input.x", device),
            time_features,
            prompt,
        }
    }
}

/// A small GPT-2 with Hugging Face's names.
fn backbone() -> PathBuf {
    folder().join("gpt2/model.safetensors")
}

/// SEND values are f64 and tested in `spat-prune`; counters of batches are integers.
fn float_arrays(bytes: &[u8]) -> BTreeMap<String, Array> {
    named_arrays_from_bytes(bytes, |name| {
        !name.starts_with("send.") && !name.ends_with("num_batches_tracked")
    })
    .unwrap()
}

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/references")
}

/// Largest difference, relative to the largest value of the reference.
fn relative_error(ours: &[f32], reference: &[f32]) -> f32 {
    assert_eq!(ours.len(), reference.len());
    let scale = reference
        .iter()
        .fold(0.0_f32, |max, value| max.max(value.abs()))
        .max(1e-12);
    ours.iter()
        .zip(reference)
        .fold(0.0_f32, |max, (a, b)| max.max((a - b).abs()))
        / scale
}

fn assert_close<const D: usize>(what: &str, ours: Tensor<D>, reference: &Array) {
    assert_within(TOLERANCE, what, ours, reference);
}

fn assert_within<const D: usize>(tolerance: f32, what: &str, ours: Tensor<D>, reference: &Array) {
    let ours = if ours.is_autodiff() {
        ours.inner()
    } else {
        ours
    };
    let values = pollster::block_on(read(ours)).unwrap();
    let error = relative_error(&values, &reference.values);
    assert!(error <= tolerance, "{what}: relative error {error:e}");
}

fn check(name: &str) {
    let reference = Reference::load(name);
    let plain = Device::flex();
    let device = plain.clone().autodiff();
    let model = reference.model(&device);

    let evaluate = |model: &Forecaster| {
        let cx = &mut ForwardContext::evaluation();
        model.forward(reference.inputs(&plain), cx)
    };
    let forecast = evaluate(&model.valid());
    assert_within(
        FORECAST_TOLERANCE,
        "forecast in evaluation",
        forecast.clone(),
        &reference.arrays["output.forecast_eval"],
    );
    let saved = pollster::block_on(model.weights()).unwrap();
    let loaded = Forecaster::init(&reference.structure, 1, &plain)
        .with_weights(saved)
        .unwrap();
    assert_eq!(
        evaluate(&loaded).into_data(),
        forecast.into_data(),
        "forecast with the weights saved and loaded"
    );

    let mut cx = ForwardContext::training(0).with_probe(Probe::MasksAndMaps(MaskShape::Shared));
    let forecast = model.forward(reference.inputs(&device), &mut cx);
    assert_within(
        FORECAST_TOLERANCE,
        "forecast in training",
        forecast.clone(),
        &reference.arrays["output.forecast"],
    );
    let loss = (forecast - reference.tensor("input.y", &device))
        .square()
        .mean();
    let mut gradients = loss.backward();
    assert_close("loss", loss, &reference.arrays["output.loss"]);

    for (id, map) in cx.maps() {
        let expected = reference.of_map("attention", id);
        assert_eq!(map.values.dims().to_vec(), expected.shape, "{id}");
        assert_close("attention", map.values.clone(), expected);
    }
    let shared = cx.sensitivities(&mut gradients);
    assert_eq!(shared.len(), reference.maps());
    for (id, sensitivity) in shared {
        let expected = reference.of_map("sensitivity.shared", &id);
        assert_close("shared sensitivity", sensitivity.values, expected);
    }
    let running = cx.take_running();
    assert_eq!(
        running.is_empty(),
        !reference
            .arrays
            .keys()
            .any(|name| name.starts_with("after."))
    );

    // Gradients with this crate's names and layouts, loaded into a model to compare them by path.
    let expected = reference.ours("grad.");
    let gradients = GradientsParams::from_grads(gradients, &model);
    let found = gradients_by_path(&model, gradients);
    let vanishing: Vec<String> = reference
        .vanishing
        .iter()
        .map(|name| ours_name(&reference, name))
        .collect();
    assert_eq!(
        found.keys().collect::<Vec<_>>(),
        expected.keys().collect::<Vec<_>>()
    );
    let scale = expected
        .values()
        .flat_map(|array| &array.values)
        .fold(0.0_f32, |max, value| max.max(value.abs()));
    for (path, gradient) in found {
        if vanishing.contains(&path) {
            let largest = gradient
                .iter()
                .fold(0.0_f32, |max, value| max.max(value.abs()));
            assert!(
                largest < TOLERANCE * scale,
                "{path} should vanish beside {scale}, but reaches {largest}"
            );
        } else {
            let error = relative_error(&gradient, &expected[&path].values);
            assert!(
                error <= TOLERANCE,
                "gradient of {path}: relative error {error:e}"
            );
        }
    }

    let mut cx = ForwardContext::training(0).with_probe(Probe::Masks(MaskShape::PerSample));
    let forecast = model.forward(reference.inputs(&device), &mut cx);
    let loss = (forecast - reference.tensor("input.y", &device))
        .square()
        .mean();
    for (id, sensitivity) in cx.sensitivities(&mut loss.backward()) {
        let expected = reference.of_map("sensitivity.per_sample", &id);
        assert_close("per-sample sensitivity", sensitivity.values, expected);
    }
}

fn ours_name(reference: &Reference, theirs: &str) -> String {
    let array = reference.arrays[&format!("grad.{theirs}")].clone();
    let one = BTreeMap::from([(theirs.to_owned(), array)]);
    from_pytorch(one, &reference.structure)
        .unwrap()
        .into_keys()
        .next()
        .unwrap()
}

fn gradients_by_path(model: &Forecaster, gradients: GradientsParams) -> BTreeMap<String, Vec<f32>> {
    use burn::module::{ModuleVisitor, Param};
    struct Visitor {
        path: ParameterPath,
        gradients: GradientsParams,
        found: BTreeMap<String, Vec<f32>>,
    }
    impl ModuleVisitor for Visitor {
        fn enter_module(&mut self, name: &str, container: &str) {
            self.path.enter(name, container);
        }
        fn exit_module(&mut self, _: &str, container: &str) {
            self.path.exit(container);
        }
        fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
            if let Some(gradient) = self.gradients.remove::<D>(param.id) {
                self.found.insert(
                    self.path.name(),
                    pollster::block_on(read(gradient)).unwrap(),
                );
            }
        }
    }
    let mut visitor = Visitor {
        path: ParameterPath::default(),
        gradients,
        found: BTreeMap::new(),
    };
    model.visit(&mut visitor);
    visitor.found
}

#[test]
fn itransformer_equals_pytorch() {
    check("itransformer");
}

#[test]
fn itransformer_without_time_stamps_equals_pytorch() {
    check("itransformer_nomark");
}

#[test]
fn itransformer_with_a_removed_module_equals_pytorch() {
    check("itransformer_pruned");
}

#[test]
fn patchtst_of_the_library_equals_pytorch() {
    check("patchtst");
}

#[test]
fn patchtst_of_its_authors_equals_pytorch() {
    check("patchtst_official");
}

#[test]
fn patchtst_of_its_authors_passes_scores_through_a_removed_module() {
    check("patchtst_official_pruned");
}

#[test]
fn dlinear_equals_pytorch() {
    check("dlinear");
}

#[test]
fn rlinear_equals_pytorch() {
    check("rlinear");
}

#[test]
fn tsmixer_of_its_authors_equals_pytorch() {
    check("tsmixer");
}

#[test]
fn tsmixer_of_the_library_equals_pytorch() {
    check("tsmixer_library");
}

#[test]
fn lightts_equals_pytorch() {
    check("lightts");
}

#[test]
fn fits_equals_pytorch() {
    check("fits");
}

#[test]
fn fits_with_a_layer_per_channel_equals_pytorch() {
    check("fits_individual");
}

#[test]
fn tide_equals_pytorch() {
    check("tide");
}

#[test]
fn tide_of_the_library_equals_pytorch() {
    check("tide_library");
}

#[test]
fn tide_without_time_features_equals_pytorch() {
    check("tide_nomark");
}

#[test]
fn timemixer_equals_pytorch() {
    check("timemixer");
}

#[test]
fn crossformer_equals_pytorch() {
    check("crossformer");
}

#[test]
fn crossformer_with_removed_modules_equals_pytorch() {
    check("crossformer_pruned");
}

#[test]
fn transformer_equals_pytorch() {
    check("transformer");
}

#[test]
fn transformer_with_removed_modules_equals_pytorch() {
    check("transformer_pruned");
}

#[test]
fn smamba_equals_pytorch() {
    check("smamba");
}

#[test]
fn autoformer_equals_pytorch() {
    check("autoformer");
}

#[test]
fn autoformer_with_removed_modules_equals_pytorch() {
    check("autoformer_pruned");
}

#[test]
fn gpt4ts_equals_pytorch() {
    check("gpt4ts");
}

#[test]
fn gpt4ts_with_a_removed_module_equals_pytorch() {
    check("gpt4ts_pruned");
}

#[test]
fn time_llm_equals_pytorch() {
    check("time_llm");
}

#[test]
fn time_llm_with_a_removed_module_equals_pytorch() {
    check("time_llm_pruned");
}

/// Norms and positions are trained from the values of the file.
#[test]
fn trained_weights_of_a_backbone_start_at_those_of_its_file() {
    let reference = Reference::load("gpt4ts");
    let model = Forecaster::init(&reference.structure, 0, &Device::flex());
    let weights = pollster::block_on(model.weights()).unwrap();
    let file = std::fs::read(backbone()).unwrap();
    let file = named_arrays_from_bytes(&file, |_| true).unwrap();
    for (ours, theirs) in [
        ("positions", "wpe.weight"),
        ("norm.gamma", "ln_f.weight"),
        ("norm.beta", "ln_f.bias"),
        ("blocks.0.attention.norm.gamma", "h.0.ln_1.weight"),
        ("blocks.1.norm.beta", "h.1.ln_2.bias"),
    ] {
        let [ours, theirs] = [
            &weights[&format!("backbone.{ours}")],
            &file[&format!("transformer.{theirs}")],
        ];
        assert_eq!(ours, theirs);
    }
}

/// A backbone that no test has loaded, and one of other sizes.
#[test]
fn a_structure_whose_backbone_is_missing_or_has_other_sizes_is_refused() {
    let reference = Reference::load("gpt4ts");
    let error = |change: fn(&mut serde_json::Value)| {
        let mut json = serde_json::to_value(&reference.structure.forecaster).unwrap();
        change(&mut json);
        let structure = Structure::dense(serde_json::from_value(json).unwrap());
        let refused = Forecaster::try_init(&structure, 0, &Device::flex());
        refused.unwrap_err().to_string()
    };
    let missing = error(|json| json["backbone"]["sha256"] = "ab".repeat(32).into());
    assert!(
        missing.contains("`model.safetensors`") && missing.contains("--backbone"),
        "{missing}"
    );
    let deep = error(|json| json["layers"] = 4.into());
    assert!(
        deep.contains("3 blocks") && deep.contains("4 blocks"),
        "{deep}"
    );
    let wide = error(|json| json["d_model"] = 16.into());
    assert!(wide.contains("a width of 16"), "{wide}");
}

#[test]
fn informer_equals_pytorch() {
    check("informer");
}

#[test]
fn informer_of_the_library_equals_pytorch() {
    check("informer_library");
}

#[test]
fn informer_with_removed_modules_equals_pytorch() {
    check("informer_pruned");
}

#[test]
fn a_pytorch_checkpoint_is_imported() {
    let reference = Reference::load("itransformer");
    let device = Device::flex();
    for file in ["itransformer.pth", "itransformer_dataparallel.pth"] {
        let weights = from_pytorch_file(&folder().join(file), &reference.structure).unwrap();
        let model = Forecaster::init(&reference.structure, 0, &device)
            .with_weights(weights)
            .unwrap();
        let forecast = model.forward(reference.inputs(&device), &mut ForwardContext::evaluation());
        assert_close(file, forecast, &reference.arrays["output.forecast_eval"]);
    }
}

/// The file, written by `torch.save({"projector.weight": torch.zeros(1).expand(1 << 15, 1 << 15)}, …)`, has one
/// value. The whole tensor has 4 GiB, more than is allocated.
#[test]
fn a_pytorch_tensor_that_repeats_one_value_is_refused_by_its_shape() {
    let reference = Reference::load("itransformer");
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/hostile/expanded.pth");
    let error = from_pytorch_file(&file, &reference.structure).unwrap_err();
    let message = error.to_string();
    assert!(
        message.contains("`projector.weight`") && message.contains("32768"),
        "{message}"
    );
}

#[test]
fn weights_that_the_public_code_does_not_use_are_left_out() {
    let array = Array {
        shape: vec![4],
        values: vec![1.0; 4],
    };
    for (model, name) in [
        ("timemixer", "pdm_blocks.1.layer_norm.weight"),
        ("smamba", "encoder.attn_layers.1.man.A_log"),
        ("smamba", "encoder.attn_layers.0.man2.conv1d.weight"),
        ("smamba", "encoder.attn_layers.1.a.query_projection.bias"),
        ("gpt4ts", "gpt2.wte.weight"),
        ("gpt4ts", "gpt2.h.1.attn.bias"),
        ("gpt4ts", "module.gpt2.h.0.mlp.c_fc.weight"),
    ] {
        let reference = Reference::load(model);
        let unused = BTreeMap::from([(name.to_owned(), array.clone())]);
        let taken = from_pytorch(unused, &reference.structure).unwrap();
        assert!(taken.is_empty(), "{name}");
    }
}

/// The public code's file has the frozen weights too, which may be other ones than a random backbone's.
#[test]
fn weights_that_were_trained_around_a_backbone_are_not_imported_around_a_random_one() {
    let reference = Reference::load("gpt4ts");
    let mut json = serde_json::to_value(&reference.structure.forecaster).unwrap();
    json.as_object_mut().unwrap().remove("backbone").unwrap();
    let structure = Structure::dense(serde_json::from_value(json).unwrap());
    let error = from_pytorch(BTreeMap::new(), &structure).unwrap_err();
    assert!(error.to_string().contains("--backbone"), "{error}");
}

#[test]
fn a_checkpoint_of_another_model_is_refused_by_name() {
    let reference = Reference::load("patchtst");
    let error =
        from_pytorch_file(&folder().join("itransformer.pth"), &reference.structure).unwrap_err();
    assert!(
        error.to_string().contains("is no weight of PatchTST"),
        "{error}"
    );
}
