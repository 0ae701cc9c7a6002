//! The context of one forward pass: training or evaluation, the probe, and the recorded tensors.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};

use burn::module::ParamId;
use burn::tensor::{Device, Gradients, Tensor, TensorData};
use rand::{Rng as _, SeedableRng as _};
use rand_xoshiro::Xoshiro256PlusPlus;
use spat_cpu::Dropout;
use spat_spec::{MaskShape, ModuleId};

/// What the attention modules record in addition to the forecast.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Probe {
    /// Nothing; the fastest path.
    #[default]
    None,
    /// A connection mask M of ones on every attention map, so that `S = ∂L/∂M` can be read after
    /// the backward pass.
    Masks(MaskShape),
    /// The mask, and the attention maps themselves.
    MasksAndMaps(MaskShape),
    /// Only the attention maps.
    Maps,
    /// Gates on the output of each head and each module, so that the loss's gradients with respect to
    /// them can be read after the backward pass.
    Gates,
    /// The residual stream around each attention module.
    Streams,
}

/// Factors on one module's parts under [`Probe::Gates`]; 1 by default.
#[derive(Debug, Clone, PartialEq)]
pub struct Gates {
    /// On each active head's context, in head order.
    pub heads: Vec<f32>,
    /// On the module's output, bias included.
    pub module: f32,
}

/// Gradients of the loss with respect to per-token gates.
///
/// With the factor g on the output of a part, `y = g · part(x)`, the gradient of a token's gate is the dot
/// product `part(x) · ∂L/∂y`; that of a gate shared by all tokens is the sum over tokens.
#[derive(Debug, Clone)]
pub struct GateGradients {
    /// `[B · L, H]`, the active heads in order.
    pub heads: Tensor<2>,
    /// `[B · L, 1]`.
    pub module: Tensor<2>,
}

/// The residual stream around an attention module, one row per token, outside the graph.
///
/// The layer is the module with its norm and the feed-forward part after it. The self-attention of a decoder
/// layer has its norm only.
#[derive(Debug, Clone)]
pub struct Stream {
    /// Input of the layer, `[B · L, d_model]`.
    pub input: Tensor<2>,
    /// Output of the attention module, without dropout.
    pub branch: Tensor<2>,
    /// Output of the layer.
    pub output: Tensor<2>,
}

/// Values on the cells of an attention map: attention or sensitivities.
#[derive(Debug, Clone)]
pub struct MapValues {
    /// `[B or 1, H, Lq, Lk]`.
    pub values: Tensor<4>,
    /// Whether row i attends to the keys 0 to i only. Other cells have the value 0 and no meaning.
    pub causal: bool,
}

/// Values of a map whose rows attend to all keys.
impl From<Tensor<4>> for MapValues {
    fn from(values: Tensor<4>) -> Self {
        Self {
            values,
            causal: false,
        }
    }
}

/// Keeps the numbers of samples apart from those of dropout, which has the same seed.
const SAMPLING: u64 = 0x5a3b_1e5c_0f7d_9264;

static PASSES: AtomicU64 = AtomicU64::new(0);

/// Number of forward passes that this process has begun. Training, evaluation, scoring and forecasts begin one
/// per batch, so while this does not change, the process is inside one batch or computes none.
pub fn passes_begun() -> u64 {
    PASSES.load(Ordering::Relaxed)
}

/// Options and recorded tensors of one forward pass.
///
/// Each batch needs a new context. With [`Probe::None`] a module does no additional work.
pub struct ForwardContext {
    probe: Probe,
    dropout: Option<Xoshiro256PlusPlus>,
    sampling_seed: u64,
    masks: BTreeMap<ModuleId, MapValues>,
    maps: BTreeMap<ModuleId, MapValues>,
    gates: BTreeMap<ModuleId, Gates>,
    gate_leaves: BTreeMap<ModuleId, GateGradients>,
    streams: BTreeMap<ModuleId, Stream>,
    running: Vec<(ParamId, Tensor<1>)>,
}

impl ForwardContext {
    /// Context of a training pass: dropout drawn from `seed`, batch statistics in batch norms. Dropout
    /// depends on the seed alone, not on the device.
    pub fn training(seed: u64) -> Self {
        Self {
            dropout: Some(Xoshiro256PlusPlus::seed_from_u64(seed)),
            ..Self::evaluation().with_sampling_seed(seed)
        }
    }

    /// Draws what a model samples in a pass (the keys by which Informer compares its queries) from `seed`. An
    /// evaluation has the seed 0, so that it is reproducible, and a training the seed of its dropout.
    pub fn with_sampling_seed(self, seed: u64) -> Self {
        Self {
            sampling_seed: seed ^ SAMPLING,
            ..self
        }
    }

    /// Context of an evaluation pass: no dropout, running statistics in batch norms.
    pub fn evaluation() -> Self {
        PASSES.fetch_add(1, Ordering::Relaxed);
        Self {
            probe: Probe::None,
            dropout: None,
            sampling_seed: SAMPLING,
            masks: BTreeMap::new(),
            maps: BTreeMap::new(),
            gates: BTreeMap::new(),
            gate_leaves: BTreeMap::new(),
            streams: BTreeMap::new(),
            running: Vec::new(),
        }
    }

    /// Sets the probe.
    pub fn with_probe(mut self, probe: Probe) -> Self {
        self.probe = probe;
        self
    }

    /// Sensitivities `S = ∂L/∂M` at M = 1, by attention map: `[H, Lq, Lk]` as `[1, H, Lq, Lk]` for a
    /// shared mask, `[B, H, Lq, Lk]` for one per sample. A map over time lags, which differ between the samples
    /// of an evaluation, has a mask per sample there in any case. Takes them out of `gradients`.
    pub fn sensitivities(&self, gradients: &mut Gradients) -> BTreeMap<ModuleId, MapValues> {
        self.masks
            .iter()
            .filter_map(|(map, mask)| {
                let values = mask.values.grad_remove(gradients)?;
                Some((map.clone(), MapValues { values, ..*mask }))
            })
            .collect()
    }

    /// Sets the factors of the gates of [`Probe::Gates`].
    pub fn with_gates(mut self, gates: BTreeMap<ModuleId, Gates>) -> Self {
        self.gates = gates;
        self
    }

    /// Gradients of the gates, by module. Takes them out of `gradients`.
    pub fn gate_gradients(&self, gradients: &mut Gradients) -> BTreeMap<ModuleId, GateGradients> {
        self.gate_leaves
            .iter()
            .filter_map(|(module, leaves)| {
                let gradients = GateGradients {
                    heads: leaves.heads.grad_remove(gradients)?,
                    module: leaves.module.grad_remove(gradients)?,
                };
                Some((module.clone(), gradients))
            })
            .collect()
    }

    /// The residual stream around each active module, if the probe requests it.
    pub fn streams(&self) -> &BTreeMap<ModuleId, Stream> {
        &self.streams
    }

    /// Attention maps A after the softmax, `[B, H, Lq, Lk]`, by name, if the probe requests them.
    pub fn maps(&self) -> &BTreeMap<ModuleId, MapValues> {
        &self.maps
    }

    /// New values of running statistics, by parameter; the trainer writes them in its step.
    pub fn take_running(&mut self) -> Vec<(ParamId, Tensor<1>)> {
        std::mem::take(&mut self.running)
    }

    pub(crate) fn is_training(&self) -> bool {
        self.dropout.is_some()
    }

    pub(crate) fn set_running(&mut self, id: ParamId, value: Tensor<1>) {
        self.running.push((id, value));
    }

    /// A mask M of ones for attention maps of the shape `[B, H, Lq, Lk]`, if the probe requests one.
    pub(crate) fn mask(
        &mut self,
        module: &ModuleId,
        maps: [usize; 4],
        causal: bool,
        device: &Device,
    ) -> Option<Tensor<4>> {
        let [batch, heads, queries, keys] = maps;
        let batch = match self.mask_shape()? {
            MaskShape::Shared => 1,
            MaskShape::PerSample => batch,
        };
        Some(self.ones(module, [batch, heads, queries, keys], causal, device))
    }

    /// A mask of ones, `[B, H, Lq, Lk]`, if the probe requests one, for maps whose columns differ between
    /// samples.
    pub(crate) fn mask_per_sample(
        &mut self,
        module: &ModuleId,
        maps: [usize; 4],
        device: &Device,
    ) -> Option<Tensor<4>> {
        self.mask_shape()?;
        Some(self.ones(module, maps, false, device))
    }

    fn mask_shape(&self) -> Option<MaskShape> {
        match self.probe {
            Probe::None | Probe::Maps | Probe::Gates | Probe::Streams => None,
            Probe::Masks(shape) | Probe::MasksAndMaps(shape) => Some(shape),
        }
    }

    fn ones(
        &mut self,
        module: &ModuleId,
        shape: [usize; 4],
        causal: bool,
        device: &Device,
    ) -> Tensor<4> {
        let mask = Tensor::ones(shape, device).require_grad();
        let values = mask.clone();
        self.masks
            .insert(module.clone(), MapValues { values, causal });
        mask
    }

    /// Whether attention maps are recorded.
    pub(crate) fn wants_maps(&self) -> bool {
        matches!(self.probe, Probe::MasksAndMaps(_) | Probe::Maps)
    }

    /// Whether the probe needs the output of each attention module as a separate tensor.
    pub(crate) fn needs_branches(&self) -> bool {
        matches!(self.probe, Probe::Gates | Probe::Streams)
    }

    /// Whether the residual stream is recorded.
    pub(crate) fn wants_streams(&self) -> bool {
        self.probe == Probe::Streams
    }

    /// Records the stream around a module.
    pub(crate) fn record_stream(&mut self, module: &ModuleId, stream: Stream) {
        self.streams.insert(module.clone(), stream);
    }

    /// The heads' contexts `[B · L, H · w]`, multiplied by their gates if the probe requests gates.
    pub(crate) fn gate_heads(
        &mut self,
        module: &ModuleId,
        context: Tensor<2>,
        head_width: usize,
    ) -> Tensor<2> {
        if self.probe != Probe::Gates {
            return context;
        }
        let [rows, inner] = context.dims();
        let heads = inner / head_width;
        let gates = self.gates.get(module);
        let factors = gates.map_or_else(|| vec![1.0; heads], |gates| gates.heads.clone());
        let device = context.device();
        let leaves = GateGradients {
            heads: leaf(&factors, rows, &device),
            module: leaf(&[gates.map_or(1.0, |gates| gates.module)], rows, &device),
        };
        let gated = context.reshape([rows, heads, head_width])
            * leaves.heads.clone().reshape([rows, heads, 1]);
        self.gate_leaves.insert(module.clone(), leaves);
        gated.reshape([rows, inner])
    }

    /// The module's output `[B · L, d_model]`, multiplied by its gate if the probe requests gates.
    pub(crate) fn gate_module(&self, module: &ModuleId, output: Tensor<2>) -> Tensor<2> {
        match self.gate_leaves.get(module) {
            Some(leaves) => output * leaves.module.clone(),
            None => output,
        }
    }

    /// Records a module's attention maps.
    pub(crate) fn record_maps(&mut self, module: &ModuleId, maps: MapValues) {
        self.maps.insert(module.clone(), maps);
    }

    /// `M ⊙ A` if the probe requests a mask, otherwise A.
    pub(crate) fn connect(&mut self, module: &ModuleId, attention: Tensor<4>) -> Tensor<4> {
        if self.wants_maps() {
            self.record_maps(module, attention.clone().detach().into());
        }
        match self.mask(module, attention.dims(), false, &attention.device()) {
            Some(mask) => attention * mask,
            None => attention,
        }
    }

    /// How often each of `keys` keys is drawn for each of `queries` queries, in `draws` draws with replacement,
    /// `[Lq, Lk]`, row-major. A module's sample does not depend on which other modules there are.
    pub(crate) fn sample(
        &self,
        module: &ModuleId,
        [queries, keys]: [usize; 2],
        draws: usize,
    ) -> Vec<f32> {
        let seed = self.sampling_seed ^ fnv1a(module.as_str());
        let mut random = Xoshiro256PlusPlus::seed_from_u64(seed);
        let mut counts = vec![0.0; queries * keys];
        for row in counts.chunks_exact_mut(keys) {
            for _ in 0..draws {
                let drawn = (u128::from(random.next_u64()) * keys as u128) >> 64;
                row[drawn as usize] += 1.0;
            }
        }
        counts
    }

    /// The next dropout with this probability; `None` in evaluation.
    pub(crate) fn dropout(&mut self, probability: f64) -> Option<Dropout> {
        let random = self.dropout.as_mut().filter(|_| probability > 0.0)?;
        Some(Dropout::new(random.next_u64(), probability))
    }
}

/// The same factors for each of `rows` tokens, as leaf tensors of a graph.
fn leaf(factors: &[f32], rows: usize, device: &Device) -> Tensor<2> {
    let values = TensorData::new(factors.repeat(rows), [rows, factors.len()]);
    let leaf = Tensor::from_data(values, device);
    if leaf.is_autodiff() {
        leaf.require_grad()
    } else {
        leaf
    }
}

/// The FNV-1a hash of 64 bits.
fn fnv1a(name: &str) -> u64 {
    name.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The numbers of `crates/xtask/python/models.py`:
    /// `Draws("decoder.0.self_attention").table(3, 5, 4)`.
    #[test]
    fn samples_are_those_of_the_python_code() {
        let cx = ForwardContext::evaluation();
        let module = ModuleId::new("decoder", 0, "self_attention");
        let counts = cx.sample(&module, [3, 5], 4);
        let drawn = [[4, 2, 0, 0], [0, 3, 1, 3], [2, 3, 0, 1]];
        for (row, drawn) in counts.chunks_exact(5).zip(drawn) {
            for (key, &count) in row.iter().enumerate() {
                let expected = drawn.iter().filter(|&&drawn| drawn == key).count();
                assert_eq!(count, expected as f32);
            }
        }
        let encoder = cx.sample(&ModuleId::encoder(0), [3, 5], 4);
        assert_ne!(encoder, counts);
    }
}
