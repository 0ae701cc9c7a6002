//! Lessons: cards in a side panel that point at parts of the app. Their texts are the files of
//! `docs/lessons`, which are published with the app.

mod claim;
mod claims;
mod lesson;
mod markdown;
mod panel;
mod pointer;

use std::sync::Arc;

use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::example;
use crate::route::Route;
use crate::sections::data::fetched;
use crate::state::Page;

use lesson::{Lesson, contents};
use panel::{Contents, Panel};

/// The number of lessons; a test compares it with the list in `docs/lessons`.
pub(crate) const COUNT: usize = 5;

/// A lesson's number (0 for the list), and its content.
type Reading = (usize, Result<Open, String>);

/// The content of the panel.
#[derive(Debug, Clone, PartialEq)]
enum Open {
    /// Titles, in order.
    List(Vec<String>),
    Lesson(Arc<Lesson>),
}

/// The panel of the lesson in the address.
#[component]
pub(crate) fn Lessons() -> impl IntoView {
    let page = Page::from_context();
    let route = Route::from_context();
    let reading = RwSignal::new(None::<Reading>);
    Effect::new(move |_| {
        let wanted = route.lesson.get();
        mark_root(wanted.is_some());
        let Some(number) = wanted else {
            reading.set(None);
            return;
        };
        spawn_local(async move {
            let read = open(number).await;
            if route.lesson.get_untracked() != Some(number) {
                return;
            }
            if let Ok(Open::Lesson(lesson)) = &read
                && let Some(run) = &lesson.run
                && page.may_show_saved()
            {
                example::open(page, run.clone());
            }
            reading.set(Some((number, read)));
        });
    });
    move || {
        let (number, read) = reading.get()?;
        Some(match read {
            Ok(Open::Lesson(lesson)) => view! { <Panel number lesson /> }.into_any(),
            Ok(Open::List(titles)) => view! { <Contents titles /> }.into_any(),
            Err(reason) => view! { <Contents titles=Vec::new() reason /> }.into_any(),
        })
    }
}

/// A link to the list of lessons.
#[component]
pub(crate) fn LessonsLink() -> impl IntoView {
    view! {
        <a class="to-lessons" href="#lesson" data-testid="lessons">
            "Lessons"
        </a>
    }
}

async fn open(number: usize) -> Result<Open, String> {
    let list = contents(&text("README.md").await?);
    let Some(place) = number.checked_sub(1) else {
        return Ok(Open::List(
            list.into_iter().map(|(_, title)| title).collect(),
        ));
    };
    let (file, _) = list
        .get(place)
        .ok_or_else(|| format!("there is no lesson {number}; there are {}", list.len()))?;
    let lesson = Lesson::parse(&text(file).await?).map_err(|why| format!("`{file}`: {why}"))?;
    Ok(Open::Lesson(Arc::new(lesson)))
}

async fn text(file: &str) -> Result<String, String> {
    let bytes = fetched(&format!("./lessons/{file}")).await?;
    String::from_utf8(bytes).map_err(|_| format!("`{file}` is not UTF-8 text"))
}

/// Marks the document, so that the style sheet reserves space for the panel.
fn mark_root(open: bool) {
    if let Some(root) = document().document_element() {
        root.toggle_attribute_with_force("data-lesson", open).ok();
    }
}
