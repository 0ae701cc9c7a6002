//! What scoring and removal need of a model, be it a forecaster or not.

use burn::module::Module;
use spat_spec::ModuleId;

use crate::attention::AttentionSlot;
use crate::encoder::{Encoder, EncoderLayer};

/// A model with an encoder, whose attention modules can be probed and removed.
pub trait Attentive: Module {
    /// The encoder; none in a model without attention.
    fn encoder(&self) -> Option<&Encoder>;

    /// The same, to change.
    fn encoder_mut(&mut self) -> Option<&mut Encoder>;

    /// The model with each attention slot changed by `change`.
    fn map_attention(self, change: impl Fn(AttentionSlot) -> AttentionSlot) -> Self {
        self.map_layers(|mut layer| {
            layer.attention = change(layer.attention);
            layer
        })
    }

    /// The model with each encoder layer changed by `change`.
    fn map_layers(mut self, change: impl Fn(EncoderLayer) -> EncoderLayer) -> Self {
        if let Some(encoder) = self.encoder_mut() {
            encoder.layers = std::mem::take(&mut encoder.layers)
                .into_iter()
                .map(change)
                .collect();
        }
        self
    }

    /// Places of attention modules that stand, from input to output.
    fn standing(&self) -> Vec<&AttentionSlot> {
        self.encoder()
            .map(|encoder| encoder.layers.as_slice())
            .unwrap_or_default()
            .iter()
            .map(|layer| &layer.attention)
            .filter(|slot| slot.module.is_some())
            .collect()
    }

    /// Names of the attention modules that stand.
    fn attention(&self) -> Vec<&ModuleId> {
        self.standing().into_iter().map(AttentionSlot::id).collect()
    }
}
