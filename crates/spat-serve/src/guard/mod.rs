//! Who may ask, and how often.

mod buckets;
mod hosts;

pub use buckets::Rate;
pub(crate) use buckets::{Bucket, Buckets, Neighbour};
pub(crate) use hosts::{Hosts, Misdirected};
