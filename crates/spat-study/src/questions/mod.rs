//! One file per question: the tasks it needs, and the evaluation of their results.

pub(crate) mod adaptive;
pub(crate) mod finetuning;
pub(crate) mod ground_truth;
pub(crate) mod heads;
pub(crate) mod iterative;
pub(crate) mod rankings;
pub(crate) mod stability;
pub(crate) mod subsets;
pub(crate) mod sweep;
pub(crate) mod transfer;
pub(crate) mod uniformity;
