//! The borders of the parts, over the plot: sliders for pointer and keys.

use leptos::ev;
use leptos::prelude::*;
use spat_report::PlotArea;
use wasm_bindgen::JsCast as _;
use web_sys::Element;

use super::shares::{Border, Shares};
use crate::state::Page;

/// Percent by which the page keys move a border.
const PAGE: f64 = 5.0;

/// Both borders. `shares` is what is shown; `settle` is called when a border is released.
#[component]
pub(super) fn Borders(
    /// The plot's area in the chart.
    area: Memo<PlotArea>,
    shares: RwSignal<Shares>,
    settle: Callback<()>,
) -> impl IntoView {
    view! {
        <Handle border=Border::Val name="Border between training and validation" testid="border-val" area shares settle />
        <Handle border=Border::Test name="Border between validation and test" testid="border-test" area shares settle />
    }
}

#[component]
fn Handle(
    border: Border,
    name: &'static str,
    testid: &'static str,
    area: Memo<PlotArea>,
    shares: RwSignal<Shares>,
    settle: Callback<()>,
) -> impl IntoView {
    let page = Page::from_context();
    let dragged = RwSignal::new(false);
    let percent = move || shares.get().at(border);
    let pixels = |pixels: f64| format!("{pixels:.1}px");
    let left = move || {
        area.with(|area| {
            pixels(area.left + (area.right - area.left) * f64::from(percent()) / 100.0)
        })
    };
    let height = move || area.with(|area| pixels((area.bottom - area.top).max(0.0)));
    let move_to =
        move |percent: f64| shares.update(|shares| *shares = shares.moved(border, percent));
    let handle = |event: &ev::PointerEvent| event.current_target()?.dyn_into::<Element>().ok();
    let start_drag = move |event: ev::PointerEvent| {
        if page.busy.get_untracked() {
            return;
        }
        if let Some(handle) = handle(&event) {
            // Without capture a fast pointer would leave the border.
            handle.set_pointer_capture(event.pointer_id()).ok();
        }
        dragged.set(true);
    };
    let drag = move |event: ev::PointerEvent| {
        if !dragged.get_untracked() {
            return;
        }
        let frame = handle(&event).and_then(|handle| handle.parent_element());
        if let Some(frame) = frame {
            let x = f64::from(event.client_x()) - frame.get_bounding_client_rect().left();
            let area = area.get_untracked();
            move_to((x - area.left) / (area.right - area.left) * 100.0);
        }
    };
    let release = move |_: ev::PointerEvent| {
        if dragged.get_untracked() {
            dragged.set(false);
            settle.run(());
        }
    };
    let press = move |event: ev::KeyboardEvent| {
        // With a modifier, arrow keys are browser shortcuts.
        if page.busy.get_untracked() || event.alt_key() || event.ctrl_key() || event.meta_key() {
            return;
        }
        let now = f64::from(shares.get_untracked().at(border));
        let next = match event.key().as_str() {
            "ArrowLeft" | "ArrowDown" => now - 1.0,
            "ArrowRight" | "ArrowUp" => now + 1.0,
            "PageDown" => now - PAGE,
            "PageUp" => now + PAGE,
            "Home" => 0.0,
            "End" => 100.0,
            _ => return,
        };
        event.prevent_default();
        move_to(next);
        settle.run(());
    };
    let reach = move |most: bool| {
        let (least, greatest) = shares.get().reach(border);
        if most { greatest } else { least }.to_string()
    };
    let value_text = move || {
        let shares = shares.get();
        format!(
            "{} % for training, {} % for validation, {} % for the test",
            shares.train,
            shares.val,
            shares.test()
        )
    };
    view! {
        <div
            class="border-handle"
            class:dragged=dragged
            role="slider"
            tabindex="0"
            data-testid=testid
            aria-label=name
            aria-disabled=move || page.busy.get().to_string()
            aria-valuemin=move || reach(false)
            aria-valuemax=move || reach(true)
            aria-valuenow=move || percent().to_string()
            aria-valuetext=value_text
            style:left=left
            style:top=move || area.with(|area| pixels(area.top))
            style:height=height
            on:pointerdown=start_drag
            on:pointermove=drag
            on:pointerup=release
            on:pointercancel=release
            on:keydown=press
        ></div>
    }
}
