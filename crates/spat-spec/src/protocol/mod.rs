//! The messages between front ends and the engine. All of them are JSON; other bytes (tables, model files)
//! are sent separately.
//!
//! - `run`: [`Command`]s to a run and its [`Event`]s; also what `spat run --json` prints.
//! - `session`: [`EngineRequest`]s and [`EngineMessage`]s, which carry commands and events and state
//!   which run is meant and which device computes.
//! - `envelope`: numbered requests and messages between the web app and a server.
//! - `frame`: a value and bytes in one buffer, for transports that take only buffers or a stream of bytes.
//!
//! Enums are externally tagged, so that serde reads them in one pass.

mod envelope;
mod frame;
mod run;
mod session;

pub use envelope::{ClientEnvelope, Hello, ServerEnvelope};
pub use frame::{FrameError, frame, read_frame, unframe, write_frame};
pub use run::{Command, Event, PROTOCOL, Phase};
pub use session::{Engine, EngineMessage, EngineRequest, MenuAction, RunSummary, Stage};

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    /// Other programs and older versions depend on these forms; a change needs a new [`PROTOCOL`].
    #[test]
    fn requests_and_messages_are_tagged_by_their_names() {
        let step = EngineRequest::Command(Command::Step { steps: 3 });
        let json = serde_json::to_string(&step).unwrap();
        assert_eq!(json, r#"{"command":{"step":{"steps":3}}}"#);
        assert_eq!(serde_json::from_str::<EngineRequest>(&json).unwrap(), step);

        let json = r#"{"number":1,"received":2,"message":{"event":"paused"}}"#;
        let envelope: ServerEnvelope = serde_json::from_str(json).unwrap();
        let paused = EngineMessage::Event(Box::new(Event::Paused));
        assert_eq!(envelope.message, paused);
        assert_eq!(serde_json::to_string(&envelope).unwrap(), json);
    }

    #[test]
    fn unknown_messages_are_rejected_by_name() {
        let error = serde_json::from_str::<EngineMessage>(r#"{"other":{}}"#).unwrap_err();
        assert!(error.to_string().contains("`other`"), "{error}");
    }
}
