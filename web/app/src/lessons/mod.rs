//! Lessons: cards beside the page, each pointing at a part of it. Their words are the files of
//! `docs/lessons`, which the page carries beside itself.

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
use crate::place::Place;
use crate::sections::data::fetched;
use crate::state::Page;

use lesson::{Lesson, contents};
use panel::{Contents, Panel};

/// How many there are; the list of `docs/lessons` is held to it.
pub(crate) const COUNT: usize = 5;

/// Number (0 for the list), and what was read.
type Reading = (usize, Result<Open, String>);

/// What is open.
#[derive(Debug, Clone, PartialEq)]
enum Open {
    /// Titles, in their order.
    List(Vec<String>),
    Lesson(Arc<Lesson>),
}

/// The panel of the lesson that the address asks for.
#[component]
pub(crate) fn Lessons() -> impl IntoView {
    let page = Page::here();
    let place = Place::here();
    let reading = RwSignal::new(None::<Reading>);
    Effect::new(move |_| {
        let wanted = place.lesson.get();
        mark_root(wanted.is_some());
        let Some(number) = wanted else {
            reading.set(None);
            return;
        };
        spawn_local(async move {
            let read = open(number).await;
            if place.lesson.get_untracked() != Some(number) {
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

/// The way to the list of lessons.
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
    String::from_utf8(bytes).map_err(|_| format!("`{file}` is no text"))
}

/// The page makes room for the panel.
fn mark_root(open: bool) {
    if let Some(root) = document().document_element() {
        root.toggle_attribute_with_force("data-lesson", open).ok();
    }
}
