//! Comparison of many reports: a joint table, and charts of error against cost.

pub(crate) mod file_handler;
mod member;
mod plots;
mod rows;

use leptos::ev::DragEvent;
use leptos::prelude::*;
use leptos::task::spawn_local;
use spat_report::{ParetoChart, pareto_chart};
use wasm_bindgen_futures::JsFuture;
use web_sys::{File, FileList};

use crate::charts::Figure;
use crate::download;
use crate::route::Route;
use crate::show::{Listed as _, Show};
use crate::state::{Page, change_field};

use member::{MAX_REPORT_BYTES, Member, csv};
use rows::Rows;

/// The comparison, shown instead of the app's sections.
#[component]
pub(crate) fn Comparison() -> impl IntoView {
    let page = Page::from_context();
    let route = Route::from_context();
    let members = RwSignal::new(Vec::<Member>::new());
    let problems = RwSignal::new(Vec::<String>::new());
    let over = RwSignal::new(false);
    let take = move |files: Option<FileList>| {
        problems.set(Vec::new());
        let Some(files) = files else { return };
        for place in 0..files.length() {
            if let Some(file) = files.get(place) {
                take_file(members, problems, file);
            }
        }
    };
    file_handler::set_handler(move |name, bytes| add(members, problems, name, bytes));
    let drop_files = move |event: DragEvent| {
        event.prevent_default();
        over.set(false);
        take(event.data_transfer().and_then(|dropped| dropped.files()));
    };
    let some = Memo::new(move |_| members.with(|members| !members.is_empty()));
    let save = move |_| {
        let text = members.with_untracked(|members| csv(members));
        if download::save("spat-class.csv", "text/csv", text.as_bytes()).is_err() {
            page.notify("the browser could not save `spat-class.csv`");
        }
    };
    let back = move |event: leptos::ev::MouseEvent| {
        event.prevent_default();
        change_field("class", None);
        route.class.set(false);
    };
    view! {
        <section class="part" id="class" aria-labelledby="class-title">
            <h2 id="class-title">"Compare a class"</h2>
            <p class="lead">
                "Drop the report.json of every student here: one table, and charts of error against cost."
            </p>
            <div
                class="drop"
                class:over=move || over.get()
                data-testid="class-drop"
                on:dragover=move |event| {
                    event.prevent_default();
                    over.set(true);
                }
                on:dragleave=move |_| over.set(false)
                on:drop=drop_files
            >
                <label class="pick">
                    <span class="pick-words">"Drop reports here, or choose them"</span>
                    <input
                        type="file"
                        multiple
                        accept=".json,application/json"
                        data-testid="class-files"
                        on:change:target=move |event| {
                            take(event.target().files());
                            // The same file can be chosen again after it was changed.
                            event.target().set_value("");
                        }
                    />
                </label>
                <p class="hint">
                    "Reports are saved in step 7, and every run folder of the command line has one. They are \
                    read in this tab and not uploaded."
                </p>
            </div>
            <div role="alert" data-testid="class-problems">
                {move || {
                    problems
                        .get()
                        .into_iter()
                        .map(|problem| view! { <p class="error">{problem}</p> })
                        .listed()
                }}
            </div>
            <Show
                when=move || some.get()
                fallback=|| view! { <p class="placeholder">"The results of the class appear here."</p> }
            >
                <Warnings members />
                <Rows members />
                <div class="row">
                    <button type="button" data-testid="class-csv" on:click=save>
                        "Table as CSV"
                    </button>
                    <button type="button" data-testid="class-clear" on:click=move |_| members.set(Vec::new())>
                        "Remove all"
                    </button>
                </div>
                <div class="pair">
                    <Plot
                        name="class-macs"
                        caption="Error against cost: further left is cheaper, further down is better. Filled marks are on the Pareto front: no other point is better on both axes."
                        members
                        chart=plots::by_macs
                    />
                    <Plot
                        name="class-ms"
                        caption="Error against time. Times were measured on each student's own device, so compare a circle with its own diamond first."
                        members
                        chart=plots::by_time
                    />
                </div>
            </Show>
            <p>
                <a href="#" data-testid="class-back" on:click=back>
                    "Back to the workflow"
                </a>
            </p>
        </section>
    }
}

fn take_file(members: RwSignal<Vec<Member>>, problems: RwSignal<Vec<String>>, file: File) {
    let name = file.name();
    if file.size() > MAX_REPORT_BYTES {
        problems.update(|all| {
            all.push(format!(
                "`{name}` has {:.0} MB, too large for a report; it is skipped",
                file.size() / 1_048_576.0
            ));
        });
        return;
    }
    spawn_local(async move {
        match JsFuture::from(file.array_buffer()).await {
            Ok(buffer) => {
                let bytes = js_sys::Uint8Array::new(&buffer).to_vec();
                add(members, problems, &name, &bytes);
            }
            Err(_) => problems.update(|all| {
                all.push(format!(
                    "the browser could not read `{name}`; it is skipped"
                ));
            }),
        }
    });
}

/// Adds the report in a file, or the reason why it is skipped.
fn add(members: RwSignal<Vec<Member>>, problems: RwSignal<Vec<String>>, name: &str, bytes: &[u8]) {
    let added = Member::read(name, bytes).and_then(|member| {
        let duplicate = members.with_untracked(|all| {
            let duplicate = all.iter().find(|other| member.is_copy_of(other));
            duplicate.map(|duplicate| duplicate.name.clone())
        });
        match duplicate {
            Some(duplicate) => Err(format!(
                "`{name}` holds the same result as {duplicate}, which is listed already; it is skipped"
            )),
            None => Ok(member),
        }
    });
    match added {
        Ok(member) => members.update(|all| all.push(member)),
        Err(problem) => problems.update(|all| all.push(problem)),
    }
}

/// A warning if the reports are of different tasks.
#[component]
fn Warnings(members: RwSignal<Vec<Member>>) -> impl IntoView {
    let words = move || {
        let tasks = members.with(|members| {
            let mut tasks: Vec<String> = members.iter().map(|member| member.task.clone()).collect();
            tasks.sort();
            tasks.dedup();
            tasks
        });
        (tasks.len() > 1).then(|| {
            format!(
                "These reports are of {} different tasks ({}). Errors can be compared within one task only.",
                tasks.len(),
                tasks.join("; ")
            )
        })
    };
    view! {
        <div role="status" data-testid="class-tasks">
            {move || words().map(|words| view! { <p class="banner">{words}</p> })}
        </div>
    }
}

/// One chart of all reports.
#[component]
fn Plot(
    name: &'static str,
    caption: &'static str,
    members: RwSignal<Vec<Member>>,
    chart: fn(&[Member]) -> ParetoChart,
) -> impl IntoView {
    let chart = Memo::new(move |_| members.with(|members| chart(members)));
    view! {
        <Figure
            name
            caption=Signal::stored(caption.to_owned())
            draw=move |width: f64| pareto_chart(&ParetoChart { width, ..chart.get() })
            table=Signal::derive(move || chart.with(|chart| chart.table().html()))
        />
    }
}
