//! The ranking: bars with the cut, and each module's fate in words.

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
    let page = Page::here();
    let label = Memo::new(move |_| page.score_label());
    let chart = Memo::new(move |_| {
        preview.with(|preview| {
            let chart = |preview| chart(preview, label.get());
            preview.as_ref().map(chart).unwrap_or_default()
        })
    });
    let fates =
        Memo::new(move |_| preview.with(|preview| preview.as_ref().map(fates).unwrap_or_default()));
    let caption = "The lowest score goes first. Hatched bars go, full ones stay; whiskers are one standard deviation over batches, dots are heads.";
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
            {move || fates.get().into_iter().map(|fate| view! { <FateItem fate /> }).listed()}
        </ol>
    }
}

/// What happens to one module.
#[derive(Debug, Clone, PartialEq)]
struct Fate {
    module: ModuleId,
    send: f64,
    goes: bool,
    words: String,
}

/// One module; it stands out in other parts while it is pointed at.
#[component]
fn FateItem(fate: Fate) -> impl IntoView {
    let page = Page::here();
    let name = module_heading(&fate.module);
    let testid = format!("fate-{}", fate.module);
    let module = StoredValue::new(fate.module);
    let pointed = move || {
        page.pointed
            .with(|at| module.with_value(|m| at.as_ref() == Some(m)))
    };
    view! {
        <li
            class="fate"
            class:goes=fate.goes
            class:pointed=pointed
            data-testid=testid
            data-fate=if fate.goes { "goes" } else { "stays" }
            on:pointerenter=move |_| page.pointed.set(Some(module.get_value()))
            on:pointerleave=move |_| page.pointed.set(None)
        >
            <span class="fate-name">{name}</span>
            " "
            <span class="fate-send">{figure_text(fate.send)}</span>
            " "
            <strong>{fate.words}</strong>
        </li>
    }
}

/// What happens to a module.
fn words(preview: &Preview, score: &Score) -> String {
    match (preview.goes(score), preview.lost(&score.module)) {
        (true, _) => "goes".to_owned(),
        (false, 0) => "stays".to_owned(),
        (false, lost) => format!("loses {lost} of {} heads", score.heads.len()),
    }
}

fn fates(preview: &Preview) -> Vec<Fate> {
    let fate = |score: &Score| Fate {
        module: score.module.clone(),
        send: score.value,
        goes: preview.goes(score),
        words: words(preview, score),
    };
    preview.ranking().into_iter().map(fate).collect()
}

fn chart(preview: &Preview, label: String) -> BarChart {
    let bar = |score: &Score| Bar {
        label: module_heading(&score.module),
        value: score.value,
        spread: score.spread,
        parts: score.heads.clone(),
        removed: preview.goes(score),
        note: words(preview, score),
        module: score.module.to_string(),
    };
    let gone: Vec<String> = preview.plan.removed.iter().map(module_name).collect();
    let gone = if gone.is_empty() {
        "None goes.".to_owned()
    } else {
        format!("What goes: {}.", gone.join(", "))
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
