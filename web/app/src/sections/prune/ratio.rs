//! The slider for α, and the number of modules that it removes.

use leptos::prelude::*;

use super::preview::{Preview, STEP};
use crate::state::{Page, Setup};

/// Slider, value, and a sentence about rounding.
#[component]
pub(super) fn Ratio(preview: Memo<Option<Preview>>) -> impl IntoView {
    let page = Page::from_context();
    let percent = move || (page.ratio.get() * 100.0).round();
    let shown = move || format!("{} %", percent());
    // Disabled while a pruning runs, which has its own ratio, and where the ratio has no effect.
    let pruning = move || page.trained.with(Option::is_some) && page.busy.get();
    let automatic = move || page.setup.with(Setup::chooses);
    let rounding =
        move || preview.with(|preview| preview.as_ref().map(sentence).unwrap_or_default());
    let label = move || {
        let heads = page.setup.with(|setup| !setup.granularity.is_modules());
        let what = if heads { "heads" } else { "modules" };
        format!("Share of {what} to remove (ratio α)")
    };
    let spoken = move || format!("{}. {}", shown(), rounding());
    view! {
        <div class="field prune-ratio">
            <label for="prune-ratio">{label}</label>
            <div class="prune-slider">
                <input
                    id="prune-ratio"
                    data-testid="prune-ratio"
                    type="range"
                    min="0"
                    max="100"
                    step=STEP.to_string()
                    prop:value=move || percent().to_string()
                    aria-valuetext=spoken
                    disabled=move || pruning() || automatic()
                    on:input:target=move |event| {
                        if let Ok(percent) = event.target().value().parse::<f64>() {
                            page.ratio.set((percent / 100.0).clamp(0.0, 1.0));
                        }
                    }
                />
                <output for="prune-ratio" data-testid="prune-ratio-value">
                    {shown}
                </output>
            </div>
            <p class="hint prune-rounding" data-testid="prune-rounding">
                {rounding}
            </p>
        </div>
    }
}

/// Explains K of N, and the next ratio that removes more.
fn sentence(preview: &Preview) -> String {
    let (gone, all) = (preview.removed(), preview.all());
    let units = preview.unit(all);
    let ratio = preview.plan.ratio;
    let share = ratio * all as f64;
    let percent = (ratio * 100.0).round();
    let whole = (share - share.round()).abs() < 1e-9;
    let count = match gone {
        0 => "none is removed".to_owned(),
        1 => "1 is removed".to_owned(),
        n => format!("{n} are removed"),
    };
    let mut words = if whole {
        format!("{percent} % of {all} {units} is {share:.0}: {count}.")
    } else {
        format!("{percent} % of {all} {units} is {share:.2}; rounded down, {count}.")
    };
    if gone == all {
        words += " Without any attention the positions no longer exchange information.";
    } else if let Some(next) = preview.next_percent() {
        let one = if gone == 0 {
            "one is removed"
        } else {
            "one more is removed"
        };
        words += &format!(" From {next} % on {one}.");
    }
    words
}
