//! The ranking as bars with the cut, and the decision for each module as text.

use leptos::prelude::*;
use spat_report::{Bar, BarChart, bar_chart, module_heading, module_name};
use spat_spec::{ModuleId, Score};

use super::preview::Preview;
use crate::charts::{Figure, figure_text};
use crate::show::Listed as _;
use crate::state::Page;

/// The chart and the list.
#[component]
pub(super) fn Decisions(preview: Memo<Option<Preview>>) -> impl IntoView {
    let page = Page::from_context();
    let label = Memo::new(move |_| page.score_label());
    let chart = Memo::new(move |_| {
        preview.with(|preview| {
            let chart = |preview| chart(preview, label.get());
            preview.as_ref().map(chart).unwrap_or_default()
        })
    });
    let decisions = Memo::new(move |_| {
        preview.with(|preview| preview.as_ref().map(decisions).unwrap_or_default())
    });
    let caption = "The lowest scores are removed first. Hatched bars are removed, filled bars are kept; whiskers are one standard deviation over batches, dots are heads.";
    view! {
        <div data-testid="prune-ranking">
            <Figure
                name="pruning-ranking"
                caption=Signal::stored(caption.to_owned())
                draw=move |width: f64| bar_chart(&BarChart { width, ..chart.get() })
                table=Signal::derive(move || chart.with(|chart| chart.table().html()))
            />
        </div>
        <ol class="fates" aria-label="Modules, the lowest score first" data-testid="prune-fates">
            {move || decisions.get().into_iter().map(|decision| view! { <DecisionItem decision /> }).listed()}
        </ol>
    }
}

/// The decision for one module.
#[derive(Debug, Clone, PartialEq)]
struct Decision {
    module: ModuleId,
    send: f64,
    removed: bool,
    words: String,
}

/// One module; highlighted in all charts while it is pointed at.
#[component]
fn DecisionItem(decision: Decision) -> impl IntoView {
    let page = Page::from_context();
    let name = module_heading(&decision.module);
    let testid = format!("fate-{}", decision.module);
    let module = StoredValue::new(decision.module);
    let pointed = move || module.with_value(|module| page.is_pointed(module));
    view! {
        <li
            class="fate"
            class:goes=decision.removed
            class:pointed=pointed
            data-testid=testid
            data-fate=if decision.removed { "goes" } else { "stays" }
            on:pointerenter=move |_| page.pointed.set(Some(module.get_value()))
            on:pointerleave=move |_| page.pointed.set(None)
        >
            <span class="fate-name">{name}</span>
            " "
            <span class="fate-send">{figure_text(decision.send)}</span>
            " "
            <strong>{decision.words}</strong>
        </li>
    }
}

/// The decision as text.
fn words(preview: &Preview, score: &Score) -> String {
    match (preview.removes(score), preview.lost(&score.module)) {
        (true, _) => "removed".to_owned(),
        (false, 0) => "kept".to_owned(),
        (false, lost) => format!("{lost} of {} heads removed", score.heads.len()),
    }
}

fn decisions(preview: &Preview) -> Vec<Decision> {
    let decision = |score: &Score| Decision {
        module: score.module.clone(),
        send: score.value,
        removed: preview.removes(score),
        words: words(preview, score),
    };
    preview.ranking().into_iter().map(decision).collect()
}

fn chart(preview: &Preview, label: String) -> BarChart {
    let bar = |score: &Score| Bar {
        label: module_heading(&score.module),
        value: score.value,
        spread: score.spread,
        parts: score.heads.clone(),
        removed: preview.removes(score),
        note: words(preview, score),
        module: score.module.to_string(),
    };
    let gone: Vec<String> = preview.plan.removed.iter().map(module_name).collect();
    let gone = if gone.is_empty() {
        "None is removed.".to_owned()
    } else {
        format!("Removed: {}.", gone.join(", "))
    };
    BarChart {
        title: format!("{label} of each attention module, lowest first"),
        description: format!("One bar per module in the order of removal. {gone}"),
        value_label: label,
        part_label: "head".to_owned(),
        bars: preview.ranking().into_iter().map(bar).collect(),
        cut: preview.cut().map(|cut| (cut, "cut".to_owned())),
        ..BarChart::default()
    }
}
