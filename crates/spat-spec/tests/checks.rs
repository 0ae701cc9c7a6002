//! Invalid values of an experiment are rejected by name, with a remedy.
#![allow(clippy::unwrap_used)]

use serde_json::Value;
use spat_spec::{
    Accumulate, AdaptiveRule, Experiment, FieldValue, Granularity, InformerConfig, OptimizerConfig,
    Plan, PruneRule, Scaling, Schedule, Score, Scorer, Select, SendOptions, Structure,
    TrainingConfig, WeightAveraging, Window,
};

#[test]
fn the_defaults_pass() {
    TrainingConfig::default().check().unwrap();
    SendOptions::default().check().unwrap();
}

#[test]
fn invalid_trainings_are_rejected() {
    let good = TrainingConfig::default;
    let bad = [
        TrainingConfig { batch: 0, ..good() },
        TrainingConfig {
            batch: usize::MAX,
            ..good()
        },
        TrainingConfig {
            epochs: usize::MAX,
            ..good()
        },
        TrainingConfig {
            learning_rate: 0.0,
            ..good()
        },
        TrainingConfig {
            learning_rate: f64::NAN,
            ..good()
        },
        TrainingConfig {
            clip_norm: Some(-1.0),
            ..good()
        },
        TrainingConfig {
            optimizer: OptimizerConfig::AdamW { weight_decay: -0.1 },
            ..good()
        },
        TrainingConfig {
            schedule: Schedule::OneCycle { rising: 1.5 },
            ..good()
        },
        TrainingConfig {
            schedule: Schedule::Exponential { factor: 0.0 },
            ..good()
        },
        TrainingConfig {
            averaging: WeightAveraging::Ema { decay: 1.0 },
            ..good()
        },
        TrainingConfig {
            validations: 0,
            ..good()
        },
    ];
    for training in bad {
        let message = training.check().unwrap_err().to_string();
        assert!(message.contains("use "), "{message}");
    }
}

#[test]
fn invalid_send_options_are_rejected() {
    for options in [
        SendOptions {
            scaling: Scaling::Temperature(0.0),
            ..SendOptions::default()
        },
        SendOptions {
            accumulate: Accumulate::Ema(1.5),
            ..SendOptions::default()
        },
    ] {
        assert!(options.check().is_err(), "{options:?}");
    }
}

#[test]
fn a_layer_costs_memory_besides_its_parameters() {
    let mut experiment: Experiment = serde_json::from_str(SAVED).unwrap();
    for (flag, value) in [("width", 1), ("heads", 1), ("layers", 1)] {
        experiment.forecaster.set(flag, FieldValue::Count(value));
    }
    let before = experiment.step_memory();
    experiment.forecaster.set("layers", FieldValue::Count(1001));
    experiment.check().unwrap();
    assert!(experiment.step_memory() - before > 3e8);
}

/// An experiment of version 0.1.0, which had no scorer.
const SAVED: &str = include_str!("../../spat-cli/tests/saved/itransformer/experiment.json");

#[test]
fn the_default_scorer_is_omitted_from_the_json() {
    let mut experiment: Experiment = serde_json::from_str(SAVED).unwrap();
    assert_eq!(experiment.scorer, Scorer::Send);
    let saved: Value = serde_json::from_str(SAVED).unwrap();
    assert_eq!(serde_json::to_value(&experiment).unwrap(), saved);

    let before = experiment.hash(b"");
    experiment.scorer = Scorer::Magnitude;
    let json = serde_json::to_value(&experiment).unwrap();
    assert_eq!(json["scorer"], "magnitude");
    assert_eq!(
        serde_json::from_value::<Experiment>(json).unwrap(),
        experiment
    );
    assert_ne!(experiment.hash(b""), before);
}

/// Experiments of version 0.1.0 with a search eliminate modules, and keep their text and with it their hash.
#[test]
fn an_older_search_is_an_elimination() {
    let mut saved: Value = serde_json::from_str(SAVED).unwrap();
    saved["prune"]["adaptive"] =
        serde_json::json!({"stable": 1.0, "tolerance": 0.01, "otherwise": "try-each"});
    let experiment: Experiment = serde_json::from_value(saved.clone()).unwrap();
    let rule = experiment.prune.adaptive.unwrap();
    assert_eq!(rule.select, Select::Elimination);
    assert_eq!(rule.tolerance, 0.01);
    assert_eq!(serde_json::to_value(&experiment).unwrap(), saved);

    let mut other = experiment.clone();
    other.prune.adaptive = Some(AdaptiveRule::default());
    assert_ne!(other.hash(b""), experiment.hash(b""));
    let json = serde_json::to_value(&other).unwrap();
    assert_eq!(json["prune"]["adaptive"]["select"], "one-se");
    assert_eq!(serde_json::from_value::<Experiment>(json).unwrap(), other);
}

#[test]
fn heads_are_ranked_only_by_scorers_of_heads() {
    let mut experiment: Experiment = serde_json::from_str(SAVED).unwrap();
    for scorer in Scorer::ALL {
        experiment.scorer = scorer;
        experiment.prune.granularity = Granularity::Modules;
        experiment.check().unwrap();
        experiment.prune.granularity = Granularity::Heads;
        match experiment.check() {
            Ok(()) => assert!(scorer.scores_heads(), "{scorer}"),
            Err(error) => {
                assert!(!scorer.scores_heads(), "{scorer}");
                assert!(error.to_string().contains(scorer.name()), "{error}");
            }
        }
    }
}

#[test]
fn heads_that_a_layout_mixes_with_rows_are_not_removed_singly() {
    let mut experiment: Experiment = serde_json::from_str(SAVED).unwrap();
    let config = InformerConfig::new(Window::new(12, 6, 2), true);
    experiment.forecaster = config.clone().into();
    experiment.prune.granularity = Granularity::Heads;
    experiment.check().unwrap();
    let mixed = InformerConfig {
        mixed_decoder: true,
        ..config
    };
    experiment.forecaster = mixed.into();
    let error = experiment.check().unwrap_err().to_string();
    assert!(
        error.contains("`mix-decoder`") && error.contains("remove whole modules"),
        "{error}"
    );
    let scores = experiment
        .forecaster
        .modules()
        .into_iter()
        .map(|module| Score {
            module,
            value: 1.0,
            heads: vec![1.0; 8],
            spread: 0.0,
            batches: 1,
        });
    let dense = Structure::dense(experiment.forecaster.clone());
    let decide = |rule: &PruneRule| Plan::decide("send", scores.clone().collect(), rule, &dense);
    let error = decide(&experiment.prune).unwrap_err().to_string();
    assert!(error.contains("`mix-decoder`"), "{error}");
    experiment.prune.granularity = Granularity::Modules;
    experiment.check().unwrap();
    decide(&experiment.prune).unwrap();
}
