//! Who is here, who waits for what, and who is served: everything that is decided, nothing that is
//! computed. Time comes from outside, so that tests have their own.

mod closing;
mod connections;
mod going;
mod hearing;
mod line;
mod orders;
mod state;
mod steering;
#[cfg(test)]
mod tests;
mod turn;

pub(crate) use connections::{Arrival, Behind};
pub(in crate::hall) use state::Floor;
pub(in crate::hall) use turn::Turn;
