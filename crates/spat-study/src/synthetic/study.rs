//! Runs a study on generated data from its first task to its report.

use std::collections::BTreeMap;

use crate::synthetic::{Course, Stream, best_loss, task};
use spat_spec::{ClassifierStudy, DataConfig, Domain, Spread, SyntheticReport, SyntheticStudy};

use crate::classifiers::TEST_BATCHES;
use crate::conduct::{StudyEnvironment, depth, write_views};
use crate::context::StudyContext;
use crate::error::StudyError;
use crate::executor::StudyEvent;
use crate::findings::{ground_truth as ground_truth_findings, of_depth};
use crate::questions::ground_truth;
use crate::runner::Runner;

/// Answers the questions of a study without a table. Resumes from the content of the folder. When it
/// returns, the report and its page are in the folder.
///
/// # Errors
/// As [`crate::conduct`].
pub fn conduct_synthetic(
    study: &SyntheticStudy,
    environment: &StudyEnvironment<'_>,
) -> Result<SyntheticReport, StudyError> {
    study.check()?;
    let tables = BTreeMap::new();
    let executor = environment.executor(&tables)?;
    executor.cache.remove_abandoned();
    let runner = Runner {
        executor: &executor,
        data: DataConfig::default(),
    };
    let mut report = SyntheticReport {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        command: environment.command.clone(),
        hash: study.hash(),
        study: study.clone(),
        findings: Vec::new(),
        chance_loss: None,
        best_loss: None,
        depths: Vec::new(),
        ground_truth: Vec::new(),
    };
    match study {
        SyntheticStudy::GroundTruth(study) => {
            (environment.on_event)(StudyEvent::Part("modules with a known order".to_owned()));
            report.ground_truth = vec![ground_truth::measure(study, &runner)?];
        }
        SyntheticStudy::Classifier(study) => classifiers(study, &runner, environment, &mut report)?,
    }
    report.findings = report
        .depths
        .iter()
        .flat_map(|depth| match study {
            SyntheticStudy::Classifier(study) => {
                of_depth(depth, study.prune.count(depth.module_count))
            }
            SyntheticStudy::GroundTruth(_) => Vec::new(),
        })
        .chain(ground_truth_findings(&report.ground_truth))
        .collect();

    if let Some(folder) = environment.folder {
        let page = spat_report::synthetic_html(&report);
        let text = spat_report::synthetic_markdown(&report);
        write_views(folder, "study", &report, &page, &text)?;
    }
    Ok(report)
}

fn classifiers(
    study: &ClassifierStudy,
    runner: &Runner<'_>,
    environment: &StudyEnvironment<'_>,
    report: &mut SyntheticReport,
) -> Result<(), StudyError> {
    let contexts: Vec<StudyContext<'_>> = study
        .depths
        .iter()
        .map(|&layers| StudyContext::of_classifiers(study, runner, layers))
        .collect();
    (environment.on_event)(StudyEvent::Part("dense models".to_owned()));
    let dense = contexts
        .iter()
        .flat_map(|context| context.seeds().map(|seed| context.dense(seed)));
    runner.ask_models(&dense.collect::<Vec<_>>())?;
    for context in &contexts {
        report.depths.push(depth(context, environment)?);
    }
    report.chance_loss = Some((task(study.domain).classes as f64).ln());
    report.best_loss = (study.domain == Domain::Text).then(|| {
        let of_seed = |&seed: &u64| {
            let course = Course {
                domain: study.domain,
                size: study.size,
                batch: study.batch,
                learning_rate: study.learning_rate,
                seed,
            };
            best_loss(&course.batches(Stream::Test, TEST_BATCHES))
        };
        study.seeds.iter().map(of_seed).collect::<Spread>().mean
    });
    Ok(())
}
