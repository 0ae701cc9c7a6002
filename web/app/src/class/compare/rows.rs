//! The joint table. Names can be edited, since file names often lack them.

use leptos::prelude::*;

use super::member::{Member, Side};
use crate::show::Listed as _;

/// A row per student.
#[component]
pub(super) fn Rows(members: RwSignal<Vec<Member>>) -> impl IntoView {
    // Rows are rendered again when one is added or removed, not while a name is typed.
    let count = Memo::new(move |_| members.with(Vec::len));
    let rows = move || {
        count.get();
        let all = members.get_untracked();
        all.into_iter()
            .enumerate()
            .map(|(place, member)| view! { <Row members place member /> })
            .listed()
    };
    view! {
        <div class="scroll" tabindex="0" role="group" aria-label="The class as a table">
            <table class="class-table" data-testid="class-table-all">
                <caption>"Scaled test errors; times of the forecasts of one batch"</caption>
                <thead>
                    <tr>
                        <th scope="col">"Name"</th>
                        <th scope="col">"Seed"</th>
                        <th scope="col">"Ratio"</th>
                        <th scope="col">"MSE dense"</th>
                        <th scope="col">"MSE pruned"</th>
                        <th scope="col">"Change"</th>
                        <th scope="col">"Parameters"</th>
                        <th scope="col">"MACs"</th>
                        <th scope="col">"ms dense"</th>
                        <th scope="col">"ms pruned"</th>
                        <th scope="col">
                            <span class="visually-hidden">"Remove"</span>
                        </th>
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
    }
}

/// One student.
#[component]
fn Row(members: RwSignal<Vec<Member>>, place: usize, member: Member) -> impl IntoView {
    let Member { dense, pruned, .. } = member;
    let rename = move |name: String| {
        members.update(|members| {
            if let Some(member) = members.get_mut(place) {
                member.name = name;
            }
        });
    };
    let remove = move |_| {
        members.update(|members| {
            if place < members.len() {
                members.remove(place);
            }
        });
    };
    let label = format!("Name of {}", member.name);
    let leave = format!("Remove {}", member.name);
    view! {
        <tr data-testid="class-row">
            <th scope="row">
                <input
                    type="text"
                    aria-label=label
                    data-testid="class-name"
                    prop:value=member.name
                    on:input:target=move |event| rename(event.target().value())
                />
            </th>
            <td>{member.seed}</td>
            <td>{format!("{:.0} %", member.ratio * 100.0)}</td>
            <td>{error(dense)}</td>
            <td>{error(pruned)}</td>
            <td>{percent(member.mse_percent)}</td>
            <td>{pair(dense.params, pruned.params)}</td>
            <td>{format!("{} ({})", pair(dense.macs, pruned.macs), percent(member.macs_percent))}</td>
            <td>{format!("{:.2}", dense.ms)}</td>
            <td>{format!("{:.2}", pruned.ms)}</td>
            <td>
                <button type="button" class="small" aria-label=leave on:click=remove>
                    "×"
                </button>
            </td>
        </tr>
    }
}

fn error(side: Side) -> String {
    format!("{:.4}", side.mse)
}

fn percent(change: f64) -> String {
    format!("{change:+.1} %").replace('-', "−")
}

fn pair(dense: u64, pruned: u64) -> String {
    format!("{} → {}", short(dense), short(pruned))
}

/// 9.32 M for 9,320,000.
fn short(number: u64) -> String {
    let x = number as f64;
    for (size, letter) in [(1e9, "G"), (1e6, "M"), (1e3, "k")] {
        if x >= size {
            return format!("{:.2} {letter}", x / size);
        }
    }
    number.to_string()
}
