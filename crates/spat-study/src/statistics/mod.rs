//! Statistical functions over slices.

mod bootstrap;
mod mean_rank;
mod nested;
mod paired;
mod rank;
mod sign;
mod summary;

pub use bootstrap::{Interval, bootstrap};
pub use mean_rank::{critical_difference, mean_ranks, ranks};
pub use nested::{Nested, nested_bootstrap, nested_mean};
pub use paired::{PairedTest, paired_t, sign_flip, t_quantile};
pub use rank::{kendall_tau, regret, somers_d};
pub use sign::sign_test;
pub use summary::Summary;
