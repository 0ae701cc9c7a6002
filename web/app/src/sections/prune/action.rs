//! The button, the progress, and a link to the result.

use leptos::prelude::*;
use spat_spec::Plan;

use super::step_link::StepLink;
use crate::sections::delayed;
use crate::show::Show;
use crate::state::{Activity, MEASURING, Page, Training};

/// The button, and below it the progress or the outcome.
#[component]
pub(super) fn Action() -> impl IntoView {
    let page = Page::from_context();
    let busy = page.busy;
    let trained = Memo::new(move |_| page.trained.with(Option::is_some));
    let has_modules = Memo::new(move |_| {
        page.trained.with(|trained| {
            trained
                .as_ref()
                .is_none_or(|trained| !trained.forecaster.modules().is_empty())
        })
    });
    let reason = Memo::new(move |_| match (trained.get(), busy.get()) {
        (false, true) => "You can prune as soon as the dense model is trained.",
        (false, false) => "Train a model in step 3 first.",
        (true, true) => "A job is running.",
        (true, false) if page.saved.with(Option::is_some) => {
            "This is a saved example without weights. Train it in step 3 to prune it."
        }
        (true, false) if !has_modules.get() => "This model has no attention modules.",
        (true, false) => "",
    });
    view! {
        <div class="prune-action">
            <div class="row">
                <button
                    type="button"
                    class="primary"
                    data-testid="prune-start"
                    aria-describedby="prune-reason"
                    disabled=move || !reason.get().is_empty()
                    on:click=move |_| page.prune()
                >
                    "Prune and fine-tune"
                </button>
                <span id="prune-reason" class="hint" data-testid="prune-reason">
                    {move || reason.get()}
                </span>
            </div>
            <div class="prune-outcome">
                <Show when=move || trained.get() && busy.get()>
                    <Progress />
                </Show>
                <Show when=move || !busy.get()>
                    <Outcome />
                </Show>
            </div>
        </div>
    }
}

/// The progress. Not a live region, since it changes several times a second.
#[component]
fn Progress() -> impl IntoView {
    let page = Page::from_context();
    // After the texts of step 3 and of the next-step button.
    let words = delayed(100, Memo::new(move |_| page.training.with(progress)));
    let step = move || page.training.with(|training| training.step.to_string());
    let steps = move || {
        page.training
            .with(|training| training.steps.max(1).to_string())
    };
    view! {
        <progress
            data-testid="prune-progress"
            aria-label="Pruning and fine-tuning"
            prop:max=steps
            prop:value=step
        ></progress>
        <p class="prune-progress-words" data-testid="prune-progress-words">
            {move || words.get()}
        </p>
        <p class="hint">
            "Pause and stop are in " <StepLink part="train" words="step 3" /> "."
        </p>
    }
}

fn progress(training: &Training) -> String {
    let phase = match (training.activity, training.phase) {
        (Activity::Starting, _) | (_, None) => return "Starting …".to_owned(),
        (_, Some(phase)) => phase.title(),
    };
    let mut words = phase.to_owned();
    if training.is_measuring() {
        return words + MEASURING;
    }
    if training.epochs > 0 {
        words += &format!(" · epoch {} of {}", training.epoch, training.epochs);
    }
    if training.steps > 0 {
        words += &format!(" · step {} of {}", training.step, training.steps);
    }
    if training.activity == Activity::Paused {
        return words + " · paused";
    }
    if training.eta_seconds.is_finite() && training.eta_seconds >= 1.0 {
        words += &format!(" · about {:.0} s left", training.eta_seconds);
    }
    words
}

/// The outcome of the last pruning.
#[component]
fn Outcome() -> impl IntoView {
    let page = Page::from_context();
    let activity = Memo::new(move |_| page.training.with(|training| training.activity));
    let done = Memo::new(move |_| {
        page.report.with(|report| {
            report
                .as_ref()
                .map(|report| (removed(&report.plan), ratio(&report.plan)))
        })
    });
    move || match (done.get(), activity.get()) {
        (Some((removed, ratio)), _) => {
            let what = match removed {
                None => "Nothing was removed.".to_owned(),
                Some(what) => format!("The model was fine-tuned without {what}."),
            };
            let other = ratio.filter(|ratio| (page.ratio.get() - ratio).abs() > 1e-9);
            let other = other.map(|ratio| {
                format!(
                    " The ratio was {:.0} %; prune again to apply the current one.",
                    ratio * 100.0
                )
            });
            view! {
                <p role="status" data-testid="prune-done">
                    {what}
                    " "
                    <StepLink part="compare" words="Compare before and after" />
                    "."
                    {other}
                </p>
            }
            .into_any()
        }
        (None, Activity::Failed) if page.trained.with(Option::is_some) => view! {
            <p class="error" role="alert" data-testid="prune-failed">
                "Pruning failed; see the notices."
            </p>
        }
        .into_any(),
        (None, Activity::Stopped) if page.trained.with(Option::is_some) => view! {
            <p role="status" data-testid="prune-stopped">
                "Stopped. The button above continues."
            </p>
        }
        .into_any(),
        _ => ().into_any(),
    }
}

/// The ratio of a plan, if it was not found by a search.
fn ratio(plan: &Plan) -> Option<f64> {
    plan.search.is_none().then_some(plan.ratio)
}

/// Describes what a plan removes.
fn removed(plan: &Plan) -> Option<String> {
    let counted = |count: usize, what: &str| {
        let several = if count == 1 { "" } else { "s" };
        (count > 0).then(|| format!("{count} attention {what}{several}"))
    };
    let heads = plan.removed_heads.iter().map(|lost| lost.heads.len()).sum();
    match (
        counted(plan.removed.len(), "module"),
        counted(heads, "head"),
    ) {
        (Some(modules), Some(heads)) => Some(format!("{modules} and {heads}")),
        (modules, heads) => modules.or(heads),
    }
}
