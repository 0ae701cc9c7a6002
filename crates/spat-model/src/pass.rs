//! One forward pass: whether it trains, what it is probed for, and what it leaves behind.

use std::collections::BTreeMap;

use burn::module::ParamId;
use burn::tensor::{Device, Gradients, Tensor};
use rand::{Rng as _, SeedableRng as _};
use rand_xoshiro::Xoshiro256PlusPlus;
use spat_kernels::Dropout;
use spat_spec::{MaskShape, ModuleId};

/// What is asked of the attention modules besides the forecast.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Probe {
    /// Nothing: the fast path.
    #[default]
    None,
    /// A connection mask M of ones on every attention map, so that `S = ∂L/∂M` can be read after
    /// the backward pass.
    Masks(MaskShape),
    /// The mask, and the attention maps themselves.
    MasksAndMaps(MaskShape),
}

/// The state of one forward pass.
///
/// A pass is made anew for each batch. With [`Probe::None`] the modules do no more work than
/// without it.
pub struct Pass {
    probe: Probe,
    dropout: Option<Xoshiro256PlusPlus>,
    masks: BTreeMap<ModuleId, Tensor<4>>,
    maps: BTreeMap<ModuleId, Tensor<4>>,
    running: Vec<(ParamId, Tensor<1>)>,
}

impl Pass {
    /// A training pass: dropout drawn from `seed`, batch statistics in batch norms. The same seed
    /// drops the same values on every device.
    pub fn training(seed: u64) -> Self {
        Self {
            dropout: Some(Xoshiro256PlusPlus::seed_from_u64(seed)),
            ..Self::evaluation()
        }
    }

    /// An evaluation pass: no dropout, running statistics in batch norms.
    pub fn evaluation() -> Self {
        Self {
            probe: Probe::None,
            dropout: None,
            masks: BTreeMap::new(),
            maps: BTreeMap::new(),
            running: Vec::new(),
        }
    }

    /// The same pass with a probe.
    pub fn with_probe(mut self, probe: Probe) -> Self {
        self.probe = probe;
        self
    }

    /// Sensitivities `S = ∂L/∂M` at M = 1, by module: `[H, Lq, Lk]` as `[1, H, Lq, Lk]` for a
    /// shared mask, `[B, H, Lq, Lk]` for one per sample. Takes them out of `gradients`.
    pub fn sensitivities(&self, gradients: &mut Gradients) -> BTreeMap<ModuleId, Tensor<4>> {
        self.masks
            .iter()
            .filter_map(|(module, mask)| Some((module.clone(), mask.grad_remove(gradients)?)))
            .collect()
    }

    /// Attention maps A after the softmax, `[B, H, Lq, Lk]`, where the probe asked for them.
    pub fn maps(&self) -> &BTreeMap<ModuleId, Tensor<4>> {
        &self.maps
    }

    /// New values of running statistics, by parameter; the trainer writes them with its step.
    pub fn take_running(&mut self) -> Vec<(ParamId, Tensor<1>)> {
        std::mem::take(&mut self.running)
    }

    pub(crate) fn is_training(&self) -> bool {
        self.dropout.is_some()
    }

    pub(crate) fn set_running(&mut self, id: ParamId, value: Tensor<1>) {
        self.running.push((id, value));
    }

    /// A mask M of ones for attention maps of the shape `[B, H, Lq, Lk]`, where the probe asks for one.
    pub(crate) fn mask(
        &mut self,
        module: &ModuleId,
        maps: [usize; 4],
        device: &Device,
    ) -> Option<Tensor<4>> {
        let [batch, heads, queries, keys] = maps;
        let batch = match self.probe {
            Probe::None => return None,
            Probe::Masks(shape) | Probe::MasksAndMaps(shape) => match shape {
                MaskShape::Shared => 1,
                MaskShape::PerSample => batch,
            },
        };
        let mask = Tensor::ones([batch, heads, queries, keys], device).require_grad();
        self.masks.insert(module.clone(), mask.clone());
        Some(mask)
    }

    /// Whether the attention maps are to be kept.
    pub(crate) fn wants_maps(&self) -> bool {
        matches!(self.probe, Probe::MasksAndMaps(_))
    }

    /// Keeps a module's attention maps.
    pub(crate) fn keep_maps(&mut self, module: &ModuleId, maps: Tensor<4>) {
        self.maps.insert(module.clone(), maps);
    }

    /// `M ⊙ A` where the probe asks for a mask, A itself otherwise.
    pub(crate) fn connect(&mut self, module: &ModuleId, attention: Tensor<4>) -> Tensor<4> {
        if self.wants_maps() {
            self.keep_maps(module, attention.clone().detach());
        }
        match self.mask(module, attention.dims(), &attention.device()) {
            Some(mask) => attention * mask,
            None => attention,
        }
    }

    /// The next dropout with this probability, in a pass that trains.
    pub(crate) fn dropout(&mut self, probability: f64) -> Option<Dropout> {
        let random = self.dropout.as_mut().filter(|_| probability > 0.0)?;
        Some(Dropout::new(random.next_u64(), probability))
    }
}
