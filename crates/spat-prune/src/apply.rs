//! Carrying a plan out: the removed parts are really gone.

use spat_model::HasAttention;
use spat_spec::Plan;

/// The model without the modules and heads that the plan removes: their W_q, W_k, W_v and
/// W_o (or their columns and rows) no longer exist. All other weights stay as they are.
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
