//! A saved model that the user opened to forecast a table.

use std::sync::Arc;

use leptos::prelude::*;
use spat_spec::{CheckpointHeader, EngineRequest};

use super::Page;
use crate::engine;

/// A model file.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct SavedModel {
    pub(crate) name: String,
    bytes: Arc<[u8]>,
    /// Facts to display.
    pub(crate) facts: Vec<String>,
}

impl Page {
    /// Loads a file: a model, if its name ends with `.safetensors`, or a table.
    pub(crate) fn load_file(self, name: String, bytes: Vec<u8>) {
        if !name.ends_with(".safetensors") {
            return self.load_new_file(name, bytes);
        }
        if let Some(host) = engine::host() {
            // The host would reject it.
            return self.table_problem.set(Some(format!(
                "{host} does not accept saved models; forecast with `spat forecast` \
                 on the command line"
            )));
        }
        match CheckpointHeader::from_bytes(&bytes) {
            Ok(header) => {
                let facts = facts(&header);
                let bytes = bytes.into();
                let model = SavedModel { name, bytes, facts };
                self.table_problem.set(None);
                self.model.set(Some(Arc::new(model)));
                self.forecast_with_model();
            }
            Err(error) => self.table_problem.set(Some(format!("{name}: {error}"))),
        }
    }

    /// Requests a forecast, if there is a model and a table.
    pub(super) fn forecast_with_model(self) {
        self.forecast.set(None);
        let (Some(model), Some(table)) = (self.model.get_untracked(), self.table.get_untracked())
        else {
            return;
        };
        let request = EngineRequest::Forecast {
            engine: self.engine.get_untracked(),
            data: Box::new(table.data.clone()),
            model: model.bytes.len() as u64,
        };
        engine::send(
            &request,
            Some(&[&*model.bytes, &*table.file.bytes].concat()),
        );
    }

    /// Removes the model and its forecast.
    pub(crate) fn remove_model(self) {
        self.model.set(None);
        self.forecast.set(None);
    }
}

/// Facts about a model from its header.
fn facts(header: &CheckpointHeader) -> Vec<String> {
    let forecaster = &header.structure.forecaster;
    let attention = &header.structure.attention;
    let active = attention.iter().filter(|module| !module.heads.is_empty());
    let mut facts = vec![
        format!("{} of SPAT {}", forecaster.name(), header.version),
        format!(
            "looks back {} rows and forecasts {}",
            forecaster.lookback(),
            forecaster.horizon()
        ),
        format!(
            "{} channels: {}",
            header.channels.len(),
            header.channels.join(", ")
        ),
        format!("{} parameters", header.structure.cost().params),
        format!(
            "{} of {} attention modules are active",
            active.count(),
            attention.len()
        ),
    ];
    if let Some(plan) = &header.plan {
        facts.push(format!(
            "pruned by {} with a ratio of {}",
            plan.scorer, plan.ratio
        ));
    }
    facts
}
