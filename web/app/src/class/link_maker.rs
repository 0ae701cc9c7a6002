//! Makes a link for a class.

use leptos::prelude::*;

use super::rules::{HIDE, LOCK, Name};
use crate::lessons;
use crate::sections::CopyField;
use crate::show::Listed as _;
use crate::state::Page;

/// Checkboxes for what the link hides and locks, and the link.
#[component]
pub(crate) fn LinkMaker() -> impl IntoView {
    let page = Page::from_context();
    let hidden = RwSignal::new(Vec::<&'static str>::new());
    let locked = RwSignal::new(Vec::<&'static str>::new());
    let table = RwSignal::new(String::new());
    let lesson = RwSignal::new(String::new());
    let address = Memo::new(move |_| {
        let here = window().location().href().unwrap_or_default();
        let mut address = here.split('#').next().unwrap_or_default().to_owned();
        address += &page.hash();
        for (name, value) in [("table", table.get()), ("lesson", lesson.get())] {
            if !value.is_empty() {
                address += &format!("&{name}={value}");
            }
        }
        for (name, mut chosen) in [("hide", hidden.get()), ("lock", locked.get())] {
            if !chosen.is_empty() {
                chosen.sort();
                address += &format!("&{name}={}", chosen.join(","));
            }
        }
        address
    });
    view! {
        <details class="more">
            <summary data-testid="class-link-open">"Make a link for a class"</summary>
            <p class="hint">
                "The link contains the current setup. What you tick is hidden or locked when it is opened. \
                This simplifies the app; it is not access control."
            </p>
            <div class="row">
                <label class="field">
                    "Table at the start"
                    <select data-testid="class-table" on:change:target=move |event| table.set(event.target().value())>
                        <option value="">"none: students open one"</option>
                        <option value="weather">"New York weather"</option>
                        <option value="waves">"Synthetic waves"</option>
                    </select>
                </label>
                <label class="field">
                    "Lesson"
                    <select data-testid="class-lesson" on:change:target=move |event| lesson.set(event.target().value())>
                        <option value="">"none"</option>
                        {(1..=lessons::COUNT)
                            .map(|number| {
                                view! { <option value=number.to_string()>{format!("lesson {number}")}</option> }
                            })
                            .listed()}
                    </select>
                </label>
            </div>
            <Boxes legend="Hide" start="hide" names=&HIDE chosen=hidden />
            <Boxes legend="Lock" start="lock" names=&LOCK chosen=locked />
            <CopyField label="Link for the class" name="class-link" text=address />
        </details>
    }
}

/// A checkbox per name.
#[component]
fn Boxes(
    legend: &'static str,
    start: &'static str,
    names: &'static [Name],
    chosen: RwSignal<Vec<&'static str>>,
) -> impl IntoView {
    view! {
        <fieldset>
            <legend>{legend}</legend>
            <div class="choices">
                {names
                    .iter()
                    .map(|&(name, words)| {
                        view! {
                            <label class="choice">
                                <input
                                    type="checkbox"
                                    data-testid=format!("{start}-{name}")
                                    on:change:target=move |event| {
                                        let on = event.target().checked();
                                        chosen
                                            .update(|chosen| {
                                                chosen.retain(|chosen| *chosen != name);
                                                if on {
                                                    chosen.push(name);
                                                }
                                            });
                                    }
                                />
                                {words}
                            </label>
                        }
                    })
                    .listed()}
            </div>
        </fieldset>
    }
}
