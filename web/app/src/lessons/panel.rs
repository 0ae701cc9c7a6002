//! The panel: at the side on wide screens, at the bottom on narrow ones.

use std::sync::Arc;

use leptos::html;
use leptos::prelude::*;

use super::COUNT;
use super::claims::Claims;
use super::lesson::Lesson;
use super::pointer;
use crate::example;
use crate::focus::focus;
use crate::route::Route;
use crate::show::{Listed as _, Show};
use crate::state::Page;

/// A lesson, one card at a time.
#[component]
pub(super) fn Panel(number: usize, lesson: Arc<Lesson>) -> impl IntoView {
    let page = Page::from_context();
    let at = RwSignal::new(0_usize);
    let count = lesson.cards.len();
    let heading = NodeRef::<html::H3>::new();
    let run = lesson.run.clone();
    let title = lesson.title.clone();
    let card = {
        let lesson = Arc::clone(&lesson);
        move || lesson.cards.get(at.get()).cloned()
    };
    let look = {
        let lesson = Arc::clone(&lesson);
        Memo::new(move |_| {
            lesson
                .cards
                .get(at.get())
                .and_then(|card| card.look.clone())
        })
    };
    // Points again when the run has been loaded.
    let shown = Memo::new(move |_| page.report.with(Option::is_some));
    Effect::new(move |_| {
        shown.get();
        let target = look.get();
        let frame = request_animation_frame_with_handle(move || match target {
            Some(target) => {
                pointer::point_at(&target);
            }
            None => pointer::clear(),
        });
        // The lesson may be closed before the frame.
        on_cleanup(move || {
            if let Ok(frame) = frame {
                frame.cancel();
            }
        });
    });
    on_cleanup(pointer::clear);
    let turn = move |to: usize| {
        at.set(to);
        // Screen readers continue at the next card.
        request_animation_frame(move || {
            if let Some(heading) = heading.get_untracked() {
                focus(&heading);
            }
        });
    };
    let other_run = Memo::new(move |_| {
        run.clone()
            .filter(|run| page.saved.with(|saved| saved.as_ref() != Some(run)))
    });
    let show_run = move |_| {
        if let Some(run) = other_run.get_untracked() {
            example::open(page, run);
        }
    };
    view! {
        <Frame title=format!("Lesson {number}: {title}")>
            <p class="hint" data-testid="card-place">
                {move || format!("Card {} of {count}", at.get() + 1)}
            </p>
            <h3 tabindex="-1" node_ref=heading data-testid="card-title">
                {{
                    let card = card.clone();
                    move || card().map(|card| card.title)
                }}
            </h3>
            {move || {
                card()
                    .map(|card| {
                        view! {
                            <div class="card-words" inner_html=card.html></div>
                            <Claims claims=card.claims />
                        }
                    })
            }}
            <Show when=move || other_run.with(Option::is_some)>
                <p class="hint">
                    "This lesson is about another run than the one shown."
                </p>
                <button
                    type="button"
                    class="small"
                    data-testid="lesson-run"
                    disabled=page.busy
                    on:click=show_run
                >
                    "Show the run of this lesson"
                </button>
            </Show>
            <div class="lesson-turn" role="group" aria-label="Cards">
                <button
                    type="button"
                    data-testid="card-back"
                    disabled=move || at.get() == 0
                    on:click=move |_| turn(at.get_untracked().saturating_sub(1))
                >
                    "Back"
                </button>
                <Show
                    when=move || look.with(Option::is_some)
                    fallback=|| view! { <span></span> }
                >
                    <button
                        type="button"
                        data-testid="card-look"
                        on:click=move |_| {
                            if let Some(target) = look.get_untracked()
                                && !pointer::point_at(&target)
                            {
                                page.notify("That part of the app is not shown yet, or it is hidden.");
                            }
                        }
                    >
                        "Show me"
                    </button>
                </Show>
                <Show
                    when=move || at.get() + 1 < count
                    fallback=move || view! { <NextLink number /> }
                >
                    <button
                        type="button"
                        class="primary"
                        data-testid="card-next"
                        on:click=move |_| turn(at.get_untracked() + 1)
                    >
                        "Next"
                    </button>
                </Show>
            </div>
        </Frame>
    }
}

/// The link after the last card.
#[component]
fn NextLink(number: usize) -> impl IntoView {
    let (address, words) = if number < COUNT {
        (format!("#lesson={}", number + 1), "Next lesson")
    } else {
        ("#lesson".to_owned(), "All lessons")
    };
    view! {
        <a class="button primary" href=address data-testid="lesson-next">
            {words}
        </a>
    }
}

/// The list of lessons, or the error.
#[component]
pub(super) fn Contents(titles: Vec<String>, #[prop(optional)] reason: String) -> impl IntoView {
    let items = titles
        .into_iter()
        .enumerate()
        .map(|(place, title)| {
            view! {
                <li>
                    <a href=format!("#lesson={}", place + 1)>{title}</a>
                </li>
            }
        })
        .listed();
    let problem = (!reason.is_empty()).then(|| {
        view! {
            <p class="error" role="alert" data-testid="lesson-problem">
                {reason}
            </p>
        }
    });
    view! {
        <Frame title="Lessons".to_owned()>
            {problem}
            <p>"Five short lessons about the value of attention in a forecaster, each about an example run."</p>
            <ol class="lesson-list" data-testid="lesson-list">{items}</ol>
            <p>
                "To compare the results of many students: "
                <a href="#class" data-testid="to-class">"compare a class"</a> "."
            </p>
        </Frame>
    }
}

/// The panel's frame: title, fold and close buttons, scrolling content.
#[component]
fn Frame(title: String, children: Children) -> impl IntoView {
    let route = Route::from_context();
    let folded = RwSignal::new(false);
    view! {
        <aside class="lesson" class:folded=move || folded.get() aria-labelledby="lesson-title" data-testid="lesson">
            <div class="lesson-head">
                <h2 id="lesson-title">{title}</h2>
                <button
                    type="button"
                    class="small lesson-fold"
                    data-testid="lesson-fold"
                    aria-expanded=move || (!folded.get()).to_string()
                    aria-controls="lesson-body"
                    on:click=move |_| folded.update(|folded| *folded = !*folded)
                >
                    {move || if folded.get() { "Unfold" } else { "Fold" }}
                </button>
                <button
                    type="button"
                    class="small"
                    aria-label="Close the lessons"
                    data-testid="lesson-close"
                    on:click=move |_| route.leave_lesson()
                >
                    "×"
                </button>
            </div>
            <div id="lesson-body" class="lesson-body" tabindex="0" role="group" aria-labelledby="lesson-title">
                {children()}
            </div>
        </aside>
    }
}
