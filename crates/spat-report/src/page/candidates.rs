//! The candidates of a selection: which modules each removes, its validation error, and the choice.

use spat_spec::{LinearCandidate, LinearStanding, LossDifference, ModuleId, Plan, Search, Trial};

use super::{aside, paragraph};
use crate::{
    chart::{Hue, ScatterChart, ScatterGroup, ScatterPoint, figure, scatter_chart},
    escape::shorten,
    names, number,
    table::Table,
};

/// A candidate as text.
pub(crate) struct CandidateRow {
    /// The removed modules, or the linear model.
    pub(crate) removed: String,
    /// Its validation MSE.
    pub(crate) mse: String,
    /// The difference to the lowest, and its standard error.
    pub(crate) difference: String,
    /// Its MACs.
    pub(crate) macs: String,
    /// "chosen", "lowest", both or neither; of a linear model, how it compares with the chosen candidate.
    pub(crate) note: &'static str,
}

/// The selection's record, if there was one with several candidates; an elimination has none.
pub(crate) fn selection(plan: &Plan) -> Option<&Search> {
    let search = plan.search.as_ref();
    search.filter(|search| !search.select.is_elimination() && !search.trials.is_empty())
}

/// The fine-tuned candidates, then the linear models.
pub(crate) fn rows(plan: &Plan, search: &Search) -> Vec<CandidateRow> {
    let best = search.best();
    let row = |trial: &Trial| {
        let is_best = best.is_some_and(|best| best.removed == trial.removed);
        CandidateRow {
            removed: without(plan, &trial.removed),
            mse: number::error(trial.loss),
            difference: if is_best {
                String::new()
            } else {
                difference(trial.difference)
            },
            macs: trial.macs.map_or_else(String::new, number::short),
            note: match (trial.accepted, is_best) {
                (true, true) => "chosen, lowest",
                (true, false) => "chosen",
                (false, true) => "lowest",
                (false, false) => "",
            },
        }
    };
    let linear = |model: &LinearCandidate| CandidateRow {
        removed: names::baseline(&model.name),
        mse: number::error(model.loss),
        difference: difference(model.difference),
        macs: number::short(model.macs),
        note: match model.standing() {
            LinearStanding::Lower => "linear, lower",
            LinearStanding::WithinError => "linear, within error",
            LinearStanding::Higher => "linear",
        },
    };
    let trials = search.trials.iter().map(row);
    trials.chain(search.linear.iter().map(linear)).collect()
}

/// How the linear models compare with the chosen candidate on the validation windows; `None` without any.
pub(crate) fn linear_in_words(search: &Search) -> Option<String> {
    let best = search
        .linear
        .iter()
        .filter(|model| model.to_chosen.is_some());
    let best = best.min_by(|a, b| a.loss.total_cmp(&b.loss))?;
    let name = names::baseline(&best.name);
    let figures = best.to_chosen.map_or_else(String::new, |difference| {
        let error = difference.error;
        let error = error.map_or_else(String::new, |error| format!(" ± {}", number::error(error)));
        format!("{}{error}", number::error(difference.mean.abs()))
    });
    let direction = match best.to_chosen {
        Some(difference) if difference.mean < 0.0 => "below",
        _ => "above",
    };
    Some(match best.standing() {
        LinearStanding::Lower => format!(
            "Validation prefers {name}: its MSE on the validation windows is {figures} below that of the chosen \
             candidate."
        ),
        LinearStanding::WithinError => format!(
            "On the validation windows, {name} lies within one standard error of the chosen candidate: its MSE is \
             {figures} {direction}."
        ),
        LinearStanding::Higher => format!(
            "On the validation windows, no linear model comes near the chosen candidate: the MSE of the best, \
             {name}, is {figures} above."
        ),
    })
}

fn difference(difference: Option<LossDifference>) -> String {
    match difference {
        None => number::NONE.to_owned(),
        Some(difference) => {
            let sign = if difference.mean < 0.0 { '−' } else { '+' };
            let error = difference
                .error
                .map_or_else(String::new, |error| format!(" ± {}", number::error(error)));
            format!("{sign}{}{error}", number::error(difference.mean.abs()))
        }
    }
}

/// The removed modules from input to output. Words that a name has in common with the one before it are left out:
/// "encoder 0, 2, decoder 0 cross".
fn without(plan: &Plan, removed: &[ModuleId]) -> String {
    if removed.is_empty() {
        return "none".to_owned();
    }
    if removed.len() == plan.scores.len() {
        return "all".to_owned();
    }
    let scored = plan.scores.iter().map(|score| &score.module);
    let mut previous = String::new();
    let parts = scored
        .filter(|module| removed.contains(module))
        .map(|module| {
            let name = names::module(module);
            let (start, end) = name.rsplit_once(' ').unwrap_or(("", &name));
            if !start.is_empty() && start == previous {
                end.to_owned()
            } else {
                start.clone_into(&mut previous);
                name
            }
        });
    parts.collect::<Vec<_>>().join(", ")
}

/// The candidates as a table and a chart; empty if there was no selection.
pub fn comparison(plan: &Plan) -> String {
    let Some(search) = selection(plan) else {
        return String::new();
    };
    let windows = match search.origins {
        0 => String::new(),
        1 => " and those after an earlier cutoff".to_owned(),
        count => format!(" and those after {count} earlier cutoffs"),
    };
    let mut table = Table::new(
        format!("Candidates on the validation windows{windows}, each fine-tuned"),
        [
            "Removed",
            "MSE",
            "Above the lowest ± standard error",
            "MACs",
            "",
        ],
    );
    for row in rows(plan, search) {
        table.row([
            row.removed,
            row.mse,
            row.difference,
            row.macs,
            row.note.to_owned(),
        ]);
    }
    let words = linear_in_words(search).map_or_else(String::new, |words| paragraph(&words));
    let chart = chart(plan, search);
    let caption = "Whiskers are one standard error of the difference to the lowest error, by a moving-block \
                   bootstrap over the validation windows.";
    table.html()
        + &words
        + &figure(&scatter_chart(&chart), caption, &chart.table())
        + &screened(plan, search)
}

fn chart(plan: &Plan, search: &Search) -> ScatterChart {
    let point = |trial: &Trial| {
        let error = trial.difference.and_then(|difference| difference.error);
        ScatterPoint {
            x: trial.macs.unwrap_or(0) as f64 / 1e6,
            y: trial.loss,
            spread: error.unwrap_or(0.0),
            label: shorten(&without(plan, &trial.removed), 26),
        }
    };
    let linear = search.linear.iter().filter(|model| model.loss.is_finite());
    let linear = linear.map(|model| ScatterPoint {
        x: model.macs as f64 / 1e6,
        y: model.loss,
        spread: model
            .difference
            .and_then(|difference| difference.error)
            .unwrap_or(0.0),
        label: names::baseline(&model.name),
    });
    let finite = || search.trials.iter().filter(|trial| trial.loss.is_finite());
    let group = |label: &str, hue, accepted: bool| ScatterGroup {
        label: label.to_owned(),
        hue,
        points: finite()
            .filter(|trial| trial.accepted == accepted)
            .map(point)
            .collect(),
        joined: false,
    };
    ScatterChart {
        title: "Validation error of each candidate".to_owned(),
        description: format!(
            "One point per fine-tuned candidate, labelled with the removed modules; {} candidates.",
            search.trials.len()
        ),
        x_label: "million MACs".to_owned(),
        y_label: "validation MSE".to_owned(),
        groups: vec![
            group("other candidates", Hue::Blue, false),
            group("chosen", Hue::Vermillion, true),
            ScatterGroup {
                label: "linear models".to_owned(),
                hue: Hue::Green,
                points: linear.collect(),
                joined: false,
            },
        ]
        .into_iter()
        .filter(|group| !group.points.is_empty())
        .collect(),
        width: 912.0,
        height: 360.0,
    }
}

/// The first comparison, without fine-tuning.
fn screened(plan: &Plan, search: &Search) -> String {
    if search.screened.is_empty() {
        return String::new();
    }
    let mut table = Table::new(
        "Candidates on the validation windows, without fine-tuning",
        ["Removed", "MSE", ""],
    );
    for candidate in &search.screened {
        let continued = search
            .trials
            .iter()
            .any(|trial| trial.removed == candidate.removed);
        table.row([
            without(plan, &candidate.removed),
            number::error(candidate.loss),
            if continued { "fine-tuned" } else { "" }.to_owned(),
        ]);
    }
    aside(
        "There were too many candidates to fine-tune each, so all were compared without fine-tuning first.",
    ) + &table.html()
}

#[cfg(test)]
mod tests {
    use spat_spec::{Plan, Score};

    use super::*;

    #[test]
    fn names_leave_out_common_words() {
        let modules = [
            "encoder.0.attention",
            "encoder.1.attention",
            "encoder.2.attention",
            "decoder.0.self_attention",
            "decoder.0.cross_attention",
        ];
        let scores = modules.map(|module| Score {
            module: ModuleId::from(module),
            value: 1.0,
            heads: vec![1.0],
            spread: 0.0,
            batches: 1,
        });
        let plan = Plan::of_modules("send", scores.to_vec(), Vec::new()).unwrap();
        let of = |places: &[usize]| {
            let removed: Vec<_> = places.iter().map(|&place| modules[place].into()).collect();
            without(&plan, &removed)
        };
        assert_eq!(of(&[]), "none");
        assert_eq!(of(&[0, 1, 2, 3, 4]), "all");
        assert_eq!(of(&[2, 0]), "encoder 0, 2");
        assert_eq!(of(&[0, 4, 3]), "encoder 0, decoder 0 self, cross");
    }
}
