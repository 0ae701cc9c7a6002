//! The tables fit a terminal, and the verdict covers every case.
#![allow(clippy::unwrap_used, missing_docs)]

mod fixture;

use fixture::{Example, report};
use spat_report::{AnswerMark, html, tables, verdict};

fn example(dense_mse: f64, pruned_mse: f64, control_mse: f64) -> spat_spec::Report {
    report(&Example {
        dense_mse,
        pruned_mse,
        control_mse,
        ..Example::default()
    })
}

fn assert_verdict(report: &spat_spec::Report, words: &[&str]) {
    let text = verdict(report).lines().join("\n");
    for word in words {
        assert!(text.contains(word), "`{word}` is missing in: {text}");
    }
    assert!(!text.contains("NaN"), "{text}");
}

fn marks(report: &spat_spec::Report) -> [AnswerMark; 3] {
    let answers = verdict(report).answers;
    [answers[0].mark, answers[1].mark, answers[2].mark]
}

fn set_baseline(report: &mut spat_spec::Report, name: &str, mse: f64) {
    let scaled = &mut report.baselines.get_mut(name).unwrap().scaled;
    scaled.mse = mse;
    scaled.mae = mse.sqrt() * 0.65;
    fixture::compare(report, Some(0.8));
}

#[test]
fn three_answers_with_figures_and_intervals() {
    let report = example(0.40, 0.38, 0.40);
    assert_eq!(marks(&report), [AnswerMark::Yes; 3]);
    assert_verdict(
        &report,
        &[
            "The pruned iTransformer with",
            "has the lowest error here (test MSE 0.3800)",
            "✓ Better than a naive forecast? Yes.",
            "Against seasonal naive: MSE −25.8 % (−26.6 to −25.0 %)",
            "✓ Better than a linear model? Yes.",
            "Against DLinear: MSE −11.2 % (−12.0 to −10.4 %)",
            "✓ Worth pruning? Yes, and the error falls.",
            "Without 1 of its 2 attention modules",
            "MSE −5.0 % (−5.8 to −4.2 %), MAE −2.5 % (−3.3 to −1.7 %) against the dense model trained on for as long",
            "one seed (2021)",
        ],
    );
}

#[test]
fn a_gain_that_the_control_shares_is_extra_training() {
    let report = example(0.40, 0.38, 0.381);
    assert_eq!(marks(&report)[2], AnswerMark::Yes);
    assert_verdict(
        &report,
        &[
            "Yes, the error is at most 2 % higher.",
            "The gain in MSE is extra training, not pruning.",
        ],
    );
    let report = example(0.40, 0.38, 0.37);
    assert_eq!(marks(&report)[2], AnswerMark::No);
    assert_verdict(
        &report,
        &[
            "✗ Worth pruning? No, the error rises.",
            "The gain in MSE is extra training, not pruning.",
        ],
    );
}

#[test]
fn a_gain_without_a_control_is_not_claimed() {
    let mut report = example(0.40, 0.38, 0.40);
    report.controls.clear();
    assert_verdict(&report, &["the effect of the extra training is not known"]);
    report.pruned.epochs = 0;
    let text = verdict(&report).lines().join("\n");
    assert!(!text.contains("extra training"), "{text}");
}

#[test]
fn a_higher_error_is_not_worth_it() {
    let report = example(0.38, 0.42, 0.37);
    assert_eq!(marks(&report)[2], AnswerMark::No);
    assert_verdict(
        &report,
        &[
            "MSE +10.5 % (+9.6 to +11.5 %), MAE +5.1 % (+4.3 to +6.0 %) against it before that",
            "No, the error rises.",
        ],
    );
}

#[test]
fn a_control_that_got_worse_is_named() {
    assert_verdict(
        &example(0.38, 0.381, 0.392),
        &["Training on made the dense model worse, MSE +3.2 % (+2.3 to +4.0 %)."],
    );
    // The better of the two dense models decides.
    let worse = example(0.38, 0.42, 0.42);
    assert_eq!(marks(&worse)[2], AnswerMark::No);
    assert_verdict(&worse, &["Training on made the dense model worse"]);
    let text = verdict(&example(0.38, 0.381, 0.379)).lines().join("\n");
    assert!(!text.contains("worse"), "{text}");
}

#[test]
fn wide_intervals_decide_nothing() {
    let report = report(&Example {
        half_width: Some(30.0),
        ..Example::default()
    });
    assert_eq!(marks(&report), [AnswerMark::Close; 3]);
    assert_verdict(
        &report,
        &[
            "is the smallest forecast within one standard error of the best",
            "the test windows do not show whether the error rises.",
        ],
    );
}

#[test]
fn too_few_windows_carry_no_verdict() {
    let mut few = report(&Example {
        half_width: None,
        ..Example::default()
    });
    few.data.windows.test = 6;
    assert_eq!(marks(&few), [AnswerMark::Unknown; 3]);
    assert_verdict(
        &few,
        &[
            "The lowest test error has the pruned iTransformer",
            "? 6 test windows with 48 rows to forecast are too few to tell",
            "6 test windows with 48 rows to forecast are too few to tell",
        ],
    );
    few.comparisons.clear();
    assert_verdict(&few, &["a version that stored no errors of single windows"]);
}

#[test]
fn a_linear_model_that_is_as_good_is_recommended() {
    let mut report = example(0.40, 0.38, 0.381);
    set_baseline(&mut report, "rlinear", 0.3812);
    assert_eq!(marks(&report)[1], AnswerMark::Close);
    assert_verdict(
        &report,
        &[
            "RLinear, a linear model with 4,656 parameters, is the smallest forecast within one standard error of the best (test MSE 0.3812; the pruned iTransformer has 0.3800).",
            "≈ Better than a linear model? Not clearly: its errors are lower, by less than the test windows vary. RLinear has 4,656 parameters.",
            "Against RLinear: MSE −0.3 %",
        ],
    );
    set_baseline(&mut report, "rlinear", 0.36);
    assert_eq!(marks(&report)[1], AnswerMark::No);
    assert_verdict(
        &report,
        &[
            "RLinear, a linear model with 4,656 parameters, has the lowest error here (test MSE 0.3600), and no smaller one",
        ],
    );
    report.linear_baselines.clear();
    assert_eq!(marks(&report)[1], AnswerMark::Unknown);
}

/// The mean of the look-back is near the best in one comparison, and worse than another forecast.
#[test]
fn the_recommended_forecast_is_worse_than_no_other() {
    let mut report = example(0.40, 0.38, 0.381);
    set_baseline(&mut report, "mean", 0.3805);
    assert_verdict(
        &report,
        &["Mean of the look-back, which needs no training, is the smallest"],
    );
    for comparison in &mut report.comparisons {
        if (comparison.name.as_str(), comparison.other.as_str()) == ("mean", "rlinear") {
            comparison.mae.interval = Some((0.1, 1.0));
        }
    }
    assert_verdict(&report, &["The pruned iTransformer with"]);
}

#[test]
fn a_training_that_was_cut_short_is_named() {
    let mut report = example(0.40, 0.38, 0.381);
    let epochs = report.dense.history.len();
    report.experiment.training.epochs = epochs;
    report.dense.history[epochs - 1].best = true;
    assert_verdict(&report, &["was still falling in its last epoch"]);
    report.experiment.training.epochs += 1;
    let text = verdict(&report).caveat;
    assert!(!text.contains("falling"), "{text}");
}

#[test]
fn each_metric_is_judged() {
    let mut report = example(0.40, 0.38, 0.40);
    report.baselines.get_mut("naive").unwrap().scaled.mae = 0.30;
    fixture::compare(&mut report, Some(0.8));
    assert_eq!(marks(&report)[0], AnswerMark::Close);
    assert_verdict(
        &report,
        &[
            "It depends on the metric.",
            "Against seasonal naive: MSE −25.8 %",
            "against naive (last value): MAE +33.",
        ],
    );
}

#[test]
fn nothing_removed_or_nothing_measured() {
    let linear = report(&Example {
        layers: 0,
        heads: 0,
        ..Example::default()
    });
    assert_eq!(marks(&linear)[2], AnswerMark::Unknown);
    assert_verdict(
        &linear,
        &["Nothing was removed: DLinear has no attention modules."],
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
