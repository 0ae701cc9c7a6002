//! A study of data that the program makes itself, from its first task to its report.

use std::collections::BTreeMap;

use crate::synthetic::{Course, Stream, best_loss, task};
use spat_spec::{ClassifierStudy, DataConfig, Domain, MadeReport, MadeStudy, Spread};

use crate::classifiers::TEST_BATCHES;
use crate::conduct::{Place, depth, write_views};
use crate::error::StudyError;
use crate::findings::{of_depth, planted as planted_findings};
use crate::questions::planted;
use crate::runner::{Runner, StudyEvent};
use crate::site::Site;

/// Answers the questions of a study without a table. Goes on with what the folder holds of it. The
/// report and its page are in the folder when it returns.
///
/// # Errors
/// As [`crate::conduct`].
pub fn conduct_made(study: &MadeStudy, place: &Place<'_>) -> Result<MadeReport, StudyError> {
    study.check()?;
    let runner = place.runner(BTreeMap::new(), DataConfig::default())?;
    let mut report = MadeReport {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        command: place.command.clone(),
        hash: study.hash(),
        study: study.clone(),
        findings: Vec::new(),
        chance_loss: None,
        best_loss: None,
        depths: Vec::new(),
        planted: Vec::new(),
    };
    match study {
        MadeStudy::Planted(study) => {
            (place.watch)(StudyEvent::Part("planted modules".to_owned()));
            report.planted = vec![planted::measure(study, &runner)?];
        }
        MadeStudy::Classifier(study) => classifiers(study, &runner, place, &mut report)?,
    }
    report.findings = report
        .depths
        .iter()
        .flat_map(|depth| match study {
            MadeStudy::Classifier(study) => of_depth(depth, study.prune.count(depth.layers)),
            MadeStudy::Planted(_) => Vec::new(),
        })
        .chain(planted_findings(&report.planted))
        .collect();

    if let Some(folder) = place.folder {
        let page = spat_report::made_html(&report);
        let text = spat_report::made_markdown(&report);
        write_views(folder, &report, &page, &text)?;
    }
    Ok(report)
}

fn classifiers(
    study: &ClassifierStudy,
    runner: &Runner<'_>,
    place: &Place<'_>,
    report: &mut MadeReport,
) -> Result<(), StudyError> {
    let sites: Vec<Site<'_>> = study
        .depths
        .iter()
        .map(|&layers| Site::of_classifiers(study, runner, layers))
        .collect();
    (place.watch)(StudyEvent::Part("dense models".to_owned()));
    let dense = sites
        .iter()
        .flat_map(|site| site.seeds().map(|seed| site.dense(seed)));
    runner.ask_models(&dense.collect::<Vec<_>>())?;
    for site in &sites {
        report.depths.push(depth(site, place)?);
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
