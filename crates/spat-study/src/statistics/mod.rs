//! Statistical functions over slices.

mod bootstrap;
mod paired;
mod rank;
mod summary;

pub use bootstrap::{Interval, bootstrap};
pub use paired::{PairedTest, paired_t, sign_flip, t_quantile};
pub use rank::{kendall_tau, regret, somers_d};
pub use summary::Summary;
