//! Selection of the engine's device.

use leptos::prelude::*;
use spat_spec::Engine;

use crate::engine;
use crate::state::{EngineState, Page};

/// The position of a visitor for whom the host has no place yet.
pub(crate) fn waiting_for_place(ahead: usize) -> String {
    let others = match ahead {
        0 => "this is the next page that gets one".to_owned(),
        1 => "one other visitor gets one first".to_owned(),
        ahead => format!("{ahead} other visitors get one first"),
    };
    format!("Waiting for a place on the host · {others}")
}

/// The requested engine, and the device that is used.
#[component]
pub(super) fn EngineChoice() -> impl IntoView {
    let page = Page::from_context();
    let gpu = if engine::is_native() { "GPU" } else { "WebGPU" };
    let choices = [
        (Engine::Auto, "auto", "Best"),
        (Engine::Gpu, "gpu", gpu),
        (Engine::Cpu, "cpu", "CPU"),
    ];
    let host = engine::host();
    let shared = host.is_some();
    let words = move || match (page.worker.get(), page.device.get()) {
        (EngineState::Broken(_), _) => "The engine stopped; see the notice.".to_owned(),
        (EngineState::Loading, _) if shared => "Connecting to the host …".to_owned(),
        (EngineState::Loading, _) => "The engine is loading …".to_owned(),
        (EngineState::Waiting(ahead), _) => waiting_for_place(ahead),
        (EngineState::Ready, None) => "Looking for a device …".to_owned(),
        (EngineState::Ready, Some(facts)) => {
            if let Some(host) = &host {
                let what = if facts.kind == "gpu" { "GPU" } else { "CPU" };
                let name = facts.name;
                return format!("Computes on {host}, for its visitors in turn ({what}: {name})");
            }
            let what = if facts.kind == "gpu" { gpu } else { "CPU" };
            let reason = page.device_reason.get();
            let reason = reason
                .map(|reason| format!(" ({reason})"))
                .unwrap_or_default();
            // The open run stays on its device.
            let open = page.open_summary().map(|(_, summary)| summary.engine);
            let when = match open {
                Some(open) if open != page.engine.get() => "From the next training on, computes",
                _ => "Computes",
            };
            format!("{when} on the {what}: {}{reason}", facts.name)
        }
    };
    view! {
        <fieldset class="engine" disabled=page.busy>
            <legend>"Engine"</legend>
            <div class="row">
                {(!shared).then(|| choices
                    .map(|(engine, name, label)| {
                        view! {
                            <label class="choice">
                                <input
                                    type="radio"
                                    name="engine"
                                    data-testid=format!("engine-{name}")
                                    prop:checked=move || page.engine.get() == engine
                                    on:change=move |_| page.choose_engine(engine)
                                />
                                {label}
                            </label>
                        }
                    }))}
                <span class="hint" role="status" data-testid="device">
                    {words}
                </span>
            </div>
        </fieldset>
    }
}
