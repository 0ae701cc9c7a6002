//! The models and batches that are measured.

use serde_json::{Value, json};

/// A model and batch to measure.
pub(super) struct Size {
    pub(super) name: &'static str,
    pub(super) request: Value,
    /// Steps per block.
    pub(super) steps: usize,
    /// Numbers of the encoder layers whose attention the pruned model lacks; empty if none is measured.
    pub(super) removed: Vec<u64>,
    /// Test windows of a sweep, at most about a second on two cores, with a short last batch. `None` if
    /// another size has the same model, since a sweep uses the engine's batch size.
    pub(super) windows: Option<usize>,
}

impl Size {
    fn new(name: &'static str, steps: usize, request: Value) -> Self {
        Self {
            name,
            request,
            steps,
            removed: Vec::new(),
            windows: None,
        }
    }

    /// Measures a pruned model too, without attention in the upper half of the encoder.
    fn pruned(mut self) -> Self {
        let layers = self.request["layers"].as_u64().unwrap_or(1);
        self.removed = (layers - layers.div_ceil(2)..layers).collect();
        self
    }

    /// Measures a sweep over `windows` test windows too.
    fn sweep(mut self, windows: usize) -> Self {
        self.windows = Some(windows);
        self
    }
}

/// A model with look-back and horizon 96. Its settings have the names of the Rust configuration, which are also
/// those of the reference models in Python.
fn request(model: &str, channels: usize, batch: usize, settings: Value) -> Value {
    let common = json!({
        "id": "0", "model": model, "channels": channels, "lookback": 96, "horizon": 96, "marks": 0,
        "batch": batch, "dropout": 0.1, "removed": []
    });
    with(common, settings)
}

/// The object with the entries of another.
fn with(mut object: Value, entries: Value) -> Value {
    if let (Some(object), Value::Object(entries)) = (object.as_object_mut(), entries) {
        object.extend(entries);
    }
    object
}

/// An iTransformer on channels with dates.
pub(super) fn itransformer(channels: usize, width: usize, layers: usize, batch: usize) -> Value {
    let settings = json!({
        "normalise": true, "time_stamps": true, "marks": 4,
        "d_model": width, "d_ff": width, "heads": 8, "layers": layers
    });
    request("itransformer", channels, batch, settings)
}

fn patchtst(
    channels: usize,
    heads: usize,
    layers: usize,
    feed_forward: usize,
    batch: usize,
) -> Value {
    let settings = json!({
        "layout": "library", "head_dropout": 0.1, "patch_len": 16, "stride": 8,
        "d_model": 512, "d_ff": feed_forward, "heads": heads, "layers": layers
    });
    request("patchtst", channels, batch, settings)
}

/// PyTorch's scan is a loop over the tokens; state-spaces/mamba has a kernel for CUDA only.
fn smamba(channels: usize, width: usize, states: usize, layers: usize, batch: usize) -> Value {
    let settings = json!({
        "normalise": true, "time_stamps": true, "marks": 4,
        "d_model": width, "d_ff": width, "states": states, "layers": layers
    });
    request("s-mamba", channels, batch, settings)
}

/// A model of ETTh1's seven channels with the settings of its script, but for those in `settings`.
fn etth1(model: &str, settings: Value) -> Value {
    request(model, 7, 32, settings)
}

/// An encoder-decoder at half its published width, at which a step takes less than two seconds.
fn encoder_decoder(model: &str, settings: Value) -> Value {
    let common = json!({
            "label_rows": 48, "time_stamps": true, "marks": 4, "future_marks": true,
            "d_model": 256, "d_ff": 1024, "layers": 2, "decoder_layers": 1
    });
    etth1(model, with(common, settings))
}

pub(super) fn sizes() -> Vec<Size> {
    vec![
        Size::new("iTransformer, 11 tokens", 40, itransformer(7, 128, 2, 32))
            .pruned()
            .sweep(2785),
        Size::new("iTransformer, one window", 100, itransformer(7, 256, 2, 1)).pruned(),
        Size::new("iTransformer, ETTh1-like", 20, itransformer(7, 256, 2, 32))
            .pruned()
            .sweep(2785),
        Size::new(
            "iTransformer, Weather-like",
            4,
            itransformer(21, 512, 3, 32),
        )
        .pruned()
        .sweep(1000),
        Size::new(
            "iTransformer, 321 channels",
            1,
            itransformer(321, 512, 3, 16),
        )
        .pruned()
        .sweep(50),
        Size::new(
            "iTransformer, 862 channels",
            1,
            itransformer(862, 512, 4, 4),
        )
        .pruned()
        .sweep(10),
        Size::new("PatchTST, ETTh1-like", 3, patchtst(7, 2, 1, 2048, 32))
            .pruned()
            .sweep(300),
        Size::new("PatchTST, Weather-like", 1, patchtst(21, 4, 2, 2048, 32))
            .pruned()
            .sweep(100),
        Size::new("PatchTST, 862 channels", 1, patchtst(862, 8, 2, 512, 1))
            .pruned()
            .sweep(7),
        Size::new("S-Mamba, ETTh1-like", 20, smamba(7, 256, 2, 2, 32)).sweep(2785),
        Size::new("S-Mamba, Weather-like", 2, smamba(21, 512, 2, 3, 32)).sweep(1000),
        Size::new("S-Mamba, 321 channels", 1, smamba(321, 512, 16, 3, 16)).sweep(20),
        // A quarter of its published width.
        Size::new(
            "Crossformer, d 128",
            2,
            etth1(
                "crossformer",
                json!({"segment": 12, "routers": 3, "d_model": 128, "d_ff": 512, "heads": 8, "layers": 2}),
            ),
        ),
        Size::new(
            "Transformer, d 256",
            2,
            encoder_decoder("transformer", json!({"heads": 8})),
        )
        .pruned(),
        Size::new(
            "Autoformer, d 256",
            2,
            encoder_decoder("autoformer", json!({"lag_factor": 3, "kernel": 25})),
        ),
        Size::new(
            "Informer, d 256",
            2,
            encoder_decoder(
                "informer",
                json!({
                    "heads": 8, "factor": 3, "padding": 1,
                    "sparse_cross": false, "mixed_decoder": false, "mixed_others": false
                }),
            ),
        )
        .pruned(),
        Size::new(
            "TSMixer",
            10,
            etth1(
                "tsmixer",
                json!({"layout": "library", "hidden": 512, "layers": 2}),
            ),
        ),
        Size::new(
            "LightTS",
            20,
            etth1("lightts", json!({"width": 512, "chunk": 24})),
        ),
        Size::new(
            "FITS",
            40,
            etth1(
                "fits",
                json!({"lookback": 360, "period": 24, "harmonics": 6, "individual": false}),
            ),
        ),
        Size::new(
            "TiDE",
            10,
            etth1(
                "tide",
                json!({
                    "narrow_norms": false, "time_stamps": true, "marks": 4, "future_marks": true,
                    "width": 256, "layers": 2, "decoder_width": 8, "row_width": 256
                }),
            ),
        ),
        Size::new(
            "TimeMixer",
            2,
            request(
                "timemixer",
                7,
                128,
                json!({
                    "time_stamps": true, "marks": 4,
                    "d_model": 16, "d_ff": 32, "layers": 2, "halvings": 3, "kernel": 25
                }),
            ),
        ),
        Size::new("DLinear", 100, etth1("dlinear", json!({"kernel": 25}))),
    ]
}
