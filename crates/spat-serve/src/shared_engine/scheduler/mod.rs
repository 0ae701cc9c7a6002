//! Scheduling of the shared engine: connections, queues and the running job. It makes all decisions
//! and computes nothing. Callers pass the time in, so that tests control it.

mod connections;
mod job_control;
mod messages;
mod places;
mod queue;
mod requests;
mod running_job;
mod shutdown;
mod state;
#[cfg(test)]
mod tests;
mod turn;

pub(crate) use connections::{Admission, Connected, Disconnected};
pub(in crate::shared_engine) use state::SchedulerState;
pub(in crate::shared_engine) use turn::Turn;
