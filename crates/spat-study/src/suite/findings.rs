//! Sentences of a suite, for and against the method. Where an interval contains zero, the sentence leaves the
//! question open.

use spat_report::number::{
    estimated_change as change, estimated_share as share, percent as rounded,
};
use spat_spec::{
    ChangeSummary, Estimate, PrunedCell, Pruning, PublishedChanges, Reference, RuleSummary, Stance,
    SuiteFinding, SuiteReport, SuiteScope,
};

use super::estimate::{estimate, percent, pruned};
use super::findings_compared::{best_reading, blind_choices, other_models, zero_shot};
use crate::findings::words::plural;

pub(super) fn findings(report: &SuiteReport) -> Vec<SuiteFinding> {
    let mut found = Vec::new();
    found.extend(error_of_the_ratio(report));
    found.extend(savings_of_the_ratio(report));
    if let Some(rule) = &report.rule {
        found.extend(rule_against_control(report, rule));
        found.extend(rule_savings(rule));
        found.extend(rule_above_best(rule));
    }
    found.extend(no_attention(report));
    if let Some(methods) = &report.methods {
        found.extend(blind_choices(methods));
        found.extend(best_reading(methods));
    }
    found.extend(other_models(report));
    found.extend(zero_shot(report));
    found
}

pub(super) fn finding(stance: Stance, text: String) -> SuiteFinding {
    SuiteFinding { stance, text }
}

/// For if the value is below zero, against if above.
fn stance(estimate: &Estimate) -> Stance {
    match estimate.is_below_zero() {
        Some(true) => Stance::For,
        Some(false) => Stance::Against,
        None => Stance::Open,
    }
}

fn summary(report: &SuiteReport, pruning: Pruning, against: Reference) -> Option<&ChangeSummary> {
    report.changes.iter().find(|change| {
        change.scope == SuiteScope::All && change.pruning == pruning && change.against == against
    })
}

fn error_of_the_ratio(report: &SuiteReport) -> Option<SuiteFinding> {
    let dense = &summary(report, Pruning::Ratio, Reference::Dense)?.mse;
    let control = &summary(report, Pruning::Ratio, Reference::Control)?.mse;
    let reading = match (dense.is_below_zero(), control.is_below_zero()) {
        (_, Some(true)) => "the gain is more than that of the additional training",
        (Some(true), _) => {
            "what is gained over the dense model is gained by the additional training, not by pruning"
        }
        (_, Some(false)) => "pruning costs accuracy",
        _ => "no effect of pruning on the error is shown",
    };
    let stance = match (dense.is_below_zero(), control.is_below_zero()) {
        (Some(true), None) => Stance::Against,
        _ => stance(control),
    };
    Some(finding(
        stance,
        format!(
            "Removing the modules with the lowest SEND at a ratio of {} changes the test MSE by {} against the dense model (the paper: {}), and by {} against the dense model fine-tuned as long: {reading}.",
            report.suite.prune.ratio,
            change(dense),
            rounded(PublishedChanges::SPAT.mse),
            change(control),
        ),
    ))
}

fn savings_of_the_ratio(report: &SuiteReport) -> Option<SuiteFinding> {
    let summary = summary(report, Pruning::Ratio, Reference::Dense)?;
    Some(finding(
        stance(&summary.macs),
        format!(
            "The same removal changes multiply–accumulates by {} and parameters by {} (the paper: {} of FLOPs and {} of parameters). Both follow from the models' sizes and say nothing about time.",
            change(&summary.macs),
            change(&summary.params),
            rounded(PublishedChanges::SPAT.macs),
            rounded(PublishedChanges::SPAT.params),
        ),
    ))
}

fn rule_against_control(report: &SuiteReport, rule: &RuleSummary) -> Option<SuiteFinding> {
    let cells: Vec<String> = rule
        .worse_cells()
        .map(|cell| {
            let of = &report.suite.cells[cell.cell];
            format!(
                "{} on {} ({} to {} %)",
                report.suite.models[of.model].name,
                report.suite.tables[of.table].name,
                number(cell.against_control.low),
                number(cell.against_control.high),
            )
        })
        .collect();
    let tables: Vec<&str> = rule
        .worse_tables()
        .map(|table| report.suite.tables[table.table].name.as_str())
        .collect();
    let higher = rule
        .cells
        .iter()
        .filter(|cell| cell.against_control.difference > 0.0)
        .count();
    let has_intervals = rule.cells.iter().all(|cell| cell.against_control.pairs > 1);
    let (stance, reading) = if !cells.is_empty() || !tables.is_empty() {
        let text = format!(
            "it is worse by more than the interval in {}{}, and on {}{}",
            plural(cells.len(), "cell"),
            listed(&cells),
            plural(tables.len(), "table"),
            listed(&tables),
        );
        (Stance::Against, text)
    } else if has_intervals {
        let text = "in no cell and on no table is it worse by more than the interval";
        (Stance::For, text.to_owned())
    } else {
        let text = "a cell of one seed has no interval, so this shows little";
        (Stance::Open, text.to_owned())
    };
    Some(finding(
        stance,
        format!(
            "The selection rule's model changes the test MSE by {} against the control. Its mean error is higher in {higher} of {}; {reading}.",
            change(&rule.against_control),
            plural(rule.cells.len(), "cell"),
        ),
    ))
}

fn listed(names: &[impl AsRef<str>]) -> String {
    if names.is_empty() {
        return String::new();
    }
    let names: Vec<&str> = names.iter().map(AsRef::as_ref).collect();
    format!(" ({})", names.join("; "))
}

/// A percentage with its sign.
pub(super) fn number(x: f64) -> String {
    format!("{x:+.2}").replace('-', "−")
}

fn rule_savings(rule: &RuleSummary) -> Option<SuiteFinding> {
    let goal = RuleSummary::GOAL;
    let Some(possible) = &rule.saved_where_possible else {
        return Some(finding(
            Stance::Open,
            format!(
                "The selection rule saves {} of the multiply–accumulates. In no cell does the best subset in hindsight save {goal} %.",
                share(&rule.saved)
            ),
        ));
    };
    let reached = possible.mean >= goal;
    Some(finding(
        if reached {
            Stance::For
        } else {
            Stance::Against
        },
        format!(
            "The selection rule saves {} of the multiply–accumulates over all cells, and {} over the models of which the best subset in hindsight saves at least {goal} % ({}); the goal of {goal} % there is {}.",
            share(&rule.saved),
            share(possible),
            plural(possible.cells, "cell"),
            if reached { "reached" } else { "missed" },
        ),
    ))
}

fn rule_above_best(rule: &RuleSummary) -> Option<SuiteFinding> {
    let above = rule.above_best.as_ref()?;
    Some(finding(
        if above.mean <= 1.0 {
            Stance::For
        } else {
            Stance::Against
        },
        format!(
            "Its test MSE lies {} above that of the best subset in hindsight in the mean; 1 % is the goal. The best subset is chosen on the test windows, so that part of the distance is chance.",
            share(above)
        ),
    ))
}

/// How often all attention goes.
fn no_attention(report: &SuiteReport) -> Option<SuiteFinding> {
    let mut all = 0;
    let mut models = 0;
    for (_, cell) in pruned(&report.cells) {
        let removed = cell.best.as_ref().map(|best| &best.removed);
        for removed in removed.into_iter().flatten() {
            models += 1;
            all += usize::from(removed.len() == cell.modules.len());
        }
    }
    let without = |cell: &PrunedCell| {
        let best = cell.best.as_ref()?;
        Some(percent(&cell.control.test.values, &best.mse))
    };
    let gain = estimate(
        &report.suite,
        pruned(&report.cells).map(|(cell, _)| cell),
        |cell| without(cell.pruned.as_ref()?),
    )?;
    Some(finding(
        if 2 * all > models {
            Stance::Against
        } else {
            Stance::Open
        },
        format!(
            "Of {}, {all} have no attention at all as their best subset in hindsight. The best subset changes the test MSE by {} against the control, the most that any choice of modules could reach.",
            plural(models, "trained model"),
            change(&gain)
        ),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::suite::{fixture, summarised};

    fn sentences() -> Vec<SuiteFinding> {
        let suite = fixture::suite();
        findings(&summarised(
            &suite,
            &fixture::method_names(),
            fixture::cells(),
        ))
    }

    fn one(words: &str) -> SuiteFinding {
        let mut all = sentences().into_iter();
        let found = all.find(|finding| finding.text.contains(words));
        found.unwrap_or_else(|| panic!("no sentence has: {words}"))
    }

    /// The figures are those of the tests of `changes` and `rule`.
    #[test]
    fn sentences_have_the_figures_and_their_stance() {
        let error = one("at a ratio of 0.5 changes the test MSE by −2.75 %");
        assert!(
            error.text.contains("by +2.50 %") && error.text.contains("−2.8 %"),
            "{}",
            error.text
        );
        assert_eq!(error.stance, Stance::Open);
        let saved = one("changes multiply–accumulates by −30.00 %");
        assert_eq!(saved.stance, Stance::For);
        let goal = one("saves 10.00 %");
        assert!(
            goal.text.contains("20.00 %") && goal.text.contains("missed"),
            "{}",
            goal.text
        );
        assert_eq!(goal.stance, Stance::Against);
        assert_eq!(one("lies 8.33 %").stance, Stance::Against);
        assert_eq!(
            one("in no cell and on no table is it worse").stance,
            Stance::For
        );
        let all = one("no attention at all");
        assert!(
            all.text.contains("Of 4 trained models, 0 have"),
            "{}",
            all.text
        );
        assert_eq!(one("no scorer and no reading").stance, Stance::Against);
        let others = one("Against models without attention");
        assert!(
            others
                .text
                .contains("in 2 comparisons and the higher one in 0"),
            "{}",
            others.text
        );
        assert_eq!(others.stance, Stance::For);
    }

    #[test]
    fn a_gain_of_training_alone_is_no_gain_of_pruning() {
        let mut cells = fixture::cells();
        for cell in &mut cells {
            if let Some(pruned) = &mut cell.pruned {
                pruned.ratio.mse = pruned.control.test.values.clone();
                for (dense, control) in cell.dense.test.values.iter_mut().zip(&pruned.ratio.mse) {
                    *dense = control * 1.1;
                }
            }
        }
        let suite = fixture::suite();
        let found = findings(&summarised(&suite, &fixture::method_names(), cells));
        assert_eq!(found[0].stance, Stance::Against);
        assert!(
            found[0]
                .text
                .contains("additional training, not by pruning"),
            "{}",
            found[0].text
        );
    }
}
