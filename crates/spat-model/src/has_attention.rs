//! The trait of models whose attention modules can be scored and removed.

use burn::module::Module;
use spat_spec::ModuleId;

use crate::attention::AttentionSlot;
use crate::encoder::{Encoder, EncoderLayer};

/// A model with an encoder, whose attention modules can be probed and removed.
pub trait HasAttention: Module {
    /// The encoder; none in a model without attention.
    fn encoder(&self) -> Option<&Encoder>;

    /// The encoder, mutably.
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

    /// Slots of the attention modules that are not removed, from input to output.
    fn active_attention(&self) -> Vec<&AttentionSlot> {
        self.encoder()
            .map(|encoder| encoder.layers.as_slice())
            .unwrap_or_default()
            .iter()
            .map(|layer| &layer.attention)
            .filter(|slot| slot.module.is_some())
            .collect()
    }

    /// Identifiers of the attention modules that are not removed, from input to output.
    fn active_attention_ids(&self) -> Vec<&ModuleId> {
        self.active_attention()
            .into_iter()
            .map(AttentionSlot::id)
            .collect()
    }
}
