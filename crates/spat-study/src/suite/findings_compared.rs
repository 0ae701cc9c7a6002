//! Sentences of a suite about ways to choose modules, other models and other tables.

use spat_report::number::estimated_share as share;
use spat_spec::{MethodComparison, ModelForm, Pruning, Scorer, Stance, SuiteFinding, SuiteReport};

use super::findings::{finding, number};
use crate::findings::words::plural;

pub(super) fn blind_choices(methods: &MethodComparison) -> Option<SuiteFinding> {
    let better: Vec<&str> = methods
        .better_than_blind()
        .map(|method| method.method.name.as_str())
        .collect();
    let of = |name: &str| {
        let mut all = methods.methods.iter();
        all.find(|method| method.method.name == name)
    };
    let regret = |name: &str| of(name).map_or_else(|| "–".to_owned(), |one| share(&one.regret));
    let (stance, text) = if better.is_empty() {
        (
            Stance::Against,
            "no scorer and no reading of SEND is better than both beyond the intervals".to_owned(),
        )
    } else if better.contains(&Scorer::Send.name()) {
        (
            Stance::For,
            format!(
                "better than both beyond the intervals: {}",
                better.join(", ")
            ),
        )
    } else {
        (
            Stance::Against,
            format!(
                "better than both beyond the intervals: {}; SEND is not among them",
                better.join(", ")
            ),
        )
    };
    Some(finding(
        stance,
        format!(
            "The regret of SEND is {}, that of a random choice {}, and that of removing the last modules first {}; {text} (not corrected for {} comparisons).",
            regret(Scorer::Send.name()),
            regret(super::cell::RANDOM),
            regret(Scorer::Last.name()),
            methods.methods.len(),
        ),
    ))
}

pub(super) fn best_reading(methods: &MethodComparison) -> Option<SuiteFinding> {
    use spat_spec::MethodKind::{Reading, Send};
    let mut of_send = methods
        .methods
        .iter()
        .filter(|method| matches!(method.method.kind, Send | Reading));
    let best = of_send.next()?;
    let worst = of_send.next_back()?;
    let lowest = methods.methods.first()?;
    Some(finding(
        Stance::Open,
        format!(
            "Of the readings of SEND, \"{}\" has the lowest regret with {} and \"{}\" the highest with {}; of all methods \"{}\" has the lowest with {}.",
            best.method.name,
            share(&best.regret),
            worst.method.name,
            share(&worst.regret),
            lowest.method.name,
            share(&lowest.regret),
        ),
    ))
}

pub(super) fn other_models(report: &SuiteReport) -> Option<SuiteFinding> {
    let models = &report.models;
    let name = |row: usize| {
        let row = &models.rows[row];
        report.suite.models[row.model].name.as_str()
    };
    let first = models.rows.first()?;
    models.rows.iter().find(|row| !row.attention)?;
    let of_rule = |pair: &&spat_spec::ModelPair| {
        models.rows[pair.row].form == ModelForm::Pruned(Pruning::Rule)
    };
    let wins: usize = models
        .pairs
        .iter()
        .filter(of_rule)
        .map(|p| p.columns.wins)
        .sum();
    let losses: usize = models
        .pairs
        .iter()
        .filter(of_rule)
        .map(|p| p.columns.losses)
        .sum();
    let sure = |wins: bool| {
        let pairs = models.pairs.iter().filter(of_rule);
        let sure = pairs.filter(|pair| {
            pair.columns.p < 0.05 && (pair.columns.wins > pair.columns.losses) == wins
        });
        let names: Vec<String> = sure
            .map(|pair| format!("{} against {}", name(pair.row), name(pair.other)))
            .collect();
        if names.is_empty() {
            "none".to_owned()
        } else {
            names.join("; ")
        }
    };
    Some(finding(
        match wins.cmp(&losses) {
            std::cmp::Ordering::Greater => Stance::For,
            std::cmp::Ordering::Less => Stance::Against,
            std::cmp::Ordering::Equal => Stance::Open,
        },
        format!(
            "Against models without attention, the selection rule's models have the lower test MSE in {wins} comparisons and the higher one in {losses}. Better by the sign test at 5 % over tables: {}. Worse: {}. The lowest mean rank of all has {}{}.",
            sure(true),
            sure(false),
            report.suite.models[first.model].name,
            if first.attention {
                ""
            } else {
                ", a model without attention"
            },
        ),
    ))
}

pub(super) fn zero_shot(report: &SuiteReport) -> Option<SuiteFinding> {
    let changes: Vec<f64> = report
        .zero_shot
        .iter()
        .filter_map(|result| Some(result.pruned.as_ref()?.rule_against_control.difference))
        .collect();
    if changes.is_empty() {
        return None;
    }
    let lower = changes.iter().filter(|change| **change < 0.0).count();
    let mean = changes.iter().sum::<f64>() / changes.len() as f64;
    Some(finding(
        Stance::Open,
        format!(
            "On tables that they were not trained on, the selection rule's models have a lower test MSE than the control in {lower} of {}, with a mean change of {} %.",
            plural(changes.len(), "case"),
            number(mean)
        ),
    ))
}
