//! How the page reads what the engine tells. The types themselves are tagged inside by serde, which
//! for that keeps a second reader of everything in them; these are their forms for [`Json`], which
//! finds the tag by itself, by the name that serde knows a form by.

use serde::{Deserialize, Deserializer};
use spat_spec::{
    DataFacts, DeviceFacts, EngineMessage, EpochResult, Event, ForecastSample, FutureForecast,
    MenuAction, ModelForecast, ModuleMaps, Phase, Plan, Report, Score, ServerEnvelope,
};

use crate::reader::{Json, ReadError};

/// What the engine tells.
///
/// # Errors
/// It is no notice: a page and an engine of different versions.
pub fn read_message(json: &[u8]) -> Result<EngineMessage, ReadError> {
    EngineMessageForm::deserialize(Json::of(json)?)
}

/// What a shared engine tells.
///
/// # Errors
/// As [`read_message`].
pub fn read_envelope(json: &[u8]) -> Result<ServerEnvelope, ReadError> {
    ServerEnvelopeForm::deserialize(Json::of(json)?)
}

fn event<'de, D: Deserializer<'de>>(json: D) -> Result<Box<Event>, D::Error> {
    EventForm::deserialize(json).map(Box::new)
}

/// An epoch's phase and figures, which stand side by side.
fn epoch<'de, D: Deserializer<'de>>(json: D) -> Result<(Phase, EpochResult), D::Error> {
    let flat = EpochForm::deserialize(json)?;
    let result = EpochResult {
        epoch: flat.epoch,
        train_loss: flat.train_loss,
        val_mse: flat.val_mse,
        learning_rate: flat.learning_rate,
        seconds: flat.seconds,
        best: flat.best,
    };
    Ok((flat.phase, result))
}

#[derive(Deserialize)]
struct EpochForm {
    phase: Phase,
    epoch: usize,
    train_loss: f64,
    val_mse: f64,
    learning_rate: f64,
    seconds: f64,
    best: bool,
}

#[derive(Deserialize)]
#[serde(remote = "ServerEnvelope")]
struct ServerEnvelopeForm {
    number: u64,
    received: u64,
    #[serde(with = "EngineMessageForm")]
    message: EngineMessage,
}

#[derive(Deserialize)]
#[serde(remote = "EngineMessage", rename = "type", rename_all = "snake_case")]
enum EngineMessageForm {
    Ready,
    Device {
        facts: DeviceFacts,
        reason: Option<String>,
    },
    Event(#[serde(deserialize_with = "event")] Box<Event>),
    Forecast {
        forecast: Box<ModelForecast>,
    },
    NoForecast {
        reason: String,
    },
    NotStored {
        reason: String,
    },
    Place {
        ahead: usize,
    },
    Broken {
        message: String,
    },
    Table {
        name: String,
    },
    MenuAction {
        action: MenuAction,
    },
}

#[derive(Deserialize)]
#[serde(remote = "Event", rename = "event", rename_all = "snake_case")]
enum EventForm {
    Started {
        protocol: u32,
        version: String,
        hash: String,
        resumed: bool,
    },
    Device(DeviceFacts),
    Data(DataFacts),
    Past {
        phase: Phase,
        steps_per_epoch: usize,
        epochs: Vec<EpochResult>,
    },
    Phase {
        phase: Phase,
        epochs: usize,
        steps_per_epoch: usize,
    },
    Progress {
        phase: Phase,
        epoch: usize,
        step: usize,
        steps: usize,
        loss: Option<f64>,
        steps_per_second: f64,
        eta_seconds: f64,
    },
    #[serde(deserialize_with = "epoch")]
    Epoch {
        phase: Phase,
        result: EpochResult,
    },
    Scores {
        scores: Vec<Score>,
    },
    Maps {
        maps: Vec<ModuleMaps>,
    },
    Trained {
        test_windows: usize,
    },
    Window {
        sample: Box<ForecastSample>,
    },
    Future {
        forecast: Box<FutureForecast>,
    },
    Plan {
        plan: Plan,
    },
    Warning {
        message: String,
    },
    Paused,
    Stopped,
    Done {
        report: Box<Report>,
    },
    Failed {
        message: String,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts() -> DeviceFacts {
        DeviceFacts {
            kind: "cpu".to_owned(),
            name: "a \"name\"".to_owned(),
            threads: 2,
        }
    }

    fn third_epoch() -> EpochResult {
        EpochResult {
            epoch: 3,
            train_loss: 0.1,
            val_mse: 1e-7,
            learning_rate: 1e-4,
            seconds: 0.25,
            best: true,
        }
    }

    fn sample() -> ForecastSample {
        ForecastSample {
            window: 7,
            first_row: 100,
            first_stamp: Some("2016-07-01 00:00:00".to_owned()),
            channel: 1,
            input: vec![0.1, -2.0],
            truth: vec![1.0],
            dense: vec![f32::MIN_POSITIVE],
            pruned: Vec::new(),
            naive: vec![3.4e38],
        }
    }

    fn events() -> Vec<Event> {
        let phase = Phase::DenseFinetuned;
        vec![
            Event::Started {
                protocol: 2,
                version: "0.1.0".to_owned(),
                hash: "ab".to_owned(),
                resumed: false,
            },
            Event::Device(facts()),
            Event::Past {
                phase,
                steps_per_epoch: 9,
                epochs: vec![third_epoch()],
            },
            Event::Phase {
                phase,
                epochs: 2,
                steps_per_epoch: 9,
            },
            Event::Progress {
                phase,
                epoch: 1,
                step: 5,
                steps: 18,
                loss: None,
                steps_per_second: 12.5,
                eta_seconds: 1.0,
            },
            Event::Epoch {
                phase,
                result: third_epoch(),
            },
            Event::Scores {
                scores: vec![Score {
                    module: "encoder.0.attention".into(),
                    value: 0.5,
                    heads: vec![0.25, 0.75],
                    spread: 0.0,
                    batches: 4,
                }],
            },
            Event::Trained { test_windows: 12 },
            Event::Window {
                sample: Box::new(sample()),
            },
            Event::Warning {
                message: "größer".to_owned(),
            },
            Event::Paused,
            Event::Stopped,
            Event::Failed {
                message: "no".to_owned(),
            },
        ]
    }

    #[test]
    fn notices_come_back_as_they_were_told() {
        let mut messages = vec![
            EngineMessage::Ready,
            EngineMessage::Device {
                facts: facts(),
                reason: None,
            },
            EngineMessage::NotStored {
                reason: "full".to_owned(),
            },
            EngineMessage::Forecast {
                forecast: Box::new(ModelForecast {
                    channels: vec!["a".to_owned()],
                    first_row: 400,
                    stamps: Vec::new(),
                    values: vec![0.5, -1.5],
                    intervals: vec![(0.8, vec![0.1, 0.2])],
                    doubts: Vec::new(),
                    csv: "row\n".to_owned(),
                }),
            },
            EngineMessage::NoForecast {
                reason: "other channels".to_owned(),
            },
            EngineMessage::Place { ahead: 2 },
            EngineMessage::Table {
                name: "a.csv".to_owned(),
            },
            EngineMessage::MenuAction {
                action: MenuAction::Prune,
            },
        ];
        let envelope = events().into_iter();
        messages.extend(envelope.map(|event| EngineMessage::Event(Box::new(event))));
        for message in messages {
            let json = serde_json::to_vec(&message).unwrap();
            assert_eq!(read_message(&json).unwrap(), message);
            let envelope = ServerEnvelope {
                number: 1,
                received: 2,
                message,
            };
            let json = serde_json::to_vec(&envelope).unwrap();
            assert_eq!(read_envelope(&json).unwrap(), envelope);
        }
    }

    #[test]
    fn what_is_no_notice_is_refused() {
        for text in [
            "{}",
            "[]",
            r#"{"type":"other"}"#,
            r#"{"type":"event","event":"x"}"#,
        ] {
            assert!(read_message(text.as_bytes()).is_err(), "{text}");
        }
    }

    /// Does not compile when there is a notice or an event that has no form above.
    #[test]
    fn every_event_has_a_form() {
        for event in events() {
            match event {
                Event::Started { .. }
                | Event::Device(_)
                | Event::Data(_)
                | Event::Past { .. }
                | Event::Phase { .. }
                | Event::Progress { .. }
                | Event::Epoch { .. }
                | Event::Scores { .. }
                | Event::Maps { .. }
                | Event::Trained { .. }
                | Event::Window { .. }
                | Event::Future { .. }
                | Event::Plan { .. }
                | Event::Warning { .. }
                | Event::Paused
                | Event::Stopped
                | Event::Done { .. }
                | Event::Failed { .. } => {}
            }
        }
    }
}
