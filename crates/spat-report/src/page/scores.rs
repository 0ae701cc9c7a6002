//! The score of each module, the decision and its result.

use spat_spec::{
    Accumulate, Deviation, MaskShape, Plan, Report, Rounding, Scaling, Scope, Score, Scorer,
    SendOptions, Sign, When,
};

use super::{aside, candidates, paragraph, section as wrap};
use crate::{
    chart::{Bar, BarChart, bar_chart, figure, network_drawing, network_table},
    names, number,
};

/// Origin of the score, shown wherever SEND is.
pub(crate) const ORIGIN: &str =
    "SEND here is a reconstruction from the abstract and public digests of arXiv 2505.08768.";

pub(super) fn section(report: &Report) -> String {
    let mut body = String::new();
    let scores = if report.scores.is_empty() {
        &report.plan.scores
    } else {
        &report.scores
    };
    if report.dense.structure.attention.is_empty() {
        body += &paragraph(&format!(
            "{} has no attention modules, so there is nothing to score and nothing to remove.",
            report.experiment.forecaster.name()
        ));
    } else {
        let scorer = report.experiment.scorer;
        body += &aside(&match scorer {
            Scorer::Send => format!(
                "A higher score says that the loss depends on which positions a module attends to; a low one that \
                 no position matters more than another. {ORIGIN}"
            ),
            other => format!(
                "The modules are ranked by the scorer {other}: {}. A higher score marks a more important module.",
                other.title()
            ),
        });
        if scores.is_empty() {
            body += &paragraph("The modules were not scored.");
        } else {
            body += &bars(report, scores);
        }
        body += &paragraph(&why(&report.plan));
        body += &candidates::comparison(&report.plan);
        if scorer == Scorer::Send {
            body += &aside(&options(&report.experiment.send));
        }
    }
    let drawing = network_drawing(&report.pruned.structure);
    body += &figure(
        &drawing,
        "Structure after the decision",
        &network_table(&report.pruned.structure),
    );
    wrap("scores", "Scores and decision", &body)
}

fn bars(report: &Report, scores: &[Score]) -> String {
    let plan = &report.plan;
    let bars: Vec<Bar> = scores
        .iter()
        .map(|score| {
            let removed = plan.removed.contains(&score.module);
            Bar {
                label: score.module.to_string(),
                value: score.value,
                spread: score.spread,
                parts: score.heads.clone(),
                removed,
                note: decision(plan, score),
                module: score.module.to_string(),
            }
        })
        .collect();
    let label = names::score_label(report.experiment.scorer);
    let chart = BarChart {
        title: format!("{label} of each attention module"),
        description: format!(
            "One bar per module from input to output, with its standard deviation over batches and one dot per head; {} removed.",
            plan.removed.len()
        ),
        value_label: label,
        part_label: "head".to_owned(),
        cut: cut(plan, scores).map(|value| (value, "cut".to_owned())),
        bars,
        ..BarChart::default()
    };
    let batches = scores.iter().map(|score| score.batches).max().unwrap_or(0);
    let caption = format!(
        "Whiskers are one standard deviation over {}; dots are heads; hatched bars are removed.",
        if batches == 1 {
            "1 scored batch".to_owned()
        } else {
            format!("{} scored batches", number::count(batches))
        },
    );
    figure(&bar_chart(&chart), &caption, &chart.table())
}

/// What happens to a module, in two words.
pub(crate) fn decision(plan: &Plan, score: &Score) -> String {
    if plan.removed.contains(&score.module) {
        return "removed".to_owned();
    }
    let heads = plan
        .removed_heads
        .iter()
        .find(|removal| removal.module == score.module);
    heads.map_or_else(
        || {
            if plan.rule.protect.contains(&score.module) {
                "protected".to_owned()
            } else {
                "kept".to_owned()
            }
        },
        |removal| {
            let list: Vec<String> = removal.heads.iter().map(ToString::to_string).collect();
            format!(
                "loses {} {}",
                if list.len() == 1 { "head" } else { "heads" },
                list.join(", ")
            )
        },
    )
}

/// The midpoint between the highest removed and the lowest kept score; `None` if protected modules or
/// separate blocks put them out of order.
fn cut(plan: &Plan, scores: &[Score]) -> Option<f64> {
    let (gone, left): (Vec<&Score>, Vec<&Score>) = scores
        .iter()
        .partition(|score| plan.removed.contains(&score.module));
    let highest = gone.iter().map(|score| score.value).reduce(f64::max)?;
    let lowest = left.iter().map(|score| score.value).reduce(f64::min)?;
    (highest <= lowest).then_some((highest + lowest) / 2.0)
}

/// The rule of the decision and its result.
pub(crate) fn why(plan: &Plan) -> String {
    let all = plan.removed.len() + plan.kept.len();
    let list: Vec<String> = plan.removed.iter().map(ToString::to_string).collect();
    let gone = if list.is_empty() {
        "no module".to_owned()
    } else {
        list.join(", ")
    };
    let heads: usize = plan
        .removed_heads
        .iter()
        .map(|removal| removal.heads.len())
        .sum();
    let heads = if heads == 0 {
        String::new()
    } else {
        format!(
            " and {} from modules that stay",
            number::plural(heads, "head")
        )
    };
    if plan.scorer == "given" {
        return format!("The modules were chosen manually. This removes {gone}{heads}.");
    }
    let protect: Vec<String> = plan.rule.protect.iter().map(ToString::to_string).collect();
    let protect = if protect.is_empty() {
        String::new()
    } else {
        format!(
            " Protected regardless of the score: {}.",
            protect.join(", ")
        )
    };
    if let Some(search) = &plan.search {
        return format!(
            "{} This removes {gone}.{protect}",
            search.in_words(plan.removed.len(), all)
        );
    }
    let rounding = match plan.rule.rounding {
        Rounding::Floor => "rounded down",
        Rounding::Round => "rounded to the nearest",
        Rounding::Ceil => "rounded up",
    };
    let scope = match plan.rule.scope {
        Scope::Global => "one ranking of all modules",
        Scope::PerBlock => "a ranking for each block",
    };
    format!(
        "A ratio of {} of {}, {rounding}, gives K = {}. By {scope} with the score {}, lowest first, that removes {gone}{heads}.{protect}",
        plan.ratio,
        number::plural(all, "module"),
        plan.removed.len(),
        names::score(&plan.scorer),
    )
}

fn options(send: &SendOptions) -> String {
    let mask = match send.mask {
        MaskShape::Shared => "one mask for the batch",
        MaskShape::PerSample => "a mask per sample",
    };
    let sign = match send.sign {
        Sign::Signed => "signed sensitivity",
        Sign::Absolute => "absolute sensitivity",
    };
    let deviation = match send.deviation {
        Deviation::Population => "population deviation",
        Deviation::Unbiased => "unbiased deviation",
    };
    let scaling = match send.scaling {
        Scaling::None => "unscaled".to_owned(),
        Scaling::SumLoss => "scaled to the summed loss".to_owned(),
        Scaling::Standardise => "standardised per module".to_owned(),
        Scaling::Temperature(t) => format!("divided by a temperature of {t}"),
    };
    let accumulate = match send.accumulate {
        Accumulate::Sum => "summed over batches".to_owned(),
        Accumulate::Mean => "mean over batches".to_owned(),
        Accumulate::Ema(weight) => {
            format!("moving average with weight {weight} on the newest batch")
        }
        Accumulate::LastEpoch => "mean over the last epoch".to_owned(),
    };
    let when = match send.when {
        When::During => "taken while the dense model was trained",
        When::After => "taken after training",
    };
    format!(
        "How SEND was taken. {}, {sign}, {deviation}, {scaling}, {accumulate}, {when}.",
        names::capital(mask)
    )
}
