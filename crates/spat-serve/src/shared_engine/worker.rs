//! The thread that runs one turn after the other in the engine process. It decides nothing.

use std::time::Duration;

use spat_spec::{EngineMessage, Event};

use super::SharedEngine;
use super::scheduler::Turn;
use crate::engine_process::{EngineProcess, ProcessFailure, TurnRequest};

/// How long the engine process may give no sign of life while the server shuts down.
const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(10);

/// Runs turns until the engine is closed. A process that failed is replaced before the next turn.
pub(super) fn run(engine: &SharedEngine, process: EngineProcess) {
    let mut process = Some(process);
    while let Some(turn) = engine.wait_for_turn() {
        let Turn {
            visitor,
            open,
            command,
            first_commands,
            commands,
        } = turn;
        let table = open.upload.as_ref().map(|upload| upload.read());
        let table = match table.transpose() {
            Ok(table) => table,
            Err(error) => {
                let message =
                    format!("the server cannot read the uploaded table ({error}); load it again");
                engine.handle_message(EngineMessage::Event(Box::new(Event::Failed { message })));
                engine.end_turn(visitor, &open.run, None);
                continue;
            }
        };
        let request = TurnRequest {
            runs: engine.runs_of(visitor).root().to_owned(),
            run: open.run.clone(),
            table: open.table.clone(),
            is_new: table.is_some(),
            engine: engine.device,
            limits: engine.rules.table_limits(),
            command,
            first_commands,
        };
        let ended = usable(engine, process.take()).and_then(|mut current| {
            let timeout = || {
                let timeout = engine.command.timeout;
                match engine.is_closed() {
                    true => timeout.min(SHUTDOWN_TIMEOUT),
                    false => timeout,
                }
            };
            let handle = |message| match message {
                Some(message) => engine.handle_message(message),
                None => engine.enforce_limits(),
            };
            let table = table.unwrap_or_default();
            current.run_turn(request, &table, commands, timeout, handle)?;
            Ok(current)
        });
        match ended {
            Ok(current) => {
                process = Some(current);
                engine.end_turn(visitor, &open.run, None);
            }
            Err(failure) => engine.end_turn(visitor, &open.run, Some(&failure)),
        }
    }
    if let Some(process) = process {
        process.close();
    }
}

/// The process, or a new one if it has failed, or ended between two turns.
fn usable(
    engine: &SharedEngine,
    process: Option<EngineProcess>,
) -> Result<EngineProcess, ProcessFailure> {
    if let Some(mut process) = process
        && !process.has_ended()
    {
        return Ok(process);
    }
    EngineProcess::start(&engine.command)
}
