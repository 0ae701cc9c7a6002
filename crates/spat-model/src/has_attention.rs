//! The trait of models whose attention modules can be scored and removed.

use burn::module::Module;
use spat_spec::ModuleId;

use crate::layers::AttentionSlot;

/// A model whose attention modules can be probed and removed.
pub trait HasAttention: Module {
    /// The slots of all attention modules, removed or not, from input to output.
    fn slots(&self) -> Vec<&AttentionSlot>;

    /// The slots, mutably.
    fn slots_mut(&mut self) -> Vec<&mut AttentionSlot>;

    /// The model with each attention slot changed by `change`.
    fn map_attention(mut self, change: impl Fn(AttentionSlot) -> AttentionSlot) -> Self {
        for slot in self.slots_mut() {
            *slot = change(slot.clone());
        }
        self
    }

    /// Slots of the attention modules that are not removed, from input to output.
    fn active_attention(&self) -> Vec<&AttentionSlot> {
        let slots = self.slots().into_iter();
        slots.filter(|slot| slot.module.is_some()).collect()
    }

    /// Identifiers of the attention modules that are not removed, from input to output.
    fn active_attention_ids(&self) -> Vec<&ModuleId> {
        self.active_attention()
            .into_iter()
            .map(AttentionSlot::id)
            .collect()
    }
}
