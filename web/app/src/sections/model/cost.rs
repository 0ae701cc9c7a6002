//! What the model will cost, before anything is trained.

use leptos::prelude::*;
use spat_series::{Part, Windows};
use spat_spec::Structure;

use crate::state::Page;

/// Figures of the dense model.
#[component]
pub(super) fn Cost() -> impl IntoView {
    let page = Page::here();
    let tiles = Memo::new(move |_| tiles(page));
    view! {
        <dl class="tiles" data-testid="cost">
            {move || {
                tiles
                    .get()
                    .into_iter()
                    .map(|(name, value)| {
                        view! {
                            <div class="tile">
                                <dt>{name}</dt>
                                <dd>{value}</dd>
                            </div>
                        }
                    })
                    .collect_view()
            }}
        </dl>
    }
}

fn tiles(page: Page) -> Vec<(&'static str, String)> {
    let names = [
        "parameters",
        "MACs per window",
        "attention modules",
        "training windows",
        "steps per epoch",
    ];
    let unknown = || names.map(|name| (name, "–".to_owned())).to_vec();
    let (Some(experiment), Some(table)) = (page.experiment(), page.table.get()) else {
        return unknown();
    };
    if experiment.check().is_err() {
        return unknown();
    }
    let forecaster = &experiment.forecaster;
    let cost = Structure::dense(forecaster.clone()).cost();
    let (lookback, horizon) = (forecaster.lookback(), forecaster.horizon());
    let split = experiment
        .data
        .split
        .apply(table.series.rows(), lookback, horizon);
    let windows = split.map_or(0, |split| {
        Windows::of(&split, Part::Train, lookback, horizon).len()
    });
    let values = [
        grouped(cost.params),
        grouped(cost.macs),
        forecaster.modules().len().to_string(),
        grouped(windows as u64),
        grouped(windows.div_ceil(experiment.training.batch.max(1)) as u64),
    ];
    names.into_iter().zip(values).collect()
}

/// 1234567 as 1,234,567.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}
