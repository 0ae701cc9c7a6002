//! Scorers on a forecaster whose modules have a known order.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use spat_spec::Score;
use spat_study::statistics::kendall_tau;
use spat_study::synthetic::ground_truth::{GroundTruthConfig, TRUTH, run};

/// The literal reading of SEND: a shared mask, signed, no scaling before the softmax; during training and
/// after.
const FOUND_BY: [&str; 2] = [
    "send during shared signed none",
    "send after shared signed none",
];

fn tau(scores: &[Score]) -> f64 {
    let values: Vec<f64> = scores.iter().map(|score| score.value).collect();
    kendall_tau(&TRUTH, &values).unwrap()
}

#[test]
fn a_documented_setting_of_send_finds_the_known_order() {
    for seed in 0..2 {
        let config = GroundTruthConfig {
            seed,
            ..GroundTruthConfig::default()
        };
        let report = pollster::block_on(run(&config)).unwrap();
        // The model has learned the part that needs attention.
        let halfway = (report.loss_without_attention + report.best_loss) / 2.0;
        assert!(report.loss < halfway, "{}", report.loss);
        // Leave-one-out on unseen windows confirms the known order.
        assert_eq!(tau(report.of("leave-one-out").unwrap()), 1.0, "{report:#?}");
        for name in FOUND_BY {
            let found = tau(report.of(name).unwrap());
            assert!(found >= 0.8, "{name}, seed {seed}: {found}");
        }
    }
}
