//! The thread that owns the device: one turn after the other.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use spat_engine::session::{EngineSession, JobControl};
use spat_host::RunsFolder;
use spat_spec::{EngineMessage, EngineRequest, Event};

use super::Hall;
use super::floor::Turn;
use crate::gate::VisitorId;

/// Deep structures nest deeply while gradients are taken.
pub(super) const STACK: usize = 64 << 20;

/// How long the last visitor's models stay at hand while nobody else wants the device.
const AT_HAND: Duration = Duration::from_secs(1);

/// A desk with a run on it.
struct Seat {
    visitor: VisitorId,
    run: String,
    session: EngineSession<RunsFolder>,
}

/// Works until the hall is closed.
pub(super) fn work(hall: &Arc<Hall>) {
    let steering = JobControl::default();
    let mut seat: Option<Seat> = None;
    while !hall.is_closed() {
        let patience = seat.as_ref().map(|_| AT_HAND);
        let Some(turn) = hall.wait_for_turn(&steering, patience) else {
            // The run's folder is let go, so that it can be removed.
            seat = None;
            continue;
        };
        let fits = |seat: &Seat| seat.visitor == turn.visitor && seat.run == turn.open.run;
        let taken = seat.take().filter(fits);
        let done = catch_unwind(AssertUnwindSafe(|| {
            pollster::block_on(take_turn(hall, &steering, taken, &turn))
        }));
        match done {
            Ok(after) => seat = after,
            Err(panic) => hall.hear(EngineMessage::Event(Box::new(Event::Failed {
                message: broke_down(&*panic),
            }))),
        }
        hall.end_turn(&turn);
    }
}

/// Does the turn's command at a desk that has the run open; gives the desk back, unless the run
/// could not be opened.
async fn take_turn(
    hall: &Arc<Hall>,
    steering: &JobControl,
    seat: Option<Seat>,
    turn: &Turn,
) -> Option<Seat> {
    let mut seat = match seat {
        Some(seat) => seat,
        None => sit_down(hall, steering, turn).await?,
    };
    let order = EngineRequest::Command(turn.command.clone());
    seat.session.handle(order, None).await;
    Some(seat)
}

async fn sit_down(hall: &Arc<Hall>, steering: &JobControl, turn: &Turn) -> Option<Seat> {
    let upload = turn.open.upload.as_ref();
    let bytes = match upload.map(|upload| upload.read()).transpose() {
        Ok(bytes) => bytes,
        Err(error) => {
            hall.hear(EngineMessage::Event(Box::new(Event::Failed {
                message: format!("the server has lost the table ({error}); load it again"),
            })));
            return None;
        }
    };
    let ears = Arc::clone(hall);
    let shelf = hall.runs_of(turn.visitor);
    let mut session = EngineSession::new(shelf, steering.clone(), move |notice| ears.hear(notice));
    let order = EngineRequest::Open {
        run: turn.open.run.clone(),
        table: turn.open.table.clone(),
        engine: hall.engine(),
    };
    session.handle(order, bytes).await;
    (!hall.has_failed()).then(|| Seat {
        visitor: turn.visitor,
        run: turn.open.run.clone(),
        session,
    })
}

fn broke_down(panic: &(dyn std::any::Any + Send)) -> String {
    let words = panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&str>().copied());
    format!(
        "the engine broke down ({}); others are not concerned, and what was done is kept",
        words.unwrap_or("it gave no reason")
    )
}
