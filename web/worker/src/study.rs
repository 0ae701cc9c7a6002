//! A worker for studies: shows a `study.json` or runs a small study. It blocks until it is done; to stop
//! it, the app terminates it.

mod small_study;

use std::sync::atomic::AtomicBool;

use serde::{Deserialize, Serialize};
use spat_engine::Device;
use spat_engine::platform;
use spat_spec::{DeviceFacts, StudyReport, SyntheticReport};
use spat_study::{StudyEnvironment, StudyEvent, Threads, conduct};
use wasm_bindgen::JsCast as _;
use wasm_bindgen::closure::Closure;
use web_sys::{DedicatedWorkerGlobalScope, MessageEvent};

use crate::messages::{self, post};
use small_study::{ModelForm, ScorerForm, SmallStudy};

/// The worker name that selects studies.
pub(crate) const NAME: &str = "study";

/// From the app.
#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum StudyRequest {
    /// Show the attached `study.json`.
    Show,
    /// Run a study of the attached table.
    Run(SmallStudy),
}

/// To the app.
#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum StudyMessage {
    /// The worker is ready; models and baseline scorers for the form.
    Ready {
        models: Vec<ModelForm>,
        scorers: Vec<ScorerForm>,
    },
    /// A part of the study starts.
    Part { name: String },
    /// More tasks are requested, some of which have known results.
    Wanted { tasks: usize, known: usize },
    /// A task starts.
    Began { name: String },
    /// A task has ended.
    Ended,
    /// The study's document, and its JSON if it was computed here.
    Shown {
        html: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        json: Option<String>,
    },
    /// The request failed.
    Failed { message: String },
}

/// Handles requests until the worker is terminated.
pub(crate) fn serve(scope: &DedicatedWorkerGlobalScope) {
    let take = |message: MessageEvent| {
        let answer = match messages::read::<StudyRequest>(&message.data()) {
            Ok((StudyRequest::Show, bytes)) => show(&bytes.unwrap_or_default()),
            Ok((StudyRequest::Run(small_study), bytes)) => {
                run(small_study, &bytes.unwrap_or_default())
            }
            Err(reason) => Err(format!(
                "the app and its engine have different versions ({reason}); reload the app"
            )),
        };
        post(&answer.unwrap_or_else(|message| StudyMessage::Failed { message }));
    };
    let take = Closure::<dyn FnMut(MessageEvent)>::new(take);
    scope.set_onmessage(Some(take.as_ref().unchecked_ref()));
    // Leaked: used until the worker ends.
    take.forget();
    post(&StudyMessage::Ready {
        models: ModelForm::all(),
        scorers: ScorerForm::all(),
    });
}

/// The views of a study, with a table or synthetic.
fn show(json: &[u8]) -> Result<StudyMessage, String> {
    let html = match serde_json::from_slice::<StudyReport>(json) {
        Ok(report) => spat_report::study_html(&report, None),
        Err(no_study) => match serde_json::from_slice::<SyntheticReport>(json) {
            Ok(report) => spat_report::synthetic_html(&report),
            Err(_) => {
                return Err(format!(
                    "this is no study.json of this version ({no_study}); `spat study` writes one"
                ));
            }
        },
    };
    Ok(StudyMessage::Shown { html, json: None })
}

fn run(small_study: SmallStudy, table: &[u8]) -> Result<StudyMessage, String> {
    let command = small_study.command();
    let (study, series) = small_study.study(table)?;
    let environment = StudyEnvironment {
        folder: None,
        device: Device::flex(),
        device_facts: DeviceFacts {
            kind: "cpu".to_owned(),
            name: platform::cpu_name(),
            threads: platform::threads(),
        },
        engine: &Threads(1),
        command,
        on_event: &|event| post(&StudyMessage::from(event)),
        stop: &AtomicBool::new(false),
    };
    let (report, timings) =
        conduct(&study, vec![series], &environment).map_err(|error| error.to_string())?;
    let json = serde_json::to_string_pretty(&report).map_err(|error| error.to_string())?;
    Ok(StudyMessage::Shown {
        html: spat_report::study_html(&report, Some(&timings)),
        json: Some(json),
    })
}

impl From<StudyEvent> for StudyMessage {
    fn from(event: StudyEvent) -> Self {
        match event {
            StudyEvent::Wanted { tasks, known } => Self::Wanted { tasks, known },
            StudyEvent::Began(name) => Self::Began { name },
            StudyEvent::Ended(_) => Self::Ended,
            StudyEvent::Part(name) => Self::Part { name },
        }
    }
}
