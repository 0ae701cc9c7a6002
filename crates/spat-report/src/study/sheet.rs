//! Common input of all views, for studies of any kind.

use spat_spec::{
    ClassifierStudy, DepthReport, Domain, Finding, GroundTruthResult, Question, StudyReport,
    StudyTimings, SyntheticReport, SyntheticStudy, Transfer,
};

use crate::number;

/// A study's figures and descriptions.
pub(super) struct Sheet<'a> {
    pub(super) title: String,
    /// Sizes and lengths, as text.
    pub(super) setting: String,
    pub(super) seeds: usize,
    pub(super) findings: &'a [Finding],
    pub(super) depths: &'a [DepthReport],
    pub(super) ground_truth: &'a [GroundTruthResult],
    pub(super) transfers: &'a [Transfer],
    pub(super) timings: Option<&'a StudyTimings>,
    pub(super) command: &'a str,
    pub(super) hash: &'a str,
    /// Everything that determines the result, as JSON.
    pub(super) settings: String,
}

impl<'a> Sheet<'a> {
    pub(super) fn new(report: &'a StudyReport, timings: Option<&'a StudyTimings>) -> Self {
        Self {
            title: format!(
                "Study of {} on {}",
                report.study.base.forecaster.name(),
                report.data.name
            ),
            setting: setting(report),
            seeds: report.study.seeds.len(),
            findings: &report.findings,
            depths: &report.depths,
            ground_truth: &report.ground_truth,
            transfers: &report.transfers,
            timings,
            command: &report.command,
            hash: &report.hash,
            settings: serde_json::to_string_pretty(&report.study).unwrap_or_default(),
        }
    }

    pub(super) fn of_synthetic(report: &'a SyntheticReport) -> Self {
        Self {
            title: match &report.study {
                SyntheticStudy::GroundTruth(_) => "Study of modules with a known order".to_owned(),
                SyntheticStudy::Classifier(study) => match study.domain {
                    Domain::Text => "Study of a Transformer on generated text".to_owned(),
                    Domain::Images => "Study of a Transformer on drawn images".to_owned(),
                },
            },
            setting: synthetic_setting(report),
            seeds: report.study.seeds().len(),
            findings: &report.findings,
            depths: &report.depths,
            ground_truth: &report.ground_truth,
            transfers: &[],
            timings: None,
            command: &report.command,
            hash: &report.hash,
            settings: serde_json::to_string_pretty(&report.study).unwrap_or_default(),
        }
    }

    /// The findings of each question that has some.
    pub(super) fn findings_by_question(&self) -> Vec<(Question, Vec<&'a Finding>)> {
        let answered = Question::ALL.into_iter().filter_map(|question| {
            let found: Vec<&'a Finding> = self
                .findings
                .iter()
                .filter(|finding| finding.question == question)
                .collect();
            (!found.is_empty()).then_some((question, found))
        });
        answered.collect()
    }
}

fn setting(report: &StudyReport) -> String {
    let base = &report.study.base;
    format!(
        "{} in, {} out, {}; {} layers; {}, {} of training and {} of fine-tuning at most. Errors are in scaled space over all {}; ± is one deviation over seeds.",
        number::plural(base.forecaster.lookback(), "row"),
        number::count(base.forecaster.horizon() as u64),
        number::plural(report.data.channels, "channel"),
        depths(&report.study.depths),
        number::plural(report.study.seeds.len(), "seed"),
        number::plural(base.training.epochs, "epoch"),
        number::plural(base.finetune.epochs, "epoch"),
        number::plural(report.data.windows.test, "test window"),
    )
}

fn synthetic_setting(report: &SyntheticReport) -> String {
    match &report.study {
        SyntheticStudy::GroundTruth(study) => format!(
            "A forecaster of five layers on generated series, {} of {} training steps each; ± is one deviation over seeds.",
            number::plural(study.seeds.len(), "model"),
            number::count(study.steps as u64),
        ),
        SyntheticStudy::Classifier(study) => classifier_setting(study, report),
    }
}

fn classifier_setting(study: &ClassifierStudy, report: &SyntheticReport) -> String {
    let task = match study.domain {
        Domain::Text => "The next character after 24 of a text with a known grammar",
        Domain::Images => "The shape in an image of 16 × 16 grey values, in patches of 4 × 4",
    };
    let chance = report.chance_loss.map_or_else(String::new, |chance| {
        format!(" Guessing costs {chance:.3} nats.")
    });
    let best = report.best_loss.map_or_else(String::new, |best| {
        format!(" The lowest possible loss on these tests is {best:.3}.")
    });
    format!(
        "{task}; width {}, {}, {} layers; {}, {} steps of training and {} of fine-tuning, no sequence seen twice. Losses are cross-entropies in nats; ± is one deviation over seeds.{chance}{best}",
        study.size.d_model,
        number::plural(study.size.heads, "head"),
        depths(&study.depths),
        number::plural(study.seeds.len(), "seed"),
        number::count(study.steps as u64),
        number::count(study.finetune_steps as u64),
    )
}

fn depths(layers: &[usize]) -> String {
    let list: Vec<String> = layers.iter().map(ToString::to_string).collect();
    list.join(" and ")
}
