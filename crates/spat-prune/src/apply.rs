//! Applies a plan to a model.

use spat_model::HasAttention;
use spat_spec::Plan;

/// The model without the modules and heads that the plan removes: their W_q, W_k, W_v and W_o (or columns and
/// rows of them) are dropped. All other weights are unchanged.
pub fn apply<M: HasAttention>(plan: &Plan, dense: M) -> M {
    dense.map_attention(|slot| {
        if plan.removed.contains(slot.id()) {
            return slot.remove();
        }
        match plan
            .removed_heads
            .iter()
            .find(|removal| removal.module == *slot.id())
        {
            Some(removal) => {
                let keep: Vec<usize> = slot
                    .heads()
                    .iter()
                    .copied()
                    .filter(|head| !removal.heads.contains(head))
                    .collect();
                slot.retain_heads(&keep)
            }
            None => slot,
        }
    })
}
