//! The tables fit a terminal, and the verdict covers every case.
#![allow(clippy::unwrap_used, missing_docs)]

mod fixture;

use fixture::{Example, report};
use spat_report::{html, tables, verdict};

fn example(dense_mse: f64, pruned_mse: f64, control_mse: f64) -> spat_spec::Report {
    report(&Example {
        dense_mse,
        pruned_mse,
        control_mse,
        ..Example::default()
    })
}

fn assert_verdict(report: &spat_spec::Report, words: &[&str]) {
    let sentence = verdict(report);
    for word in words {
        assert!(
            sentence.contains(word),
            "`{word}` is missing in: {sentence}"
        );
    }
    assert!(
        sentence.ends_with('.') && !sentence.contains("NaN"),
        "{sentence}"
    );
}

#[test]
fn a_gain_that_the_control_shares_is_extra_training() {
    assert_verdict(
        &example(0.40, 0.38, 0.381),
        &[
            "Without 1 of its 2 attention modules",
            "falls by 5.0 %",
            "gains as much",
            "extra training, not pruning",
            "one seed (2021)",
        ],
    );
    assert_verdict(
        &example(0.40, 0.38, 0.37),
        &["better still", "extra training, not pruning"],
    );
}

#[test]
fn a_gain_that_the_control_does_not_share_is_a_gain_of_pruning() {
    assert_verdict(
        &example(0.40, 0.38, 0.40),
        &["extra training alone does not explain", "one seed"],
    );
    assert_verdict(&example(0.40, 0.36, 0.38), &["explains about 50 %"]);
    assert_verdict(&example(0.40, 0.395, 0.3975), &["too close"]);
}

#[test]
fn a_gain_without_a_control_is_not_claimed() {
    let mut report = example(0.40, 0.38, 0.40);
    report.controls.clear();
    assert_verdict(&report, &["cannot be distinguished from extra training"]);
    let mut report = example(0.40, 0.38, 0.40);
    report.pruned.epochs = 0;
    assert_verdict(&report, &["without any fine-tuning"]);
}

#[test]
fn a_higher_error_is_not_worth_it() {
    assert_verdict(
        &example(0.38, 0.42, 0.37),
        &["rises by 10.5 %", "not worth it"],
    );
    assert_verdict(
        &example(0.38, 0.42, 0.42),
        &["the extra training did it, not the removal"],
    );
    assert_verdict(
        &example(0.38, 0.381, 0.35),
        &["about the same", "the removal costs 8.9 % of error"],
    );
    assert_verdict(&example(0.38, 0.381, 0.38), &["no clear price"]);
}

#[test]
fn a_better_baseline_is_named() {
    let mut report = example(0.40, 0.38, 0.381);
    let best = report.baselines.get_mut("seasonal_naive").unwrap();
    best.scaled.mse = 0.30;
    assert_verdict(
        &report,
        &["the baseline seasonal naive (0.3000) beats both, so neither model is worth its cost"],
    );
    report
        .baselines
        .get_mut("seasonal_naive")
        .unwrap()
        .scaled
        .mse = 0.39;
    assert_verdict(&report, &["beats the dense model but not the pruned one"]);
}

#[test]
fn nothing_removed_or_nothing_measured() {
    assert_verdict(
        &report(&Example {
            layers: 0,
            heads: 0,
            ..Example::default()
        }),
        &["Nothing was removed (DLinear has no attention modules)"],
    );
    assert_verdict(
        &report(&Example {
            ratio: 0.1,
            ..Example::default()
        }),
        &["a ratio of 0.1 removes none of 2 modules"],
    );
    assert_verdict(
        &example(0.38, f64::NAN, 0.38),
        &["The test error of the pruned model is not a number"],
    );
}

#[test]
fn a_model_from_which_nothing_was_removed_has_one_row() {
    let report = report(&Example {
        layers: 0,
        heads: 0,
        ..Example::default()
    });
    let text = tables(&report);
    let rows = text.lines().filter(|line| line.starts_with("DLinear  "));
    assert_eq!(rows.count(), 1, "{text}");
    assert!(!text.contains("pruned to dense"), "{text}");
    assert!(!html(&report).contains(" → "), "a change is shown");
}

#[test]
fn tables_fit_and_hold_every_row() {
    let examples = [
        Example::default(),
        Example {
            layers: 0,
            heads: 0,
            ..Example::default()
        },
        Example {
            channels: 862,
            layers: 8,
            heads: 8,
            finetune_epochs: 0,
            ..Example::default()
        },
        Example {
            pruned_mse: f64::NAN,
            ..Example::default()
        },
        Example {
            dense_mse: 123_456.7,
            pruned_mse: 1e12,
            ..Example::default()
        },
    ];
    for example in examples {
        let mut report = report(&example);
        report.data.name =
            "温度とエネルギー消費量の長い名前のファイル".repeat(3) + "\u{1b}[31m.csv";
        let text = tables(&report);
        for line in text.lines() {
            // The fixture's only wide characters are in the first line, two columns each.
            let width: usize = line
                .chars()
                .map(|c| {
                    if ('\u{2e80}'..'\u{a4d0}').contains(&c) {
                        2
                    } else {
                        1
                    }
                })
                .sum();
            assert!(width <= 100, "{width} columns in: {line}");
        }
        assert!(
            !text.contains('\u{1b}') && !text.contains("NaN") && !text.contains("inf "),
            "{text}"
        );
    }
    let text = tables(&report(&Example::default()));
    for row in [
        "dense  ",
        "pruned, before fine-tuning",
        "pruned, fine-tuned",
        "change, pruned to dense",
        "control, dense fine-tuned as long",
        "baseline, seasonal naive",
        "encoder.1.attention",
        "removed",
        "K = 1",
    ] {
        assert!(text.contains(row), "{row} is missing in\n{text}");
    }
}
