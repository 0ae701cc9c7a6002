//! The whole pipeline with models that are not forecasters.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use spat_prune::ScoringOptions;
use spat_spec::{Granularity, PruneRule, Scorer, SendOptions, When};
use spat_study::synthetic::{Domain, DomainConfig, DomainError, DomainReport, run, task};

fn report(config: &DomainConfig) -> DomainReport {
    pollster::block_on(run(config)).unwrap()
}

/// Half of the attention modules are removed, with their parameters: 4 (d² + d) each at d = 32, and 4 L d²
/// + 2 L² d MACs each.
fn assert_pruned(report: &DomainReport) {
    assert_eq!(report.plan.removed.len(), 2);
    let (d, tokens) = (32, task(report.config.domain).tokens as u64);
    assert_eq!(
        report.dense.params - report.pruned.params,
        2 * 4 * (d * d + d)
    );
    assert_eq!(
        report.dense.macs - report.pruned.macs,
        2 * (4 * tokens * d * d + 2 * tokens * tokens * d)
    );
    assert_eq!(report.pruned.params, report.pruned_finetuned.params);
}

#[test]
fn a_text_model_is_trained_pruned_and_fine_tuned() {
    let report = report(&DomainConfig::small(Domain::Text, 1));
    assert_pruned(&report);
    let best = report.best_loss.unwrap();
    assert!(report.dense.loss > best - 0.02, "{report:#?}");
    // Far below chance (2.56), near the entropy of the grammar (about 0.9).
    assert!(report.dense.loss < best + 0.15, "{report:#?}");
    // Agreement with a distant character: one in four by chance.
    assert!(report.dense.telling_accuracy.unwrap() > 0.9, "{report:#?}");
    assert!(
        report.pruned_finetuned.loss < report.pruned.loss,
        "{report:#?}"
    );
    assert!(report.pruned_finetuned.loss < best + 0.25, "{report:#?}");
}

#[test]
fn an_image_model_is_trained_pruned_and_fine_tuned() {
    let config = DomainConfig {
        scorer: Scorer::Michel,
        ..DomainConfig::small(Domain::Images, 2)
    };
    let report = report(&config);
    assert_pruned(&report);
    assert_eq!(report.plan.scorer, "michel");
    assert!(report.best_loss.is_none() && report.dense.telling_accuracy.is_none());
    // One in four by chance.
    assert!(report.dense.accuracy > 0.8, "{report:#?}");
    assert!(report.pruned_finetuned.accuracy > 0.75, "{report:#?}");
}

/// Runs the whole pipeline with every scorer and SEND at both times; the same configuration gives the same
/// report.
#[test]
fn every_scorer_completes_the_pipeline() {
    for scorer in Scorer::ALL {
        for when in [When::During, When::After] {
            if scorer != Scorer::Send && when == When::After {
                continue;
            }
            let mut scoring = ScoringOptions {
                send: SendOptions {
                    when,
                    ..SendOptions::default()
                },
                ..ScoringOptions::default()
            };
            scoring.gates.steps = 4;
            scoring.tuning.steps = 4;
            let config = DomainConfig {
                scorer,
                scoring,
                steps: 5,
                finetune_steps: 2,
                batch: 8,
                scoring_batches: 2,
                test_batches: 1,
                ..DomainConfig::small(Domain::Text, 3)
            };
            let first = report(&config);
            assert_eq!(first.plan.removed.len(), 2, "{scorer}");
            assert_eq!(first, report(&config), "{scorer}");
        }
    }
}

#[test]
fn invalid_configurations_are_errors() {
    let heads = DomainConfig {
        prune: PruneRule {
            granularity: Granularity::Heads,
            ..PruneRule::default()
        },
        ..DomainConfig::small(Domain::Text, 0)
    };
    assert!(matches!(
        pollster::block_on(run(&heads)),
        Err(DomainError::WholeModulesOnly)
    ));
    let mut odd = DomainConfig::small(Domain::Text, 0);
    odd.size.heads = 5;
    let error = pollster::block_on(run(&odd)).unwrap_err();
    assert!(error.to_string().contains("32 does not divide into 5"));
}
